#include "citus/planner/insert.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/executor/insert_scan.hpp"
#include "citus/executor/reading_functions.hpp"
#include "citus/executor/table_triggers.hpp"
#include "citus/pg/walker.hpp"
#include "conflict.hpp"

extern "C" {
#include "access/sysattr.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/typcache.h"
}

namespace citus {

namespace {

// ---------------------------------------------------------------- what the statement reads

bool is_distributed_insert(const PlannedStmt *statement, const Plan *plan) {
    if (plan == nullptr || !IsA(plan, ModifyTable))
        return false;
    const auto *modify = reinterpret_cast<const ModifyTable *>(plan);
    if (modify->operation != CMD_INSERT || list_length(modify->resultRelations) != 1)
        return false;
    const RangeTblEntry *target = rt_fetch(linitial_int(modify->resultRelations), statement->rtable);
    const DistTable *table = find_dist_table(target->relid);
    return table != nullptr && table->kind != TableKind::Local;
}

/// Range table indexes that only name where INSERTs go to: targets and their excluded rows.
Bitmapset *insert_only_entries(const PlannedStmt *statement) {
    Bitmapset *entries = nullptr;
    auto add = [&](const Plan *plan) {
        if (plan == nullptr || !IsA(plan, ModifyTable))
            return;
        const auto *modify = reinterpret_cast<const ModifyTable *>(plan);
        if (modify->operation != CMD_INSERT)
            return;
        entries = bms_add_member(entries, linitial_int(modify->resultRelations));
        if (modify->onConflictAction == ONCONFLICT_UPDATE) // else the field means nothing
            entries = bms_add_member(entries, static_cast<int>(modify->exclRelRTI));
    };
    add(statement->planTree);
    ListCell *cell;
    foreach (cell, statement->subplans)
        add(static_cast<const Plan *>(lfirst(cell)));
    return entries;
}

/// Whether the statement reads the relation, or changes rows of it other than by INSERT.
bool statement_reads(const PlannedStmt *statement, Oid relid, const Bitmapset *insert_only) {
    int index = 0;
    ListCell *cell;
    foreach (cell, statement->rtable) {
        const auto *entry = lfirst_node(RangeTblEntry, cell);
        index++;
        if (entry->rtekind == RTE_RELATION && entry->relid == relid && !bms_is_member(index, insert_only))
            return true;
    }
    return false;
}

bool has_subplan(::Node *node, void *) {
    if (node == nullptr)
        return false;
    if (IsA(node, SubPlan) || IsA(node, AlternativeSubPlan) ||
        (IsA(node, Param) && castNode(Param, node)->paramkind == PARAM_EXEC))
        return true;
    return walk_children(node, has_subplan, nullptr);
}

// ---------------------------------------------------------------- columns

bool type_has_default(Oid type) {
    return get_typtype(type) == TYPTYPE_DOMAIN && get_typdefault(type) != nullptr;
}

/// Whether a column may be left out of the shard's INSERT: the statement does not name it and it stays NULL
/// because it has no default. Keeps wide rows short, and a user with rights on some columns in their bounds.
bool may_be_omitted(const Form_pg_attribute attribute, const List *tlist, const Bitmapset *named) {
    const AttrNumber column = attribute->attnum;
    if (bms_is_member(column - FirstLowInvalidHeapAttributeNumber, named) || attribute->atthasdef ||
        attribute->attidentity != '\0' || type_has_default(attribute->atttypid))
        return false;
    const auto *entry = static_cast<const TargetEntry *>(list_nth(tlist, column - 1));
    return IsA(entry->expr, Const) && reinterpret_cast<const Const *>(entry->expr)->constisnull;
}

/// A trigger may set any column.
const Bitmapset *all_columns(TupleDesc desc) {
    Bitmapset *columns = nullptr;
    for (AttrNumber attno = 1; attno <= desc->natts; attno++)
        columns = bms_add_member(columns, attno - FirstLowInvalidHeapAttributeNumber);
    return columns;
}

List *sent_columns(TupleDesc desc, const List *tlist, const Bitmapset *named) {
    List *columns = NIL;
    for (int i = 0; i < desc->natts; i++) {
        const Form_pg_attribute attribute = TupleDescAttr(desc, i);
        if (attribute->attisdropped || attribute->attgenerated != '\0' ||
            may_be_omitted(attribute, tlist, named))
            continue;
        columns = lappend_int(columns, attribute->attnum);
    }
    return columns;
}

/// A table with columns gets at least one of them, so that several rows fit into one statement.
List *at_least_one_column(TupleDesc desc, List *columns) {
    for (int i = 0; i < desc->natts && columns == NIL; i++) {
        const Form_pg_attribute attribute = TupleDescAttr(desc, i);
        if (!attribute->attisdropped && attribute->attgenerated == '\0')
            columns = list_make1_int(attribute->attnum);
    }
    return columns;
}

char *column_clause(TupleDesc desc, const List *columns) {
    StringInfoData text;
    initStringInfo(&text);
    bool overriding = false;
    ListCell *cell;
    foreach (cell, columns) {
        const Form_pg_attribute attribute = TupleDescAttr(desc, lfirst_int(cell) - 1);
        appendStringInfo(&text, "%s%s", text.len > 0 ? ", " : "(",
                         quote_identifier(NameStr(attribute->attname)));
        overriding |= attribute->attidentity != '\0';
    }
    if (text.len > 0)
        appendStringInfoChar(&text, ')');
    if (overriding)
        appendStringInfoString(&text, " OVERRIDING SYSTEM VALUE");
    return text.data;
}

/// `($3, $4)`, behind the parameters of the conflict clause.
char *one_row_clause(const InsertPlan &plan) {
    StringInfoData text;
    initStringInfo(&text);
    const int first = list_length(plan.conflict_params) + 1;
    for (int i = 0; i < list_length(plan.columns); i++)
        appendStringInfo(&text, "%s$%d", i > 0 ? ", " : "(", first + i);
    appendStringInfoChar(&text, ')');
    return text.data;
}

/// What RETURNING uses of the row as the shard has it. Without DO UPDATE that is the row that was sent, so
/// only system columns (other than tableoid) must come back.
List *fetched_columns(TupleDesc desc, List *returning, Index target, OnConflictAction action,
                      bool is_partitioned) {
    Bitmapset *used = nullptr;
    pull_varattnos(reinterpret_cast<::Node *>(returning), target, &used);
    List *fetched = NIL;
    ListCell *cell;
    foreach (cell, columns_in(desc, used))
        if (lfirst_int(cell) < 0 || action != ONCONFLICT_NONE)
            fetched = lappend_int(fetched, lfirst_int(cell));
    // Which partition a row is in is for the shard to say.
    if (is_partitioned && bms_is_member(TableOidAttributeNumber - FirstLowInvalidHeapAttributeNumber, used))
        fetched = lappend_int(fetched, TableOidAttributeNumber);
    return fetched;
}

// ---------------------------------------------------------------- one INSERT

/// Whether other parts of the statement must read the table as it was before the rows are written.
void plan_order(const PlannedStmt *statement, const ModifyTable *modify, const List *returning,
                const Bitmapset *insert_only, InsertPlan *plan) {
    plan->reads_target = statement_reads(statement, plan->relid, insert_only);
    if (!plan->reads_target || returning == NIL)
        return;
    const bool is_top = statement->planTree == reinterpret_cast<const Plan *>(modify);
    plan->others_read =
        !is_top || has_subplan(reinterpret_cast<::Node *>(const_cast<List *>(returning)), nullptr);
}

Plan *replace_insert(const PlannedStmt *statement, Plan *node, const Bitmapset *insert_only) {
    const auto *modify = castNode(ModifyTable, node);
    const auto target = static_cast<Index>(linitial_int(modify->resultRelations));
    const RangeTblEntry *entry = rt_fetch(target, statement->rtable);
    const DistTable &table = *require_dist_table(entry->relid);
    List *returning =
        modify->returningLists == NIL ? NIL : static_cast<List *>(linitial(modify->returningLists));

    InsertPlan plan;
    plan.relid = entry->relid;
    plan.can_set_tag = modify->canSetTag;
    if (modify->withCheckOptionLists != NIL)
        plan.check_options = static_cast<List *>(linitial(modify->withCheckOptionLists));
    if (modify->onConflictAction != ONCONFLICT_NONE)
        plan_conflict(table, modify, &plan);

    Relation relation = table_open(entry->relid, NoLock);
    TupleDesc desc = RelationGetDescr(relation);
    plan.columns =
        sent_columns(desc, outerPlan(modify)->targetlist,
                     row_triggers(relation, CMD_INSERT).before ? all_columns(desc) : entry->insertedCols);
    plan.columns = at_least_one_column(desc, plan.columns);
    plan.column_text = column_clause(desc, plan.columns);
    plan.one_row_text = one_row_clause(plan);
    plan.fetched = fetched_columns(desc, returning, target, plan.action,
                                   relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE);
    table_close(relation, NoLock);
    plan_order(statement, modify, returning, insert_only, &plan);
    plan.row_by_row = calls_reading_function(statement, outerPlan(modify)) ||
                      calls_reading_function(reinterpret_cast<::Node *>(modify->onConflictSet)) ||
                      calls_reading_function(modify->onConflictWhere);
    return &make_insert_scan(modify, plan)->scan.plan;
}

} // namespace

PlannedStmt *replace_insert_nodes(PlannedStmt *statement) {
    if (statement->commandType == CMD_UTILITY || !extension_is_ready())
        return statement;
    Bitmapset *insert_only = nullptr;
    auto replaced = [&](Plan *plan) {
        if (!is_distributed_insert(statement, plan))
            return plan;
        if (insert_only == nullptr)
            insert_only = insert_only_entries(statement);
        return replace_insert(statement, plan, insert_only);
    };
    // The nodes are replaced only after all of them were looked at: what is on top of the statement is
    // compared.
    List *subplans = NIL;
    ListCell *cell;
    foreach (cell, statement->subplans)
        subplans = lappend(subplans, replaced(static_cast<Plan *>(lfirst(cell))));
    Plan *top = replaced(statement->planTree);
    statement->subplans = subplans;
    statement->planTree = top;
    return statement;
}

void install_insert() {
    install_insert_scan();
}

} // namespace citus
