/// The executor state of a "Citus Adaptive" node, for the files that implement it: fragment_scan.cpp (runs
/// and rows), fragment_plan.cpp (the plan node), whole_scan.cpp (its second form) and write_visibility.cpp
/// (what reads must not see). Nobody else looks into it.
#pragma once

#include "citus/executor/fragment_scan.hpp"

#include "citus/executor/explain.hpp"
#include "citus/executor/merged_streams.hpp"
#include "citus/executor/rescan_cache.hpp"
#include "row_locks.hpp"
#include "whole_scan_state.hpp"

extern "C" {
#include "nodes/extensible.h"
#include "utils/portal.h"
#include "utils/tuplestore.h"
}

namespace citus {

/// custom_private of a node: the fragment without expressions, what the shards return, how it is projected;
/// and its second form, if it has one, whose expressions are a list at the end of custom_exprs.
enum PrivatePart { kPackedFragment, kRemoteTlist, kProjection, kWholeScan };

inline bool has_whole_scan(const CustomScan *scan) {
    return list_length(scan->custom_private) > kWholeScan;
}

extern const CustomScanMethods kFragmentScanMethods;

struct FragmentScanState {
    CustomScanState css; // must stay first
    Fragment fragment;
    List *prune_states;
    List *param_states;
    bool counts_rows; ///< adds to es_processed: the only node of a top-level write
    bool keeps_rows;  ///< rows are spooled for rewinding and backward scans

    TupleTableSlot *remote_slot; ///< what the shards return; the scan slot when there is no projection
    ProjectionInfo *projection;
    TupleTableSlot *spool_slot;

    MemoryContext run_context; ///< everything of one run, reset for the next
    bool started, exhausted;
    TaskStream *stream;
    MergedStreams *merge; ///< instead of the stream, when several tasks send sorted rows
    RowLocks *locks;      ///< instead of both, when rows are locked one by one
    std::span<const Task> replica_tasks;
    TaskParams params;
    Oid run_as; ///< user of the connections, InvalidOid for the current one
    Tuplestorestate *spool;
    RescanCache *cache;              ///< runs of this statement by parameter values, from the first rescan on
    const CachedRun *kept_run;       ///< whose rows are given first; all of them unless a stream is open too
    int kept_given;                  ///< rows of kept_run that were given
    StringInfo run_key;              ///< of this run, when there is a cache
    WholeScanState *whole;           ///< when the plan has that form
    uint64 rows_seen;                ///< in this run
    uint64 received_before;          ///< bytes of the earlier runs
    uint64 moved_before;             ///< bytes that the motions of all runs sent through this node
    uint64 direct_before;            ///< ... from node to node
    Portal portal;                   ///< that was active when the executor started
    bool is_noted;                   ///< needs_outer_row is filled in
    bool needs_outer_row;            ///< see note_outer_rows
    bool keeps_snapshots;            ///< see keep_snapshots
    std::span<TaskMeasure> measures; ///< EXPLAIN ANALYZE: of the tasks of the first run
    bool measures_run;               ///< the current run is that one
    FragmentScanState *next_live;    ///< in live_scans
    MemoryContextCallback forget;    ///< takes it out of there
};

/// The scans whose executor memory lives.
extern FragmentScanState *live_scans;

/// Whether the scan belongs to the query of its portal itself: a cursor, or a loop over a query.
bool is_of_portal(const FragmentScanState *state);

/// Chooses shards, evaluates parameters and sends the queries; not yet done since the last (re)scan.
void start_run(FragmentScanState *state);

/// Reads of replicated shards go to a placement that answers. In a transaction block, where the first choice
/// is in use already, that is the same for all statements.
void choose_placements(const FragmentScanState *state, std::pmr::vector<Task> &tasks);

/// Ends a run: forgets its rows, parameters and tasks.
void end_run(FragmentScanState *state);

/// What the rows of a run depend on, as bytes: the parameters and the values that choose the shards.
StringInfo key_of_run(FragmentScanState *state, ExprContext *econtext);

/// The next row from the shards, nullptr at the end.
TupleTableSlot *fetch_row(FragmentScanState *state);

/// Whether the scan needs a value that a node above passes down (not one that an InitPlan computes).
bool needs_outer_row(const FragmentScanState *state);

/// Part of install_fragment_scan().
void install_write_visibility();

} // namespace citus
