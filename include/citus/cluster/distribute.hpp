/// Making tables distributed, reference and local again, from C++.
///
/// Called by ddl/ when a table goes away. The SQL functions are in cluster/distribute.cpp.
#pragma once

#include "citus/catalog/metadata.hpp"

namespace citus {

/// `DROP TABLE IF EXISTS ... CASCADE` for the shards of tables that are about to be dropped; lives within one
/// statement.
struct DoomedShards {
    struct PerGroup {
        int32 group_id;
        StringInfo names; ///< comma-separated, qualified
    };
    std::pmr::vector<PerGroup> groups;

    /// Remembers the shards of a table and deletes its metadata, and its co-location group's when it was the
    /// last table of it.
    void take(const DistTable &table);

    /// Drops what was remembered on all nodes at once.
    void drop();
};

} // namespace citus
