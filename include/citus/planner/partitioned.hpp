/// Partitioned tables in the metadata, as the standard planner is to see them: one relation each, whose
/// partitions only its shards know.
///
/// Used by planner/ on the query trees that it gives to the standard planner, and by the scans and DML nodes
/// for tableoid: that of the partition which holds a row.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// Makes each partitioned table in the metadata a plain relation in the whole tree, in place. Those with ONLY
/// stay: they have no rows.
void hide_partitions(Query *query);

/// SQL for the partition that a row of alias.* of a partitioned table's shard is in, as text; and the
/// expression that makes the tableoid (oid) of it.
extern const char *const kPartitionColumn;
Expr *partition_oid(Expr *text);

/// The table that a shard stands for, by the shard's name as regclass prints it. Raises when it is none.
Oid logical_table(const char *shard);

} // namespace citus
