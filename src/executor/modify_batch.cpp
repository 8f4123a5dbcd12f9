#include "citus/executor/modify_batch.hpp"

#include "citus/planner/partitioned.hpp"

extern "C" {
#include "access/sysattr.h"
}

namespace citus {

namespace {

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

void append_columns(StringInfo sql, std::span<const PlanColumn> columns, const char *prefix) {
    for (const PlanColumn &column : columns)
        appendStringInfo(sql, "%s%s%s", &column == columns.data() ? "" : ", ", prefix, column.name);
}

} // namespace

ModifyBatch::ModifyBatch(const ModifyPlan &plan)
    : plan_(plan), staying_(plan.table->shards.size()), leaving_(plan.moved.empty() ? 0 : staying_.size()),
      arriving_(leaving_.size()) {}

// ---------------------------------------------------------------- VALUES lists

void ModifyBatch::start_row(ShardRows *rows, int ordinal) {
    if (rows->values == nullptr)
        rows->values = makeStringInfo();
    appendStringInfo(rows->values, rows->ordinals.empty() ? "(%d" : ", (%d", ordinal);
    rows->ordinals.push_back(ordinal);
}

void ModifyBatch::add_value(ShardRows *rows, const PlanColumn &column, Datum value, bool is_null) {
    StringInfo text = rows->values;
    const int old_length = text->len;
    appendStringInfoString(text, ", ");
    if (is_null)
        appendStringInfoString(text, "NULL");
    else
        appendStringInfoString(
            text, quote_literal_cstr(OutputFunctionCall(const_cast<FmgrInfo *>(&column.output), value)));
    // The first row of VALUES decides the types of its columns.
    if (rows->ordinals.size() == 1)
        appendStringInfo(text, "::%s", column.type_name);
    bytes_ += static_cast<size_t>(text->len - old_length);
}

void ModifyBatch::add_plan_value(ShardRows *rows, const PlanColumn &column, TupleTableSlot *row) {
    bool is_null;
    const Datum value = slot_getattr(row, column.resno, &is_null);
    add_value(rows, column, value, is_null);
}

/// The partition that holds the row, by the name of its shard.
void ModifyBatch::add_partition(ShardRows *rows, const PlanColumn &column, TupleTableSlot *row,
                                int shard_index) {
    bool is_null;
    const Oid partition = DatumGetObjectId(slot_getattr(row, column.resno, &is_null));
    const Shard &shard = require_dist_table(partition)->shards[static_cast<size_t>(shard_index)];
    appendStringInfo(rows->values, ", %s::pg_catalog.regclass",
                     quote_literal_cstr(qualified_shard_name(partition, shard.shard_id)));
}

/// Rows of the same values get the numbers 1, 2, ...: each takes another one of the rows that are alike on a
/// placement.
void ModifyBatch::add_image_number(ShardRows *rows, TupleTableSlot *row) {
    std::pmr::string image;
    for (const PlanColumn &column : plan_.identity) {
        bool is_null;
        const Datum value = slot_getattr(row, column.resno, &is_null);
        image += is_null
                     ? "NULL"
                     : quote_literal_cstr(OutputFunctionCall(const_cast<FmgrInfo *>(&column.output), value));
        image += ',';
    }
    appendStringInfo(rows->values, ", %d", ++images_[image]);
}

void ModifyBatch::end_row(ShardRows *rows) {
    appendStringInfoChar(rows->values, ')');
}

void ModifyBatch::add(TupleTableSlot *row) {
    const TargetRow target = plan_.read_target(row);
    ShardRows &rows = (target.moves() ? leaving_ : staying_)[static_cast<size_t>(target.shard_index)];
    start_row(&rows, rows_);
    for (const PlanColumn &column : plan_.identity) {
        if (column.attno == TableOidAttributeNumber)
            add_partition(&rows, column, row, target.shard_index);
        else
            add_plan_value(&rows, column, row);
    }
    if (plan_.by_image)
        add_image_number(&rows, row);
    if (!target.moves())
        for (const PlanColumn &column : plan_.changes)
            add_plan_value(&rows, column, row);
    end_row(&rows);
    if (plan_.returns_rows || target.moves()) {
        plan_rows_.resize(static_cast<size_t>(rows_) + 1);
        plan_rows_.back() = ExecCopySlotMinimalTuple(row);
        bytes_ += plan_rows_.back()->t_len;
    }
    if (target.moves())
        moves_.push_back({rows_, target.new_shard_index, plan_rows_.back()});
    rows_++;
}

bool ModifyBatch::fill(Tuplestorestate *rows, TupleTableSlot *slot) {
    ExactTextScope exact;
    plan_slot_ = slot;
    while (rows_ < kMaxRows && bytes_ < kMaxBytes && tuplestore_gettupleslot(rows, true, false, slot))
        add(slot);
    return rows_ > 0;
}

// ---------------------------------------------------------------- statements

/// `(VALUES ...) AS v (ord, k1, .., n, c1, ..)`
void ModifyBatch::append_values(StringInfo sql, const ShardRows &rows, size_t change_count) const {
    appendStringInfo(sql, "(VALUES %s) AS v (ord", rows.values->data);
    for (size_t i = 0; i < plan_.identity.size(); i++)
        appendStringInfo(sql, ", k%zu", i + 1);
    if (plan_.by_image)
        appendStringInfoString(sql, ", n");
    for (size_t i = 0; i < change_count; i++)
        appendStringInfo(sql, ", c%zu", i + 1);
    appendStringInfoChar(sql, ')');
}

/// What makes the row t1 the one that v means. Rows that are alike are numbered, in any order.
void ModifyBatch::append_match(StringInfo sql, const char *shard) const {
    if (!plan_.by_image) {
        for (size_t i = 0; i < plan_.identity.size(); i++)
            appendStringInfo(sql, "%s t1.%s = v.k%zu", i == 0 ? " WHERE" : " AND", plan_.identity[i].name,
                             i + 1);
        return;
    }
    StringInfoData image;
    initStringInfo(&image);
    append_columns(&image, plan_.identity, "x.");
    appendStringInfo(sql,
                     ", (SELECT x.tableoid, x.ctid, ROW(%s)::text AS image, "
                     "row_number() OVER (PARTITION BY ROW(%s)::text) AS n FROM %s AS x) AS s "
                     "WHERE t1.ctid = s.ctid AND t1.tableoid = s.tableoid AND s.n = v.n AND s.image = ROW(",
                     image.data, image.data, shard);
    for (size_t i = 0; i < plan_.identity.size(); i++)
        appendStringInfo(sql, "%sv.k%zu", i == 0 ? "" : ", ", i + 1);
    appendStringInfoString(sql, ")::text");
}

void ModifyBatch::append_returning(StringInfo sql, const char *ordinal) const {
    if (!plan_.returns_rows)
        return;
    appendStringInfo(sql, " RETURNING %s", ordinal);
    ListCell *cell;
    foreach (cell, plan_.returned) {
        const auto attno = static_cast<AttrNumber>(lfirst_int(cell));
        appendStringInfo(sql, ", t1.%s",
                         attno == TableOidAttributeNumber
                             ? kPartitionColumn
                             : quote_identifier(get_attname(plan_.table->relid, attno, false)));
    }
}

/// UPDATE or DELETE of rows that stay on their shard.
const char *ModifyBatch::change_sql(size_t shard_index) const {
    const bool update = plan_.operation == CMD_UPDATE;
    StringInfoData sql;
    initStringInfo(&sql);
    const char *shard = qualified_shard_name(plan_.table->relid, plan_.table->shards[shard_index].shard_id);
    appendStringInfo(&sql, update ? "UPDATE %s AS t1 SET " : "DELETE FROM %s AS t1 USING ", shard);
    for (size_t i = 0; i < plan_.changes.size(); i++)
        appendStringInfo(&sql, "%s%s = v.c%zu", i == 0 ? "" : ", ", plan_.changes[i].name, i + 1);
    appendStringInfoString(&sql, update ? " FROM " : "");
    append_values(&sql, staying_[shard_index], plan_.changes.size());
    append_match(&sql, shard);
    append_returning(&sql, "v.ord");
    return sql.data;
}

/// Takes rows that move out of their shard.
const char *ModifyBatch::leave_sql(size_t shard_index) const {
    StringInfoData sql;
    initStringInfo(&sql);
    const char *shard = qualified_shard_name(plan_.table->relid, plan_.table->shards[shard_index].shard_id);
    appendStringInfo(&sql, "DELETE FROM %s AS t1 USING ", shard);
    append_values(&sql, leaving_[shard_index], 0);
    append_match(&sql, shard);
    appendStringInfoString(&sql, " RETURNING v.ord, ");
    append_columns(&sql, plan_.moved, "t1.");
    return sql.data;
}

/// Puts them into the shard they belong to now. Rows come back in the order of the VALUES list.
const char *ModifyBatch::arrive_sql(size_t shard_index) const {
    StringInfoData sql;
    initStringInfo(&sql);
    appendStringInfo(&sql, "INSERT INTO %s AS t1 (",
                     qualified_shard_name(plan_.table->relid, plan_.table->shards[shard_index].shard_id));
    append_columns(&sql, plan_.moved, "");
    appendStringInfoString(&sql, ") OVERRIDING SYSTEM VALUE SELECT ");
    for (size_t i = 0; i < plan_.moved.size(); i++)
        appendStringInfo(&sql, "%sv.c%zu", i == 0 ? "" : ", ", i + 1);
    appendStringInfo(&sql, " FROM (VALUES %s) AS v (ord", arriving_[shard_index].values->data);
    for (size_t i = 0; i < plan_.moved.size(); i++)
        appendStringInfo(&sql, ", c%zu", i + 1);
    appendStringInfoChar(&sql, ')');
    append_returning(&sql, "0");
    return sql.data;
}

// ---------------------------------------------------------------- running

/// Collects the rows that tasks return by ordinal number: the one in the row or, in_order, that of the
/// VALUES list's row in the same place. Returns their number.
uint64 ModifyBatch::read_rows(std::span<const Task> tasks, std::span<const size_t> task_shards,
                              const RowsByShard &rows, TupleDesc result_desc, Tuples *results,
                              bool in_order) {
    results->resize(static_cast<size_t>(rows_));
    std::pmr::vector<size_t> read(tasks.size(), 0);
    TupleTableSlot *slot = MakeSingleTupleTableSlot(result_desc, &TTSOpsVirtual);
    TaskStream *stream = TaskStream::open(CurrentMemoryContext, {.tasks = tasks,
                                                                 .params = {},
                                                                 .access = Access::Write,
                                                                 .result = result_desc,
                                                                 .run_as = plan_.run_as,
                                                                 .takes_turn = true});
    uint64 count = 0;
    int task;
    while (stream->next(slot, &task)) {
        const auto index = static_cast<size_t>(task);
        const auto &ordinals = rows[task_shards[index]].ordinals;
        bool is_null = false;
        int ordinal = -1;
        if (!in_order)
            ordinal = DatumGetInt32(slot_getattr(slot, 1, &is_null));
        else if (read[index] < ordinals.size())
            ordinal = ordinals[read[index]++];
        if (is_null || ordinal < 0 || ordinal >= rows_)
            elog(ERROR, "a shard returned a row that was not asked for");
        (*results)[static_cast<size_t>(ordinal)] = ExecCopySlotMinimalTuple(slot);
        count++;
    }
    stream->close();
    ExecDropSingleTupleTableSlot(slot);
    return count;
}

/// Runs one statement per shard that has rows, on all placements; returns how many rows it affected.
template <typename MakeSql>
uint64 ModifyBatch::run_step(const RowsByShard &rows, MakeSql make_sql, TupleDesc result_desc,
                             Tuples *results, bool in_order) {
    std::pmr::vector<Task> tasks;
    std::pmr::vector<Task> replica_tasks;
    std::pmr::vector<size_t> task_shards;
    for (size_t i = 0; i < rows.size(); i++) {
        if (rows[i].ordinals.empty())
            continue;
        const Shard &shard = plan_.table->shards[i];
        const char *sql = make_sql(i);
        tasks.push_back({shard.placements.front().group_id, shard.shard_id, sql});
        task_shards.push_back(i);
        for (const ShardPlacement &placement : shard.placements.subspan(1))
            replica_tasks.push_back({placement.group_id, shard.shard_id, sql});
    }
    if (tasks.empty())
        return 0;
    const uint64 affected = result_desc != nullptr
                                ? read_rows(tasks, task_shards, rows, result_desc, results, in_order)
                                : run_tasks({.tasks = tasks,
                                             .params = {},
                                             .access = Access::Write,
                                             .result = nullptr,
                                             .run_as = plan_.run_as,
                                             .takes_turn = true});
    if (!replica_tasks.empty()) {
        const uint64 copies = replica_tasks.size() / tasks.size();
        if (run_tasks({replica_tasks, {}, Access::Write, nullptr, plan_.run_as}) != affected * copies)
            ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
                            errmsg("the placements of table \"%s\" do not hold the same rows",
                                   get_rel_name(plan_.table->relid))));
    }
    return affected;
}

/// Makes the new rows of those that were taken: what the plan sets, and the rest as it was.
void ModifyBatch::add_arrivals(const Tuples &taken) {
    ExactTextScope exact;
    TupleTableSlot *old_row = MakeSingleTupleTableSlot(plan_.moved_desc, &TTSOpsMinimalTuple);
    for (const Move &move : moves_) {
        if (taken[static_cast<size_t>(move.ordinal)] == nullptr)
            continue;
        ExecStoreMinimalTuple(taken[static_cast<size_t>(move.ordinal)], old_row, false);
        ExecStoreMinimalTuple(move.plan_row, plan_slot_, false);
        ShardRows &rows = arriving_[static_cast<size_t>(move.new_shard_index)];
        start_row(&rows, move.ordinal);
        for (size_t i = 0; i < plan_.moved.size(); i++) {
            const PlanColumn &column = plan_.moved[i];
            bool is_null;
            const bool is_set = column.resno != InvalidAttrNumber;
            const Datum value = is_set ? slot_getattr(plan_slot_, column.resno, &is_null)
                                       : slot_getattr(old_row, static_cast<int>(i + 2), &is_null);
            add_value(&rows, column, value, is_null);
        }
        end_row(&rows);
    }
    ExecClearTuple(plan_slot_);
    ExecDropSingleTupleTableSlot(old_row);
}

/// A locked row that is gone was changed by this very statement: by a function it calls (an error, as the
/// server has it) or by another part of it (then that part wins).
void ModifyBatch::check_all_found(uint64 changed) const {
    if (changed == static_cast<uint64>(rows_) || plan_.may_lose_rows)
        return;
    ereport(ERROR,
            (errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
             errmsg("tuple to be %s was already modified by an operation triggered by the current command",
                    plan_.operation == CMD_UPDATE ? "updated" : "deleted")));
}

uint64 ModifyBatch::run() {
    TupleDesc result_desc = plan_.returns_rows ? plan_.result_desc : nullptr;
    if (plan_.returns_rows) {
        results_.resize(static_cast<size_t>(rows_));
        result_slot_ = MakeSingleTupleTableSlot(plan_.result_desc, &TTSOpsMinimalTuple);
    }
    Tuples taken(static_cast<size_t>(rows_));
    // Rows leave before others change, so that what they held is free for these.
    run_step(
        leaving_, [this](size_t shard) { return leave_sql(shard); }, plan_.moved_desc, &taken);
    uint64 affected = run_step(
        staying_, [this](size_t shard) { return change_sql(shard); }, result_desc, &results_);
    if (!moves_.empty())
        add_arrivals(taken);
    affected += run_step(
        arriving_, [this](size_t shard) { return arrive_sql(shard); }, result_desc, &results_, true);
    check_all_found(affected);
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
    Oid partition = plan_.table->relid;
    for (int i = 0; i < list_length(plan_.returned); i++) {
        const int attno = list_nth_int(plan_.returned, i);
        const Datum value = result_slot_->tts_values[i + 1];
        if (attno == SelfItemPointerAttributeNumber) {
            target_row->tts_tid = *reinterpret_cast<ItemPointer>(DatumGetPointer(value));
        } else if (attno == TableOidAttributeNumber) {
            partition = logical_table(TextDatumGetCString(value));
        } else {
            target_row->tts_values[attno - 1] = value;
            target_row->tts_isnull[attno - 1] = result_slot_->tts_isnull[i + 1];
        }
    }
    ExecStoreVirtualTuple(target_row);
    target_row->tts_tableOid = partition;
    return true;
}

} // namespace citus
