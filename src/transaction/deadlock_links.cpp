#include "deadlock_links.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/core/gid.hpp"
#include "citus/guc.hpp"
#include "citus/monitor/global_pid.hpp"
#include "citus/monitor/wait_edges.hpp"
#include "citus/net/connect.hpp"
#include "citus/transaction/backend_slots.hpp"

extern "C" {
#include "commands/dbcommands.h"
#include "libpq-fe.h"
#include "pgstat.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/timestamp.h"
}

namespace citus {

namespace {

constexpr int kAnswerTimeoutMs = 1000;
constexpr int kRetryMs = 5000;
constexpr const char *kLockTimeout = "200ms";

constexpr const char *kWaitsSql =
    "SELECT waiting_pid, waiting_gpid, (extract(epoch FROM since) * 1000000)::bigint, blocking_pid,"
    " blocking_gpid, (SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE transaction = blocking_xid)"
    " FROM citus_internal.local_wait_edges()";

struct Link {
    int64 node_id;
    char host[NI_MAXHOST];
    int port;
    PGconn *pg;
    TimestampTz retry_after;
    bool is_listed; ///< in pg_dist_node, at the last look
    bool is_asked;
};

/// malloc'd: links outlive errors, and a PGconn is no memory of a context anyway.
std::array<Link *, 1024> links;
size_t link_count = 0;
char database[NAMEDATALEN], user[NAMEDATALEN];

std::span<Link *> all_links() {
    return {links.data(), link_count};
}

void close_link(Link &link, bool failed) {
    if (link.pg != nullptr)
        PQfinish(link.pg);
    link.pg = nullptr;
    link.is_asked = false;
    if (failed)
        link.retry_after = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), kRetryMs);
}

Link *find_link(const ClusterNode &node) {
    for (Link *link : all_links())
        if (link->port == node.port && strcmp(link->host, node.name) == 0)
            return link;
    if (link_count == links.size() || strlen(node.name) >= sizeof(Link::host))
        return nullptr;
    auto *link = static_cast<Link *>(calloc(1, sizeof(Link)));
    if (link == nullptr)
        return nullptr;
    strlcpy(link->host, node.name, sizeof(link->host));
    link->port = node.port;
    return links[link_count++] = link;
}

void list_nodes() {
    strlcpy(database, get_database_name(MyDatabaseId), sizeof(database));
    strlcpy(user, GetUserNameFromId(GetUserId(), false), sizeof(user));
    (void)local_node_id();
    for (Link *link : all_links())
        link->is_listed = false;
    for (const ClusterNode &node : all_nodes())
        if (node.role == NodeRole::Primary && node.is_active && !is_local_group(node.group_id))
            if (Link *link = find_link(node)) {
                link->is_listed = true;
                link->node_id = node.node_id;
            }
    for (Link *link : all_links())
        if (!link->is_listed)
            close_link(*link, false);
}

void connect_links() {
    std::pmr::vector<ConnectAttempt> attempts;
    std::pmr::vector<Link *> closed;
    const TimestampTz now = GetCurrentTimestamp();
    for (Link *link : all_links())
        if (link->is_listed && link->pg == nullptr && link->retry_after <= now) {
            attempts.push_back({link->host, link->port, database, user, &link->pg, nullptr, false});
            closed.push_back(link);
        }
    if (attempts.empty())
        return;
    const int timeout = std::exchange(guc::node_connection_timeout, kAnswerTimeoutMs);
    connect_all(attempts);
    guc::node_connection_timeout = timeout;
    for (size_t i = 0; i < attempts.size(); i++)
        if (attempts[i].error != nullptr)
            close_link(*closed[i], true);
        else
            PQsetnonblocking(closed[i]->pg, 1);
}

void list_and_connect() {
    if (!extension_is_ready())
        return;
    list_nodes();
    connect_links();
}

void refresh_in_own_transaction() {
    MemoryContext context = CurrentMemoryContext;
    const int timeout = guc::node_connection_timeout;
    // clang-format off
    PG_TRY();
    {
        StartTransactionCommand();
        SetConfigOption("lock_timeout", kLockTimeout, PGC_SUSET, PGC_S_SESSION);
        list_and_connect();
        CommitTransactionCommand();
    }
    PG_CATCH();
    {
        FlushErrorState();
        AbortCurrentTransaction();
        guc::node_connection_timeout = timeout;
    }
    PG_END_TRY();
    // clang-format on
    MemoryContextSwitchTo(context);
}

/// The session whose prepared transaction this is, 0 when it is not there any more.
int64 session_of_gid(const char *name) {
    const auto gid = core::parse_gid(name);
    if (!gid)
        return 0;
    for (const BackendSlot &slot : all_backend_slots())
        if (slot.pid == gid->pid && slot.transaction == gid->transaction)
            return make_global_pid(local_node_id(), gid->pid);
    return 0;
}

void add_edges(const Link &link, const PGresult *result, std::pmr::vector<core::WaitEdge> &waits) {
    auto number = [&](int row, int column) {
        return PQgetisnull(result, row, column) ? 0 : strtoll(PQgetvalue(result, row, column), nullptr, 10);
    };
    for (int row = 0; row < PQntuples(result); row++) {
        const int64 waiter =
            number(row, 1) != 0 ? number(row, 1) : make_global_pid(link.node_id, number(row, 0));
        int64 blocker = number(row, 4);
        if (blocker == 0 && number(row, 3) != 0)
            blocker = make_global_pid(link.node_id, number(row, 3));
        else if (blocker == 0)
            blocker = session_of_gid(PQgetvalue(result, row, 5));
        if (blocker != 0)
            waits.push_back({waiter, blocker, link.node_id, number(row, 2)});
    }
}

/// Takes what has come; false while the answer is not complete.
bool take_answer(Link &link, std::pmr::vector<core::WaitEdge> &waits) {
    if (!PQconsumeInput(link.pg)) {
        close_link(link, true);
        return true;
    }
    while (!PQisBusy(link.pg)) {
        PGresult *result = PQgetResult(link.pg);
        if (result == nullptr) {
            link.is_asked = false;
            return true;
        }
        if (PQresultStatus(result) == PGRES_TUPLES_OK)
            add_edges(link, result, waits);
        PQclear(result);
    }
    return false;
}

bool wait_for_answers(TimestampTz deadline) {
    const long left = TimestampDifferenceMilliseconds(GetCurrentTimestamp(), deadline);
    if (left <= 0)
        return false;
    WaitEventSet *set = CreateWaitEventSet(CurrentMemoryContext, static_cast<int>(link_count) + 2);
    AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, nullptr);
    AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, nullptr, nullptr);
    for (Link *link : all_links())
        if (link->is_asked)
            AddWaitEventToSet(set, WL_SOCKET_READABLE, PQsocket(link->pg), nullptr, nullptr);
    WaitEvent event;
    WaitEventSetWait(set, left, &event, 1, PG_WAIT_EXTENSION);
    FreeWaitEventSet(set);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
    return true;
}

void add_local_waits(std::pmr::vector<core::WaitEdge> &waits) {
    const int64 node = local_node_id();
    auto session = [&](int pid, int64 gpid) { return gpid != 0 ? gpid : make_global_pid(node, pid); };
    for (const LocalWaitEdge &edge : local_wait_edges())
        if (edge.blocking_pid != 0)
            waits.push_back({session(edge.waiting_pid, edge.waiting_gpid),
                             session(edge.blocking_pid, edge.blocking_gpid), node, edge.since});
}

} // namespace

void refresh_deadlock_links() {
    if (IsTransactionState())
        list_and_connect();
    else
        refresh_in_own_transaction();
}

std::pmr::vector<core::WaitEdge> collect_waits() {
    std::pmr::vector<core::WaitEdge> waits;
    const TimestampTz deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), kAnswerTimeoutMs);
    for (Link *link : all_links()) {
        if (link->is_asked) // left over from an interrupted round
            close_link(*link, false);
        if (link->pg == nullptr)
            continue;
        link->is_asked = PQsendQuery(link->pg, kWaitsSql) == 1;
        if (!link->is_asked)
            close_link(*link, true);
        else
            PQflush(link->pg);
    }
    add_local_waits(waits);
    for (;;) {
        bool is_waiting = false;
        for (Link *link : all_links())
            is_waiting |= link->is_asked && !take_answer(*link, waits);
        if (!is_waiting)
            return waits;
        if (!wait_for_answers(deadline)) {
            for (Link *link : all_links())
                if (link->is_asked)
                    close_link(*link, true);
            return waits;
        }
    }
}

void close_deadlock_links() {
    for (Link *link : all_links())
        close_link(*link, false);
}

} // namespace citus
