/// The one place that writes pg_dist_partition, pg_dist_shard, pg_dist_placement and pg_dist_colocation.
///
/// Called by cluster/ (distribution, nodes) and ddl/ (drop). Every function invalidates what it changed.
/// Never checks permissions (the caller did), never contacts a node. Columns are addressed by name. What was
/// written is seen by later look-ups after CommandCounterIncrement(), which the caller does once for many
/// rows.
#pragma once

#include "citus/catalog/metadata.hpp"

namespace citus {

int64 next_shard_id();     ///< from pg_dist_shardid_seq, or citus.next_shard_id when set
int64 next_placement_id(); ///< from pg_dist_placement_placementid_seq
int32 next_colocation_id();

/// key_attno InvalidAttrNumber writes partmethod n and a NULL partkey.
void insert_partition(Oid relid, AttrNumber key_attno, int32 colocation_id, char replication_model);
void delete_partition(Oid relid);

/// min/max are ignored (NULL) when has_range is false.
void insert_shard(Oid relid, int64 shard_id, bool has_range, int32 min_hash, int32 max_hash);
void delete_shard(Oid relid, int64 shard_id);

void insert_placement(Oid relid, int64 shard_id, int32 group_id);
void delete_placement(Oid relid, int64 placement_id);

void insert_colocation_group(int32 colocation_id, int shard_count, int replication_factor, Oid key_type,
                             Oid key_collation);
/// An existing default group for (shard_count, key type, collation), or 0.
int32 find_colocation_group(int shard_count, int replication_factor, Oid key_type, Oid key_collation);
void delete_colocation_group(int32 colocation_id);

} // namespace citus
