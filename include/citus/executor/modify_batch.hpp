/// The rows that "Citus Modify" changes, in batches of bounded size: one statement per shard and batch.
///
/// Used by executor/modify.cpp only. Never decides which rows change.
#pragma once

#include "citus/catalog/metadata.hpp"
#include "citus/executor/tasks.hpp"

namespace citus {

/// What a row of the plan says about the row to change.
struct TargetRow {
    int shard_index;     ///< position of its shard
    int new_shard_index; ///< of the shard it belongs to after the change
    ItemPointer tid;     ///< its ctid there; points into the plan's row
};

/// A column of the plan's rows that goes into the statement.
struct PlanColumn {
    AttrNumber resno;      ///< where it is in the plan's row
    AttrNumber attno;      ///< the target's column it is for
    FmgrInfo output;       ///< text conversion
    const char *type_name; ///< for a cast in SQL
    const char *name;      ///< the target's column, quoted
};

/// How to change rows of a table; fixed for one execution, lives in one memory context.
class ModifyPlan {
public:
    /// child_tlist is the target list of the plan's rows, update_columns the attributes that its non-junk
    /// entries set (UPDATE), wanted the expressions over the changed row: RETURNING list, check options.
    ModifyPlan(CmdType operation, Relation relation, Index target, const List *child_tlist,
               const List *update_columns, List *wanted);

    TargetRow read_target(TupleTableSlot *row) const;

    CmdType operation;
    const DistTable *table;
    bool is_replicated; ///< rows are on several placements
    bool returns_rows;
    std::span<PlanColumn> identity; ///< ctid, or the columns of a unique key
    std::span<PlanColumn> changes;  ///< SET (UPDATE)
    List *returned = NIL;           ///< attribute numbers that come back
    TupleDesc result_desc;          ///< ordinal number, then these columns
private:
    void find_changes(Relation relation, const List *child_tlist, const List *update_columns);
    void find_identity(Relation relation, const List *child_tlist);
    void find_returned(Relation relation, Index target, List *wanted);

    AttrNumber tid_resno_;
    AttrNumber key_resno_;     ///< the distribution column's old value; 0 without
    AttrNumber new_key_resno_; ///< its new value; 0 when it stays
};

/// Some rows, and after run() what became of them. Lives in a context of its own that is reset after use.
class ModifyBatch {
public:
    explicit ModifyBatch(const ModifyPlan &plan);

    void add(TupleTableSlot *row);
    bool is_full() const { return rows_ >= kMaxRows || bytes_ >= kMaxBytes; }
    bool is_empty() const { return rows_ == 0; }

    /// Sends the changes to all shards concerned and waits; returns how many rows changed.
    uint64 run();

    /// The next changed row, in the order of the plan: what the plan said and what the target's row is now
    /// (DELETE: was). False at the end.
    bool next_result(TupleTableSlot *plan_row, TupleTableSlot *target_row);

private:
    static constexpr int kMaxRows = 2000;
    static constexpr size_t kMaxBytes = 4 * 1024 * 1024;

    struct ShardRows {
        StringInfo values = nullptr;
        int count = 0;
    };

    const char *sql_of(size_t shard_index) const;
    void append_value(StringInfo text, const PlanColumn &column, TupleTableSlot *row, bool with_type) const;
    void read_results(std::span<const Task> tasks);

    const ModifyPlan &plan_;
    std::pmr::vector<ShardRows> shards_;
    std::pmr::vector<MinimalTuple> plan_rows_;
    std::pmr::vector<MinimalTuple> results_;
    TupleTableSlot *result_slot_ = nullptr;
    int rows_ = 0;
    size_t bytes_ = 0;
    size_t next_ = 0;
};

} // namespace citus
