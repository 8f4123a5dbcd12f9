#include "running_tasks.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/guc.hpp"
#include "citus/net/remote_error.hpp"
#include "citus/net/row_batches.hpp"
#include "citus/pg/counters.hpp"
#include "citus/transaction/remote_transaction.hpp"
#include "citus/transaction/statement_snapshot.hpp"
#include "lone_write.hpp"

extern "C" {
#include "utils/timestamp.h"
}

namespace citus {

void (*before_write_hook)() = nullptr;

void begin_write() {
    // The reads it starts may lead here again (a reference table's lock, a function in an expression).
    static bool running = false;
    if (before_write_hook == nullptr || running)
        return;
    running = true;
    // clang-format off
    PG_TRY();
    {
        before_write_hook();
    }
    PG_FINALLY();
    {
        running = false;
    }
    PG_END_TRY();
    // clang-format on
}

namespace {

bool runs_locally(int32 group_id) {
    return guc::enable_local_execution && is_local_group(group_id);
}

/// Of the end of a batch that commits a task.
constexpr int kCommitTag = -1;

/// How long a cancelled statement is waited for that commits with its task.
constexpr int kCancelTimeoutMs = 10000;

uint64 affected_by(const PGresult *result) {
    const char *count = PQcmdTuples(const_cast<PGresult *>(result));
    return *count == '\0' ? 0 : strtoull(count, nullptr, 10);
}

} // namespace

namespace {

RunningTasks *running(TaskStream *stream) {
    return static_cast<RunningTasks *>(stream);
}
const RunningTasks *running(const TaskStream *stream) {
    return static_cast<const RunningTasks *>(stream);
}

} // namespace

void RunningTasks::start() {
    if (set_.access == Access::Write)
        begin_write();
    if (set_.tasks.size() > 1 && set_.result != nullptr)
        task_bytes = {
            static_cast<uint64 *>(MemoryContextAllocZero(context_, sizeof(uint64) * set_.tasks.size())),
            set_.tasks.size()};
    if (set_.tasks.size() > 0 && set_.tasks[0].anchor_shard_id != 0)
        citus::count(set_.tasks.size() == 1 ? Counter::SingleShard : Counter::MultiShard);
    if (set_.result != nullptr) {
        const size_t count = static_cast<size_t>(std::max(set_.result->natts, 1));
        decoder_ = make_in<RowDecoder>(context_, set_.result, true);
        spill_ = make_in<RowSpill>(context_, context_, set_.result);
        row_context_ = AllocSetContextCreate(context_, "citus task row", ALLOCSET_DEFAULT_SIZES);
        values_ = static_cast<Datum *>(palloc(count * sizeof(Datum)));
        nulls_ = static_cast<bool *>(palloc(count * sizeof(bool)));
    }
    callback_.func = [](void *self) { static_cast<RunningTasks *>(self)->stop(); };
    callback_.arg = this;
    MemoryContextRegisterResetCallback(context_, &callback_);
    send_remote_tasks();
}

void RunningTasks::enlist(Connection *connection, bool several) const {
    if (set_.waits_for_others) // others follow in the batch
        several = connection->at_batch_start();
    enlist_connection(connection, set_.access, set_.in_transaction, several,
                      set_.statement == kOneSetOfReads ? 0 : set_.statement);
}

void RunningTasks::send_remote_tasks() {
    // All connections are made before anything is sent, at once.
    std::pmr::vector<int32> groups;
    for (size_t i = 0; i < set_.tasks.size(); i++) {
        const int32 group = set_.tasks[i].group_id;
        if (runs_locally(group))
            local_tasks_.push_back(static_cast<int>(i));
        else if (std::find(groups.begin(), groups.end(), group) == groups.end())
            groups.push_back(group);
    }
    if (groups.empty())
        return;
    if (set_.takes_turn)
        nodes_turn_.wait_for(context_, set_.tasks);
    std::pmr::vector<Connection *> connections(groups.size());
    establish_connections(groups, connections, set_.run_as);
    const BoundParams *params = bind_params(set_.params);
    const bool binary = decoder_ != nullptr && decoder_->binary();
    wide_allowed_ = set_.tasks.size() > groups.size() && WideTasks::is_worthwhile(set_);
    for (Connection *connection : connections) {
        const bool was_open = connection->transaction.open;
        links_.push_back({connection, 0, !was_open, false, connection->answers});
        if (commits_at_once())
            enlist_whole_transaction(connection);
        else
            enlist(connection, has_several_tasks_for(connection->group_id));
        if (start_wide(connection, params, binary))
            continue;
        queue_tasks(links_.back(), params, binary);
    }
    if (!set_.waits_for_others)
        for (Connection *connection : connections)
            connection->send();
}

/// Rows on their way to the spill are rare: most are read when they arrive.
MemoryContext RunningTasks::fresh_spill_context() {
    if (spill_context_ != nullptr) {
        MemoryContextReset(spill_context_);
        return spill_context_;
    }
    const size_t count = static_cast<size_t>(std::max(set_.result->natts, 1));
    spill_values_ = static_cast<Datum *>(MemoryContextAlloc(context_, count * sizeof(Datum)));
    spill_nulls_ = static_cast<bool *>(MemoryContextAlloc(context_, count * sizeof(bool)));
    return spill_context_ = AllocSetContextCreate(context_, "citus spilled row", ALLOCSET_DEFAULT_SIZES);
}

void RunningTasks::queue_tasks(TaskLink &link, const BoundParams *params, bool binary) {
    Connection *connection = link.connection;
    const bool needs_snapshot = set_.statement == kOneSetOfReads && connection->transaction.open &&
                                !IsolationUsesXactSnapshot() && has_several_tasks_for(connection->group_id);
    if (needs_snapshot)
        queue_snapshot_for_reads(connection);
    link.pending = 0;
    for (size_t i = 0; i < set_.tasks.size(); i++) {
        if (set_.tasks[i].group_id != connection->group_id)
            continue;
        connection->queue_repeatable(set_.tasks[i].sql, this, static_cast<int>(i), params, binary,
                                     set_.level);
        link.pending++;
    }
    if (needs_snapshot)
        queue_end_of_reads(connection);
    if (commits_at_once()) {
        connection->queue_sync_and_commit(this, kCommitTag);
        link.pending++;
    } else if (!set_.waits_for_others) {
        connection->queue_sync();
    }
}

/// Whether tasks that were lost with their connection can be repeated over another one without anybody seeing
/// it: the connection was one that was kept, of those that die unnoticed (behind a firewall, or with their
/// server), nothing was answered on it, and nothing else was done in its transaction.
bool RunningTasks::may_repeat(const TaskLink &link) const {
    const Connection *connection = link.connection;
    return connection->answers == link.answers_before &&
           connection->opened_at < GetCurrentStatementStartTimestamp() &&
           (link.began || !connection->transaction.open) && connection->transaction.gid == nullptr &&
           !commits_at_once() && !set_.waits_for_others &&
           (wide_ == nullptr || !wide_->is_wide(connection)) && !stopped_ &&
           level_ == GetCurrentTransactionNestLevel();
}

void RunningTasks::repeat_lost() {
    repeats_ = false;
    const BoundParams *params = bind_params(set_.params);
    const bool binary = decoder_ != nullptr && decoder_->binary();
    for (TaskLink &link : links_) {
        if (!std::exchange(link.retries, false))
            continue;
        Connection *connection = link.connection;
        if (!connection->is_open() || connection->is_broken()) {
            forget_lost_beginning(connection);
            connection->close();
            connection->close_at_end = false;
        }
        const int32 group = connection->group_id;
        establish_connections({&group, 1}, {&link.connection, 1}, set_.run_as);
        enlist(link.connection, has_several_tasks_for(group));
        queue_tasks(link, params, binary);
        link.connection->send();
    }
}

/// The node's tasks are sent some at a time, over several connections when they are long.
bool RunningTasks::start_wide(Connection *connection, const BoundParams *params, bool binary) {
    if (!wide_allowed_ || !WideTasks::can_use(connection))
        return false;
    std::pmr::vector<int> tasks;
    for (size_t i = 0; i < set_.tasks.size(); i++)
        if (set_.tasks[i].group_id == connection->group_id)
            tasks.push_back(static_cast<int>(i));
    if (tasks.size() < 2)
        return false;
    if (wide_ == nullptr)
        wide_ = make_in<WideTasks>(context_, context_, set_, this, params, binary, links_);
    wide_->start_on_node(tasks);
    return true;
}

void RunningTasks::take_row(int tag, const PGresult *result, int row) {
    if (set_.result != nullptr && !stopped_ && decoder_->batched()) {
        take_batch(tag, result); // its rows are counted one by one
        return;
    }
    const uint64 row_bytes = RowDecoder::row_bytes(result, row);
    bytes += row_bytes;
    if (!task_bytes.empty())
        task_bytes[static_cast<size_t>(tag)] += row_bytes;
    if (set_.result == nullptr || stopped_)
        return;
    if (wants_row_ && row_task_ < 0) {
        ContextScope scope(row_context_);
        decoder_->decode(result, row, values_, nulls_);
        row_task_ = tag;
        return;
    }
    ContextScope scope(fresh_spill_context());
    decoder_->decode(result, row, spill_values_, spill_nulls_);
    spill_->put(tag, spill_values_, spill_nulls_);
}

void RunningTasks::take_batch(int tag, const PGresult *result) {
    decoder_->check(result);
    const char *data = PQgetvalue(result, 0, 0);
    const int length = PQgetlength(result, 0, 0);
    if (wants_row_ && !batch_has_rows()) {
        ContextScope scope(context_);
        if (batch_.data == nullptr)
            initStringInfo(&batch_);
        resetStringInfo(&batch_);
        appendBinaryStringInfo(&batch_, data, length);
        batch_at_ = batch_.data;
        batch_end_ = batch_.data + length;
        batch_task_ = tag;
        return;
    }
    for (const char *at = data, *end = data + length; at != end;) {
        ContextScope scope(fresh_spill_context());
        const char *next = decoder_->decode(at, end, spill_values_, spill_nulls_);
        count_row(tag, at, next);
        at = next;
        spill_->put(tag, spill_values_, spill_nulls_);
    }
}

/// The batch's next row; a virtual slot gets it without a copy.
void RunningTasks::take_from_batch(TupleTableSlot *slot) {
    ContextScope scope(row_context_);
    ExecClearTuple(slot);
    const char *begin = batch_at_;
    if (TTS_IS_VIRTUAL(slot)) {
        batch_at_ = decoder_->decode(batch_at_, batch_end_, slot->tts_values, slot->tts_isnull);
        ExecStoreVirtualTuple(slot);
        count_row(batch_task_, begin, batch_at_);
        return;
    }
    batch_at_ = decoder_->decode(batch_at_, batch_end_, values_, nulls_);
    count_row(batch_task_, begin, batch_at_);
    store_values(slot, values_, nulls_);
}

bool RunningTasks::has_several_tasks_for(int32 group_id) const {
    return std::count_if(set_.tasks.begin(), set_.tasks.end(),
                         [group_id](const Task &task) { return task.group_id == group_id; }) > 1;
}

bool RunningTasks::commits_at_once() const {
    return set_.commits && set_.tasks.size() == 1 && links_.size() == 1;
}

/// The batch has ended, and its command had not failed, or its error would have been raised.
void RunningTasks::commit_done() {
    links_[0].pending--;
    if (rows_too_large_)
        return;
    committed_ = true;
    committed_with_write(links_[0].connection);
}

void RunningTasks::command_done(int tag, const PGresult *result) {
    if (tag == kCommitTag) {
        commit_done();
        return;
    }
    affected += affected_by(result);
    if (wide_ != nullptr && wide_->task_done(tag))
        return;
    for (TaskLink &link : links_)
        if (link.pending > 0 && set_.tasks[static_cast<size_t>(tag)].group_id == link.connection->group_id) {
            link.pending--;
            return;
        }
}

void RunningTasks::command_failed(Connection *connection, int, const PGresult *result) {
    if (holds_rows() && sqlstate_of(result) == kTooLargeToCommit) {
        rows_too_large_ = true;
        links_[0].pending--;
        return;
    }
    failed_ = true;
    if (is_deadlock_)
        raise_distributed_deadlock();
    if (cancel_sent_)
        CHECK_FOR_INTERRUPTS(); // what was asked for here, not its echo
    raise_remote_error(connection, result);
}

bool RunningTasks::connection_lost(Connection *connection, int, const char *reason) {
    for (TaskLink &link : links_)
        if (link.connection == connection && (link.retries || may_repeat(link))) {
            link.retries = repeats_ = connection->is_made_again = true;
            return false;
        }
    if (!lost_)
        lost_reason_ = MemoryContextStrdup(context_, reason);
    lost_ = true;
    lost_connection_ = connection;
    return true;
}

/// Takes results that are there without waiting, until a row is found. False when there was nothing.
bool RunningTasks::pump_all() {
    bool progress = false;
    for (size_t i = 0; i < links_.size(); i++) {
        TaskLink &link = links_[(turn_ + i) % links_.size()];
        while (link.pending > 0 && link.connection->pump()) {
            progress = true;
            if (row_task_ >= 0 || batch_has_rows()) {
                turn_ = (turn_ + i) % links_.size();
                return true;
            }
        }
    }
    return progress;
}

bool RunningTasks::finished() const {
    return (wide_ == nullptr || wide_->finished()) && !has_local_work() &&
           std::all_of(links_.begin(), links_.end(), [](const TaskLink &link) { return link.pending == 0; });
}

void RunningTasks::ask_to_cancel(Connection *connection) {
    cancel_sent_ = true;
    if (!connection->request_cancel())
        raise_unknown_outcome("the node does not answer");
}

/// A cancel request goes to the node, whose answer decides: it may have committed already.
void RunningTasks::wait_for_commit() {
    Connection *connection = links_[0].connection;
    if ((QueryCancelPending || ProcDiePending) && !cancel_sent_) {
        ask_to_cancel(connection);
    }
    if (!cancel_sent_) {
        wait_for_connections({&connection, 1}, 0, false, &is_deadlock_);
        if (is_deadlock_)
            ask_to_cancel(connection);
        return;
    }
    const TimestampTz deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), kCancelTimeoutMs);
    if (!wait_for_connections({&connection, 1}, deadline, false) && GetCurrentTimestamp() >= deadline)
        raise_unknown_outcome("no answer in time");
}

/// Nobody gets a row of a write before it is committed. What fails here otherwise than by the node's answer
/// says nothing about the transaction.
void RunningTasks::hold_rows() {
    MemoryContext memory = CurrentMemoryContext;
    // clang-format off
    PG_TRY();
    {
        collect_until_committed();
    }
    PG_CATCH();
    {
        if (failed_ || geterrcode() == ERRCODE_TRANSACTION_RESOLUTION_UNKNOWN)
            PG_RE_THROW();
        MemoryContextSwitchTo(memory);
        const ErrorData *error = CopyErrorData();
        FlushErrorState();
        raise_unknown_outcome(error->message);
    }
    PG_END_TRY();
    // clang-format on
    if (rows_too_large_)
        run_in_block();
}

void RunningTasks::collect_until_committed() {
    while (!finished()) {
        if (lost_)
            raise_unknown_outcome(lost_reason_);
        if (!pump_all())
            wait();
    }
}

/// Once more, since the node has rolled it back.
void RunningTasks::run_in_block() {
    note_large_rows(set_.tasks[0].sql);
    rows_too_large_ = set_.commits = false;
    spill_->end();
    bytes = affected = 0;
    TaskLink &link = links_[0];
    enlist(link.connection, false);
    queue_tasks(link, bind_params(set_.params), decoder_->binary());
    link.connection->send();
}

void RunningTasks::raise_unknown_outcome(const char *reason) {
    Connection *connection = links_[0].connection;
    connection->close_at_end = true;
    ereport(ERROR, (errcode(ERRCODE_TRANSACTION_RESOLUTION_UNKNOWN),
                    errmsg("connection to %s was lost while it committed: %s", connection->address(), reason),
                    errdetail("The transaction may or may not have been committed.")));
}

void RunningTasks::wait() {
    if (commits_at_once()) {
        wait_for_commit();
        return;
    }
    std::pmr::vector<Connection *> waiting;
    for (const TaskLink &link : links_)
        if (link.pending > 0)
            waiting.push_back(link.connection);
    if (wide_ == nullptr) {
        wait_for_connections(waiting);
        return;
    }
    wide_->add_waiting(waiting);
    const TimestampTz begin = GetCurrentTimestamp();
    wait_for_connections(waiting, wide_->deadline());
    wide_->waited(begin);
}

bool RunningTasks::next_row(TupleTableSlot *slot, int *task_index) {
    if (holds_rows())
        hold_rows();
    if (row_context_ != nullptr)
        MemoryContextReset(row_context_);
    for (;;) {
        if (batch_has_rows()) {
            if (task_index != nullptr)
                *task_index = batch_task_;
            take_from_batch(slot);
            return true;
        }
        if (spill_ != nullptr && spill_->get(slot, task_index))
            return true;
        if (lost_ && commits_at_once())
            raise_unknown_outcome(lost_reason_);
        if (lost_)
            raise_connection_error(lost_connection_, lost_reason_);
        if (failed_)
            ereport(ERROR, (errcode(ERRCODE_IN_FAILED_SQL_TRANSACTION),
                            errmsg("the query whose rows are wanted has failed before")));
        if (repeats_)
            repeat_lost();
        wants_row_ = true;
        row_task_ = -1;
        const bool progress = pump_all();
        wants_row_ = false;
        if (row_task_ >= 0) {
            if (task_index != nullptr)
                *task_index = row_task_;
            store_values(slot, values_, nulls_);
            row_task_ = -1;
            return true;
        }
        if (wide_ != nullptr && (!progress || wide_->stirred()) && wide_->advance())
            continue;
        if (progress)
            continue;
        if (finished())
            break;
        if (has_local_work())
            run_local_task();
        else
            wait();
    }
    if (wide_ != nullptr && !stopped_)
        wide_->note_duration();
    nodes_turn_.end();
    if (slot != nullptr)
        ExecClearTuple(slot);
    return false;
}

void RunningTasks::run_to_end() {
    while (next_row(nullptr, nullptr))
        ;
}

/// The reader has enough: what has come already is thrown away, so that a task that is done, or as good as
/// done, is not cancelled.
void RunningTasks::discard_arrived() {
    for (TaskLink &link : links_) {
        if (link.pending == 0 || stopped_ || !link.connection->forget(this))
            continue;
        while (link.connection->pump_discarded())
            ;
        link.connection->consume_input();
        while (link.connection->pump_discarded())
            ;
        if (!link.connection->runs_only_discards())
            link.pending = 0;
    }
}

/// Also called when the memory goes away: must not raise and not wait.
void RunningTasks::stop() {
    if (stopped_)
        return;
    stopped_ = true;
    nodes_turn_.end();
    if (wide_ != nullptr)
        wide_->stop();
    for (TaskLink &link : links_) {
        if (link.pending == 0 || !is_own_connection(link.connection))
            continue;
        Connection *connection = link.connection;
        (void)connection->forget(this);
        if (!connection->transaction.open && connection->runs_only_discards())
            connection->request_cancel();
        link.pending = 0;
    }
    // After an abort the resource owner has closed the temporary file already.
    if (spill_ != nullptr && IsTransactionState())
        spill_->end();
}

// ---------------------------------------------------------------- the public face

TaskStream *TaskStream::open(MemoryContext context, const TaskSet &set) {
    // A context of its own: it goes with the caller's, or when the stream is closed.
    MemoryContext own = AllocSetContextCreate(context, "citus task stream", ALLOCSET_DEFAULT_SIZES);
    ContextScope scope(own);
    auto *tasks = make_in<RunningTasks>(own, own, set);
    tasks->start();
    return tasks;
}

bool TaskStream::next(TupleTableSlot *slot, int *task_index) {
    return running(this)->next_row(slot, task_index);
}

uint64 TaskStream::affected_rows() const {
    return running(this)->affected;
}

uint64 TaskStream::received_bytes() const {
    return running(this)->bytes;
}

uint64 TaskStream::received_bytes(int task) const {
    const auto &by_task = running(this)->task_bytes;
    return by_task.empty() ? running(this)->bytes : by_task[static_cast<size_t>(task)];
}

void TaskStream::close() {
    running(this)->close_local_task();
    running(this)->discard_arrived();
    running(this)->stop();
}

uint64 run_tasks(const TaskSet &set) {
    TaskSet without_rows = set;
    without_rows.result = nullptr;
    TaskStream *stream = TaskStream::open(CurrentMemoryContext, without_rows);
    running(stream)->run_to_end();
    const uint64 affected = stream->affected_rows();
    MemoryContextDelete(running(stream)->context());
    return affected;
}

void run_on_group(int32 group_id, const char *sql, Access access) {
    run_on_groups({&group_id, 1}, sql, access);
}

void run_on_groups(std::span<const int32> group_ids, const char *sql, Access access) {
    std::pmr::vector<Task> tasks;
    for (int32 group_id : group_ids)
        tasks.push_back({group_id, 0, sql});
    run_tasks({tasks, {}, access, nullptr});
}

} // namespace citus
