/// The rows that "Citus Modify" changes, in batches of bounded size: one statement per shard and batch.
///
/// Used by executor/modify.cpp and merge.cpp. Never decides which rows change.
#pragma once

#include "citus/catalog/metadata.hpp"
#include "citus/executor/tasks.hpp"

extern "C" {
#include "utils/tuplestore.h"
}

namespace citus {

/// What a row of the plan says about the row to change.
struct TargetRow {
    int shard_index;     ///< position of its shard
    int new_shard_index; ///< of the shard it belongs to after the change
    ItemPointer tid;     ///< its ctid there; points into the plan's row
    Oid partition;       ///< that holds it, when the target is a partitioned table

    bool moves() const { return shard_index != new_shard_index; }
};

/// A column of the target whose value goes into a statement.
struct PlanColumn {
    AttrNumber resno;      ///< where the value is in the plan's row; 0 when it is not from there
    AttrNumber attno;      ///< the target's column
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
    Oid run_as = InvalidOid; ///< TaskSet::run_as
    bool is_replicated;      ///< rows are on several placements
    bool returns_rows;
    bool may_lose_rows = false; ///< other parts of the statement may change the same rows
    bool by_image;              ///< identity has all columns, and rows may be alike: RowIdentity::by_image
    std::span<PlanColumn> identity; ///< ctid (with the partition), or the columns of a unique key
    std::span<PlanColumn> changes;  ///< SET (UPDATE)
    List *returned = NIL;           ///< attribute numbers that come back
    TupleDesc result_desc;          ///< ordinal number, then these columns

    AttrNumber old_row_resno = InvalidAttrNumber; ///< for row triggers: the whole row as it was

    std::span<PlanColumn> moved;    ///< all that a row takes along to another shard; none when the key stays
    TupleDesc moved_desc = nullptr; ///< ordinal number, then these columns

private:
    void find_changes(Relation relation, const List *child_tlist, const List *update_columns);
    void find_identity(Relation relation, const List *child_tlist);
    void find_returned(Relation relation, Index target, List *wanted);
    void find_movable(Relation relation);

    AttrNumber tid_resno_;
    AttrNumber key_resno_;     ///< the distribution column's old value; 0 without
    AttrNumber new_key_resno_; ///< its new value; 0 when it stays
};

/// Raises when rows of the table can't move to other shards.
void check_move(const ModifyPlan &plan);

/// Which of a table's rows have been seen.
class TargetRowSet {
public:
    explicit TargetRowSet(std::pmr::memory_resource *memory) : rows_(memory) {}

    /// False when it was there already.
    bool add(const TargetRow &row);

private:
    using Number = std::pair<uint64, Oid>; ///< shard and ctid, and the partition
    struct Hash {
        size_t operator()(const Number &row) const { return std::hash<uint64>()(row.first ^ row.second); }
    };
    std::pmr::unordered_set<Number, Hash> rows_;
};

/// Some rows, and after run() what became of them. Lives in a context of its own that is reset after use.
class ModifyBatch {
public:
    explicit ModifyBatch(const ModifyPlan &plan);

    /// Takes rows of the plan from a tuplestore until the batch is full; slot is for reading them and must
    /// live as long as the batch. False when there were none.
    bool fill(Tuplestorestate *rows, TupleTableSlot *slot);

    /// Sends the changes to all shards concerned and waits; returns how many rows changed.
    uint64 run();

    /// The next changed row, in the order of the plan: what the plan said and what the target's row is now
    /// (DELETE: was). False at the end.
    bool next_result(TupleTableSlot *plan_row, TupleTableSlot *target_row);

private:
    static constexpr int kMaxRows = 2000;
    static constexpr size_t kMaxBytes = 4 * 1024 * 1024;

    /// A VALUES list for one shard, and the ordinal numbers of its rows.
    struct ShardRows {
        StringInfo values = nullptr;
        std::pmr::vector<int> ordinals;
    };
    using RowsByShard = std::pmr::vector<ShardRows>;
    using Tuples = std::pmr::vector<MinimalTuple>; ///< by ordinal number

    /// A row that leaves its shard.
    struct Move {
        int ordinal;
        int new_shard_index;
        MinimalTuple plan_row;
    };

    void add(TupleTableSlot *row);
    void start_row(ShardRows *rows, int ordinal);
    void add_image_number(ShardRows *rows, TupleTableSlot *row);
    void add_value(ShardRows *rows, const PlanColumn &column, Datum value, bool is_null);
    void add_partition(ShardRows *rows, const PlanColumn &column, TupleTableSlot *row, int shard_index);
    void add_plan_value(ShardRows *rows, const PlanColumn &column, TupleTableSlot *row);
    void end_row(ShardRows *rows);

    const char *change_sql(size_t shard_index) const;
    const char *leave_sql(size_t shard_index) const;
    const char *arrive_sql(size_t shard_index) const;
    void append_returning(StringInfo sql, const char *ordinal) const;
    void append_values(StringInfo sql, const ShardRows &rows, size_t change_count) const;
    void append_match(StringInfo sql, const char *shard) const;

    template <typename MakeSql>
    uint64 run_step(const RowsByShard &rows, MakeSql make_sql, TupleDesc result_desc, Tuples *results,
                    bool in_order = false);
    uint64 read_rows(std::span<const Task> tasks, std::span<const size_t> task_shards,
                     const RowsByShard &rows, TupleDesc result_desc, Tuples *results, bool in_order);
    void add_arrivals(const Tuples &taken);
    void check_all_found(uint64 changed) const;

    const ModifyPlan &plan_;
    RowsByShard staying_;
    RowsByShard leaving_;
    RowsByShard arriving_;
    std::pmr::vector<Move> moves_;
    std::pmr::unordered_map<std::pmr::string, int> images_; ///< how often each old row occurs in the batch
    Tuples plan_rows_;
    Tuples results_;
    TupleTableSlot *result_slot_ = nullptr;
    TupleTableSlot *plan_slot_ = nullptr; ///< for reading rows of the plan; the caller's
    int rows_ = 0;
    size_t bytes_ = 0;
    size_t next_ = 0;
};

} // namespace citus
