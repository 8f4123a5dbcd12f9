/// "Citus Merge": the plan node that merges rows into a distributed or reference table.
///
/// Its child gives the source rows, joined with the target's rows where the condition holds: what the actions
/// use of the source, what identifies the target's row over all shards (as for "Citus Modify"), and the
/// target's columns that the actions use. The node finds the action of each row; all rows are read and all
/// refusals made before the first change. Then rows are deleted, changed and inserted, in batches. Never
/// decides what matches: the planner has.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// Name of a resjunk column of the child with a column of the target; followed by its attribute number.
constexpr const char *kTargetColumn = "citus_target_";

/// The node that does the work of a finished ModifyTable(MERGE) node (after setrefs).
CustomScan *make_merge_scan(ModifyTable *modify);

void install_merge_scan();

} // namespace citus
