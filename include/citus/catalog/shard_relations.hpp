/// Which relations of this server are shards, and how they are kept out of people's sight.
///
/// Called by ddl/ (to guard shards against changes by hand). Knows the shards that the metadata of this
/// database names: on a worker, which has no metadata, no relation is known as a shard, and all are seen.
#pragma once

#include "citus/catalog/metadata.hpp"

namespace citus {

/// The id of the shard that a relation is, or whose index it is; 0 for any other relation. Costs a look at
/// the name for nearly all of them.
int64 shard_of_relation(Oid relid);

/// Makes pg_table_is_visible() pass over shards in queries on pg_class, which is what \d asks, and takes them
/// out of psql's lists, unless citus.override_table_visibility is off. Called once, from _PG_init.
void install_shard_visibility();

} // namespace citus
