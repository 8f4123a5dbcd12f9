#include "citus/executor/merge_scan.hpp"

#include "citus/executor/modify_batch.hpp"
#include "citus/executor/modify_scan.hpp"
#include "citus/executor/reading_functions.hpp"
#include "citus/executor/reference_lock.hpp"
#include "citus/executor/run_as.hpp"
#include "citus/monitor/shell_figures.hpp"
#include "citus/pg/list.hpp"
#include "citus/pg/walker.hpp"

#include "citus/executor/fragment_scan.hpp"
#include "triggered_rows.hpp"

extern "C" {
#include "access/sysattr.h"
#include "commands/explain.h"
#include "nodes/extensible.h"
#include "parser/parsetree.h"
#include "utils/tuplestore.h"
}

namespace citus {

namespace {

constexpr const char *kNodeName = "Citus Merge";

/// The commands that rows may turn into, in the order in which the triggers before the statement fire.
constexpr CmdType kCommands[] = {CMD_INSERT, CMD_UPDATE, CMD_DELETE};

/// One WHEN clause.
struct WhenClause {
    const MergeAction *action;
    ExprState *condition;
    ProjectionInfo *projection; ///< INSERT: the new row; UPDATE, DELETE: what ModifyPlan reads
    List *tlist;                ///< its columns
    ModifyPlan *plan;           ///< of UPDATE and DELETE
    TupleTableSlot *row_slot;   ///< reads a row back
    Tuplestorestate *rows;
    bool moves_checked;
    bool goes_row_by_row; ///< see reading_functions.hpp
};

/// Where the old row's columns are in the child's rows.
struct TargetColumn {
    AttrNumber attno, resno;
};

struct MergeScanState {
    CustomScanState css; // must stay first
    Index target;
    MemoryContext node_context, batch_context;
    std::span<WhenClause> clauses;
    std::span<TargetColumn> columns;
    AttrNumber tid_resno;
    TupleTableSlot *old_slot;   ///< the target's row as far as the actions use it
    const ModifyPlan *any_plan; ///< of one of the clauses, to tell target rows apart; nullptr without
    TableTriggers *triggers[std::size(kCommands)]; ///< of each command, nullptr: none
    TupleTableSlot *new_row;                       ///< for triggers: a row of the target
    bool is_replicated;
    bool finished;
    uint64 affected;

    TableTriggers *triggers_of(CmdType command) const {
        for (size_t i = 0; i < std::size(kCommands); i++)
            if (kCommands[i] == command)
                return triggers[i];
        return nullptr;
    }
};

MergeScanState *merge_state(CustomScanState *node) {
    return reinterpret_cast<MergeScanState *>(node);
}

// ---------------------------------------------------------------- finding the action

bool fill_old_row(MergeScanState *state, TupleTableSlot *row) {
    bool is_null;
    (void)slot_getattr(row, state->tid_resno, &is_null);
    TupleTableSlot *slot = state->old_slot;
    ExecClearTuple(slot);
    if (is_null)
        return false;
    const auto count = static_cast<size_t>(slot->tts_tupleDescriptor->natts);
    std::fill_n(slot->tts_isnull, count, true);
    for (const TargetColumn &column : state->columns) {
        const Datum value = slot_getattr(row, column.resno, &is_null);
        if (column.attno == SelfItemPointerAttributeNumber) {
            slot->tts_tid = *reinterpret_cast<ItemPointer>(DatumGetPointer(value));
        } else if (column.attno == TableOidAttributeNumber) {
            slot->tts_tableOid = DatumGetObjectId(value);
        } else {
            slot->tts_values[column.attno - 1] = value;
            slot->tts_isnull[column.attno - 1] = is_null;
        }
    }
    ExecStoreVirtualTuple(slot);
    return true;
}

WhenClause *clause_for(MergeScanState *state, bool matched, ExprContext *econtext) {
    for (WhenClause &clause : state->clauses)
        if (clause.action->matched == matched && ExecQual(clause.condition, econtext))
            return &clause;
    return nullptr;
}

[[noreturn]] void refuse_second_change() {
    ereport(ERROR, (errcode(ERRCODE_CARDINALITY_VIOLATION),
                    errmsg("%s command cannot affect row a second time", "MERGE"),
                    errhint("Ensure that not more than one source row matches any one target row.")));
    pg_unreachable();
}

/// Reads all rows and puts each into the store of its action.
void collect_rows(MergeScanState *state) {
    MemoryContextResource resource(state->node_context);
    TargetRowSet changed(&resource);
    ExprContext *econtext = state->css.ss.ps.ps_ExprContext;
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        TupleTableSlot *row = ExecProcNode(outerPlanState(&state->css.ss.ps));
        if (TupIsNull(row))
            break;
        ResetExprContext(econtext);
        const bool matched = fill_old_row(state, row);
        econtext->ecxt_scantuple = matched ? state->old_slot : nullptr;
        econtext->ecxt_outertuple = row;
        WhenClause *clause = clause_for(state, matched, econtext);
        if (clause == nullptr || clause->action->commandType == CMD_NOTHING)
            continue;
        TupleTableSlot *made = ExecProject(clause->projection);
        if (clause->plan != nullptr) {
            const TargetRow target = clause->plan->read_target(made);
            if (!changed.add(target))
                refuse_second_change();
            if (state->triggers_of(clause->action->commandType) == nullptr && target.moves() &&
                !std::exchange(clause->moves_checked, true))
                check_move(*clause->plan);
        }
        tuplestore_puttupleslot(clause->rows, made);
    }
}

// ---------------------------------------------------------------- triggers

/// Replaces the rows of an INSERT by what the row triggers made of them.
void pass_inserts(MergeScanState *state, WhenClause *clause, TableTriggers *triggers) {
    EState *estate = state->css.ss.ps.state;
    TupleTableSlot *row = state->new_row;
    Tuplestorestate *passed = tuplestore_begin_heap(false, false, work_mem);
    while (tuplestore_gettupleslot(clause->rows, true, false, clause->row_slot)) {
        CHECK_FOR_INTERRUPTS();
        ResetPerTupleExprContext(estate);
        ContextScope scope(GetPerTupleMemoryContext(estate));
        ExecCopySlot(row, clause->row_slot);
        row->tts_tableOid = RelationGetRelid(ExecGetRangeTableRelation(estate, state->target));
        if (!triggers->before_insert(row))
            continue;
        triggers->compute_generated(row);
        tuplestore_puttupleslot(passed, row);
        triggers->after_insert(row);
    }
    ExecClearTuple(clause->row_slot);
    ExecClearTuple(row);
    tuplestore_end(clause->rows);
    clause->rows = passed;
}

/// Lets the row triggers see the rows of a clause.
void fire_row_triggers(MergeScanState *state, WhenClause *clause) {
    TableTriggers *triggers = state->triggers_of(clause->action->commandType);
    if (triggers == nullptr)
        return;
    if (clause->plan == nullptr)
        return pass_inserts(state, clause, triggers);
    clause->rows = pass_to_triggers(state->css.ss.ps.state, *clause->plan, triggers, clause->rows,
                                    clause->row_slot, state->new_row);
    check_moves(*clause->plan, clause->rows, clause->row_slot);
}

/// All at once, except where triggers may read what was written for the rows before.
void fire_row_triggers(MergeScanState *state) {
    for (WhenClause &clause : state->clauses)
        if (!clause.goes_row_by_row && clause.action->commandType != CMD_NOTHING)
            fire_row_triggers(state, &clause);
}

void fire_before_statement(const MergeScanState *state) {
    for (TableTriggers *triggers : state->triggers)
        if (triggers != nullptr)
            triggers->before_statement();
}

void fire_after_statement(const MergeScanState *state) {
    for (size_t i = std::size(kCommands); i-- > 0;)
        if (state->triggers[i] != nullptr)
            state->triggers[i]->after_statement();
}

// ---------------------------------------------------------------- changing

void change_rows(MergeScanState *state, WhenClause *clause) {
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        ExecClearTuple(clause->row_slot);
        MemoryContextReset(state->batch_context);
        ContextScope scope(state->batch_context);
        auto *batch = make_in<ModifyBatch>(state->batch_context, *clause->plan);
        if (!batch->fill(clause->rows, clause->row_slot))
            break;
        state->affected += batch->run();
    }
}

List *written_columns(TupleDesc desc) {
    List *columns = NIL;
    for (int i = 0; i < desc->natts; i++)
        if (!TupleDescAttr(desc, i)->attisdropped && TupleDescAttr(desc, i)->attgenerated == '\0')
            columns = lappend_int(columns, i + 1);
    return columns;
}

void insert_rows(MergeScanState *state, WhenClause *clause) {
    Relation relation = ExecGetRangeTableRelation(state->css.ss.ps.state, state->target);
    MemoryContextReset(state->batch_context);
    ShardCopyWriter *writer = nullptr;
    while (tuplestore_gettupleslot(clause->rows, true, false, clause->row_slot)) {
        CHECK_FOR_INTERRUPTS();
        if (writer == nullptr)
            writer = ShardCopyWriter::open(state->batch_context, RelationGetRelid(relation),
                                           written_columns(RelationGetDescr(relation)));
        slot_getallattrs(clause->row_slot);
        writer->put(clause->row_slot->tts_values, clause->row_slot->tts_isnull);
    }
    ExecClearTuple(clause->row_slot);
    if (writer == nullptr)
        return;
    const uint64 written = writer->finish();
    state->affected += written;
    count_written_rows(RelationGetRelid(relation), written);
}

void write_rows(MergeScanState *state, WhenClause *clause) {
    if (clause->plan != nullptr)
        change_rows(state, clause);
    else
        insert_rows(state, clause);
}

/// Each row is written before triggers see the next one.
void write_row_by_row(MergeScanState *state, WhenClause *clause) {
    Tuplestorestate *all = clause->rows;
    for (;;) {
        if (!tuplestore_gettupleslot(all, true, false, clause->row_slot))
            break;
        clause->rows = tuplestore_begin_heap(false, false, work_mem);
        tuplestore_puttupleslot(clause->rows, clause->row_slot);
        fire_row_triggers(state, clause);
        write_rows(state, clause);
        tuplestore_end(clause->rows);
    }
    clause->rows = all;
}

void write_rows(MergeScanState *state, CmdType command) {
    for (WhenClause &clause : state->clauses) {
        if (clause.action->commandType != command)
            continue;
        if (clause.goes_row_by_row)
            write_row_by_row(state, &clause);
        else
            write_rows(state, &clause);
    }
}

TupleTableSlot *exec_merge(CustomScanState *node) {
    auto *state = merge_state(node);
    if (state->finished)
        return nullptr;
    EState *estate = node->ss.ps.state;
    if (state->is_replicated)
        lock_for_replicated_write(exec_rt_fetch(state->target, estate)->relid);
    fire_before_statement(state);
    collect_rows(state);
    fire_row_triggers(state);
    start_reads_before_write(estate);
    // What rows leave behind is free for those that come.
    write_rows(state, CMD_DELETE);
    write_rows(state, CMD_UPDATE);
    write_rows(state, CMD_INSERT);
    fire_after_statement(state);
    state->finished = true;
    if (estate->es_plannedstmt->canSetTag)
        estate->es_processed += state->affected;
    return nullptr;
}

// ---------------------------------------------------------------- start

TargetEntry *child_column(const TargetEntry *entry, List *tlist, const char *name) {
    auto *expr = reinterpret_cast<::Node *>(entry->expr);
    Var *var = makeVar(OUTER_VAR, entry->resno, exprType(expr), exprTypmod(expr), exprCollation(expr), 0);
    return makeTargetEntry(reinterpret_cast<Expr *>(var), static_cast<AttrNumber>(list_length(tlist) + 1),
                           pstrdup(name), true);
}

bool is_identity(const TargetEntry *entry) {
    return entry->resname != nullptr &&
           (strcmp(entry->resname, "ctid") == 0 || strcmp(entry->resname, kShardKeyColumn) == 0 ||
            strcmp(entry->resname, kOldRowColumn) == 0 ||
            strncmp(entry->resname, kIdentityColumn, strlen(kIdentityColumn)) == 0);
}

/// What identifies the row, from the child's row, and then what the action sets.
List *modify_tlist(const List *child_tlist, const MergeAction *action) {
    List *tlist = NIL;
    ListCell *cell;
    foreach (cell, child_tlist) {
        const auto *entry = lfirst_node(TargetEntry, cell);
        if (entry->resjunk && is_identity(entry))
            tlist = lappend(tlist, child_column(entry, tlist, entry->resname));
    }
    foreach (cell, action->targetList) {
        TargetEntry *entry = flatCopyTargetEntry(lfirst_node(TargetEntry, cell));
        entry->resno = static_cast<AttrNumber>(list_length(tlist) + 1);
        if (!entry->resjunk)
            tlist = lappend(tlist, entry);
    }
    return tlist;
}

void init_clause(CustomScanState *node, WhenClause *clause, const MergeAction *action, Relation relation) {
    auto *state = merge_state(node);
    EState *estate = node->ss.ps.state;
    const List *child_tlist = outerPlan(node->ss.ps.plan)->targetlist;
    clause->action = action;
    clause->condition = ExecInitQual(reinterpret_cast<List *>(action->qual), &node->ss.ps);
    if (action->commandType == CMD_NOTHING)
        return;
    const bool inserts = action->commandType == CMD_INSERT;
    clause->tlist = inserts ? action->targetList : modify_tlist(child_tlist, action);
    TupleDesc desc = inserts ? RelationGetDescr(relation) : ExecTypeFromTL(clause->tlist);
    TupleTableSlot *made = ExecInitExtraTupleSlot(estate, desc, &TTSOpsVirtual);
    clause->row_slot = ExecInitExtraTupleSlot(estate, desc, &TTSOpsMinimalTuple);
    clause->projection = ExecBuildProjectionInfo(clause->tlist, node->ss.ps.ps_ExprContext, made,
                                                 &node->ss.ps, inserts ? desc : nullptr);
    if (inserts)
        return;
    const List *columns = action->commandType == CMD_UPDATE ? action->updateColnos : NIL;
    clause->plan = make_in<ModifyPlan>(state->node_context, action->commandType, relation, state->target,
                                       clause->tlist, columns, NIL);
    clause->plan->may_lose_rows = estate->es_plannedstmt->hasModifyingCTE;
    clause->plan->run_as = effective_user(exec_rt_fetch(state->target, estate)->checkAsUser,
                                          list_make1_oid(RelationGetRelid(relation)), kRightsToChange);
}

void find_columns(MergeScanState *state, const List *child_tlist) {
    const auto count = static_cast<size_t>(list_length(child_tlist));
    auto *columns = static_cast<TargetColumn *>(palloc0(sizeof(TargetColumn) * (count + 1)));
    size_t found = 0;
    ListCell *cell;
    foreach (cell, child_tlist) {
        const auto *entry = lfirst_node(TargetEntry, cell);
        if (!entry->resjunk || entry->resname == nullptr)
            continue;
        if (strcmp(entry->resname, "ctid") == 0)
            state->tid_resno = entry->resno;
        else if (strncmp(entry->resname, kTargetColumn, strlen(kTargetColumn)) == 0)
            columns[found++] = {static_cast<AttrNumber>(atoi(entry->resname + strlen(kTargetColumn))),
                                entry->resno};
    }
    state->columns = {columns, found};
}

/// Triggers fire for the commands that the clauses name.
void open_triggers(MergeScanState *state, const List *actions) {
    EState *estate = state->css.ss.ps.state;
    Relation relation = ExecGetRangeTableRelation(estate, state->target);
    for (size_t i = 0; i < std::size(kCommands); i++) {
        const auto is_of_command = [&](const ListCell &cell) {
            return lfirst_node(MergeAction, &cell)->commandType == kCommands[i];
        };
        const auto clauses = cells(actions);
        if (std::any_of(clauses.begin(), clauses.end(), is_of_command))
            state->triggers[i] = TableTriggers::open(estate, relation, state->target, kCommands[i]);
    }
    state->new_row = ExecInitExtraTupleSlot(estate, RelationGetDescr(relation), &TTSOpsVirtual);
}

void begin_merge(CustomScanState *node, EState *estate, int eflags) {
    auto *state = merge_state(node);
    auto *scan = castNode(CustomScan, node->ss.ps.plan);
    outerPlanState(&node->ss.ps) = ExecInitNode(outerPlan(&scan->scan.plan), estate, eflags);
    state->target =
        static_cast<Index>(linitial_int(static_cast<const List *>(linitial(scan->custom_private))));
    const auto *actions = static_cast<const List *>(lsecond(scan->custom_private));
    Relation relation = ExecGetRangeTableRelation(estate, state->target);
    state->is_replicated = row_identity(RelationGetRelid(relation)).is_replicated;
    state->node_context = AllocSetContextCreate(estate->es_query_cxt, "citus merge", ALLOCSET_DEFAULT_SIZES);
    state->batch_context =
        AllocSetContextCreate(state->node_context, "citus merge batch", ALLOCSET_DEFAULT_SIZES);
    state->old_slot = ExecInitExtraTupleSlot(estate, RelationGetDescr(relation), &TTSOpsVirtual);
    if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) == 0)
        open_triggers(state, actions);
    ContextScope scope(state->node_context);
    find_columns(state, outerPlan(&scan->scan.plan)->targetlist);
    const auto count = static_cast<size_t>(list_length(actions));
    state->clauses = {static_cast<WhenClause *>(palloc0(sizeof(WhenClause) * (count + 1))), count};
    ListCell *cell;
    foreach (cell, actions) {
        WhenClause *clause = &state->clauses[static_cast<size_t>(foreach_current_index(cell))];
        init_clause(node, clause, lfirst_node(MergeAction, cell), relation);
        clause->goes_row_by_row = state->triggers_of(clause->action->commandType) != nullptr &&
                                  has_reading_triggers(relation, clause->action->commandType);
        if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) == 0 && clause->action->commandType != CMD_NOTHING)
            clause->rows = tuplestore_begin_heap(false, false, work_mem);
    }
}

void end_merge(CustomScanState *node) {
    for (WhenClause &clause : merge_state(node)->clauses)
        if (clause.rows != nullptr)
            tuplestore_end(std::exchange(clause.rows, nullptr));
    for (TableTriggers *triggers : merge_state(node)->triggers)
        if (triggers != nullptr)
            triggers->close();
    ExecEndNode(outerPlanState(&node->ss.ps));
}

void rescan_merge(CustomScanState *) {
    elog(ERROR, "a node that changes rows cannot run twice");
}

void explain_merge(CustomScanState *node, List *, ExplainState *es) {
    auto *state = merge_state(node);
    ExplainPropertyText("Tier", "Gather", es);
    ExplainPropertyText("Operation", "Merge", es);
    ExplainPropertyText(
        "Target", quote_identifier(get_rel_name(exec_rt_fetch(state->target, node->ss.ps.state)->relid)), es);
}

const CustomExecMethods kExecMethods = {
    .CustomName = kNodeName,
    .BeginCustomScan = begin_merge,
    .ExecCustomScan = exec_merge,
    .EndCustomScan = end_merge,
    .ReScanCustomScan = rescan_merge,
    .ExplainCustomScan = explain_merge,
};

::Node *create_merge_state(CustomScan *) {
    auto *state = static_cast<MergeScanState *>(palloc0(sizeof(MergeScanState)));
    NodeSetTag(state, T_CustomScanState);
    state->css.methods = &kExecMethods;
    return reinterpret_cast<::Node *>(state);
}

const CustomScanMethods kScanMethods = {
    .CustomName = kNodeName,
    .CreateCustomScanState = create_merge_state,
};

} // namespace

namespace {

/// PostgreSQL's MERGE has its source as the inner side; here it is the one child, which is the outer side
/// also for EXPLAIN.
bool take_from_child(::Node *node, void *) {
    if (node == nullptr)
        return false;
    if (IsA(node, Var) && castNode(Var, node)->varno == INNER_VAR)
        castNode(Var, node)->varno = OUTER_VAR;
    return walk_children(node, take_from_child, nullptr);
}

} // namespace

CustomScan *make_merge_scan(ModifyTable *modify) {
    if (modify->withCheckOptionLists != NIL && linitial(modify->withCheckOptionLists) != nullptr)
        ereport(
            ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
             errmsg("MERGE into a distributed or reference table with row-level security is not supported"),
             errhint("Use UPDATE, DELETE and INSERT in one transaction.")));
    auto *scan = makeNode(CustomScan);
    scan->scan.plan = modify->plan;
    NodeSetTag(scan, T_CustomScan);
    const int target = linitial_int(modify->resultRelations);
    auto *actions = static_cast<List *>(copyObjectImpl(linitial(modify->mergeActionLists)));
    take_from_child(reinterpret_cast<::Node *>(actions), nullptr);
    scan->custom_private = list_make2(list_make1_int(target), actions);
    scan->custom_relids = bms_make_singleton(target);
    scan->flags = CUSTOMPATH_SUPPORT_PROJECTION;
    scan->methods = &kScanMethods;
    return scan;
}

void install_merge_scan() {
    RegisterCustomScanMethods(&kScanMethods);
}

} // namespace citus
