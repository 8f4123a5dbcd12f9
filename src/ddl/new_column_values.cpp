#include "new_column_values.hpp"

#include "citus/ddl/shard_ddl.hpp"
#include "citus/ddl/shard_definition.hpp"
#include "citus/executor/table_triggers.hpp"
#include "citus/pg/list.hpp"
#include "citus/pg/walker.hpp"
#include "citus/planner/shippable.hpp"
#include "utility_call.hpp"

extern "C" {
#include "optimizer/optimizer.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "rewrite/rewriteHandler.h"
#include "utils/ruleutils.h"
}

namespace citus {

namespace {

::Node *evaluated(::Node *expression) {
    if (IsA(expression, Const))
        return expression;
    // Arguments by name and by default get their places.
    Expr *planned = expression_planner(reinterpret_cast<Expr *>(expression));
    return reinterpret_cast<::Node *>(
        evaluate_expr(planned, exprType(expression), exprTypmod(expression), exprCollation(expression)));
}

/// Whether a part of the expression stands for a value that the node around it provides (CASE x WHEN ...).
bool uses_value_around(::Node *node, void *) {
    if (node == nullptr)
        return false;
    if (IsA(node, CaseTestExpr) || IsA(node, CoerceToDomainValue))
        return true;
    return walk_children(node, uses_value_around, nullptr);
}

/// Parts that don't depend on the row have one value in the whole statement.
::Node *evaluate_row_free_parts(::Node *node, void *context) {
    if (node == nullptr)
        return nullptr;
    const bool is_scalar = !IsA(node, List) && !IsA(node, NamedArgExpr) && !IsA(node, CaseWhen) && !IsA(node, CaseTestExpr) &&
                           !IsA(node, CoerceToDomainValue) && exprType(node) != InvalidOid;
    if (is_scalar && !contain_var_clause(node) && !uses_value_around(node, nullptr) &&
        !contain_volatile_functions(node))
        return evaluated(node);
    return mutate_children(node, evaluate_row_free_parts, context);
}

bool is_unknown_to_shards(Oid function, void *) {
    return function >= FirstNormalObjectId;
}

bool uses_functions_unknown_to_shards(::Node *node, void *context) {
    if (node == nullptr)
        return false;
    if (check_functions_in_node(node, is_unknown_to_shards, context))
        return true;
    return walk_children(node, uses_functions_unknown_to_shards, context);
}

::Node *transformed(Relation relation, ::Node *raw_expression) {
    ParseState *state = make_parsestate(nullptr);
    ParseNamespaceItem *item =
        addRangeTableEntryForRelation(state, relation, AccessShareLock, nullptr, false, true);
    addNSItemToQuery(state, item, false, true, true);
    ::Node *expression = transformExpr(state, static_cast<::Node *>(copyObjectImpl(raw_expression)),
                                       EXPR_KIND_ALTER_COL_TRANSFORM);
    assign_expr_collations(state, expression);
    free_parsestate(state);
    return expression;
}

void check_conversion(const DistTable &table, ::Node *expression) {
    if (uses_functions_unknown_to_shards(expression, nullptr))
        refuse("cannot convert a column of a distributed table with a function that other nodes may not have",
               "Use built-in functions, or add a column, fill it with UPDATE, drop the old one and rename.");
    if (contain_volatile_functions(expression))
        refuse("cannot convert a column of a distributed table with a volatile function",
               "Add a column, fill it with UPDATE, drop the old one and rename.");
}

} // namespace

NewColumnValue new_column_value(Relation relation, AttrNumber attno) {
    ::Node *value = build_column_default(relation, attno);
    if (value == nullptr) {
        // An explicit NULL keeps a worker from using the default of its own domain.
        const Oid type = TupleDescAttr(RelationGetDescr(relation), attno - 1)->atttypid;
        return {get_typtype(type) == TYPTYPE_DOMAIN ? "NULL" : nullptr, false};
    }
    // A default of an argument may be volatile.
    value = reinterpret_cast<::Node *>(expression_planner(reinterpret_cast<Expr *>(value)));
    if (contain_volatile_functions(value))
        return {nullptr, true};
    // Functions find what they need by the user's own search_path.
    value = evaluated(value);
    const int level = pin_search_path();
    const char *text = deparse_expression(value, NIL, false, false);
    unpin_search_path(level);
    return {text, false};
}

/// The UPDATE that fills them would be rewritten, too.
static void refuse_rules(Oid relid) {
    Relation relation = table_open(relid, NoLock);
    if (relation->rd_rules != nullptr)
        ereport(ERROR,
                (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                 errmsg("cannot add a column with a volatile default to table \"%s\" because it has rules",
                        RelationGetRelationName(relation)),
                 errhint("Drop the rules, add the column, and create them again.")));
    table_close(relation, NoLock);
}

void fill_new_columns(Oid relid, List *columns) {
    refuse_rules(relid);
    StringInfoData command;
    initStringInfo(&command);
    appendStringInfo(&command, "UPDATE %s SET ", qualified_relation_name(relid));
    const char *separator = "";
    for (const ListCell &cell : cells(columns)) {
        const char *name = get_attname(relid, static_cast<AttrNumber>(lfirst_int(&cell)), false);
        appendStringInfo(&command, "%s%s = DEFAULT", separator, quote_identifier(name));
        separator = ", ";
    }
    Oid user = InvalidOid;
    int security_context = 0;
    GetUserIdAndSecContext(&user, &security_context);
    // All rows, also where the owner is subject to the policies of the table.
    SetUserIdAndSecContext(user, security_context | SECURITY_NOFORCE_RLS);
    NoTriggersScope no_triggers;
    if (SPI_connect() != SPI_OK_CONNECT)
        elog(ERROR, "SPI_connect failed");
    const int result = SPI_execute(command.data, false, 0);
    if (result != SPI_OK_UPDATE)
        elog(ERROR, "filling new columns failed: %s", SPI_result_code_string(result));
    SPI_finish();
    SetUserIdAndSecContext(user, security_context);
    CommandCounterIncrement();
}

const char *conversion_text(const DistTable &table, ::Node *raw_expression) {
    if (raw_expression == nullptr)
        return nullptr;
    Relation relation = table_open(table.relid, NoLock);
    ::Node *expression = evaluate_row_free_parts(transformed(relation, raw_expression), nullptr);
    check_conversion(table, expression);
    const int level = pin_search_path();
    List *context = deparse_context_for(RelationGetRelationName(relation), table.relid);
    const char *text = psprintf("(%s)", deparse_expression(expression, context, false, false));
    unpin_search_path(level);
    table_close(relation, NoLock);
    return text;
}

} // namespace citus
