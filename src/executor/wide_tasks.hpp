/// Several connections to one node for the tasks of one read, where they turn out to be long.
///
/// Used by tasks.cpp for reads outside of a transaction block that are expected to take some time. The tasks
/// of a node are not sent all at once but a few at a time, over the session's connection. When some
/// still wait after citus.executor_slow_start_interval in which this server had nothing to do but wait, more
/// connections are made, one more each time, and take their share. All of them see one snapshot: that of the
/// session's connection, which exports it and keeps its implicit transaction (the batch) open until every
/// other one has imported it. The extra connections' transactions only read, and end with the tasks; nothing
/// of them lasts beyond the statement, so that locks, savepoints and commits concern the session's connection
/// alone. Who else wants to use that one meanwhile gets it behind all tasks that are left. Extra connections
/// are optional: where none is to be had, all runs over one.
#pragma once

#include "citus/executor/tasks.hpp"
#include "citus/net/wire.hpp"

namespace citus {

/// A connection and how many of its tasks are not done.
struct TaskLink {
    Connection *connection;
    int pending;
    bool began = false;        ///< the remote transaction began with these tasks
    bool retries = false;      ///< was lost, and is going to be made again
    uint64 answers_before = 0; ///< of the connection, when the tasks were queued
};

class WideTasks {
public:
    /// Tasks go to `rows` with their index as tag. Links of extra connections are appended to `links`.
    WideTasks(MemoryContext context, const TaskSet &set, ResultConsumer *rows, const BoundParams *params,
              bool binary, std::pmr::vector<TaskLink> &links);

    /// Whether the set may run so: what does not depend on the node.
    static bool is_worthwhile(const TaskSet &set);
    /// Whether a connection may be used so: it is in no transaction and has the right role.
    static bool can_use(const Connection *connection);

    /// Queues the first tasks of a node, on the connection of the last link, and sends them.
    void start_on_node(std::span<const int> tasks);

    /// False when it is a task of a node whose tasks were all sent at once.
    bool task_done(int task);
    /// Whether its tasks are sent a few at a time.
    bool is_wide(const Connection *connection) const;
    /// Sends what can be sent, opens and ends connections as it is time to. True when something happened.
    bool advance();
    /// Whether a task was done since.
    bool stirred() const { return stirred_; }
    bool finished() const;

    /// Connections to be waited for beside those with pending tasks, and until when at most (0: any time).
    void add_waiting(std::pmr::vector<Connection *> &waiting) const;
    TimestampTz deadline() const;
    void waited(TimestampTz since);

    /// All rows are there: whether it was worth the effort is remembered for the next time.
    void note_duration() const;

    /// The rows are not wanted any more. Neither raises nor waits but for cancel requests.
    void stop();

private:
    class Node;
    class Lane;

    void give_up(Lane *lane);

    MemoryContext context_;
    const TaskSet &set_;
    ResultConsumer *rows_;
    const BoundParams *params_;
    bool binary_;
    std::pmr::vector<TaskLink> &links_;
    MemoryContextResource resource_;
    std::pmr::vector<Node *> nodes_;
    std::pmr::vector<int> link_of_task_;
    bool stirred_ = false;
    const int level_; ///< transaction nesting level of the rows
    const TimestampTz started_;
    int64 waited_us_ = 0; ///< in which nothing was to be done here
};

} // namespace citus
