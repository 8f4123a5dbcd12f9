/// The nodes of the cluster, as those who place shards need them.
///
/// Called by cluster/ and ddl/. What only reads metadata is in catalog/metadata.hpp. Adding and removing
/// nodes is done by SQL functions (citus_add_node, ...), which nobody calls from C++.
#pragma once

#include "citus/catalog/metadata.hpp"

namespace citus {

/// Raises 55000 `operation is not allowed on this node` on a server that is a worker of some cluster.
void require_coordinator();

/// Registers this server as group 0, ready to hold shards, when the cluster has no node at all. To be called
/// before shards are placed. The row is visible when this returns.
void ensure_local_node_registered();

/// Groups that new shards go to, in round-robin order: active primaries that should have shards, by name and
/// port. Raises 55000 when there is none. Nodes can't be added or removed until the end of the transaction.
std::pmr::vector<int32> groups_for_new_shards();

/// Groups that hold a copy of each reference table: all active primaries, the coordinator included when it is
/// registered, by group id. Raises 55000 when there is none. Locks like groups_for_new_shards().
std::pmr::vector<int32> groups_for_reference_tables();

} // namespace citus
