#include "reduction.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/pg/node.hpp"
#include "citus/pg/walker.hpp"
#include "locus_facts.hpp"
#include "subblocks.hpp"

extern "C" {
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
}

namespace citus {

namespace {

// ---------------------------------------------------------------- ORs

::Node *parts_about(::Node *arm, int varno) {
    List *parts = NIL;
    ListCell *cell;
    foreach (cell, conjuncts_of(arm))
        if (only_relation(as_node(lfirst(cell))) == varno)
            parts = lappend(parts, lfirst(cell));
    return parts == NIL ? nullptr : as_node(make_ands_explicit(parts));
}

/// `(a AND x) OR (b AND y)` says `a OR b` of the relation that a and b are about.
::Node *implied_by_or(::Node *condition, int varno) {
    if (!IsA(condition, BoolExpr) || castNode(BoolExpr, condition)->boolop != OR_EXPR ||
        contain_volatile_functions(condition))
        return nullptr;
    List *arms = NIL;
    ListCell *cell;
    foreach (cell, castNode(BoolExpr, condition)->args) {
        ::Node *parts = parts_about(as_node(lfirst(cell)), varno);
        if (parts == nullptr)
            return nullptr;
        arms = lappend(arms, parts);
    }
    return as_node(make_orclause(copy_of(arms)));
}

// ---------------------------------------------------------------- joins with reference tables

bool is_plain_reference(const RangeTblEntry *rte) {
    if (rte->rtekind != RTE_RELATION || rte->tablesample != nullptr || rte->securityQuals != NIL)
        return false;
    const DistTable *table = find_dist_table(rte->relid);
    return table != nullptr && table->kind == TableKind::Reference;
}

/// A parameter that stands for a column of an IN's sub-select.
Param *sublink_column(const Query *sub, int number) {
    auto *expr = as_node(list_nth_node(TargetEntry, sub->targetList, number - 1)->expr);
    auto *param = makeNode(Param);
    param->paramkind = PARAM_SUBLINK;
    param->paramid = number;
    param->paramtype = exprType(expr);
    param->paramtypmod = exprTypmod(expr);
    param->paramcollid = exprCollation(expr);
    param->location = -1;
    return param;
}

/// What has been looked at on the way to a relation: the other relations, and how it was reached.
struct Way {
    Relids seen = nullptr;
    ::Node *reached_by = nullptr; ///< an expression of the relation; what equals it is looked at before
};

List *demands(const Query *query, int varno, const Way &way, bool with_own);

Query *select_from(const Query *query, int varno, List *exprs, List *conditions) {
    auto *select = makeNode(Query);
    select->commandType = CMD_SELECT;
    select->canSetTag = true;
    auto *rte = copy_of(rt_fetch(varno, query->rtable));
    rte->inFromCl = true;
    select->rtable = list_make1(rte);
    auto *reference = makeNode(RangeTblRef);
    reference->rtindex = 1;
    auto *quals = as_node(make_ands_explicit(copy_of(conditions)));
    ChangeVarNodes(quals, varno, 1, 0);
    select->jointree = makeFromExpr(list_make1(reference), quals);
    ListCell *cell;
    foreach (cell, exprs) {
        auto *expr = copy_of(as_node(lfirst(cell)));
        ChangeVarNodes(expr, varno, 1, 0);
        const auto number = static_cast<AttrNumber>(list_length(select->targetList) + 1);
        select->targetList =
            lappend(select->targetList,
                    makeTargetEntry(reinterpret_cast<Expr *>(expr), number, psprintf("c%d", number), false));
    }
    select->hasSubLinks = checkExprHasSubLink(quals);
    select->hasRowSecurity = query->hasRowSecurity;
    return select;
}

bool is_equality(const ::Node *condition) {
    if (!IsA(condition, OpExpr) || list_length(reinterpret_cast<const OpExpr *>(condition)->args) != 2)
        return false;
    const auto *op = reinterpret_cast<const OpExpr *>(condition);
    return OidIsValid(equality_family(op->opno, exprType(strip_relabels(as_node(linitial(op->args)))),
                                      exprType(strip_relabels(as_node(lsecond(op->args)))), op->inputcollid));
}

/// A comparison of an expression of the relation with one of another.
struct Link {
    OpExpr *op; ///< the relation's expression on the left, or on the right:
    bool own_is_left;

    ::Node *own() const { return as_node(own_is_left ? linitial(op->args) : lsecond(op->args)); }
    ::Node *other() const { return as_node(own_is_left ? lsecond(op->args) : linitial(op->args)); }
};

bool is_known(const std::pmr::vector<Link> &links, const Link &link) {
    return std::any_of(links.begin(), links.end(), [&](const Link &known) {
        return equal(known.own(), link.own()) && equal(known.other(), link.other());
    });
}

/// What the relation is compared with, also through third expressions: a = b and b = c, by the same operator
/// of one type, say a = c.
std::pmr::vector<Link> links_of(List *conditions, int varno) {
    std::pmr::vector<Link> links;
    ListCell *cell;
    foreach (cell, conditions) {
        auto *condition = as_node(lfirst(cell));
        if (!is_equality(condition) || contain_volatile_functions(condition))
            continue;
        for (const bool own_is_left : {true, false}) {
            const Link link{castNode(OpExpr, condition), own_is_left};
            if (only_relation(link.own()) == varno && only_relation(link.other()) != 0)
                links.push_back(link);
        }
    }
    for (size_t i = 0; i < links.size(); i++) {
        const Link from = links[i];
        if (exprType(from.own()) != exprType(from.other()))
            continue;
        foreach (cell, conditions) {
            auto *condition = as_node(lfirst(cell));
            if (!IsA(condition, OpExpr) || castNode(OpExpr, condition)->opno != from.op->opno ||
                castNode(OpExpr, condition)->inputcollid != from.op->inputcollid)
                continue;
            for (const bool is_left : {true, false}) {
                const Link next{castNode(OpExpr, condition), is_left};
                if (!equal(next.own(), from.other()) || only_relation(next.other()) == 0)
                    continue;
                auto *op = copy_of(from.op);
                op->args = list_make2(from.own(), next.other());
                const Link joined{op, true};
                if (only_relation(next.other()) != varno && !is_known(links, joined))
                    links.push_back(joined);
            }
        }
    }
    return links;
}

/// `own IN (SELECT other FROM reference table WHERE ...)`.
::Node *implied_by_join(const Query *query, const Link &link, Relids strong, Relids seen) {
    const int joined = only_relation(link.other());
    if (bms_is_member(joined, seen) || !bms_is_member(joined, strong) ||
        !is_plain_reference(rt_fetch(joined, query->rtable)))
        return nullptr;
    List *demanded = demands(query, joined, {seen, link.other()}, true);
    if (demanded == NIL)
        return nullptr;
    Query *sub = select_from(query, joined, list_make1(link.other()), demanded);
    auto *test = test_with_column(link.op, !link.own_is_left, sub, 1);
    return test == nullptr ? nullptr : as_node(in_sublink(sub, list_make1(test)));
}

List *demands(const Query *query, int varno, const Way &way, bool with_own) {
    auto *jointree = as_node(query->jointree);
    const Relids strong = strong_relations(jointree);
    if (!bms_is_member(varno, strong))
        return NIL;
    const Relids seen = bms_add_member(bms_copy(way.seen), varno);
    List *conditions = strong_conditions(jointree);
    List *found = NIL;
    ListCell *cell;
    foreach (cell, conditions) {
        auto *condition = as_node(lfirst(cell));
        if (only_relation(condition) != varno) {
            if (::Node *implied = implied_by_or(condition, varno); implied != nullptr)
                found = lappend(found, implied);
        } else if (with_own && !contain_volatile_functions(condition)) {
            found = lappend(found, copy_of(condition));
        }
    }
    for (const Link &link : links_of(conditions, varno)) {
        if (way.reached_by != nullptr && equal(link.own(), way.reached_by))
            continue;
        if (::Node *implied = implied_by_join(query, link, strong, seen); implied != nullptr)
            found = lappend(found, implied);
    }
    return found;
}

/// A sub-select that looks at columns of the block; also that for which rows are restricted.
bool has_correlated_sublink(::Node *node, void *) {
    if (node == nullptr)
        return false;
    if (IsA(node, SubLink) && !is_self_contained(castNode(Query, castNode(SubLink, node)->subselect)))
        return true;
    return walk_children(node, has_correlated_sublink, nullptr);
}

/// Conditions with sub-selects that use no other relation of the block, and that only outside the
/// sub-selects.
List *own_sublink_conditions(const Query *query, int varno) {
    List *found = NIL;
    ListCell *cell;
    foreach (cell, strong_conditions(as_node(query->jointree))) {
        auto *condition = as_node(lfirst(cell));
        int only;
        if (checkExprHasSubLink(condition) && !has_correlated_sublink(condition, nullptr) &&
            !contain_volatile_functions(condition) &&
            bms_get_singleton_member(pull_varnos(nullptr, condition), &only) && only == varno)
            found = lappend(found, copy_of(condition));
    }
    return found;
}

} // namespace

int only_relation(::Node *expr) {
    int varno;
    if (checkExprHasSubLink(expr) || expression_returns_set(expr) ||
        !bms_get_singleton_member(pull_varnos(nullptr, expr), &varno))
        return 0;
    return varno;
}

List *implied_conditions(const Query *query, int varno) {
    return demands(query, varno, {}, false);
}

Query *restricted_rows(const Query *query, int varno, List *exprs) {
    const auto *rte = rt_fetch(varno, query->rtable);
    if (rte->rtekind != RTE_RELATION || rte->tablesample != nullptr || rte->securityQuals != NIL ||
        !bms_is_member(varno, strong_relations(as_node(query->jointree))))
        return nullptr;
    List *demanded = list_concat(demands(query, varno, {}, true), own_sublink_conditions(query, varno));
    if (demanded == NIL)
        return nullptr;
    Query *select = select_from(query, varno, exprs, demanded);
    return is_self_contained(select) ? select : nullptr;
}

SubLink *in_sublink(Query *sub, List *tests) {
    auto *sublink = makeNode(SubLink);
    sublink->subLinkType = ANY_SUBLINK;
    sublink->testexpr = as_node(make_ands_explicit(tests));
    sublink->operName = list_make1(makeString(pstrdup("=")));
    sublink->subselect = as_node(sub);
    sublink->location = -1;
    return sublink;
}

OpExpr *test_with_column(const OpExpr *comparison, bool replaces_left, const Query *sub, int number) {
    auto *test = copy_of(comparison);
    if (replaces_left) {
        test->opno = get_commutator(comparison->opno);
        test->opfuncid = InvalidOid;
        if (!OidIsValid(test->opno))
            return nullptr;
        set_opfuncid(test);
        test->args = list_make1(lsecond(test->args));
    } else {
        test->args = list_make1(linitial(test->args));
    }
    test->args = lappend(test->args, sublink_column(sub, number));
    return test;
}

} // namespace citus
