#include "citus/executor/motion_inbox.hpp"
#include "citus/net/connect.hpp"
#include "citus/net/remote_error.hpp"

extern "C" {
#include "libpq-fe.h"
#include "utils/builtins.h"
}

namespace citus {

/// A connection to another node for the rest of the transaction. Commands are sent ahead, each with a sync of
/// its own; it is used by one sender at a time.
struct PeerLink {
    int32 group_id;
    Connection *connection;
    int pending = 0; ///< commands whose results are not taken off
};

namespace {

/// Chunks on their way to one node, beyond which the sender waits.
constexpr int kWindow = 4;

/// Of this transaction, in TopTransactionContext.
List *links = NIL;

/// Also when a transaction aborts: must not raise.
void close_links() {
    ListCell *cell;
    foreach (cell, links)
        remove_transient_connection(static_cast<PeerLink *>(lfirst(cell))->connection);
    links = NIL;
}

void at_transaction_end(XactEvent event, void *) {
    // Before the registry of connections is tidied up.
    if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE || event == XACT_EVENT_ABORT)
        close_links();
}

/// What was under way when a savepoint is rolled back is in an unknown state.
void at_subtransaction_end(SubXactEvent event, SubTransactionId, SubTransactionId, void *) {
    if (event == SUBXACT_EVENT_ABORT_SUB)
        close_links();
}

struct Parameters {
    int count = 0;
    Oid types[3];
    const char *values[3];
    int lengths[3];
    int formats[3] = {1, 1, 1};

    void add(Oid type, const char *bytes, size_t size) {
        types[count] = type;
        values[count] = bytes;
        lengths[count++] = static_cast<int>(size);
    }
};

/// A failure shows as a broken connection when results are taken off.
void send_command(PeerLink *link, const char *sql, const Parameters &parameters = {}) {
    PGconn *pg = link->connection->pg;
    (void)PQsendQueryParams(pg, sql, parameters.count, parameters.types, parameters.values,
                            parameters.lengths, parameters.formats, 1);
    (void)PQpipelineSync(pg);
    link->connection->flush();
    link->pending++;
}

/// The next result, nullptr between those of two commands; waits for it.
PGresult *await_result(PeerLink *link) {
    Connection *const one[] = {link->connection};
    while (PQisBusy(link->connection->pg)) {
        if (link->connection->is_broken())
            raise_connection_error(link->connection, connection_error_text(link->connection->pg));
        wait_for_connections(one);
    }
    return PQgetResult(link->connection->pg);
}

/// Takes off the results of the oldest command; its error is raised. The first value goes to *value.
void take_results(PeerLink *link, bytea **value = nullptr) {
    for (;;) {
        PGresult *result = await_result(link);
        // A result is freed before anything can raise, or kept by the connection.
        if (result == nullptr && link->connection->is_broken())
            raise_connection_error(link->connection, connection_error_text(link->connection->pg));
        if (result == nullptr)
            continue;
        link->connection->keep_result(result);
        switch (PQresultStatus(result)) {
        case PGRES_PIPELINE_SYNC:
            link->connection->release_result();
            link->pending--;
            return;
        case PGRES_TUPLES_OK:
            if (value != nullptr && PQntuples(result) == 1 && !PQgetisnull(result, 0, 0)) {
                const auto size = static_cast<size_t>(PQgetlength(result, 0, 0));
                *value = static_cast<bytea *>(palloc(VARHDRSZ + size));
                SET_VARSIZE(*value, VARHDRSZ + size);
                memcpy(VARDATA(*value), PQgetvalue(result, 0, 0), size);
            }
            break;
        case PGRES_COMMAND_OK:
        case PGRES_EMPTY_QUERY:
            break;
        default:
            raise_remote_error(link->connection, result);
        }
    }
}

PeerLink *find_link(int32 group_id) {
    ListCell *cell;
    foreach (cell, links)
        if (auto *link = static_cast<PeerLink *>(lfirst(cell)); link->group_id == group_id)
            return link;
    return nullptr;
}

/// nullptr, and the reason, when the node can't be reached.
PeerLink *connect_to(const Peer &peer, const char **reason) {
    Connection *connection =
        add_transient_connection(peer.host, peer.port, GetUserNameFromId(GetSessionUserId(), false));
    ConnectAttempt attempt{connection->host,
                           connection->port,
                           connection->database,
                           connection->user,
                           &connection->pg,
                           nullptr,
                           false,
                           false};
    connect_all({&attempt, 1});
    if (attempt.error == nullptr && !PQenterPipelineMode(connection->pg))
        attempt.error = pstrdup(PQerrorMessage(connection->pg));
    if (attempt.error != nullptr) {
        *reason = attempt.error;
        remove_transient_connection(connection);
        return nullptr;
    }
    PQsetnonblocking(connection->pg, 1);
    install_notice_receiver(connection);
    ContextScope scope(TopTransactionContext);
    auto *link = make_in<PeerLink>(TopTransactionContext, peer.group_id, connection);
    links = lappend(links, link);
    // The file belongs to a transaction that lasts until the connection is closed.
    send_command(link, "BEGIN");
    send_command(link, "SET LOCAL idle_in_transaction_session_timeout = 0");
    return link;
}

} // namespace

PeerSender::PeerSender(std::span<const Peer> peers, int limit_kb, Listener *listener)
    : limit_kb_(limit_kb), listener_(listener) {
    auto *targets = static_cast<Target *>(palloc(sizeof(Target) * (peers.size() + 1)));
    for (size_t i = 0; i < peers.size(); i++)
        targets[i] = {peers[i], nullptr, nullptr, false};
    targets_ = {targets, peers.size()};
}

/// Makes the inbox for this result.
bool PeerSender::open(Target *target) {
    target->tried = true;
    const char *reason = nullptr;
    target->link = find_link(target->peer.group_id);
    if (target->link == nullptr)
        target->link = connect_to(target->peer, &reason);
    if (target->link == nullptr) {
        listener_->unreachable(target->peer.group_id, reason);
        return false;
    }
    send_command(target->link, "SELECT citus_internal.motion_inbox()");
    while (target->link->pending > 0)
        take_results(target->link, &target->handle);
    if (target->handle == nullptr)
        elog(ERROR, "no inbox was made on %s", target->link->connection->address());
    listener_->inbox_opened(target->peer.group_id, target->handle);
    return true;
}

bool PeerSender::send(int32 group, const char *bytes, size_t size) {
    const auto found = std::find_if(targets_.begin(), targets_.end(),
                                    [&](const Target &target) { return target.peer.group_id == group; });
    if (found == targets_.end() || (!found->tried && !open(&*found)) || found->handle == nullptr)
        return false;
    while (found->link->pending >= kWindow)
        take_results(found->link);
    const uint32 limit = pg_hton32(static_cast<uint32>(limit_kb_));
    Parameters parameters;
    parameters.add(BYTEAOID, VARDATA(found->handle), VARSIZE(found->handle) - VARHDRSZ);
    parameters.add(BYTEAOID, bytes, size);
    parameters.add(INT4OID, reinterpret_cast<const char *>(&limit), sizeof(limit));
    send_command(found->link, "SELECT citus_internal.motion_deliver($1, $2, $3)", parameters);
    sent_bytes_ += size;
    return true;
}

void PeerSender::finish() {
    for (Target &target : targets_)
        while (target.handle != nullptr && target.link->pending > 0)
            take_results(target.link);
}

void install_motion_peers() {
    RegisterXactCallback(at_transaction_end, nullptr);
    RegisterSubXactCallback(at_subtransaction_end, nullptr);
}

} // namespace citus
