#include "insert_rows.hpp"

extern "C" {
#include "executor/nodeModifyTable.h"
}

namespace citus {

InsertSource::InsertSource(const InsertPlan &plan, PlanState *child, PlanState *parent, Relation relation,
                           Index target)
    : child_(child), parent_(parent), relation_(relation), may_conflict_(plan.action != ONCONFLICT_NONE),
      checks_view_(!may_conflict_) {
    EState *estate = parent->state;
    row_slot_ = ExecInitExtraTupleSlot(estate, RelationGetDescr(relation), &TTSOpsVirtual);
    target_ = makeNode(ResultRelInfo);
    InitResultRelInfo(target_, relation, target, nullptr, estate->es_instrument);
    const TupleConstr *constraints = RelationGetDescr(relation)->constr;
    checks_ = plan.check_options != NIL ||
              (constraints != nullptr && (constraints->has_not_null || constraints->num_check > 0));
    ListCell *cell;
    foreach (cell, plan.check_options)
        target_->ri_WithCheckOptionExprs =
            lappend(target_->ri_WithCheckOptionExprs,
                    ExecInitQual(reinterpret_cast<List *>(lfirst_node(WithCheckOption, cell)->qual), parent));
    target_->ri_WithCheckOptions = plan.check_options;
}

/// Checks in the order of PostgreSQL.
void InsertSource::check(TupleTableSlot *row) {
    EState *estate = parent_->state;
    if (target_->ri_WithCheckOptions != NIL)
        ExecWithCheckOptions(WCO_RLS_INSERT_CHECK, target_, row, estate);
    // Those of a partition come after the choice of the partition, which the shard makes.
    if (RelationGetDescr(relation_)->constr != nullptr &&
        relation_->rd_rel->relkind != RELKIND_PARTITIONED_TABLE)
        ExecConstraints(target_, row, estate);
    if (target_->ri_WithCheckOptions != NIL && checks_view_)
        ExecWithCheckOptions(WCO_VIEW_CHECK, target_, row, estate);
}

/// The next row of the child as one of the table; false at the end.
bool InsertSource::next_of_child() {
    ResetPerTupleExprContext(parent_->state);
    TupleTableSlot *slot = ExecProcNode(child_);
    if (TupIsNull(slot)) {
        child_done_ = true;
        return false;
    }
    // The first columns are the table's, in order; what follows is junk.
    const int count = row_slot_->tts_tupleDescriptor->natts;
    slot_getsomeattrs(slot, count);
    ExecClearTuple(row_slot_);
    std::copy_n(slot->tts_values, count, row_slot_->tts_values);
    std::copy_n(slot->tts_isnull, count, row_slot_->tts_isnull);
    ExecStoreVirtualTuple(row_slot_);
    row_slot_->tts_tableOid = RelationGetRelid(relation_);
    return true;
}

/// A trigger function may use the connections that the child reads from, so the child is read first.
void InsertSource::store_child() {
    ContextScope scope(parent_->state->es_query_cxt);
    untouched_ = tuplestore_begin_heap(false, false, work_mem);
    while (next_of_child()) {
        CHECK_FOR_INTERRUPTS();
        tuplestore_puttupleslot(untouched_, row_slot_);
    }
    untouched_slot_ =
        ExecInitExtraTupleSlot(parent_->state, row_slot_->tts_tupleDescriptor, &TTSOpsMinimalTuple);
}

/// The next row that triggers let through, in row_slot_.
bool InsertSource::next_of_triggers() {
    if (untouched_ == nullptr)
        store_child();
    do {
        ResetPerTupleExprContext(parent_->state);
        if (!tuplestore_gettupleslot(untouched_, true, false, untouched_slot_))
            return false;
        ExecCopySlot(row_slot_, untouched_slot_);
        row_slot_->tts_tableOid = RelationGetRelid(relation_);
    } while (!triggers_->before_insert(row_slot_));
    slot_getallattrs(row_slot_);
    row_slot_->tts_tableOid = RelationGetRelid(relation_);
    return true;
}

TupleTableSlot *InsertSource::read_child() {
    if (triggers_ != nullptr ? !next_of_triggers() : child_done_ || !next_of_child())
        return nullptr;
    EState *estate = parent_->state;
    const TupleConstr *constraints = RelationGetDescr(relation_)->constr;
    if (constraints != nullptr && constraints->has_generated_stored)
        ExecComputeStoredGenerated(target_, estate, row_slot_, CMD_INSERT);
    if (checks_)
        check(row_slot_);
    if (triggers_ != nullptr && !may_conflict_)
        triggers_->after_insert(row_slot_);
    return row_slot_;
}

TupleTableSlot *InsertSource::next() {
    if (from_store_) {
        if (!tuplestore_gettupleslot(store_, true, false, stored_slot_)) {
            from_store_ = false;
            return nullptr;
        }
        slot_getallattrs(stored_slot_);
        return stored_slot_;
    }
    return read_child();
}

void InsertSource::read_all() {
    if (store_ != nullptr)
        return;
    ContextScope scope(parent_->state->es_query_cxt);
    store_ = tuplestore_begin_heap(false, false, work_mem);
    stored_slot_ =
        ExecInitExtraTupleSlot(parent_->state, row_slot_->tts_tupleDescriptor, &TTSOpsMinimalTuple);
    while (TupleTableSlot *row = read_child()) {
        CHECK_FOR_INTERRUPTS();
        tuplestore_puttupleslot(store_, row);
    }
    from_store_ = true;
}

void InsertSource::rewind() {
    tuplestore_rescan(store_);
    from_store_ = true;
}

bool InsertSource::failed_constraint(const ErrorData *error) const {
    return error->sqlerrcode == ERRCODE_NOT_NULL_VIOLATION || error->sqlerrcode == ERRCODE_CHECK_VIOLATION ||
           error->sqlerrcode == ERRCODE_WITH_CHECK_OPTION_VIOLATION;
}

void InsertSource::close() {
    ExecClearTuple(row_slot_);
    if (untouched_ != nullptr) {
        ExecClearTuple(untouched_slot_);
        tuplestore_end(untouched_);
        untouched_ = nullptr;
    }
    if (store_ != nullptr) {
        ExecClearTuple(stored_slot_);
        tuplestore_end(store_);
        store_ = nullptr;
    }
}

} // namespace citus
