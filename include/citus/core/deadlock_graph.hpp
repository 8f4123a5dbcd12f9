/// The graph of who waits for whom, over all nodes, and whom to cancel.
///
/// Called by transaction/deadlock_detector.cpp, which collects the waits. A vertex is a session of the whole
/// cluster, named by its global pid: all that works for a session on other nodes is the same vertex. Never
/// guesses: what was seen on several nodes one after the other counts only when it lasted.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

namespace citus::core {

/// One session waits for another, somewhere.
struct WaitEdge {
    int64_t waiter;
    int64_t blocker;
    int64_t node;  ///< where
    int64_t since; ///< when the wait began, by that node's clock: tells a wait from a later one

    bool operator==(const WaitEdge &) const = default;
};

/// A session that can be cancelled.
struct Candidate {
    int64_t session;
    int64_t started; ///< of its transaction; the larger, the younger
};

/// The waits that are in both collections. When the second was begun after the first was complete, all of
/// them existed at one moment between the two, so that a cycle among them is a deadlock: who waits takes no
/// lock and releases none.
std::pmr::vector<WaitEdge> lasting_waits(std::span<const WaitEdge> first, std::span<const WaitEdge> second);

/// The waits without those of cycles within one node, which that node finds itself after its
/// deadlock_timeout, unless they are among the known ones: then it did not.
std::pmr::vector<WaitEdge> waits_between_nodes(std::span<const WaitEdge> waits,
                                               std::span<const WaitEdge> known);

/// Sessions without which the graph has no cycle among those that can be broken: from each tangle of cycles
/// the youngest candidate, again and again. Ordered by the choice. A session that waits for itself is a
/// cycle.
std::pmr::vector<int64_t> choose_victims(std::span<const WaitEdge> waits,
                                         std::span<const Candidate> candidates);

} // namespace citus::core
