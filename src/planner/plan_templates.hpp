/// Plans of cheap statements, kept for use with other constants.
///
/// A statement of the simple protocol is planned each time it comes, and a prepared one at least five times.
/// Here a routed statement, and one whose plan is cheap and has little above its only scan of shards, is
/// found again, like an INSERT of one row, by its query tree with the constants taken out; the plan was made
/// for the tree with parameters in their places, and gets this statement's constants as the values of these.
/// So the statement costs a look-up, and its shards see the same SQL text each time, which they keep
/// prepared.
///
/// A constant becomes a parameter only where that changes neither a type nor a meaning; the others belong to
/// the tree that is looked up. All plans are forgotten when a distributed table or something else that a plan
/// depends on changes. Used by planner.cpp. Never contacts a node.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// Plans a query, which it may change, by route or push down, or as an INSERT; nullptr when none is right.
using PlanForm = PlannedStmt *(Query *query);

/// The plan of a statement on distributed tables, when it is one whose plan is kept and has come before; else
/// nullptr. The query is not changed.
PlannedStmt *plan_from_template(const Query *query, int cursor_options, PlanForm *planner);

/// Registers the invalidation callbacks and the hook of EXPLAIN. Called once, by install_planner().
void install_plan_templates();

} // namespace citus
