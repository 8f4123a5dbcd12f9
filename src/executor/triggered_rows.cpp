#include "triggered_rows.hpp"

extern "C" {
#include "access/htup_details.h"
#include "executor/executor.h"
#include "miscadmin.h"
}

namespace citus {

namespace {

struct Passing {
    const ModifyPlan &plan;
    TupleTableSlot *new_row;
};

HeapTupleData old_row_of(const ModifyPlan &plan, TupleTableSlot *plan_row) {
    bool is_null;
    const Datum row = slot_getattr(plan_row, plan.old_row_resno, &is_null);
    if (is_null)
        elog(ERROR, "the old row of a row to change is NULL");
    HeapTupleData tuple{};
    tuple.t_data = DatumGetHeapTupleHeader(row);
    tuple.t_len = HeapTupleHeaderGetDatumLength(tuple.t_data);
    tuple.t_tableOid = plan.table->relid;
    ItemPointerSetInvalid(&tuple.t_self);
    return tuple;
}

/// Makes the new row from the old one and what the plan sets.
void make_new_row(const Passing &passing, HeapTuple old_row, TupleTableSlot *plan_row) {
    TupleTableSlot *slot = passing.new_row;
    ExecClearTuple(slot);
    heap_deform_tuple(old_row, slot->tts_tupleDescriptor, slot->tts_values, slot->tts_isnull);
    for (const PlanColumn &column : passing.plan.changes)
        slot->tts_values[column.attno - 1] =
            slot_getattr(plan_row, column.resno, &slot->tts_isnull[column.attno - 1]);
    ExecStoreVirtualTuple(slot);
    slot->tts_tableOid = passing.plan.table->relid;
}

/// Puts the row with the values that the triggers left into a row of the plan.
void store_new_values(const Passing &passing, TupleTableSlot *plan_row, Tuplestorestate *rows) {
    slot_getallattrs(plan_row);
    const TupleDesc desc = plan_row->tts_tupleDescriptor;
    auto *values = static_cast<Datum *>(palloc(sizeof(Datum) * static_cast<size_t>(desc->natts)));
    auto *nulls = static_cast<bool *>(palloc(sizeof(bool) * static_cast<size_t>(desc->natts)));
    std::copy_n(plan_row->tts_values, desc->natts, values);
    std::copy_n(plan_row->tts_isnull, desc->natts, nulls);
    for (const PlanColumn &column : passing.plan.changes)
        values[column.resno - 1] =
            slot_getattr(passing.new_row, column.attno, &nulls[column.resno - 1]);
    tuplestore_putvalues(rows, desc, values, nulls);
}

} // namespace

bool pass_row_to_triggers(const ModifyPlan &plan, TableTriggers *triggers, TupleTableSlot *row,
                          TupleTableSlot *new_row, Tuplestorestate *rows) {
    const Passing passing{plan, new_row};
    HeapTupleData old_row = old_row_of(plan, row);
    if (plan.operation == CMD_DELETE) {
        if (!triggers->before_delete(&old_row))
            return false;
        triggers->after_delete(&old_row);
        tuplestore_puttupleslot(rows, row);
        return true;
    }
    make_new_row(passing, &old_row, row);
    if (!triggers->before_update(&old_row, new_row))
        return false;
    slot_getallattrs(new_row);
    new_row->tts_tableOid = plan.table->relid;
    store_new_values(passing, row, rows);
    triggers->after_update(&old_row, new_row);
    return true;
}

Tuplestorestate *pass_to_triggers(EState *estate, const ModifyPlan &plan, TableTriggers *triggers,
                                  Tuplestorestate *rows, TupleTableSlot *slot, TupleTableSlot *new_row) {
    if (plan.old_row_resno == InvalidAttrNumber)
        return rows; // triggers of the statement only
    Tuplestorestate *passed = tuplestore_begin_heap(false, false, work_mem);
    while (tuplestore_gettupleslot(rows, true, false, slot)) {
        CHECK_FOR_INTERRUPTS();
        ResetPerTupleExprContext(estate);
        ContextScope scope(GetPerTupleMemoryContext(estate));
        (void)pass_row_to_triggers(plan, triggers, slot, new_row, passed);
    }
    ExecClearTuple(slot);
    ExecClearTuple(new_row);
    tuplestore_end(rows);
    return passed;
}

void check_moves(const ModifyPlan &plan, Tuplestorestate *rows, TupleTableSlot *slot) {
    bool any = false;
    while (!any && tuplestore_gettupleslot(rows, true, false, slot))
        any = plan.read_target(slot).moves();
    ExecClearTuple(slot);
    tuplestore_rescan(rows);
    if (any)
        check_move(plan);
}

} // namespace citus
