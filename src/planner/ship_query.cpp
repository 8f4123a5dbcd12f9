#include "ship_query.hpp"

#include "citus/pg/walker.hpp"
#include "citus/planner/shippable.hpp"
#include "motion_entry.hpp"

extern "C" {
#include "access/sysattr.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_proc.h"
#include "optimizer/optimizer.h"
}

namespace citus {

namespace {

struct ShipState {
    ShipMode mode;
    List *params;
    bool failed;
    int conditional;        ///< depth of CASE, COALESCE, ... : what is inside may never be evaluated
    ::Node *tree;           ///< all that is to be sent
    List *user_types = NIL; ///< Oids of the user's types that the nodes have; see knows_type
    bool user_types_known = false;
};

::Node *ship(::Node *node, void *raw);

::Node *fail(ShipState *state, ::Node *node) {
    state->failed = true;
    return node;
}

// ---------------------------------------------------------------- functions

/// Volatile functions whose answer has nothing to do with the node or session they run in.
bool is_portable_volatile(Oid function) {
    const char *name = get_func_name(function);
    if (name == nullptr)
        return false;
    const std::string_view text(name);
    return text == "random" || text == "gen_random_uuid" || text == "clock_timestamp" ||
           text == "timeofday" || text == "pg_sleep";
}

/// The aggregate that two-phase aggregates run on the shards.
bool is_partial_aggregate(Oid function) {
    const char *name = function >= FirstNormalObjectId ? get_func_name(function) : nullptr;
    const char *schema = name != nullptr ? get_namespace_name(get_func_namespace(function)) : nullptr;
    return schema != nullptr && strcmp(schema, "citus_internal") == 0 && strcmp(name, "partial_agg") == 0;
}

bool function_is_shippable(const ShipState *state, Oid function) {
    if (is_shippable_function(function) || is_partial_aggregate(function))
        return true;
    return state->mode == ShipMode::OneGroup && function < FirstNormalObjectId &&
           func_volatile(function) == PROVOLATILE_VOLATILE && is_portable_volatile(function);
}

bool not_shippable_function(Oid function, void *raw) {
    return !function_is_shippable(static_cast<ShipState *>(raw), function);
}

bool not_immutable(Oid function, void *) {
    return func_volatile(function) != PROVOLATILE_IMMUTABLE;
}

/// Whether the node calls, itself and not through its children, a function that must not go to a shard.
bool calls_unshippable(::Node *node, ShipState *state) {
    return check_functions_in_node(node, not_shippable_function, state);
}

bool calls_mutable(::Node *node) {
    return check_functions_in_node(node, not_immutable, nullptr);
}

bool operators_are_built_in(List *operators) {
    ListCell *cell;
    foreach (cell, operators)
        if (lfirst_oid(cell) >= FirstNormalObjectId)
            return false;
    return true;
}

bool is_user_operator(::Node *node) {
    switch (nodeTag(node)) {
    case T_OpExpr:
    case T_DistinctExpr:
    case T_NullIfExpr:
        return reinterpret_cast<OpExpr *>(node)->opno >= FirstNormalObjectId;
    case T_ScalarArrayOpExpr:
        return castNode(ScalarArrayOpExpr, node)->opno >= FirstNormalObjectId;
    case T_RowCompareExpr:
        return !operators_are_built_in(castNode(RowCompareExpr, node)->opnos);
    case T_SortGroupClause: {
        const auto *clause = castNode(SortGroupClause, node);
        return clause->eqop >= FirstNormalObjectId || clause->sortop >= FirstNormalObjectId;
    }
    default:
        return false;
    }
}

// ---------------------------------------------------------------- types and constants

bool is_oid_alias(Oid type) {
    const Oid element = get_element_type(type);
    const Oid scalar = OidIsValid(element) ? element : type;
    return scalar < FirstNormalObjectId && scalar != RECORDOID && !is_shippable_type(scalar);
}

/// The row type of a table, which the table's shards do not have.
bool is_table_row_type(Oid type) {
    const Oid element = get_element_type(type);
    const Oid relid = get_typ_typrelid(OidIsValid(element) ? element : type);
    return OidIsValid(relid) && get_rel_relkind(relid) != RELKIND_COMPOSITE_TYPE;
}

/// Whether values of the type may go through functions on a shard.
bool is_operand_type(Oid type) {
    return !is_oid_alias(type) && !is_table_row_type(type);
}

/// A type under the arrays around it.
Oid scalar_of(Oid type) {
    const Oid element = get_element_type(type);
    return OidIsValid(element) ? element : type;
}

void add_user_type(List **types, Oid type) {
    const Oid scalar = scalar_of(type);
    if (scalar >= FirstNormalObjectId)
        *types = list_append_unique_oid(*types, scalar);
}

void add_types_of_columns(List **types, Oid relid) {
    Relation relation = table_open(relid, NoLock);
    TupleDesc columns = RelationGetDescr(relation);
    for (int i = 0; i < columns->natts; i++)
        if (!TupleDescAttr(columns, i)->attisdropped)
            add_user_type(types, TupleDescAttr(columns, i)->atttypid);
    table_close(relation, NoLock);
}

/// The user's types of the columns of the tables that a tree reads or writes: their shards have the same. (A
/// view, or a column of a sub-select, may be of a type that no table has.)
bool find_user_types(::Node *node, void *raw) {
    auto *types = static_cast<List **>(raw);
    if (node == nullptr)
        return false;
    if (IsA(node, RangeTblEntry)) {
        const auto *rte = castNode(RangeTblEntry, node);
        if (rte->rtekind == RTE_RELATION && find_dist_table(rte->relid) != nullptr)
            add_types_of_columns(types, rte->relid);
        return false;
    }
    if (IsA(node, Query))
        return walk_query(castNode(Query, node), find_user_types, raw, QTW_EXAMINE_RTES_BEFORE);
    return walk_children(node, find_user_types, raw);
}

/// Whether the nodes have this type: those of the columns at hand, and the server's own.
bool knows_type(ShipState *state, Oid type) {
    if (scalar_of(type) < FirstNormalObjectId)
        return true;
    if (!state->user_types_known)
        find_user_types(state->tree, &state->user_types);
    state->user_types_known = true;
    return list_member_oid(state->user_types, scalar_of(type));
}

// ---------------------------------------------------------------- parameters

bool is_expression(::Node *node) {
    switch (nodeTag(node)) {
    case T_Const:
    case T_Param:
    case T_FuncExpr:
    case T_OpExpr:
    case T_DistinctExpr:
    case T_NullIfExpr:
    case T_ScalarArrayOpExpr:
    case T_BoolExpr:
    case T_FieldSelect:
    case T_RelabelType:
    case T_CoerceViaIO:
    case T_ArrayCoerceExpr:
    case T_CaseExpr:
    case T_ArrayExpr:
    case T_RowCompareExpr:
    case T_CoalesceExpr:
    case T_MinMaxExpr:
    case T_SQLValueFunction:
    case T_XmlExpr:
    case T_NullTest:
    case T_BooleanTest:
    case T_CoerceToDomain:
    case T_CollateExpr:
    case T_SubscriptingRef:
        return true;
    default:
        return false;
    }
}

/// Whether the coordinator may evaluate the expression once, before the shards run.
bool can_be_parameter(::Node *node) {
    if (!is_expression(node) || is_bound_to_query(node, nullptr) || expression_returns_set(node) ||
        contain_volatile_functions(node))
        return false;
    const Oid type = exprType(node);
    return get_typtype(type) != TYPTYPE_PSEUDO && is_operand_type(type);
}

::Node *parameter_for(::Node *expr, ShipState *state) {
    if (!can_be_parameter(expr) || !knows_type(state, exprType(expr)))
        return fail(state, expr);
    return numbered_parameter(&state->params, expr);
}

/// Functions that can't fail, so that evaluating them without need does no harm.
bool is_harmless(::Node *node) {
    if (IsA(node, FuncExpr))
        return castNode(FuncExpr, node)->args == NIL;
    return IsA(node, SQLValueFunction);
}

// ---------------------------------------------------------------- the walk

bool opens_condition(::Node *node) {
    return IsA(node, CaseExpr) || IsA(node, CoalesceExpr);
}

::Node *ship_children(::Node *node, ShipState *state) {
    const int depth = opens_condition(node) ? 1 : 0;
    state->conditional += depth;
    ::Node *result = mutate_children(node, ship, state);
    state->conditional -= depth;
    return result;
}

::Node *ship_var(Var *var, ShipState *state) {
    auto *node = reinterpret_cast<::Node *>(var);
    if (var->varattno == TableOidAttributeNumber)
        return fail(state, node);
    if (var->varattno < 0 && state->mode != ShipMode::OneGroup)
        return fail(state, node);
    return static_cast<::Node *>(copyObjectImpl(var));
}

::Node *ship_const(Const *constant, ShipState *state) {
    auto *node = reinterpret_cast<::Node *>(constant);
    if (!is_operand_type(constant->consttype) || !knows_type(state, constant->consttype))
        return fail(state, node);
    if (constant->constisnull || constant->consttype == UNKNOWNOID || prints_alike(constant->consttype))
        return static_cast<::Node *>(copyObjectImpl(constant));
    return parameter_for(node, state);
}

::Node *ship_param(Param *param, ShipState *state) {
    auto *node = reinterpret_cast<::Node *>(param);
    if (param->paramkind == PARAM_SUBLINK || param->paramkind == PARAM_MULTIEXPR)
        return static_cast<::Node *>(copyObjectImpl(param));
    return parameter_for(node, state);
}

/// Whole rows may be counted, tested and returned; in functions their type would matter.
bool is_row_of_table(::Node *node) {
    return IsA(node, Var) && castNode(Var, node)->varattno == InvalidAttrNumber;
}

bool has_bad_operand(::Node *node, void *) {
    if (node == nullptr || IsA(node, List))
        return node != nullptr && walk_children(node, has_bad_operand, nullptr);
    if (!is_expression(node) && !IsA(node, Var) && !IsA(node, Aggref) && !IsA(node, RowExpr))
        return false;
    return is_row_of_table(node) ? false : is_oid_alias(exprType(node));
}

/// Nodes that compute something from operands.
::Node *ship_expression(::Node *node, ShipState *state) {
    const int before = list_length(state->params);
    const bool is_constant = can_be_parameter(node);
    // Stable: one value for the whole statement, and the coordinator's settings and clock decide on it.
    if (is_constant && calls_mutable(node) && (state->conditional == 0 || is_harmless(node)))
        return parameter_for(node, state);
    ::Node *result = node;
    if (is_user_operator(node) || calls_unshippable(node, state) || is_table_row_type(exprType(node)) ||
        !knows_type(state, exprType(node)) || walk_children(node, has_bad_operand, nullptr))
        state->failed = true;
    else
        result = ship_children(node, state);
    // What must stay here is evaluated here, unless it might not be evaluated at all.
    if (!state->failed || !is_constant || state->conditional > 0)
        return result;
    state->failed = false;
    state->params = list_truncate(state->params, before);
    return parameter_for(node, state);
}

bool is_assignment(const Expr *expr) {
    return expr != nullptr && (IsA(expr, FieldStore) ||
                               (IsA(expr, SubscriptingRef) &&
                                reinterpret_cast<const SubscriptingRef *>(expr)->refassgnexpr != nullptr));
}

/// The deparser prints an assignment to one element or field of a column; the rewriter makes one tree of
/// several of them.
bool is_single_assignment(::Node *node) {
    if (IsA(node, FieldStore)) {
        const auto *store = castNode(FieldStore, node);
        return list_length(store->newvals) == 1 && IsA(store->arg, Var) &&
               !is_assignment(static_cast<Expr *>(linitial(store->newvals)));
    }
    const auto *element = castNode(SubscriptingRef, node);
    return IsA(element->refexpr, Var) && !is_assignment(element->refassgnexpr);
}

/// A function in FROM can't be replaced as a whole, only its arguments can.
::Node *ship_table_function(RangeTblFunction *function, ShipState *state) {
    auto *node = reinterpret_cast<::Node *>(function);
    if (IsA(function->funcexpr, FuncExpr) &&
        is_motion_entry_function(castNode(FuncExpr, function->funcexpr)->funcid))
        return static_cast<::Node *>(copyObjectImpl(function));
    if (!IsA(function->funcexpr, FuncExpr) || function->funccolnames != NIL ||
        calls_unshippable(function->funcexpr, state) ||
        walk_children(function->funcexpr, has_bad_operand, nullptr))
        return fail(state, node);
    auto *copy = makeNode(RangeTblFunction);
    *copy = *function;
    copy->funcexpr = ship_children(function->funcexpr, state);
    return reinterpret_cast<::Node *>(copy);
}

bool rte_is_shippable(const RangeTblEntry *rte) {
    if (rte->securityQuals != NIL || rte->security_barrier)
        return false;
    if (rte->tablesample != nullptr && rte->tablesample->tsmhandler >= FirstNormalObjectId)
        return false;
    return rte->rtekind != RTE_TABLEFUNC && rte->rtekind != RTE_NAMEDTUPLESTORE;
}

/// WITH without the SELECTs that nothing refers to: they never run.
List *used_ctes(List *ctes) {
    List *used = NIL;
    ListCell *cell;
    foreach (cell, ctes) {
        const auto *cte = lfirst_node(CommonTableExpr, cell);
        if (cte->cterefcount > 0 || castNode(Query, cte->ctequery)->commandType != CMD_SELECT)
            used = lappend(used, lfirst(cell));
    }
    return used;
}

/// What is sorted or grouped by must not look like the number of a column in the text, as `- 1` would.
::Node *ship_target_entry(TargetEntry *entry, ShipState *state) {
    auto *expr = reinterpret_cast<::Node *>(entry->expr);
    // Where a row is may be shown. To compare it would be another thing: on each shard there is such a place.
    if (entry->ressortgroupref == 0 && IsA(expr, Var) &&
        castNode(Var, expr)->varattno == SelfItemPointerAttributeNumber)
        return static_cast<::Node *>(copyObjectImpl(entry));
    if (entry->ressortgroupref == 0 || !can_be_parameter(expr))
        return mutate_children(reinterpret_cast<::Node *>(entry), ship, state);
    TargetEntry *copy = flatCopyTargetEntry(entry);
    copy->expr = reinterpret_cast<Expr *>(parameter_for(expr, state));
    return reinterpret_cast<::Node *>(copy);
}

/// The arguments are what is grouped by, and become what that becomes.
::Node *ship_grouping(GroupingFunc *grouping, ShipState *state) {
    auto *copy = makeNode(GroupingFunc);
    *copy = *grouping;
    copy->args = NIL;
    ListCell *cell;
    foreach (cell, grouping->args) {
        auto *argument = static_cast<::Node *>(lfirst(cell));
        copy->args = lappend(copy->args, can_be_parameter(argument) ? parameter_for(argument, state)
                                                                    : ship(argument, state));
    }
    return reinterpret_cast<::Node *>(copy);
}

::Node *ship_query(Query *query, ShipState *state) {
    auto *node = reinterpret_cast<::Node *>(query);
    if (query->utilityStmt != nullptr || query->withCheckOptions != NIL)
        return fail(state, node);
    ListCell *cell;
    foreach (cell, query->rtable)
        if (!rte_is_shippable(lfirst_node(RangeTblEntry, cell)))
            return fail(state, node);
    const int conditional = state->conditional;
    state->conditional = 0;
    Query trimmed = *query;
    trimmed.cteList = used_ctes(query->cteList);
    Query *result =
        query_tree_mutator(&trimmed, reinterpret_cast<::Node *(*)()>(reinterpret_cast<void (*)()>(ship)),
                           state, QTW_IGNORE_JOINALIASES | QTW_EXAMINE_SORTGROUP);
    state->conditional = conditional;
    return reinterpret_cast<::Node *>(result);
}

::Node *ship(::Node *node, void *raw) {
    auto *state = static_cast<ShipState *>(raw);
    if (node == nullptr || state->failed)
        return node;
    switch (nodeTag(node)) {
    case T_Var:
        return ship_var(castNode(Var, node), state);
    case T_Const:
        return ship_const(castNode(Const, node), state);
    case T_Param:
        return ship_param(castNode(Param, node), state);
    case T_SQLValueFunction:
        return parameter_for(node, state);
    case T_Query:
        return ship_query(castNode(Query, node), state);
    case T_TargetEntry:
        return ship_target_entry(castNode(TargetEntry, node), state);
    case T_GroupingFunc:
        return ship_grouping(castNode(GroupingFunc, node), state);
    case T_RangeTblFunction:
        return ship_table_function(castNode(RangeTblFunction, node), state);
    case T_FieldStore:
        return is_single_assignment(node) ? mutate_children(node, ship, state) : fail(state, node);
    case T_XmlExpr:
    case T_NextValueExpr:
    case T_CurrentOfExpr:
    case T_SetToDefault:
    case T_ConvertRowtypeExpr:
    case T_SubPlan:
    case T_AlternativeSubPlan:
    case T_PlaceHolderVar:
    case T_TableFunc:
        return can_be_parameter(node) ? parameter_for(node, state) : fail(state, node);
    case T_CollateExpr:
        if (castNode(CollateExpr, node)->collOid >= FirstNormalObjectId)
            return fail(state, node);
        return ship_expression(node, state);
    case T_CaseExpr:
    case T_CoalesceExpr:
    case T_FuncExpr:
    case T_OpExpr:
    case T_DistinctExpr:
    case T_NullIfExpr:
    case T_ScalarArrayOpExpr:
    case T_RowCompareExpr:
    case T_CoerceViaIO:
    case T_ArrayCoerceExpr:
    case T_RelabelType:
    case T_MinMaxExpr:
    case T_ArrayExpr:
    case T_FieldSelect:
    case T_NullTest:
    case T_BooleanTest:
    case T_BoolExpr:
    case T_CoerceToDomain:
    case T_Aggref:
    case T_WindowFunc:
        return ship_expression(node, state);
    case T_SubscriptingRef:
        if (castNode(SubscriptingRef, node)->refassgnexpr != nullptr && !is_single_assignment(node))
            return fail(state, node);
        return ship_expression(node, state);
    case T_RowExpr:
        if (is_table_row_type(exprType(node)) || !knows_type(state, exprType(node)))
            return fail(state, node);
        return mutate_children(node, ship, state);
    case T_SortGroupClause:
        if (is_user_operator(node))
            return fail(state, node);
        return static_cast<::Node *>(copyObjectImpl(node));
    case T_List:
    case T_IntList:
    case T_OidList:
    case T_FromExpr:
    case T_JoinExpr:
    case T_RangeTblRef:
    case T_RangeTblEntry:
    case T_CommonTableExpr:
    case T_SetOperationStmt:
    case T_OnConflictExpr:
    case T_InferenceElem:
    case T_MergeAction:
    case T_RowMarkClause:
    case T_GroupingSet:
    case T_WindowClause:
    case T_TableSampleClause:
    case T_SubLink:
    case T_NamedArgExpr:
    case T_CaseWhen:
    case T_CaseTestExpr:
    case T_CoerceToDomainValue:
        return mutate_children(node, ship, state);
    default:
        return fail(state, node);
    }
}

} // namespace

::Node *ship_tree(::Node *tree, ShipMode mode, List **params) {
    ShipState state{.mode = mode, .params = *params, .failed = false, .conditional = 0, .tree = tree};
    ::Node *result = ship(tree, &state);
    *params = state.params;
    return state.failed ? nullptr : result;
}

} // namespace citus
