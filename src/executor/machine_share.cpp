#include "citus/executor/machine_share.hpp"

#include "citus/catalog/metadata.hpp"

#include <thread>

extern "C" {
#include "optimizer/cost.h"
#include "optimizer/planner.h"
#include "utils/guc.h"
}

namespace citus {

namespace {

constexpr std::string_view kRemark = "/*citus nodes on this machine: ";
constexpr std::string_view kRemarkEnd = "*/ ";

/// Other remarks, or EXPLAIN with its options, may stand before it.
constexpr size_t kLooksAt = 256;

planner_hook_type previous_planner = nullptr;

/// Of the remark; 1 when there is none.
int nodes_on_this_machine(const char *text) {
    if (text == nullptr)
        return 1;
    const std::string_view start(text, strnlen(text, kLooksAt));
    const size_t at = start.find(kRemark);
    return at == std::string_view::npos ? 1 : std::max(1, atoi(text + at + kRemark.size()));
}

/// A query runs in its backend and in its parallel workers.
int fair_workers(int nodes) {
    const int cores = static_cast<int>(std::thread::hardware_concurrency());
    return cores == 0 ? max_parallel_workers_per_gather : std::max(cores / nodes - 1, 0);
}

PlannedStmt *next_planner(Query *query, const char *text, int options, ParamListInfo params) {
    return previous_planner != nullptr ? previous_planner(query, text, options, params)
                                       : standard_planner(query, text, options, params);
}

PlannedStmt *plan_with_fair_share(Query *query, const char *text, int options, ParamListInfo params) {
    const int nodes = max_parallel_workers_per_gather > 0 ? nodes_on_this_machine(text) : 1;
    const int workers = nodes > 1 ? fair_workers(nodes) : max_parallel_workers_per_gather;
    if (workers >= max_parallel_workers_per_gather)
        return next_planner(query, text, options, params);
    const int level = NewGUCNestLevel();
    set_config_option("max_parallel_workers_per_gather", psprintf("%d", workers), PGC_USERSET, PGC_S_SESSION,
                      GUC_ACTION_SAVE, true, 0, false);
    PlannedStmt *plan = next_planner(query, text, options, params);
    AtEOXact_GUC(true, level);
    return plan;
}

/// How many nodes of the list are on the host of this one. (Tasks are few: one per shard.)
int nodes_on_host_of(int32 group_id, std::span<const int32> groups) {
    const ClusterNode *node = find_primary_node(group_id);
    return static_cast<int>(std::count_if(groups.begin(), groups.end(), [&](int32 other) {
        const ClusterNode *its = find_primary_node(other);
        return node != nullptr && its != nullptr && strcmp(node->name, its->name) == 0;
    }));
}

} // namespace

void note_shared_machines(std::span<Task> tasks) {
    std::pmr::vector<int32> groups;
    for (const Task &task : tasks)
        if (std::find(groups.begin(), groups.end(), task.group_id) == groups.end())
            groups.push_back(task.group_id);
    if (groups.size() < 2)
        return;
    std::pmr::vector<int> shares;
    for (const int32 group : groups)
        shares.push_back(nodes_on_host_of(group, groups));
    for (Task &task : tasks) {
        const auto at = std::find(groups.begin(), groups.end(), task.group_id) - groups.begin();
        if (const int share = shares[static_cast<size_t>(at)]; share > 1)
            task.sql = psprintf("%s%d%s%s", kRemark.data(), share, kRemarkEnd.data(), task.sql);
    }
}

const char *without_machine_remark(const char *sql) {
    if (strncmp(sql, kRemark.data(), kRemark.size()) != 0)
        return sql;
    return strstr(sql, kRemarkEnd.data()) + kRemarkEnd.size();
}

void install_machine_share() {
    previous_planner = planner_hook;
    planner_hook = plan_with_fair_share;
}

} // namespace citus
