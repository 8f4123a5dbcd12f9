/// Rows of pg_dist_node and of the placements on a node: the writes behind the SQL functions of
/// src/cluster/nodes.cpp.
///
/// Never checks permissions, never contacts a node. Every change is visible, and the cache told, on return.
#pragma once

#include "citus/catalog/writer.hpp"

namespace citus {

/// Takes the lock under which nodes change, until the end of the transaction. Readers go on; whoever places
/// shards waits.
void lock_nodes_for_change();

/// Takes the lock that keeps nodes from changing, until the end of the transaction.
void lock_nodes_for_placement();

/// The node with this address, or nullptr.
const ClusterNode *find_node_by_address(const char *name, int port);
const ClusterNode *find_node_by_id(int32 node_id);

/// Raises 42704 `node at "H:P" does not exist` when there is none.
const ClusterNode *require_node_by_address(const char *name, int port);

struct NewNode {
    const char *name;
    int port;
    int32 group_id;
    Oid role; ///< value of the enum noderole
    const char *cluster;
    bool is_active;
    bool should_have_shards;
};

/// Inserts a row and returns its node id.
int32 insert_node(const NewNode &node);
void delete_node(int32 node_id);
void set_node_address(int32 node_id, const char *name, int port);
void set_node_active(int32 node_id, bool is_active);
void set_node_should_have_shards(int32 node_id, bool value);

/// A group id that no node has.
int32 next_group_id();

/// Value of the enum noderole.
Oid node_role_value(const char *label);

/// A shard of which a group holds a placement.
struct PlacedShard {
    Oid relid;
    int64 shard_id;
    int64 placement_id;
};

/// What a group holds, ordered by relation and shard id.
std::pmr::vector<PlacedShard> shards_of_group(int32 group_id);

} // namespace citus
