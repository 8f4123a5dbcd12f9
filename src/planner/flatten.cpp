#include "flatten.hpp"

#include "citus/pg/node.hpp"
#include "citus/pg/walker.hpp"
#include "locus_facts.hpp"

extern "C" {
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
}

namespace citus {

namespace {

// ---------------------------------------------------------------- joins

/// The columns of a piece of a jointree as the range table entry of its join has them.
List *column_names(const Query *query, ::Node *node) {
    if (IsA(node, FromExpr)) // in place of a join that was simplified
        return NIL;
    const int varno =
        IsA(node, JoinExpr) ? castNode(JoinExpr, node)->rtindex : castNode(RangeTblRef, node)->rtindex;
    return rt_fetch(varno, query->rtable)->eref->colnames;
}

List *numbers_up_to(int count) {
    List *numbers = NIL;
    for (int i = 1; i <= count; i++)
        numbers = lappend_int(numbers, i);
    return numbers;
}

void rebuild_below(Query *query, ::Node *node, Relids *used) {
    ListCell *cell;
    if (IsA(node, FromExpr))
        foreach (cell, castNode(FromExpr, node)->fromlist)
            rebuild_below(query, as_node(lfirst(cell)), used);
    if (!IsA(node, JoinExpr))
        return;
    auto *join = castNode(JoinExpr, node);
    rebuild_below(query, join->larg, used);
    rebuild_below(query, join->rarg, used);
    join->isNatural = false;
    join->usingClause = NIL;
    join->alias = join->join_using_alias = nullptr;
    *used = bms_add_member(*used, join->rtindex);
    auto *rte = rt_fetch(join->rtindex, query->rtable);
    const List *left = column_names(query, join->larg);
    const List *right = column_names(query, join->rarg);
    rte->eref = makeAlias("unnamed_join", list_concat_copy(left, right));
    rte->alias = rte->join_using_alias = nullptr;
    rte->jointype = join->jointype;
    rte->joinmergedcols = 0;
    rte->joinleftcols = numbers_up_to(list_length(left));
    rte->joinrightcols = numbers_up_to(list_length(right));
    rte->joinaliasvars = NIL;
    for (int i = 0; i < list_length(left) + list_length(right); i++)
        rte->joinaliasvars = lappend(rte->joinaliasvars, nullptr);
}

// ---------------------------------------------------------------- sub-selects

/// Whether a sub-select in FROM only joins, filters and computes columns.
bool is_plain(const RangeTblEntry *rte) {
    if (rte->rtekind != RTE_SUBQUERY || rte->security_barrier || rte->lateral || rte->securityQuals != NIL)
        return false;
    const Query *query = rte->subquery;
    return query->commandType == CMD_SELECT && query->setOperations == nullptr && !query->hasAggs &&
           !query->hasWindowFuncs && !query->hasTargetSRFs && query->groupClause == NIL &&
           query->groupingSets == NIL && query->havingQual == nullptr && query->distinctClause == NIL &&
           query->sortClause == NIL && query->limitCount == nullptr && query->limitOffset == nullptr &&
           query->cteList == NIL && query->rowMarks == NIL && query->jointree->fromlist != NIL &&
           !contain_volatile_functions(as_node(query->targetList)) &&
           !checkExprHasSubLink(as_node(query->targetList));
}

struct RowUse {
    int varno;
    Index level = 0;
};

/// Whether a block uses a relation's row as a whole, at any level.
bool uses_row(::Node *node, void *raw) {
    auto *use = static_cast<RowUse *>(raw);
    if (node == nullptr)
        return false;
    if (IsA(node, Var)) {
        const auto *var = castNode(Var, node);
        return var->varno == use->varno && var->varlevelsup == use->level && var->varattno <= 0;
    }
    if (IsA(node, Query)) {
        use->level++;
        const bool found = walk_query(castNode(Query, node), uses_row, raw, QTW_IGNORE_JOINALIASES);
        use->level--;
        return found;
    }
    return walk_children(node, uses_row, raw);
}

bool is_used_as_row(Query *query, int varno) {
    RowUse use{varno};
    return walk_query(query, uses_row, &use, QTW_IGNORE_JOINALIASES);
}

/// Lateral items may refer to the sub-select in places where its columns can't be replaced by expressions.
bool has_lateral_items(const Query *query) {
    ListCell *cell;
    foreach (cell, query->rtable)
        if (lfirst_node(RangeTblEntry, cell)->lateral)
            return true;
    return false;
}

/// Puts the relations of a sub-select in its place. Returns its FROM and WHERE.
FromExpr *pull_up(Query *query, int varno) {
    RangeTblEntry *rte = rt_fetch(varno, query->rtable);
    Query *sub = rte->subquery;
    simplify_block(sub);
    OffsetVarNodes(as_node(sub), list_length(query->rtable), 0);
    IncrementVarSublevelsUp(as_node(sub), -1, 1);
    query->rtable = list_concat(query->rtable, sub->rtable);
    query->hasSubLinks |= sub->hasSubLinks;
    query->hasRowSecurity |= sub->hasRowSecurity;
    bool has_sublinks = query->hasSubLinks;
    // In place, for the caller holds the query.
    Query *replaced =
        castNode(Query, ReplaceVarsFromTargetList(as_node(query), varno, 0, rte, sub->targetList,
                                                  REPLACEVARS_REPORT_ERROR, 0, &has_sublinks));
    *query = *replaced;
    auto *unused = makeNode(RangeTblEntry);
    unused->rtekind = RTE_RESULT;
    unused->eref = makeAlias("unused", NIL);
    lfirst(list_nth_cell(query->rtable, varno - 1)) = unused;
    return sub->jointree;
}

/// The items of a FROM list without inner joins in it; the conditions of these are added to the others.
void flatten_item(::Node *item, List **items, List **conditions) {
    if (IsA(item, FromExpr)) {
        auto *from = castNode(FromExpr, item);
        *conditions = list_concat(*conditions, conjuncts_of(from->quals));
        ListCell *cell;
        foreach (cell, from->fromlist)
            flatten_item(as_node(lfirst(cell)), items, conditions);
    } else if (IsA(item, JoinExpr) && castNode(JoinExpr, item)->jointype == JOIN_INNER) {
        auto *join = castNode(JoinExpr, item);
        flatten_item(join->larg, items, conditions);
        flatten_item(join->rarg, items, conditions);
        *conditions = list_concat(*conditions, conjuncts_of(join->quals));
    } else {
        *items = lappend(*items, item);
    }
}

void flatten_from(Query *query, FromExpr *extra) {
    List *items = NIL, *conditions = NIL;
    flatten_item(as_node(query->jointree), &items, &conditions);
    if (extra != nullptr)
        flatten_item(as_node(extra), &items, &conditions);
    query->jointree =
        makeFromExpr(items, conditions == NIL ? nullptr : as_node(make_ands_explicit(conditions)));
}

bool pull_up_one(Query *query) {
    ListCell *cell;
    foreach (cell, query->jointree->fromlist) {
        if (!IsA(lfirst(cell), RangeTblRef))
            continue;
        const int varno = lfirst_node(RangeTblRef, cell)->rtindex;
        if (!is_plain(rt_fetch(varno, query->rtable)) || is_used_as_row(query, varno))
            continue;
        query->jointree->fromlist = list_delete_cell(query->jointree->fromlist, cell);
        flatten_from(query, pull_up(query, varno));
        return true;
    }
    return false;
}

} // namespace

void rebuild_joins(Query *query) {
    Relids used = nullptr;
    rebuild_below(query, as_node(query->jointree), &used);
    ListCell *cell;
    foreach (cell, query->rtable) {
        if (lfirst_node(RangeTblEntry, cell)->rtekind != RTE_JOIN ||
            bms_is_member(foreach_current_index(cell) + 1, used))
            continue;
        auto *unused = makeNode(RangeTblEntry);
        unused->rtekind = RTE_RESULT;
        unused->eref = makeAlias("unused", NIL);
        lfirst(cell) = unused;
    }
    forget_join_names(as_node(query));
}

JoinExpr *new_join(Query *query, JoinType type, ::Node *left, ::Node *right, List *conditions) {
    auto *rte = makeNode(RangeTblEntry);
    rte->rtekind = RTE_JOIN;
    rte->jointype = type;
    rte->eref = makeAlias("unnamed_join", NIL);
    rte->inFromCl = true;
    query->rtable = lappend(query->rtable, rte);
    auto *join = makeNode(JoinExpr);
    join->jointype = type;
    join->larg = left;
    join->rarg = right;
    join->quals = conditions == NIL ? nullptr : as_node(make_ands_explicit(conditions));
    join->rtindex = list_length(query->rtable);
    return join;
}

::Node *as_one_item(Query *query, List *from_items) {
    ::Node *joined = nullptr;
    ListCell *cell;
    foreach (cell, from_items) {
        auto *item = as_node(lfirst(cell));
        joined = joined == nullptr ? item : as_node(new_join(query, JOIN_INNER, joined, item, NIL));
    }
    return joined;
}

void merge_inner_joins(Query *query) {
    simplify_block(query);
    flatten_from(query, nullptr);
    rebuild_joins(query);
}

bool flatten_block(Query *query) {
    if (query->commandType != CMD_SELECT || query->setOperations != nullptr ||
        query->jointree->fromlist == NIL)
        return false;
    simplify_block(query);
    flatten_from(query, nullptr);
    bool pulled = false;
    // With grouping sets, a column that is grouped by may become NULL; an expression in its place would not.
    if (query->groupingSets == NIL && query->rowMarks == NIL && !has_lateral_items(query))
        while (pull_up_one(query))
            pulled = true;
    rebuild_joins(query);
    return pulled;
}

} // namespace citus
