/// How a libpq connection to a node is made: parameters, time limit, several at once.
///
/// Used by net/ only. Waits are interruptible.
#pragma once

#include "citus/net/wire.hpp"

namespace citus {

/// One connection attempt. `pg` is set when it succeeded, otherwise `error` says why not (palloc'd).
struct ConnectAttempt {
    const char *host;
    int port;
    const char *database;
    const char *user;
    pg_conn **pg; ///< where to keep the PGconn: memory that outlives an ereport and whose owner closes it
    const char *error;
    bool refused_as_full = false; ///< 53300: the node has too many clients
    bool pinned =
        true; ///< with the session's settings and search_path pg_catalog; else the server's defaults
    const char *role =
        nullptr; ///< of SET ROLE, when it is not the user that logs in; for one that is not pinned
};

/// Makes the connections, all at once, each within citus.node_connection_timeout or the limit, if that is
/// less
/// (-1: none).
void connect_all(std::span<ConnectAttempt> attempts, int limit_ms = -1);

/// Begins one, without waiting; Connection::go_on_connecting() makes the steps.
void begin_connecting(ConnectAttempt &attempt);

/// citus.node_conninfo's check hook: only options that make sense for links between nodes.
bool check_node_conninfo(char **value, void **extra, GucSource source);

} // namespace citus
