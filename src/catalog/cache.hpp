/// State of the metadata cache, shared by the files of src/catalog. Everyone else uses catalog/metadata.hpp.
#pragma once

#include "citus/catalog/metadata.hpp"

namespace citus::cache {

/// Owns everything that is cached in this backend. Lives in TopMemoryContext.
MemoryContext root_context();

/// Counts invalidations of any kind: a loader compares it before and after to see whether it read old rows.
uint64 changes();

/// Keeps a context with cached data until the end of the transaction, since pointers into it may be in use.
void retire(MemoryContext context);

/// The catalogs whose change empties caches; valid while extension_is_ready().
struct ExtensionOids {
    Oid extension, partition, node, local_group;
};
const ExtensionOids &extension_oids();

void forget_table(Oid relid); ///< tables.cpp; InvalidOid forgets all tables
void forget_nodes();          ///< nodes.cpp

} // namespace citus::cache
