#include "citus/planner/pruning.hpp"

#include "citus/planner/shippable.hpp"

extern "C" {
#include "access/hash.h"
#include "access/stratnum.h"
}

namespace citus {

namespace {

struct PruneContext {
    const DistTable &table;
    Index varno;
};

::Node *strip_relabel(::Node *node) {
    while (node != nullptr && IsA(node, RelabelType))
        node = reinterpret_cast<::Node *>(castNode(RelabelType, node)->arg);
    return node;
}

bool is_key_var(const PruneContext &context, ::Node *node) {
    node = strip_relabel(node);
    if (node == nullptr || !IsA(node, Var))
        return false;
    const Var *var = castNode(Var, node);
    return var->varno == static_cast<int>(context.varno) && var->varlevelsup == 0 &&
           var->varattno == context.table.key_attno;
}

List *one_item(PruneKind kind, ::Node *expr) {
    return list_make1(make_prune_item(kind, reinterpret_cast<Expr *>(expr)));
}

List *items_of(const PruneContext &context, ::Node *clause);

List *items_of_operator(const PruneContext &context, const OpExpr *op) {
    if (list_length(op->args) != 2)
        return NIL;
    auto *left = static_cast<::Node *>(linitial(op->args));
    auto *right = static_cast<::Node *>(lsecond(op->args));
    Oid opno = op->opno;
    if (!is_key_var(context, left)) {
        std::swap(left, right);
        opno = get_commutator(opno);
    }
    if (!OidIsValid(opno) || !is_key_var(context, left) || !is_run_constant(right, context.varno) ||
        !is_key_equality(context.table, opno, getBaseType(exprType(right)), op->inputcollid))
        return NIL;
    return one_item(PruneKind::Equal, right);
}

List *items_of_any(const PruneContext &context, const ScalarArrayOpExpr *op) {
    auto *array = static_cast<::Node *>(lsecond(op->args));
    if (!op->useOr || !is_key_var(context, static_cast<::Node *>(linitial(op->args))) ||
        !is_run_constant(array, context.varno))
        return NIL;
    const Oid element = get_element_type(getBaseType(exprType(array)));
    if (!OidIsValid(element) ||
        !is_key_equality(context.table, op->opno, getBaseType(element), op->inputcollid))
        return NIL;
    return one_item(PruneKind::AnyOf, array);
}

/// Every arm must restrict the shards; a row may come from any of them.
List *items_of_or(const PruneContext &context, List *arms) {
    List *items = NIL;
    ListCell *cell;
    foreach (cell, arms) {
        List *of_arm = items_of(context, static_cast<::Node *>(lfirst(cell)));
        if (of_arm == NIL)
            return NIL;
        items = list_concat(items, of_arm);
    }
    return items;
}

/// A rank for choosing one of several AND-ed restrictions: fewer shards are better.
int cost_of(List *items) {
    int cost = 0;
    ListCell *cell;
    foreach (cell, items)
        cost += read_prune_item(static_cast<List *>(lfirst(cell))).kind == PruneKind::AnyOf ? 100 : 1;
    return cost;
}

List *items_of_and(const PruneContext &context, List *clauses) {
    List *best = NIL;
    ListCell *cell;
    foreach (cell, clauses) {
        List *items = items_of(context, static_cast<::Node *>(lfirst(cell)));
        if (items != NIL && (best == NIL || cost_of(items) < cost_of(best)))
            best = items;
    }
    return best;
}

/// The shards that one clause leaves; NIL when it does not restrict them.
List *items_of(const PruneContext &context, ::Node *clause) {
    if (IsA(clause, OpExpr))
        return items_of_operator(context, castNode(OpExpr, clause));
    if (IsA(clause, ScalarArrayOpExpr))
        return items_of_any(context, castNode(ScalarArrayOpExpr, clause));
    if (IsA(clause, NullTest)) {
        const auto *test = castNode(NullTest, clause);
        if (test->nulltesttype == IS_NULL && !test->argisrow &&
            is_key_var(context, reinterpret_cast<::Node *>(test->arg)))
            return one_item(PruneKind::IsNull, nullptr);
        return NIL;
    }
    if (IsA(clause, BoolExpr)) {
        const auto *expr = castNode(BoolExpr, clause);
        if (expr->boolop == OR_EXPR)
            return items_of_or(context, expr->args);
        if (expr->boolop == AND_EXPR)
            return items_of_and(context, expr->args);
        // The planner writes "flag = false" as "NOT flag".
        if (context.table.key_type == BOOLOID &&
            is_key_var(context, static_cast<::Node *>(linitial(expr->args))))
            return one_item(PruneKind::Equal, makeBoolConst(false, false));
        return NIL;
    }
    if (context.table.key_type == BOOLOID && is_key_var(context, clause))
        return one_item(PruneKind::Equal, makeBoolConst(true, false));
    return NIL;
}

} // namespace

bool is_key_equality(const DistTable &table, Oid op, Oid value_type, Oid collation) {
    if (get_op_opfamily_strategy(op, table.key_hash_opfamily) != HTEqualStrategyNumber)
        return false;
    if (OidIsValid(collation) && collation != table.key_collation &&
        !get_collation_isdeterministic(collation))
        return false; // equal values of another collation may have different hashes
    return value_type == table.key_type ||
           OidIsValid(get_opfamily_proc(table.key_hash_opfamily, value_type, value_type, HASHSTANDARD_PROC));
}

bool find_prune_items(const DistTable &table, Index varno, List *clauses, List **items) {
    if (!table.has_key())
        return false;
    *items = items_of_and({table, varno}, clauses);
    return *items != NIL;
}

} // namespace citus
