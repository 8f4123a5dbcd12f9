#include "citus/executor/modify_batch.hpp"
#include "citus/executor/modify_scan.hpp"
#include "citus/executor/reading_functions.hpp"
#include "citus/executor/reference_lock.hpp"
#include "citus/executor/run_as.hpp"
#include "citus/executor/table_triggers.hpp"

#include "citus/executor/fragment_scan.hpp"
#include "triggered_rows.hpp"

extern "C" {
#include "commands/explain.h"
#include "nodes/extensible.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "utils/tuplestore.h"
}

namespace citus {

namespace {

constexpr const char *kNodeName = "Citus Modify";

struct ModifyScanState {
    CustomScanState css; // must stay first
    ModifyPlan plan;
    bool counts_rows;           ///< adds to es_processed
    bool drops_duplicates;      ///< the child may give a row more than once
    MemoryContext node_context; ///< of the whole run
    MemoryContext batch_context;
    Tuplestorestate *rows;    ///< the child's rows, each target row once
    Tuplestorestate *one_row; ///< row by row: the one to change now
    TupleTableSlot *row_slot; ///< one of them
    TupleTableSlot *new_slot; ///< a changed row of the target, for RETURNING and check options
    ResultRelInfo *checked;   ///< the target with its check options; nullptr without
    ModifyBatch *batch;
    TableTriggers *triggers;   ///< nullptr: none
    TupleTableSlot *row_after; ///< with triggers: the whole row of the target as it will be
    uint64 affected;
    bool collected, finished;
    bool computes_row_by_row; ///< each row is changed before the child computes the next one
    bool fires_row_by_row;    ///< or before the triggers see the next one
};

ModifyScanState *modify_state(CustomScanState *node) {
    return reinterpret_cast<ModifyScanState *>(node);
}

// ---------------------------------------------------------------- reading all rows first

/// Reads the child to its end, so that no change is seen by the plan, and nothing is changed before
/// everything that can be refused has been.
void collect_rows(ModifyScanState *state) {
    PlanState *child = outerPlanState(&state->css.ss.ps);
    MemoryContextResource resource(state->node_context);
    TargetRowSet seen(&resource);
    bool moves_checked = false;
    state->rows = tuplestore_begin_heap(false, false, work_mem);
    for (;;) {
        TupleTableSlot *slot = ExecProcNode(child);
        if (TupIsNull(slot))
            break;
        const TargetRow target = state->plan.read_target(slot);
        if (state->triggers == nullptr && target.moves() && !std::exchange(moves_checked, true))
            check_move(state->plan);
        // A row that several rows of the other tables match changes once, to what the first one says.
        if (state->drops_duplicates && !seen.add(target))
            continue;
        tuplestore_puttupleslot(state->rows, slot);
    }
}

void collect_and_fire(ModifyScanState *state) {
    state->collected = true;
    if (state->triggers != nullptr)
        state->triggers->before_statement();
    if (state->computes_row_by_row)
        return;
    collect_rows(state);
    if (state->triggers == nullptr || state->fires_row_by_row)
        return;
    state->rows = pass_to_triggers(state->css.ss.ps.state, state->plan, state->triggers, state->rows,
                                   state->row_slot, state->row_after);
    check_moves(state->plan, state->rows, state->row_slot);
}

// ---------------------------------------------------------------- row by row

/// Lets the triggers make the next row to change out of one that was collected; false at the end.
bool fire_next_row(ModifyScanState *state) {
    while (tuplestore_gettupleslot(state->rows, true, false, state->row_slot)) {
        ResetPerTupleExprContext(state->css.ss.ps.state);
        ContextScope scope(GetPerTupleMemoryContext(state->css.ss.ps.state));
        if (pass_row_to_triggers(state->plan, state->triggers, state->row_slot, state->row_after, state->one_row))
            return true;
    }
    return false;
}

/// Lets the child compute the next row; false at the end.
bool compute_next_row(ModifyScanState *state) {
    TupleTableSlot *slot = ExecProcNode(outerPlanState(&state->css.ss.ps));
    if (TupIsNull(slot))
        return false;
    tuplestore_puttupleslot(state->one_row, slot);
    return true;
}

/// Puts the next row to change into one_row: what is called for it sees the rows before as they are now.
bool prepare_one_row(ModifyScanState *state) {
    CHECK_FOR_INTERRUPTS();
    if (state->one_row == nullptr) {
        ContextScope scope(state->node_context);
        state->one_row = tuplestore_begin_heap(false, false, work_mem);
    }
    tuplestore_clear(state->one_row);
    if (!(state->fires_row_by_row ? fire_next_row(state) : compute_next_row(state)))
        return false;
    (void)tuplestore_gettupleslot(state->one_row, true, false, state->row_slot);
    if (state->plan.read_target(state->row_slot).moves())
        check_move(state->plan);
    ExecClearTuple(state->row_slot);
    tuplestore_rescan(state->one_row);
    return true;
}

/// Only where the child is a scan of the target alone, which has sent for all its rows before the first one
/// changes: a join may still read the table later.
void choose_row_by_row(ModifyScanState *state, Relation relation) {
    const Plan *child = outerPlan(state->css.ss.ps.plan);
    if (state->triggers != nullptr) {
        state->fires_row_by_row = state->plan.old_row_resno != InvalidAttrNumber &&
                                  has_reading_triggers(relation, state->plan.operation);
        return;
    }
    state->computes_row_by_row =
        !state->drops_duplicates && (calls_reading_function(reinterpret_cast<::Node *>(child->targetlist)) ||
                                     calls_reading_function(reinterpret_cast<::Node *>(child->qual)));
}

// ---------------------------------------------------------------- batches

/// Check options of views and row-level security policies, on rows as the shards have them now. A row that
/// fails ends the transaction, so it is the same as a check before the change.
void check_options(ModifyScanState *state) {
    EState *estate = state->css.ss.ps.state;
    ExecWithCheckOptions(WCO_RLS_UPDATE_CHECK, state->checked, state->new_slot, estate);
    ExecWithCheckOptions(WCO_VIEW_CHECK, state->checked, state->new_slot, estate);
    ResetPerTupleExprContext(estate);
}

/// The next changed row of the current batch, checked.
bool next_result(ModifyScanState *state) {
    if (state->batch == nullptr || !state->batch->next_result(state->row_slot, state->new_slot))
        return false;
    if (state->checked != nullptr)
        check_options(state);
    return true;
}

/// Fills and runs the next batch; false when there are no more rows.
bool run_next_batch(ModifyScanState *state) {
    // The slots may own, or point to, memory of the last batch.
    ExecClearTuple(state->row_slot);
    ExecClearTuple(state->new_slot);
    MemoryContextReset(state->batch_context);
    state->batch = nullptr;
    ContextScope scope(state->batch_context);
    const bool row_by_row = state->computes_row_by_row || state->fires_row_by_row;
    if (row_by_row && !prepare_one_row(state))
        return false;
    auto *batch = make_in<ModifyBatch>(state->batch_context, state->plan);
    if (!batch->fill(row_by_row ? state->one_row : state->rows, state->row_slot))
        return false;
    state->affected += batch->run();
    state->batch = batch;
    return true;
}

TupleTableSlot *next_returned_row(ModifyScanState *state) {
    ExprContext *econtext = state->css.ss.ps.ps_ExprContext;
    for (;;) {
        ResetExprContext(econtext);
        if (next_result(state)) {
            econtext->ecxt_scantuple = state->new_slot;
            econtext->ecxt_outertuple = state->row_slot;
            return ExecProject(state->css.ss.ps.ps_ProjInfo);
        }
        if (!run_next_batch(state))
            return nullptr;
    }
}

TupleTableSlot *exec_modify(CustomScanState *node) {
    auto *state = modify_state(node);
    if (state->finished)
        return nullptr;
    if (!state->collected) {
        if (state->plan.is_replicated)
            lock_for_replicated_write(state->plan.table->relid);
        collect_and_fire(state);
        start_reads_before_write(node->ss.ps.state);
    }
    if (state->css.ss.ps.plan->targetlist != NIL) {
        TupleTableSlot *slot = next_returned_row(state);
        if (slot != nullptr)
            return slot;
    } else {
        while (run_next_batch(state))
            while (next_result(state))
                CHECK_FOR_INTERRUPTS();
    }
    state->finished = true;
    if (state->triggers != nullptr)
        state->triggers->after_statement();
    if (state->counts_rows)
        node->ss.ps.state->es_processed += state->affected;
    return nullptr;
}

// ---------------------------------------------------------------- the other callbacks

/// The target as the server's own check wants it, with the check options ready to run.
ResultRelInfo *init_checks(CustomScanState *node, Index target, List *checks) {
    EState *estate = node->ss.ps.state;
    auto *info = makeNode(ResultRelInfo);
    ExecInitResultRelation(estate, info, target);
    info->ri_WithCheckOptions = checks;
    ListCell *cell;
    foreach (cell, checks) {
        auto *qual = reinterpret_cast<List *>(lfirst_node(WithCheckOption, cell)->qual);
        info->ri_WithCheckOptionExprs =
            lappend(info->ri_WithCheckOptionExprs, ExecInitQual(qual, &node->ss.ps));
    }
    return info;
}

void begin_modify(CustomScanState *node, EState *estate, int eflags) {
    auto *state = modify_state(node);
    auto *scan = castNode(CustomScan, node->ss.ps.plan);
    outerPlanState(&node->ss.ps) = ExecInitNode(outerPlan(&scan->scan.plan), estate, eflags);
    const List *numbers = static_cast<const List *>(linitial(scan->custom_private));
    const bool can_set_tag = lthird_int(numbers);
    const Index target = static_cast<Index>(lsecond_int(numbers));
    auto *checks = static_cast<List *>(lthird(scan->custom_private));
    Relation relation = ExecGetRangeTableRelation(estate, target);
    if (checks != NIL)
        state->checked = init_checks(node, target, checks);
    const List *child_tlist = outerPlan(&scan->scan.plan)->targetlist;

    state->node_context = AllocSetContextCreate(estate->es_query_cxt, "citus modify", ALLOCSET_DEFAULT_SIZES);
    state->batch_context =
        AllocSetContextCreate(state->node_context, "citus modify batch", ALLOCSET_DEFAULT_SIZES);
    {
        ContextScope scope(state->node_context);
        new (&state->plan) ModifyPlan(static_cast<CmdType>(linitial_int(numbers)), relation, target,
                                      child_tlist, static_cast<List *>(lsecond(scan->custom_private)),
                                      list_concat_copy(checks, scan->scan.plan.targetlist));
    }
    if ((eflags & EXEC_FLAG_EXPLAIN_ONLY) == 0)
        state->triggers = TableTriggers::open(estate, relation, target, state->plan.operation);
    state->row_after = ExecInitExtraTupleSlot(estate, RelationGetDescr(relation), &TTSOpsVirtual);
    state->plan.may_lose_rows = estate->es_plannedstmt->hasModifyingCTE;
    const Oid check_as = exec_rt_fetch(target, estate)->checkAsUser;
    state->plan.run_as =
        effective_user(check_as, list_make1_oid(RelationGetRelid(relation)), kRightsToChange);
    state->counts_rows = can_set_tag && estate->es_plannedstmt->canSetTag;
    state->drops_duplicates = !is_fragment_scan(outerPlan(&scan->scan.plan));
    choose_row_by_row(state, relation);
    state->row_slot =
        ExecInitExtraTupleSlot(estate, ExecGetResultType(outerPlanState(&node->ss.ps)), &TTSOpsMinimalTuple);
    state->new_slot = ExecInitExtraTupleSlot(estate, RelationGetDescr(relation), &TTSOpsVirtual);
    // A data-modifying CTE runs to its end even when nobody reads all of it.
    if (!can_set_tag)
        estate->es_auxmodifytables = lcons(node, estate->es_auxmodifytables);
}

void end_modify(CustomScanState *node) {
    auto *state = modify_state(node);
    if (state->rows != nullptr)
        tuplestore_end(state->rows);
    if (state->one_row != nullptr)
        tuplestore_end(state->one_row);
    state->rows = state->one_row = nullptr;
    if (state->triggers != nullptr)
        state->triggers->close();
    ExecEndNode(outerPlanState(&node->ss.ps));
}

void rescan_modify(CustomScanState *) {
    elog(ERROR, "a node that changes rows cannot run twice");
}

void explain_modify(CustomScanState *node, List *, ExplainState *es) {
    const auto *scan = castNode(CustomScan, node->ss.ps.plan);
    const List *numbers = static_cast<const List *>(linitial(scan->custom_private));
    const RangeTblEntry *rte = exec_rt_fetch(static_cast<Index>(lsecond_int(numbers)), node->ss.ps.state);
    ExplainPropertyText("Tier", "Gather", es);
    ExplainPropertyText("Operation", linitial_int(numbers) == CMD_UPDATE ? "Update" : "Delete", es);
    ExplainPropertyText("Target", quote_identifier(get_rel_name(rte->relid)), es);
}

const CustomExecMethods kExecMethods = {
    .CustomName = kNodeName,
    .BeginCustomScan = begin_modify,
    .ExecCustomScan = exec_modify,
    .EndCustomScan = end_modify,
    .ReScanCustomScan = rescan_modify,
    .ExplainCustomScan = explain_modify,
};

::Node *create_modify_state(CustomScan *) {
    auto *state = static_cast<ModifyScanState *>(palloc0(sizeof(ModifyScanState)));
    NodeSetTag(state, T_CustomScanState);
    state->css.methods = &kExecMethods;
    return reinterpret_cast<::Node *>(state);
}

const CustomScanMethods kScanMethods = {
    .CustomName = kNodeName,
    .CreateCustomScanState = create_modify_state,
};

} // namespace

RowIdentity row_identity(Oid relid) {
    const DistTable &table = *require_dist_table(relid);
    RowIdentity identity{};
    identity.is_replicated = std::any_of(table.shards.begin(), table.shards.end(),
                                         [](const Shard &shard) { return shard.placements.size() > 1; });
    if (!identity.is_replicated) {
        // A ctid is unique within one partition.
        if (get_rel_relkind(relid) == RELKIND_PARTITIONED_TABLE)
            identity.columns = list_make1_int(TableOidAttributeNumber);
        return identity;
    }
    Relation relation = table_open(relid, NoLock);
    const Oid index_id = RelationGetReplicaIndex(relation);
    const Oid key_id = OidIsValid(index_id) ? index_id : RelationGetPrimaryKeyIndex(relation);
    if (OidIsValid(key_id)) {
        Relation index = index_open(key_id, AccessShareLock);
        for (int i = 0; i < index->rd_index->indnkeyatts; i++)
            identity.columns = lappend_int(identity.columns, index->rd_index->indkey.values[i]);
        index_close(index, AccessShareLock);
    } else {
        identity.by_image = true;
        for (AttrNumber attno = 1; attno <= RelationGetDescr(relation)->natts; attno++)
            if (!TupleDescAttr(RelationGetDescr(relation), attno - 1)->attisdropped)
                identity.columns = lappend_int(identity.columns, attno);
    }
    table_close(relation, NoLock);
    return identity;
}

CustomScan *make_modify_scan(ModifyTable *modify) {
    auto *scan = makeNode(CustomScan);
    scan->scan.plan = modify->plan;
    NodeSetTag(scan, T_CustomScan);
    const int target = linitial_int(modify->resultRelations);
    List *columns =
        modify->updateColnosLists == NIL ? NIL : static_cast<List *>(linitial(modify->updateColnosLists));
    List *checks = modify->withCheckOptionLists == NIL
                       ? NIL
                       : static_cast<List *>(linitial(modify->withCheckOptionLists));
    scan->custom_private = list_make3(
        list_make3_int(static_cast<int>(modify->operation), target, modify->canSetTag), columns, checks);
    scan->custom_relids = bms_make_singleton(target);
    scan->flags = CUSTOMPATH_SUPPORT_PROJECTION;
    scan->methods = &kScanMethods;
    return scan;
}

void install_modify_scan() {
    RegisterCustomScanMethods(&kScanMethods);
}

} // namespace citus
