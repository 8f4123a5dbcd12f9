/// The turn (transaction/write_turns.hpp) of a set of tasks that change or lock rows on several nodes.
///
/// For who opens the streams of such tasks: tasks.cpp, merged_streams.cpp and row_locks.cpp. It is had until the
/// tasks have answered, so that whoever comes next finds their rows locked on each node.
#pragma once

#include "citus/executor/tasks.hpp"

namespace citus {

class NodesTurn {
public:
    /// Waits where the tasks are on several nodes and this transaction has not written yet. The turn ends with
    /// end(), at the latest when the context is reset.
    void wait_for(MemoryContext context, std::span<const Task> tasks);

    /// Never raises.
    void end();

private:
    bool is_held_ = false;
    bool is_watched_ = false;
    MemoryContextCallback callback_{};
};

} // namespace citus
