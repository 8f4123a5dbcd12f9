#include "citus/planner/gather.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/executor/fragment_scan.hpp"
#include "citus/monitor/shell_figures.hpp"
#include "citus/planner/gather_scan.hpp"
#include "citus/planner/modify.hpp"
#include "citus/planner/pruning.hpp"
#include "estimates.hpp"
#include "pushdown_scan.hpp"

extern "C" {
#include "nodes/extensible.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/plancat.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
#include "utils/selfuncs.h"
}

namespace citus {

namespace {

set_rel_pathlist_hook_type previous_pathlist_hook = nullptr;
get_relation_info_hook_type previous_relation_info_hook = nullptr;

/// Nesting level of the transaction in which shells are read locally; 0 when they are not.
int local_shell_level = 0;

/// Pages of a table nobody has counted yet, as PostgreSQL believes of its own. Who writes many rows counts
/// them.
constexpr double kDefaultPages = 10.0;
/// What a table is believed to have at least.
constexpr double kLeastRows = 10.0;

/// The entry of a relation whose scans have to go to its shards; nullptr for all others.
const DistTable *table_on_shards(Oid relid) {
    if (LocalShellScope::active())
        return nullptr;
    const DistTable *table = find_dist_table(relid);
    return table != nullptr && table->kind != TableKind::Local ? table : nullptr;
}

// ---------------------------------------------------------------- what the planner knows of the relation

/// Whether a unique index of the local table is unique over all shards.
bool is_unique_everywhere(const DistTable &table, const IndexOptInfo *index) {
    if (!index->unique)
        return false;
    if (!table.has_key())
        return true;
    for (int i = 0; i < index->nkeycolumns; i++)
        if (index->indexkeys[i] == table.key_attno)
            return true;
    return false;
}

/// The local table is empty; the numbers of pg_class are those of the shards, where someone has put them.
void estimate_size(Oid relid, RelOptInfo *rel) {
    Relation relation = table_open(relid, NoLock);
    const bool known = has_figures(relation);
    const double known_rows = relation->rd_rel->reltuples;
    const double known_pages = relation->rd_rel->relpages;
    const int32 width = get_relation_data_width(relid, rel->attr_widths - rel->min_attr);
    table_close(relation, NoLock);
    const double row_bytes = static_cast<double>(MAXALIGN(width) + MAXALIGN(SizeofHeapTupleHeader));
    // Never none: the next rows come without anybody counting them.
    rel->tuples = clamp_row_est(known ? std::max(known_rows, kLeastRows)
                                      : kDefaultPages * (BLCKSZ - SizeOfPageHeaderData) / row_bytes);
    rel->pages = static_cast<BlockNumber>(std::max(known_pages, 1 + rel->tuples * row_bytes / BLCKSZ));
    rel->allvisfrac = 0;
}

/// Indexes of the local table are no way to reach the rows. Those that are unique stay known as proofs, those
/// on expressions for the statistics of these.
void describe_relation(PlannerInfo *root, Oid relid, bool inhparent, RelOptInfo *rel) {
    if (previous_relation_info_hook != nullptr)
        previous_relation_info_hook(root, relid, inhparent, rel);
    const DistTable *table = table_on_shards(relid);
    if (table == nullptr)
        return;
    List *kept = NIL;
    ListCell *cell;
    foreach (cell, rel->indexlist)
        if (is_unique_everywhere(*table, lfirst_node(IndexOptInfo, cell)) ||
            lfirst_node(IndexOptInfo, cell)->indexprs != NIL)
            kept = lappend(kept, lfirst(cell));
    rel->indexlist = kept;
    estimate_size(relid, rel);
}

// ---------------------------------------------------------------- paths

Plan *plan_gather_path(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses,
                       List *) {
    return make_gather_scan(root, rel, path, tlist, clauses);
}

const CustomPathMethods kPathMethods = {
    .CustomName = "Citus Adaptive",
    .PlanCustomPath = plan_gather_path,
};

List *bare_clauses(List *restrictions) {
    List *clauses = NIL;
    ListCell *cell;
    foreach (cell, restrictions)
        if (!lfirst_node(RestrictInfo, cell)->pseudoconstant)
            clauses = lappend(clauses, lfirst_node(RestrictInfo, cell)->clause);
    return clauses;
}

/// How many shards a scan with these clauses reads, as far as the planner can tell.
double count_tasks(const DistTable &table, Index varno, List *clauses) {
    const double shards = static_cast<double>(table.shards.size());
    List *items;
    if (!find_prune_items(table, varno, clauses, &items))
        return shards;
    double tasks = 0;
    ListCell *cell;
    foreach (cell, items) {
        const PruneItem item = read_prune_item(static_cast<List *>(lfirst(cell)));
        tasks +=
            item.kind == PruneKind::AnyOf ? estimate_array_length(reinterpret_cast<::Node *>(item.expr)) : 1;
    }
    return clamp_row_est(std::min(tasks, shards));
}

/// Whether some index of the table begins with the column.
bool leads_an_index(Oid relid, AttrNumber attno) {
    Relation relation = table_open(relid, NoLock);
    List *indexes = RelationGetIndexList(relation);
    table_close(relation, NoLock);
    ListCell *cell;
    foreach (cell, indexes) {
        HeapTuple tuple = SearchSysCache1(INDEXRELID, ObjectIdGetDatum(lfirst_oid(cell)));
        if (!HeapTupleIsValid(tuple))
            continue;
        const auto *index = reinterpret_cast<Form_pg_index>(GETSTRUCT(tuple));
        const bool found =
            index->indkey.values[0] == attno && heap_attisnull(tuple, Anum_pg_index_indpred, nullptr);
        ReleaseSysCache(tuple);
        if (found)
            return true;
    }
    return false;
}

/// The rows that the shards must look at: fewer than all when a filter compares the first column of an index.
double rows_by_index(PlannerInfo *root, const DistTable &table, const RelOptInfo *rel) {
    double rows = rel->tuples;
    ListCell *cell;
    foreach (cell, rel->baserestrictinfo) {
        auto *info = lfirst_node(RestrictInfo, cell);
        if (!IsA(info->clause, OpExpr) || list_length(reinterpret_cast<OpExpr *>(info->clause)->args) != 2)
            continue;
        const auto *operation = reinterpret_cast<const OpExpr *>(info->clause);
        auto *left = static_cast<::Node *>(linitial(operation->args));
        auto *right = static_cast<::Node *>(lsecond(operation->args));
        auto *column = reinterpret_cast<const Var *>(IsA(left, Var) ? left : right);
        auto *value = IsA(left, Var) ? right : left;
        if (!IsA(column, Var) || column->varattno <= 0 || contain_var_clause(value) ||
            get_op_btree_interpretation(operation->opno) == NIL ||
            !leads_an_index(table.relid, column->varattno))
            continue;
        rows = std::min(rows, rel->tuples * clause_selectivity(root, reinterpret_cast<::Node *>(info), 0,
                                                               JOIN_INNER, nullptr));
    }
    return rows;
}

void cost_path(PlannerInfo *root, const DistTable &table, RelOptInfo *rel, Path *path, List *clauses) {
    const double shards = static_cast<double>(table.shards.size());
    const double tasks = count_tasks(table, rel->relid, clauses);
    const double share = tasks / shards;
    QualCost qual_cost;
    cost_qual_eval(&qual_cost, clauses, root);
    // A shard reads its rows; when the key is given, through its index.
    const double scanned_rows = rel->tuples * share;
    Cost scan = seq_page_cost * rel->pages * share + (cpu_tuple_cost + qual_cost.per_tuple) * scanned_rows;
    if (tasks < shards)
        scan = std::min(scan, random_page_cost * (tasks + path->rows));
    scan = std::min(scan, random_page_cost * (tasks + share * rows_by_index(root, table, rel)));
    const Cost transfer = transfer_cost(path->rows, path->pathtarget->width);
    path->startup_cost = start_cost(tasks) + qual_cost.startup + path->pathtarget->cost.startup;
    path->total_cost = path->startup_cost + scan + transfer + path->pathtarget->cost.per_tuple * path->rows;
}

/// Whether rows that a sub-select has locked are looked for in the target of an UPDATE or DELETE. The scan of
/// the target locks what it reads: it should be these rows, and not all that another session may hold.
bool finds_locked_rows(PlannerInfo *root, const RelOptInfo *rel) {
    return a_fragment_locks_rows() && target_lock_strength(root, rel->relid) != LCS_NONE;
}

void add_gather_path(PlannerInfo *root, const DistTable &table, RelOptInfo *rel, Relids required_outer,
                     bool is_last_resort) {
    auto *path = makeNode(CustomPath);
    path->path.pathtype = T_CustomScan;
    path->path.parent = rel;
    path->path.pathtarget = rel->reltarget;
    path->path.param_info = get_baserel_parampathinfo(root, rel, required_outer);
    path->path.parallel_aware = false;
    path->path.parallel_safe = false;
    path->path.rows = path->path.param_info != nullptr ? path->path.param_info->ppi_rows : rel->rows;
    path->flags = CUSTOMPATH_SUPPORT_PROJECTION | CUSTOMPATH_SUPPORT_BACKWARD_SCAN;
    path->methods = &kPathMethods;
    List *clauses = bare_clauses(rel->baserestrictinfo);
    if (path->path.param_info != nullptr)
        clauses = list_concat(clauses, bare_clauses(path->path.param_info->ppi_clauses));
    cost_path(root, table, rel, &path->path, clauses);
    if (is_last_resort) {
        path->path.startup_cost += disable_cost;
        path->path.total_cost += disable_cost;
    }
    add_path(rel, &path->path);
}

/// Whose columns an outer row may give: the key only, or any.
struct LookupColumns {
    const DistTable &table;
    bool any;
};

/// Whether an equivalence class member is such a column of the relation (or a relabelled one).
bool is_lookup_member(PlannerInfo *, RelOptInfo *rel, EquivalenceClass *, EquivalenceMember *member,
                      void *context) {
    const auto &columns = *static_cast<LookupColumns *>(context);
    auto *node = reinterpret_cast<::Node *>(member->em_expr);
    while (node != nullptr && IsA(node, RelabelType))
        node = reinterpret_cast<::Node *>(castNode(RelabelType, node)->arg);
    if (node == nullptr || !IsA(node, Var))
        return false;
    const Var *var = castNode(Var, node);
    return var->varno == static_cast<int>(rel->relid) &&
           (columns.any || var->varattno == columns.table.key_attno);
}

const Query *whole_statement(const PlannerInfo *root) {
    while (root->parent_root != nullptr)
        root = root->parent_root;
    return root->parse;
}

/// Whether all writes of a statement but one to the table are INSERTs into others, so that the table's scan
/// sees none of them, however late it runs.
bool only_inserts_beside(const Query *statement, Oid relid) {
    int writes_to_table = 0;
    bool others_insert = true;
    const auto note = [&](const Query *query) {
        if (query->commandType == CMD_SELECT || query->resultRelation == 0)
            return;
        const Oid target = rt_fetch(static_cast<Index>(query->resultRelation), query->rtable)->relid;
        if (target == relid)
            writes_to_table++;
        else
            others_insert &= query->commandType == CMD_INSERT && query->onConflict == nullptr;
    };
    note(statement);
    ListCell *cell;
    foreach (cell, statement->cteList)
        note(castNode(Query, lfirst_node(CommonTableExpr, cell)->ctequery));
    return writes_to_table == 1 && others_insert;
}

/// With data-modifying CTEs a scan must be able to read before the first write, which one that needs outer
/// rows is not.
bool may_read_late(PlannerInfo *root, const DistTable &table, const RelOptInfo *rel) {
    const Query *statement = whole_statement(root);
    return !statement->hasModifyingCTE ||
           (finds_locked_rows(root, rel) && only_inserts_beside(statement, table.relid));
}

/// Adds paths that get the key from the outer side of a nested loop: one shard for each outer row. For rows
/// that a sub-select has locked, any column will do. False when there was none.
bool add_lookup_paths(PlannerInfo *root, const DistTable &table, RelOptInfo *rel) {
    LookupColumns columns{table, finds_locked_rows(root, rel)};
    if ((!table.has_key() && !columns.any) || !may_read_late(root, table, rel))
        return false;
    List *joins = list_copy(rel->joininfo);
    if (rel->has_eclass_joins)
        joins = list_concat(joins, generate_implied_equalities_for_column(
                                       root, rel, is_lookup_member, &columns, rel->lateral_referencers));
    std::pmr::vector<Relids> seen;
    ListCell *cell;
    foreach (cell, joins) {
        auto *join = lfirst_node(RestrictInfo, cell);
        List *items;
        if (join->pseudoconstant || !join_clause_is_movable_to(join, rel) ||
            !(columns.any || find_prune_items(table, rel->relid, list_make1(join->clause), &items)))
            continue;
        Relids outer = bms_union(join->clause_relids, rel->lateral_relids);
        outer = bms_del_member(outer, static_cast<int>(rel->relid));
        const bool known =
            std::any_of(seen.begin(), seen.end(), [&](Relids other) { return bms_equal(outer, other); });
        if (bms_is_empty(outer) || known)
            continue;
        seen.push_back(outer);
        add_gather_path(root, table, rel, outer, false);
    }
    return !seen.empty();
}

void replace_paths(PlannerInfo *root, RelOptInfo *rel, Index rti, RangeTblEntry *rte) {
    if (previous_pathlist_hook != nullptr)
        previous_pathlist_hook(root, rel, rti, rte);
    if (rte->rtekind != RTE_RELATION || rte->inh || IS_DUMMY_REL(rel))
        return;
    const DistTable *table = table_on_shards(rte->relid);
    if (table == nullptr)
        return;
    rel->pathlist = NIL;
    rel->partial_pathlist = NIL;
    rel->consider_parallel = false;
    const bool has_lookups = add_lookup_paths(root, *table, rel);
    add_gather_path(root, *table, rel, rel->lateral_relids, has_lookups && finds_locked_rows(root, rel));
}

void forget_local_shell_scope(XactEvent, void *) {
    local_shell_level = 0;
}

void leave_local_shell_scope(SubXactEvent event, SubTransactionId, SubTransactionId, void *) {
    if (event == SUBXACT_EVENT_ABORT_SUB && local_shell_level >= GetCurrentTransactionNestLevel())
        local_shell_level = 0;
}

} // namespace

LocalShellScope::LocalShellScope() : old_level_(local_shell_level) {
    if (local_shell_level == 0)
        local_shell_level = GetCurrentTransactionNestLevel();
}

LocalShellScope::~LocalShellScope() {
    local_shell_level = old_level_;
}

bool LocalShellScope::active() {
    return local_shell_level != 0;
}

void install_gather() {
    previous_pathlist_hook = set_rel_pathlist_hook;
    set_rel_pathlist_hook = replace_paths;
    previous_relation_info_hook = get_relation_info_hook;
    get_relation_info_hook = describe_relation;
    RegisterXactCallback(forget_local_shell_scope, nullptr);
    RegisterSubXactCallback(leave_local_shell_scope, nullptr);
}

} // namespace citus
