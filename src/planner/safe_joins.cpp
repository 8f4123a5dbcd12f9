#include "safe_joins.hpp"

extern "C" {
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
}

namespace citus {

namespace {

set_join_pathlist_hook_type previous_join_hook = nullptr;
bool (*is_wanted_here)(const PlannerInfo *root, const RelOptInfo *joined) = nullptr;

/// Of each side of a nested loop, for which it is charged at least.
constexpr double kLeastRows = 100.0;

/// Two sides of a join, in the order in which the planner tries them.
struct Sides {
    RelOptInfo *outer, *inner;
    JoinType type;
};

/// As the planner does it for hash joins: whether one argument is of the one side and the other of the other.
bool matches_sides(RestrictInfo *clause, const Sides &sides) {
    if (bms_is_subset(clause->left_relids, sides.outer->relids) &&
        bms_is_subset(clause->right_relids, sides.inner->relids)) {
        clause->outer_is_left = true;
        return true;
    }
    clause->outer_is_left = false;
    return bms_is_subset(clause->left_relids, sides.inner->relids) &&
           bms_is_subset(clause->right_relids, sides.outer->relids);
}

List *hash_clauses(const RelOptInfo *joined, const Sides &sides, List *restrictions) {
    List *clauses = NIL;
    ListCell *cell;
    foreach (cell, restrictions) {
        auto *clause = lfirst_node(RestrictInfo, cell);
        if (IS_OUTER_JOIN(sides.type) && RINFO_IS_PUSHED_DOWN(clause, joined->relids))
            continue;
        if (clause->can_join && OidIsValid(clause->hashjoinoperator) && matches_sides(clause, sides))
            clauses = lappend(clauses, clause);
    }
    return clauses;
}

/// A nested loop over these sides whose inner one is the same for each outer row.
bool repeats_inner_side(const Path *path, const Sides &sides) {
    if (!IsA(path, NestPath) || path->param_info != nullptr)
        return false;
    const JoinPath &join = reinterpret_cast<const NestPath *>(path)->jpath;
    return join.jointype == sides.type && join.outerjoinpath->parent == sides.outer &&
           join.innerjoinpath->parent == sides.inner && join.innerjoinpath->param_info == nullptr;
}

/// To read the inner side once more; the comparisons are counted for themselves.
Cost cost_of_run(const Path *inner) {
    return IsA(inner, MaterialPath) ? cpu_operator_cost * inner->rows
                                    : inner->total_cost - inner->startup_cost;
}

void charge(Path *path) {
    const JoinPath &join = reinterpret_cast<const NestPath *>(path)->jpath;
    const Path *outer = join.outerjoinpath, *inner = join.innerjoinpath;
    const double runs = std::max(outer->rows, kLeastRows);
    const double pairs = runs * std::max(inner->rows, kLeastRows) - outer->rows * inner->rows;
    path->total_cost +=
        (runs - outer->rows) * cost_of_run(inner) + pairs * (cpu_tuple_cost + cpu_operator_cost);
}

/// The list of paths is in the order of their costs: who changes, is put in anew.
void charge_repeated_runs(RelOptInfo *joined, const Sides &sides) {
    List *charged = NIL;
    ListCell *cell;
    foreach (cell, joined->pathlist) {
        auto *path = static_cast<Path *>(lfirst(cell));
        if (!repeats_inner_side(path, sides))
            continue;
        charged = lappend(charged, path);
        joined->pathlist = foreach_delete_current(joined->pathlist, cell);
    }
    foreach (cell, charged) {
        charge(static_cast<Path *>(lfirst(cell)));
        add_path(joined, static_cast<Path *>(lfirst(cell)));
    }
}

void offer_hash_join(PlannerInfo *root, RelOptInfo *joined, const Sides &sides, List *clauses,
                     JoinPathExtraData *extra) {
    Path *outer = sides.outer->cheapest_total_path, *inner = sides.inner->cheapest_total_path;
    if (outer->param_info != nullptr || inner->param_info != nullptr)
        return;
    JoinCostWorkspace workspace;
    initial_cost_hashjoin(root, &workspace, sides.type, clauses, outer, inner, extra, false);
    add_path(joined, reinterpret_cast<Path *>(create_hashjoin_path(root, joined, sides.type, &workspace,
                                                                   extra, outer, inner, false,
                                                                   extra->restrictlist, nullptr, clauses)));
}

void review_paths(PlannerInfo *root, RelOptInfo *joined, RelOptInfo *outer, RelOptInfo *inner, JoinType type,
                  JoinPathExtraData *extra) {
    if (previous_join_hook != nullptr)
        previous_join_hook(root, joined, outer, inner, type, extra);
    if (!enable_hashjoin || joined->pathlist == NIL || !bms_is_empty(joined->lateral_relids) ||
        (type != JOIN_INNER && type != JOIN_LEFT && type != JOIN_SEMI && type != JOIN_ANTI) ||
        !is_wanted_here(root, joined))
        return;
    const Sides sides{outer, inner, type};
    List *clauses = hash_clauses(joined, sides, extra->restrictlist);
    if (clauses == NIL)
        return;
    charge_repeated_runs(joined, sides);
    offer_hash_join(root, joined, sides, clauses, extra);
}

} // namespace

void install_safe_joins(bool (*is_wanted)(const PlannerInfo *root, const RelOptInfo *joined)) {
    is_wanted_here = is_wanted;
    previous_join_hook = set_join_pathlist_hook;
    set_join_pathlist_hook = review_paths;
}

} // namespace citus
