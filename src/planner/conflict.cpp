#include "conflict.hpp"

#include "citus/executor/table_triggers.hpp"
#include "citus/pg/search_path.hpp"
#include "citus/pg/walker.hpp"
#include "citus/planner/shippable.hpp"

extern "C" {
#include "access/sysattr.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_index.h"
#include "catalog/pg_operator.h"
#include "optimizer/optimizer.h"
#include "utils/ruleutils.h"
}

namespace citus {

namespace {

/// Range table indexes in the query that is deparsed.
constexpr int kTarget = 1;
constexpr int kExcluded = 2;

/// Both rows of a conflict are one relation for ship_clause(): excluded columns follow the target's.
constexpr AttrNumber kExcludedOffset = 2000;

struct ConflictShipping {
    Index target; ///< of the plan's range table
    InsertPlan *plan;
    bool failed = false; ///< something in the clause can't run on a shard
};

bool is_target_var(const ::Node *node, Index target) {
    return node != nullptr && IsA(node, Var) &&
           reinterpret_cast<const Var *>(node)->varno == static_cast<int>(target);
}

bool is_excluded_var(const ::Node *node) {
    return node != nullptr && IsA(node, Var) && reinterpret_cast<const Var *>(node)->varno == INNER_VAR;
}

/// Target Vars and excluded Vars as Vars of relation 1.
::Node *merge_rows(::Node *node, void *context) {
    if (node == nullptr)
        return nullptr;
    const Index target = static_cast<ConflictShipping *>(context)->target;
    if (is_target_var(node, target) || is_excluded_var(node)) {
        auto *var = static_cast<Var *>(copyObjectImpl(node));
        if (is_excluded_var(node) && var->varattno > 0)
            var->varattno = static_cast<AttrNumber>(var->varattno + kExcludedOffset);
        var->varno = kTarget;
        return reinterpret_cast<::Node *>(var);
    }
    return mutate_children(node, merge_rows, context);
}

/// The reverse, for the query that is deparsed.
::Node *split_rows(::Node *node, void *context) {
    if (node == nullptr)
        return nullptr;
    if (IsA(node, Var)) {
        auto *var = static_cast<Var *>(copyObjectImpl(node));
        if (var->varattno > kExcludedOffset) {
            var->varattno = static_cast<AttrNumber>(var->varattno - kExcludedOffset);
            var->varno = kExcluded;
        }
        var->varnosyn = static_cast<Index>(var->varno);
        var->varattnosyn = var->varattno;
        return reinterpret_cast<::Node *>(var);
    }
    return mutate_children(node, split_rows, context);
}

/// An expression for the shard, as a tree over kTarget and kExcluded; nullptr when it can't run there.
::Node *ship_value(ConflictShipping *context, ::Node *expr) {
    auto *merged = reinterpret_cast<Expr *>(merge_rows(expr, context));
    Expr *shipped = ship_clause(merged, kTarget, &context->plan->conflict_params);
    if (shipped == nullptr) {
        context->failed = true;
        return nullptr;
    }
    return split_rows(reinterpret_cast<::Node *>(shipped), nullptr);
}

List *ship_values(ConflictShipping *context, List *exprs) {
    List *shipped = NIL;
    ListCell *cell;
    foreach (cell, exprs) {
        auto *expr = static_cast<::Node *>(lfirst(cell));
        shipped = lappend(shipped, expr == nullptr ? nullptr : ship_value(context, expr));
    }
    return shipped;
}

bool is_column_of_target(const ::Node *node, const ConflictShipping &context, AttrNumber column) {
    return is_target_var(node, context.target) && reinterpret_cast<const Var *>(node)->varattno == column;
}

/// The new value of a column: a plain column of either row may be of any type.
::Node *ship_assignment(ConflictShipping *context, ::Node *expr, AttrNumber column) {
    if ((is_target_var(expr, context->target) || is_excluded_var(expr)) &&
        reinterpret_cast<Var *>(expr)->varattno > 0)
        return split_rows(merge_rows(expr, context), nullptr);
    if (IsA(expr, CoerceToDomain)) // the assignment on the shard does it again
        return ship_assignment(context, reinterpret_cast<::Node *>(castNode(CoerceToDomain, expr)->arg),
                               column);
    if (IsA(expr, SubscriptingRef) && castNode(SubscriptingRef, expr)->refassgnexpr != nullptr) {
        auto *copy = static_cast<SubscriptingRef *>(copyObjectImpl(expr));
        auto *container = reinterpret_cast<::Node *>(copy->refexpr);
        if (!is_column_of_target(container, *context, column)) { // several elements are set
            context->failed = true;
            return nullptr;
        }
        copy->refexpr = reinterpret_cast<Expr *>(split_rows(merge_rows(container, context), nullptr));
        copy->refupperindexpr = ship_values(context, copy->refupperindexpr);
        copy->reflowerindexpr = ship_values(context, copy->reflowerindexpr);
        copy->refassgnexpr =
            reinterpret_cast<Expr *>(ship_value(context, reinterpret_cast<::Node *>(copy->refassgnexpr)));
        return reinterpret_cast<::Node *>(copy);
    }
    if (IsA(expr, FieldStore)) {
        auto *copy = static_cast<FieldStore *>(copyObjectImpl(expr));
        auto *container = reinterpret_cast<::Node *>(copy->arg);
        if (!is_column_of_target(container, *context, column) || list_length(copy->fieldnums) != 1) {
            context->failed = true;
            return nullptr;
        }
        copy->arg = reinterpret_cast<Expr *>(split_rows(merge_rows(container, context), nullptr));
        copy->newvals = ship_values(context, copy->newvals);
        return reinterpret_cast<::Node *>(copy);
    }
    return ship_value(context, expr);
}

/// Whether the key stays what it is: it is set to the key of either row, and both hash alike.
bool keeps_key(const DistTable &table, const ConflictShipping &context, ::Node *expr, AttrNumber column) {
    return !table.has_key() || column != table.key_attno ||
           ((is_target_var(expr, context.target) || is_excluded_var(expr)) &&
            reinterpret_cast<Var *>(expr)->varattno == column);
}

List *ship_assignments(const DistTable &table, ConflictShipping *context, const ModifyTable *modify) {
    List *assignments = NIL;
    int position = 0;
    ListCell *cell;
    foreach (cell, modify->onConflictSet) {
        auto *entry = lfirst_node(TargetEntry, cell);
        auto *expr = reinterpret_cast<::Node *>(entry->expr);
        if (entry->resjunk) { // of SET (a, b) = (SELECT ...); a Const when the query is not correlated
            context->failed |= !IsA(expr, Const);
            continue;
        }
        const auto column = static_cast<AttrNumber>(list_nth_int(modify->onConflictCols, position++));
        context->failed |= !keeps_key(table, *context, expr, column);
        auto *shipped = reinterpret_cast<Expr *>(ship_assignment(context, expr, column));
        assignments = lappend(
            assignments, makeTargetEntry(shipped, column, get_attname(table.relid, column, false), false));
        context->plan->updated = lappend_int(context->plan->updated, column);
    }
    return assignments;
}

// ---------------------------------------------------------------- text

RangeTblEntry *relation_entry(Oid relid, char relkind, const char *alias) {
    auto *entry = makeNode(RangeTblEntry);
    entry->rtekind = RTE_RELATION;
    entry->relid = relid;
    entry->relkind = relkind;
    entry->rellockmode = RowExclusiveLock;
    entry->alias = makeAlias(alias, NIL);
    entry->eref = makeAlias(alias, NIL);
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for relation %u", relid);
    const int columns = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relnatts;
    ReleaseSysCache(tuple);
    for (AttrNumber i = 1; i <= columns; i++) {
        char *name = get_attname(relid, i, true);
        entry->eref->colnames =
            lappend(entry->eref->colnames, makeString(name != nullptr ? name : pstrdup("")));
    }
    return entry;
}

/// `DO UPDATE SET ... WHERE ...`: the end of an INSERT with this clause and no column.
char *deparse_update(Oid relid, List *assignments, ::Node *filter) {
    auto *query = makeNode(Query);
    query->commandType = CMD_INSERT;
    query->canSetTag = true;
    query->resultRelation = kTarget;
    query->rtable = list_make2(relation_entry(relid, RELKIND_RELATION, "t1"),
                               relation_entry(relid, RELKIND_COMPOSITE_TYPE, "excluded"));
    query->jointree = makeFromExpr(NIL, nullptr);
    const size_t head = strlen(pg_get_querydef(query, false));
    auto *conflict = makeNode(OnConflictExpr);
    conflict->action = ONCONFLICT_UPDATE;
    conflict->onConflictSet = assignments;
    conflict->onConflictWhere = filter;
    conflict->exclRelIndex = kExcluded;
    query->onConflict = conflict;
    const char *text = pg_get_querydef(query, false);
    constexpr std::string_view start = " ON CONFLICT ";
    if (strlen(text) <= head + start.size() || strncmp(text + head, start.data(), start.size()) != 0)
        elog(ERROR, "unexpected form of a deparsed ON CONFLICT clause: %s", text);
    return pstrdup(text + head + start.size());
}

/// The collation that an index column has without COLLATE.
Oid natural_collation(Relation index, int position, List *expressions) {
    const AttrNumber column = index->rd_index->indkey.values[position];
    if (column == 0) {
        int nth = 0;
        for (int i = 0; i < position; i++)
            nth += index->rd_index->indkey.values[i] == 0;
        return exprCollation(static_cast<::Node *>(list_nth(expressions, nth)));
    }
    Oid type, collation;
    int32 typmod;
    get_atttypetypmodcoll(index->rd_index->indrelid, column, &type, &typmod, &collation);
    return collation;
}

/// A column of an index as an inference clause names it.
void append_index_column(StringInfo into, Relation index, int position) {
    const Datum definition =
        DirectFunctionCall3(pg_get_indexdef_ext, ObjectIdGetDatum(RelationGetRelid(index)),
                            Int32GetDatum(position + 1), BoolGetDatum(false));
    appendStringInfoString(into, TextDatumGetCString(definition));
    const Oid collation = index->rd_indcollation[position];
    if (OidIsValid(collation) &&
        collation != natural_collation(index, position, RelationGetIndexExpressions(index)))
        appendStringInfo(into, " COLLATE %s", generate_collation_name(collation));
}

/// The conflict target that infers exactly the arbiters the coordinator's planner found: their columns are
/// the same, and all of their predicates together imply each of them.
char *inference_clause(Oid relid, List *arbiters) {
    StringInfoData text;
    initStringInfo(&text);
    StringInfoData predicates;
    initStringInfo(&predicates);
    List *context = deparse_context_for(get_rel_name(relid), relid);
    ListCell *cell;
    foreach (cell, arbiters) {
        Relation index = index_open(lfirst_oid(cell), AccessShareLock);
        if (text.len == 0) {
            appendStringInfoChar(&text, '(');
            for (int i = 0; i < IndexRelationGetNumberOfKeyAttributes(index); i++) {
                if (i > 0)
                    appendStringInfoString(&text, ", ");
                append_index_column(&text, index, i);
            }
            appendStringInfoChar(&text, ')');
        }
        if (List *predicate = RelationGetIndexPredicate(index))
            appendStringInfo(&predicates, "%s(%s)", predicates.len > 0 ? " AND " : "",
                             deparse_expression(reinterpret_cast<::Node *>(make_ands_explicit(predicate)),
                                                context, false, false));
        index_close(index, NoLock);
    }
    if (predicates.len > 0)
        appendStringInfo(&text, " WHERE %s", predicates.data);
    return text.data;
}

/// The constraint's name when the only arbiter is an exclusion constraint, which can't be inferred.
char *exclusion_constraint(List *arbiters) {
    if (list_length(arbiters) != 1)
        return nullptr;
    Relation index = index_open(linitial_oid(arbiters), AccessShareLock);
    const bool is_exclusion = index->rd_index->indisexclusion;
    char *name = pstrdup(RelationGetRelationName(index));
    index_close(index, NoLock);
    return is_exclusion ? name : nullptr;
}

/// The coordinator computes the new row, from the existing one that the shard locks and returns.
void update_here(Oid relid, const ModifyTable *modify, Index target, InsertPlan *plan) {
    plan->conflict_params = NIL;
    plan->update_set = modify->onConflictSet;
    plan->update_where = reinterpret_cast<List *>(modify->onConflictWhere);
    Relation relation = table_open(relid, NoLock);
    const TupleDesc desc = RelationGetDescr(relation);
    Bitmapset *used = nullptr;
    plan->update_sends = plan->updated;
    if (row_triggers(relation, CMD_UPDATE).any()) { // they see whole rows, and may set any column
        used = bms_make_singleton(-FirstLowInvalidHeapAttributeNumber);
        plan->update_sends = NIL;
        for (AttrNumber attno = 1; attno <= desc->natts; attno++)
            if (!TupleDescAttr(desc, attno - 1)->attisdropped &&
                TupleDescAttr(desc, attno - 1)->attgenerated == '\0')
                plan->update_sends = lappend_int(plan->update_sends, attno);
    }
    // Where the new row belongs is checked.
    if (const AttrNumber key = require_dist_table(relid)->key_attno; key != InvalidAttrNumber)
        used = bms_add_member(used, key - FirstLowInvalidHeapAttributeNumber);
    pull_varattnos(reinterpret_cast<::Node *>(plan->update_set), target, &used);
    pull_varattnos(reinterpret_cast<::Node *>(plan->update_where), target, &used);
    ListCell *option;
    foreach (option, plan->check_options) {
        pull_varattnos(lfirst_node(WithCheckOption, option)->qual, target, &used);
        if (lfirst_node(WithCheckOption, option)->kind == WCO_VIEW_CHECK) // its error shows the whole row
            used = bms_add_member(used, -FirstLowInvalidHeapAttributeNumber);
    }
    plan->update_reads = columns_in(desc, used);
    table_close(relation, NoLock);
    ListCell *cell;
    foreach (cell, plan->update_reads)
        if (lfirst_int(cell) < 0 && lfirst_int(cell) != SelfItemPointerAttributeNumber)
            ereport(ERROR,
                    (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                     errmsg("ON CONFLICT DO UPDATE can't use system columns together with subqueries or "
                            "functions that are not built in")));
}

/// Triggers run on the coordinator, which then has to know what becomes of each row.
bool triggers_must_know(Oid relid) {
    Relation relation = table_open(relid, NoLock);
    const bool must = has_user_triggers(relation, CMD_UPDATE) || row_triggers(relation, CMD_INSERT).after;
    table_close(relation, NoLock);
    return must;
}

/// A DO UPDATE that locks the row and leaves it as it is.
List *keep_row(Oid relid, AttrNumber column) {
    Oid type, collation;
    int32 typmod;
    get_atttypetypmodcoll(relid, column, &type, &typmod, &collation);
    Var *same = makeVar(kTarget, column, type, typmod, collation, 0);
    return list_make1(
        makeTargetEntry(reinterpret_cast<Expr *>(same), column, get_attname(relid, column, false), false));
}

} // namespace

List *columns_in(TupleDesc desc, const Bitmapset *used) {
    const bool whole_row = bms_is_member(-FirstLowInvalidHeapAttributeNumber, used);
    List *columns = NIL;
    for (int column = FirstLowInvalidHeapAttributeNumber + 1; column <= desc->natts; column++) {
        const bool is_user = column > 0;
        if (column == 0 || column == TableOidAttributeNumber ||
            (is_user && TupleDescAttr(desc, column - 1)->attisdropped))
            continue;
        if (bms_is_member(column - FirstLowInvalidHeapAttributeNumber, used) || (is_user && whole_row))
            columns = lappend_int(columns, column);
    }
    return columns;
}

void plan_conflict(const DistTable &table, const ModifyTable *modify, InsertPlan *plan) {
    plan->action = modify->onConflictAction;
    plan->arbiters = modify->arbiterIndexes;
    ConflictShipping context{static_cast<Index>(linitial_int(modify->resultRelations)), plan};
    List *assignments = NIL;
    ::Node *filter = nullptr;
    if (plan->action == ONCONFLICT_UPDATE) {
        assignments = ship_assignments(table, &context, modify);
        List *filters = ship_values(&context, reinterpret_cast<List *>(modify->onConflictWhere));
        // Policies and views with check options judge both the existing row and the new one.
        context.failed |= plan->check_options != NIL || triggers_must_know(table.relid);
        if (context.failed) {
            // A shard can't tell of a row in a partition whether it was there before.
            if (get_rel_relkind(table.relid) == RELKIND_PARTITIONED_TABLE)
                ereport(
                    ERROR,
                    (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                     errmsg("ON CONFLICT DO UPDATE of a partitioned table can't use subqueries, functions "
                            "that are not built in, or policies"),
                     errhint("Insert into the partition itself, or use INSERT and UPDATE in one "
                             "transaction.")));
            update_here(table.relid, modify, context.target, plan);
            assignments = keep_row(table.relid, static_cast<AttrNumber>(linitial_int(plan->updated)));
        } else if (filters != NIL) {
            filter = reinterpret_cast<::Node *>(make_ands_explicit(filters));
        }
    }
    PinnedSearchPath pinned;
    plan->conflict_constraint = exclusion_constraint(plan->arbiters);
    if (plan->arbiters != NIL && plan->conflict_constraint == nullptr)
        plan->conflict_target = inference_clause(table.relid, plan->arbiters);
    plan->conflict_action = plan->action == ONCONFLICT_UPDATE
                                ? deparse_update(table.relid, assignments, filter)
                                : pstrdup("DO NOTHING");
}

} // namespace citus
