#include "citus/executor/insert_scan.hpp"

#include "citus/planner/partitioned.hpp"

#include "citus/executor/fragment_scan.hpp"
#include "citus/executor/insert_rights.hpp"
#include "citus/executor/reading_functions.hpp"
#include "citus/executor/reference_lock.hpp"
#include "citus/monitor/shell_figures.hpp"
#include "insert_rows.hpp"
#include "insert_sender.hpp"
#include "lone_write.hpp"

extern "C" {
#include "access/sysattr.h"
#include "commands/explain.h"
#include "nodes/extensible.h"
#include "tcop/pquery.h"
}

namespace citus {

namespace {

constexpr const char *kNodeName = "Citus Insert";

/// A wave: what is collected before it is sent. Larger inputs that need no answer per row go on with COPY.
constexpr int kWaveRows = 1000;
constexpr size_t kWaveBytes = 1 << 20;

struct InsertScanState {
    CustomScanState css; // must stay first
    InsertPlan plan;
    bool returns_rows;
    bool started, finished;
    bool row_by_row;            ///< each row is written before the next one is computed
    bool deferred;              ///< rows are written after RETURNING was evaluated for all of them
    MemoryContext run_context;  ///< lives as long as the node
    MemoryContext wave_context; ///< reset for each wave
    InsertSource *source;
    InsertSender *sender;
    TableTriggers *triggers;        ///< nullptr: none
    TableTriggers *update_triggers; ///< of ON CONFLICT DO UPDATE
    const DistTable *table;

    InsertRow *wave;
    int wave_count, wave_capacity;
    int next_output;

    TupleTableSlot *stored_slot; ///< a row of the wave
    TupleTableSlot *result_slot; ///< what the shard returned for it
    TupleTableSlot *system_slot; ///< a heap tuple, when RETURNING asks for system columns

    int64 rows_written; ///< for EXPLAIN ANALYZE
    bool used_copy;
    Oid run_as; ///< user of the connections; InvalidOid: the current one
};

InsertScanState *insert_state(PlanState *node) {
    return reinterpret_cast<InsertScanState *>(node);
}

// ---------------------------------------------------------------- waves

void add_to_wave(InsertScanState *state, TupleTableSlot *row) {
    if (state->wave_count == state->wave_capacity) {
        state->wave_capacity = std::max(8, state->wave_capacity * 2);
        const size_t bytes = static_cast<size_t>(state->wave_capacity) * sizeof(InsertRow);
        state->wave =
            static_cast<InsertRow *>(state->wave == nullptr ? MemoryContextAlloc(state->run_context, bytes)
                                                            : repalloc(state->wave, bytes));
    }
    ContextScope scope(state->wave_context);
    int shard = 0;
    if (state->table->has_key()) {
        const int key = state->table->key_attno - 1;
        shard =
            shard_index_for_hash(*state->table, hash_distribution_value(*state->table, row->tts_values[key],
                                                                        row->tts_isnull[key]));
    }
    state->wave[state->wave_count++] = {ExecCopySlotMinimalTuple(row), nullptr, shard,
                                        state->plan.action == ONCONFLICT_NONE};
}

void clear_wave(InsertScanState *state) {
    state->wave_count = state->next_output = 0;
    MemoryContextReset(state->wave_context);
}

void count_rows(InsertScanState *state, uint64 rows) {
    state->rows_written += static_cast<int64>(rows);
    if (state->plan.can_set_tag)
        state->css.ss.ps.state->es_processed += rows;
}

/// AFTER triggers of ON CONFLICT DO NOTHING see the rows that were inserted.
void show_written_rows(InsertScanState *state, std::span<const InsertRow> rows) {
    for (const InsertRow &row : rows) {
        if (!row.written)
            continue;
        ExecStoreMinimalTuple(row.tuple, state->stored_slot, false);
        state->triggers->after_insert(state->stored_slot);
    }
    ExecClearTuple(state->stored_slot);
}

/// is_end: the statement has nothing more to do or to fail by.
void send_wave(InsertScanState *state, bool is_last, bool is_end) {
    if (state->wave_count == 0)
        return;
    start_reads_before_write(state->css.ss.ps.state);
    ContextScope scope(state->wave_context);
    const std::span<InsertRow> rows{state->wave, static_cast<size_t>(state->wave_count)};
    count_rows(state, state->sender->send(rows, is_last, is_end));
    if (state->triggers != nullptr && state->plan.action == ONCONFLICT_NOTHING)
        show_written_rows(state, rows);
}

/// The next row to insert. When it breaks a constraint, the rows before it are inserted first, since one of
/// them may have an error of its own that PostgreSQL would have met earlier.
TupleTableSlot *next_row(InsertScanState *state) {
    if (state->wave_count == 0 || !state->source->checks_constraints())
        return state->source->next();
    MemoryContext context = CurrentMemoryContext;
    TupleTableSlot *volatile row = nullptr;
    PG_TRY()
        ;
        { row = state->source->next(); }
        PG_CATCH();
        {
            MemoryContextSwitchTo(context);
            ErrorData *error = CopyErrorData();
            if (!state->source->failed_constraint(error))
                PG_RE_THROW();
            FlushErrorState();
            send_wave(state, true, false);
            ReThrowError(error);
        }
    PG_END_TRY();
    return row;
}

/// Collects rows; true when these were the last ones.
bool fill_wave(InsertScanState *state) {
    size_t bytes = 0;
    const int limit = state->row_by_row ? 1 : kWaveRows;
    while (state->wave_count < limit && bytes < kWaveBytes) {
        CHECK_FOR_INTERRUPTS();
        TupleTableSlot *row = next_row(state);
        if (row == nullptr)
            return true;
        add_to_wave(state, row);
        bytes += state->wave[state->wave_count - 1].tuple->t_len;
    }
    return false;
}

// ---------------------------------------------------------------- COPY

/// Whether rows may go by COPY: nothing comes back for them, and no shard would refuse it.
bool may_use_copy(const InsertScanState *state) {
    return !state->row_by_row && state->plan.action == ONCONFLICT_NONE && !state->returns_rows &&
           !OidIsValid(state->run_as) &&
           state->plan.columns != NIL && !state->css.ss.ss_currentRelation->rd_rel->relrowsecurity;
}

/// Sends the wave and all rows that follow.
void copy_all(InsertScanState *state) {
    start_reads_before_write(state->css.ss.ps.state);
    ShardCopyWriter *writer =
        ShardCopyWriter::open(state->run_context, state->plan.relid, state->plan.columns);
    for (int i = 0; i < state->wave_count; i++) {
        ExecStoreMinimalTuple(state->wave[i].tuple, state->stored_slot, false);
        slot_getallattrs(state->stored_slot);
        writer->put(state->stored_slot->tts_values, state->stored_slot->tts_isnull);
    }
    ExecClearTuple(state->stored_slot);
    clear_wave(state);
    while (TupleTableSlot *row = state->source->next()) {
        CHECK_FOR_INTERRUPTS();
        writer->put(row->tts_values, row->tts_isnull);
    }
    const uint64 sent = writer->finish();
    count_rows(state, sent);
    count_written_rows(state->plan.relid, sent);
    state->used_copy = true;
}

// ---------------------------------------------------------------- RETURNING

/// A heap tuple that has the system columns of the shard's row. What heap_form_tuple() puts into their place
/// (the header of a composite value) must go, also what marks it as one.
void store_system_row(InsertScanState *state, TupleTableSlot *row, MinimalTuple result) {
    HeapTuple tuple = heap_form_tuple(row->tts_tupleDescriptor, row->tts_values, row->tts_isnull);
    tuple->t_tableOid = state->plan.relid;
    HeapTupleHeaderSetXmin(tuple->t_data, InvalidTransactionId);
    HeapTupleHeaderSetXmax(tuple->t_data, InvalidTransactionId);
    HeapTupleHeaderSetCmin(tuple->t_data, FirstCommandId);
    ItemPointerSetInvalid(&tuple->t_data->t_ctid);
    ExecStoreMinimalTuple(result, state->result_slot, false);
    slot_getallattrs(state->result_slot);
    const auto returned = state->sender->returned();
    for (size_t i = 0; i < returned.size(); i++) {
        const Datum value = state->result_slot->tts_values[i];
        switch (returned[i]) {
        case SelfItemPointerAttributeNumber:
            tuple->t_self = *reinterpret_cast<ItemPointer>(DatumGetPointer(value));
            break;
        case MinTransactionIdAttributeNumber:
            HeapTupleHeaderSetXmin(tuple->t_data, DatumGetTransactionId(value));
            break;
        case MaxTransactionIdAttributeNumber:
            HeapTupleHeaderSetXmax(tuple->t_data, DatumGetTransactionId(value));
            break;
        case MinCommandIdAttributeNumber:
        case MaxCommandIdAttributeNumber: // one field of the tuple serves both
            HeapTupleHeaderSetCmin(tuple->t_data, DatumGetCommandId(value));
            break;
        default:
            break;
        }
    }
    ExecStoreHeapTuple(tuple, state->system_slot, true);
    state->system_slot->tts_tableOid = state->plan.relid;
}

/// The row as RETURNING sees it: what was sent, and over it what the shard returned.
TupleTableSlot *output_row(InsertScanState *state, const InsertRow &row) {
    TupleTableSlot *slot = state->css.ss.ss_ScanTupleSlot;
    const auto count = static_cast<size_t>(slot->tts_tupleDescriptor->natts);
    ExecStoreMinimalTuple(row.tuple, state->stored_slot, false);
    slot_getallattrs(state->stored_slot);
    ExecClearTuple(slot);
    std::copy_n(state->stored_slot->tts_values, count, slot->tts_values);
    std::copy_n(state->stored_slot->tts_isnull, count, slot->tts_isnull);
    Oid partition = state->plan.relid;
    if (row.result != nullptr) {
        if (state->result_slot == nullptr)
            state->result_slot = ExecInitExtraTupleSlot(state->css.ss.ps.state, state->sender->result_desc(),
                                                        &TTSOpsMinimalTuple);
        ExecStoreMinimalTuple(row.result, state->result_slot, false);
        slot_getallattrs(state->result_slot);
        const auto returned = state->sender->returned();
        for (size_t i = 0; i < returned.size(); i++) {
            if (returned[i] > 0) {
                slot->tts_values[returned[i] - 1] = state->result_slot->tts_values[i];
                slot->tts_isnull[returned[i] - 1] = state->result_slot->tts_isnull[i];
            } else if (returned[i] == SelfItemPointerAttributeNumber) {
                slot->tts_tid =
                    *reinterpret_cast<ItemPointer>(DatumGetPointer(state->result_slot->tts_values[i]));
            } else if (returned[i] == TableOidAttributeNumber) {
                partition = logical_table(TextDatumGetCString(state->result_slot->tts_values[i]));
            }
        }
    }
    ExecStoreVirtualTuple(slot);
    slot->tts_tableOid = partition;
    if (state->system_slot == nullptr)
        return slot;
    store_system_row(state, slot, row.result);
    state->system_slot->tts_tableOid = partition;
    return state->system_slot;
}

TupleTableSlot *project(InsertScanState *state, TupleTableSlot *row) {
    ScanState *scan = &state->css.ss;
    ResetExprContext(scan->ps.ps_ExprContext);
    if (scan->ps.ps_ProjInfo == nullptr)
        return row;
    scan->ps.ps_ExprContext->ecxt_scantuple = row;
    return ExecProject(scan->ps.ps_ProjInfo);
}

/// The next row of RETURNING, or nullptr when those of the wave are done.
TupleTableSlot *next_output(InsertScanState *state) {
    while (state->next_output < state->wave_count) {
        const InsertRow &row = state->wave[state->next_output++];
        if (row.written)
            return project(state, output_row(state, row));
    }
    return nullptr;
}

// ---------------------------------------------------------------- the run

/// The statement reads its own target, and must not see the rows that it writes; only what it calls may.
void finish_reads(InsertScanState *state) {
    EState *estate = state->css.ss.ps.state;
    if (state->row_by_row) {
        start_reads_before_write(estate, true);
        if (!may_read_after_write(estate, state->plan.relid, nullptr))
            return;
    }
    state->source->read_all();
}

void insert_wave(InsertScanState *state) {
    clear_wave(state);
    const bool is_last = fill_wave(state);
    if (!is_last && state->plan.reads_target)
        finish_reads(state);
    if (!is_last && may_use_copy(state)) {
        copy_all(state);
        state->finished = true;
        return;
    }
    send_wave(state, is_last, is_last);
    state->finished = is_last;
}

/// Writes everything that was kept while RETURNING was evaluated.
void write_deferred(InsertScanState *state) {
    state->source->rewind();
    state->returns_rows = false;
    while (!state->finished)
        insert_wave(state);
}

/// RETURNING first, the rows after all of them were read: whoever reads the table in between sees it as it
/// was.
TupleTableSlot *exec_deferred(InsertScanState *state) {
    if (!state->source->at_end()) {
        TupleTableSlot *row = state->source->next();
        if (row != nullptr) {
            TupleTableSlot *slot = state->css.ss.ss_ScanTupleSlot;
            ExecCopySlot(slot, row);
            slot->tts_tableOid = state->plan.relid;
            return project(state, slot);
        }
        if (!state->plan.can_set_tag)
            return nullptr; // a WITH query: the rest of the statement may still read; called again at its end
    }
    write_deferred(state);
    return nullptr;
}

/// WITH queries without RETURNING belong before this INSERT: it may have a foreign key to their rows.
void run_other_inserts(InsertScanState *state);

/// Lets everybody else read the table before the first row is written. Where that can't be, because what is
/// read depends on rows that come later, the rows are written at the end of the statement.
void order_reads(InsertScanState *state) {
    EState *estate = state->css.ss.ps.state;
    state->source->read_all();
    start_reads_before_write(estate, true);
    if (!may_read_after_write(estate, state->plan.relid, state->source->child()))
        return;
    if (state->plan.action != ONCONFLICT_NONE || state->plan.fetched != NIL)
        ereport(
            ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
             errmsg("INSERT ... RETURNING with ON CONFLICT or system columns is not supported here"),
             errdetail(
                 "Another part of the same statement reads table \"%s\" as it was before, for values that "
                 "are not known yet.",
                 get_rel_name(state->plan.relid)),
             errhint("Run the parts as statements of their own in one transaction.")));
    state->deferred = true;
}

/// With whose rights the shards get the rows; InvalidOid: the user's own.
Oid rows_user(InsertScanState *state) {
    const EState *estate = state->css.ss.ps.state;
    const auto *scan = castNode(CustomScan, state->css.ss.ps.plan);
    AclMode further = ACL_NO_RIGHTS;
    if (state->plan.action == ONCONFLICT_UPDATE)
        further |= ACL_SELECT | ACL_UPDATE;
    else if (state->plan.action != ONCONFLICT_NONE || state->plan.fetched != NIL)
        further |= ACL_SELECT;
    const bool stands_alone = !IsTransactionBlock() && ActivePortal != nullptr &&
                              list_member_ptr(ActivePortal->stmts, estate->es_plannedstmt);
    const Oid check_as = exec_rt_fetch(scan->scan.scanrelid, state->css.ss.ps.state)->checkAsUser;
    return user_for_insert(state->plan.relid, check_as, state->plan.columns, further, stands_alone);
}

void open_triggers(InsertScanState *state) {
    const PlanState &node = state->css.ss.ps;
    const Index target = castNode(CustomScan, node.plan)->scan.scanrelid;
    Relation relation = state->css.ss.ss_currentRelation;
    state->triggers = TableTriggers::open(node.state, relation, target, CMD_INSERT);
    if (state->plan.action == ONCONFLICT_UPDATE)
        state->update_triggers = TableTriggers::open(node.state, relation, target, CMD_UPDATE);
    state->source->set_triggers(state->triggers);
    for (TableTriggers *triggers : {state->triggers, state->update_triggers})
        if (triggers != nullptr)
            triggers->before_statement();
}

/// Whether what runs for a row may read the rows before it. A lone row has none before it.
bool writes_row_by_row(const InsertScanState *state) {
    const Plan *source = state->source->child()->plan;
    if (IsA(source, Result) && source->lefttree == nullptr)
        return false;
    Relation relation = state->css.ss.ss_currentRelation;
    return state->plan.row_by_row ||
           (state->triggers != nullptr && has_reading_triggers(relation, CMD_INSERT)) ||
           (state->update_triggers != nullptr && has_reading_triggers(relation, CMD_UPDATE));
}

void end_triggers(InsertScanState *state) {
    for (TableTriggers *triggers : {state->update_triggers, state->triggers})
        if (triggers != nullptr)
            triggers->after_statement();
}

void start(InsertScanState *state) {
    state->started = true;
    PlanState *node = &state->css.ss.ps;
    Relation relation = state->css.ss.ss_currentRelation;
    state->table = require_dist_table(state->plan.relid);
    if (!state->table->shards.empty() && state->table->shards[0].placements.size() > 1)
        lock_for_replicated_write(state->plan.relid);
    run_other_inserts(state);
    state->run_as = rows_user(state);
    open_triggers(state);
    state->row_by_row = writes_row_by_row(state);
    state->sender = make_in<InsertSender>(state->run_context, state->run_context, state->plan, relation, node,
                                          state->returns_rows || state->triggers != nullptr, state->run_as,
                                          state->source->target());
    state->sender->set_triggers(state->triggers, state->update_triggers);
    // AFTER triggers may still fail.
    state->sender->may_commit_with_rows =
        state->returns_rows && state->triggers == nullptr && state->system_slot == nullptr &&
        state->plan.check_options == NIL &&
        returns_plain_values(node->plan->targetlist, castNode(CustomScan, node->plan)->scan.scanrelid);
    if (state->plan.others_read)
        order_reads(state);
}

TupleTableSlot *exec_insert(CustomScanState *node) {
    auto *state = insert_state(&node->ss.ps);
    if (!state->started && !state->finished)
        start(state);
    if (state->deferred) {
        TupleTableSlot *slot = state->finished ? nullptr : exec_deferred(state);
        if (state->finished)
            end_triggers(state);
        return slot;
    }
    for (;;) {
        if (state->returns_rows)
            if (TupleTableSlot *slot = next_output(state))
                return slot;
        if (state->finished)
            break;
        insert_wave(state);
    }
    end_triggers(state);
    return nullptr;
}

// ---------------------------------------------------------------- executor callbacks

/// RETURNING with system columns reads a heap tuple, which has them.
void use_system_slot(InsertScanState *state, EState *estate) {
    ScanState *scan = &state->css.ss;
    TupleDesc desc = RelationGetDescr(scan->ss_currentRelation);
    state->system_slot = ExecInitExtraTupleSlot(estate, desc, &TTSOpsHeapTuple);
    scan->ps.scanops = &TTSOpsHeapTuple;
    scan->ps.ps_ProjInfo = ExecBuildProjectionInfo(scan->ps.plan->targetlist, scan->ps.ps_ExprContext,
                                                   scan->ps.ps_ResultTupleSlot, &scan->ps, desc);
}

void begin_insert(CustomScanState *node, EState *estate, int eflags) {
    auto *state = insert_state(&node->ss.ps);
    auto *scan = castNode(CustomScan, node->ss.ps.plan);
    Relation relation = node->ss.ss_currentRelation;
    state->plan = insert_plan_of(scan);
    state->returns_rows = scan->scan.plan.targetlist != NIL;
    state->run_context = AllocSetContextCreate(estate->es_query_cxt, "citus insert", ALLOCSET_SMALL_SIZES);
    state->wave_context =
        AllocSetContextCreate(estate->es_query_cxt, "citus insert wave", ALLOCSET_DEFAULT_SIZES);

    PlanState *child = ExecInitNode(static_cast<Plan *>(linitial(scan->custom_plans)), estate, eflags);
    node->custom_ps = list_make1(child);
    state->source = make_in<InsertSource>(estate->es_query_cxt, state->plan, child, &node->ss.ps, relation,
                                          scan->scan.scanrelid);
    state->stored_slot = ExecInitExtraTupleSlot(estate, RelationGetDescr(relation), &TTSOpsMinimalTuple);
    ListCell *cell;
    foreach (cell, state->plan.fetched)
        if (lfirst_int(cell) < 0 && lfirst_int(cell) != SelfItemPointerAttributeNumber &&
            lfirst_int(cell) != TableOidAttributeNumber && state->system_slot == nullptr)
            use_system_slot(state, estate);

    if (eflags & EXEC_FLAG_EXPLAIN_ONLY)
        return;
    // A WITH query runs to its end even when nobody reads its rows; one that is deferred writes when it is
    // called once more after that.
    if (!state->plan.can_set_tag) {
        estate->es_auxmodifytables = lcons(node, estate->es_auxmodifytables);
        if (state->plan.others_read)
            estate->es_auxmodifytables = lcons(node, estate->es_auxmodifytables);
    }
}

void end_insert(CustomScanState *node) {
    auto *state = insert_state(&node->ss.ps);
    state->source->close();
    for (TableTriggers *triggers : {state->triggers, state->update_triggers})
        if (triggers != nullptr)
            triggers->close();
    ExecEndNode(static_cast<PlanState *>(linitial(node->custom_ps)));
}

void rescan_insert(CustomScanState *) {
    elog(ERROR, "an INSERT can't be run again");
}

/// The key of each row of VALUES, as far as they are constants; false when the plan does not tell.
bool constant_keys(const Plan *source, AttrNumber key, List **keys) {
    if (list_length(source->targetlist) < key)
        return false;
    auto *expr = list_nth_node(TargetEntry, source->targetlist, key - 1)->expr;
    if (IsA(source, ValuesScan) && IsA(expr, Var)) {
        const int column = reinterpret_cast<Var *>(expr)->varattno;
        ListCell *cell;
        foreach (cell, reinterpret_cast<const ValuesScan *>(source)->values_lists)
            *keys = lappend(*keys, list_nth(static_cast<List *>(lfirst(cell)), column - 1));
        return true;
    }
    *keys = list_make1(expr);
    return IsA(source, Result) && source->lefttree == nullptr;
}

/// How many shards the rows go to, or -1 when that follows only from a run.
int known_shard_count(const DistTable &table, const Plan *source) {
    if (!table.has_key())
        return 1;
    List *keys = NIL;
    if (!constant_keys(source, table.key_attno, &keys))
        return -1;
    Bitmapset *shards = nullptr;
    ListCell *cell;
    foreach (cell, keys) {
        if (!IsA(lfirst(cell), Const))
            return -1;
        const auto *key = lfirst_node(Const, cell);
        shards = bms_add_member(
            shards,
            shard_index_for_hash(table, hash_distribution_value(table, key->constvalue, key->constisnull)));
    }
    return bms_num_members(shards);
}

void explain_insert(CustomScanState *node, List *, ExplainState *es) {
    auto *state = insert_state(&node->ss.ps);
    const InsertPlan &plan = state->plan;
    if (plan.action != ONCONFLICT_NONE) {
        ExplainPropertyText("Conflict Resolution", plan.action == ONCONFLICT_NOTHING ? "NOTHING" : "UPDATE",
                            es);
        List *names = NIL;
        ListCell *cell;
        foreach (cell, plan.arbiters)
            names = lappend(names, get_rel_name(lfirst_oid(cell)));
        if (names != NIL)
            ExplainPropertyList("Conflict Arbiter Indexes", names, es);
    }
    const DistTable &table = *require_dist_table(plan.relid);
    const auto *source =
        static_cast<const Plan *>(linitial(castNode(CustomScan, node->ss.ps.plan)->custom_plans));
    const int shards = known_shard_count(table, source);
    if (shards >= 0 && !table.shards.empty())
        ExplainPropertyInteger("Task Count", nullptr,
                               shards * static_cast<int64>(table.shards[0].placements.size()), es);
    if (es->verbose && !table.shards.empty()) {
        InsertSender sender(CurrentMemoryContext, plan, node->ss.ss_currentRelation, &node->ss.ps,
                            state->returns_rows, InvalidOid, state->source->target());
        ExplainPropertyText("Query", sender.statement_sql(table.shards[0], 1), es);
    }
    if (!es->analyze || !state->started)
        return;
    ExplainPropertyText("Method", state->used_copy ? "COPY" : "INSERT", es);
    if (!state->used_copy)
        ExplainPropertyInteger("Statements", nullptr, state->sender->statements_sent, es);
    ExplainPropertyInteger("Rows Written", nullptr, state->rows_written, es);
}

const CustomExecMethods exec_methods = {
    .CustomName = kNodeName,
    .BeginCustomScan = begin_insert,
    .ExecCustomScan = exec_insert,
    .EndCustomScan = end_insert,
    .ReScanCustomScan = rescan_insert,
    .ExplainCustomScan = explain_insert,
};

void run_other_inserts(InsertScanState *state) {
    if (!state->plan.can_set_tag)
        return;
    List *others = state->css.ss.ps.state->es_auxmodifytables;
    for (int i = list_length(others) - 1; i >= 0; i--) { // newest first in the list
        auto *node = static_cast<PlanState *>(list_nth(others, i));
        if (!IsA(node, CustomScanState) || castNode(CustomScanState, node)->methods != &exec_methods)
            continue;
        InsertScanState *other = insert_state(node);
        if (!other->started && !other->returns_rows && !other->plan.reads_target)
            (void)ExecProcNode(node);
    }
}

::Node *create_state(CustomScan *) {
    auto *state = static_cast<InsertScanState *>(palloc0(sizeof(InsertScanState)));
    NodeSetTag(state, T_CustomScanState);
    state->css.methods = &exec_methods;
    return reinterpret_cast<::Node *>(state);
}

const CustomScanMethods scan_methods = {
    .CustomName = kNodeName,
    .CreateCustomScanState = create_state,
};

// ---------------------------------------------------------------- the plan node

String *pack_text(const char *text) {
    return text == nullptr ? nullptr : makeString(pstrdup(text));
}

char *unpack_text(const List *packed, int position) {
    auto *text = static_cast<String *>(list_nth(packed, position));
    return text == nullptr ? nullptr : strVal(text);
}

} // namespace

CustomScan *make_insert_scan(const ModifyTable *modify, const InsertPlan &plan) {
    auto *scan = makeNode(CustomScan);
    scan->scan.plan = modify->plan;
    scan->scan.plan.type = T_CustomScan;
    scan->scan.plan.targetlist =
        modify->returningLists == NIL ? NIL : static_cast<List *>(linitial(modify->returningLists));
    scan->scan.plan.lefttree = nullptr;
    scan->scan.scanrelid = static_cast<Index>(linitial_int(modify->resultRelations));
    scan->custom_plans = list_make1(outerPlan(modify));
    scan->custom_exprs = plan.conflict_params;
    scan->custom_relids = bms_make_singleton(static_cast<int>(scan->scan.scanrelid));
    scan->methods = &scan_methods;
    List *flags =
        list_make5_int(plan.can_set_tag, plan.reads_target, plan.others_read, static_cast<int>(plan.action),
                       plan.row_by_row);
    List *packed = list_make2(list_make1_oid(plan.relid), flags);
    packed = lappend(packed, plan.columns);
    packed = lappend(packed, plan.fetched);
    packed = lappend(packed, plan.arbiters);
    packed = lappend(packed, plan.updated);
    packed = lappend(packed, pack_text(plan.column_text));
    packed = lappend(packed, pack_text(plan.conflict_target));
    packed = lappend(packed, pack_text(plan.conflict_constraint));
    packed = lappend(packed, pack_text(plan.conflict_action));
    packed = lappend(packed, plan.check_options);
    packed = lappend(packed, plan.update_set);
    packed = lappend(packed, plan.update_where);
    packed = lappend(packed, plan.update_reads);
    packed = lappend(packed, pack_text(plan.one_row_text));
    scan->custom_private = lappend(packed, plan.update_sends);
    return scan;
}

InsertPlan insert_plan_of(const CustomScan *scan) {
    const List *packed = scan->custom_private;
    const auto *flags = static_cast<const List *>(lsecond(packed));
    InsertPlan plan;
    plan.relid = linitial_oid(static_cast<const List *>(linitial(packed)));
    plan.can_set_tag = list_nth_int(flags, 0);
    plan.reads_target = list_nth_int(flags, 1);
    plan.others_read = list_nth_int(flags, 2);
    plan.action = static_cast<OnConflictAction>(list_nth_int(flags, 3));
    plan.row_by_row = list_nth_int(flags, 4);
    plan.columns = static_cast<List *>(list_nth(packed, 2));
    plan.fetched = static_cast<List *>(list_nth(packed, 3));
    plan.arbiters = static_cast<List *>(list_nth(packed, 4));
    plan.updated = static_cast<List *>(list_nth(packed, 5));
    plan.column_text = unpack_text(packed, 6);
    plan.conflict_target = unpack_text(packed, 7);
    plan.conflict_constraint = unpack_text(packed, 8);
    plan.conflict_action = unpack_text(packed, 9);
    plan.check_options = static_cast<List *>(list_nth(packed, 10));
    plan.update_set = static_cast<List *>(list_nth(packed, 11));
    plan.update_where = static_cast<List *>(list_nth(packed, 12));
    plan.update_reads = static_cast<List *>(list_nth(packed, 13));
    plan.one_row_text = unpack_text(packed, 14);
    plan.update_sends = static_cast<List *>(list_nth(packed, 15));
    plan.conflict_params = scan->custom_exprs;
    return plan;
}

bool is_insert_scan(const Plan *plan) {
    return plan != nullptr && IsA(plan, CustomScan) &&
           reinterpret_cast<const CustomScan *>(plan)->methods == &scan_methods;
}

void install_insert_scan() {
    RegisterCustomScanMethods(&scan_methods);
}

} // namespace citus
