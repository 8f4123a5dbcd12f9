/// Two-phase aggregates as a rewriting of SQL: what each shard computes, and how the results become the value
/// the aggregate would have over all rows, of the same type and with the same digits. Used by pushdown.cpp
/// only.
#pragma once

#include "worker_query.hpp"

namespace citus {

/// Whether split_aggregate knows the aggregate.
bool can_split(const Aggref *aggregate);

/// Adds the partial results of an aggregate to the shards' query and returns the expression that combines
/// them. An aggregate over DISTINCT values adds grouping columns instead.
::Node *split_aggregate(const Aggref *aggregate, WorkerQuery *worker);

/// How values of a type are grouped when nobody says otherwise; raises when they can't be.
SortGroupClause *default_grouping(Oid type);

} // namespace citus
