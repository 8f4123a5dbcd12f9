#include "motion_block.hpp"

#include "citus/pg/node.hpp"
#include "citus/pg/walker.hpp"
#include "citus/planner/locus.hpp"
#include "flatten.hpp"
#include "locus_facts.hpp"
#include "subblocks.hpp"
#include "worker_query.hpp"

extern "C" {
#include "access/transam.h"
#include "optimizer/optimizer.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/typcache.h"
}

namespace citus {

namespace {

// ---------------------------------------------------------------- looking at a block

/// Columns of the levels above a query would have to move along; CTEs of the block around it may be copied.
bool stands_alone(Query *query) {
    return !query_refers_outside(query, 1);
}

bool note_use(::Node *node, void *raw) {
    auto *use = static_cast<ColumnUse *>(raw);
    if (node == nullptr)
        return false;
    if (IsA(node, Var)) {
        const auto *var = castNode(Var, node);
        if (var->varno == use->varno && var->varlevelsup == use->level) {
            if (var->varattno <= 0)
                use->as_row = true;
            else
                use->columns = bms_add_member(use->columns, var->varattno);
        }
        return false;
    }
    if (IsA(node, Query)) {
        use->level++;
        walk_query(castNode(Query, node), note_use, raw, QTW_IGNORE_JOINALIASES);
        use->level--;
        return false;
    }
    return walk_children(node, note_use, raw);
}

bool find_sublinks(::Node *node, void *raw) {
    if (node == nullptr || IsA(node, Query))
        return false;
    if (IsA(node, SubLink)) {
        auto *list = static_cast<List **>(raw);
        *list = lappend(*list, node);
        return find_sublinks(castNode(SubLink, node)->testexpr, raw);
    }
    return walk_children(node, find_sublinks, raw);
}

bool mentions_a_table(::Node *node, void *) {
    if (node == nullptr)
        return false;
    if (IsA(node, RangeTblEntry))
        return castNode(RangeTblEntry, node)->rtekind == RTE_RELATION ||
               castNode(RangeTblEntry, node)->rtekind == RTE_CTE;
    if (IsA(node, Query))
        return walk_query(castNode(Query, node), mentions_a_table, nullptr, QTW_EXAMINE_RTES_BEFORE);
    return walk_children(node, mentions_a_table, nullptr);
}

void collect_leaves(::Node *node, List **varnos) {
    if (IsA(node, RangeTblRef)) {
        *varnos = lappend_int(*varnos, castNode(RangeTblRef, node)->rtindex);
    } else if (IsA(node, JoinExpr)) {
        collect_leaves(castNode(JoinExpr, node)->larg, varnos);
        collect_leaves(castNode(JoinExpr, node)->rarg, varnos);
    } else if (IsA(node, FromExpr)) {
        ListCell *cell;
        foreach (cell, castNode(FromExpr, node)->fromlist)
            collect_leaves(as_node(lfirst(cell)), varnos);
    }
}

/// All conditions of a jointree, also those of outer joins.
List *all_conditions(::Node *node) {
    List *result = NIL;
    ListCell *cell;
    if (IsA(node, JoinExpr)) {
        auto *join = castNode(JoinExpr, node);
        result = list_concat(all_conditions(join->larg), all_conditions(join->rarg));
        return list_concat(result, conjuncts_of(join->quals));
    }
    if (!IsA(node, FromExpr))
        return NIL;
    foreach (cell, castNode(FromExpr, node)->fromlist)
        result = list_concat(result, all_conditions(as_node(lfirst(cell))));
    return list_concat(result, conjuncts_of(castNode(FromExpr, node)->quals));
}

/// The leaves of a tree of set operations.
void collect_leaves_of_set(::Node *node, List **varnos) {
    if (IsA(node, RangeTblRef)) {
        *varnos = lappend_int(*varnos, castNode(RangeTblRef, node)->rtindex);
        return;
    }
    collect_leaves_of_set(castNode(SetOperationStmt, node)->larg, varnos);
    collect_leaves_of_set(castNode(SetOperationStmt, node)->rarg, varnos);
}

/// Which relation the columns of an expression are of.
struct ColumnOwner {
    int varno = 0;
    Index level = 0;
    bool is_one = true;
};

bool find_owner(::Node *node, void *raw) {
    auto *owner = static_cast<ColumnOwner *>(raw);
    if (node == nullptr)
        return false;
    if (IsA(node, Var)) {
        const auto *var = castNode(Var, node);
        const bool is_first = owner->varno == 0;
        const bool fits = is_first || (var->varno == owner->varno && var->varlevelsup == owner->level);
        owner->varno = var->varno;
        owner->level = var->varlevelsup;
        owner->is_one = fits && var->varattno > 0;
        return !owner->is_one;
    }
    if (IsA(node, Aggref) || IsA(node, WindowFunc) || IsA(node, GroupingFunc) || IsA(node, SubLink)) {
        owner->is_one = false;
        return true;
    }
    return walk_children(node, find_owner, raw);
}

/// Whether a sub-select is more than a join and conditions: it can't become a join of the block around it.
bool is_compact(const Query *query) {
    return query->hasAggs || query->groupClause != NIL || query->groupingSets != NIL ||
           query->havingQual != nullptr || query->distinctClause != NIL || query->setOperations != nullptr ||
           query->hasWindowFuncs || query->limitCount != nullptr || query->limitOffset != nullptr ||
           query->cteList != NIL;
}

/// Sub-selects in sub-selects are looked into down to this depth.
constexpr int kMaxDepth = 4;

} // namespace

ColumnUse use_of(Query *query, int varno) {
    ColumnUse use{varno};
    walk_query(query, note_use, &use, QTW_IGNORE_JOINALIASES);
    return use;
}

List *sublinks_of(const Query *query) {
    List *found = NIL;
    find_sublinks(as_node(query->jointree), &found);
    return found;
}

bool has_outer_columns(::Node *expr) {
    return expression_refers_outside(expr, 1);
}

// ---------------------------------------------------------------- items

MotionBlock::MotionBlock(Query *query) : query_(query) {
    add_block(query, -1, -1);
    find_join_expressions();
}

Query *MotionBlock::block_in(Query *copy, int number) const {
    if (number == 0)
        return copy;
    const InnerBlock &block = blocks_[static_cast<size_t>(number)];
    const MotionItem &item = items_[static_cast<size_t>(block.item)];
    Query *parent = block_in(copy, block.parent);
    return item.varno != 0
               ? rt_fetch(item.varno, parent->rtable)->subquery
               : castNode(Query, list_nth_node(SubLink, sublinks_of(parent), item.sublink)->subselect);
}

const char *MotionBlock::name_of(const MotionItem &item) const {
    if (item.varno == 0)
        return "sub-select";
    const auto *rte = rt_fetch(item.varno, blocks_[static_cast<size_t>(item.block)].query->rtable);
    return rte->alias != nullptr ? rte->alias->aliasname : rte->eref->aliasname;
}

/// Looks into a sub-select, or the whole.
void MotionBlock::add_block(Query *query, int parent, int item) {
    int depth = 0;
    for (int block = parent; block >= 0; block = blocks_[static_cast<size_t>(block)].parent)
        depth++;
    if ((query->commandType != CMD_SELECT && depth > 0) || depth > kMaxDepth)
        return;
    simplify_block(query);
    rebuild_joins(query);
    const auto number = static_cast<int>(blocks_.size());
    if (item >= 0)
        items_[static_cast<size_t>(item)].inner_block = number;
    blocks_.push_back({query, parent, item});
    find_items(number);
}

void MotionBlock::add_relation(int block, int varno) {
    Query *query = blocks_[static_cast<size_t>(block)].query;
    auto *rte = rt_fetch(varno, query->rtable);
    MotionItem item{.block = block, .varno = varno};
    // Moved rows have no order.
    item.can_move = !rte->lateral && !use_of(query, varno).as_row && query->setOperations == nullptr &&
                    varno != query->resultRelation && !shows_input_order(query);
    switch (rte->rtekind) {
    case RTE_RELATION:
        item.table = find_dist_table(rte->relid);
        if (item.table != nullptr && item.table->kind == TableKind::Local)
            item.table = nullptr;
        item.is_everywhere =
            item.table != nullptr && item.table->kind == TableKind::Reference && rte->securityQuals == NIL;
        item.may_stay = item.table != nullptr && rte->securityQuals == NIL;
        // How much is sampled may depend on a row outside, which rows that are read once do not know.
        item.can_move &= !expression_refers_outside(as_node(rte->tablesample), 1);
        break;
    case RTE_SUBQUERY: {
        item.can_move &= stands_alone(rte->subquery);
        const bool has_ctes = query->cteList != NIL || block != 0;
        const core::Locus locus =
            !item.can_move || has_ctes ? core::Locus::anywhere() : analyze_statement(rte->subquery).whole;
        item.is_everywhere = !item.can_move || (block == 0 && locus.is(core::Place::Anywhere) && !locus.once);
        item.may_stay = item.is_everywhere || locus.is(core::Place::Hashed) || has_ctes;
        item.runs_per_row = rte->lateral && is_compact(rte->subquery) && !stands_alone(rte->subquery);
        break;
    }
    case RTE_CTE:
        item.can_move &= rte->ctelevelsup == 0 && !rte->self_reference;
        break;
    default:
        item.can_move = false;
        item.is_everywhere = true;
    }
    items_.push_back(item);
}

void MotionBlock::add_sublinks(int block) {
    int position = 0;
    ListCell *cell;
    foreach (cell, sublinks_of(blocks_[static_cast<size_t>(block)].query)) {
        auto *sub = castNode(Query, lfirst_node(SubLink, cell)->subselect);
        MotionItem item{.block = block, .sublink = position++};
        if (!mentions_a_table(as_node(sub), nullptr))
            continue;
        item.can_move = stands_alone(sub);
        item.may_stay = true;
        const bool is_exists = lfirst_node(SubLink, cell)->subLinkType == EXISTS_SUBLINK;
        item.runs_per_row = !item.can_move && !(is_exists && !is_compact(sub));
        items_.push_back(item);
    }
}

void MotionBlock::find_items(int block) {
    Query *query = blocks_[static_cast<size_t>(block)].query;
    List *varnos = NIL;
    if (query->setOperations != nullptr)
        collect_leaves_of_set(query->setOperations, &varnos);
    else
        collect_leaves(as_node(query->jointree), &varnos);
    const size_t first = items_.size();
    ListCell *cell;
    foreach (cell, varnos)
        add_relation(block, lfirst_int(cell));
    add_sublinks(block);
    const size_t end = items_.size();
    const List *sublinks = sublinks_of(query);
    for (size_t i = first; i < end; i++) {
        const MotionItem item = items_[i];
        if (item.varno == 0) {
            auto *sub = castNode(Query, list_nth_node(SubLink, sublinks, item.sublink)->subselect);
            add_block(sub, block, static_cast<int>(i));
        } else if (auto *rte = rt_fetch(item.varno, query->rtable);
                   rte->rtekind == RTE_SUBQUERY && !rte->security_barrier) {
            add_block(rte->subquery, block, static_cast<int>(i));
        }
    }
}

// ---------------------------------------------------------------- join expressions

int MotionBlock::add_expression(const Located &located) {
    for (size_t i = 0; i < expressions_.size(); i++)
        if (expressions_[i].item == located.item && equal(expressions_[i].expr, located.expr))
            return static_cast<int>(i);
    expressions_.push_back({located.item, located.expr, exprType(located.expr), next_class_++});
    return static_cast<int>(expressions_.size() - 1);
}

void MotionBlock::merge_classes(int a, int b) {
    const int from = expressions_[static_cast<size_t>(b)].equal_class;
    const int to = expressions_[static_cast<size_t>(a)].equal_class;
    for (JoinExpression &each : expressions_)
        if (each.equal_class == from)
            each.equal_class = to;
}

/// The item whose columns an expression is made of, in its block or one around it.
std::optional<MotionBlock::Located> MotionBlock::locate(int block, ::Node *expr) const {
    expr = strip_relabels(expr);
    ColumnOwner owner;
    find_owner(expr, &owner);
    if (owner.varno == 0 || !owner.is_one || expression_returns_set(expr))
        return std::nullopt;
    for (Index level = 0; level < owner.level && block >= 0; level++)
        block = blocks_[static_cast<size_t>(block)].parent;
    if (owner.level > 0) {
        expr = copy_of(expr);
        IncrementVarSublevelsUp(expr, -static_cast<int>(owner.level), static_cast<int>(owner.level));
    }
    for (size_t i = 0; i < items_.size(); i++)
        if (items_[i].block == block && items_[i].varno == owner.varno)
            return Located{static_cast<int>(i), expr};
    return std::nullopt;
}

void MotionBlock::add_equality(int block, ::Node *condition) {
    if (!IsA(condition, OpExpr) || list_length(castNode(OpExpr, condition)->args) != 2)
        return;
    const auto *op = castNode(OpExpr, condition);
    ::Node *left = strip_relabels(as_node(linitial(op->args)));
    ::Node *right = strip_relabels(as_node(lsecond(op->args)));
    if (!OidIsValid(equality_family(op->opno, exprType(left), exprType(right), op->inputcollid)))
        return;
    const auto of_left = locate(block, left), of_right = locate(block, right);
    if (of_left.has_value() && of_right.has_value())
        merge_classes(add_expression(*of_left), add_expression(*of_right));
}

/// `expression IN (SELECT ...)`: equal to a column of the sub-select.
void MotionBlock::add_semi_join(int number) {
    const MotionItem item = items_[static_cast<size_t>(number)];
    const Query *query = blocks_[static_cast<size_t>(item.block)].query;
    const auto *sublink = list_nth_node(SubLink, sublinks_of(query), item.sublink);
    if (sublink->subLinkType != ANY_SUBLINK || item.inner_block < 0)
        return;
    ListCell *cell;
    foreach (cell, conjuncts_of(sublink->testexpr)) {
        if (!IsA(lfirst(cell), OpExpr) || list_length(lfirst_node(OpExpr, cell)->args) != 2)
            continue;
        const auto *op = lfirst_node(OpExpr, cell);
        ::Node *left = strip_relabels(as_node(linitial(op->args)));
        ::Node *right = strip_relabels(as_node(lsecond(op->args)));
        const auto located = locate(item.block, left);
        if (!located.has_value() || !IsA(right, Param) ||
            !OidIsValid(equality_family(op->opno, exprType(left), exprType(right), op->inputcollid)))
            continue;
        link_output(add_expression(*located), item.inner_block, castNode(Param, right)->paramid);
    }
}

/// An expression is equal to a column of a sub-select.
void MotionBlock::link_output(int expression, int inner_block, int column) {
    const Query *query = blocks_[static_cast<size_t>(inner_block)].query;
    if (query->setOperations != nullptr) {
        for (size_t i = 0; i < items_.size(); i++)
            if (items_[i].block == inner_block && items_[i].inner_block >= 0)
                link_output(expression, items_[i].inner_block, column);
        return;
    }
    const TargetEntry *entry = get_tle_by_resno(query->targetList, static_cast<AttrNumber>(column));
    if (entry == nullptr)
        return;
    if (const auto located = locate(inner_block, as_node(entry->expr)); located.has_value())
        merge_classes(expression, add_expression(*located));
}

/// What rows of a sub-select are grouped by, made distinct by, or numbered by: equal ones must meet.
void MotionBlock::add_row_keys(int block) {
    const Query *query = blocks_[static_cast<size_t>(block)].query;
    const auto add = [&](const List *clauses) {
        ListCell *cell;
        foreach (cell, clauses) {
            auto *expr = get_sortgroupclause_expr(lfirst_node(SortGroupClause, cell), query->targetList);
            if (const auto located = locate(block, expr); located.has_value())
                add_expression(*located);
        }
    };
    if (query->groupingSets == NIL)
        add(query->groupClause);
    add(query->distinctClause);
    ListCell *cell;
    foreach (cell, query->windowClause)
        add(lfirst_node(WindowClause, cell)->partitionClause);
}

/// Equal rows of both sides must meet.
void MotionBlock::add_set_operation(int block) {
    const Query *query = blocks_[static_cast<size_t>(block)].query;
    if (query->setOperations == nullptr)
        return;
    const int columns = list_length(castNode(SetOperationStmt, query->setOperations)->colTypes);
    for (int column = 1; column <= columns; column++) {
        std::optional<int> first;
        for (size_t i = 0; i < items_.size() && !first.has_value(); i++) {
            if (items_[i].block != block || items_[i].inner_block < 0)
                continue;
            const Query *leaf = blocks_[static_cast<size_t>(items_[i].inner_block)].query;
            const TargetEntry *entry = get_tle_by_resno(leaf->targetList, static_cast<AttrNumber>(column));
            if (entry == nullptr || leaf->setOperations != nullptr)
                continue;
            if (const auto located = locate(items_[i].inner_block, as_node(entry->expr)); located.has_value())
                first = add_expression(*located);
        }
        if (first.has_value())
            link_output(*first, block, column);
    }
}

void MotionBlock::find_join_expressions() {
    for (size_t block = 0; block < blocks_.size(); block++) {
        ListCell *cell;
        foreach (cell, all_conditions(as_node(blocks_[block].query->jointree)))
            add_equality(static_cast<int>(block), as_node(lfirst(cell)));
        if (block > 0)
            add_row_keys(static_cast<int>(block));
        add_set_operation(static_cast<int>(block));
    }
    for (size_t i = 0; i < items_.size(); i++)
        if (items_[i].varno == 0)
            add_semi_join(static_cast<int>(i));
    // What is equal to a column of a sub-select in FROM is equal to what it is made of; new ones come at the
    // end.
    for (size_t i = 0; i < expressions_.size(); i++) {
        const JoinExpression each = expressions_[i];
        const MotionItem &item = items_[static_cast<size_t>(each.item)];
        if (item.inner_block >= 0 && IsA(each.expr, Var))
            link_output(static_cast<int>(i), item.inner_block, castNode(Var, each.expr)->varattno);
    }
}

int MotionBlock::class_of_column(int item, AttrNumber attno) const {
    for (const JoinExpression &each : expressions_)
        if (each.item == item && IsA(each.expr, Var) && castNode(Var, each.expr)->varattno == attno)
            return each.equal_class;
    return -1;
}

} // namespace citus
