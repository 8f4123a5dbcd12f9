/// Objects that a table's shards need on their nodes: the schema, and the types, collations and extensions of
/// its columns. They are created where they are missing; what exists is taken to be the same.
///
/// Called before shards are created. Functions are not carried over: a shard that needs one that is missing
/// fails with the worker's error.
#pragma once

#include "citus/ddl/shard_ddl.hpp"

namespace citus {

/// Adds the commands that create what the table needs on a group's node.
void add_dependencies(ShardDdl &ddl, Oid relid, std::span<const int32> groups);

/// Adds the commands that create a schema, with its owner and privileges.
void add_schema(ShardDdl &ddl, Oid schema, std::span<const int32> groups);

/// Adds the commands that create what a type needs, and the type.
void add_type(ShardDdl &ddl, Oid type, std::span<const int32> groups);

} // namespace citus
