#include "constants.hpp"

#include "citus/pg/walker.hpp"

extern "C" {
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
}

namespace citus {

namespace {

::Node *evaluate_mutator(::Node *node, void *) {
    if (node == nullptr)
        return nullptr;
    // A List is not an expression of its own.
    if (!IsA(node, List) && !IsA(node, Const) && !contain_var_clause(node) && contain_mutable_functions(node))
        return reinterpret_cast<::Node *>(evaluate_expr(reinterpret_cast<Expr *>(node), exprType(node),
                                                        exprTypmod(node), exprCollation(node)));
    return mutate_children(node, evaluate_mutator, nullptr);
}

} // namespace

::Node *evaluate_stable_parts(::Node *expression) {
    // Functions with defaulted arguments get them here, as evaluation needs it.
    return evaluate_mutator(reinterpret_cast<::Node *>(expression_planner(reinterpret_cast<Expr *>(expression))),
                            nullptr);
}

} // namespace citus
