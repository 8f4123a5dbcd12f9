#include "row_keys.hpp"

#include "citus/pg/memory.hpp"
#include "citus/pg/walker.hpp"

extern "C" {
#include "common/hashfn.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
}

namespace citus {

bool has_run_value(::Node *node, void *) {
    if (node == nullptr)
        return false;
    if (IsA(node, Param))
        return castNode(Param, node)->paramkind == PARAM_EXEC;
    if (IsA(node, SubPlan) || IsA(node, AlternativeSubPlan))
        return true;
    return walk_children(node, has_run_value, nullptr);
}

RowKeys::Key *RowKeys::as_key(::Node *condition, PlanState *node) {
    if (!IsA(condition, OpExpr) || list_length(castNode(OpExpr, condition)->args) != 2 ||
        contain_volatile_functions(condition) || contain_subplans(condition))
        return nullptr;
    auto *op = castNode(OpExpr, condition);
    auto *left = static_cast<::Node *>(linitial(op->args));
    auto *right = static_cast<::Node *>(lsecond(op->args));
    RegProcedure left_hash, right_hash;
    // The operator has to be strict: rows without a value are not kept.
    if (!op_hashjoinable(op->opno, exprType(left)) || !op_strict(op->opno) ||
        !get_op_hash_functions(op->opno, &left_hash, &right_hash))
        return nullptr;
    const bool inner_is_left = contain_var_clause(left);
    ::Node *inner = inner_is_left ? left : right;
    ::Node *outer = inner_is_left ? right : left;
    if (!contain_var_clause(inner) || has_run_value(inner) || contain_var_clause(outer))
        return nullptr;
    auto *key = static_cast<Key *>(palloc0(sizeof(Key)));
    key->inner = ExecInitExpr(reinterpret_cast<Expr *>(inner), node);
    key->outer = ExecInitExpr(reinterpret_cast<Expr *>(outer), node);
    fmgr_info(inner_is_left ? left_hash : right_hash, &key->inner_hash);
    fmgr_info(inner_is_left ? right_hash : left_hash, &key->outer_hash);
    key->collation = op->inputcollid;
    return key;
}

RowKeys *RowKeys::find(List *conditions, PlanState *node) {
    auto *keys = make_in<RowKeys>(CurrentMemoryContext);
    ListCell *cell;
    foreach (cell, conditions) {
        Key *key = as_key(static_cast<::Node *>(lfirst(cell)), node);
        if (key == nullptr)
            continue;
        key->next = keys->first_;
        keys->first_ = key;
    }
    return keys;
}

std::optional<uint32> RowKeys::hash(bool of_row, ExprContext *econtext) const {
    uint32 hash = 0;
    for (Key *key = first_; key != nullptr; key = key->next) {
        bool is_null;
        const Datum value = ExecEvalExprSwitchContext(of_row ? key->inner : key->outer, econtext, &is_null);
        if (is_null)
            return std::nullopt;
        ContextScope scope(econtext->ecxt_per_tuple_memory);
        FmgrInfo *function = of_row ? &key->inner_hash : &key->outer_hash;
        hash = hash_combine(hash, DatumGetUInt32(FunctionCall1Coll(function, key->collation, value)));
    }
    return hash;
}

} // namespace citus
