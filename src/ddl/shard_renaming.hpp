/// Renames tables, indexes and constraints in a raw parse tree: a command about a table becomes the command
/// about one of its shards. Used by citus_internal.apply_shard_ddl() only.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

struct ShardName {
    const char *written_schema; ///< empty: the command writes the name without a schema
    const char *written_name;
    const char *schema;
    const char *shard_name; ///< e.g. orders_102553
    bool is_target;         ///< the table whose shard the command is about
};

struct ShardRenaming {
    std::span<const ShardName> names;
    int64 shard_id; ///< of the target; names of new indexes and constraints end in it
};

/// Changes the tree in place. Raises 0A000 for a statement that it does not know.
void rename_for_shard(::Node *statement, const ShardRenaming &renaming);

/// Runs a statement that add_key_names() wrote (partitions.hpp): a foreign key that PostgreSQL derived on
/// this shard gets the name of the shell's. Without such a key nothing happens.
void name_key_of_shard(const CallStmt *statement, const ShardRenaming &renaming);

} // namespace citus
