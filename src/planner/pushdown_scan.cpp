#include "pushdown_scan.hpp"

#include <cmath>

#include "citus/ddl/partitions.hpp"
#include "citus/executor/fragment_scan.hpp"
#include "citus/executor/moved_rows_scan.hpp"
#include "citus/pg/selectivity.hpp"
#include "filtered_ctes.hpp"
#include "motion_entry.hpp"
#include "safe_joins.hpp"

extern "C" {
#include "catalog/pg_statistic.h"
#include "nodes/extensible.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "parser/parse_func.h"
#include "parser/parsetree.h"
#include "utils/rls.h"
#include "utils/selfuncs.h"
}

namespace citus {

namespace {

set_rel_pathlist_hook_type previous_pathlist_hook = nullptr;

/// A fragment of the statement in planning.
struct PlannedFragment {
    List *packed;
    FragmentEstimate estimate;
    FragmentOrder order;
};

/// PlannedFragment pointers.
List *current_fragments = NIL;
bool plans_fragments = false; ///< within with_fragments
get_relation_stats_hook_type previous_stats_hook = nullptr;

Oid fragment_scan_function() {
    static constexpr Oid argument = INT4OID;
    List *name = list_make2(makeString(pstrdup("citus_internal")), makeString(pstrdup("fragment_scan")));
    return LookupFuncName(name, 1, &argument, false);
}

/// The number of the fragment that the entry stands for, or nothing.
std::optional<int> fragment_number(const RangeTblEntry *rte) {
    if (rte->rtekind != RTE_FUNCTION || current_fragments == NIL || list_length(rte->functions) != 1)
        return std::nullopt;
    const auto *call = linitial_node(RangeTblFunction, rte->functions)->funcexpr;
    if (!IsA(call, FuncExpr) ||
        castNode(FuncExpr, const_cast<::Node *>(call))->funcid != fragment_scan_function())
        return std::nullopt;
    auto *argument = static_cast<::Node *>(linitial(castNode(FuncExpr, const_cast<::Node *>(call))->args));
    if (!IsA(argument, Const))
        return std::nullopt;
    const int number = DatumGetInt32(castNode(Const, argument)->constvalue);
    return number < list_length(current_fragments) ? std::optional<int>(number) : std::nullopt;
}

List *scan_tlist_of(const RelOptInfo *rel, const RangeTblEntry *rte) {
    const auto *function = linitial_node(RangeTblFunction, rte->functions);
    List *tlist = NIL;
    for (int i = 0; i < function->funccolcount; i++) {
        const auto attno = static_cast<AttrNumber>(i + 1);
        Var *var = makeVar(static_cast<int>(rel->relid), attno, list_nth_oid(function->funccoltypes, i),
                           list_nth_int(function->funccoltypmods, i),
                           list_nth_oid(function->funccolcollations, i), 0);
        char *name = strVal(list_nth(function->funccolnames, i));
        tlist = lappend(tlist, makeTargetEntry(reinterpret_cast<Expr *>(var), attno, name, false));
    }
    return tlist;
}

/// Whether the plan above wants the rows as wholes: the server remembers the rows that an UPDATE joins so.
bool wants_whole_row(const RelOptInfo *rel) {
    return rel->min_attr <= 0 && !bms_is_empty(rel->attr_needed[0 - rel->min_attr]);
}

/// Adds the whole row to the columns of the scan: the shards send the columns, a projection makes a row of
/// them.
void add_whole_row(ScanShape *shape, const RelOptInfo *rel) {
    auto *row = makeNode(RowExpr);
    row->row_typeid = RECORDOID;
    row->row_format = COERCE_IMPLICIT_CAST;
    row->location = -1;
    shape->remote_tlist = shape->scan_tlist;
    shape->projection = index_var_tlist(shape->scan_tlist);
    ListCell *cell;
    foreach (cell, shape->projection) {
        auto *entry = lfirst_node(TargetEntry, cell);
        row->args = lappend(row->args, copyObjectImpl(entry->expr));
        row->colnames = lappend(row->colnames, makeString(pstrdup(entry->resname)));
    }
    const auto resno = static_cast<AttrNumber>(list_length(shape->scan_tlist) + 1);
    Var *whole = makeVar(static_cast<int>(rel->relid), InvalidAttrNumber, RECORDOID, -1, InvalidOid, 0);
    shape->projection = lappend(shape->projection,
                                makeTargetEntry(reinterpret_cast<Expr *>(row), resno, pstrdup("row"), false));
    shape->scan_tlist = lappend(list_copy(shape->scan_tlist), makeTargetEntry(reinterpret_cast<Expr *>(whole),
                                                                              resno, pstrdup("row"), false));
}

Plan *plan_fragment_path(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses,
                         List *) {
    const Fragment fragment = Fragment::unpack(static_cast<List *>(linitial(path->custom_private)));
    ScanShape shape{.scan_tlist = scan_tlist_of(rel, planner_rt_fetch(rel->relid, root))};
    if (wants_whole_row(rel))
        add_whole_row(&shape, rel);
    CustomScan *scan = make_fragment_scan(fragment, shape);
    scan->scan.plan.targetlist = tlist;
    scan->scan.plan.qual = extract_actual_clauses(clauses, false);
    return &scan->scan.plan;
}

/// See add_fragment_path.
constexpr double kGroupingFactor = 10;

// ---------------------------------------------------------------- what is known of the columns

/// A row of pg_statistic that says how many values there are, and nothing else.
HeapTuple make_statistics(const ColumnEstimate &column, AttrNumber attno) {
    Relation catalog = table_open(StatisticRelationId, AccessShareLock);
    Datum values[Natts_pg_statistic] = {};
    bool nulls[Natts_pg_statistic] = {};
    for (int i = Anum_pg_statistic_stanumbers1 - 1; i < Natts_pg_statistic; i++)
        nulls[i] = true;
    values[Anum_pg_statistic_staattnum - 1] = Int16GetDatum(attno);
    values[Anum_pg_statistic_stanullfrac - 1] = Float4GetDatum(0);
    values[Anum_pg_statistic_stawidth - 1] = Int32GetDatum(column.width);
    values[Anum_pg_statistic_stadistinct - 1] = Float4GetDatum(static_cast<float4>(column.distinct));
    HeapTuple tuple = heap_form_tuple(RelationGetDescr(catalog), values, nulls);
    table_close(catalog, AccessShareLock);
    return tuple;
}

/// Whether operators of anybody may look at the values in the statistics.
bool may_see_statistics(const ColumnEstimate &column) {
    return pg_class_aclcheck(column.relid, GetUserId(), ACL_SELECT) == ACLCHECK_OK &&
           check_enable_rls(column.relid, InvalidOid, true) != RLS_ENABLED;
}

/// A partitioned table, which the standard planner takes for a plain one, has statistics with its partitions.
bool describe_partitioned(const RangeTblEntry *rte, AttrNumber attno, VariableStatData *data) {
    if (rte->rtekind != RTE_RELATION || rte->inh || !is_partitioned(rte->relid) ||
        find_dist_table(rte->relid) == nullptr)
        return false;
    data->statsTuple = SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(rte->relid), Int16GetDatum(attno),
                                       BoolGetDatum(true));
    data->freefunc = ReleaseSysCache;
    data->acl_ok = HeapTupleIsValid(data->statsTuple) && may_see_statistics({.relid = rte->relid});
    return true;
}

/// get_relation_stats_hook: a fragment's column has the statistics of the table's column that it is.
bool describe_column(PlannerInfo *root, RangeTblEntry *rte, AttrNumber attno, VariableStatData *data) {
    if (previous_stats_hook != nullptr && previous_stats_hook(root, rte, attno, data))
        return true;
    const auto number = fragment_number(rte);
    if (!number.has_value())
        return describe_partitioned(rte, attno, data);
    const auto &fragment = *static_cast<PlannedFragment *>(list_nth(current_fragments, *number));
    if (attno <= 0 || static_cast<size_t>(attno) > fragment.estimate.columns.size())
        return false;
    const ColumnEstimate &column = fragment.estimate.columns[static_cast<size_t>(attno) - 1];
    data->isunique = column.unique;
    if (OidIsValid(column.relid)) {
        data->statsTuple =
            SearchSysCache3(STATRELATTINH, ObjectIdGetDatum(column.relid), Int16GetDatum(column.attno),
                            BoolGetDatum(is_partitioned(column.relid)));
        data->freefunc = ReleaseSysCache;
        data->acl_ok = HeapTupleIsValid(data->statsTuple) && may_see_statistics(column);
    } else if (column.distinct >= 1) {
        data->statsTuple = make_statistics(column, attno);
        data->freefunc = heap_freetuple;
        data->acl_ok = true;
    }
    return true;
}

/// The width of what the plan above uses of the rows.
void set_width(RelOptInfo *rel, const FragmentEstimate &estimate) {
    int width = 0;
    ListCell *cell;
    foreach (cell, rel->reltarget->exprs) {
        const auto *var = static_cast<const Var *>(lfirst(cell));
        if (!IsA(var, Var) || var->varattno <= 0 ||
            static_cast<size_t>(var->varattno) > estimate.columns.size())
            return; // a whole row: as PostgreSQL has it
        width += estimate.columns[static_cast<size_t>(var->varattno) - 1].width;
    }
    rel->reltarget->width = width;
}

const CustomPathMethods kPathMethods = {
    .CustomName = "Citus Adaptive",
    .PlanCustomPath = plan_fragment_path,
};

CustomPath *make_path(RelOptInfo *rel, const PlannedFragment &fragment, double rows) {
    const double sent = fragment.estimate.rows;
    auto *path = makeNode(CustomPath);
    path->path.pathtype = T_CustomScan;
    path->path.parent = rel;
    path->path.pathtarget = rel->reltarget;
    path->path.param_info = nullptr;
    path->path.parallel_aware = false;
    path->path.parallel_safe = false;
    path->path.rows = rows;
    path->path.startup_cost = start_cost(fragment.estimate.tasks) + rel->reltarget->cost.startup;
    path->path.total_cost = path->path.startup_cost + fragment.estimate.shard_cost +
                            transfer_cost(sent, fragment.estimate.width) +
                            rows * rel->reltarget->cost.per_tuple;
    path->flags = CUSTOMPATH_SUPPORT_PROJECTION | CUSTOMPATH_SUPPORT_BACKWARD_SCAN;
    path->custom_private = list_make1(fragment.packed);
    path->methods = &kPathMethods;
    return path;
}

/// How many of the pathkeys the keys, in which the fragment's rows come, stand for.
int count_common(const List *wanted, const List *given) {
    int common = 0;
    while (common < list_length(wanted) && common < list_length(given) &&
           unpack_merge_key(list_nth_node(List, wanted, common)) ==
               unpack_merge_key(list_nth_node(List, given, common)))
        common++;
    return common;
}

/// Sorting on the nodes, each its part, and merging here.
Cost sort_cost(const FragmentEstimate &estimate, List *keys) {
    const double nodes = std::max(estimate.tasks, 1.0);
    Path sorted;
    cost_sort(&sorted, nullptr, NIL, 0.0, estimate.rows / nodes, estimate.width, 0.0, work_mem, -1.0);
    return sorted.total_cost +
           estimate.rows * 2 * cpu_operator_cost * list_length(keys) * std::max(1.0, std::log2(nodes));
}

/// A path that gives the rows in the order that the query wants, or as much of it as the columns allow.
void add_sorted_path(PlannerInfo *root, RelOptInfo *rel, const PlannedFragment &fragment, double rows) {
    const FragmentOrder &order = fragment.order;
    List *keys = merge_keys_for(rel, root->query_pathkeys);
    const bool is_sorted = order.keys != NIL;
    const int common = is_sorted ? count_common(keys, order.keys) : list_length(keys);
    if (common == 0)
        return;
    Fragment sorted = Fragment::unpack(static_cast<List *>(copyObjectImpl(fragment.packed)));
    const auto *function = linitial_node(RangeTblFunction, planner_rt_fetch(rel->relid, root)->functions);
    if (is_sorted)
        sorted.merge_keys = order.keys;
    else if (!sort_fragment(&sorted, order, keys, function->funccoltypes))
        return;
    CustomPath *path = make_path(rel, fragment, rows);
    path->path.pathkeys = list_truncate(list_copy(root->query_pathkeys), common);
    if (!is_sorted) {
        // All are sorted before the first comes.
        const Cost sorting = fragment.estimate.shard_cost + sort_cost(fragment.estimate, keys);
        path->path.startup_cost += sorting;
        path->path.total_cost += sorting - fragment.estimate.shard_cost;
    }
    path->custom_private = list_make1(sorted.pack());
    add_path(rel, &path->path);
}

/// An equality of two columns, which the planner knows of a class of equal columns: the fragment has joined
/// by it for the most part, and all its rows pass.
bool is_known_equality(const RestrictInfo *restriction) {
    return restriction->left_ec != nullptr && restriction->left_ec == restriction->right_ec;
}

void add_fragment_path(PlannerInfo *root, RelOptInfo *rel, const PlannedFragment &fragment) {
    const double sent = fragment.estimate.rows;
    // PostgreSQL believes that several columns together have at most a tenth of the rows as values. Partial
    // groups that are grouped again have more.
    rel->tuples = fragment.estimate.repeats_groups ? kGroupingFactor * sent : sent;
    const double rows = rows_that_pass(
        root, rel, sent, [](const RestrictInfo *restriction) { return !is_known_equality(restriction); });
    set_width(rel, fragment.estimate);
    rel->rows = rows;
    rel->pathlist = NIL;
    rel->partial_pathlist = NIL;
    rel->consider_parallel = false;
    add_path(rel, &make_path(rel, fragment, rows)->path);
    add_sorted_path(root, rel, fragment, rows);
}

void replace_paths(PlannerInfo *root, RelOptInfo *rel, Index rti, RangeTblEntry *rte) {
    if (previous_pathlist_hook != nullptr)
        previous_pathlist_hook(root, rel, rti, rte);
    const auto number = fragment_number(rte);
    if (number.has_value() && !IS_DUMMY_REL(rel))
        add_fragment_path(root, rel, *static_cast<PlannedFragment *>(list_nth(current_fragments, *number)));
    if (plans_fragments)
        keep_filtered_rows(rel, rte);
}

} // namespace

PlannedStmt *with_fragments(PlannedStmt *(*plan)(void *context), void *context) {
    List *const outer = current_fragments;
    List *const outer_motions = exchange_motions(NIL);
    const bool was_planning = std::exchange(plans_fragments, true);
    PlannedStmt *volatile statement = nullptr;
    current_fragments = NIL;
    PG_TRY()
        ;
        { statement = plan(context); }
        PG_FINALLY();
        {
            current_fragments = outer;
            plans_fragments = was_planning;
            exchange_motions(outer_motions);
        }
    PG_END_TRY();
    return statement;
}

RangeTblEntry *make_fragment_entry(const Fragment &fragment, std::span<const FragmentColumn> columns,
                                   const FragmentEstimate &estimate, const FragmentOrder &order) {
    current_fragments = lappend(
        current_fragments, make_in<PlannedFragment>(CurrentMemoryContext, fragment.pack(), estimate, order));
    const int number = list_length(current_fragments) - 1;

    auto *function = makeNode(RangeTblFunction);
    auto *argument = makeConst(INT4OID, -1, InvalidOid, sizeof(int32), Int32GetDatum(number), false, true);
    FuncExpr *call = makeFuncExpr(fragment_scan_function(), RECORDOID, list_make1(argument), InvalidOid,
                                  InvalidOid, COERCE_EXPLICIT_CALL);
    call->funcretset = true;
    function->funcexpr = reinterpret_cast<::Node *>(call);
    function->funccolcount = static_cast<int>(columns.size());
    for (const FragmentColumn &column : columns) {
        function->funccolnames = lappend(function->funccolnames, makeString(pstrdup(column.name)));
        function->funccoltypes = lappend_oid(function->funccoltypes, column.type);
        function->funccoltypmods = lappend_int(function->funccoltypmods, column.typmod);
        function->funccolcollations = lappend_oid(function->funccolcollations, column.collation);
    }
    auto *rte = makeNode(RangeTblEntry);
    rte->rtekind = RTE_FUNCTION;
    rte->functions = list_make1(function);
    rte->alias = makeAlias("shards", NIL);
    rte->eref = makeAlias("shards", list_copy(function->funccolnames));
    rte->inFromCl = true;
    return rte;
}

bool a_fragment_locks_rows() {
    ListCell *cell;
    foreach (cell, current_fragments)
        if (Fragment::unpack(static_cast<PlannedFragment *>(lfirst(cell))->packed).locks_rows)
            return true;
    return false;
}

void install_pushdown_scan() {
    previous_pathlist_hook = set_rel_pathlist_hook;
    set_rel_pathlist_hook = replace_paths;
    previous_stats_hook = get_relation_stats_hook;
    get_relation_stats_hook = describe_column;
    install_safe_joins([](const PlannerInfo *root, const RelOptInfo *joined) {
        return plans_fragments || joins_moved_rows(root, joined);
    });
}

} // namespace citus
