/// The deadlock detector's own links to the nodes, and the collection of waits over them.
///
/// Used by deadlock_detector.cpp only. A node that does not answer within a second is left out, and not asked
/// again for some seconds. Waits for no table lock for long: the nodes known before are used then.
#pragma once

#include "citus/core/deadlock_graph.hpp"
#include "citus/pg/memory.hpp"

namespace citus {

/// Connects to the nodes that are not connected yet, in a transaction of its own when there is none. Errors
/// are swallowed.
void refresh_deadlock_links();

/// All waits of all nodes that answer.
std::pmr::vector<core::WaitEdge> collect_waits();

void close_deadlock_links();

} // namespace citus
