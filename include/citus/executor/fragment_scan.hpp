/// "Citus Adaptive": the plan node that runs a fragment on its shards and gives back its rows.
///
/// The planner makes it, as the only node of a routed statement, in the place of a pushed-down part, or as
/// the scan of one distributed table (gather). It chooses shards and evaluates parameters at the first row
/// after each (re)scan, so a plan is generic. Planning, EXPLAIN without ANALYZE and executor start never
/// contact a node.
#pragma once

#include "citus/executor/whole_scan.hpp"
#include "citus/planner/fragment.hpp"

namespace citus {

/// How the rows of a fragment become the rows of the scan.
struct ScanShape {
    /// TargetEntries of the scan tuple, as the plan's Vars see it (custom_scan_tlist). Only types matter for
    /// a plan that is not processed by setrefs any more.
    List *scan_tlist = NIL;
    /// When the shards return something else: TargetEntries of what they return (only types matter), ...
    List *remote_tlist = NIL;
    /// ... and TargetEntries that compute the scan tuple from it, with Vars of varno INDEX_VAR.
    List *projection = NIL;
    /// Range table index of the relation that is scanned; 0 for anything else.
    Index scanrelid = 0;
};

/// The scan node. plan.targetlist and plan.qual are left to the caller (index_var_tlist gives the whole scan
/// tuple). The expressions of the fragment (and of its second form) move to custom_exprs, so that setrefs and
/// the like see them.
CustomScan *make_fragment_scan(const Fragment &fragment, const ScanShape &shape, const WholeScan &whole = {});

/// The same for a plan without setrefs: tlist becomes the row type of the fragment and the target list, with
/// its names and resjunk marks.
CustomScan *make_fragment_plan(const Fragment &fragment, List *tlist);

/// TargetEntries with a Var of varno INDEX_VAR for each entry of a scan tlist, with its name and marks.
List *index_var_tlist(List *scan_tlist);

/// The fragment of a node made by make_fragment_scan, its expressions put back.
Fragment fragment_of(const CustomScan *scan);

/// Its second form; one that does not exist when it has none.
WholeScan whole_scan_of(const CustomScan *scan);

/// Whether the node is a "Citus Adaptive" scan.
bool is_fragment_scan(const Plan *plan);

/// To be called by every node that is about to write to shards for the first time: when the statement has
/// data-modifying CTEs, all scans of the same executor that have not begun read their rows now, so that none
/// sees what the statement itself changes. (A scan that has begun was sent to its nodes before the write.)
/// always: also for a statement without such CTEs.
void start_reads_before_write(EState *estate, bool always = false);

/// Whether a scan of the table may read it, or a fragment change it, later than start_reads_before_write():
/// it depends on rows of the running plan. Nodes below `except` do not count.
bool may_read_after_write(EState *estate, Oid relid, PlanState *except);

void install_fragment_scan();

} // namespace citus
