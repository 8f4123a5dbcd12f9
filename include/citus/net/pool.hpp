/// How many connections all sessions of this server together have to each node, in shared memory.
///
/// A session takes a slot before it connects (citus.max_shared_pool_size) and gives it back when it closes.
/// Where none is free it waits, and meanwhile asks idle sessions to give up the connections they keep; so
/// does a session whose node refuses one because it has too many clients. Called by net/ only. Knows nothing
/// of transactions: who waits must see to it that it does not keep what others wait for.
#pragma once

#include "citus/net/wire.hpp"

namespace citus {

/// Takes a slot for each of these connections to nodes, or none at all when one is not free. Those that have
/// one keep it.
bool try_reserve_slots(std::span<Connection *const> connections);

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

void install_pool();

} // namespace citus
