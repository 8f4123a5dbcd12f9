/// The backend's cache of the distribution metadata (pg_dist_partition, pg_dist_shard, pg_dist_placement,
/// pg_dist_node, pg_dist_local_group).
///
/// Called by every module to learn how a table is distributed and where its shards are. Entries are built
/// on first use and dropped by relcache invalidation, so whoever changes the catalogs must call
/// invalidate_table() or invalidate_nodes() (catalog/writer.hpp does). Never uses SPI, never reads a catalog
/// row through a C struct (an upgrade leaves dropped columns behind), never sends anything to another node.
#pragma once

#include "citus/pg/memory.hpp"

namespace citus {

enum class TableKind {
    Distributed, ///< partmethod h: rows hashed by one column over the shards
    Reference,   ///< partmethod n, repmodel t: one shard, a placement on every node
    SingleShard, ///< partmethod n, repmodel s, in a co-location group: one shard on one node
    Local,       ///< partmethod n, repmodel s, no co-location group: a local table known to all nodes
};

constexpr int32 kCoordinatorGroupId = 0;

struct ShardPlacement {
    int64 placement_id;
    int32 group_id; ///< group of the node that holds it
};

struct Shard {
    int64 shard_id;
    int32 min_hash, max_hash; ///< inclusive; both 0 when the table has no distribution column
    std::span<const ShardPlacement> placements; ///< ordered by group id; never empty in a healthy catalog
};

/// How one table is distributed. Immutable; stays valid until the end of the transaction that looked it up,
/// also when it is invalidated meanwhile. Never store a pointer to it in a plan: store the relation's Oid.
struct DistTable {
    Oid relid;
    TableKind kind;
    int32 colocation_id;
    AttrNumber key_attno; ///< InvalidAttrNumber without distribution column
    Oid key_type; ///< base type (a domain is looked through); InvalidOid when the relation was dropped
                  ///< a moment ago and its metadata is still there: then only the shards are known
    Oid key_collation;
    Oid key_hash_opfamily;         ///< family of the default hash operator class of key_type
    FmgrInfo *key_hash;            ///< hash support function of key_type
    std::span<const Shard> shards; ///< ordered by min_hash

    bool has_key() const { return key_attno != InvalidAttrNumber; }
};

/// The entry of a relation, or nullptr for a relation that is not in the metadata (also when the extension
/// does not exist in this database). Costs one hash lookup when warm.
const DistTable *find_dist_table(Oid relid);

/// Like find_dist_table, but raises 42P16 `relation X is not distributed`.
const DistTable *require_dist_table(Oid relid);

/// The Oid of the table a shard belongs to, or InvalidOid; *shard_index gets its position in shards.
Oid relation_of_shard(int64 shard_id, int *shard_index = nullptr);

/// Counts the times a table that was cached here changed (columns, shards, anything): what was derived from
/// its definition is good as long as the number stays.
uint64 table_changes();

/// All relations in the metadata (palloc'd Oid list).
List *all_dist_relations();

/// Relations of a co-location group (palloc'd Oid list).
List *relations_in_colocation_group(int32 colocation_id);

/// Hash of a distribution value as routing sees it; a NULL value hashes to 0.
int32 hash_distribution_value(const DistTable &table, Datum value, bool is_null);

/// Hash of a value of another type of the same hash operator family (int4 for an int8 key, ...); raises an
/// internal error when the family has no hash function for value_type.
int32 hash_distribution_value_of_type(const DistTable &table, Oid value_type, Datum value, bool is_null);

/// Position in table.shards of the shard whose range holds the hash; 0 for a table without key.
int shard_index_for_hash(const DistTable &table, int32 hash);

/// Name of a shard's relation (not quoted), e.g. orders_102553, at most 63 bytes.
char *shard_relation_name(const char *logical_name, int64 shard_id);

/// Schema-qualified, quoted name of a shard's relation.
char *qualified_shard_name(Oid relid, int64 shard_id);

enum class NodeRole { Primary, Secondary, Unavailable };

/// A row of pg_dist_node. (Not called Node: that is the parse and plan trees of PostgreSQL.)
struct ClusterNode {
    int32 node_id;
    int32 group_id;
    const char *name;
    int32 port;
    bool is_active;
    bool has_metadata;
    bool should_have_shards;
    NodeRole role;
};

/// All rows of pg_dist_node, ordered by node id. Valid until the end of the transaction.
std::span<const ClusterNode> all_nodes();

/// The primary node of a group, or nullptr.
const ClusterNode *find_primary_node(int32 group_id);

/// The group this server believes it is in: 0 on the coordinator and on a server not attached to any.
int32 local_group_id();

/// Whether tasks of this group run in this backend, without a connection.
inline bool is_local_group(int32 group_id) {
    return group_id == local_group_id();
}

/// Whether the extension exists in this database and may be used (false while it is being created, during
/// binary upgrade, and outside of a transaction).
bool extension_is_ready();

/// Oid of a relation of the extension (pg_dist_node, ...) in pg_catalog; raises when it does not exist.
Oid extension_relation(const char *name);

/// Announce a change so that all backends rebuild their entry at the next command.
void invalidate_table(Oid relid);
void invalidate_nodes();

/// Registers the invalidation callbacks. Called once, from _PG_init.
void install_metadata_cache();

} // namespace citus
