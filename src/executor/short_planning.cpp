#include "citus/executor/short_planning.hpp"

extern "C" {
#include "optimizer/geqo.h"
#include "optimizer/paths.h"
#include "optimizer/planner.h"
#include "utils/guc.h"
}

namespace citus {

namespace {

constexpr std::string_view kRemark = "/*citus plan shortly*/ ";

/// Other remarks, or EXPLAIN with its options, may stand before it.
constexpr size_t kLooksAt = 256;

/// Below, all orders are looked at in the time that a few of them take.
constexpr int kLeastTables = 10;
/// A join of that many tables is planned in some 100 ms, that is 10,000 cost units, on each shard.
constexpr double kMostCost = 50000.0;
constexpr size_t kLeastTasks = 4;

planner_hook_type previous_planner = nullptr;

bool has_remark(const char *text) {
    return text != nullptr &&
           std::string_view(text, strnlen(text, kLooksAt)).find(kRemark) != std::string_view::npos;
}

void set_for_now(const char *name, int value) {
    set_config_option(name, psprintf("%d", value), PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
                      false);
}

PlannedStmt *plan_shortly(Query *query, const char *text, int options, ParamListInfo params) {
    const auto next = previous_planner != nullptr ? previous_planner : standard_planner;
    if (!enable_geqo || !has_remark(text))
        return next(query, text, options, params);
    const int level = NewGUCNestLevel();
    set_for_now("geqo_threshold", std::min(geqo_threshold, kLeastTables));
    set_for_now("geqo_effort", MIN_GEQO_EFFORT);
    PlannedStmt *plan = next(query, text, options, params);
    AtEOXact_GUC(true, level);
    return plan;
}

} // namespace

void note_short_planning(std::span<Task> tasks, int tables, double cost) {
    if (tables < kLeastTables || tasks.size() < kLeastTasks || cost > kMostCost)
        return;
    for (Task &task : tasks)
        task.sql = psprintf("%s%s", kRemark.data(), task.sql);
}

const char *without_planning_remark(const char *sql) {
    return strncmp(sql, kRemark.data(), kRemark.size()) == 0 ? sql + kRemark.size() : sql;
}

void install_short_planning() {
    previous_planner = planner_hook;
    planner_hook = plan_shortly;
}

} // namespace citus
