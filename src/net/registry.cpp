#include "citus/net/connect.hpp"
#include "citus/net/greeting.hpp"
#include "citus/net/pool.hpp"
#include "citus/net/remote_error.hpp"
#include "citus/net/role.hpp"

#include "citus/guc.hpp"
#include "citus/pg/counters.hpp"

#include <poll.h>

extern "C" {
#include "access/parallel.h"
#include "commands/dbcommands.h"
#include "libpq-fe.h"
#include "storage/ipc.h"
}

namespace citus {

namespace {

/// All connections of this backend. Only this file adds and removes; PGconns live and die with their entry.
Connection *connections = nullptr;

Connection *find_connection(const char *host, int port, const char *user) {
    for (Connection *connection = connections; connection != nullptr; connection = connection->next)
        if (!connection->is_transient && !connection->is_extra &&
            (!connection->close_at_end || connection->transaction.open) && connection->port == port &&
            strcmp(connection->host, host) == 0 && strcmp(connection->user, user) == 0)
            return connection;
    return nullptr;
}

/// After the transaction was aborted by its own exit callback.
void close_all(int, Datum) {
    for (Connection *connection = connections; connection != nullptr; connection = connection->next)
        connection->close();
}

void close_all_at_exit() {
    static bool registered = false;
    if (!registered)
        on_proc_exit(close_all, 0);
    registered = true;
}

/// The login user of a connection that has written in this transaction and may assume any role: then all goes
/// by his connections, and sees what was written.
Oid login_user_of_writer() {
    for (Connection *connection = connections; connection != nullptr; connection = connection->next)
        if (connection->transaction.wrote() && superuser_arg(connection->login_role))
            return connection->login_role;
    return InvalidOid;
}

const char *current_database() {
    // Looked up once: the name cannot change while this backend is connected to it.
    static const char *name = nullptr;
    if (name == nullptr) {
        ContextScope scope(TopMemoryContext);
        name = get_database_name(MyDatabaseId);
    }
    return name;
}

Connection *add_connection(const char *host, int port, const char *user) {
    MemoryContext context = AllocSetContextCreate(TopMemoryContext, "citus connection", ALLOCSET_SMALL_SIZES);
    auto *connection = make_in<Connection>(context, context, host, port, current_database(), user);
    connection->next = connections;
    connections = connection;
    close_all_at_exit();
    return connection;
}

void remove_connection(Connection *gone) {
    for (Connection **link = &connections; *link != nullptr; link = &(*link)->next)
        if (*link == gone) {
            *link = gone->next;
            break;
        }
    gone->close();
    MemoryContextDelete(gone->context);
}

/// Whether the server closed a connection meanwhile on which nobody waits for anything. Costs one poll().
bool went_away(Connection *connection) {
    if (!connection->only_remains())
        return connection->is_broken();
    while (connection->pump_discarded())
        ;
    pollfd descriptor = {PQsocket(connection->pg), POLLIN, 0};
    // What a server says before it closes comes in a read of its own.
    for (int reads = 0; reads < 16 && !connection->is_broken() && poll(&descriptor, 1, 0) > 0; reads++) {
        connection->consume_input();
        while (connection->pump_discarded())
            ;
    }
    return connection->is_broken();
}

/// Does not care what becomes of a command.
class Ping final : public ResultConsumer {
public:
    void take_row(int, const PGresult *, int) override {}
    void command_done(int, const PGresult *) override {}
    void command_failed(Connection *, int, const PGresult *) override {}
    bool connection_lost(Connection *, int, const char *) override { return false; }
};
Ping ping; // outlives every queue

/// A connection that was not used for a while may have died without a word: behind a firewall that forgot it,
/// or with its server. Costs a round trip, then.
bool died_unnoticed(Connection *connection) {
    constexpr int64 kPauseUs = 60 * USECS_PER_SEC;
    constexpr int kAnswerMs = 5000;
    const TimestampTz now = GetCurrentStatementStartTimestamp();
    const bool paused = now - connection->used_at > kPauseUs && connection->only_remains();
    connection->used_at = now;
    if (!paused)
        return false;
    connection->queue("", &ping, 0);
    connection->queue_sync();
    connection->send();
    const TimestampTz deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), kAnswerMs);
    return !drain_all({&connection, 1}, deadline, true) || connection->is_broken();
}

const ClusterNode *require_node(int32 group_id) {
    const ClusterNode *node = find_primary_node(group_id);
    if (node == nullptr)
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("there is no primary node in group %d", group_id),
                        errhint("See pg_dist_node; add the node with citus_add_node.")));
    return node;
}

/// The entry of a group's connection for the current user, with or without an open PGconn.
Connection *entry_for_group(int32 group_id, Oid user_id) {
    const ClusterNode *node = require_node(group_id);
    const Oid role = OidIsValid(user_id) ? user_id : GetUserId();
    Oid login_role = login_user_of_writer();
    if (!OidIsValid(login_role))
        login_role = login_user_for(role);
    const char *user = name_of_login_user(login_role);
    Connection *connection = find_connection(node->name, node->port, user);
    if (connection == nullptr) {
        connection = add_connection(node->name, node->port, user);
        connection->is_to_this_server = is_local_group(group_id);
    }
    connection->group_id = group_id;
    connection->login_role = login_role;
    connection->wanted_role = role;
    if (connection->transaction.lost)
        ereport(ERROR, (errcode(ERRCODE_CONNECTION_FAILURE),
                        errmsg("the connection to %s was lost in this transaction", connection->address()),
                        errhint("Roll the transaction back and run it again.")));
    if (connection->is_open() && !connection->transaction.open &&
        (went_away(connection) || died_unnoticed(connection)))
        connection->close();
    return connection;
}

/// A number nobody can guess, as text.
const char *make_token(MemoryContext context) {
    int64 token;
    if (!pg_strong_random(&token, sizeof(token)))
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate a random token")));
    ContextScope scope(context);
    return psprintf(INT64_FORMAT, token);
}

/// The connection was made: brings it into the state that the engine expects.
void set_up(Connection *connection, uint64 settings) {
    connection->settings_epoch = settings;
    connection->opened_at = connection->used_at = GetCurrentTimestamp();
    connection->role_token = make_token(connection->context);
    PQsetErrorVerbosity(connection->pg, PQERRORS_DEFAULT);
    PQsetnonblocking(connection->pg, 1);
    install_notice_receiver(connection);
    const NodeGreeting greeting = greeting_of(connection->pg);
    connection->knows_cancel_key = greeting.is_known;
    connection->cancel_key = greeting.cancel_key;
    note_node_slots(connection, greeting.client_slots);
    if (!PQenterPipelineMode(connection->pg))
        raise_connection_error(connection, PQerrorMessage(connection->pg));
}

/// While this session waits it keeps nothing idle that others wait for: each of two could have what the other
/// one wants.
void give_back_what_others_want() {
    for (Connection *connection = connections; connection != nullptr; connection = connection->next)
        if (!connection->is_transient && connection->is_open() && !connection->transaction.open &&
            connection->only_remains() && connection->copy_owner == nullptr &&
            is_wanted_by_others(connection))
            connection->close();
}

[[noreturn]] void raise_no_slot(const Connection *connection, const char *error) {
    ereport(ERROR, (errcode(ERRCODE_TOO_MANY_CONNECTIONS),
                    errmsg("no connection to %s became free within %d ms", connection->address(),
                           guc::node_connection_timeout),
                    error != nullptr ? errdetail("The node says: %s", error) : 0,
                    errhint("Raise max_connections on that node, and citus.max_shared_pool_size here, or let "
                            "fewer sessions use it at the same time.")));
    pg_unreachable();
}

/// One attempt for each of those that are closed and have a slot.
std::pmr::vector<ConnectAttempt> try_to_connect(std::span<Connection *const> closed) {
    std::pmr::vector<ConnectAttempt> attempts;
    for (Connection *connection : closed)
        attempts.push_back({connection->host, connection->port, connection->database, connection->user,
                            &connection->pg, nullptr});
    const uint64 settings = current_settings_epoch();
    for (Connection *connection : closed)
        connection->connecting = true;
    connect_all(attempts);
    for (size_t i = 0; i < attempts.size(); i++) {
        closed[i]->connecting = false;
        closed[i]->close_at_end = false;
        count(closed[i]->pg == nullptr ? Counter::ConnectionsFailed : Counter::ConnectionsOpened);
        if (closed[i]->pg == nullptr)
            release_slot(closed[i]);
    }
    for (Connection *connection : closed)
        if (connection->pg != nullptr)
            set_up(connection, settings);
    return attempts;
}

/// One round of connecting all that are closed and have a slot. What a node refuses for too many clients is
/// left closed, with the reason in *refusal.
void connect_closed(std::span<Connection *const> closed, const char **refusal) {
    const std::pmr::vector<ConnectAttempt> attempts = try_to_connect(closed);
    for (size_t i = 0; i < attempts.size(); i++) {
        if (attempts[i].refused_as_full) {
            note_node_is_full(closed[i]);
            *refusal = attempts[i].error;
        } else if (attempts[i].error != nullptr) {
            raise_connection_error(closed[i], attempts[i].error);
        }
    }
}

TimestampTz pool_deadline() {
    return TimestampTzPlusMilliseconds(GetCurrentTimestamp(), guc::node_connection_timeout);
}

/// One turn of waiting for what other sessions have.
void wait_for_others(std::span<Connection *const> wanted, TimestampTz deadline, const char *refusal) {
    if (GetCurrentTimestamp() >= deadline)
        raise_no_slot(wanted[0], refusal);
    begin_waiting_for_slots(wanted);
    give_back_what_others_want();
    wait_a_moment_for_slots(wanted);
}

/// The transaction's first use of connections: see net/pool.hpp.
void wait_for_ticket(std::span<Connection *const> wanted) {
    const TimestampTz deadline = pool_deadline();
    do
        wait_for_others(wanted, deadline, nullptr);
    while (!try_take_ticket());
    end_waiting_for_slots();
}

/// Makes all of these open, within citus.node_connection_timeout.
void open_connections(std::span<Connection *const> wanted) {
    const TimestampTz deadline = pool_deadline();
    const char *refusal = nullptr;
    std::pmr::vector<Connection *> closed;
    for (;;) {
        closed.clear();
        for (Connection *connection : wanted)
            if (!connection->is_open() && std::find(closed.begin(), closed.end(), connection) == closed.end())
                closed.push_back(connection);
        if (closed.empty())
            break;
        if (try_reserve_slots(closed)) {
            end_waiting_for_slots();
            connect_closed(closed, &refusal);
            if (std::all_of(closed.begin(), closed.end(), [](Connection *one) { return one->is_open(); }))
                break;
        }
        wait_for_others(closed, deadline, refusal);
    }
    end_waiting_for_slots();
}

} // namespace

Connection *first_connection() {
    return connections;
}

void establish_connections(std::span<const int32> group_ids, std::span<Connection *> result, Oid user) {
    if (IsParallelWorker())
        ereport(ERROR, (errcode(ERRCODE_INVALID_TRANSACTION_STATE),
                        errmsg("a parallel worker cannot use connections to other nodes")));
    set_session_idle(false);
    bool all_open = true;
    for (size_t i = 0; i < group_ids.size(); i++) {
        Connection *connection = entry_for_group(group_ids[i], user);
        result[i] = connection;
        if (connection->connecting) // left over from an attempt that was interrupted
            connection->close();
        if (connection->is_open())
            count(Counter::ConnectionsReused);
        all_open = all_open && connection->is_open();
    }
    if (!try_take_ticket()) {
        wait_for_ticket(result.first(group_ids.size()));
        all_open = false; // one may have been given back meanwhile
    }
    if (!all_open)
        open_connections(result.first(group_ids.size()));
    for (Connection *connection : result.first(group_ids.size()))
        queue_session_settings(connection);
}

namespace {

/// Nodes that could not be reached, and until when others are asked before them.
struct AvoidedGroup {
    int32 group_id;
    TimestampTz until;
};

constexpr int kAvoidForMs = 30 * 1000;
std::array<AvoidedGroup, 16> avoided = {};
size_t next_avoided = 0;

bool is_avoided(int32 group_id) {
    const TimestampTz now = GetCurrentTimestamp();
    return std::any_of(avoided.begin(), avoided.end(),
                       [&](const AvoidedGroup &one) { return one.group_id == group_id && one.until > now; });
}

/// Whether the connection is open now, or may become so when it is waited for.
bool is_reachable(Connection *connection) {
    if (connection->connecting) // left over from an attempt that was interrupted
        connection->close();
    if (connection->is_open() || !try_take_ticket() || !try_reserve_slots({&connection, 1}))
        return true;
    const ConnectAttempt attempt = try_to_connect({&connection, 1})[0];
    if (attempt.error == nullptr)
        return true;
    if (!attempt.refused_as_full)
        avoided[next_avoided++ % avoided.size()] = {
            connection->group_id, TimestampTzPlusMilliseconds(GetCurrentTimestamp(), kAvoidForMs)};
    return false;
}

} // namespace

int32 reachable_group(std::span<const int32> group_ids, Oid user) {
    set_session_idle(false);
    for (const bool avoid : {false, true})
        for (const int32 group_id : group_ids)
            if (is_avoided(group_id) == avoid && is_reachable(entry_for_group(group_id, user)))
                return group_id;
    return group_ids.front();
}

Connection *connection_to_group(int32 group_id, Access access) {
    Connection *connection;
    establish_connections({&group_id, 1}, {&connection, 1});
    enlist_connection(connection, access);
    return connection;
}

bool is_own_connection(const Connection *connection) {
    for (const Connection *own = connections; own != nullptr; own = own->next)
        if (own == connection)
            return true;
    return false;
}

namespace {

Connection *find_idle_extra(const Connection *beside) {
    for (Connection *connection = connections; connection != nullptr; connection = connection->next)
        if (connection->is_extra && !connection->is_lent && !connection->close_at_end &&
            connection->port == beside->port && strcmp(connection->host, beside->host) == 0 &&
            strcmp(connection->user, beside->user) == 0 && connection->is_open() && !went_away(connection) &&
            connection->idle())
            return connection;
    return nullptr;
}

} // namespace

Connection *begin_extra_connection(const Connection *beside) {
    Connection *connection = find_idle_extra(beside);
    if (connection != nullptr) {
        connection->is_lent = true;
        count(Counter::ConnectionsReused);
        queue_session_settings(connection);
        return connection;
    }
    connection = add_connection(beside->host, beside->port, beside->user);
    connection->is_extra = connection->is_lent = true;
    connection->is_to_this_server = beside->is_to_this_server;
    connection->group_id = beside->group_id;
    connection->login_role = connection->wanted_role = beside->login_role;
    if (!try_reserve_optional_slot(connection)) {
        remove_connection(connection);
        return nullptr;
    }
    ConnectAttempt attempt = {connection->host, connection->port, connection->database,
                              connection->user, &connection->pg,  nullptr};
    connection->settings_epoch = current_settings_epoch(); // as of now
    begin_connecting(attempt);
    connection->connecting_began();
    return connection;
}

void finish_extra_connection(Connection *connection) {
    count(Counter::ConnectionsOpened);
    set_up(connection, connection->settings_epoch);
}

Connection *add_transient_connection(const char *host, int port, const char *user) {
    Connection *connection =
        add_connection(host, port, user != nullptr ? user : GetUserNameFromId(GetUserId(), false));
    connection->is_transient = true;
    connection->close_at_end = true;
    return connection;
}

void remove_transient_connection(Connection *connection) {
    remove_connection(connection);
}

namespace {

bool is_too_old(const Connection *connection, TimestampTz now) {
    return guc::max_cached_connection_lifetime >= 0 &&
           TimestampDifferenceExceeds(connection->opened_at, now, guc::max_cached_connection_lifetime);
}

/// Where more sessions want connections than a node takes, they take turns. A turn is long against what
/// making a connection costs: with a turn of one transaction, 200 sessions over two nodes that take 100 did
/// 40 transactions per second where 60 sessions did 1,000. A session that does nothing for a moment has had
/// its turn.
bool is_turn_over(const Connection *connection, TimestampTz now) {
    constexpr int kTurnMs = 1000;
    constexpr int kPauseMs = 250;
    return TimestampDifferenceExceeds(connection->opened_at, now, kTurnMs) ||
           TimestampDifferenceExceeds(connection->used_at, now, kPauseMs);
}

} // namespace

void trim_connections() {
    end_waiting_for_slots();
    release_peer_links();
    const TimestampTz now = GetCurrentTimestamp();
    bool others_wait = false;
    std::array<const Connection *, 64> kept;
    size_t kept_count = 0;
    const auto keep = [&](const Connection *connection) {
        const auto same_node = std::count_if(
            kept.begin(), kept.begin() + static_cast<long>(kept_count), [&](const Connection *other) {
                return other->port == connection->port && strcmp(other->host, connection->host) == 0;
            });
        const bool is_wanted = is_wanted_by_others(connection);
        const bool keeps = connection->is_open() && !connection->connecting && !connection->is_broken() &&
                           !connection->close_at_end && same_node < guc::max_cached_conns_per_worker &&
                           !is_too_old(connection, now) && (connection->idle() || !connection->is_extra) &&
                           !(is_wanted && is_turn_over(connection, now));
        if (keeps && kept_count < kept.size())
            kept[kept_count++] = connection;
        others_wait |= keeps && is_wanted;
        return keeps;
    };
    // A session's own connection to a node is rather kept than an extra one.
    for (const bool extra : {false, true})
        for (Connection *connection = connections, *next; connection != nullptr; connection = next) {
            next = connection->next;
            if (connection->is_extra != extra)
                continue;
            connection->is_lent = false;
            if (!keep(connection))
                remove_connection(connection);
        }
    if (!others_wait)
        return_ticket(); // else one of them would have it at once, and want these connections
    set_session_idle(kept_count > 0);
}

void close_connections_to(const char *host, int port) {
    // Streams may still point to it: it is removed at the end of the transaction.
    for (Connection *connection = connections; connection != nullptr; connection = connection->next)
        if (connection->port == port && strcmp(connection->host, host) == 0)
            connection->close_at_end = true;
}

} // namespace citus
