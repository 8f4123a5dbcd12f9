/// Which shards of a table a filter leaves, as prune items of a fragment.
///
/// Used by the gather tier (and whoever has filters as the standard planner leaves them). The result never
/// leaves out a shard that can hold a matching row; values are hashed by their own type, which must be of the
/// key's hash family.
#pragma once

#include "citus/catalog/metadata.hpp"
#include "citus/planner/fragment.hpp"

namespace citus {

/// Looks for the AND-ed clause that restricts table (as relation varno) the most. True when there is one:
/// *items is then the list for Fragment::prune_items.
bool find_prune_items(const DistTable &table, Index varno, List *clauses, List **items);

/// Whether an operator with a value of this type says that the key is equal to the value, in the sense of the
/// key's hash function; collation is the operator's input collation.
bool is_key_equality(const DistTable &table, Oid op, Oid value_type, Oid collation);

} // namespace citus
