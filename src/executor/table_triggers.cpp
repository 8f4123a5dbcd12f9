#include "citus/executor/table_triggers.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/pg/memory.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/pg_trigger.h"
#include "executor/nodeModifyTable.h"
#include "parser/parsetree.h"
}

namespace citus {

namespace {

/// The level of the transaction in which a NoTriggersScope lives; 0: none does.
int suppressed_level = 0;

void forget_scope(XactEvent, void *) {
    suppressed_level = 0;
}

void leave_scope(SubXactEvent event, SubTransactionId, SubTransactionId, void *) {
    if (event == SUBXACT_EVENT_ABORT_SUB && suppressed_level >= GetCurrentTransactionNestLevel())
        suppressed_level = 0;
}

int16 event_of(CmdType command) {
    switch (command) {
    case CMD_INSERT:
        return TRIGGER_TYPE_INSERT;
    case CMD_UPDATE:
        return TRIGGER_TYPE_UPDATE;
    case CMD_DELETE:
        return TRIGGER_TYPE_DELETE;
    default:
        return TRIGGER_TYPE_INSERT | TRIGGER_TYPE_UPDATE | TRIGGER_TYPE_DELETE; // MERGE
    }
}

bool is_for(const Trigger &trigger, CmdType command) {
    return !trigger.tgisinternal && (trigger.tgtype & event_of(command)) != 0;
}

/// Whether the command, or what it may turn into, fires a trigger of the target.
bool target_fires(const Query *query) {
    if (query->resultRelation == 0)
        return false;
    const RangeTblEntry *rte = rt_fetch(static_cast<Index>(query->resultRelation), query->rtable);
    const DistTable *table = rte->rtekind == RTE_RELATION ? find_dist_table(rte->relid) : nullptr;
    if (table == nullptr || table->kind == TableKind::Local)
        return false;
    Relation relation = table_open(rte->relid, NoLock);
    const bool updates = query->onConflict != nullptr && query->onConflict->action == ONCONFLICT_UPDATE;
    const bool fires = has_user_triggers(relation, query->commandType) ||
                       (updates && has_user_triggers(relation, CMD_UPDATE));
    table_close(relation, NoLock);
    return fires;
}

/// The relation as PostgreSQL's trigger code has to see it. Rows of a foreign table are kept with the queue
/// of AFTER triggers, and not read again from the heap; ours are not in this server's heap either.
Relation as_remote(Relation relation) {
    auto *copy = static_cast<Relation>(palloc(sizeof(RelationData)));
    *copy = *relation;
    auto *form = static_cast<Form_pg_class>(palloc(CLASS_TUPLE_SIZE));
    memcpy(form, relation->rd_rel, CLASS_TUPLE_SIZE);
    form->relkind = RELKIND_FOREIGN_TABLE;
    copy->rd_rel = form;
    return copy;
}

/// Leaves the triggers of foreign keys out: the shards check those.
void keep_user_triggers(TriggerDesc *triggers) {
    int kept = 0;
    for (int i = 0; i < triggers->numtriggers; i++)
        if (!triggers->triggers[i].tgisinternal)
            triggers->triggers[kept++] = triggers->triggers[i];
    triggers->numtriggers = kept;
    const auto any = [&](int16 level, int16 timing, int16 event) {
        for (int i = 0; i < kept; i++)
            if (TRIGGER_TYPE_MATCHES(triggers->triggers[i].tgtype, level, timing, event))
                return true;
        return false;
    };
    triggers->trig_insert_after_row = any(TRIGGER_TYPE_ROW, TRIGGER_TYPE_AFTER, TRIGGER_TYPE_INSERT);
    triggers->trig_update_after_row = any(TRIGGER_TYPE_ROW, TRIGGER_TYPE_AFTER, TRIGGER_TYPE_UPDATE);
    triggers->trig_delete_after_row = any(TRIGGER_TYPE_ROW, TRIGGER_TYPE_AFTER, TRIGGER_TYPE_DELETE);
}

} // namespace

bool has_user_triggers(Relation relation, CmdType command) {
    const TriggerDesc *triggers = relation->trigdesc;
    for (int i = 0; triggers != nullptr && suppressed_level == 0 && i < triggers->numtriggers; i++)
        if (is_for(triggers->triggers[i], command))
            return true;
    return false;
}

RowTriggers row_triggers(Relation relation, CmdType command) {
    RowTriggers found{};
    const TriggerDesc *triggers = relation->trigdesc;
    for (int i = 0; triggers != nullptr && suppressed_level == 0 && i < triggers->numtriggers; i++) {
        const Trigger &trigger = triggers->triggers[i];
        if (!is_for(trigger, command))
            continue;
        if (trigger.tgoldtable != nullptr || trigger.tgnewtable != nullptr)
            found.after = true;
        else if (TRIGGER_FOR_ROW(trigger.tgtype))
            (TRIGGER_FOR_BEFORE(trigger.tgtype) ? found.before : found.after) = true;
    }
    return found;
}

bool changes_fire_triggers(const Query *query) {
    if (suppressed_level > 0)
        return false;
    if (query->commandType != CMD_SELECT && target_fires(query))
        return true;
    if (!query->hasModifyingCTE)
        return false;
    ListCell *cell;
    foreach (cell, query->cteList) {
        ::Node *part = lfirst_node(CommonTableExpr, cell)->ctequery;
        if (IsA(part, Query) && changes_fire_triggers(castNode(Query, part)))
            return true;
    }
    return false;
}

NoTriggersScope::NoTriggersScope() : old_level_(suppressed_level) {
    if (suppressed_level == 0)
        suppressed_level = GetCurrentTransactionNestLevel();
}

NoTriggersScope::~NoTriggersScope() {
    suppressed_level = old_level_;
}

void install_table_triggers() {
    RegisterXactCallback(forget_scope, nullptr);
    RegisterSubXactCallback(leave_scope, nullptr);
}

// ---------------------------------------------------------------- firing

TableTriggers *TableTriggers::open(EState *estate, Relation relation, Index range_table_index,
                                   CmdType command) {
    if (!has_user_triggers(relation, command))
        return nullptr;
    ContextScope scope(estate->es_query_cxt);
    return new (palloc(sizeof(TableTriggers))) TableTriggers(estate, relation, range_table_index, command);
}

TableTriggers::TableTriggers(EState *estate, Relation relation, Index range_table_index, CmdType command)
    : estate_(estate), command_(command), info_(makeNode(ResultRelInfo)) {
    InitResultRelInfo(info_, relation, range_table_index, nullptr, estate->es_instrument);
    info_->ri_RelationDesc = as_remote(relation);
    keep_user_triggers(info_->ri_TrigDesc);
    transition_ = MakeTransitionCaptureState(info_->ri_TrigDesc, RelationGetRelid(relation), command);
    // The first one of the relation is the one that queued triggers are run with.
    estate->es_opened_result_relations = lcons(info_, estate->es_opened_result_relations);
}

void TableTriggers::before_statement() {
    switch (command_) {
    case CMD_INSERT:
        return ExecBSInsertTriggers(estate_, info_);
    case CMD_UPDATE:
        return ExecBSUpdateTriggers(estate_, info_);
    default:
        return ExecBSDeleteTriggers(estate_, info_);
    }
}

void TableTriggers::after_statement() {
    if (std::exchange(statement_done_, true))
        return;
    switch (command_) {
    case CMD_INSERT:
        return ExecASInsertTriggers(estate_, info_, transition_);
    case CMD_UPDATE:
        return ExecASUpdateTriggers(estate_, info_, transition_);
    default:
        return ExecASDeleteTriggers(estate_, info_, transition_);
    }
}

bool TableTriggers::before_insert(TupleTableSlot *row) {
    if (!info_->ri_TrigDesc->trig_insert_before_row)
        return true;
    return ExecBRInsertTriggers(estate_, info_, row);
}

void TableTriggers::after_insert(TupleTableSlot *row) {
    ExecARInsertTriggers(estate_, info_, row, NIL, transition_);
}

bool TableTriggers::before_update(HeapTuple old_row, TupleTableSlot *new_row) {
    if (!info_->ri_TrigDesc->trig_update_before_row)
        return true;
    return ExecBRUpdateTriggersNew(estate_, nullptr, info_, nullptr, old_row, new_row, nullptr, nullptr);
}

void TableTriggers::after_update(HeapTuple old_row, TupleTableSlot *new_row) {
    const TupleConstr *constraints = new_row->tts_tupleDescriptor->constr;
    if (constraints != nullptr && constraints->has_generated_stored)
        ExecComputeStoredGenerated(info_, estate_, new_row, CMD_UPDATE);
    ExecARUpdateTriggers(estate_, info_, nullptr, nullptr, nullptr, old_row, new_row, NIL, transition_,
                         false);
}

bool TableTriggers::before_delete(HeapTuple old_row) {
    if (!info_->ri_TrigDesc->trig_delete_before_row)
        return true;
    return ExecBRDeleteTriggersNew(estate_, nullptr, info_, nullptr, old_row, nullptr, nullptr, nullptr);
}

void TableTriggers::after_delete(HeapTuple old_row) {
    ExecARDeleteTriggers(estate_, info_, nullptr, old_row, transition_, false);
}

} // namespace citus
