/// Commands on shards that can't run in a transaction block: CREATE INDEX CONCURRENTLY, VACUUM and the like.
/// They run over connections of their own and commit by themselves. Used by index and maintenance handlers.
#pragma once

#include "citus/catalog/metadata.hpp"
#include "utility_call.hpp"

namespace citus {

/// Ends the current transaction and begins a new one, as statements do that can't run in a transaction block.
void restart_transaction();

/// One command for one shard, or for several of them, on one node.
struct ShardCommand {
    int32 group_id;
    const char *sql;
};

/// Ends the current transaction, runs the commands (those of different nodes side by side) and starts a new
/// transaction, so that no snapshot of this backend keeps a command waiting. Returns the first failure, or
/// nullptr; the text lives in the memory context that was current. Must be called from a top-level statement.
struct CommandFailure {
    char sqlstate[6];
    const char *message;
    const char *node; ///< host:port
};
CommandFailure *run_outside_transaction(std::span<const ShardCommand> commands);

/// Raises the failure as an error.
[[noreturn]] void raise_failure(const CommandFailure &failure, const char *hint);

/// The statements on one table in the metadata, whose owner the user is. Raise 25001 in a transaction block.
void create_index_concurrently(UtilityCall &call, Oid relid);
void reindex_concurrently(UtilityCall &call, Oid relid, Oid target);
void drop_index_concurrently(UtilityCall &call, Oid relid, Oid index);
bool is_concurrent(const ReindexStmt *statement);

} // namespace citus
