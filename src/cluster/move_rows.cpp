#include "move_rows.hpp"

#include "citus/executor/tasks.hpp"
#include "citus/monitor/shell_figures.hpp"
#include "citus/pg/list.hpp"

extern "C" {
#include "access/multixact.h"
#include "access/tableam.h"
#include "catalog/heap.h"
#include "catalog/index.h"
#include "commands/progress.h"
#include "pgstat.h"
#include "utils/backend_progress.h"
#include "utils/timestamp.h"
}

namespace citus {

namespace {

constexpr int kReportSeconds = 10;

/// Tells a waiting person, now and then, how far a copy is.
class Progress {
public:
    explicit Progress(Oid relid) : last_(GetCurrentTimestamp()) {
        pgstat_progress_start_command(PROGRESS_COMMAND_COPY, relid);
    }
    void add_row() {
        rows_++;
        if (rows_ % 1000 != 0)
            return;
        pgstat_progress_update_param(PROGRESS_COPY_TUPLES_PROCESSED, static_cast<int64>(rows_));
        const TimestampTz now = GetCurrentTimestamp();
        if (TimestampDifferenceExceeds(last_, now, kReportSeconds * 1000)) {
            ereport(NOTICE, (errmsg("copied " UINT64_FORMAT " rows so far", rows_)));
            last_ = now;
        }
    }
    uint64 finish() {
        pgstat_progress_end_command();
        return rows_;
    }

private:
    uint64 rows_ = 0;
    TimestampTz last_;
};

List *stored_columns(Relation relation) {
    List *columns = NIL;
    for (int i = 0; i < RelationGetNumberOfAttributes(relation); i++) {
        Form_pg_attribute column = TupleDescAttr(RelationGetDescr(relation), i);
        if (!column->attisdropped && column->attgenerated == '\0')
            columns = lappend_int(columns, column->attnum);
    }
    return columns;
}

void copy_rows(Relation relation, ShardCopyWriter *writer, Progress &progress) {
    // The latest snapshot: the table is locked, and what an older one does not see must not be lost.
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
    TupleTableSlot *slot = table_slot_create(relation, nullptr);
    TableScanDesc scan = table_beginscan(relation, snapshot, 0, nullptr);
    MemoryContext per_row =
        AllocSetContextCreate(CurrentMemoryContext, "citus row copy", ALLOCSET_DEFAULT_SIZES);
    while (table_scan_getnextslot(scan, ForwardScanDirection, slot)) {
        CHECK_FOR_INTERRUPTS();
        slot_getallattrs(slot);
        {
            ContextScope scope(per_row);
            writer->put(slot->tts_values, slot->tts_isnull);
        }
        MemoryContextReset(per_row);
        progress.add_row();
    }
    MemoryContextDelete(per_row);
    table_endscan(scan);
    ExecDropSingleTupleTableSlot(slot);
    UnregisterSnapshot(snapshot);
}

/// Reads the stored columns of shards. The slot that visit gets has the columns at their attribute numbers;
/// dropped and generated ones are NULL.
template <typename Visit>
void read_shards(Relation relation, List *columns, std::span<const Task> tasks, Visit visit) {
    TupleDesc whole = RelationGetDescr(relation);
    TupleDesc result = CreateTemplateTupleDesc(list_length(columns));
    for (int i = 0; i < list_length(columns); i++)
        TupleDescCopyEntry(result, static_cast<AttrNumber>(i + 1), whole,
                           static_cast<AttrNumber>(list_nth_int(columns, i)));
    TupleTableSlot *row = MakeSingleTupleTableSlot(result, &TTSOpsVirtual);
    auto *values = static_cast<Datum *>(palloc0(sizeof(Datum) * static_cast<Size>(whole->natts)));
    auto *nulls = static_cast<bool *>(palloc(sizeof(bool) * static_cast<Size>(whole->natts)));
    memset(nulls, true, sizeof(bool) * static_cast<Size>(whole->natts));
    MemoryContext per_row =
        AllocSetContextCreate(CurrentMemoryContext, "citus row copy", ALLOCSET_DEFAULT_SIZES);
    TaskStream *stream = TaskStream::open(CurrentMemoryContext, {tasks, {}, Access::Read, result});
    while (stream->next(row)) {
        CHECK_FOR_INTERRUPTS();
        slot_getallattrs(row);
        for (int i = 0; i < list_length(columns); i++) {
            values[list_nth_int(columns, i) - 1] = row->tts_values[i];
            nulls[list_nth_int(columns, i) - 1] = row->tts_isnull[i];
        }
        {
            ContextScope scope(per_row);
            visit(values, nulls);
        }
        MemoryContextReset(per_row);
    }
    stream->close();
    MemoryContextDelete(per_row);
    ExecDropSingleTupleTableSlot(row);
}

Task read_task(Relation relation, List *columns, int64 shard_id, int32 group_id) {
    StringInfoData sql;
    initStringInfo(&sql);
    appendStringInfoString(&sql, "SELECT ");
    for (int i = 0; i < list_length(columns); i++) {
        const auto attno = static_cast<AttrNumber>(list_nth_int(columns, i));
        appendStringInfo(
            &sql, "%s%s", i > 0 ? ", " : "",
            quote_identifier(NameStr(TupleDescAttr(RelationGetDescr(relation), attno - 1)->attname)));
    }
    appendStringInfo(&sql, " FROM %s", qualified_shard_name(RelationGetRelid(relation), shard_id));
    return {group_id, shard_id, sql.data};
}

List *live_columns(Relation relation) {
    List *columns = NIL;
    for (int i = 0; i < RelationGetNumberOfAttributes(relation); i++) {
        if (!TupleDescAttr(RelationGetDescr(relation), i)->attisdropped)
            columns = lappend_int(columns, i + 1);
    }
    return columns;
}

} // namespace

bool table_has_rows(Relation relation) {
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
    TupleTableSlot *slot = table_slot_create(relation, nullptr);
    TableScanDesc scan = table_beginscan(relation, snapshot, 0, nullptr);
    const bool found = table_scan_getnextslot(scan, ForwardScanDirection, slot);
    table_endscan(scan);
    ExecDropSingleTupleTableSlot(slot);
    UnregisterSnapshot(snapshot);
    return found;
}

void empty_shell(Relation relation) {
    const Oid relid = RelationGetRelid(relation);
    RelationSetNewRelfilenode(relation, relation->rd_rel->relpersistence);
    if (OidIsValid(relation->rd_rel->reltoastrelid)) {
        Relation toast = relation_open(relation->rd_rel->reltoastrelid, AccessExclusiveLock);
        RelationSetNewRelfilenode(toast, toast->rd_rel->relpersistence);
        table_close(toast, NoLock);
    }
    ReindexParams options{};
    reindex_relation(relid, REINDEX_REL_PROCESS_TOAST, &options);
    pgstat_count_truncate(relation);
    CommandCounterIncrement();
}

void move_rows_to_shards(Relation relation) {
    ereport(NOTICE, (errmsg("Copying data from local table...")));
    Progress progress(RelationGetRelid(relation));
    ShardCopyWriter *writer =
        ShardCopyWriter::open(CurrentMemoryContext, RelationGetRelid(relation), stored_columns(relation));
    copy_rows(relation, writer, progress);
    writer->finish();
    const uint64 rows = progress.finish();
    empty_shell(relation);
    count_written_rows(RelationGetRelid(relation), rows);
    ereport(NOTICE, (errmsg("copying the data has completed"),
                     errdetail(UINT64_FORMAT " rows were moved to the shards.", rows)));
}

void copy_rows_to_shell(Relation relation) {
    const DistTable *table = require_dist_table(RelationGetRelid(relation));
    // Generated columns come as they are stored.
    List *columns = live_columns(relation);
    std::pmr::vector<Task> tasks;
    for (const Shard &shard : table->shards)
        tasks.push_back(read_task(relation, columns, shard.shard_id, shard.placements.front().group_id));
    Progress progress(RelationGetRelid(relation));
    BulkInsertState bulk = GetBulkInsertState();
    TupleTableSlot *slot = table_slot_create(relation, nullptr);
    const CommandId command = GetCurrentCommandId(true);
    read_shards(relation, columns, tasks, [&](const Datum *values, const bool *nulls) {
        ExecClearTuple(slot);
        memcpy(slot->tts_values, values, sizeof(Datum) * static_cast<Size>(slot->tts_tupleDescriptor->natts));
        memcpy(slot->tts_isnull, nulls, sizeof(bool) * static_cast<Size>(slot->tts_tupleDescriptor->natts));
        ExecStoreVirtualTuple(slot);
        table_tuple_insert(relation, slot, command, 0, bulk);
        ExecClearTuple(slot);
        progress.add_row();
    });
    FreeBulkInsertState(bulk);
    table_finish_bulk_insert(relation, 0);
    ExecDropSingleTupleTableSlot(slot);
    progress.finish();
    CommandCounterIncrement();
    ReindexParams options{};
    reindex_relation(RelationGetRelid(relation), REINDEX_REL_PROCESS_TOAST, &options);
    CommandCounterIncrement();
}

void copy_rows_to_placement(Relation relation, int32 from_group, int32 to_group) {
    const DistTable *table = require_dist_table(RelationGetRelid(relation));
    List *columns = stored_columns(relation);
    const Task task = read_task(relation, columns, table->shards.front().shard_id, from_group);
    ShardCopyWriter *writer =
        ShardCopyWriter::open(CurrentMemoryContext, RelationGetRelid(relation), columns, to_group);
    read_shards(relation, columns, {&task, 1},
                [&](const Datum *values, const bool *nulls) { writer->put(values, nulls); });
    writer->finish();
}

} // namespace citus
