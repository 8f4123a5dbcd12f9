#include "move_rows.hpp"

#include "citus/executor/tasks.hpp"
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
    ereport(NOTICE, (errmsg("copying the data has completed"),
                     errdetail(UINT64_FORMAT " rows were moved to the shards.", rows)));
}

} // namespace citus
