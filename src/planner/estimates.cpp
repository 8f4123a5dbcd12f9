#include "estimates.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/planner/partitioned.hpp"
#include "motion_entry.hpp"
#include "worker_query.hpp"

extern "C" {
#include "catalog/pg_proc.h"
#include "nodes/makefuncs.h"
#include "optimizer/clauses.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/planner.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/selfuncs.h"
}

namespace citus {

namespace {

/// A remote statement costs about as much as this many cost units: a round trip is some 100 microseconds.
constexpr Cost kRoundTripCost = 50.0;
/// Each further task of a scan adds this: it is sent together with the others.
constexpr Cost kTaskCost = 5.0;
/// Sending a row, on top of cpu_tuple_cost, and each of its bytes.
constexpr Cost kRowTransferCost = 0.01;
constexpr Cost kByteTransferCost = 0.0002;
/// Of a LIMIT whose value is not known, PostgreSQL believes the same.
constexpr double kUnknownLimitShare = 0.1;

PlannerInfo *plan_for_estimates(Query *query) {
    auto *global = makeNode(PlannerGlobal);
    global->maxParallelHazard = PROPARALLEL_UNSAFE;
    return subquery_planner(global, query, nullptr, false, 0.0);
}

/// The rows that come into the lowest grouping, or out of the path when there is none.
double input_rows(const Path *path) {
    for (;;) {
        switch (nodeTag(path)) {
        case T_AggPath:
            return reinterpret_cast<const AggPath *>(path)->subpath->rows;
        case T_GroupingSetsPath:
            return reinterpret_cast<const GroupingSetsPath *>(path)->subpath->rows;
        case T_GroupPath:
            return reinterpret_cast<const GroupPath *>(path)->subpath->rows;
        case T_UpperUniquePath:
            return reinterpret_cast<const UpperUniquePath *>(path)->subpath->rows;
        case T_SortPath:
            path = reinterpret_cast<const SortPath *>(path)->subpath;
            break;
        case T_IncrementalSortPath:
            path = reinterpret_cast<const IncrementalSortPath *>(path)->spath.subpath;
            break;
        case T_ProjectionPath:
            path = reinterpret_cast<const ProjectionPath *>(path)->subpath;
            break;
        case T_WindowAggPath:
            path = reinterpret_cast<const WindowAggPath *>(path)->subpath;
            break;
        default:
            return path->rows;
        }
    }
}

/// Whether a path groups: then the same group may come from several shards.
bool is_grouped(const Query *query) {
    return query->groupClause != NIL || query->hasAggs || query->havingQual != nullptr ||
           query->distinctClause != NIL;
}

/// The column of a table that an expression is, seen through sub-selects and joins.
bool find_origin(const Query *query, const ::Node *expr, ColumnEstimate *estimate) {
    while (expr != nullptr && IsA(expr, RelabelType))
        expr = reinterpret_cast<const ::Node *>(reinterpret_cast<const RelabelType *>(expr)->arg);
    if (expr == nullptr || !IsA(expr, Var))
        return false;
    const auto *var = reinterpret_cast<const Var *>(expr);
    if (var->varlevelsup != 0 || var->varattno <= 0)
        return false;
    const RangeTblEntry *rte = rt_fetch(var->varno, query->rtable);
    switch (rte->rtekind) {
    case RTE_RELATION:
        estimate->relid = rte->relid;
        estimate->attno = var->varattno;
        return true;
    case RTE_JOIN:
        return find_origin(query, static_cast<::Node *>(list_nth(rte->joinaliasvars, var->varattno - 1)),
                           estimate);
    case RTE_SUBQUERY: {
        const Query *below = rte->subquery;
        if (is_grouped(below) || below->setOperations != nullptr || below->limitCount != nullptr)
            return false; // as often as there, it does not occur in the table
        const TargetEntry *entry = get_tle_by_resno(below->targetList, var->varattno);
        return entry != nullptr &&
               find_origin(below, reinterpret_cast<const ::Node *>(entry->expr), estimate);
    }
    default:
        return false;
    }
}

bool can_be_counted(PlannerInfo *root, ::Node *expr) {
    return !contain_aggs_of_level(expr, 0) && !contain_window_function(expr) &&
           !contain_volatile_functions(expr) && !expression_returns_set(expr) &&
           !bms_is_empty(pull_varnos(root, expr));
}

double distinct_values(PlannerInfo *root, ::Node *expr, double rows) {
    return estimate_num_groups(root, list_make1(expr), rows, nullptr, nullptr);
}

std::pmr::vector<ColumnEstimate> estimate_columns(const Query *query, PlannerInfo *root, double input,
                                                  bool repeats_groups) {
    std::pmr::vector<ColumnEstimate> columns;
    const bool grouped = is_grouped(query);
    ListCell *cell, *planned;
    forboth(cell, query->targetList, planned, root->parse->targetList) {
        const auto *entry = lfirst_node(TargetEntry, cell);
        if (entry->resjunk)
            continue;
        ColumnEstimate column;
        auto *expr = reinterpret_cast<::Node *>(lfirst_node(TargetEntry, planned)->expr);
        column.width = get_typavgwidth(exprType(expr), exprTypmod(expr));
        if (!grouped && find_origin(query, reinterpret_cast<const ::Node *>(entry->expr), &column)) {
            const int32 known = get_attavgwidth(column.relid, column.attno);
            column.width = known > 0 ? known : column.width;
        } else if (query->setOperations == nullptr && can_be_counted(root, expr)) {
            column.distinct = distinct_values(root, expr, input);
        }
        column.unique =
            !repeats_groups && query->distinctClause == NIL && !query->hasTargetSRFs &&
            list_length(query->groupClause) == 1 && query->groupingSets == NIL &&
            entry->ressortgroupref != 0 &&
            linitial_node(SortGroupClause, query->groupClause)->tleSortGroupRef == entry->ressortgroupref;
        columns.push_back(column);
    }
    return columns;
}

/// What is left of the rows after each task's LIMIT.
double limited_rows(const ::Node *limit, double rows, double tasks) {
    if (limit == nullptr)
        return rows;
    limit = eval_const_expressions(nullptr, const_cast<::Node *>(limit));
    if (!IsA(limit, Const) || reinterpret_cast<const Const *>(limit)->constisnull)
        return rows * kUnknownLimitShare;
    const auto count = static_cast<double>(DatumGetInt64(reinterpret_cast<const Const *>(limit)->constvalue));
    return std::min(rows, std::max(count, 1.0) * tasks);
}

} // namespace

FragmentEstimate estimate_fragment(const Query *query, double tasks, bool repeats_groups) {
    auto *copy = static_cast<Query *>(copyObjectImpl(query));
    copy->limitCount = copy->limitOffset = nullptr;
    copy->limitOption = LIMIT_OPTION_COUNT;
    copy->rowMarks = NIL;
    copy->hasForUpdate = false;
    show_motion_sources(copy);
    hide_partitions(copy);
    PlannerInfo *root = plan_for_estimates(copy);
    const RelOptInfo *last = fetch_upper_rel(root, UPPERREL_FINAL, nullptr);
    const Path *path = last->cheapest_total_path;
    const double input = input_rows(path);
    double rows = path->rows;
    // A row is in a group of each grouping set.
    const double most = query->groupingSets == NIL ? input : rows * tasks;
    if (repeats_groups && is_grouped(query))
        rows = std::max(std::min(rows * tasks, most), query->groupClause == NIL ? tasks : 1.0);
    FragmentEstimate estimate{clamp_row_est(limited_rows(query->limitCount, rows, tasks)),
                              input,
                              path->pathtarget->width,
                              tasks,
                              repeats_groups,
                              path->total_cost / std::max(tasks, 1.0),
                              {}};
    estimate.columns = estimate_columns(query, root, input, repeats_groups);
    return estimate;
}

InputEstimate::InputEstimate(const Query *query, const List *exprs) {
    Query *input = WorkerQuery::input_of(query).query();
    input->targetList = NIL;
    ListCell *cell;
    foreach (cell, exprs) {
        auto *expr = static_cast<Expr *>(lfirst(cell));
        const auto number = static_cast<AttrNumber>(foreach_current_index(cell) + 1);
        input->targetList = lappend(input->targetList, makeTargetEntry(expr, number, nullptr, false));
    }
    input = static_cast<Query *>(copyObjectImpl(input));
    show_motion_sources(input);
    hide_partitions(input);
    root_ = plan_for_estimates(input);
    rows_ = fetch_upper_rel(root_, UPPERREL_FINAL, nullptr)->cheapest_total_path->rows;
}

::Node *InputEstimate::planned(int position) const {
    return reinterpret_cast<::Node *>(list_nth_node(TargetEntry, root_->parse->targetList, position)->expr);
}

double InputEstimate::groups(const Bitmapset *positions, double rows) const {
    double groups = 1;
    for (int position = -1; (position = bms_next_member(positions, position)) >= 0;)
        if (can_be_counted(root_, planned(position)))
            groups *= distinct_values(root_, planned(position), clamp_row_est(rows));
    return std::min(groups, rows);
}

double InputEstimate::share(int position) const {
    return clause_selectivity(root_, planned(position), 0, JOIN_INNER, nullptr);
}

Cost start_cost(double tasks) {
    return kRoundTripCost + kTaskCost * tasks;
}

Cost transfer_cost(double rows, int width) {
    return rows * (cpu_tuple_cost + kRowTransferCost + kByteTransferCost * width);
}

void set_costs(Plan *scan, const FragmentEstimate &estimate) {
    scan->startup_cost = start_cost(estimate.tasks);
    scan->total_cost =
        scan->startup_cost + estimate.shard_cost + transfer_cost(estimate.rows, estimate.width);
    scan->plan_rows = estimate.rows;
    scan->plan_width = estimate.width;
}

double estimated_tasks(const StatementLocus &locus, const core::Locus &rows) {
    if (!rows.is(core::Place::Hashed) || !OidIsValid(locus.anchor))
        return 1;
    const DistTable *table = find_dist_table(locus.anchor);
    const double shards = table == nullptr ? 1 : static_cast<double>(table->shards.size());
    if (!locus.prunes)
        return shards;
    double tasks = 0;
    ListCell *cell;
    foreach (cell, locus.prune_items) {
        const PruneItem item = read_prune_item(static_cast<List *>(lfirst(cell)));
        tasks +=
            item.kind == PruneKind::AnyOf ? estimate_array_length(reinterpret_cast<::Node *>(item.expr)) : 1;
    }
    return std::clamp(tasks, 1.0, shards);
}

} // namespace citus
