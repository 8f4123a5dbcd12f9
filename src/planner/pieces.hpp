/// Joins inside gathered statements that the shards can make: a fragment instead of scans of single tables.
///
/// When a block as a whole is not for the shards (a local table or a volatile function in it, an UPDATE ...
/// FROM on another key, ...), its co-located tables still are joined where they are, with the reference
/// tables that they are joined with. Used by planner.cpp and subblocks.cpp on blocks that the standard
/// planner gets.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// Replaces, in place, joins of tables of a block by sub-selects over fragments, where fewer rows come here
/// that way. The rows of the block stay the same. Returns whether anything was replaced.
bool push_down_pieces(Query *query);

} // namespace citus
