#include "insert_sender.hpp"

#include "citus/planner/partitioned.hpp"
#include "lone_write.hpp"

extern "C" {
#include "access/sysattr.h"
#include "catalog/heap.h"
#include "utils/datum.h"
}

namespace citus {

namespace {

/// Rows of one statement: more would not be faster, and its text and parameters are kept in memory.
constexpr int kMaxStatementRows = 1000;

/// Bytes of RETURNING that are kept for the client after they were committed: so few that neither memory nor
/// a temporary file can be wanting.
constexpr size_t kMaxReturnedAfterCommit = 32 * 1024;

size_t bytes_of(std::span<const InsertRow> rows) {
    size_t bytes = 0;
    for (const InsertRow &row : rows)
        bytes += row.tuple->t_len;
    return bytes;
}

/// In the list of returned columns: only whether the row was written matters.
constexpr int kNoColumn = 0;
/// The Oid that the partition has on its worker: with the ctid, it finds a row of a partitioned table.
constexpr int kWorkerTable = -100;

void copy_list(std::pmr::vector<int> *into, const List *list) {
    ListCell *cell;
    foreach (cell, list)
        if (std::find(into->begin(), into->end(), lfirst_int(cell)) == into->end())
            into->push_back(lfirst_int(cell));
}

} // namespace

InsertSender::InsertSender(MemoryContext context, const InsertPlan &plan, Relation relation,
                           PlanState *parent, bool wants_results, Oid run_as, ResultRelInfo *target)
    : context_(context), plan_(plan), relation_(relation), parent_(parent),
      wants_results_(wants_results || target->ri_WithCheckOptions != NIL), run_as_(run_as), target_(target),
      table_(require_dist_table(plan.relid)), resource_(context), columns_(&resource_), returned_(&resource_),
      match_positions_(&resource_), conflict_states_(&resource_), conflict_types_(&resource_),
      values_texts_(&resource_) {
    ContextScope scope(context);
    copy_list(&columns_, plan.columns);
    ListCell *cell;
    foreach (cell, plan.conflict_params) {
        auto *expr = static_cast<Expr *>(lfirst(cell));
        conflict_states_.push_back(ExecInitExpr(expr, parent));
        conflict_types_.push_back(exprType(reinterpret_cast<::Node *>(expr)));
    }
    ContextScope query_scope(parent->state->es_query_cxt);
    row_slot_ = ExecInitExtraTupleSlot(parent->state, RelationGetDescr(relation), &TTSOpsMinimalTuple);
}

// ---------------------------------------------------------------- what comes back

/// Decides what the shards return, once the number of statements per shard is known.
void InsertSender::prepare(bool tracks_keys) {
    ContextScope scope(context_);
    prepared_ = true;
    bind_conflict_params();
    copy_list(&returned_, plan_.fetched);
    if (plan_.updates_here()) {
        conflict_update_ = make_in<ConflictUpdate>(context_, plan_, relation_, parent_, target_);
        copy_list(&returned_, plan_.update_reads);
        copy_list(&returned_, list_make3_int(SelfItemPointerAttributeNumber, MaxTransactionIdAttributeNumber,
                                             kWorkerTable));
    }
    if (tracks_keys) {
        written_keys_ = make_in<WrittenKeys>(context_, context_, plan_.arbiters, parent_->state);
        copy_list(&returned_, WrittenKeys::columns_of(relation_, plan_.arbiters));
    }
    if (wants_results_ && plan_.action != ONCONFLICT_NONE) {
        // A conflict may leave a row out: values tell which ones were written. Only those that the user may
        // read by the rights that the statement needs anyway.
        if (insert_triggers_ != nullptr) // they have to see the right rows
            copy_list(&returned_, plan_.columns);
        if (returned_.empty() && plan_.arbiters == NIL)
            returned_.push_back(kNoColumn);
        copy_list(&returned_, WrittenKeys::columns_of(relation_, plan_.arbiters));
        for (size_t i = 0; i < returned_.size(); i++)
            if (returned_[i] > 0 && !list_member_int(plan_.updated, returned_[i]))
                match_positions_.push_back(static_cast<int>(i));
    }
    if (returned_.empty())
        return;

    StringInfoData text;
    initStringInfo(&text);
    result_desc_ = CreateTemplateTupleDesc(static_cast<int>(returned_.size()));
    for (size_t i = 0; i < returned_.size(); i++)
        append_returned(&text, static_cast<AttrNumber>(i + 1), static_cast<AttrNumber>(returned_[i]));
    returning_text_ = text.data;
    result_slot_ = MakeSingleTupleTableSlot(result_desc_, &TTSOpsVirtual);
    stored_result_slot_ = MakeSingleTupleTableSlot(result_desc_, &TTSOpsMinimalTuple);
    ContextScope query_scope(parent_->state->es_query_cxt);
    key_slot_ = ExecInitExtraTupleSlot(parent_->state, row_slot_->tts_tupleDescriptor, &TTSOpsVirtual);
}

/// Adds a column to RETURNING and to the row type of the results.
void InsertSender::append_returned(StringInfo text, AttrNumber position, AttrNumber column) {
    appendStringInfoString(text, position == 1 ? " RETURNING " : ", ");
    if (column == kNoColumn) {
        appendStringInfoString(text, "NULL::pg_catalog.bool");
        TupleDescInitEntry(result_desc_, position, "none", BOOLOID, -1, 0);
        return;
    }
    if (column == TableOidAttributeNumber) {
        appendStringInfo(text, "t1.%s", kPartitionColumn);
        TupleDescInitEntry(result_desc_, position, "partition", TEXTOID, -1, 0);
        return;
    }
    if (column == kWorkerTable) {
        appendStringInfoString(text, "t1.tableoid");
        TupleDescInitEntry(result_desc_, position, "worker_table", OIDOID, -1, 0);
        return;
    }
    const FormData_pg_attribute *attribute = column > 0
                                                 ? TupleDescAttr(RelationGetDescr(relation_), column - 1)
                                                 : SystemAttributeDefinition(column);
    appendStringInfo(text, "t1.%s", quote_identifier(NameStr(attribute->attname)));
    TupleDescInitEntry(result_desc_, position, NameStr(attribute->attname), attribute->atttypid,
                       attribute->atttypmod, attribute->attndims);
    TupleDescInitEntryCollation(result_desc_, position, attribute->attcollation);
}

// ---------------------------------------------------------------- SQL

/// `($3, $4), ($5, $6)`: the same for all statements with this number of rows.
const char *InsertSender::values_text(int count) {
    if (count == 1)
        return plan_.one_row_text;
    auto found = values_texts_.find(count);
    if (found != values_texts_.end())
        return found->second;
    ContextScope scope(context_);
    StringInfoData text;
    initStringInfo(&text);
    int param = static_cast<int>(conflict_states_.size());
    for (int row = 0; row < count; row++) {
        appendStringInfoString(&text, row == 0 ? "(" : ", (");
        for (size_t i = 0; i < columns_.size(); i++)
            appendStringInfo(&text, "%s$%d", i == 0 ? "" : ", ", ++param);
        appendStringInfoChar(&text, ')');
    }
    values_texts_.emplace(count, text.data);
    return text.data;
}

const char *InsertSender::statement_sql(const Shard &shard, int count) {
    StringInfoData sql;
    initStringInfo(&sql);
    const auto append = [&sql](std::initializer_list<const char *> texts) {
        for (const char *text : texts)
            appendStringInfoString(&sql, text);
    };
    append({"INSERT INTO ", qualified_shard_name(plan_.relid, shard.shard_id), " AS t1"});
    if (columns_.empty())
        append({" DEFAULT VALUES"});
    else
        append({" ", plan_.column_text, " VALUES ", values_text(count)});
    if (plan_.action != ONCONFLICT_NONE) {
        appendStringInfoString(&sql, " ON CONFLICT ");
        if (plan_.conflict_constraint != nullptr)
            appendStringInfo(
                &sql, "ON CONSTRAINT %s ",
                quote_identifier(shard_relation_name(plan_.conflict_constraint, shard.shard_id)));
        else if (plan_.conflict_target != nullptr)
            appendStringInfo(&sql, "%s ", plan_.conflict_target);
        appendStringInfoString(&sql, plan_.conflict_action);
    }
    appendStringInfoString(&sql, returning_text_);
    return sql.data;
}

int InsertSender::rows_per_statement() const {
    if (plan_.updates_here() || columns_.empty())
        return 1;
    const int room = kMaxStatementParams - static_cast<int>(conflict_states_.size());
    return std::clamp(room / static_cast<int>(columns_.size()), 1, kMaxStatementRows);
}

/// Rows by shard, each shard's in their order, in statements of bounded size.
std::span<InsertSender::Statement> InsertSender::divide(std::span<const InsertRow> rows) {
    auto *order = static_cast<int *>(palloc(rows.size() * sizeof(int)));
    for (size_t i = 0; i < rows.size(); i++)
        order[i] = static_cast<int>(i);
    // Where each row is one round trip, they stay in their order: triggers fire in it.
    if (!plan_.updates_here())
        std::sort(order, order + rows.size(), [&](int a, int b) {
            const int shard_a = rows[static_cast<size_t>(a)].shard,
                      shard_b = rows[static_cast<size_t>(b)].shard;
            return shard_a != shard_b ? shard_a < shard_b : a < b;
        });
    const auto limit = static_cast<size_t>(rows_per_statement());
    auto *statements = static_cast<Statement *>(palloc(rows.size() * sizeof(Statement)));
    size_t count = 0;
    for (size_t start = 0; start < rows.size();) {
        const int shard = rows[static_cast<size_t>(order[start])].shard;
        size_t end = start + 1;
        while (end < rows.size() && end - start < limit &&
               rows[static_cast<size_t>(order[end])].shard == shard)
            end++;
        statements[count++] = {shard, {order + start, end - start}, nullptr, 0, false};
        start = end;
    }
    return {statements, count};
}

// ---------------------------------------------------------------- parameters

/// Evaluates $1..$n of the conflict clause, once for all rows.
void InsertSender::bind_conflict_params() {
    if (conflict_states_.empty())
        return;
    conflict_values_ = static_cast<Datum *>(palloc(conflict_states_.size() * sizeof(Datum)));
    conflict_nulls_ = static_cast<bool *>(palloc(conflict_states_.size() * sizeof(bool)));
    ExprContext *econtext = parent_->ps_ExprContext;
    for (size_t i = 0; i < conflict_states_.size(); i++) {
        conflict_values_[i] = ExecEvalExprSwitchContext(conflict_states_[i], econtext, &conflict_nulls_[i]);
        if (conflict_nulls_[i])
            continue;
        int16 length;
        bool by_value;
        get_typlenbyval(conflict_types_[i], &length, &by_value);
        conflict_values_[i] = datumCopy(conflict_values_[i], by_value, length);
    }
    ResetExprContext(econtext);
}

TaskParams InsertSender::bind(const Statement &statement, std::span<const InsertRow> rows) {
    const size_t leading = conflict_states_.size();
    const size_t count = leading + statement.rows.size() * columns_.size();
    auto *types = static_cast<Oid *>(palloc((count + 1) * sizeof(Oid)));
    auto *values = static_cast<Datum *>(palloc((count + 1) * sizeof(Datum)));
    auto *nulls = static_cast<bool *>(palloc((count + 1) * sizeof(bool)));
    std::copy(conflict_types_.begin(), conflict_types_.end(), types);
    std::copy_n(conflict_values_, leading, values);
    std::copy_n(conflict_nulls_, leading, nulls);
    TupleDesc desc = RelationGetDescr(relation_);
    size_t param = leading;
    for (int position : statement.rows) {
        ExecStoreMinimalTuple(rows[static_cast<size_t>(position)].tuple, row_slot_, false);
        slot_getallattrs(row_slot_);
        for (int column : columns_) {
            types[param] = TupleDescAttr(desc, column - 1)->atttypid;
            values[param] = row_slot_->tts_values[column - 1];
            nulls[param] = row_slot_->tts_isnull[column - 1];
            param++;
        }
    }
    ExecClearTuple(row_slot_);
    return {{types, count}, {values, count}, {nulls, count}};
}

// ---------------------------------------------------------------- running

void InsertSender::open(Statement *statement, std::span<const InsertRow> rows) {
    const Shard &shard = table_->shards[static_cast<size_t>(statement->shard)];
    const char *sql = statement_sql(shard, static_cast<int>(statement->rows.size()));
    statement->copies = shard.placements.size();
    auto *tasks = static_cast<Task *>(palloc(statement->copies * sizeof(Task)));
    for (size_t i = 0; i < statement->copies; i++)
        tasks[i] = {shard.placements[i].group_id, shard.shard_id, sql};
    statement->stream = TaskStream::open(CurrentMemoryContext, {{tasks, statement->copies},
                                                                bind(*statement, rows),
                                                                Access::Write,
                                                                result_desc_,
                                                                run_as_,
                                                                0,
                                                                statement->commits});
    statements_sent++;
}

uint64 InsertSender::send(std::span<InsertRow> rows, bool is_last, bool is_end) {
    std::span<Statement> statements = divide(rows);
    if (!prepared_) {
        bool several = !is_last || (plan_.updates_here() && statements.size() > 1);
        for (size_t i = 1; i < statements.size(); i++)
            several |= statements[i].shard == statements[i - 1].shard;
        prepare(several && plan_.action == ONCONFLICT_UPDATE);
    }
    // The source has given its last row, and nothing is looked at that comes back.
    const bool returns_easily = may_commit_with_rows && bytes_of(rows) <= kMaxReturnedAfterCommit;
    if (is_end && statements.size() == 1 && statements_sent == 0 && result_desc_ == nullptr &&
        (!wants_results_ || returns_easily))
        statements[0].commits = is_lone_write(parent_->state, parent_->plan, returns_easily);
    uint64 written = 0;
    if (plan_.updates_here()) {
        for (Statement &statement : statements) {
            open(&statement, rows);
            written += finish_with_update(statement, rows);
        }
        return written;
    }
    for (Statement &statement : statements)
        open(&statement, rows);
    for (const Statement &statement : statements)
        written += finish(statement, rows);
    return written;
}

/// Waits for a statement; returns how many rows it wrote.
uint64 InsertSender::finish(const Statement &statement, std::span<InsertRow> rows) {
    uint64 written;
    if (result_desc_ != nullptr) {
        written = read_results(statement, rows);
    } else {
        while (statement.stream->next(nullptr))
            ;
        const uint64 affected = statement.stream->affected_rows();
        if (affected % statement.copies != 0)
            ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
                            errmsg("the placements of shard " INT64_FORMAT " do not hold the same rows",
                                   table_->shards[static_cast<size_t>(statement.shard)].shard_id)));
        written = affected / statement.copies;
    }
    statement.stream->close();
    if (plan_.action == ONCONFLICT_NONE && written != statement.rows.size() && !statement.commits)
        ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
                        errmsg("shard " INT64_FORMAT " took " UINT64_FORMAT " of %zu rows",
                               table_->shards[static_cast<size_t>(statement.shard)].shard_id, written,
                               statement.rows.size()),
                        errhint("Look for triggers or rules on the shard.")));
    return written;
}

/// Puts what the first placement returned to the rows it belongs to.
uint64 InsertSender::read_results(const Statement &statement, std::span<InsertRow> rows) {
    List *results = NIL;
    int task = 0;
    while (statement.stream->next(result_slot_, &task))
        if (task == 0)
            results = lappend(results, ExecCopySlotMinimalTuple(result_slot_));
    if (written_keys_ != nullptr)
        check_keys(statement, rows);
    const int count = static_cast<int>(statement.rows.size());
    int left = list_length(results);
    if (left > count)
        ereport(ERROR,
                (errcode(ERRCODE_DATA_EXCEPTION), errmsg("an INSERT of %d rows returned %d", count, left)));
    int next = 0;
    ListCell *cell;
    foreach (cell, results) {
        auto *result = static_cast<MinimalTuple>(lfirst(cell));
        int position = next;
        if (left < count - next) // some row before it may have been left out
            position = std::min(matching_row(statement, rows, next, result), count - left);
        InsertRow &row = rows[static_cast<size_t>(statement.rows[static_cast<size_t>(position)])];
        row.result = result;
        row.written = true;
        ExecStoreMinimalTuple(row.tuple, row_slot_, false);
        if (plan_.action == ONCONFLICT_NOTHING)
            check_view(row_slot_);
        next = position + 1;
        left--;
        if (written_keys_ != nullptr)
            remember_key(result);
    }
    return static_cast<uint64>(list_length(results));
}

/// The first row at or after `first` that a result can be about. Values that compare equal may have come back
/// in another form; then the nearest row is taken, which only matters for the order of the output.
int InsertSender::matching_row(const Statement &statement, std::span<const InsertRow> rows, int first,
                               MinimalTuple result) {
    for (int position = first; position < static_cast<int>(statement.rows.size()); position++)
        if (is_same_row(rows[static_cast<size_t>(statement.rows[static_cast<size_t>(position)])].tuple,
                        result))
            return position;
    return first;
}

bool InsertSender::is_same_row(MinimalTuple tuple, MinimalTuple result) {
    ExecStoreMinimalTuple(tuple, row_slot_, false);
    ExecStoreMinimalTuple(result, stored_result_slot_, false);
    for (int position : match_positions_) {
        const int column = returned_[static_cast<size_t>(position)];
        const Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation_), column - 1);
        bool sent_null, got_null;
        const Datum sent = slot_getattr(row_slot_, column, &sent_null);
        const Datum got = slot_getattr(stored_result_slot_, position + 1, &got_null);
        if (sent_null != got_null ||
            (!sent_null && !datum_image_eq(sent, got, attribute->attbyval, attribute->attlen)))
            return false;
    }
    return true;
}

// ---------------------------------------------------------------- DO UPDATE on the coordinator

size_t InsertSender::position_of(int column) const {
    return static_cast<size_t>(std::find(returned_.begin(), returned_.end(), column) - returned_.begin());
}

/// What the placements returned for a statement about one row, in their order; nullptr for no row.
std::span<MinimalTuple> InsertSender::one_result_each(TaskStream *stream, size_t copies) {
    auto *results = static_cast<MinimalTuple *>(palloc0(copies * sizeof(MinimalTuple)));
    int task = 0;
    while (stream->next(result_slot_, &task))
        results[task] = ExecCopySlotMinimalTuple(result_slot_);
    stream->close();
    return {results, copies};
}

/// The row that the statement inserted, or locked, on each placement.
std::span<MinimalTuple> InsertSender::inserted_or_locked(const Statement &statement) {
    const std::span<MinimalTuple> found = one_result_each(statement.stream, statement.copies);
    for (MinimalTuple row : found)
        if (row == nullptr)
            ereport(ERROR, (errcode(ERRCODE_DATA_EXCEPTION),
                            errmsg("an INSERT ... ON CONFLICT DO UPDATE returned no row"),
                            errhint("Look for triggers or rules on the shard.")));
    return found;
}

/// Fills a slot of the table's type with what was returned; other columns are NULL.
void InsertSender::store_returned(MinimalTuple result, TupleTableSlot *slot) {
    ExecStoreMinimalTuple(result, stored_result_slot_, false);
    slot_getallattrs(stored_result_slot_);
    ExecStoreAllNullTuple(slot);
    for (size_t i = 0; i < returned_.size(); i++) {
        if (returned_[i] > 0) {
            slot->tts_values[returned_[i] - 1] = stored_result_slot_->tts_values[i];
            slot->tts_isnull[returned_[i] - 1] = stored_result_slot_->tts_isnull[i];
        } else if (returned_[i] == SelfItemPointerAttributeNumber) {
            slot->tts_tid =
                *reinterpret_cast<ItemPointer>(DatumGetPointer(stored_result_slot_->tts_values[i]));
        }
    }
}

/// Changes the existing row on each placement; the first one's result goes to *result. False when it is no
/// longer there: it was locked, so what ran since then for this statement has changed it. As in PostgreSQL, a
/// row that another part of the statement (a CTE) has changed is left alone, and a function or trigger must
/// not.
bool InsertSender::update_existing(const Statement &statement, std::span<const MinimalTuple> existing,
                                   TupleTableSlot *new_row, MinimalTuple *result) {
    const Shard &shard = table_->shards[static_cast<size_t>(statement.shard)];
    const char *sql =
        conflict_update_->sql(qualified_shard_name(plan_.relid, shard.shard_id), returning_text_);
    const int worker_table = static_cast<int>(position_of(kWorkerTable)) + 1;
    const int ctid = static_cast<int>(position_of(SelfItemPointerAttributeNumber)) + 1;
    for (size_t i = 0; i < existing.size(); i++) {
        bool is_null;
        ExecStoreMinimalTuple(existing[i], stored_result_slot_, false);
        const Datum tid = slot_getattr(stored_result_slot_, ctid, &is_null);
        const Datum partition = slot_getattr(stored_result_slot_, worker_table, &is_null);
        const Task task{shard.placements[i].group_id, shard.shard_id, sql};
        TaskStream *stream =
            TaskStream::open(CurrentMemoryContext, {{&task, 1},
                                                    conflict_update_->params(new_row, tid, partition),
                                                    Access::Write,
                                                    result_desc_,
                                                    run_as_});
        const MinimalTuple updated = one_result_each(stream, 1)[0];
        statements_sent++;
        if (updated == nullptr && parent_->state->es_plannedstmt->hasModifyingCTE)
            return false;
        if (updated == nullptr)
            ereport(ERROR,
                    (errcode(ERRCODE_TRIGGERED_DATA_CHANGE_VIOLATION),
                     errmsg("tuple to be updated was already modified by an operation triggered by "
                            "the current command"),
                     errhint("Consider using an AFTER trigger instead of a BEFORE trigger to propagate "
                             "changes to other rows.")));
        if (i == 0)
            *result = updated;
    }
    return true;
}

/// xmax tells an updated row from an inserted one, as after an update on the shard.
MinimalTuple InsertSender::with_xmax_of(MinimalTuple result, MinimalTuple existing) {
    const auto xmax = position_of(MaxTransactionIdAttributeNumber);
    bool is_null;
    ExecStoreMinimalTuple(existing, stored_result_slot_, false);
    const Datum value = slot_getattr(stored_result_slot_, static_cast<int>(xmax) + 1, &is_null);
    ExecStoreMinimalTuple(result, stored_result_slot_, false);
    slot_getallattrs(stored_result_slot_);
    stored_result_slot_->tts_values[xmax] = value;
    return heap_form_minimal_tuple(result_desc_, stored_result_slot_->tts_values,
                                   stored_result_slot_->tts_isnull);
}

/// False when a trigger says that the existing row stays as it is.
bool InsertSender::fire_update_triggers(TupleTableSlot *new_row) {
    TupleTableSlot *existing = conflict_update_->existing();
    HeapTuple old_row =
        heap_form_tuple(existing->tts_tupleDescriptor, existing->tts_values, existing->tts_isnull);
    old_row->t_tableOid = plan_.relid;
    if (!update_triggers_->before_update(old_row, new_row))
        return false;
    slot_getallattrs(new_row);
    new_row->tts_tableOid = plan_.relid;
    update_triggers_->after_update(old_row, new_row);
    return true;
}

/// A new value of the distribution column must belong to the shard of the existing row.
void InsertSender::check_shard(const Statement &statement, TupleTableSlot *new_row) {
    if (!table_->has_key())
        return;
    bool is_null;
    const Datum key = slot_getattr(new_row, table_->key_attno, &is_null);
    if (shard_index_for_hash(*table_, hash_distribution_value(*table_, key, is_null)) == statement.shard)
        return;
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("modifying the partition value of rows is not allowed"),
                    errdetail("ON CONFLICT DO UPDATE would move a row of table \"%s\" to another shard.",
                              RelationGetRelationName(relation_)),
                    errhint("Delete the row and insert it with the new value.")));
}

/// The statement inserted its row, or locked the one that is there, which is updated now.
uint64 InsertSender::finish_with_update(const Statement &statement, std::span<InsertRow> rows) {
    ResetPerTupleExprContext(parent_->state);
    InsertRow &row = rows[static_cast<size_t>(statement.rows[0])];
    const std::span<MinimalTuple> found = inserted_or_locked(statement);
    if (written_keys_ != nullptr)
        check_keys(statement, rows);
    store_returned(found[0], conflict_update_->existing());
    const Datum xmax = stored_result_slot_->tts_values[position_of(MaxTransactionIdAttributeNumber)];
    row.result = found[0];
    if (DatumGetTransactionId(xmax) != InvalidTransactionId) {
        ExecStoreMinimalTuple(row.tuple, row_slot_, false);
        TupleTableSlot *new_row = conflict_update_->new_row(row_slot_);
        if (new_row == nullptr || (update_triggers_ != nullptr && !fire_update_triggers(new_row))) {
            row.result = nullptr;
            return 0;
        }
        check_shard(statement, new_row);
        MinimalTuple updated = nullptr;
        if (!update_existing(statement, found, new_row, &updated)) {
            row.result = nullptr;
            return 0;
        }
        row.result = with_xmax_of(updated, found[0]);
        store_returned(row.result, key_slot_);
        if (target_->ri_WithCheckOptions != NIL)
            ExecWithCheckOptions(WCO_RLS_UPDATE_CHECK, target_, key_slot_, parent_->state);
        check_view(key_slot_);
    } else {
        ExecStoreMinimalTuple(row.tuple, row_slot_, false);
        check_view(row_slot_);
        if (insert_triggers_ != nullptr)
            insert_triggers_->after_insert(row_slot_);
    }
    row.written = true;
    if (written_keys_ != nullptr)
        remember_key(row.result);
    return 1;
}

void InsertSender::check_view(TupleTableSlot *row) {
    if (target_->ri_WithCheckOptions == NIL)
        return;
    row->tts_tableOid = plan_.relid;
    ExecWithCheckOptions(WCO_VIEW_CHECK, target_, row, parent_->state);
}

// ---------------------------------------------------------------- a row twice

void InsertSender::check_keys(const Statement &statement, std::span<const InsertRow> rows) {
    for (int position : statement.rows) {
        ExecStoreMinimalTuple(rows[static_cast<size_t>(position)].tuple, row_slot_, false);
        written_keys_->check(row_slot_);
    }
}

/// Remembers a row as the shard has it now.
void InsertSender::remember_key(MinimalTuple result) {
    store_returned(result, key_slot_);
    written_keys_->add(key_slot_);
}

} // namespace citus
