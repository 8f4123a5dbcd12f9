#include "conflict_update.hpp"

namespace citus {

ConflictUpdate::ConflictUpdate(const InsertPlan &plan, Relation relation, PlanState *parent,
                               ResultRelInfo *target)
    : plan_(plan), estate_(parent->state), target_(target), econtext_(CreateExprContext(parent->state)) {
    TupleDesc desc = CreateTupleDescCopyConstr(RelationGetDescr(relation));
    existing_ = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
    existing_->tts_tableOid = RelationGetRelid(relation);
    new_ = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
    projection_ =
        ExecBuildUpdateProjection(plan.update_set, true, plan.updated, desc, econtext_, new_, parent);
    filter_ = ExecInitQual(plan.update_where, parent);
}

TupleTableSlot *ConflictUpdate::new_row(TupleTableSlot *excluded) {
    ResetExprContext(econtext_);
    econtext_->ecxt_scantuple = existing_;
    econtext_->ecxt_innertuple = excluded;
    // Before WHERE, which might tell what a policy hides.
    if (target_->ri_WithCheckOptions != NIL)
        ExecWithCheckOptions(WCO_RLS_CONFLICT_CHECK, target_, existing_, estate_);
    if (!ExecQual(filter_, econtext_))
        return nullptr;
    return ExecProject(projection_);
}

const char *ConflictUpdate::sql(const char *shard, const char *returning) const {
    StringInfoData text;
    initStringInfo(&text);
    appendStringInfo(&text, "UPDATE %s AS t1 SET", shard);
    int param = 0;
    ListCell *cell;
    foreach (cell, plan_.update_sends) {
        const Form_pg_attribute attribute = TupleDescAttr(new_->tts_tupleDescriptor, lfirst_int(cell) - 1);
        appendStringInfo(&text, "%s %s = $%d", param == 0 ? "" : ",",
                         quote_identifier(NameStr(attribute->attname)), param + 1);
        param++;
    }
    appendStringInfo(&text, " WHERE t1.ctid = $%d AND t1.tableoid = $%d%s", param + 1, param + 2, returning);
    return text.data;
}

TaskParams ConflictUpdate::params(TupleTableSlot *new_row, Datum ctid, Datum partition) const {
    const auto count = static_cast<size_t>(list_length(plan_.update_sends)) + 2;
    auto *types = static_cast<Oid *>(palloc(count * sizeof(Oid)));
    auto *values = static_cast<Datum *>(palloc(count * sizeof(Datum)));
    auto *nulls = static_cast<bool *>(palloc(count * sizeof(bool)));
    size_t i = 0;
    ListCell *cell;
    foreach (cell, plan_.update_sends) {
        types[i] = TupleDescAttr(new_row->tts_tupleDescriptor, lfirst_int(cell) - 1)->atttypid;
        values[i] = slot_getattr(new_row, lfirst_int(cell), &nulls[i]);
        i++;
    }
    types[i] = TIDOID;
    values[i] = ctid;
    nulls[i] = false;
    types[++i] = OIDOID;
    values[i] = partition;
    nulls[i] = false;
    return {{types, count}, {values, count}, {nulls, count}};
}

} // namespace citus
