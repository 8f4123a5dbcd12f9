#include "trigger_partitions.hpp"

#include "citus/pg/memory.hpp"

extern "C" {
#include "access/tupconvert.h"
#include "executor/executor.h"
#include "utils/partcache.h"
}

namespace citus {

TriggerPartitions::TriggerPartitions(EState *estate, Relation root, ResultRelInfo *root_info, Prepare prepare)
    : estate_(estate), root_(root), root_info_(root_info), prepare_(prepare),
      node_(makeNode(ModifyTableState)), routing_(ExecSetupPartitionTupleRouting(estate, root)),
      row_slot_(ExecInitExtraTupleSlot(estate, RelationGetDescr(root), &TTSOpsHeapTuple)) {
    auto *target = makeNode(ResultRelInfo);
    InitResultRelInfo(target, root, root_info->ri_RangeTableIndex, nullptr, 0);
    node_->ps.state = estate;
    node_->operation = CMD_INSERT;
    node_->mt_nrels = 1;
    node_->resultRelInfo = node_->rootResultRelInfo = target;
}

TriggerPartition TriggerPartitions::make(ResultRelInfo *routed) {
    Relation relation = routed->ri_RelationDesc;
    // The relation's cache gets it, before there is a copy of its entry.
    (void)RelationGetPartitionQual(relation);
    auto *info = makeNode(ResultRelInfo);
    InitResultRelInfo(info, relation, 0, root_info_, estate_->es_instrument);
    prepare_(estate_, info);
    // The map to the root is computed here, where it stays, and also used for transition tables.
    TriggerPartition partition{info,
                               convert_tuples_by_name(RelationGetDescr(root_), RelationGetDescr(relation)),
                               ExecGetChildToRootMap(info), nullptr};
    citus_set_root_to_child_map(info, partition.from_root);
    // Queued triggers look for one that does not belong to a root, as that of the table itself.
    auto *queued = makeNode(ResultRelInfo);
    *queued = *info;
    queued->ri_RootResultRelInfo = nullptr;
    estate_->es_opened_result_relations = lcons(queued, estate_->es_opened_result_relations);
    if (partition.from_root != nullptr)
        partition.slot = ExecInitExtraTupleSlot(estate_, RelationGetDescr(relation), &TTSOpsVirtual);
    return partition;
}

TriggerPartition &TriggerPartitions::find(TupleTableSlot *row) {
    ResultRelInfo *routed =
        ExecFindPartition(node_, node_->rootResultRelInfo, routing_, row, estate_);
    const Oid relid = RelationGetRelid(routed->ri_RelationDesc);
    for (const auto &[known, partition] : known_)
        if (known == relid)
            return *partition;
    ContextScope scope(estate_->es_query_cxt);
    auto *partition = static_cast<TriggerPartition *>(palloc(sizeof(TriggerPartition)));
    *partition = make(routed);
    known_.emplace_back(relid, partition);
    return *partition;
}

TriggerPartition &TriggerPartitions::find(HeapTuple row) {
    ExecForceStoreHeapTuple(row, row_slot_, false);
    TriggerPartition &partition = find(row_slot_);
    ExecClearTuple(row_slot_);
    return partition;
}

void TriggerPartitions::close() {
    ExecCleanupTupleRouting(node_, routing_);
}

HeapTuple to_partition(const TriggerPartition &partition, HeapTuple row) {
    HeapTuple tuple = partition.from_root == nullptr ? heap_copytuple(row)
                                                     : execute_attr_map_tuple(row, partition.from_root);
    tuple->t_tableOid = RelationGetRelid(partition.info->ri_RelationDesc);
    ItemPointerSetInvalid(&tuple->t_self);
    return tuple;
}

TupleTableSlot *to_partition(const TriggerPartition &partition, TupleTableSlot *row) {
    TupleTableSlot *slot = partition.from_root == nullptr
                               ? row
                               : execute_attr_map_slot(partition.from_root->attrMap, row, partition.slot);
    slot->tts_tableOid = RelationGetRelid(partition.info->ri_RelationDesc);
    return slot;
}

void from_partition(const TriggerPartition &partition, TupleTableSlot *partition_row, TupleTableSlot *row) {
    if (partition_row == row)
        return;
    (void)execute_attr_map_slot(partition.to_root->attrMap, partition_row, row);
    ExecMaterializeSlot(row); // the partition's row is going to be another one
}

} // namespace citus
