/// EXPLAIN of tasks: the lines under a "Citus Adaptive" (or a writing) node.
///
/// Called from the Explain callbacks of the scan nodes. Without ANALYZE it asks the node of a shown task for
/// its plan of the task's SQL; it never runs the SQL itself. With ANALYZE it shows what was captured while
/// the tasks ran (task_capture.hpp).
#pragma once

#include "citus/planner/fragment.hpp"

extern "C" {
#include "commands/explain.h"
}

namespace citus {

/// What EXPLAIN ANALYZE knows of a task that ran.
struct TaskMeasure {
    int capture;                ///< number of its plan, -1 without one
    std::optional<uint64> rows; ///< nothing when it sent none because none were wanted
    uint64 bytes;
};

/// What EXPLAIN shows about the tasks of a node.
struct TaskReport {
    const char *tier; ///< shown as Tier
    std::span<const Task> tasks;
    int pruned_shards;
    TaskParams params;                     ///< values of $1..$n, when known
    bool params_known;                     ///< false: remote plans are shown only for SQL without parameters
    Oid run_as;                            ///< TaskSet::run_as
    std::optional<uint64> received_bytes;  ///< with EXPLAIN ANALYZE, after the run
    std::span<const TaskMeasure> measures; ///< of the first run, one for each task; empty when nothing ran
    bool never_executed;                   ///< with EXPLAIN ANALYZE
};

const char *tier_name(Tier tier);

/// What the streams of the tasks are merged by, as a Sort's keys are shown; columns: of the row that they
/// send.
void explain_merge_keys(const List *merge_keys, const List *columns, ExplainState *es);

void explain_tasks(const TaskReport &report, ExplainState *es);

} // namespace citus
