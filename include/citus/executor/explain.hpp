/// EXPLAIN of tasks: the lines under a "Citus Adaptive" (or a writing) node.
///
/// Called from the Explain callbacks of the scan nodes. Without ANALYZE it asks the node of a shown task for
/// its plan of the task's SQL; it never runs the SQL itself.
#pragma once

#include "citus/planner/fragment.hpp"

extern "C" {
#include "commands/explain.h"
}

namespace citus {

/// What EXPLAIN shows about the tasks of a node.
struct TaskReport {
    const char *tier; ///< shown as Tier
    std::span<const Task> tasks;
    int total_shards;
    TaskParams params;                    ///< values of $1..$n, when known
    bool params_known;                    ///< false: remote plans are shown only for SQL without parameters
    Oid run_as;                           ///< TaskSet::run_as
    std::optional<uint64> received_bytes; ///< with EXPLAIN ANALYZE, after the run
};

const char *tier_name(Tier tier);

void explain_tasks(const TaskReport &report, ExplainState *es);

} // namespace citus
