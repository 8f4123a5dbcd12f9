#include "worker_query.hpp"

#include "citus/pg/node.hpp"
#include "citus/pg/walker.hpp"
#include "citus/planner/template.hpp"
#include "locus_facts.hpp"
#include "motion_entry.hpp"
#include "planned.hpp"
#include "route.hpp"
#include "sql_scanner.hpp"

extern "C" {
#include "access/sysattr.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
}

namespace citus {

WorkerQuery WorkerQuery::input_of(const Query *query) {
    auto *input = makeNode(Query);
    input->commandType = CMD_SELECT;
    input->canSetTag = true;
    input->rtable = query->rtable;
    input->jointree = query->jointree;
    input->cteList = query->cteList;
    input->rowMarks = query->rowMarks;
    input->hasForUpdate = query->hasForUpdate;
    input->hasRecursive = query->hasRecursive;
    input->hasSubLinks = query->hasSubLinks;
    input->hasRowSecurity = query->hasRowSecurity;
    return WorkerQuery(input);
}

TargetEntry *WorkerQuery::entry_for(::Node *expr, const char *name) {
    ListCell *cell;
    foreach (cell, query_->targetList)
        if (equal(lfirst_node(TargetEntry, cell)->expr, expr))
            return lfirst_node(TargetEntry, cell);
    const auto number = static_cast<AttrNumber>(list_length(query_->targetList) + 1);
    auto *copy = static_cast<Expr *>(copyObjectImpl(expr));
    query_->targetList = lappend(query_->targetList, makeTargetEntry(copy, number, pstrdup(name), false));
    return llast_node(TargetEntry, query_->targetList);
}

Var *WorkerQuery::column(::Node *expr, const char *name) {
    const TargetEntry *entry = entry_for(expr, name);
    return makeVar(1, entry->resno, exprType(expr), exprTypmod(expr), exprCollation(expr), 0);
}

Var *WorkerQuery::group_column(::Node *expr, const char *name, const SortGroupClause *how) {
    TargetEntry *entry = entry_for(expr, name);
    if (entry->ressortgroupref == 0) {
        entry->ressortgroupref = static_cast<Index>(entry->resno);
        auto *clause = static_cast<SortGroupClause *>(copyObjectImpl(how));
        clause->tleSortGroupRef = entry->ressortgroupref;
        query_->groupClause = lappend(query_->groupClause, clause);
    }
    return makeVar(1, entry->resno, exprType(expr), exprTypmod(expr), exprCollation(expr), 0);
}

// ---------------------------------------------------------------- one statement per node

namespace {

constexpr const char *kRowsOfShards = "citus_shards";

/// A query whose reference tables are joined with the rows of all shards of the node at once, instead of with
/// those of each shard.
struct ReferenceSplit {
    Query *shards;       ///< the tables on shards, with the conditions between them
    const Query *groups; ///< the whole query, without aliases of joins
    List *tables;        ///< range table entries of the reference tables, ...
    Relids reference;    ///< ... which have these numbers in the query
    List *joins;         ///< the conditions that use them
};

struct RowMapping {
    WorkerQuery *rows;
    const ReferenceSplit *split;
    List *groups; ///< grouping expressions that are computed on the shards
    bool failed = false;
};

/// The relations and conditions of a FROM clause of inner joins only. False when there is anything else.
bool flatten_inner_joins(::Node *item, Relids *relations, List **conditions) {
    if (IsA(item, RangeTblRef)) {
        *relations = bms_add_member(*relations, castNode(RangeTblRef, item)->rtindex);
        return true;
    }
    if (IsA(item, JoinExpr)) {
        const auto *join = castNode(JoinExpr, item);
        *conditions = list_concat(*conditions, conjuncts_of(join->quals));
        return join->jointype == JOIN_INNER && flatten_inner_joins(join->larg, relations, conditions) &&
               flatten_inner_joins(join->rarg, relations, conditions);
    }
    const auto *from = castNode(FromExpr, item);
    *conditions = list_concat(*conditions, conjuncts_of(from->quals));
    ListCell *cell;
    foreach (cell, from->fromlist)
        if (!flatten_inner_joins(static_cast<::Node *>(lfirst(cell)), relations, conditions))
            return false;
    return true;
}

/// Whether the conditions tie the relations to each other, so that joining them alone is no cross join.
bool are_connected(Relids relations, List *conditions) {
    Relids reached = bms_make_singleton(bms_next_member(relations, -1));
    for (bool grows = true; grows;) {
        grows = false;
        ListCell *cell;
        foreach (cell, conditions) {
            if (!IsA(lfirst(cell), OpExpr))
                continue;
            const Relids used = pull_varnos(nullptr, static_cast<::Node *>(lfirst(cell)));
            if (bms_overlap(used, reached) && bms_is_subset(used, relations) &&
                !bms_is_subset(used, reached)) {
                reached = bms_add_members(reached, used);
                grows = true;
            }
        }
    }
    return bms_equal(reached, relations);
}

/// Reference tables among the relations; false when there is something else than plain tables.
bool find_reference_tables(const Query *query, Relids relations, Relids *reference) {
    for (int index = -1; (index = bms_next_member(relations, index)) >= 0;) {
        const auto *rte = rt_fetch(index, query->rtable);
        const DistTable *table = rte->rtekind == RTE_RELATION ? find_dist_table(rte->relid) : nullptr;
        if (table == nullptr || rte->tablesample != nullptr || rte->securityQuals != NIL)
            return false;
        if (table->kind == TableKind::Reference)
            *reference = bms_add_member(*reference, index);
    }
    return !bms_is_empty(*reference) && !bms_equal(*reference, relations);
}

std::optional<ReferenceSplit> split_reference_tables(const Query *original) {
    if (original->hasSubLinks || original->cteList != NIL)
        return std::nullopt;
    auto *query = static_cast<Query *>(copyObjectImpl(original));
    Relids relations = nullptr, reference = nullptr;
    List *conditions = NIL;
    if (!flatten_inner_joins(reinterpret_cast<::Node *>(query->jointree), &relations, &conditions) ||
        !find_reference_tables(query, relations, &reference))
        return std::nullopt;
    conditions =
        reinterpret_cast<List *>(flatten_join_alias_vars(query, reinterpret_cast<::Node *>(conditions)));
    query->targetList = reinterpret_cast<List *>(
        flatten_join_alias_vars(query, reinterpret_cast<::Node *>(query->targetList)));
    query->havingQual = flatten_join_alias_vars(query, query->havingQual);
    forget_join_names(reinterpret_cast<::Node *>(query));
    forget_join_names(reinterpret_cast<::Node *>(conditions));
    List *own = NIL, *joins = NIL;
    const Relids located = bms_difference(relations, reference);
    ListCell *cell;
    foreach (cell, conditions) {
        const Relids used = pull_varnos(nullptr, static_cast<::Node *>(lfirst(cell)));
        if (bms_overlap(used, reference))
            joins = lappend(joins, lfirst(cell));
        else
            own = lappend(own, lfirst(cell));
    }
    if (!are_connected(located, own))
        return std::nullopt;
    // The tables on shards keep their numbers; those that are not in FROM any more are never printed.
    auto *shards = static_cast<Query *>(copyObjectImpl(query));
    shards->jointree =
        makeFromExpr(NIL, own == NIL ? nullptr : reinterpret_cast<::Node *>(make_ands_explicit(own)));
    for (int index = -1; (index = bms_next_member(located, index)) >= 0;) {
        auto *item = makeNode(RangeTblRef);
        item->rtindex = index;
        shards->jointree->fromlist = lappend(shards->jointree->fromlist, item);
    }
    ReferenceSplit split{shards, query, NIL, reference, joins};
    for (int index = -1; (index = bms_next_member(reference, index)) >= 0;) {
        split.tables = lappend(split.tables, rt_fetch(index, query->rtable));
        auto *unused = makeNode(RangeTblEntry);
        unused->rtekind = RTE_RESULT;
        unused->eref = makeAlias("unused", NIL);
        lfirst(list_nth_cell(shards->rtable, index - 1)) = unused;
    }
    foreach (cell, shards->rtable) {
        if (lfirst_node(RangeTblEntry, cell)->rtekind != RTE_JOIN)
            continue;
        auto *unused = makeNode(RangeTblEntry);
        unused->rtekind = RTE_RESULT;
        unused->eref = makeAlias("unused", NIL);
        lfirst(cell) = unused;
    }
    return split;
}

/// The number of a reference table among the relations of the node's query, behind the rows of the shards.
int number_of_reference(const ReferenceSplit &split, int varno) {
    int number = 2;
    for (int index = -1; (index = bms_next_member(split.reference, index)) >= 0 && index < varno;)
        number++;
    return number;
}

/// Whether values of shards can be put together by UNION ALL: those of a row type differ from shard to shard.
bool can_be_united(::Node *expr) {
    const char type = get_typtype(getBaseType(exprType(expr)));
    if (type == TYPTYPE_COMPOSITE || type == TYPTYPE_PSEUDO)
        return false;
    ListCell *used;
    foreach (used, pull_var_clause(expr, PVC_RECURSE_AGGREGATES | PVC_RECURSE_WINDOWFUNCS |
                                             PVC_RECURSE_PLACEHOLDERS))
        if (!IsA(lfirst(used), Var) || (lfirst_node(Var, used)->varattno <= 0 &&
                                        lfirst_node(Var, used)->varattno != SelfItemPointerAttributeNumber))
            return false;
    return true;
}

/// Expressions to group by, not mere columns, that can be computed where the shards are scanned: computed
/// over the rows of all shards, they take another plan node.
List *groups_of_shards(const Query *query, const ReferenceSplit *split) {
    List *found = NIL;
    ListCell *cell;
    foreach (cell, query->targetList) {
        const auto *entry = lfirst_node(TargetEntry, cell);
        auto *expr = as_node(entry->expr);
        if (entry->ressortgroupref == 0 || IsA(expr, Var) || IsA(expr, Const) ||
            contain_aggs_of_level(expr, 0) || contain_volatile_functions(expr) || !can_be_united(expr))
            continue;
        const Relids used = pull_varnos(nullptr, expr);
        if (!bms_is_empty(used) && (split == nullptr || !bms_overlap(used, split->reference)))
            found = lappend(found, expr);
    }
    return found;
}

/// A column of the rows, with a name of its own.
::Node *column_of_rows(const RowMapping *mapping, const ::Node *expr) {
    const char *name = psprintf("c%d", list_length(mapping->rows->query()->targetList) + 1);
    return as_node(mapping->rows->column(const_cast<::Node *>(expr), name));
}

::Node *map_to_rows(::Node *node, int level, void *raw) {
    auto *mapping = static_cast<RowMapping *>(raw);
    if (level == 0 && list_member(mapping->groups, node))
        return column_of_rows(mapping, node);
    if (!is_var_of_block(node, level))
        return nullptr;
    const Var *var = castNode(Var, node);
    // A row of a table is of another type on each shard, and so is what the parser made of it.
    if (var->varattno <= 0 || var->vartype == RECORDOID) {
        mapping->failed = true;
        return node;
    }
    if (mapping->split != nullptr && bms_is_member(var->varno, mapping->split->reference)) {
        Var *own = var_at_level(var, level);
        own->varno = number_of_reference(*mapping->split, var->varno);
        own->varnosyn = 0;
        own->varattnosyn = 0;
        return reinterpret_cast<::Node *>(own);
    }
    return column_of_rows(mapping, node);
}

RangeTblEntry *entry_of_cte(const Query *query) {
    auto *rte = makeNode(RangeTblEntry);
    rte->rtekind = RTE_CTE;
    rte->ctename = pstrdup(kRowsOfShards);
    rte->eref = makeAlias(kRowsOfShards, NIL);
    rte->inFromCl = true;
    ListCell *cell;
    foreach (cell, query->targetList) {
        const auto *entry = lfirst_node(TargetEntry, cell);
        auto *expr = reinterpret_cast<::Node *>(entry->expr);
        rte->coltypes = lappend_oid(rte->coltypes, exprType(expr));
        rte->coltypmods = lappend_int(rte->coltypmods, exprTypmod(expr));
        rte->colcollations = lappend_oid(rte->colcollations, exprCollation(expr));
        rte->eref->colnames = lappend(rte->eref->colnames, makeString(pstrdup(entry->resname)));
    }
    return rte;
}

CommonTableExpr *cte_of(Query *query, const RangeTblEntry *rte) {
    auto *cte = makeNode(CommonTableExpr);
    cte->ctename = pstrdup(kRowsOfShards);
    cte->ctematerialized = CTEMaterializeDefault;
    cte->ctequery = reinterpret_cast<::Node *>(query);
    cte->location = -1;
    cte->cterefcount = 1;
    cte->ctecolnames = list_copy(rte->eref->colnames);
    cte->ctecoltypes = list_copy(rte->coltypes);
    cte->ctecoltypmods = list_copy(rte->coltypmods);
    cte->ctecolcollations = list_copy(rte->colcollations);
    return cte;
}

/// On how many nodes the shards of a table are.
double nodes_of(Oid relid) {
    const DistTable *table = find_dist_table(relid);
    std::pmr::vector<int32> groups;
    if (table != nullptr)
        for (const Shard &shard : table->shards)
            if (!shard.placements.empty() &&
                std::find(groups.begin(), groups.end(), shard.placements.front().group_id) == groups.end())
                groups.push_back(shard.placements.front().group_id);
    return std::max(1.0, static_cast<double>(groups.size()));
}

/// Finds the body of the CTE, which is to be repeated, in the text of a fragment.
bool set_body(Fragment *fragment) {
    constexpr std::string_view kPlaceholder = "s.t";
    std::pmr::string text;
    std::pmr::vector<size_t> starts; // of the parts
    ListCell *cell;
    foreach (cell, fragment->text_parts) {
        if (!text.empty())
            text += kPlaceholder;
        starts.push_back(text.size());
        text += strVal(lfirst(cell));
    }
    const auto body = core::first_parentheses(text, scan_sql(text.c_str()));
    const size_t first = strlen(strVal(linitial(fragment->text_parts)));
    if (!body.has_value() || body->begin > first)
        return false;
    const auto behind = std::upper_bound(starts.begin(), starts.end(), body->end);
    const auto last = static_cast<size_t>(behind - starts.begin()) - 1;
    fragment->body_begin = static_cast<int>(body->begin);
    fragment->body_end = static_cast<int>(body->end - starts[last]);
    fragment->body_last = static_cast<int>(last);
    return true;
}

/// Names an output column of a query; that of a set operation has the name that its first SELECT gives it.
void name_column(Query *query, TargetEntry *entry, char *name) {
    entry->resname = name;
    ::Node *first = query->setOperations;
    while (first != nullptr && IsA(first, SetOperationStmt))
        first = castNode(SetOperationStmt, first)->larg;
    if (first == nullptr)
        return;
    RangeTblEntry *rte = rt_fetch(castNode(RangeTblRef, first)->rtindex, query->rtable);
    name_column(rte->subquery, get_tle_by_resno(rte->subquery->targetList, entry->resno), name);
    lfirst(list_nth_cell(rte->eref->colnames, entry->resno - 1)) = makeString(name);
}

/// Whether the rows of shards can be put together by UNION ALL.
bool can_be_united(const Query *query) {
    ListCell *cell;
    foreach (cell, query->targetList)
        if (!can_be_united(as_node(lfirst_node(TargetEntry, cell)->expr)))
            return false;
    return true;
}

} // namespace

/// `WITH citus_shards AS (SELECT columns FROM ...) SELECT groups FROM citus_shards GROUP BY ...`, or nullptr.
Query *WorkerQuery::grouping_over_rows() const {
    if (query_->setOperations != nullptr || query_->rowMarks != NIL || query_->hasWindowFuncs ||
        query_->distinctClause != NIL || query_->sortClause != NIL || query_->limitCount != nullptr ||
        query_->hasTargetSRFs || checkExprHasSubLink(reinterpret_cast<::Node *>(query_->targetList)) ||
        checkExprHasSubLink(query_->havingQual))
        return nullptr;
    const auto split = split_reference_tables(query_);
    WorkerQuery rows = input_of(split.has_value() ? split->shards : query_);
    const Query *source = split.has_value() ? split->groups : query_;
    RowMapping mapping{&rows, split.has_value() ? &*split : nullptr, NIL};
    mapping.groups = groups_of_shards(source, mapping.split);
    auto *groups = makeNode(Query);
    groups->commandType = CMD_SELECT;
    groups->canSetTag = true;
    groups->hasAggs = query_->hasAggs;
    groups->groupClause = query_->groupClause;
    groups->groupingSets = query_->groupingSets;
    groups->targetList = reinterpret_cast<List *>(
        replace_in(reinterpret_cast<::Node *>(source->targetList), map_to_rows, &mapping));
    groups->havingQual = replace_in(source->havingQual, map_to_rows, &mapping);
    ::Node *joins = split.has_value()
                        ? replace_in(reinterpret_cast<::Node *>(split->joins), map_to_rows, &mapping)
                        : nullptr;
    if (mapping.failed)
        return nullptr;
    rows.column_if_none();
    RangeTblEntry *rte = entry_of_cte(rows.query());
    groups->rtable = split.has_value() ? lcons(rte, split->tables) : list_make1(rte);
    groups->jointree = makeFromExpr(NIL, joins == nullptr ? nullptr
                                                          : reinterpret_cast<::Node *>(make_ands_explicit(
                                                                reinterpret_cast<List *>(joins))));
    for (int i = 1; i <= list_length(groups->rtable); i++) {
        auto *reference = makeNode(RangeTblRef);
        reference->rtindex = i;
        groups->jointree->fromlist = lappend(groups->jointree->fromlist, reference);
    }
    groups->cteList = list_make1(cte_of(rows.query(), rte));
    return groups;
}

void WorkerQuery::group_per_node() {
    if (reads_motions(query_))
        return; // each shard reads rows of its own
    per_node_ = grouping_over_rows();
    // Reference tables are joined once per node, not per shard.
    groups_per_node_ = per_node_ != nullptr && list_length(per_node_->rtable) == 1;
}

/// Whether each shard is to group its own rows: rows that pass an Append first cost a tenth more, groups that
/// are sent by several shards as much as some dozens of rows.
bool WorkerQuery::has_few_groups(const FragmentEstimate &estimate, double shards) const {
    constexpr double kRowsPerGroup = 64, kWorthwhile = 1000;
    const double rows_of_shard = estimate.input / shards, groups = estimate.rows / estimate.tasks;
    return groups_per_node_ && rows_of_shard > std::max(kWorthwhile, kRowsPerGroup * groups);
}

/// `WITH citus_shards AS (query) SELECT columns FROM citus_shards ORDER BY ... LIMIT ...`, or nullptr.
Query *WorkerQuery::rows_over_shards() const {
    if (query_->rowMarks != NIL || query_->hasModifyingCTE || reads_motions(query_) || !can_be_united(query_))
        return nullptr;
    auto *body = static_cast<Query *>(copyObjectImpl(query_));
    auto *rows = makeNode(Query);
    rows->commandType = CMD_SELECT;
    rows->canSetTag = true;
    List *sent = NIL;
    ListCell *cell;
    foreach (cell, body->targetList) {
        auto *entry = lfirst_node(TargetEntry, cell);
        if (entry->resjunk)
            continue;
        const auto number = static_cast<AttrNumber>(list_length(rows->targetList) + 1);
        auto *expr = reinterpret_cast<::Node *>(entry->expr);
        Var *var = makeVar(1, number, exprType(expr), exprTypmod(expr), exprCollation(expr), 0);
        auto *column = flatCopyTargetEntry(entry);
        column->expr = reinterpret_cast<Expr *>(var);
        column->resno = number;
        rows->targetList = lappend(rows->targetList, column);
        name_column(body, entry, psprintf("c%d", number));
        sent = lappend(sent, entry);
    }
    if (rows->targetList == NIL)
        return nullptr;
    if (query_->limitCount != nullptr) {
        rows->sortClause = static_cast<List *>(copyObjectImpl(query_->sortClause));
        rows->limitCount = static_cast<::Node *>(copyObjectImpl(query_->limitCount));
        rows->limitOption = query_->limitOption;
        // Rows of two shards that are one count once.
        rows->distinctClause = static_cast<List *>(copyObjectImpl(query_->distinctClause));
        rows->hasDistinctOn = query_->hasDistinctOn;
    }
    // The CTE shows what is sent of its query.
    Query shown = *body;
    shown.targetList = sent;
    RangeTblEntry *rte = entry_of_cte(&shown);
    rows->rtable = list_make1(rte);
    auto *reference = makeNode(RangeTblRef);
    reference->rtindex = 1;
    rows->jointree = makeFromExpr(list_make1(reference), nullptr);
    rows->cteList = list_make1(cte_of(body, rte));
    return rows;
}

void WorkerQuery::merge_per_node() {
    Query *rows = rows_over_shards();
    (query_->limitCount != nullptr ? per_node_ : when_sorted_) = rows;
}

/// What a plan above may ask of the fragment that was made of this query.
FragmentOrder WorkerQuery::order_of(const Fragment &fragment) const {
    FragmentOrder order;
    if (fragment.single_group)
        return order;
    if (query_->limitCount != nullptr)
        order.keys = fragment.runs_per_node() ? merge_keys_of(query_) : NIL;
    else if (fragment.runs_per_node())
        order.is_free = true;
    else
        order.per_node = when_sorted_;
    return order;
}

bool fill_per_node(Fragment *fragment, const Query *per_node) {
    Fragment filled = *fragment;
    if (!fill_template(&filled, per_node, ShipMode::PerShard) || !set_body(&filled))
        return false;
    *fragment = filled;
    return true;
}

/// Fills the text from the form per node, when there is one and it can be sent; else from the form per shard.
bool WorkerQuery::fill(Fragment *fragment, ShipMode mode) {
    if (per_node_ != nullptr && mode == ShipMode::PerShard && fill_per_node(fragment, per_node_))
        return true;
    return fill_template(fragment, query_, mode);
}

void WorkerQuery::column_if_none() {
    // Rows without columns can't be sent.
    if (query_->targetList == NIL)
        column(reinterpret_cast<::Node *>(
                   makeConst(INT4OID, -1, InvalidOid, sizeof(int32), Int32GetDatum(1), false, true)),
               "one");
}

double WorkerQuery::senders(const StatementLocus &locus, const core::Locus &rows) const {
    const double shards = estimated_tasks(locus, rows);
    return per_node_ != nullptr ? std::min(shards, nodes_of(locus.anchor)) : shards;
}

/// Changes a fragment that groups the rows of all shards of a node, where each shard is to group its own.
void WorkerQuery::group_per_shard(Fragment *fragment, double shards, FragmentEstimate *estimate) const {
    if (!fragment->runs_per_node() || !has_few_groups(*estimate, shards))
        return;
    const Query *groups = rows_over_shards();
    if (groups != nullptr && fill_per_node(fragment, groups))
        estimate->rows = std::min(estimate->rows / estimate->tasks * shards, estimate->input);
}

bool WorkerQuery::finish(const StatementLocus &locus, const core::Locus &rows, bool repeats_groups,
                         Query *above) {
    Fragment fragment = fragment_for(locus, rows, CMD_SELECT);
    if (!row_marks_fit(query_, rows, &fragment))
        return false;
    column_if_none();
    const ShipMode mode = rows.is(core::Place::Hashed) ? ShipMode::PerShard : ShipMode::OneGroup;
    if (!set_user(&fragment, query_) || !fill(&fragment, mode) || !relations_fit(fragment, rows))
        return false;
    const double shards = estimated_tasks(locus, rows);
    const double tasks = fragment.runs_per_node() ? std::min(shards, nodes_of(fragment.anchor)) : shards;
    FragmentEstimate estimate = estimate_fragment(query_, tasks, repeats_groups);
    group_per_shard(&fragment, shards, &estimate);
    if (row_lock_.has_value() && !make_row_by_row(&fragment, *row_lock_, query_))
        return false;
    std::pmr::vector<FragmentColumn> columns;
    ListCell *cell;
    foreach (cell, query_->targetList) {
        const auto *entry = lfirst_node(TargetEntry, cell);
        auto *expr = reinterpret_cast<::Node *>(entry->expr);
        if (!entry->resjunk)
            columns.push_back({entry->resname != nullptr ? entry->resname : "column", exprType(expr),
                               exprTypmod(expr), exprCollation(expr)});
    }
    replace_from(above, make_fragment_entry(fragment, columns, estimate, order_of(fragment)));
    return true;
}

void replace_from(Query *above, RangeTblEntry *fragment) {
    auto *reference = makeNode(RangeTblRef);
    reference->rtindex = 1;
    above->rtable = list_make1(fragment);
    above->jointree = makeFromExpr(list_make1(reference), nullptr);
    above->rowMarks = NIL;
    above->hasForUpdate = false;
    above->setOperations = nullptr;
    above->hasRowSecurity = false;
    above->constraintDeps = NIL;
    if (!above->hasSubLinks) {
        above->cteList = NIL;
        above->hasRecursive = false;
    }
}

namespace {

struct ReplaceState {
    Replacement replace;
    void *context;
    int level;
};

::Node *replace_node(::Node *node, void *raw) {
    auto *state = static_cast<ReplaceState *>(raw);
    if (node == nullptr)
        return nullptr;
    if (::Node *replacement = state->replace(node, state->level, state->context); replacement != nullptr)
        return replacement;
    if (!IsA(node, Query))
        return mutate_children(node, replace_node, raw);
    state->level++;
    Query *result = query_tree_mutator(
        castNode(Query, node), reinterpret_cast<::Node *(*)()>(reinterpret_cast<void (*)()>(replace_node)),
        raw, 0);
    state->level--;
    return reinterpret_cast<::Node *>(result);
}

} // namespace

::Node *replace_in(::Node *expr, Replacement replace, void *context) {
    ReplaceState state{replace, context, 0};
    return replace_node(expr, &state);
}

Var *var_at_level(const Var *var, int level) {
    auto *copy = static_cast<Var *>(copyObjectImpl(var));
    copy->varlevelsup = static_cast<Index>(level);
    return copy;
}

} // namespace citus
