/// One query block instead of several: plain sub-selects in FROM and the joins around them.
///
/// `FROM (SELECT ... FROM a, b WHERE ...) x, c` says the same as `FROM a, b, c WHERE ...`; only so can tables
/// of different levels be joined on the shards. Used by push_down.cpp's callers for blocks that, as they were
/// written, only the coordinator can run. Never changes which rows a block has.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// Merges, in place, the inner joins of a block and the sub-selects in its FROM that only join, filter and
/// compute columns. Returns whether a sub-select went.
bool flatten_block(Query *query);

/// Makes the inner joins of a block one list of relations and one of conditions, in place.
void merge_inner_joins(Query *query);

/// Gives all joins of a block the plain form that the deparser prints without looking for names: each has all
/// columns of both its sides. To be called after the jointree or what it names has changed, on a block
/// without aliases of join columns (simplify_block). Entries of joins that are gone become empty ones.
void rebuild_joins(Query *query);

/// A new join in a block, not yet in its jointree; rebuild_joins fills it in.
JoinExpr *new_join(Query *query, JoinType type, ::Node *left, ::Node *right, List *conditions);

/// What is in FROM as one item, for an outer join around it: the items joined without a condition.
::Node *as_one_item(Query *query, List *from_items);

} // namespace citus
