#include "citus/executor/cursor_rows.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/executor/tasks.hpp"

extern "C" {
#include "access/table.h"
#include "access/tableam.h"
#include "executor/executor.h"
#include "fmgr.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/portal.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(citus_cursor_ctid);
PG_FUNCTION_INFO_V1(citus_cursor_key);
PG_FUNCTION_INFO_V1(citus_latest_ctid);
PGDLLEXPORT Datum citus_latest_ctid(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum citus_cursor_ctid(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum citus_cursor_key(PG_FUNCTION_ARGS);
}

namespace citus {

namespace {

/// A plan that shows where its rows are, while it runs. Lives in its executor's memory.
struct CursorRow {
    CursorRow *next;
    PlanState *plan;
    ExecProcNodeMtd give_row; ///< the plan's own
    TupleTableSlot *row;      ///< the last that it gave
    MemoryContextCallback forget;
};

CursorRow *cursor_rows = nullptr;
ExecutorStart_hook_type previous_start = nullptr;

CursorRow *find_row(const PlanState *plan) {
    for (CursorRow *row = cursor_rows; row != nullptr; row = row->next)
        if (row->plan == plan)
            return row;
    return nullptr;
}

void forget_row(void *self) {
    CursorRow **link = &cursor_rows;
    while (*link != self)
        link = &(*link)->next;
    *link = (*link)->next;
}

TupleTableSlot *give_and_keep(PlanState *plan) {
    CursorRow *row = find_row(plan);
    row->row = nullptr;
    row->row = row->give_row(plan);
    return row->row;
}

/// The hidden column of this name of a plan, or nullptr.
const TargetEntry *hidden_column(const PlannedStmt *statement, const char *name) {
    if (statement->commandType != CMD_SELECT || statement->planTree == nullptr)
        return nullptr;
    ListCell *cell;
    foreach (cell, statement->planTree->targetlist) {
        const auto *entry = lfirst_node(TargetEntry, cell);
        if (entry->resjunk && entry->resname != nullptr && strcmp(entry->resname, name) == 0)
            return entry;
    }
    return nullptr;
}

void start_executor(QueryDesc *query, int eflags) {
    if (previous_start != nullptr)
        previous_start(query, eflags);
    else
        standard_ExecutorStart(query, eflags);
    if (!shows_row_place(query->plannedstmt))
        return;
    auto *row =
        static_cast<CursorRow *>(MemoryContextAllocZero(query->estate->es_query_cxt, sizeof(CursorRow)));
    row->plan = query->planstate;
    row->give_row = query->planstate->ExecProcNodeReal;
    query->planstate->ExecProcNodeReal = give_and_keep;
    row->forget.func = forget_row;
    row->forget.arg = row;
    MemoryContextRegisterResetCallback(query->estate->es_query_cxt, &row->forget);
    row->next = std::exchange(cursor_rows, row);
}

[[noreturn]] void raise_not_updatable(const char *name, Oid relid) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_CURSOR_STATE),
                    errmsg("cursor \"%s\" is not a simply updatable scan of table \"%s\"", name,
                           get_rel_name(relid))));
}

/// Where a cursor is, and in which columns of its row that is told.
struct Place {
    TupleTableSlot *row;
    const TargetEntry *ctid;
    const TargetEntry *key;

    Datum key_value(bool *is_null) const { return slot_getattr(row, key->resno, is_null); }
};

/// The place of the cursor; raises the server's errors where it is on no row.
Place place_of(const char *name, Oid relid) {
    Portal portal = GetPortalByName(name);
    if (!PortalIsValid(portal))
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_CURSOR), errmsg("cursor \"%s\" does not exist", name)));
    if (portal->strategy != PORTAL_ONE_SELECT)
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_CURSOR_STATE), errmsg("cursor \"%s\" is not a SELECT query", name)));
    const QueryDesc *query = portal->queryDesc;
    if (query == nullptr || query->estate == nullptr)
        ereport(ERROR, (errcode(ERRCODE_INVALID_CURSOR_STATE),
                        errmsg("cursor \"%s\" is held from a previous transaction", name)));
    const CursorRow *row = find_row(query->planstate);
    Place place{row != nullptr ? row->row : nullptr, hidden_column(query->plannedstmt, kRowCtidColumn),
                hidden_column(query->plannedstmt, kRowKeyColumn)};
    if (row == nullptr || place.ctid == nullptr || place.key == nullptr || place.key->resorigtbl != relid)
        raise_not_updatable(name, relid);
    if (portal->atStart || portal->atEnd || TupIsNull(place.row))
        ereport(ERROR, (errcode(ERRCODE_INVALID_CURSOR_STATE),
                        errmsg("cursor \"%s\" is not positioned on a row", name)));
    return place;
}

/// The distribution column of the row.
Datum key_of(const char *name, Oid relid, Oid *type) {
    const Place place = place_of(name, relid);
    bool is_null = false;
    const Datum key = place.key_value(&is_null);
    if (is_null)
        ereport(ERROR,
                (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                 errmsg("WHERE CURRENT OF is not supported for rows whose distribution column is NULL")));
    *type = TupleDescAttr(place.row->tts_tupleDescriptor, place.key->resno - 1)->atttypid;
    return key;
}

/// Where the row is now: the node follows it to the version that the statement sees.
Datum ctid_of(const char *name, Oid relid) {
    const Place place = place_of(name, relid);
    Oid type;
    const Datum key = key_of(name, relid, &type);
    const DistTable &table = *require_dist_table(relid);
    const int32 hash = hash_distribution_value(table, key, false);
    const Shard &shard = table.shards[static_cast<size_t>(shard_index_for_hash(table, hash))];
    bool is_null = false;
    const Datum ctid = slot_getattr(place.row, place.ctid->resno, &is_null);
    const char *text = DatumGetCString(DirectFunctionCall1(tidout, ctid));
    const char *sql = psprintf("SELECT citus_internal.latest_ctid(%s, '%s')",
                               quote_literal_cstr(qualified_shard_name(relid, shard.shard_id)), text);
    const List *rows = query_on_group(shard.placements.front().group_id, sql, Access::Write);
    const char *latest = strVal(linitial(linitial_node(List, rows)));
    return DirectFunctionCall1(tidin, CStringGetDatum(latest));
}

/// On the node: the version of the row that its snapshot shows.
void find_latest(Oid relid, ItemPointer tid) {
    if (get_rel_relkind(relid) != RELKIND_RELATION)
        ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE), errmsg("relation %u is not a table", relid)));
    if (pg_class_aclcheck(relid, GetUserId(), ACL_SELECT) != ACLCHECK_OK)
        aclcheck_error(ACLCHECK_NO_PRIV, OBJECT_TABLE, get_rel_name(relid));
    Relation relation = table_open(relid, AccessShareLock);
    TableScanDesc scan = table_beginscan_tid(relation, GetActiveSnapshot());
    table_tuple_get_latest_tid(scan, tid);
    table_endscan(scan);
    table_close(relation, NoLock);
}

} // namespace

bool shows_row_place(const PlannedStmt *statement) {
    return hidden_column(statement, kRowKeyColumn) != nullptr;
}

void install_cursor_rows() {
    previous_start = ExecutorStart_hook;
    ExecutorStart_hook = start_executor;
}

} // namespace citus

extern "C" Datum citus_cursor_ctid(PG_FUNCTION_ARGS) {
    PG_RETURN_DATUM(citus::ctid_of(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_OID(1)));
}

extern "C" Datum citus_cursor_key(PG_FUNCTION_ARGS) {
    if (PG_ARGISNULL(1) || PG_ARGISNULL(2))
        PG_RETURN_NULL();
    Oid type;
    const Datum key = citus::key_of(text_to_cstring(PG_GETARG_TEXT_PP(1)), PG_GETARG_OID(2), &type);
    if (type != get_fn_expr_rettype(fcinfo->flinfo))
        ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH), errmsg("the cursor's row is of another type")));
    PG_RETURN_DATUM(key);
}

extern "C" Datum citus_latest_ctid(PG_FUNCTION_ARGS) {
    auto *tid = static_cast<ItemPointer>(palloc(sizeof(ItemPointerData)));
    *tid = *reinterpret_cast<ItemPointer>(DatumGetPointer(PG_GETARG_DATUM(1)));
    citus::find_latest(PG_GETARG_OID(0), tid);
    PG_RETURN_POINTER(tid);
}
