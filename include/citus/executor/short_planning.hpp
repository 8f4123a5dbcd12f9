/// Short planning of a wide join that many tasks repeat.
///
/// A node plans the statement of each of its shards anew. For a join of 14 tables that is 30 times what the
/// join itself takes on a small shard: 32 tasks of 28c of the Join Order Benchmark planned for 4.6 s and ran
/// for 0.4 s. So a scan with several such tasks that is expected to be cheap puts a remark before their SQL,
/// and the planner of the node that reads it searches less for the order of the joins (geqo, least effort).
/// Called by the scan nodes. What takes long to run is planned as carefully as ever.
#pragma once

#include "citus/executor/tasks.hpp"

namespace citus {

/// Puts the remark before tasks that join that many tables each, and are expected to cost that much together.
void note_short_planning(std::span<Task> tasks, int tables, double cost);

/// The SQL without the remark, for those who show it.
const char *without_planning_remark(const char *sql);

void install_short_planning();

} // namespace citus
