/// Nodes of one machine share its cores: how many parallel workers each of them plans for its part of a read.
///
/// A node knows nothing of the other ones and plans as if all cores were its own. Two nodes on two cores with
/// two workers each took 1.25 to 1.9 times as long for a GROUP BY over 2 million rows as without workers
/// (bench/workloads/group_by_rows, group_many). So a scan that has tasks on several nodes with the same host
/// puts a remark before their SQL, and the planner of the node that reads it leaves the others their cores.
/// Called by the scan nodes and explain.cpp. A task alone on its machine is sent as it is.
#pragma once

#include "citus/executor/tasks.hpp"

namespace citus {

/// Puts the remark before the tasks of nodes that share a host with other nodes of the list.
void note_shared_machines(std::span<Task> tasks);

/// The SQL without the remark, for those who show it.
const char *without_machine_remark(const char *sql);

void install_machine_share();

} // namespace citus
