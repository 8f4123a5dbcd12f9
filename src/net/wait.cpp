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

/// Waits for events on the sockets; marks those that are ready by reading from them.
bool wait_once(std::span<Connection *const> connections, long timeout_ms) {
    const int count = static_cast<int>(connections.size());
    WaitEventSet *set = CreateWaitEventSet(CurrentMemoryContext, count + 2);
    AddWaitEventToSet(set, WL_LATCH_SET, PGINVALID_SOCKET, MyLatch, nullptr);
    AddWaitEventToSet(set, WL_EXIT_ON_PM_DEATH, PGINVALID_SOCKET, nullptr, nullptr);
    for (Connection *connection : connections) {
        const uint32 events = WL_SOCKET_READABLE | (connection->flush() ? WL_SOCKET_WRITEABLE : 0);
        AddWaitEventToSet(set, events, PQsocket(connection->pg), nullptr, connection);
    }
    std::array<WaitEvent, 32> events;
    const int occurred =
        WaitEventSetWait(set, timeout_ms, events.data(), static_cast<int>(events.size()), PG_WAIT_EXTENSION);
    for (int i = 0; i < occurred; i++)
        if (auto *connection = static_cast<Connection *>(events[static_cast<size_t>(i)].user_data)) {
            if (events[static_cast<size_t>(i)].events & WL_SOCKET_WRITEABLE)
                connection->flush();
            if (events[static_cast<size_t>(i)].events & WL_SOCKET_READABLE)
                connection->consume_input();
        }
    FreeWaitEventSet(set);
    return occurred > 0;
}

} // namespace

bool wait_for_connections(std::span<Connection *const> connections, TimestampTz deadline,
                          bool interruptible) {
    for (Connection *connection : connections)
        if (!connection->is_open() || connection->is_broken() || PQsocket(connection->pg) < 0)
            return true; // the caller finds out when it pumps
    const bool some = wait_once(connections, remaining_ms(deadline));
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
