#include "citus/planner/modify.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/executor/merge_scan.hpp"
#include "citus/executor/modify_scan.hpp"
#include "citus/executor/table_triggers.hpp"
#include "citus/planner/current_of.hpp"

extern "C" {
#include "access/sysattr.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
}

namespace citus {

namespace {

const DistTable *target_on_shards(CmdType command, const List *rtable, int target) {
    if ((command != CMD_UPDATE && command != CMD_DELETE && command != CMD_MERGE) || target == 0)
        return nullptr;
    const RangeTblEntry *rte = rt_fetch(static_cast<Index>(target), rtable);
    if (rte->rtekind != RTE_RELATION)
        return nullptr;
    const DistTable *table = find_dist_table(rte->relid);
    return table != nullptr && table->kind != TableKind::Local ? table : nullptr;
}

void add_junk(Query *query, Expr *expr, const char *name) {
    int last = 0;
    ListCell *cell;
    foreach (cell, query->targetList)
        last = std::max(last, static_cast<int>(lfirst_node(TargetEntry, cell)->resno));
    query->targetList = lappend(
        query->targetList, makeTargetEntry(expr, static_cast<AttrNumber>(last + 1), pstrdup(name), true));
}

/// The user needs no SELECT right for such a column here, as for the ctid. (The shard's scan does read it.)
void add_junk_column(Query *query, Oid relid, AttrNumber attno, const char *name) {
    Oid type, collation;
    int32 typmod;
    get_atttypetypmodcoll(relid, attno, &type, &typmod, &collation);
    Var *var = makeVar(query->resultRelation, attno, type, typmod, collation, 0);
    add_junk(query, reinterpret_cast<Expr *>(var), name);
}

/// The target list of an UPDATE, with the columns that it does not name set to what they are.
List *with_all_columns(List *targets, int target, TupleDesc desc) {
    Bitmapset *named = nullptr;
    ListCell *cell;
    foreach (cell, targets)
        if (!lfirst_node(TargetEntry, cell)->resjunk)
            named = bms_add_member(named, lfirst_node(TargetEntry, cell)->resno);
    List *added = NIL;
    for (AttrNumber attno = 1; attno <= desc->natts; attno++) {
        const Form_pg_attribute attribute = TupleDescAttr(desc, attno - 1);
        if (attribute->attisdropped || attribute->attgenerated != '\0' || bms_is_member(attno, named))
            continue;
        Var *var = makeVar(target, attno, attribute->atttypid, attribute->atttypmod, attribute->attcollation,
                           0);
        added = lappend(added, makeTargetEntry(reinterpret_cast<Expr *>(var), attno,
                                               pstrdup(NameStr(attribute->attname)), false));
    }
    return list_concat(added, targets);
}

void set_all_columns(Query *query, TupleDesc desc) {
    if (query->commandType == CMD_UPDATE)
        query->targetList = with_all_columns(query->targetList, query->resultRelation, desc);
    ListCell *cell;
    foreach (cell, query->mergeActionList) {
        auto *action = lfirst_node(MergeAction, cell);
        if (action->commandType == CMD_UPDATE)
            action->targetList = with_all_columns(action->targetList, query->resultRelation, desc);
    }
}

/// Row triggers see whole rows, and may set any column of a changed one.
void prepare_row_triggers(Query *query, Oid relid) {
    Relation relation = table_open(relid, NoLock);
    if (row_triggers(relation, query->commandType).any()) {
        set_all_columns(query, RelationGetDescr(relation));
        Var *row = makeWholeRowVar(rt_fetch(static_cast<Index>(query->resultRelation), query->rtable),
                                   query->resultRelation, 0, false);
        add_junk(query, reinterpret_cast<Expr *>(row), kOldRowColumn);
    }
    table_close(relation, NoLock);
}

/// The target's columns that the actions of a MERGE use; its plan would read them from the row itself.
List *columns_of_actions(const Query *query) {
    List *columns = NIL;
    Relation relation = table_open(rt_fetch(query->resultRelation, query->rtable)->relid, NoLock);
    const TupleDesc desc = RelationGetDescr(relation);
    ListCell *cell;
    foreach (cell, pull_vars_of_level(reinterpret_cast<::Node *>(query->mergeActionList), 0)) {
        const auto *var = lfirst_node(Var, cell);
        if (var->varno != query->resultRelation)
            continue;
        if (var->varattno != InvalidAttrNumber)
            columns = list_append_unique_int(columns, var->varattno);
        for (AttrNumber attno = 1; var->varattno == InvalidAttrNumber && attno <= desc->natts; attno++)
            if (!TupleDescAttr(desc, attno - 1)->attisdropped)
                columns = list_append_unique_int(columns, attno);
    }
    table_close(relation, NoLock);
    return columns;
}

void prepare_target(Query *query, const DistTable &table) {
    prepare_row_triggers(query, table.relid);
    if (table.has_key())
        add_junk_column(query, table.relid, table.key_attno, kShardKeyColumn);
    int number = 0;
    ListCell *cell;
    foreach (cell, row_identity(table.relid).columns)
        add_junk_column(query, table.relid, static_cast<AttrNumber>(lfirst_int(cell)),
                        psprintf("%s%d", kIdentityColumn, ++number));
    if (query->commandType == CMD_MERGE)
        foreach (cell, columns_of_actions(query))
            add_junk_column(query, table.relid, static_cast<AttrNumber>(lfirst_int(cell)),
                            psprintf("%s%d", kTargetColumn, lfirst_int(cell)));
}

void replace_node(PlannedStmt *statement, Plan **link) {
    if (*link == nullptr || !IsA(*link, ModifyTable))
        return;
    auto *modify = reinterpret_cast<ModifyTable *>(*link);
    if (list_length(modify->resultRelations) != 1 ||
        target_on_shards(modify->operation, statement->rtable, linitial_int(modify->resultRelations)) ==
            nullptr)
        return;
    *link = modify->operation == CMD_MERGE ? &make_merge_scan(modify)->scan.plan
                                           : &make_modify_scan(modify)->scan.plan;
}

} // namespace

void prepare_gathered_modify(Query *query) {
    const DistTable *table = target_on_shards(query->commandType, query->rtable, query->resultRelation);
    if (table != nullptr) {
        replace_current_of(query);
        prepare_target(query, *table);
    }
    ListCell *cell;
    foreach (cell, query->cteList) {
        ::Node *cte_query = lfirst_node(CommonTableExpr, cell)->ctequery;
        if (IsA(cte_query, Query))
            prepare_gathered_modify(castNode(Query, cte_query));
    }
}

PlannedStmt *replace_modify_nodes(PlannedStmt *statement) {
    replace_node(statement, &statement->planTree);
    ListCell *cell;
    foreach (cell, statement->subplans)
        replace_node(statement, reinterpret_cast<Plan **>(&lfirst(cell)));
    return statement;
}

LockClauseStrength target_lock_strength(PlannerInfo *root, Index varno) {
    const Query *query = root->parse;
    if (query->resultRelation != static_cast<int>(varno))
        return LCS_NONE;
    const auto does = [query](CmdType command) {
        if (query->commandType != CMD_MERGE)
            return query->commandType == command;
        ListCell *cell;
        foreach (cell, query->mergeActionList)
            if (lfirst_node(MergeAction, cell)->commandType == command)
                return true;
        return false;
    };
    if (does(CMD_DELETE))
        return LCS_FORUPDATE;
    if (!does(CMD_UPDATE))
        return LCS_NONE;
    // As the server does: only an UPDATE of columns that a foreign key may refer to excludes FOR KEY SHARE.
    Relation relation = table_open(rt_fetch(varno, query->rtable)->relid, NoLock);
    Bitmapset *key = RelationGetIndexAttrBitmap(relation, INDEX_ATTR_BITMAP_KEY);
    table_close(relation, NoLock);
    const bool touches_key = bms_overlap(key, rt_fetch(varno, query->rtable)->updatedCols);
    return touches_key ? LCS_FORUPDATE : LCS_FORNOKEYUPDATE;
}

} // namespace citus
