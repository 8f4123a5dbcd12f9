/// How many connections all sessions of this server together have to each node, in shared memory.
///
/// A session takes a slot before it connects (citus.max_shared_pool_size) and gives it back when it closes.
/// Where none is free it waits, and meanwhile asks idle sessions to give up the connections they keep; so
/// does a session whose node refuses one because it has too many clients. Called by net/ only.
///
/// Two sessions must never wait for what the other one has. So a transaction takes a ticket before its first
/// connection and keeps it to its end (or, while others wait, to the end of the session's turn, see
/// trim_connections), and there are no more tickets than the smallest node has room for: who
/// has one finds a slot on each node, but for idle sessions, which give theirs back. A session without a
/// ticket has only idle connections, and waits for a ticket with nothing in its hands. A node says itself how
/// many it takes (net/greeting.hpp); what other servers and clients take of it is not known beforehand, and
/// a wait for those ends by citus.node_connection_timeout.
///
/// Links that nodes make to each other for a transaction of this server (executor/motion_run.cpp) are counted
/// here, too.
#pragma once

#include "citus/net/wire.hpp"

extern "C" {
#include "port/atomics.h"
}

namespace citus {

/// Takes the transaction's ticket, if it has none. False when there are too many.
bool try_take_ticket();
/// The transaction is over.
void return_ticket();

/// Takes a slot for each of these connections to nodes, or none at all when one is not free. Those that have
/// one keep it.
bool try_reserve_slots(std::span<Connection *const> connections);

/// Takes a slot for a connection that only makes a statement faster, when there is more than enough room: it
/// is never waited for, none is given while others wait, and none when citus.max_adaptive_executor_pool_size
/// sessions and connections of this kind are at work already.
bool try_reserve_optional_slot(Connection *connection);

/// Links that other nodes will make to a node for this transaction.
struct PeerLinks {
    const char *host;
    int port;
    int count;
};

/// Counts links between nodes among the connections that only make statements faster, up to the end of the
/// transaction: all of them, or none when a node has no room, or others wait for it. Who gets none sends by
/// the connections it has.
bool try_reserve_peer_links(std::span<const PeerLinks> wanted);
/// The transaction is over, and with it the links. Never raises.
void release_peer_links();

/// What the node says how many connections it takes. The connection has a slot.
void note_node_slots(const Connection *connection, int slots);

/// The connection is closed. Never raises; also while the backend exits.
void release_slot(Connection *connection);

/// The node had too many clients: for some seconds no more are tried than it has now.
void note_node_is_full(Connection *connection);

/// Whether other sessions wait for a connection to this node.
bool is_wanted_by_others(const Connection *connection);

/// This session waits for slots (and is not among the others for itself). Ended by end_waiting_for_slots(),
/// at the latest at transaction end.
void begin_waiting_for_slots(std::span<Connection *const> connections);
void end_waiting_for_slots();
/// Sleeps a moment while waiting, after asking some idle sessions for their connections. Interruptible.
void wait_a_moment_for_slots(std::span<Connection *const> connections);

/// Whether this session is between transactions, so that it can be asked.
void set_session_idle(bool idle);

/// How many ordinary clients this server has now (net/client_limit.hpp), in shared memory.
pg_atomic_uint32 *client_counter();

void install_pool();

} // namespace citus
