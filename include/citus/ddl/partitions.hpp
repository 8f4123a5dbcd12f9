/// Partitioned tables and their shards: the shard of a parent is a partitioned table, and the shards of its
/// partitions are attached to it.
///
/// Used by cluster/ (distribution) and ddl/. A parent and its partitions are in the metadata together, in one
/// co-location group and with the same key. Reads catalogs, and adds commands to a ShardDdl; sends nothing.
#pragma once

#include "citus/ddl/shard_ddl.hpp"

namespace citus {

bool is_partitioned(Oid relid);

/// The table that a partition belongs to; InvalidOid for other relations.
Oid parent_of_partition(Oid relid);

/// The table and all its partitions of all levels, each before its own partitions (List of Oids). Locks the
/// partitions.
List *partition_tree(Oid relid, LOCKMODE lock);

/// The same list the other way round.
List *bottom_up(const List *tree);

/// Adds commands that make the shards of tables that were just written into the metadata: the tables, one
/// attached to another, then constraints and indexes. tree is top-down; foreign keys and the first table's
/// own parent are left out.
void add_shards_of_tree(ShardDdl &ddl, const List *tree, int32 only_group = ShardDdl::kAllGroups);

/// Adds the foreign keys and the constraints that are NOT VALID, for shards that have their rows.
void add_late_constraints(ShardDdl &ddl, const List *tree, int32 only_group = ShardDdl::kAllGroups);

/// Adds commands that give the foreign keys that PostgreSQL derives, on the shards of these tables and of
/// those that refer to them, the names that they have on the shells. After whatever makes such keys.
void add_key_names(ShardDdl &ddl, const List *tree, int32 only_group = ShardDdl::kAllGroups);

/// Adds the commands that attach the shards of a partition to those of its parent.
void add_attachment(ShardDdl &ddl, Oid partition, int32 only_group = ShardDdl::kAllGroups);

/// Adds what makes indexes of partitions parts of this index of a partitioned table.
void add_index_attachments(ShardDdl &ddl, Oid index, int32 only_group = ShardDdl::kAllGroups);

} // namespace citus
