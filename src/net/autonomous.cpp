/// Commands outside of the distributed transaction, over connections of their own.
#include "citus/net/connect.hpp"
#include "citus/net/remote_error.hpp"
#include "citus/net/role.hpp"

extern "C" {
#include "libpq-fe.h"
#include "nodes/value.h"
#include "utils/timestamp.h"
}

namespace citus {

namespace {

void set_sqlstate(AutonomousResult &result, const char *state) {
    strlcpy(result.sqlstate, state, 6);
}

List *rows_of(const PGresult *result) {
    List *rows = NIL;
    for (int row = 0; row < PQntuples(result); row++) {
        List *columns = NIL;
        for (int column = 0; column < PQnfields(result); column++)
            columns = lappend(columns, PQgetisnull(result, row, column)
                                           ? nullptr
                                           : makeString(pstrdup(PQgetvalue(result, row, column))));
        rows = lappend(rows, columns);
    }
    return rows;
}

void take_result(Connection *connection, const PGresult *result, AutonomousResult &out) {
    switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
        out.rows = rows_of(result);
        out.message = pstrdup(PQcmdStatus(const_cast<PGresult *>(result)));
        set_sqlstate(out, "00000");
        return;
    case PGRES_COPY_IN:
        PQputCopyEnd(connection->pg, "COPY is not possible here");
        return;
    case PGRES_COPY_OUT:
        out.success = false;
        out.message = pstrdup("COPY TO STDOUT is not possible here");
        set_sqlstate(out, "0A000");
        connection->close();
        return;
    default: {
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
        out.success = false;
        out.message = text != nullptr ? pstrdup(text) : connection_error_text(connection->pg);
        set_sqlstate(out, state != nullptr ? state : "08006");
    }
    }
}

/// Takes what has arrived; true when the command is complete.
bool collect(Connection *connection, AutonomousResult &out) {
    while (connection->is_open()) {
        if (PQisBusy(connection->pg) && !connection->is_broken()) {
            connection->emit_notices();
            return false;
        }
        PGresult *result = PQgetResult(connection->pg);
        if (result == nullptr)
            return true;
        take_result(connection, result, out);
        PQclear(result);
        connection->emit_notices();
    }
    return true;
}

void give_up(AutonomousResult &out, int limit_ms) {
    out.success = false;
    out.rows = NIL;
    out.message = psprintf("no answer within %d ms", limit_ms);
    set_sqlstate(out, "57014");
}

struct Login {
    const char *user;
    const char *role; ///< of SET ROLE; nullptr: the user's own
};

/// As whom to log in. A role that may not (after SET ROLE) is taken by the session's user, who may take it
/// himself: the command may be anybody's text, so the connection never has more rights than the session.
/// Where he may not log in either (after SET SESSION AUTHORIZATION), it is the superuser who came as the
/// client, as whom everything in the session could go on.
Login login_of_command() {
    const Oid role = GetUserId(), session_user = GetSessionUserId();
    const char *name = GetUserNameFromId(role, false);
    if (can_log_in(role))
        return {name, nullptr};
    if (!can_log_in(session_user) && superuser_arg(GetAuthenticatedUserId()))
        return {GetUserNameFromId(GetAuthenticatedUserId(), false), name};
    if (login_user_for(role) != session_user)
        return {name, nullptr};
    return {GetUserNameFromId(session_user, false), name};
}

} // namespace

std::pmr::vector<AutonomousResult> run_autonomous_parallel(std::span<const AutonomousCommand> commands,
                                                           int limit_ms) {
    const TimestampTz deadline =
        limit_ms < 0 ? 0 : TimestampTzPlusMilliseconds(GetCurrentTimestamp(), limit_ms);
    std::pmr::vector<AutonomousResult> results(commands.size());
    std::pmr::vector<Connection *> connections;
    std::pmr::vector<ConnectAttempt> attempts;
    const Login login = login_of_command();
    for (const AutonomousCommand &command : commands) {
        Connection *connection = add_transient_connection(command.host, command.port, login.user);
        connections.push_back(connection);
        attempts.push_back({connection->host, connection->port, connection->database, connection->user,
                            &connection->pg, nullptr, false, false, login.role});
    }
    connect_all(attempts, limit_ms);

    // A command that waits for all older snapshots (CREATE INDEX CONCURRENTLY) must not find ours, from the
    // moment it is sent: once it waits for this transaction, it waits for its end.
    InvalidateCatalogSnapshot();
    std::pmr::vector<size_t> running;
    for (size_t i = 0; i < commands.size(); i++) {
        AutonomousResult &out = results[i];
        out = {true, true, "00000", pstrdup(""), NIL};
        if (attempts[i].error != nullptr) {
            out.connected = out.success = false;
            out.message =
                pstrdup(psprintf("connection to the remote node %s@%s failed with the following error: %s",
                                 connections[i]->user, connections[i]->address(), attempts[i].error));
            set_sqlstate(out, "08006");
            continue;
        }
        PQsetnonblocking(connections[i]->pg, 1);
        install_notice_receiver(connections[i]);
        PQsendQuery(connections[i]->pg, commands[i].sql); // a failure shows as a broken connection
        running.push_back(i);
    }
    while (!running.empty()) {
        std::erase_if(running, [&](size_t i) { return collect(connections[i], results[i]); });
        if (running.empty())
            break;
        std::pmr::vector<Connection *> waiting;
        for (size_t i : running)
            waiting.push_back(connections[i]);
        if (!wait_for_connections(waiting, deadline) && deadline != 0 && GetCurrentTimestamp() >= deadline) {
            for (size_t i : running)
                give_up(results[i], limit_ms);
            break;
        }
    }
    for (Connection *connection : connections)
        remove_transient_connection(connection);
    return results;
}

AutonomousResult run_autonomous(const char *host, int port, const char *sql, int limit_ms) {
    const AutonomousCommand command = {host, port, sql};
    return run_autonomous_parallel({&command, 1}, limit_ms)[0];
}

} // namespace citus
