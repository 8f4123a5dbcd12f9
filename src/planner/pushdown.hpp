/// Push down: the part of a SELECT that each shard group can do alone becomes a fragment, and what is left
/// over a query over its rows.
///
/// Three forms, the first that is right is taken: the whole block runs on the shards and only DISTINCT, ORDER
/// BY and LIMIT are repeated over the results; groups are built on the shards and combined (two-phase
/// aggregates, and DISTINCT of rows that several shards may have); the joined and filtered rows are pulled
/// and everything above happens here. Used by planner.cpp, within with_fragments.
#pragma once

#include "citus/planner/locus.hpp"

namespace citus {

/// The query for the standard planner that takes the place of a SELECT, or nullptr when its FROM and WHERE
/// are not for the shards. The given query is not changed.
Query *push_down(const Query *query, const StatementLocus &locus);

} // namespace citus
