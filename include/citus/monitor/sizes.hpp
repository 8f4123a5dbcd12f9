/// Sizes of shards on disk, gathered from the nodes that hold them.
///
/// Called by SQL functions and views; perhaps by rebalancing one day. Asks each node once, all nodes at the
/// same time. Never locks a table against use.
#pragma once

#include "citus/catalog/metadata.hpp"

namespace citus {

enum class SizeKind {
    Main,  ///< main fork only (pg_relation_size)
    Table, ///< with TOAST and maps, without indexes (pg_table_size)
    Total, ///< with indexes (pg_total_relation_size)
};

/// A relation on a node, and its size in bytes once it is known. Missing: there is no such relation, or the
/// node could not be reached.
struct SizeRequest {
    int32 group_id;
    const char *schema;
    const char *name; ///< not quoted
    std::optional<int64> size;
};

/// Fills in the sizes. A node that can't be reached is reported with a WARNING; returns the first such node,
/// or nullptr when all answered.
const ClusterNode *measure(std::span<SizeRequest> requests, SizeKind kind);

} // namespace citus
