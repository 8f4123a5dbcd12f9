/// The partitions of a distributed partitioned table whose row triggers fire.
///
/// PostgreSQL fires the triggers that a partition has from its parent, with the partition as their table. Which
/// partition a row belongs to is known here, from the bounds of the shells. Used by table_triggers.cpp, which
/// passes rows of the partitioned table, only; never reads or writes a row.
#pragma once

#include "citus/pg/prelude.hpp"

extern "C" {
#include "executor/execPartition.h"
#include "nodes/execnodes.h"
}

namespace citus {

/// One of them, and how rows of the partitioned table become its rows (nullptr: they are alike).
struct TriggerPartition {
    ResultRelInfo *info;
    TupleConversionMap *from_root, *to_root;
    TupleTableSlot *slot; ///< of the partition, when the rows are not alike
};

class TriggerPartitions {
public:
    /// prepare() makes of the target that has just been initialized one that triggers can be fired with.
    using Prepare = void (*)(EState *estate, ResultRelInfo *info);
    TriggerPartitions(EState *estate, Relation root, ResultRelInfo *root_info, Prepare prepare);

    /// The partition of a row; raises PostgreSQL's error when there is none.
    TriggerPartition &find(TupleTableSlot *row);
    TriggerPartition &find(HeapTuple row);

    /// Closes the partitions. To be called before the executor's end.
    void close();

private:
    TriggerPartition make(ResultRelInfo *routed);

    EState *estate_;
    Relation root_;
    ResultRelInfo *root_info_;
    Prepare prepare_;
    ModifyTableState *node_; ///< as COPY has one, for the server's routing
    PartitionTupleRouting *routing_;
    TupleTableSlot *row_slot_;
    std::pmr::vector<std::pair<Oid, TriggerPartition *>> known_;
};

/// A row of the partitioned table as one of the partition, in memory of the current context or in its slot.
HeapTuple to_partition(const TriggerPartition &partition, HeapTuple row);
TupleTableSlot *to_partition(const TriggerPartition &partition, TupleTableSlot *row);

/// Puts what triggers made of the partition's row back into the row of the partitioned table.
void from_partition(const TriggerPartition &partition, TupleTableSlot *partition_row, TupleTableSlot *row);

} // namespace citus
