/// Sends rows to the shards of a table as multi-row INSERTs, a bounded number of rows at a time.
///
/// Used by insert_scan.cpp only. Rows of one shard keep their order; all statements of a wave run at once,
/// those of one node one after the other. Never evaluates RETURNING and never decides what is inserted.
#pragma once

#include "citus/catalog/metadata.hpp"
#include "citus/executor/insert_scan.hpp"
#include "citus/executor/table_triggers.hpp"
#include "citus/executor/tasks.hpp"
#include "conflict_keys.hpp"
#include "conflict_update.hpp"

namespace citus {

/// One row on its way.
struct InsertRow {
    MinimalTuple tuple;  ///< all columns of the table
    MinimalTuple result; ///< what the shard returned, see InsertSender::returned(); nullptr without
    int shard;           ///< position among the table's shards
    bool written;        ///< inserted or updated; known when results are wanted
};

/// Largest number of parameters of a statement.
constexpr int kMaxStatementParams = 65535;

class InsertSender {
public:
    /// wants_results: the caller needs to know which rows were written, and fetched columns. run_as: user of
    /// the connections, InvalidOid for the current one.
    InsertSender(MemoryContext context, const InsertPlan &plan, Relation relation, PlanState *parent,
                 bool wants_results, Oid run_as, ResultRelInfo *target);

    /// Triggers of the table for INSERT and for the UPDATE of ON CONFLICT; nullptr for none.
    void set_triggers(TableTriggers *insert, TableTriggers *update) {
        insert_triggers_ = insert;
        update_triggers_ = update;
    }

    /// Sends rows and waits for their results, which are put into the rows; memory of the current context.
    /// is_last: no further call follows; is_end: nor anything else of the statement, which may be committed
    /// with its rows then. Returns how many rows were written.
    uint64 send(std::span<InsertRow> rows, bool is_last, bool is_end);

    /// Attribute numbers of InsertRow::result's columns, in order; 0 for one that means nothing.
    std::span<const int> returned() const { return returned_; }
    TupleDesc result_desc() const { return result_desc_; }

    int64 statements_sent = 0;
    bool may_commit_with_rows = false; ///< nothing can fail once the rows, when they are few, are written

    /// The SQL of a statement for `count` rows of a shard.
    const char *statement_sql(const Shard &shard, int count);

private:
    struct Statement {
        int shard;
        std::span<const int> rows; ///< positions in the wave
        TaskStream *stream;
        size_t copies; ///< placements
        bool commits;  ///< in the same round trip
    };

    void prepare(bool tracks_keys);
    void append_returned(StringInfo text, AttrNumber position, AttrNumber column);
    int rows_per_statement() const;
    std::span<Statement> divide(std::span<const InsertRow> rows);
    void open(Statement *statement, std::span<const InsertRow> rows);
    TaskParams bind(const Statement &statement, std::span<const InsertRow> rows);
    void bind_conflict_params();
    uint64 finish(const Statement &statement, std::span<InsertRow> rows);
    uint64 read_results(const Statement &statement, std::span<InsertRow> rows);
    int matching_row(const Statement &statement, std::span<const InsertRow> rows, int first,
                     MinimalTuple result);
    bool is_same_row(MinimalTuple tuple, MinimalTuple result);
    size_t position_of(int column) const;
    std::span<MinimalTuple> one_result_each(TaskStream *stream, size_t copies);
    std::span<MinimalTuple> inserted_or_locked(const Statement &statement);
    void store_returned(MinimalTuple result, TupleTableSlot *slot);
    bool update_existing(const Statement &statement, std::span<const MinimalTuple> existing,
                         TupleTableSlot *new_row, MinimalTuple *result);
    bool fire_update_triggers(TupleTableSlot *new_row);
    void check_shard(const Statement &statement, TupleTableSlot *new_row);
    MinimalTuple with_xmax_of(MinimalTuple result, MinimalTuple existing);
    uint64 finish_with_update(const Statement &statement, std::span<InsertRow> rows);
    void check_view(TupleTableSlot *row);
    void check_keys(const Statement &statement, std::span<const InsertRow> rows);
    void remember_key(MinimalTuple result);
    const char *values_text(int count);

    MemoryContext context_;
    const InsertPlan &plan_;
    Relation relation_;
    PlanState *parent_;
    bool wants_results_;
    Oid run_as_;
    ResultRelInfo *target_;
    const DistTable *table_;
    MemoryContextResource resource_;
    bool prepared_ = false;
    std::pmr::vector<int> columns_;
    std::pmr::vector<int> returned_;
    std::pmr::vector<int> match_positions_; ///< of returned_: columns that tell which row a result is about
    std::pmr::vector<ExprState *> conflict_states_;
    std::pmr::vector<Oid> conflict_types_;
    std::pmr::unordered_map<int, const char *> values_texts_; ///< by number of rows
    Datum *conflict_values_ = nullptr;                        ///< when they are the same for all rows
    bool *conflict_nulls_ = nullptr;
    const char *returning_text_ = "";
    TupleDesc result_desc_ = nullptr;
    TupleTableSlot *row_slot_ = nullptr;
    TupleTableSlot *result_slot_ = nullptr;
    TupleTableSlot *stored_result_slot_ = nullptr;
    TupleTableSlot *key_slot_ = nullptr;
    WrittenKeys *written_keys_ = nullptr;
    ConflictUpdate *conflict_update_ = nullptr;
    TableTriggers *insert_triggers_ = nullptr;
    TableTriggers *update_triggers_ = nullptr;
};

} // namespace citus
