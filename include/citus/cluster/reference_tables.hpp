/// Reference tables: one shard each, with a copy on every active node.
///
/// Called by cluster/ when nodes come.
#pragma once

#include "citus/catalog/metadata.hpp"

namespace citus {

/// Creates and fills the copies that a group lacks, within the current distributed transaction, and records
/// their placements. The group's node is registered and active, and holds no table of the copies' names.
/// Writes to reference tables wait until the transaction ends.
void replicate_reference_tables_to_group(int32 group_id);

} // namespace citus
