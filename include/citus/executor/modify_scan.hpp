/// "Citus Modify": the plan node that changes rows of shards one by one.
///
/// Its child gives, per row to change, the new values, the row's ctid on its shard, and what tells the shard
/// (the distribution column's old value) or, for tables with several placements, the old values of a unique
/// key or of all columns. All rows are read before the first change. Never decides what may be changed: the
/// planner has.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// Names of the resjunk columns that the planner adds to the child's target list.
constexpr const char *kShardKeyColumn = "citus_shard_key";
constexpr const char *kOldRowColumn = "citus_old_row";     ///< for tables with row triggers
constexpr const char *kIdentityColumn = "citus_identity_"; ///< followed by 1, 2, ...

/// How a row to change is found on all placements of its shard.
struct RowIdentity {
    bool is_replicated; ///< some shard has several placements: a ctid means nothing on the others
    bool by_image;      ///< no unique key: any row with the same values will do, they can't be told apart
    List *columns;      ///< attribute numbers that identify the row, or all of them; NIL: the ctid does
};
RowIdentity row_identity(Oid relid);

/// The node that does the work of a finished ModifyTable node (after setrefs).
CustomScan *make_modify_scan(ModifyTable *modify);

void install_modify_scan();

} // namespace citus
