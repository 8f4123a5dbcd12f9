/// Connections from this backend to other nodes, and their registry.
///
/// One connection per (node, database, user), kept for the session; libpq, non-blocking, waits are
/// interruptible (cancel, statement_timeout, postmaster death). The registry owns every PGconn and closes
/// what is broken at transaction end and all at backend exit. Called by executor/ and transaction/ only;
/// nobody else holds a Connection across statements. Never interprets SQL.
#pragma once

#include "citus/catalog/metadata.hpp"

struct pg_conn;
struct pg_result;

namespace citus {

/// SQLSTATE of a message that is the plan of a task (executor/task_capture.hpp), and who takes its text.
constexpr int kCapturedPlanState = MAKE_SQLSTATE('0', '0', 'C', 'P', 'L');
extern void (*captured_plan_hook)(const char *message);

class ResultOwner;

/// What a transaction did on a connection; only grows within a transaction.
enum class Access { Read, Write };

class Connection;

/// The connection to the primary of a group for the current user, established (and its session settings
/// brought in line with this session's) before it returns. Raises 08006
/// `connection to the remote node USER@HOST:PORT failed with the following error: ...`, with a hint.
/// When the remote transaction is needed (see transaction/remote_transaction.hpp), BEGIN and the savepoints
/// are queued in the same round trip as the caller's first statement.
Connection *connection_to_group(int32 group_id, Access access);

/// One autonomous command on a node, outside of the distributed transaction, over a connection of its own
/// that is closed afterwards. For node checks and run_command_on_*: never raises for a remote error or a
/// refused connection, but reports it. With a limit (milliseconds) it does not wait longer for a node that
/// does not answer: such a command counts as failed (57014), and may yet be carried out.
struct AutonomousResult {
    bool connected;
    bool success;
    char sqlstate[6];
    char *message; ///< the error text, or the command tag
    List *rows;    ///< List (rows) of List (columns) of String or NULL
};
AutonomousResult run_autonomous(const char *host, int port, const char *sql, int limit_ms = -1);

/// The same for several nodes and commands at once; results in the order given.
struct AutonomousCommand {
    const char *host;
    int port;
    const char *sql;
};
std::pmr::vector<AutonomousResult> run_autonomous_parallel(std::span<const AutonomousCommand> commands,
                                                           int limit_ms = -1);

/// Closes idle connections of this session (tests, node changes). Connections in a transaction are closed
/// at its end.
void close_connections_to(const char *host, int port);

} // namespace citus
