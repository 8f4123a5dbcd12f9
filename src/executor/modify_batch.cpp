#include "citus/executor/modify_batch.hpp"

#include "citus/executor/modify_scan.hpp"

extern "C" {
#include "access/sysattr.h"
#include "optimizer/optimizer.h"
}

namespace citus {

namespace {

AttrNumber junk_column(const List *tlist, const char *name) {
    ListCell *cell;
    foreach (cell, tlist) {
        const auto *entry = lfirst_node(TargetEntry, cell);
        if (entry->resjunk && entry->resname != nullptr && strcmp(entry->resname, name) == 0)
            return entry->resno;
    }
    elog(ERROR, "the plan of a distributed modification lacks the column \"%s\"", name);
}

PlanColumn plan_column(Relation relation, AttrNumber resno, AttrNumber attno) {
    Oid type, collation;
    int32 typmod;
    get_atttypetypmodcoll(RelationGetRelid(relation), attno, &type, &typmod, &collation);
    PlanColumn column{};
    column.resno = resno;
    column.attno = attno;
    Oid output;
    bool is_varlena;
    getTypeOutputInfo(type, &output, &is_varlena);
    fmgr_info(output, &column.output);
    // Not typmod 0: bpchar without one would become character(1).
    column.type_name =
        format_type_extended(type, typmod, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
    column.name = quote_identifier(get_attname(RelationGetRelid(relation), attno, false));
    return column;
}

std::span<PlanColumn> column_array(size_t count) {
    return {static_cast<PlanColumn *>(palloc0(sizeof(PlanColumn) * (count + 1))), count};
}

/// Text that every session reads back as the same value, whatever this one's settings are.
class ExactTextScope {
public:
    ExactTextScope() : level_(NewGUCNestLevel()) {
        set("datestyle", "ISO, YMD");
        set("extra_float_digits", "3");
    }
    ~ExactTextScope() { AtEOXact_GUC(true, level_); }
    ExactTextScope(const ExactTextScope &) = delete;
    ExactTextScope &operator=(const ExactTextScope &) = delete;

private:
    static void set(const char *name, const char *value) {
        (void)set_config_option(name, value, PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
    }
    int level_;
};

} // namespace

// ---------------------------------------------------------------- the plan

ModifyPlan::ModifyPlan(CmdType operation, Relation relation, Index target, const List *child_tlist,
                       const List *update_columns, List *wanted)
    : operation(operation), table(require_dist_table(RelationGetRelid(relation))) {
    returns_rows = wanted != NIL;
    tid_resno_ = junk_column(child_tlist, "ctid");
    key_resno_ = table->has_key() ? junk_column(child_tlist, kShardKeyColumn) : InvalidAttrNumber;
    new_key_resno_ = InvalidAttrNumber;
    find_identity(relation, child_tlist);
    if (operation == CMD_UPDATE)
        find_changes(relation, child_tlist, update_columns);
    find_returned(relation, target, wanted);
}

void ModifyPlan::find_changes(Relation relation, const List *child_tlist, const List *update_columns) {
    changes = column_array(static_cast<size_t>(list_length(update_columns)));
    size_t next = 0;
    ListCell *cell;
    foreach (cell, child_tlist) {
        const auto *entry = lfirst_node(TargetEntry, cell);
        if (entry->resjunk)
            continue;
        const auto attno = static_cast<AttrNumber>(list_nth_int(update_columns, static_cast<int>(next)));
        changes[next++] = plan_column(relation, entry->resno, attno);
        if (attno == table->key_attno)
            new_key_resno_ = entry->resno;
    }
}

void ModifyPlan::find_identity(Relation relation, const List *child_tlist) {
    List *columns = row_identity_columns(RelationGetRelid(relation));
    is_replicated = columns != NIL;
    if (!is_replicated) {
        identity = column_array(1);
        identity[0] = plan_column(relation, tid_resno_, SelfItemPointerAttributeNumber);
        return;
    }
    identity = column_array(static_cast<size_t>(list_length(columns)));
    for (int i = 0; i < list_length(columns); i++)
        identity[static_cast<size_t>(i)] =
            plan_column(relation, junk_column(child_tlist, psprintf("%s%d", kIdentityColumn, i + 1)),
                        static_cast<AttrNumber>(list_nth_int(columns, i)));
}

void ModifyPlan::find_returned(Relation relation, Index target, List *wanted) {
    Bitmapset *used = nullptr;
    pull_varattnos(reinterpret_cast<::Node *>(wanted), target, &used);
    bool whole_row = bms_is_member(InvalidAttrNumber - FirstLowInvalidHeapAttributeNumber, used);
    ListCell *cell;
    foreach (cell, wanted)
        whole_row |= IsA(lfirst(cell), WithCheckOption); // its error shows the row
    const TupleDesc desc = RelationGetDescr(relation);
    const auto is_used = [&](AttrNumber attno) {
        return bms_is_member(attno - FirstLowInvalidHeapAttributeNumber, used);
    };
    if (is_used(SelfItemPointerAttributeNumber))
        returned = lappend_int(returned, SelfItemPointerAttributeNumber);
    for (AttrNumber attno = 1; attno <= desc->natts; attno++)
        if (!TupleDescAttr(desc, attno - 1)->attisdropped && (whole_row || is_used(attno)))
            returned = lappend_int(returned, attno);

    result_desc = CreateTemplateTupleDesc(list_length(returned) + 1);
    TupleDescInitEntry(result_desc, 1, "ord", INT4OID, -1, 0);
    for (int i = 0; i < list_length(returned); i++) {
        Oid type, collation;
        int32 typmod;
        get_atttypetypmodcoll(RelationGetRelid(relation), static_cast<AttrNumber>(list_nth_int(returned, i)),
                              &type, &typmod, &collation);
        TupleDescInitEntry(result_desc, static_cast<AttrNumber>(i + 2), nullptr, type, typmod, 0);
        TupleDescInitEntryCollation(result_desc, static_cast<AttrNumber>(i + 2), collation);
    }
}

TargetRow ModifyPlan::read_target(TupleTableSlot *row) const {
    bool is_null;
    const Datum tid = slot_getattr(row, tid_resno_, &is_null);
    if (is_null)
        elog(ERROR, "ctid of a row to change is NULL");
    TargetRow target{0, 0, reinterpret_cast<ItemPointer>(DatumGetPointer(tid))};
    if (key_resno_ == InvalidAttrNumber)
        return target;
    const Datum key = slot_getattr(row, key_resno_, &is_null);
    target.shard_index = shard_index_for_hash(*table, hash_distribution_value(*table, key, is_null));
    target.new_shard_index = target.shard_index;
    if (new_key_resno_ != InvalidAttrNumber) {
        const Datum new_key = slot_getattr(row, new_key_resno_, &is_null);
        target.new_shard_index =
            shard_index_for_hash(*table, hash_distribution_value(*table, new_key, is_null));
    }
    return target;
}

// ---------------------------------------------------------------- a batch

ModifyBatch::ModifyBatch(const ModifyPlan &plan) : plan_(plan), shards_(plan.table->shards.size()) {}

void ModifyBatch::append_value(StringInfo text, const PlanColumn &column, TupleTableSlot *row,
                               bool with_type) const {
    bool is_null;
    const Datum value = slot_getattr(row, column.resno, &is_null);
    appendStringInfoString(text, ", ");
    appendStringInfoString(text, is_null ? "NULL"
                                         : quote_literal_cstr(OutputFunctionCall(
                                               const_cast<FmgrInfo *>(&column.output), value)));
    // The first row of VALUES decides the types of its columns.
    if (with_type)
        appendStringInfo(text, "::%s", column.type_name);
}

void ModifyBatch::add(TupleTableSlot *row) {
    ExactTextScope exact;
    ShardRows &shard = shards_[static_cast<size_t>(plan_.read_target(row).shard_index)];
    if (shard.values == nullptr)
        shard.values = makeStringInfo();
    const int old_length = shard.values->len;
    appendStringInfo(shard.values, shard.count == 0 ? "(%d" : ", (%d", rows_);
    for (const PlanColumn &column : plan_.identity)
        append_value(shard.values, column, row, shard.count == 0);
    for (const PlanColumn &column : plan_.changes)
        append_value(shard.values, column, row, shard.count == 0);
    appendStringInfoChar(shard.values, ')');
    shard.count++;
    rows_++;
    bytes_ += static_cast<size_t>(shard.values->len - old_length);
    if (plan_.returns_rows) {
        plan_rows_.push_back(ExecCopySlotMinimalTuple(row));
        bytes_ += plan_rows_.back()->t_len;
    }
}

const char *ModifyBatch::sql_of(size_t shard_index) const {
    const bool update = plan_.operation == CMD_UPDATE;
    StringInfoData sql;
    initStringInfo(&sql);
    const char *shard = qualified_shard_name(plan_.table->relid, plan_.table->shards[shard_index].shard_id);
    appendStringInfo(&sql, update ? "UPDATE %s AS t1 SET " : "DELETE FROM %s AS t1 USING ", shard);
    for (size_t i = 0; i < plan_.changes.size(); i++)
        appendStringInfo(&sql, "%s%s = v.c%zu", i == 0 ? "" : ", ", plan_.changes[i].name, i + 1);
    appendStringInfo(&sql, "%s(VALUES %s) AS v (ord", update ? " FROM " : "",
                     shards_[shard_index].values->data);
    for (size_t i = 0; i < plan_.identity.size(); i++)
        appendStringInfo(&sql, ", k%zu", i + 1);
    for (size_t i = 0; i < plan_.changes.size(); i++)
        appendStringInfo(&sql, ", c%zu", i + 1);
    for (size_t i = 0; i < plan_.identity.size(); i++)
        appendStringInfo(&sql, "%s t1.%s = v.k%zu", i == 0 ? ") WHERE" : " AND", plan_.identity[i].name,
                         i + 1);
    if (plan_.returns_rows) {
        appendStringInfoString(&sql, " RETURNING v.ord");
        ListCell *cell;
        foreach (cell, plan_.returned)
            appendStringInfo(&sql, ", t1.%s",
                             quote_identifier(get_attname(plan_.table->relid,
                                                          static_cast<AttrNumber>(lfirst_int(cell)), false)));
    }
    return sql.data;
}

void ModifyBatch::read_results(std::span<const Task> tasks) {
    results_.assign(static_cast<size_t>(rows_), nullptr);
    result_slot_ = MakeSingleTupleTableSlot(plan_.result_desc, &TTSOpsVirtual);
    TaskStream *stream =
        TaskStream::open(CurrentMemoryContext, {tasks, {}, Access::Write, plan_.result_desc});
    while (stream->next(result_slot_)) {
        bool is_null;
        const int ord = DatumGetInt32(slot_getattr(result_slot_, 1, &is_null));
        if (is_null || ord < 0 || ord >= rows_)
            elog(ERROR, "a shard returned a row that was not asked for");
        results_[static_cast<size_t>(ord)] = ExecCopySlotMinimalTuple(result_slot_);
    }
    stream->close();
    ExecDropSingleTupleTableSlot(result_slot_);
    result_slot_ = MakeSingleTupleTableSlot(plan_.result_desc, &TTSOpsMinimalTuple);
}

uint64 ModifyBatch::run() {
    std::pmr::vector<Task> tasks;
    std::pmr::vector<Task> replica_tasks;
    for (size_t i = 0; i < shards_.size(); i++) {
        if (shards_[i].count == 0)
            continue;
        const Shard &shard = plan_.table->shards[i];
        const char *sql = sql_of(i);
        for (const ShardPlacement &placement : shard.placements)
            (placement.placement_id == shard.placements.front().placement_id ? tasks : replica_tasks)
                .push_back({placement.group_id, shard.shard_id, sql});
    }
    uint64 affected;
    if (plan_.returns_rows) {
        read_results(tasks);
        affected = static_cast<uint64>(
            std::count_if(results_.begin(), results_.end(), [](MinimalTuple row) { return row != nullptr; }));
    } else {
        affected = run_tasks({tasks, {}, Access::Write, nullptr});
    }
    if (!replica_tasks.empty()) {
        const uint64 copies = replica_tasks.size() / tasks.size();
        if (run_tasks({replica_tasks, {}, Access::Write, nullptr}) != affected * copies)
            ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
                            errmsg("the placements of table \"%s\" do not hold the same rows",
                                   get_rel_name(plan_.table->relid))));
    }
    return affected;
}

bool ModifyBatch::next_result(TupleTableSlot *plan_row, TupleTableSlot *target_row) {
    while (next_ < results_.size() && results_[next_] == nullptr)
        next_++;
    if (next_ >= results_.size())
        return false;
    ExecStoreMinimalTuple(plan_rows_[next_], plan_row, false);
    ExecStoreMinimalTuple(results_[next_], result_slot_, false);
    next_++;
    slot_getallattrs(result_slot_);
    ExecClearTuple(target_row);
    std::fill_n(target_row->tts_isnull, target_row->tts_tupleDescriptor->natts, true);
    for (int i = 0; i < list_length(plan_.returned); i++) {
        const int attno = list_nth_int(plan_.returned, i);
        const Datum value = result_slot_->tts_values[i + 1];
        if (attno == SelfItemPointerAttributeNumber) {
            target_row->tts_tid = *reinterpret_cast<ItemPointer>(DatumGetPointer(value));
        } else {
            target_row->tts_values[attno - 1] = value;
            target_row->tts_isnull[attno - 1] = result_slot_->tts_isnull[i + 1];
        }
    }
    ExecStoreVirtualTuple(target_row);
    target_row->tts_tableOid = plan_.table->relid;
    return true;
}

} // namespace citus
