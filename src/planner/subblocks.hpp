/// Push down inside statements that are gathered: sub-selects that do not depend on the query around them.
/// Used by planner.cpp, within with_fragments.
#pragma once

#include "citus/planner/locus.hpp"

namespace citus {

/// Replaces, in place, each uncorrelated SELECT below the top of a query (in FROM, in WITH, in expressions,
/// the source of an INSERT) that groups, limits or sorts rows, as far as the shards can do it, by a query
/// over the shards' results. Returns whether anything was replaced.
bool push_down_sub_blocks(Query *query);

/// push_down() of a SELECT; when its FROM and WHERE are not for the shards, of the same block written with
/// joins, and of either with motions. nullptr when only gathering is left. The given query is not changed.
Query *push_down_somehow(const Query *query, const StatementLocus &locus);

/// Whether any level of a query names a table that is on shards.
bool mentions_shards(::Node *node, void *unused);

/// Whether a query, as it stands below another one, refers to nothing of the levels above it.
bool is_self_contained(Query *query);

/// Whether a range table entry is a table that is on shards.
bool is_on_shards(const RangeTblEntry *rte);

} // namespace citus
