#include "citus/net/remote_error.hpp"
#include "citus/net/wire.hpp"

extern "C" {
#include "libpq-fe.h"
#include "pgstat.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/timestamp.h"
}

namespace citus {

namespace {

/// Milliseconds until the deadline, at least 0; -1 without one.
long remaining_ms(TimestampTz deadline) {
    if (deadline == 0)
        return -1;
    return TimestampDifferenceMilliseconds(GetCurrentTimestamp(), deadline);
}

/// A wait set is kept for the sockets it was made for: making one costs more system calls than waiting.
struct KeptWaitSet {
    WaitEventSet *set = nullptr;
    std::array<Connection *, 16> members;
    std::array<uint32, 16> events;
    size_t count = 0;

    bool is_for(std::span<Connection *const> connections) const {
        return set != nullptr && std::equal(connections.begin(), connections.end(), members.begin(),
                                            members.begin() + static_cast<long>(count));
    }
    void drop() {
        if (set != nullptr)
            FreeWaitEventSet(set);
        set = nullptr;
        count = 0;
    }
};

/// The last used ones: the nodes of single-shard statements in turns, and the fan-out to all of them.
std::array<KeptWaitSet, 4> kept_sets;
size_t next_kept = 0;

uint32 wanted_events(Connection *connection) {
    if (connection->connecting)
        return connection->connecting_events();
    return WL_SOCKET_READABLE | (connection->flush() ? WL_SOCKET_WRITEABLE : 0);
}

WaitEventSet *make_set(std::span<Connection *const> connections, MemoryContext context, uint32 *events) {
    WaitEventSet *set = CreateWaitEventSet(context, static_cast<int>(connections.size()) + 2);
    AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, nullptr);
    AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, nullptr, nullptr);
    for (size_t i = 0; i < connections.size(); i++) {
        events[i] = wanted_events(connections[i]);
        AddWaitEventToSet(set, events[i], PQsocket(connections[i]->pg), nullptr, connections[i]);
    }
    return set;
}

KeptWaitSet &kept_set_for(std::span<Connection *const> connections) {
    for (KeptWaitSet &kept : kept_sets)
        if (kept.is_for(connections)) {
            for (size_t i = 0; i < kept.count; i++) {
                const uint32 events = wanted_events(connections[i]);
                if (events != kept.events[i])
                    ModifyWaitEvent(kept.set, static_cast<int>(i) + 2, events, nullptr);
                kept.events[i] = events;
            }
            return kept;
        }
    KeptWaitSet &kept = kept_sets[next_kept++ % kept_sets.size()];
    kept.drop();
    kept.set = make_set(connections, TopMemoryContext, kept.events.data());
    kept.count = connections.size();
    std::copy(connections.begin(), connections.end(), kept.members.begin());
    return kept;
}

/// Waits for events on the sockets, and reads from and writes to those that are ready.
bool wait_once(std::span<Connection *const> connections, long timeout_ms) {
    // While one connects, its socket may become another.
    const bool keep =
        connections.size() <= kept_sets[0].members.size() &&
        std::none_of(connections.begin(), connections.end(), [](Connection *one) { return one->connecting; });
    std::pmr::vector<uint32> unused(keep ? 0 : connections.size());
    WaitEventSet *set =
        keep ? kept_set_for(connections).set : make_set(connections, CurrentMemoryContext, unused.data());
    std::array<WaitEvent, 32> events;
    const int occurred =
        WaitEventSetWait(set, timeout_ms, events.data(), static_cast<int>(events.size()), PG_WAIT_EXTENSION);
    for (int i = 0; i < occurred; i++)
        if (auto *connection = static_cast<Connection *>(events[static_cast<size_t>(i)].user_data)) {
            if (connection->connecting) {
                connection->go_on_connecting();
                continue;
            }
            if (events[static_cast<size_t>(i)].events & WL_SOCKET_WRITEABLE)
                connection->flush();
            if (events[static_cast<size_t>(i)].events & WL_SOCKET_READABLE)
                connection->consume_input();
        }
    if (!keep)
        FreeWaitEventSet(set);
    return occurred > 0;
}

} // namespace

void forget_wait_sets(const Connection *connection) {
    for (KeptWaitSet &kept : kept_sets)
        if (std::find(kept.members.begin(), kept.members.begin() + static_cast<long>(kept.count),
                      connection) != kept.members.begin() + static_cast<long>(kept.count))
            kept.drop();
}

namespace {

/// Waits at first for as long as nobody else needs to know.
bool wait_patiently(std::span<Connection *const> connections, TimestampTz deadline, bool interruptible,
                    bool *deadlock) {
    const long limit = remaining_ms(deadline);
    const long patience = interruptible || deadlock != nullptr ? wait_patience_ms() : -1;
    if (patience < 0 || (limit >= 0 && limit <= patience))
        return wait_once(connections, limit);
    if (wait_once(connections, patience))
        return true;
    long_wait_began();
    const bool some = wait_once(connections, remaining_ms(deadline));
    const bool is_deadlock = long_wait_ended();
    if (deadlock != nullptr)
        *deadlock = is_deadlock;
    else if (is_deadlock)
        raise_distributed_deadlock();
    return some;
}

} // namespace

bool wait_for_connections(std::span<Connection *const> connections, TimestampTz deadline, bool interruptible,
                          bool *deadlock) {
    for (Connection *connection : connections)
        if (!connection->is_open() || connection->is_broken() || PQsocket(connection->pg) < 0)
            return true; // the caller finds out when it pumps
    const bool some = wait_patiently(connections, deadline, interruptible, deadlock);
    ResetLatch(MyLatch);
    if (interruptible)
        CHECK_FOR_INTERRUPTS();
    return some;
}

void drain(Connection *connection) {
    Connection *one[] = {connection};
    drain_all(one, 0, true);
}

bool drain_all(std::span<Connection *const> connections, TimestampTz deadline, bool interruptible) {
    std::pmr::vector<Connection *> waiting;
    for (;;) {
        waiting.clear();
        for (Connection *connection : connections) {
            while (connection->pump())
                ;
            if (!connection->idle())
                waiting.push_back(connection);
        }
        if (waiting.empty())
            return true;
        if (!wait_for_connections(waiting, deadline, interruptible) && deadline != 0 &&
            GetCurrentTimestamp() >= deadline)
            return false;
    }
}

} // namespace citus
