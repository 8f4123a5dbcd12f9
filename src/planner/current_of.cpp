#include "citus/planner/current_of.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/executor/cursor_rows.hpp"
#include "citus/pg/node.hpp"
#include "citus/pg/walker.hpp"

extern "C" {
#include "access/sysattr.h"
#include "nodes/makefuncs.h"
#include "nodes/nodeFuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parse_collate.h"
#include "parser/parse_func.h"
#include "parser/parse_oper.h"
#include "parser/parsetree.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
}

namespace citus {

namespace {

/// A hash-distributed table of which each ctid of a shard is one row.
const DistTable *table_with_places(const RangeTblEntry *rte) {
    if (rte->rtekind != RTE_RELATION || get_rel_relkind(rte->relid) == RELKIND_PARTITIONED_TABLE)
        return nullptr;
    const DistTable *table = find_dist_table(rte->relid);
    return table != nullptr && table->kind == TableKind::Distributed ? table : nullptr;
}

/// The number of the only relation of a query whose rows are that relation's rows; 0 for others.
Index only_relation(const Query *query) {
    if (query->commandType != CMD_SELECT || query->utilityStmt != nullptr || query->hasAggs ||
        query->hasWindowFuncs || query->hasTargetSRFs || query->hasDistinctOn || query->groupClause != NIL ||
        query->groupingSets != NIL || query->havingQual != nullptr || query->distinctClause != NIL ||
        query->setOperations != nullptr || query->cteList != NIL || list_length(query->rowMarks) > 1 ||
        list_length(query->jointree->fromlist) != 1 || !IsA(linitial(query->jointree->fromlist), RangeTblRef))
        return 0;
    return static_cast<Index>(linitial_node(RangeTblRef, query->jointree->fromlist)->rtindex);
}

Var *column_of(Oid relid, Index rti, AttrNumber attno) {
    Oid type, collation;
    int32 typmod;
    get_atttypetypmodcoll(relid, attno, &type, &typmod, &collation);
    return makeVar(static_cast<int>(rti), attno, type, typmod, collation, 0);
}

void show_column(Query *query, Oid relid, Index rti, AttrNumber attno, const char *name) {
    const auto number = static_cast<AttrNumber>(list_length(query->targetList) + 1);
    auto *entry =
        makeTargetEntry(reinterpret_cast<Expr *>(column_of(relid, rti, attno)), number, pstrdup(name), false);
    entry->resorigtbl = relid;
    query->targetList = lappend(query->targetList, entry);
}

/// The cursor's name, which may be the value of a parameter.
::Node *name_of_cursor(const CurrentOfExpr *current) {
    if (current->cursor_name != nullptr)
        return as_node(
            makeConst(TEXTOID, -1, InvalidOid, -1, CStringGetTextDatum(current->cursor_name), false, false));
    auto *param = makeNode(Param);
    param->paramkind = PARAM_EXTERN;
    param->paramid = current->cursor_param;
    param->paramtype = REFCURSOROID;
    param->paramtypmod = -1;
    param->location = -1;
    return as_node(
        makeRelabelType(reinterpret_cast<Expr *>(param), TEXTOID, -1, InvalidOid, COERCE_EXPLICIT_CAST));
}

/// `(SELECT name)`: what only a run of the plan knows, so that no estimate and no EXPLAIN asks the cursor.
::Node *name_when_run(const CurrentOfExpr *current) {
    auto *select = makeNode(Query);
    select->commandType = CMD_SELECT;
    select->canSetTag = true;
    select->jointree = makeFromExpr(NIL, nullptr);
    auto *name = reinterpret_cast<Expr *>(name_of_cursor(current));
    select->targetList = list_make1(makeTargetEntry(name, 1, pstrdup("name"), false));
    auto *sublink = makeNode(SubLink);
    sublink->subLinkType = EXPR_SUBLINK;
    sublink->subselect = as_node(select);
    sublink->location = -1;
    return as_node(sublink);
}

Const *oid_constant(Oid value) {
    return makeConst(OIDOID, -1, InvalidOid, sizeof(Oid), ObjectIdGetDatum(value), false, true);
}

Oid internal_function(const char *name, std::initializer_list<Oid> types) {
    List *qualified = list_make2(makeString(pstrdup("citus_internal")), makeString(pstrdup(name)));
    return LookupFuncName(qualified, static_cast<int>(types.size()), types.begin(), false);
}

/// `column = call`, by the operator of pg_catalog.
::Node *comparison(Var *column, FuncExpr *call) {
    List *equals = list_make2(makeString(pstrdup("pg_catalog")), makeString(pstrdup("=")));
    ParseState *parse = make_parsestate(nullptr);
    ::Node *result = as_node(make_op(parse, equals, as_node(column), as_node(call), nullptr, -1));
    assign_expr_collations(parse, result);
    free_parsestate(parse);
    return result;
}

struct Replacing {
    Oid relid;
    AttrNumber key;
};

::Node *replace_condition(::Node *node, void *raw) {
    if (node == nullptr)
        return nullptr;
    if (!IsA(node, CurrentOfExpr))
        return mutate_children(node, replace_condition, raw);
    const auto &table = *static_cast<Replacing *>(raw);
    const auto *current = castNode(CurrentOfExpr, node);
    const Index target = current->cvarno;
    Var *ctid = column_of(table.relid, target, SelfItemPointerAttributeNumber);
    Var *key = column_of(table.relid, target, table.key);
    FuncExpr *place = makeFuncExpr(internal_function("cursor_ctid", {TEXTOID, OIDOID}), TIDOID,
                                   list_make2(name_when_run(current), oid_constant(table.relid)), InvalidOid,
                                   InvalidOid, COERCE_EXPLICIT_CALL);
    Const *type = makeNullConst(key->vartype, key->vartypmod, key->varcollid);
    FuncExpr *value =
        makeFuncExpr(internal_function("cursor_key", {ANYELEMENTOID, TEXTOID, OIDOID}), key->vartype,
                     list_make3(type, name_when_run(current), oid_constant(table.relid)), key->varcollid,
                     key->varcollid, COERCE_EXPLICIT_CALL);
    return as_node(makeBoolExpr(AND_EXPR, list_make2(comparison(ctid, place), comparison(key, value)), -1));
}

bool has_current_of(::Node *node, void *context) {
    if (node == nullptr)
        return false;
    return IsA(node, CurrentOfExpr) || walk_children(node, has_current_of, context);
}

} // namespace

Query *with_row_place(const Query *query, int cursor_options) {
    // DECLARE, and cursors of PL/pgSQL; nothing else asks for plans that are fast to start.
    if ((cursor_options & CURSOR_OPT_FAST_PLAN) == 0)
        return nullptr;
    const Index rti = only_relation(query);
    if (rti == 0)
        return nullptr;
    const RangeTblEntry *rte = rt_fetch(rti, query->rtable);
    const DistTable *table = table_with_places(rte);
    // Rights to single columns do not let a user see where a row is. With a LIMIT, rows are locked one by
    // one, which a plan that shows system columns can't do.
    const Oid user = OidIsValid(rte->checkAsUser) ? rte->checkAsUser : GetUserId();
    if (table == nullptr || pg_class_aclcheck(rte->relid, user, ACL_SELECT) != ACLCHECK_OK ||
        (query->rowMarks != NIL && query->limitCount != nullptr))
        return nullptr;
    Query *copy = copy_of(query);
    show_column(copy, rte->relid, rti, SelfItemPointerAttributeNumber, kRowCtidColumn);
    show_column(copy, rte->relid, rti, table->key_attno, kRowKeyColumn);
    return copy;
}

void hide_row_place(PlannedStmt *statement) {
    List *tlist = list_copy(statement->planTree->targetlist);
    ListCell *cell;
    foreach (cell, tlist) {
        const auto *entry = lfirst_node(TargetEntry, cell);
        if (entry->resname == nullptr ||
            (strcmp(entry->resname, kRowCtidColumn) != 0 && strcmp(entry->resname, kRowKeyColumn) != 0))
            continue;
        auto *hidden = flatCopyTargetEntry(const_cast<TargetEntry *>(entry));
        hidden->resjunk = true;
        lfirst(cell) = hidden;
    }
    statement->planTree->targetlist = tlist;
}

void replace_current_of(Query *query) {
    if (!has_current_of(query->jointree->quals, nullptr))
        return;
    const RangeTblEntry *rte = rt_fetch(static_cast<Index>(query->resultRelation), query->rtable);
    const DistTable *table = table_with_places(rte);
    if (table == nullptr)
        ereport(
            ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
             errmsg("WHERE CURRENT OF is not supported on partitioned, reference and single-shard tables"),
             errhint("Fetch the primary key with the row, and use it in the WHERE clause.")));
    Replacing replacing{rte->relid, table->key_attno};
    query->jointree->quals = replace_condition(query->jointree->quals, &replacing);
    query->hasSubLinks = true;
}

} // namespace citus
