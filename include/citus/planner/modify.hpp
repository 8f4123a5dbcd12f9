/// UPDATE and DELETE of distributed and reference tables that can't run whole on the shards.
///
/// The standard planner plans the statement over gather scans; the rows to change come to the coordinator,
/// locked on their shards, and "Citus Modify" (executor/modify_scan.hpp) sends each shard the changes of its
/// rows. Called by planner/ before and after standard_planner. Never contacts a node. What is not supported
/// raises 0A000 here or, when it depends on values, before the first change.
#pragma once

#include "citus/pg/prelude.hpp"

extern "C" {
#include "nodes/pathnodes.h"
}

namespace citus {

/// Prepares a query tree for standard_planner, in place: each UPDATE or DELETE in it (the statement itself
/// and its data-modifying CTEs) whose target is on shards gets resjunk columns that identify the target's
/// rows over all shards. Does nothing for other queries.
void prepare_gathered_modify(Query *query);

/// Replaces each ModifyTable(UPDATE, DELETE) on a distributed or reference table of the finished plan by a
/// "Citus Modify" node. The query must have gone through prepare_gathered_modify.
PlannedStmt *replace_modify_nodes(PlannedStmt *statement);

/// How the scan of an UPDATE's or DELETE's target has to lock its rows; LCS_NONE for any other relation.
LockClauseStrength target_lock_strength(PlannerInfo *root, Index varno);

} // namespace citus
