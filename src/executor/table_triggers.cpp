#include "citus/executor/table_triggers.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/pg/memory.hpp"
#include "trigger_partitions.hpp"

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

/// The referenced side of a foreign key whose other table has its rows here.
bool is_for_local_table(const Trigger &trigger) {
    if (!trigger.tgisinternal || RI_FKey_trigger_type(trigger.tgfoid) != RI_TRIGGER_PK)
        return false;
    const DistTable *referencing = find_dist_table(trigger.tgconstrrelid);
    return referencing == nullptr || referencing->kind == TableKind::Local;
}

/// Shards check the other foreign keys.
bool fires_here(Relation relation, const Trigger &trigger) {
    return !trigger.tgisinternal || (is_for_local_table(trigger) && enforces_keys_of_local_tables(relation));
}

/// An UPDATE may move a row of a partitioned table to another partition, which deletes and inserts it.
bool may_move(Relation relation, const Trigger &trigger, CmdType command) {
    return command == CMD_UPDATE && TRIGGER_FOR_ROW(trigger.tgtype) &&
           relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE;
}

bool is_for(Relation relation, const Trigger &trigger, CmdType command) {
    const bool fires = (trigger.tgtype & event_of(command)) != 0 || may_move(relation, trigger, command);
    return fires && fires_here(relation, trigger);
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

/// Those of deferrable foreign keys fire at the end of the statement: the queue of rows that are elsewhere does
/// not last until COMMIT.
void keep_triggers_that_fire(Relation relation, TriggerDesc *triggers) {
    if (triggers == nullptr)
        return;
    int kept = 0;
    for (int i = 0; i < triggers->numtriggers; i++)
        if (fires_here(relation, triggers->triggers[i]))
            triggers->triggers[kept++] = triggers->triggers[i];
    triggers->numtriggers = kept;
    for (int i = 0; i < kept; i++)
        triggers->triggers[i].tgdeferrable = triggers->triggers[i].tginitdeferred = false;
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

bool enforces_keys_of_local_tables(Relation relation) {
    return relation->rd_rel->relkind == RELKIND_RELATION && !relation->rd_rel->relispartition;
}

bool has_own_triggers(Relation relation, CmdType command) {
    const TriggerDesc *triggers = relation->trigdesc;
    for (int i = 0; triggers != nullptr && i < triggers->numtriggers; i++)
        if (!triggers->triggers[i].tgisinternal && (triggers->triggers[i].tgtype & event_of(command)) != 0)
            return true;
    return false;
}

bool has_user_triggers(Relation relation, CmdType command) {
    const TriggerDesc *triggers = relation->trigdesc;
    for (int i = 0; triggers != nullptr && suppressed_level == 0 && i < triggers->numtriggers; i++)
        if (is_for(relation, triggers->triggers[i], command))
            return true;
    return false;
}

RowTriggers row_triggers(Relation relation, CmdType command) {
    RowTriggers found{};
    const TriggerDesc *triggers = relation->trigdesc;
    for (int i = 0; triggers != nullptr && suppressed_level == 0 && i < triggers->numtriggers; i++) {
        const Trigger &trigger = triggers->triggers[i];
        if (!is_for(relation, trigger, command))
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

namespace {

/// The first one of a relation is the one that queued triggers are run with.
void make_firing(EState *estate, ResultRelInfo *info) {
    Relation relation = info->ri_RelationDesc;
    info->ri_RelationDesc = as_remote(relation);
    keep_triggers_that_fire(relation, info->ri_TrigDesc);
    estate->es_opened_result_relations = lcons(info, estate->es_opened_result_relations);
}

bool fires_before(const ResultRelInfo *info, bool TriggerDesc::*row_event) {
    return info->ri_TrigDesc != nullptr && info->ri_TrigDesc->*row_event;
}

} // namespace

TableTriggers::TableTriggers(EState *estate, Relation relation, Index range_table_index, CmdType command)
    : estate_(estate), command_(command), info_(makeNode(ResultRelInfo)) {
    InitResultRelInfo(info_, relation, range_table_index, nullptr, estate->es_instrument);
    make_firing(estate, info_);
    transition_ = MakeTransitionCaptureState(info_->ri_TrigDesc, RelationGetRelid(relation), command);
    if (relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE && row_triggers(relation, command).any())
        partitions_ = new (palloc(sizeof(TriggerPartitions)))
            TriggerPartitions(estate, relation, info_, make_firing);
}

void TableTriggers::close() {
    if (partitions_ != nullptr)
        std::exchange(partitions_, nullptr)->close();
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
    if (partitions_ == nullptr)
        return !fires_before(info_, &TriggerDesc::trig_insert_before_row) ||
               ExecBRInsertTriggers(estate_, info_, row);
    const TriggerPartition &partition = partitions_->find(row);
    if (!fires_before(partition.info, &TriggerDesc::trig_insert_before_row))
        return true;
    TupleTableSlot *own = to_partition(partition, row);
    const bool goes_on = ExecBRInsertTriggers(estate_, partition.info, own);
    from_partition(partition, own, row);
    return goes_on;
}

void TableTriggers::compute_generated(TupleTableSlot *row) {
    const TupleConstr *constraints = row->tts_tupleDescriptor->constr;
    slot_getallattrs(row);
    if (constraints != nullptr && constraints->has_generated_stored)
        ExecComputeStoredGenerated(info_, estate_, row, command_);
}

void TableTriggers::after_insert(TupleTableSlot *row) {
    if (partitions_ == nullptr)
        return ExecARInsertTriggers(estate_, info_, row, NIL, transition_);
    const TriggerPartition &partition = partitions_->find(row);
    ExecARInsertTriggers(estate_, partition.info, to_partition(partition, row), NIL, transition_);
}

bool TableTriggers::before_update(HeapTuple old_row, TupleTableSlot *new_row) {
    if (partitions_ == nullptr)
        return !fires_before(info_, &TriggerDesc::trig_update_before_row) ||
               ExecBRUpdateTriggersNew(estate_, nullptr, info_, nullptr, old_row, new_row, nullptr, nullptr);
    TriggerPartition &partition = partitions_->find(old_row);
    if (fires_before(partition.info, &TriggerDesc::trig_update_before_row)) {
        TupleTableSlot *own = to_partition(partition, new_row);
        const bool goes_on = ExecBRUpdateTriggersNew(estate_, nullptr, partition.info, nullptr,
                                                     to_partition(partition, old_row), own, nullptr, nullptr);
        from_partition(partition, own, new_row);
        if (!goes_on)
            return false;
        slot_getallattrs(new_row);
    }
    return before_move(partition, old_row, new_row);
}

/// A row that goes to another partition is deleted from one and inserted into the other.
bool TableTriggers::before_move(TriggerPartition &from, HeapTuple old_row, TupleTableSlot *new_row) {
    const TriggerPartition &to = partitions_->find(new_row);
    if (&to == &from)
        return true;
    if (fires_before(from.info, &TriggerDesc::trig_delete_before_row) &&
        !ExecBRDeleteTriggersNew(estate_, nullptr, from.info, nullptr, to_partition(from, old_row), nullptr,
                                 nullptr, nullptr))
        return false;
    if (!fires_before(to.info, &TriggerDesc::trig_insert_before_row))
        return true;
    TupleTableSlot *own = to_partition(to, new_row);
    if (!ExecBRInsertTriggers(estate_, to.info, own))
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("a trigger cannot skip a row that moves to partition \"%s\"",
                               RelationGetRelationName(to.info->ri_RelationDesc)),
                        errdetail("The row would be deleted, and not be inserted.")));
    from_partition(to, own, new_row);
    return true;
}

void TableTriggers::after_update(HeapTuple old_row, TupleTableSlot *new_row) {
    compute_generated(new_row);
    if (partitions_ == nullptr)
        return ExecARUpdateTriggers(estate_, info_, nullptr, nullptr, nullptr, old_row, new_row, NIL,
                                    transition_, false);
    const TriggerPartition &from = partitions_->find(old_row), &to = partitions_->find(new_row);
    if (&from != &to)
        return after_move(from, old_row, to, new_row);
    ExecARUpdateTriggers(estate_, from.info, nullptr, nullptr, nullptr, to_partition(from, old_row),
                         to_partition(from, new_row), NIL, transition_, false);
}

/// To transition tables it is an UPDATE, whose rows come one without the other.
void TableTriggers::after_move(const TriggerPartition &from, HeapTuple old_row, const TriggerPartition &to,
                               TupleTableSlot *new_row) {
    HeapTuple deleted = to_partition(from, old_row);
    TupleTableSlot *inserted = to_partition(to, new_row);
    if (transition_ != nullptr && transition_->tcs_update_old_table)
        ExecARUpdateTriggers(estate_, from.info, nullptr, nullptr, nullptr, deleted, nullptr, NIL,
                             transition_, false);
    ExecARDeleteTriggers(estate_, from.info, nullptr, deleted, nullptr, false);
    if (transition_ != nullptr && transition_->tcs_update_new_table)
        ExecARUpdateTriggers(estate_, to.info, nullptr, nullptr, nullptr, nullptr, inserted, NIL, transition_,
                             false);
    ExecARInsertTriggers(estate_, to.info, inserted, NIL, nullptr);
}

bool TableTriggers::before_delete(HeapTuple old_row) {
    const TriggerPartition *partition = partitions_ != nullptr ? &partitions_->find(old_row) : nullptr;
    ResultRelInfo *info = partition != nullptr ? partition->info : info_;
    if (!fires_before(info, &TriggerDesc::trig_delete_before_row))
        return true;
    return ExecBRDeleteTriggersNew(estate_, nullptr, info, nullptr,
                                   partition != nullptr ? to_partition(*partition, old_row) : old_row,
                                   nullptr, nullptr, nullptr);
}

void TableTriggers::after_delete(HeapTuple old_row) {
    if (partitions_ == nullptr)
        return ExecARDeleteTriggers(estate_, info_, nullptr, old_row, transition_, false);
    const TriggerPartition &partition = partitions_->find(old_row);
    ExecARDeleteTriggers(estate_, partition.info, nullptr, to_partition(partition, old_row), transition_,
                         false);
}

} // namespace citus
