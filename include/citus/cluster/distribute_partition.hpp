/// Partitions that join a table in the metadata.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// Distributes a local table, with its partitions and rows, that has become a partition of a table in the
/// metadata: same kind, key and co-location group. Attaches its shards. The caller holds AccessExclusiveLock.
void distribute_partition(Oid relid);

} // namespace citus
