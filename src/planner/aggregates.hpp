/// Two-phase aggregates as a rewriting of SQL: what each shard computes, and how the results become the value
/// the aggregate would have over all rows, of the same type and with the same digits. Used by pushdown.cpp
/// and distinct_sets.cpp only.
#pragma once

#include "worker_query.hpp"

namespace citus {

/// Whether split_aggregate knows the aggregate.
bool can_split(const Aggref *aggregate);

/// Whether the aggregate over DISTINCT values follows from those of parts that have no value in common.
bool can_split_disjoint(const Aggref *aggregate);

/// Adds the partial results of an aggregate to the shards' query and returns the expression that combines
/// them. An aggregate over DISTINCT values: only where each value of a group is on one shard
/// (else: distinct_sets.hpp).
::Node *split_aggregate(const Aggref *aggregate, WorkerQuery *worker);

/// How values of a type are grouped when nobody says otherwise; raises when they can't be.
SortGroupClause *default_grouping(Oid type);

} // namespace citus
