/// Turns what a remote server reports into an error of this session.
///
/// Used by net/, executor/ and transaction/. SQLSTATE, detail and hint are kept, names of shards become the
/// logical names, the position is dropped, and the context says where it happened.
#pragma once

#include "citus/net/wire.hpp"

namespace citus {

/// Raises the error of a failed command.
[[noreturn]] void raise_remote_error(const Connection *connection, const pg_result *result);

/// Raises 08006: the connection could not be made or was lost. `reason` as libpq gave it.
[[noreturn]] void raise_connection_error(const Connection *connection, const char *reason);

/// SQLSTATE of a failed command; 08006 where it has none.
int sqlstate_of(const pg_result *result);

/// Text of the primary message of a failed command, for warnings (palloc'd).
char *remote_error_text(const Connection *connection, const pg_result *result);

/// A remote message with the names of shards and their constraints and indexes replaced by logical ones.
char *with_logical_names(const char *text, bool is_detail);

/// Runs work(argument), which touches shards in this backend, as a connection would: with the search path
/// pg_catalog, and an error gets logical names.
void as_on_a_shard(void (*work)(void *argument), void *argument);

/// Runs work(argument), which may touch shards in this backend, as it is; an error gets logical names.
void with_logical_errors(void (*work)(void *argument), void *argument);

/// libpq's last error of a connection, trimmed to its first line without the "connection to server" prefix.
char *connection_error_text(pg_conn *pg);

} // namespace citus
