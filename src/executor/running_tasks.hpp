/// The one implementation of TaskStream (tasks.hpp): tasks on their way. Used by tasks.cpp, which knows the
/// connections, and local_tasks.cpp, which runs those of this node; by nobody else.
#pragma once

#include "citus/executor/local.hpp"
#include "citus/executor/row_codec.hpp"
#include "citus/executor/row_spill.hpp"
#include "citus/executor/tasks.hpp"
#include "nodes_turn.hpp"
#include "wide_tasks.hpp"

extern "C" {
#include "libpq-fe.h"
}

namespace citus {

/// Lives in its memory context and owns only memory of it; what stays
/// behind on connections is forgotten when the context goes.
class RunningTasks final : public TaskStream, public ResultConsumer, public LocalRowConsumer {
public:
    RunningTasks(MemoryContext context, const TaskSet &set)
        : context_(context), set_(set), resource_(context), links_(&resource_), local_tasks_(&resource_) {}

    void start();
    bool next_row(TupleTableSlot *slot, int *task_index);
    void run_to_end();
    void stop();
    void close_local_task();
    void discard_arrived();

    void take_row(int tag, const PGresult *result, int row) override;
    void command_done(int tag, const PGresult *result) override;
    void commit_done();
    void command_failed(Connection *connection, int tag, const PGresult *result) override;
    void command_skipped(int) override { failed_ = true; }
    bool connection_lost(Connection *connection, int tag, const char *reason) override;
    bool take_slot(TupleTableSlot *slot) override;

    MemoryContext context() const { return context_; }

    uint64 affected = 0;
    uint64 bytes = 0;
    std::span<uint64> task_bytes; ///< only with several tasks

private:
    /// How a column of a local row becomes one of the expected type.
    struct Conversion {
        bool needed;
        FmgrInfo out, in;
        Oid io_param;
        int32 typmod;
    };

    void send_remote_tasks();
    bool start_wide(Connection *connection, const BoundParams *params, bool binary);
    bool pump_all();
    MemoryContext fresh_spill_context();
    void take_batch(int tag, const PGresult *result);
    bool batch_has_rows() const { return batch_at_ != batch_end_; }
    void take_from_batch(TupleTableSlot *slot);
    void count_row(int tag, const char *from, const char *to) {
        const auto row_bytes = static_cast<uint64>(to - from - decoder_->row_head_bytes());
        bytes += row_bytes;
        if (!task_bytes.empty())
            task_bytes[static_cast<size_t>(tag)] += row_bytes;
    }
    void run_local_task();
    void start_local_task();
    void convert_slot(TupleTableSlot *slot);
    bool has_local_work() const { return local_query_ != nullptr || local_done_ < local_tasks_.size(); }
    void check_local_shape(TupleDesc have);
    void wait();
    bool commits_at_once() const;
    void queue_tasks(TaskLink &link, const BoundParams *params, bool binary);
    bool may_repeat(const TaskLink &link) const;
    void repeat_lost();
    bool has_several_tasks_for(int32 group_id) const;
    void enlist(Connection *connection, bool several) const;
    void wait_for_commit();
    bool holds_rows() const { return commits_at_once() && set_.result != nullptr && !committed_; }
    void hold_rows();
    void collect_until_committed();
    void run_in_block();
    void ask_to_cancel(Connection *connection);
    [[noreturn]] void raise_unknown_outcome(const char *reason);
    bool finished() const;

    MemoryContext context_;
    TaskSet set_;
    MemoryContextResource resource_;
    std::pmr::vector<TaskLink> links_;
    std::pmr::vector<int> local_tasks_;
    size_t local_done_ = 0;
    int local_current_ = -1;
    WideTasks *wide_ = nullptr; ///< of some nodes
    bool wide_allowed_ = false;
    bool repeats_ = false; ///< a link is to be made again
    const int level_ = GetCurrentTransactionNestLevel();
    LocalQuery *local_query_ = nullptr; ///< the local task that has begun, when it is read bit by bit
    int local_rows_ = 0;                ///< taken since it was asked
    int checked_task_ = -1;
    Conversion *conversions_ = nullptr; ///< of the local task that runs, nullptr when none is needed
    size_t turn_ = 0;                   ///< link that is asked first
    RowDecoder *decoder_ = nullptr;
    RowSpill *spill_ = nullptr;
    MemoryContext row_context_ = nullptr;   ///< of the row that was handed out
    MemoryContext spill_context_ = nullptr; ///< of a row on its way to the spill
    Datum *values_ = nullptr;
    bool *nulls_ = nullptr;
    Datum *spill_values_ = nullptr; ///< of a row on its way to the spill
    bool *spill_nulls_ = nullptr;
    bool wants_row_ = false;    ///< next() waits: the row goes to it, not to the spill
    int row_task_ = -1;         ///< task of the row in values_, -1 without one
    StringInfoData batch_ = {}; ///< rows of batch_task_ that came together; older than those in the spill
    const char *batch_at_ = nullptr, *batch_end_ = nullptr; ///< those not yet handed out
    int batch_task_ = -1;
    bool failed_ = false; ///< its error was raised already, maybe while another query was waiting
    bool lost_ = false;
    const char *lost_reason_ = nullptr;
    Connection *lost_connection_ = nullptr;
    bool stopped_ = false;
    NodesTurn nodes_turn_;
    bool cancel_sent_ = false;
    bool committed_ = false;      ///< commits_at_once(), and it did
    bool rows_too_large_ = false; ///< the node has rolled back for that: to be run in a block
    bool is_deadlock_ = false;
    MemoryContextCallback callback_ = {};
};

} // namespace citus
