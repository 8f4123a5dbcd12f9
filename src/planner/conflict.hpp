/// ON CONFLICT: the clause as shards get it, and what the coordinator evaluates for it.
///
/// Used by insert.cpp only. Raises 0A000 for a DO UPDATE that needs on the shard what only the coordinator
/// has.
#pragma once

#include "citus/catalog/metadata.hpp"
#include "citus/executor/insert_scan.hpp"

namespace citus {

/// Fills the conflict part of *plan from a finished ModifyTable with an ON CONFLICT clause.
void plan_conflict(const DistTable &table, const ModifyTable *modify, InsertPlan *plan);

/// Attribute numbers for a set made by pull_varattnos: a whole row stands for all columns; no tableoid.
List *columns_in(TupleDesc desc, const Bitmapset *used);

} // namespace citus
