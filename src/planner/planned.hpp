/// PlannedStmts made without the standard planner, and what every distributed plan must carry: the relations
/// for permission checks and locks, the dependencies for invalidation. Used by route.cpp, pushdown.cpp.
#pragma once

#include "citus/planner/fragment.hpp"

namespace citus {

/// A plan whose only node runs the fragment, which is the whole statement.
PlannedStmt *plan_of_fragment(const Query *query, const Fragment &fragment);

/// Adds the relations and dependencies of a query tree to a plan that was made from a rewritten one, so that
/// permissions are checked, cached plans are locked and invalidated as if the query had been planned itself.
void add_query_dependencies(PlannedStmt *statement, const Query *query);

/// Sets whose rights count on the shards. False when the query uses tables on shards with the rights of
/// several users (views of different owners): then no single text can be sent.
bool set_user(Fragment *fragment, const Query *query);

} // namespace citus
