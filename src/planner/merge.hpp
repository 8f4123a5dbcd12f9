/// MERGE that the shards can run: each shard group merges its own rows.
///
/// Right when the source's rows are where the target's rows are that they match, and where the rows belong
/// that they make. Used by planner.cpp; every other MERGE is gathered (modify.hpp).
#pragma once

#include "citus/planner/locus.hpp"

namespace citus {

/// Where a MERGE runs, as the locus of a statement that plan_whole() takes; Place::Coordinator when its
/// actions can't run on the shards alone.
StatementLocus analyze_merge(const Query *query);

} // namespace citus
