#include "locus_facts.hpp"

#include "citus/pg/node.hpp"
#include "citus/pg/walker.hpp"

extern "C" {
#include "access/stratnum.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "optimizer/prep.h"
#include "parser/parsetree.h"
}

namespace citus {

// ---------------------------------------------------------------- simplification

namespace {

bool has_joins(const Query *query) {
    ListCell *cell;
    foreach (cell, query->rtable)
        if (lfirst_node(RangeTblEntry, cell)->rtekind == RTE_JOIN)
            return true;
    return false;
}

void flatten_range_table(Query *query) {
    ListCell *cell;
    foreach (cell, query->rtable) {
        auto *rte = lfirst_node(RangeTblEntry, cell);
        if (!rte->lateral)
            continue;
        if (rte->rtekind == RTE_SUBQUERY)
            rte->subquery = castNode(Query, flatten_join_alias_vars(query, as_node(rte->subquery)));
        else if (rte->rtekind == RTE_FUNCTION)
            rte->functions =
                reinterpret_cast<List *>(flatten_join_alias_vars(query, as_node(rte->functions)));
        else if (rte->rtekind == RTE_VALUES)
            rte->values_lists =
                reinterpret_cast<List *>(flatten_join_alias_vars(query, as_node(rte->values_lists)));
    }
}

void flatten_joins(Query *query) {
    if (!has_joins(query))
        return;
    query->jointree = castNode(FromExpr, flatten_join_alias_vars(query, as_node(query->jointree)));
    query->targetList = reinterpret_cast<List *>(flatten_join_alias_vars(query, as_node(query->targetList)));
    query->returningList =
        reinterpret_cast<List *>(flatten_join_alias_vars(query, as_node(query->returningList)));
    query->havingQual = flatten_join_alias_vars(query, query->havingQual);
    flatten_range_table(query);
}

void reduce_joins(::Node *node, Relids nonnullable);

/// The kind of a join once rows in which these relations are NULL are known to be dropped above it.
JoinType reduced_type(const JoinExpr *join, Relids nonnullable) {
    const bool left = bms_overlap(nonnullable, get_relids_in_jointree(join->larg, false));
    const bool right = bms_overlap(nonnullable, get_relids_in_jointree(join->rarg, false));
    switch (join->jointype) {
    case JOIN_LEFT:
        return right ? JOIN_INNER : JOIN_LEFT;
    case JOIN_RIGHT:
        return left ? JOIN_INNER : JOIN_RIGHT;
    case JOIN_FULL:
        if (left && right)
            return JOIN_INNER;
        return left ? JOIN_LEFT : right ? JOIN_RIGHT : JOIN_FULL;
    default:
        return join->jointype;
    }
}

void reduce_join(JoinExpr *join, Relids nonnullable) {
    join->jointype = reduced_type(join, nonnullable);
    if (join->jointype == JOIN_RIGHT) {
        std::swap(join->larg, join->rarg);
        join->jointype = JOIN_LEFT;
    }
    Relids own = find_nonnullable_rels(join->quals);
    switch (join->jointype) {
    case JOIN_INNER:
        own = bms_union(own, nonnullable);
        reduce_joins(join->larg, own);
        reduce_joins(join->rarg, own);
        break;
    case JOIN_LEFT:
        reduce_joins(join->larg, nonnullable);
        reduce_joins(join->rarg, own);
        break;
    default:
        reduce_joins(join->larg, nullptr);
        reduce_joins(join->rarg, nullptr);
    }
}

void reduce_joins(::Node *node, Relids nonnullable) {
    if (IsA(node, FromExpr)) {
        auto *from = castNode(FromExpr, node);
        const Relids all = bms_union(nonnullable, find_nonnullable_rels(from->quals));
        ListCell *cell;
        foreach (cell, from->fromlist)
            reduce_joins(as_node(lfirst(cell)), all);
    } else if (IsA(node, JoinExpr)) {
        reduce_join(castNode(JoinExpr, node), nonnullable);
    }
}

/// What all arms of an OR have in common is demanded of each row, as PostgreSQL's planner finds out, too.
void factor_out_of_ors(::Node *node) {
    ::Node **quals;
    if (IsA(node, JoinExpr)) {
        factor_out_of_ors(castNode(JoinExpr, node)->larg);
        factor_out_of_ors(castNode(JoinExpr, node)->rarg);
        quals = &castNode(JoinExpr, node)->quals;
    } else if (IsA(node, FromExpr)) {
        ListCell *cell;
        foreach (cell, castNode(FromExpr, node)->fromlist)
            factor_out_of_ors(as_node(lfirst(cell)));
        quals = &castNode(FromExpr, node)->quals;
    } else {
        return;
    }
    ListCell *cell;
    foreach (cell, conjuncts_of(*quals))
        if (is_orclause(lfirst(cell))) {
            *quals = as_node(
                canonicalize_qual(reinterpret_cast<Expr *>(make_ands_explicit(conjuncts_of(*quals))), false));
            return;
        }
}

} // namespace

void simplify_block(Query *query) {
    flatten_joins(query);
    factor_out_of_ors(as_node(query->jointree));
    reduce_joins(as_node(query->jointree), nullptr);
}

namespace {

bool forget_names(::Node *node, void *raw) {
    auto *level = static_cast<Index *>(raw);
    if (node == nullptr)
        return false;
    if (IsA(node, Var) && castNode(Var, node)->varlevelsup == *level) {
        auto *var = castNode(Var, node);
        var->varnosyn = 0;
        var->varattnosyn = 0;
        return false;
    }
    if (!IsA(node, Query))
        return walk_children(node, forget_names, raw);
    ++*level;
    walk_query(castNode(Query, node), forget_names, raw, QTW_IGNORE_JOINALIASES);
    --*level;
    return false;
}

} // namespace

void forget_join_names(::Node *node) {
    Index level = 0;
    if (node != nullptr && IsA(node, Query))
        walk_query(castNode(Query, node), forget_names, &level, QTW_IGNORE_JOINALIASES);
    else
        forget_names(node, &level);
}

// ---------------------------------------------------------------- parts of a jointree

List *conjuncts_of(::Node *condition) {
    if (condition == nullptr)
        return NIL;
    List *result = NIL;
    if (IsA(condition, List)) {
        ListCell *cell;
        foreach (cell, castNode(List, condition))
            result = list_concat(result, conjuncts_of(as_node(lfirst(cell))));
        return result;
    }
    if (IsA(condition, BoolExpr) && castNode(BoolExpr, condition)->boolop == AND_EXPR)
        return conjuncts_of(as_node(castNode(BoolExpr, condition)->args));
    return list_make1(condition);
}

Relids strong_relations(::Node *jointree) {
    if (IsA(jointree, RangeTblRef))
        return bms_make_singleton(castNode(RangeTblRef, jointree)->rtindex);
    if (IsA(jointree, JoinExpr)) {
        const auto *join = castNode(JoinExpr, jointree);
        if (join->jointype == JOIN_INNER)
            return bms_union(strong_relations(join->larg), strong_relations(join->rarg));
        return join->jointype == JOIN_LEFT ? strong_relations(join->larg) : nullptr;
    }
    Relids result = nullptr;
    ListCell *cell;
    foreach (cell, castNode(FromExpr, jointree)->fromlist)
        result = bms_union(result, strong_relations(as_node(lfirst(cell))));
    return result;
}

List *strong_conditions(::Node *jointree) {
    if (IsA(jointree, RangeTblRef))
        return NIL;
    if (IsA(jointree, JoinExpr)) {
        const auto *join = castNode(JoinExpr, jointree);
        if (join->jointype == JOIN_INNER)
            return list_concat(list_concat(strong_conditions(join->larg), strong_conditions(join->rarg)),
                               conjuncts_of(join->quals));
        return join->jointype == JOIN_LEFT ? strong_conditions(join->larg) : NIL;
    }
    const auto *from = castNode(FromExpr, jointree);
    List *result = conjuncts_of(from->quals);
    ListCell *cell;
    foreach (cell, from->fromlist)
        result = list_concat(result, strong_conditions(as_node(lfirst(cell))));
    return result;
}

// ---------------------------------------------------------------- facts

namespace {

/// Whether a subquery in FROM only joins, filters and computes columns, so that what holds for its rows holds
/// where it stands.
bool is_transparent(const RangeTblEntry *rte) {
    if (rte->rtekind != RTE_SUBQUERY || rte->security_barrier)
        return false;
    const Query *query = rte->subquery;
    return query->commandType == CMD_SELECT && query->setOperations == nullptr && !query->hasAggs &&
           !query->hasWindowFuncs && !query->hasTargetSRFs && query->groupClause == NIL &&
           query->groupingSets == NIL && query->havingQual == nullptr && query->distinctClause == NIL &&
           query->limitCount == nullptr && query->limitOffset == nullptr && query->cteList == NIL;
}

bool is_base_relation(const Block *block, const Var *var, Relids strong) {
    return var->varlevelsup == 0 && bms_is_member(var->varno, strong) &&
           rt_fetch(var->varno, block->query->rtable)->rtekind == RTE_RELATION;
}

} // namespace

Oid equality_family(Oid op, Oid left_type, Oid right_type, Oid collation) {
    if (OidIsValid(collation) && !get_collation_isdeterministic(collation))
        return InvalidOid;
    const Oid family = hash_family_of_type(left_type);
    if (!OidIsValid(family) || family != hash_family_of_type(right_type))
        return InvalidOid;
    return get_op_opfamily_strategy(op, family) == HTEqualStrategyNumber ? family : InvalidOid;
}

void FactCollector::add_condition(Block *block, ::Node *condition, Relids strong,
                                  core::Equivalences *facts) const {
    if (IsA(condition, OpExpr) && list_length(castNode(OpExpr, condition)->args) == 2) {
        const auto *op = castNode(OpExpr, condition);
        ::Node *left = as_node(linitial(op->args));
        ::Node *right = as_node(lsecond(op->args));
        const Oid family = equality_family(op->opno, exprType(strip_relabels(left)),
                                           exprType(strip_relabels(right)), op->inputcollid);
        if (!OidIsValid(family))
            return;
        const auto a = terms->expression(block, left, family);
        const auto b = terms->expression(block, right, family);
        if (a.has_value() && b.has_value())
            facts->unite(*a, *b);
    } else if (IsA(condition, NullTest) && castNode(NullTest, condition)->nulltesttype == IS_NULL) {
        ::Node *arg = strip_relabels(as_node(castNode(NullTest, condition)->arg));
        if (!IsA(arg, Var) || !is_base_relation(block, castNode(Var, arg), strong))
            return;
        const auto column = terms->column_expression(block, arg);
        if (column.has_value())
            facts->unite(*column, terms->null_value(block));
    }
}

void FactCollector::collect(Block *block, ::Node *jointree, core::Equivalences *facts) const {
    const Relids strong = strong_relations(jointree);
    ListCell *cell;
    foreach (cell, strong_conditions(jointree))
        add_condition(block, as_node(lfirst(cell)), strong, facts);

    for (int index = -1; (index = bms_next_member(strong, index)) >= 0;) {
        auto *rte = rt_fetch(index, block->query->rtable);
        if (!is_transparent(rte))
            continue;
        Block *inner = block_of_subquery(analyzer, block, rte);
        foreach (cell, inner->query->targetList) {
            const auto *entry = lfirst_node(TargetEntry, cell);
            if (entry->resjunk)
                continue;
            const auto column = terms->column_expression(inner, as_node(entry->expr));
            if (column.has_value())
                facts->unite(terms->column(block, index, entry->resno), *column);
        }
        collect(inner, as_node(inner->query->jointree), facts);
    }
}

// ---------------------------------------------------------------- references to levels above

namespace {

struct OutsideSearch {
    Index level;      ///< below the query that is looked at
    Index cte_levels; ///< above it, whose CTEs do not count
};

bool refers_outside(::Node *node, void *raw) {
    auto *search = static_cast<OutsideSearch *>(raw);
    if (node == nullptr)
        return false;
    switch (nodeTag(node)) {
    case T_Var:
        return castNode(Var, node)->varlevelsup > search->level;
    case T_Aggref:
        if (castNode(Aggref, node)->agglevelsup > search->level)
            return true;
        break;
    case T_GroupingFunc:
        if (castNode(GroupingFunc, node)->agglevelsup > search->level)
            return true;
        break;
    case T_RangeTblEntry: {
        const auto *rte = castNode(RangeTblEntry, node);
        return rte->rtekind == RTE_CTE && rte->ctelevelsup > search->level + search->cte_levels;
    }
    case T_Query: {
        search->level++;
        const bool found = walk_query(castNode(Query, node), refers_outside, raw, QTW_EXAMINE_RTES_BEFORE);
        search->level--;
        return found;
    }
    default:
        break;
    }
    return walk_children(node, refers_outside, raw);
}

} // namespace

bool query_refers_outside(Query *query, Index cte_levels) {
    OutsideSearch search = {0, cte_levels};
    return walk_query(query, refers_outside, &search, QTW_EXAMINE_RTES_BEFORE);
}

bool expression_refers_outside(::Node *expr, Index cte_levels) {
    OutsideSearch search = {0, cte_levels};
    return refers_outside(expr, &search);
}

} // namespace citus
