/// Sorted rows of several tasks as one sorted stream, without sorting them again.
///
/// Used by the fragment scan when the tasks send their rows in the fragment's order. Each task has a stream
/// of its own, of which one row is looked at: a node whose rows are not wanted yet is held back by its
/// connection. Never compares more than the keys it is given; equal rows come in any order.
#pragma once

#include "citus/executor/tasks.hpp"
#include "citus/planner/fragment.hpp"

namespace citus {

/// Whether some node runs several of the tasks.
bool have_a_node_twice(std::span<const Task> tasks);

class MergedStreams {
public:
    /// Starts the tasks of the set, which read. Lives in, and is freed with, the given context. merge_keys as
    /// in Fragment.
    static MergedStreams *open(MemoryContext context, const TaskSet &set, List *merge_keys);

    /// Stores the next row in a virtual slot; it is valid until the next call. False when there are no more.
    bool next(TupleTableSlot *slot, int *task_index);

    uint64 received_bytes() const;
    uint64 received_bytes(int task) const;

    void close();

protected:
    MergedStreams() = default;
};

} // namespace citus
