/// Where the shards of a new table go: the co-location group it joins, or a new one.
#pragma once

#include "citus/catalog/metadata.hpp"

namespace citus {

/// A shard to be created: its part of the hash space and the groups that get a placement.
struct PlannedShard {
    int32 min_hash, max_hash;
    std::pmr::vector<int32> groups;
};

struct TableLayout {
    int32 colocation_id;
    std::pmr::vector<PlannedShard> shards;
};

/// What the user asked for with create_distributed_table().
struct LayoutRequest {
    Oid relid;
    Oid key_type; ///< base type; InvalidOid without distribution column
    Oid key_collation;
    const char *colocate_with; ///< `default`, `none` or a table's name
    int shard_count;           ///< of a new group
    bool shard_count_given;
};

/// Locks co-location groups against concurrent creation and removal until the end of the transaction, and
/// writes a row for a new group. Raises the documented errors of colocate_with.
TableLayout plan_distributed_table(const LayoutRequest &request);

/// The same shards and places as a table has.
TableLayout layout_like(const DistTable &other);

/// All reference tables are in one group, with a copy on every active node.
TableLayout plan_reference_table();

/// Creation and removal of tables of co-location groups exclude each other until the end of the transaction.
void lock_colocation_groups();

} // namespace citus
