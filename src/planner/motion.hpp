/// Motions: joins that the shards can't do as the tables lie, made possible by moving some of the rows.
///
/// Where push_down() gives up on a SELECT, some relations of its FROM (and sub-selects of its conditions) are
/// replaced by moved rows: sent to all shard groups (broadcast), or hashed to the shards of another table by
/// the column they are joined on (repartition). The algebra of locus.hpp, not this module, says whether the
/// statement is then right on each shard group; this module only proposes, cheapest first. Never raises for
/// what it can't do: the gather tier runs everything. Used by planner.cpp and subblocks.cpp, within
/// with_fragments.
#pragma once

#include "citus/pg/prelude.hpp"

extern "C" {
#include "nodes/plannodes.h"
}

namespace citus {

/// The query for the standard planner that takes the place of a self-contained SELECT whose FROM the shards
/// can't do alone, or nullptr when moving rows does not help or does not pay. The query is not changed.
Query *push_down_with_motions(const Query *query);

/// What a block costs that the standard planner gets: the rows that come here, and the round trips.
double gather_cost(const Query *query);

/// The plan of an UPDATE or DELETE that the shards can do when rows of others have been moved to them, or
/// nullptr. The rows that change stay where they are.
PlannedStmt *modify_with_motions(const Query *query);

} // namespace citus
