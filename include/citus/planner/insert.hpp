/// INSERT into distributed, reference and single-shard tables.
///
/// Called by planner/ after standard_planner() (or after it planned the left-over query of a pushed-down
/// statement): every ModifyTable(INSERT) whose target is such a table becomes a CustomScan "Citus Insert"
/// (executor/insert), in the main plan, in data-modifying CTEs (plan->subplans) and under EXPLAIN. Raises
/// 0A000 for what is not supported before anything runs. Never contacts a node and keeps no pointer into the
/// metadata cache: the shards are chosen at execution.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// Replaces the nodes in place and returns the same PlannedStmt. Cheap for a plan without INSERT.
PlannedStmt *replace_insert_nodes(PlannedStmt *statement);

/// Registers the custom scan methods, so that stored plans can be read back. Called once, from _PG_init.
void install_insert();

} // namespace citus
