/// Keeps people from dropping and emptying a shard by its name. Private to ddl/.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// Raises when the relation is a shard, unless citus.enable_manual_changes_to_shards is on.
void refuse_change_of_shard(const RangeVar *name);

} // namespace citus
