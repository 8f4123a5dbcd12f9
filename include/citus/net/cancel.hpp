/// Cancel requests to nodes that may not answer.
///
/// Used by Connection and transaction/. libpq's PQcancel waits for the node as long as it takes; here all
/// nodes are asked at once and waited for together, not longer than a fixed time. Neither raises nor takes
/// interrupts: also for a transaction that aborts.
#pragma once

#include "citus/net/wire.hpp"

namespace citus {

/// Asks the nodes to cancel what runs on these connections. A request that a node has taken note of concerns
/// nothing that is sent afterwards. Where it did not answer in time the request may still be under way: the
/// connection is marked as one not to be used again. Returns how many answered.
size_t cancel_all(std::span<Connection *const> connections);

} // namespace citus
