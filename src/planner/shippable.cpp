#include "citus/planner/shippable.hpp"

#include "citus/pg/walker.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_proc.h"
#include "optimizer/optimizer.h"
}

namespace citus {

namespace {

// ---------------------------------------------------------------- functions and types

/// Stable functions that depend on the node they run on, by the beginning of their name.
constexpr std::string_view kNodeBound[] = {
    "pg_",
    "has_",
    "to_reg",
    "current_",
    "currval",
    "inet_",
    "query_to_",
    "table_to_",
    "schema_to_",
    "database_to_",
    "cursor_to_",
    "txid_",
    "obj_desc",
    "col_desc",
    "shobj_desc",
    "row_security_",
    "getdatabaseenc",
    "version",
    "session_user",
    "user",
    "format_type",
    "reg",
    "setval",
    "lastval",
    "nextval",
    "set_config",
    "statement_",
    "transaction_",
    "clock_",
    "timeofday",
    "age",
    "mxid_age",
    "lo_",
    "ts_",
    "binary_upgrade_",
    "aclexplode",
    "makeaclitem",
    "row_to_json",
    "to_json",
    "json_populate_",
    "jsonb_populate_",
    "json_to_record",
    "array_to_js",
    "jsonb_to_rec",
    "get_current_ts",
    "txid",
    "record_",
    "domain_",
};

bool is_node_bound(Oid function) {
    const char *name = get_func_name(function);
    if (name == nullptr)
        return true;
    const std::string_view text(name);
    // How a value is stored can only be seen where it is.
    if (text == "pg_column_size" || text == "pg_column_compression")
        return false;
    // age(timestamptz, timestamptz) is immutable and never gets here; age(timestamptz) reads today's date.
    return std::any_of(std::begin(kNodeBound), std::end(kNodeBound),
                       [&](std::string_view start) { return text.substr(0, start.size()) == start; });
}

/// Types whose values are numbers of catalog rows: they mean something else on another node.
bool is_catalog_reference(Oid type) {
    switch (type) {
    case REGPROCOID:
    case REGPROCEDUREOID:
    case REGOPEROID:
    case REGOPERATOROID:
    case REGCLASSOID:
    case REGTYPEOID:
    case REGROLEOID:
    case REGNAMESPACEOID:
    case REGCONFIGOID:
    case REGDICTIONARYOID:
    case REGCOLLATIONOID:
    case ACLITEMOID:
        return true;
    default:
        return false;
    }
}

// ---------------------------------------------------------------- collations

/// The collation a parser derives for an expression, with the ranks of its rules.
enum class Strength { None, Implicit, Conflict, Explicit };
struct Derived {
    Oid collation = InvalidOid;
    Strength strength = Strength::None;
};

struct CollationCheck {
    bool failed = false;
    Derived merged;
};

bool derive_collation(::Node *node, void *context);

void merge_collation(CollationCheck *into, Derived child) {
    Derived &merged = into->merged;
    if (child.strength > merged.strength) {
        merged = child;
    } else if (child.strength == merged.strength && child.collation != merged.collation) {
        if (child.strength == Strength::Implicit) {
            if (merged.collation == DEFAULT_COLLATION_OID)
                merged = child;
            else if (child.collation != DEFAULT_COLLATION_OID)
                merged = {InvalidOid, Strength::Conflict};
        } else if (child.strength == Strength::Explicit) {
            into->failed = true;
        }
    }
}

Derived with_type_default(Oid type) {
    const Oid collation = get_typcollation(type);
    return {collation, OidIsValid(collation) ? Strength::Implicit : Strength::None};
}

/// Collation of a leaf as the shard's parser will see it in the SQL text.
Derived leaf_collation(::Node *node) {
    if (IsA(node, Var))
        return {exprCollation(node), OidIsValid(exprCollation(node)) ? Strength::Implicit : Strength::None};
    Derived derived = with_type_default(exprType(node));
    if (IsA(node, Const) && castNode(Const, node)->constcollid != derived.collation)
        return {castNode(Const, node)->constcollid, Strength::Explicit}; // printed with COLLATE
    if (IsA(node, CaseTestExpr))
        derived.collation = exprCollation(node);
    return derived;
}

/// A CASE takes its collation from its results only.
void derive_case(CaseExpr *expr, CollationCheck *own) {
    CollationCheck aside;
    if (expr->arg != nullptr)
        derive_collation(reinterpret_cast<::Node *>(expr->arg), &aside);
    ListCell *cell;
    foreach (cell, expr->args) {
        auto *when = lfirst_node(CaseWhen, cell);
        derive_collation(reinterpret_cast<::Node *>(when->expr), &aside);
        derive_collation(reinterpret_cast<::Node *>(when->result), own);
    }
    derive_collation(reinterpret_cast<::Node *>(expr->defresult), own);
    own->failed |= aside.failed;
}

/// Checks that the collations stored in a tree are those a parser would derive from its text again; a COLLATE
/// that the planner folded away would be lost otherwise.
bool derive_collation(::Node *node, void *context) {
    auto *outer = static_cast<CollationCheck *>(context);
    if (node == nullptr)
        return false;
    if (IsA(node, List)) {
        walk_children(node, derive_collation, context);
        return false;
    }
    if (IsA(node, Var) || IsA(node, Const) || IsA(node, Param) || IsA(node, CaseTestExpr)) {
        merge_collation(outer, leaf_collation(node));
        return false;
    }
    CollationCheck own;
    if (IsA(node, CaseExpr))
        derive_case(castNode(CaseExpr, node), &own);
    else
        walk_children(node, derive_collation, &own);

    const bool conflict = own.merged.strength == Strength::Conflict;
    const Oid input = exprInputCollation(node);
    if (own.failed || (OidIsValid(input) && (conflict || input != own.merged.collation)) ||
        (!OidIsValid(input) && conflict))
        outer->failed = true;
    Derived result = with_type_default(exprType(node));
    if (result.strength != Strength::None && own.merged.strength != Strength::None)
        result = own.merged;
    if (exprCollation(node) != result.collation)
        outer->failed = true;
    merge_collation(outer, result);
    return false;
}

bool collations_survive(Expr *expr) {
    CollationCheck check;
    derive_collation(reinterpret_cast<::Node *>(expr), &check);
    return !check.failed;
}

// ---------------------------------------------------------------- the mutator

struct ShipContext {
    Index varno;
    List *params;
    bool failed;
    int conditional; ///< depth of CASE and COALESCE: what is inside may never be evaluated
};

bool uses_relation(::Node *node, void *context) {
    if (node == nullptr)
        return false;
    if (IsA(node, Var)) {
        const Var *var = castNode(Var, node);
        return var->varno == static_cast<int>(*static_cast<Index *>(context)) && var->varlevelsup == 0;
    }
    if (IsA(node, PlaceHolderVar))
        return true;
    return walk_children(node, uses_relation, context);
}

bool contains_case_test(::Node *node, void *) {
    if (node == nullptr)
        return false;
    return IsA(node, CaseTestExpr) || walk_children(node, contains_case_test, nullptr);
}

bool contains_subplan(::Node *node, void *context) {
    if (node == nullptr)
        return false;
    if (IsA(node, SubPlan) || IsA(node, AlternativeSubPlan) || IsA(node, SubLink) || IsA(node, Aggref) ||
        IsA(node, WindowFunc) || IsA(node, GroupingFunc) || IsA(node, CurrentOfExpr) ||
        IsA(node, PlaceHolderVar))
        return true;
    return walk_children(node, contains_subplan, context);
}

::Node *fail(ShipContext *context, ::Node *node) {
    context->failed = true;
    return node;
}

::Node *parameter_for(::Node *expr, ShipContext *context) {
    const Oid type = exprType(expr);
    const char kind = get_typtype(type);
    if (kind == TYPTYPE_PSEUDO || !(is_shippable_type(type) || kind == TYPTYPE_ENUM))
        return fail(context, expr);
    return numbered_parameter(&context->params, expr);
}

bool is_plain_constant(::Node *node) {
    return IsA(node, Const) && prints_alike(castNode(Const, node)->consttype);
}

/// A simple CASE is printed right only while its conditions still look as the parser made them.
bool case_can_be_printed(const CaseExpr *expr) {
    if (expr->arg == nullptr)
        return true;
    ListCell *cell;
    foreach (cell, expr->args) {
        auto *condition = reinterpret_cast<::Node *>(lfirst_node(CaseWhen, cell)->expr);
        if (!IsA(condition, OpExpr) || list_length(castNode(OpExpr, condition)->args) != 2)
            return false;
        auto *left = static_cast<::Node *>(linitial(castNode(OpExpr, condition)->args));
        if (!IsA(left, CaseTestExpr))
            return false;
    }
    return true;
}

bool functions_are_shippable(List *functions) {
    ListCell *cell;
    foreach (cell, functions)
        if (!is_shippable_function(lfirst_oid(cell)))
            return false;
    return true;
}

/// Whether the node itself, without its children, may stand in SQL for a shard.
bool node_is_shippable(::Node *node) {
    switch (nodeTag(node)) {
    case T_FuncExpr:
        return is_shippable_function(castNode(FuncExpr, node)->funcid) &&
               !castNode(FuncExpr, node)->funcretset;
    case T_OpExpr:
    case T_DistinctExpr:
    case T_NullIfExpr: {
        auto *op = reinterpret_cast<OpExpr *>(node);
        return op->opno < FirstNormalObjectId && is_shippable_function(get_opcode(op->opno)) && !op->opretset;
    }
    case T_ScalarArrayOpExpr: {
        auto *op = castNode(ScalarArrayOpExpr, node);
        return op->opno < FirstNormalObjectId && is_shippable_function(get_opcode(op->opno));
    }
    case T_RowCompareExpr: {
        List *functions = NIL;
        ListCell *cell;
        foreach (cell, castNode(RowCompareExpr, node)->opnos) {
            if (lfirst_oid(cell) >= FirstNormalObjectId)
                return false;
            functions = lappend_oid(functions, get_opcode(lfirst_oid(cell)));
        }
        return functions_are_shippable(functions);
    }
    case T_CaseExpr:
        return case_can_be_printed(castNode(CaseExpr, node));
    case T_NullTest:
        return !castNode(NullTest, node)->argisrow;
    case T_BoolExpr:
    case T_BooleanTest:
    case T_RelabelType:
    case T_CoerceViaIO:
    case T_ArrayCoerceExpr:
    case T_CaseWhen:
    case T_CaseTestExpr:
    case T_CoalesceExpr:
    case T_MinMaxExpr:
    case T_ArrayExpr:
        return true;
    case T_SubscriptingRef:
        return castNode(SubscriptingRef, node)->refassgnexpr == nullptr;
    default:
        return false;
    }
}

/// A user's enum is fine as an operand (its comparisons are built in), and a domain is its base type.
bool is_operand_type(Oid type) {
    const Oid base = getBaseType(type);
    return is_shippable_type(base) || get_typtype(base) == TYPTYPE_ENUM;
}

/// Whether the coordinator may evaluate an expression before the scan without raising an error that the
/// statement would not have raised.
bool can_evaluate_now(::Node *node, const ShipContext *context) {
    return context->conditional == 0 || IsA(node, Const) || IsA(node, Param) || IsA(node, Var);
}

::Node *ship_node(::Node *node, void *raw) {
    auto *context = static_cast<ShipContext *>(raw);
    if (node == nullptr || context->failed)
        return node;
    if (IsA(node, List))
        return mutate_children(node, ship_node, context);
    if (IsA(node, Var) && uses_relation(node, &context->varno)) {
        const Var *var = castNode(Var, node);
        if (var->varattno == InvalidAttrNumber || var->varattno == TableOidAttributeNumber ||
            !is_operand_type(var->vartype))
            return fail(context, node);
        auto *copy = static_cast<Var *>(copyObjectImpl(var));
        copy->varno = 1;
        copy->varnosyn = 1;
        copy->varattnosyn = copy->varattno;
        return reinterpret_cast<::Node *>(copy);
    }
    if (is_plain_constant(node) || IsA(node, CaseTestExpr))
        return static_cast<::Node *>(copyObjectImpl(node));
    // CaseWhen is no expression of its own, and a CASE's conditions refer to the CASE around them.
    if (!IsA(node, CaseWhen) && is_run_constant(node, context->varno) && !contains_case_test(node, nullptr) &&
        can_evaluate_now(node, context))
        return parameter_for(node, context);
    if (!node_is_shippable(node))
        return fail(context, node);
    if (!IsA(node, CaseWhen)) {
        if (!is_operand_type(exprType(node)))
            return fail(context, node);
    }
    const bool conditional = IsA(node, CaseExpr) || IsA(node, CoalesceExpr);
    if (!IsA(node, CaseWhen) && context->conditional > 0 && contain_mutable_functions(node) &&
        is_run_constant(node, context->varno))
        return fail(context, node); // stable: to be evaluated here, but only if the condition is met
    context->conditional += conditional;
    ::Node *copy = mutate_children(node, ship_node, context);
    context->conditional -= conditional;
    return copy;
}

} // namespace

bool is_shippable_type(Oid type) {
    if (type >= FirstNormalObjectId)
        return false;
    const Oid element = get_element_type(type);
    return !is_catalog_reference(OidIsValid(element) ? element : type) && type != RECORDOID &&
           type != RECORDARRAYOID;
}

bool is_shippable_function(Oid function) {
    if (!OidIsValid(function) || function >= FirstNormalObjectId)
        return false;
    switch (func_volatile(function)) {
    case PROVOLATILE_IMMUTABLE:
        return true;
    case PROVOLATILE_STABLE:
        return !is_node_bound(function);
    default:
        return false;
    }
}

bool is_run_constant(::Node *expr, Index varno) {
    return !uses_relation(expr, &varno) && !contain_volatile_functions(expr) &&
           !contains_subplan(expr, nullptr);
}

::Node *numbered_parameter(List **params, ::Node *expr) {
    int number = 0;
    for (int i = 0; i < list_length(*params) && number == 0; i++)
        if (equal(list_nth(*params, i), expr))
            number = i + 1;
    if (number == 0) {
        *params = lappend(*params, copyObjectImpl(expr));
        number = list_length(*params);
    }
    const Oid type = exprType(expr);
    auto *param = makeNode(Param);
    param->paramkind = PARAM_EXTERN;
    param->paramid = number;
    param->paramtype = type;
    param->paramtypmod = exprTypmod(expr);
    param->paramcollid = get_typcollation(type);
    param->location = -1;
    if (type < FirstNormalObjectId)
        return reinterpret_cast<::Node *>(param);
    // A user's type has another Oid on the node: its name says what the parameter is.
    return reinterpret_cast<::Node *>(makeRelabelType(reinterpret_cast<Expr *>(param), type, -1,
                                                      get_typcollation(type), COERCE_EXPLICIT_CAST));
}

Expr *ship_clause(Expr *clause, Index varno, List **params) {
    auto *node = reinterpret_cast<::Node *>(clause);
    if (contain_volatile_functions(node) || contains_subplan(node, nullptr))
        return nullptr;
    ShipContext context{varno, list_copy(*params), false, 0};
    auto *shipped = reinterpret_cast<Expr *>(ship_node(node, &context));
    if (context.failed || !collations_survive(shipped))
        return nullptr;
    *params = context.params;
    return shipped;
}

bool prints_alike(Oid type) {
    switch (type) {
    case BOOLOID:
    case INT2OID:
    case INT4OID:
    case INT8OID:
    case OIDOID:
    case NUMERICOID:
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID:
    case NAMEOID:
    case UUIDOID:
    case INT4ARRAYOID:
    case INT8ARRAYOID:
    case TEXTARRAYOID:
        return true;
    default:
        return false;
    }
}

bool is_bound_to_query(::Node *node, void *) {
    if (node == nullptr)
        return false;
    switch (nodeTag(node)) {
    case T_Var:
    case T_Aggref:
    case T_WindowFunc:
    case T_GroupingFunc:
    case T_SubLink:
    case T_SubPlan:
    case T_AlternativeSubPlan:
    case T_PlaceHolderVar:
    case T_CurrentOfExpr:
    case T_SetToDefault:
    case T_CaseTestExpr:
    case T_CoerceToDomainValue:
    case T_NextValueExpr:
    case T_Query:
        return true;
    case T_Param:
        return castNode(Param, node)->paramkind == PARAM_SUBLINK ||
               castNode(Param, node)->paramkind == PARAM_MULTIEXPR;
    default:
        return walk_children(node, is_bound_to_query, nullptr);
    }
}

} // namespace citus
