#include "citus/net/wire.hpp"

#include "citus/guc.hpp"
#include "citus/net/cancel.hpp"
#include "citus/net/pool.hpp"
#include "citus/net/remote_error.hpp"
#include "citus/pg/counters.hpp"

extern "C" {
#include "libpq-fe.h"
#include "storage/latch.h"
#include "utils/elog.h"
}

namespace citus {

namespace {

/// Commands sent ahead of their results. More would only fill libpq's buffer.
constexpr int kMaxInFlight = 256;

void receive_notice(void *connection, const PGresult *result) {
    static_cast<Connection *>(connection)->add_notice(result);
}

int level_of_severity(const char *severity) {
    if (strcmp(severity, "WARNING") == 0)
        return WARNING;
    if (strcmp(severity, "NOTICE") == 0)
        return NOTICE;
    if (strcmp(severity, "INFO") == 0)
        return INFO;
    return 0;
}

} // namespace

void (*captured_plan_hook)(const char *message) = nullptr;

struct Connection::Notice {
    Notice *next;
    int level;
    int sqlstate;
    char *message, *detail, *hint;
};

void ResultConsumer::command_failed(Connection *connection, int, const pg_result *result) {
    raise_remote_error(connection, result);
}

Connection::Connection(MemoryContext memory, const char *host_name, int port_number,
                       const char *database_name, const char *user_name)
    : context(memory), host(MemoryContextStrdup(memory, host_name)), port(port_number),
      database(MemoryContextStrdup(memory, database_name)), user(MemoryContextStrdup(memory, user_name)),
      prepared_(memory) {
    ContextScope scope(memory);
    address_ = psprintf("%s:%d", host_name, port_number);
}

bool Connection::is_broken() const {
    return pg != nullptr && PQstatus(pg) == CONNECTION_BAD;
}

// ---------------------------------------------------------------- queueing

QueuedCommand *Connection::append() {
    auto *command = static_cast<QueuedCommand *>(MemoryContextAllocZero(context, sizeof(QueuedCommand)));
    if (tail_ == nullptr)
        head_ = command;
    else
        tail_->next = command;
    tail_ = command;
    if (first_unsent_ == nullptr)
        first_unsent_ = command;
    return command;
}

void Connection::complete_others() {
    if (copy_owner != nullptr)
        finish_copy();
    if (OpenBatch *batch = std::exchange(open_batch, nullptr))
        batch->complete();
}

void Connection::queue(const char *sql, ResultConsumer *consumer, int tag, bool copy_sql,
                       const BoundParams *params, bool binary) {
    make_way();
    // Allocated before the queue changes, so that running out of memory leaves it intact.
    const char *text = copy_sql ? MemoryContextStrdup(context, sql) : sql;
    QueuedCommand *command = append();
    command->sql = text;
    command->owns_sql = copy_sql;
    command->consumer = consumer;
    command->tag = tag;
    command->params = params;
    command->binary = binary;
    command->level = GetCurrentTransactionNestLevel();
    if (guc::log_remote_commands)
        ereport(NOTICE, (errmsg("issuing %s", sql), errdetail("on server %s@%s", user, address_)));
}

void Connection::queue_repeatable(const char *sql, ResultConsumer *consumer, int tag,
                                  const BoundParams *params, bool binary, int level) {
    make_way(); // may raise: before anything is noted as prepared
    if (prepared_.must_deallocate())
        deallocate_all();
    queue_chosen(prepared_.choose(sql, params, true), sql, consumer, tag, params, binary, level);
}

void Connection::queue_begin(const char *sql) {
    make_way();
    if (prepared_.must_deallocate()) {
        deallocate_all();
        queue_sync(); // the isolation level must be the first thing that the transaction hears
    }
    const QueuedCommand *before = tail_;
    queue_chosen(prepared_.choose_repeated(sql), sql, nullptr, 0, nullptr, false);
    for (QueuedCommand *command = before == nullptr ? head_ : before->next; command != nullptr;
         command = command->next)
        command->is_structure = true;
}

void Connection::queue_savepoint_command(const char *sql) {
    queue(sql, nullptr, 0);
    tail_->is_structure = true;
}

void Connection::queue_commit(ResultConsumer *consumer, int tag) {
    make_way();
    PreparedCommands::Choice choice{PreparedCommands::Use::Plain, 0, 0};
    if (!prepared_.must_deallocate()) // maybe in a failed transaction, which takes no other command
        choice = prepared_.choose_repeated("COMMIT");
    queue_chosen(choice, "COMMIT", consumer, tag, nullptr, false);
}

void Connection::deallocate_all() {
    queue("DEALLOCATE ALL", nullptr, 0);
    prepared_.clear();
}

void Connection::queue_chosen(const PreparedCommands::Choice &choice, const char *sql,
                              ResultConsumer *consumer, int tag, const BoundParams *params, bool binary,
                              int level) {
    if (choice.evicted != 0) {
        queue(psprintf("DEALLOCATE c%u", choice.evicted), nullptr, 0);
        count(Counter::Evictions);
    }
    if (choice.use == PreparedCommands::Use::Prepare) {
        QueuedCommand *prepare = append();
        prepare->sql = sql;
        prepare->consumer = consumer;
        prepare->tag = tag;
        prepare->params = params;
        prepare->level = level > 0 ? level : GetCurrentTransactionNestLevel();
        prepare->statement = choice.statement;
        prepare->is_prepare = true;
    }
    queue(sql, consumer, tag, false, params, binary);
    tail_->statement = choice.statement;
    if (level > 0)
        tail_->level = level;
}

void Connection::queue_with_text_params(const char *sql, std::initializer_list<const char *> values) {
    // One chunk: the structure, its arrays, the strings.
    const size_t count = values.size();
    size_t bytes = sizeof(BoundParams) + count * (sizeof(Oid) + sizeof(char *) + 2 * sizeof(int));
    for (const char *value : values)
        bytes += strlen(value) + 1;
    auto *params = static_cast<BoundParams *>(MemoryContextAllocZero(context, bytes));
    auto **pointers = reinterpret_cast<const char **>(params + 1);
    auto *types = reinterpret_cast<Oid *>(pointers + count);
    auto *lengths = reinterpret_cast<int *>(types + count);
    auto *text = reinterpret_cast<char *>(lengths + 2 * count);
    size_t i = 0;
    for (const char *value : values) {
        pointers[i++] = text;
        text = stpcpy(text, value) + 1;
    }
    *params = {static_cast<int>(count), types, pointers, lengths, lengths + count};
    queue(sql, nullptr, 0, false, params);
    tail_->owns_params = true;
}

/// What was copied for sending is not needed any more.
void Connection::free_texts(QueuedCommand *command) {
    if (command->owns_sql && command->sql != nullptr)
        pfree(const_cast<char *>(command->sql));
    if (command->owns_params && command->params != nullptr)
        pfree(const_cast<BoundParams *>(command->params));
    command->sql = nullptr;
    command->params = nullptr;
}

void Connection::queue_sync() {
    if (tail_ != nullptr && !tail_->is_sync)
        append()->is_sync = true;
}

void Connection::end_batch() {
    if (tail_ == nullptr || !tail_->is_sync)
        append()->is_sync = true;
}

void Connection::queue_sync_and_commit(ResultConsumer *consumer, int tag) {
    QueuedCommand *sync = append();
    sync->is_sync = true;
    sync->consumer = consumer;
    sync->tag = tag;
}

/// Hands one command to libpq, which only fails when the connection is broken.
bool Connection::send_one(const QueuedCommand *command) {
    if (command->is_sync)
        return PQpipelineSync(pg);
    static constexpr BoundParams kNone = {0, nullptr, nullptr, nullptr, nullptr};
    const BoundParams &params = command->params == nullptr ? kNone : *command->params;
    count(command->statement == 0 || command->is_prepare ? Counter::Parses : Counter::PreparedRuns);
    if (command->statement == 0)
        return PQsendQueryParams(pg, command->sql, params.count, params.types, params.values, params.lengths,
                                 params.formats, command->binary);
    char name[16] = "c";
    name[1 + pg_ultoa_n(command->statement, name + 1)] = '\0';
    if (command->is_prepare)
        return PQsendPrepare(pg, name, command->sql, params.count, params.types);
    return PQsendQueryPrepared(pg, name, params.count, params.values, params.lengths, params.formats,
                               command->binary);
}

void Connection::send() {
    bool sent = false;
    bool ends_with_sync = true;
    while (first_unsent_ != nullptr && in_flight_ < kMaxInFlight && !is_broken()) {
        QueuedCommand *command = first_unsent_;
        if (!send_one(command))
            break; // broken: pump() reports it
        free_texts(command);
        command->is_sent = true;
        first_unsent_ = command->next;
        in_flight_++;
        sent = true;
        ends_with_sync = command->is_sync;
        if (command == head_)
            arm();
    }
    // Without a sync the server would keep its answers in its buffer.
    if (sent && !ends_with_sync)
        PQsendFlushRequest(pg);
    if (sent)
        count(Counter::RoundTrips);
    flush();
}

bool Connection::flush() {
    return pg != nullptr && PQflush(pg) == 1;
}

bool Connection::forget(const ResultConsumer *consumer) {
    bool results_to_come = false;
    for (QueuedCommand *command = head_; command != nullptr; command = command->next) {
        if (command->consumer != consumer)
            continue;
        command->consumer = nullptr;
        command->is_discarded = true;
        results_to_come |= command->is_sent && !command->is_sync;
    }
    drop_unsent_discards();
    return results_to_come;
}

void Connection::abandon_level(int level) {
    if (level <= 1 && std::exchange(open_batch, nullptr) != nullptr)
        end_batch();
    for (QueuedCommand *command = head_; command != nullptr; command = command->next) {
        // Maybe skipped behind an error; the next command may be queued before the answer is read.
        if (level > 1 && command->is_prepare && (command->is_discarded || command->level >= level))
            prepared_.distrust();
        if (command->is_discarded ||
            (command->is_sync ? command->consumer == nullptr : command->level < level))
            continue;
        if (level > 1 && command->consumer != nullptr)
            command->consumer->connection_lost(this, command->tag,
                                               "the savepoint of the query was rolled back");
        command->consumer = nullptr;
        command->is_discarded = true;
    }
    drop_unsent_discards();
    queue_sync();
}

void Connection::join_level_to_parent(int level) {
    for (QueuedCommand *command = head_; command != nullptr; command = command->next)
        command->level = std::min(command->level, level - 1);
    copy_level = std::min(copy_level, level - 1);
}

/// Takes unsent commands out that nobody wants. Syncs stay: they delimit what was sent before. So do BEGIN
/// and the like: savepoints of outer levels are set together with the first statement of an inner one.
void Connection::drop_unsent_discards() {
    QueuedCommand *previous = nullptr;
    for (QueuedCommand *command = head_; command != nullptr;) {
        QueuedCommand *following = command->next;
        if (!command->is_discarded || command->is_sent || command->is_sync || command->is_structure) {
            previous = command;
            command = following;
            continue;
        }
        if (previous == nullptr)
            head_ = following;
        else
            previous->next = following;
        if (tail_ == command)
            tail_ = previous;
        if (first_unsent_ == command)
            first_unsent_ = following;
        if (command->is_prepare)
            prepared_.distrust();
        free_texts(command);
        pfree(command);
        command = following;
    }
}

bool Connection::only_remains() const {
    for (const QueuedCommand *command = head_; command != nullptr; command = command->next)
        if (command->is_wanted())
            return false;
    return true;
}

bool Connection::awaits_structure() const {
    for (const QueuedCommand *command = head_; command != nullptr; command = command->next)
        if (command->is_structure && command->is_sent)
            return true;
    return false;
}

bool Connection::runs_only_discards() const {
    bool runs = false;
    for (const QueuedCommand *command = head_; command != nullptr; command = command->next) {
        if (command->is_wanted())
            return false;
        runs |= !command->is_sync;
    }
    return runs;
}

// ---------------------------------------------------------------- results

/// Rows are taken one at a time. libpq wants to be told so for each command, before its first row is parsed.
void Connection::arm() {
    if (armed_ || head_ == nullptr || !head_->is_sent || head_->is_sync)
        return;
    PQsetSingleRowMode(pg);
    armed_ = true;
}

void Connection::pop_head() {
    QueuedCommand *command = head_;
    head_ = command->next;
    if (head_ == nullptr)
        tail_ = nullptr;
    pfree(command);
    in_flight_--;
    armed_ = false;
    arm();
}

void Connection::release_result() {
    if (held_ != nullptr)
        PQclear(held_);
    held_ = nullptr;
}

void Connection::keep_result(PGresult *result) {
    release_result();
    held_ = result;
}

PGresult *Connection::take_result() {
    return std::exchange(held_, nullptr);
}

bool Connection::pump_discarded() {
    // A sync before a wanted command is no harm: taking it raises nothing.
    return head_ != nullptr && !head_->is_wanted() && pump();
}

bool Connection::pump() {
    release_result();
    if (head_ == nullptr)
        return false;
    if (!is_open()) {
        lose_queue();
        return true;
    }
    if (!head_->is_sent)
        send();
    if (!head_->is_sent) {
        lose_queue();
        return true;
    }
    arm();
    if (!is_broken() && PQisBusy(pg)) {
        emit_notices();
        return false;
    }
    held_ = PQgetResult(pg);
    emit_notices();
    if (held_ != nullptr) {
        deliver(held_);
        release_result();
    } else if (is_broken()) {
        lose_queue();
    } else if (!head_->is_sync) { // behind an error at commit; the sync itself is still to come
        pop_head();
    }
    if (first_unsent_ != nullptr && in_flight_ <= kMaxInFlight / 2)
        send();
    return true;
}

/// The connection is gone, and with it the results of all that is queued. Returns whether to raise an error.
bool Connection::drop_queue(const char *reason) {
    bool raise = false, lost_unwatched = false;
    is_made_again = false;
    while (head_ != nullptr) {
        QueuedCommand *command = head_;
        head_ = command->next;
        if (command->is_wanted() && command->consumer == nullptr)
            lost_unwatched = true;
        else if (command->is_wanted())
            raise |= command->consumer->connection_lost(this, command->tag, reason);
        free_texts(command);
        pfree(command);
    }
    tail_ = first_unsent_ = nullptr;
    in_flight_ = 0;
    armed_ = false;
    return raise || (lost_unwatched && !is_made_again);
}

void Connection::lose_queue() {
    const char *reason = pg == nullptr ? "connection closed" : connection_error_text(pg);
    if (transaction.open)
        transaction.lost = true;
    close_at_end = true;
    open_batch = nullptr;
    if (drop_queue(reason))
        raise_connection_error(this, reason);
}

/// What a failure says about the prepared commands.
void Connection::note_failure(const QueuedCommand *command, const PGresult *result) {
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const auto is = [&](const char *code) { return state != nullptr && strcmp(state, code) == 0; };
    // 26000: no such statement; 0A000: its result type has changed.
    if (command->is_prepare || (command->statement != 0 && (is("26000") || is("0A000"))))
        prepared_.distrust();
}

/// Whether it is libpq's own, for a connection that broke.
bool Connection::says_lost(const PGresult *result) const {
    const ExecStatusType status = PQresultStatus(result);
    return (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE) && is_broken() &&
           PQresultErrorField(result, PG_DIAG_SQLSTATE) == nullptr;
}

void Connection::deliver(PGresult *result) {
    QueuedCommand *command = head_;
    if (!says_lost(result))
        answers++;
    const bool wanted = !command->is_discarded;
    ResultConsumer *consumer = wanted ? command->consumer : nullptr;
    switch (PQresultStatus(result)) {
    case PGRES_PIPELINE_SYNC: {
        // When the sync was sent after a failure, libpq does not say that nothing follows that one.
        while (!head_->is_sync && head_->next != nullptr)
            pop_head();
        command = head_;
        consumer = command->is_discarded ? nullptr : command->consumer;
        const int tag = command->tag;
        pop_head();
        if (consumer != nullptr)
            consumer->command_done(tag, result);
        return;
    }
    case PGRES_SINGLE_TUPLE:
    case PGRES_TUPLES_OK:
        if (consumer != nullptr)
            for (int row = 0; row < PQntuples(result); row++)
                consumer->take_row(command->tag, result, row);
        if (PQresultStatus(result) == PGRES_SINGLE_TUPLE)
            return;
        [[fallthrough]];
    case PGRES_COMMAND_OK:
    case PGRES_EMPTY_QUERY:
        // The command stays in the queue until libpq says that nothing follows; its consumer may go before.
        command->is_discarded = true;
        if (consumer != nullptr && !command->is_prepare)
            consumer->command_done(command->tag, result);
        return;
    case PGRES_PIPELINE_ABORTED: // its batch's error was reported already
        if (command->is_prepare)
            prepared_.distrust();
        command->is_discarded = true;
        if (consumer != nullptr)
            consumer->command_skipped(command->tag);
        return;
    case PGRES_FATAL_ERROR:
    case PGRES_BAD_RESPONSE:
        if (says_lost(result)) {
            lose_queue();
            return;
        }
        note_failure(command, result);
        // The node's savepoints are not those that the coordinator counts on: it must not go on, nor commit.
        if (command->is_structure && transaction.open)
            transaction.lost = true;
        command->is_discarded = true;
        command->consumer = nullptr;
        if (!wanted)
            return;
        if (consumer == nullptr)
            raise_remote_error(this, result);
        consumer->command_failed(this, command->tag, result);
        return;
    default:
        close_at_end = true;
        ereport(ERROR,
                (errcode(ERRCODE_PROTOCOL_VIOLATION), errmsg("unexpected result status %s from %s",
                                                             PQresStatus(PQresultStatus(result)), address_)));
    }
}

void Connection::connecting_began() {
    connecting = PQstatus(pg) != CONNECTION_BAD;
    connecting_events_ = WL_SOCKET_WRITEABLE;
    if (!connecting)
        close();
}

void Connection::go_on_connecting() {
    switch (PQconnectPoll(pg)) {
    case PGRES_POLLING_READING:
        connecting_events_ = WL_SOCKET_READABLE;
        return;
    case PGRES_POLLING_WRITING:
        connecting_events_ = WL_SOCKET_WRITEABLE;
        return;
    case PGRES_POLLING_OK:
        connecting = false;
        return;
    default:
        close();
    }
}

void Connection::consume_input() {
    if (pg != nullptr)
        PQconsumeInput(pg); // a failure shows as a broken connection
}

bool Connection::request_cancel() {
    Connection *self = this;
    return cancel_all({&self, 1}) == 1;
}

void Connection::close() {
    release_result();
    open_batch = nullptr;
    drop_queue("the connection was closed");
    drop_notices();
    forget_wait_sets(this); // before its socket's number is used again
    if (pg != nullptr)
        PQfinish(pg);
    pg = nullptr;
    release_slot(this);
    prepared_.clear();
    copy_owner = nullptr;
    settings_epoch = 0;
    knows_cancel_key = unresponsive = connecting = false;
}

// ---------------------------------------------------------------- notices

/// Called from inside libpq, where nothing may be raised: the notice is only kept.
void Connection::add_notice(const PGresult *result) {
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
    const int level = severity == nullptr ? 0 : level_of_severity(severity);
    if (level == 0)
        return;
    auto copy = [&](int field) -> char * {
        const char *value = PQresultErrorField(result, field);
        return value == nullptr ? nullptr : MemoryContextStrdup(context, value);
    };
    auto *notice = static_cast<Notice *>(MemoryContextAllocZero(context, sizeof(Notice)));
    const char *sqlstate = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    notice->level = level;
    notice->sqlstate = sqlstate != nullptr && strlen(sqlstate) == 5
                           ? MAKE_SQLSTATE(sqlstate[0], sqlstate[1], sqlstate[2], sqlstate[3], sqlstate[4])
                           : 0;
    notice->message = copy(PG_DIAG_MESSAGE_PRIMARY);
    notice->detail = copy(PG_DIAG_MESSAGE_DETAIL);
    notice->hint = copy(PG_DIAG_MESSAGE_HINT);
    if (last_notice_ == nullptr)
        notices_ = notice;
    else
        last_notice_->next = notice;
    last_notice_ = notice;
}

void Connection::drop_notices() {
    while (notices_ != nullptr)
        free_notice(take_notice());
}

Connection::Notice *Connection::take_notice() {
    Notice *notice = notices_;
    notices_ = notice->next;
    if (notices_ == nullptr)
        last_notice_ = nullptr;
    return notice;
}

void Connection::free_notice(Notice *notice) {
    for (char *text : {notice->message, notice->detail, notice->hint})
        if (text != nullptr)
            pfree(text);
    pfree(notice);
}

void Connection::emit_notices() {
    while (notices_ != nullptr) {
        Notice *notice = take_notice();
        const char *text = notice->message != nullptr ? notice->message : "";
        if (notice->sqlstate == kCapturedPlanState && captured_plan_hook != nullptr) {
            captured_plan_hook(text);
            free_notice(notice);
            continue;
        }
        ereport(notice->level,
                (notice->sqlstate != 0 ? errcode(notice->sqlstate) : 0,
                 errmsg_internal("%s", with_logical_names(text, false)),
                 notice->detail != nullptr
                     ? errdetail_internal("%s", with_logical_names(notice->detail, true))
                     : errdetail("from %s", address_),
                 notice->hint != nullptr ? errhint("%s", with_logical_names(notice->hint, false)) : 0));
        free_notice(notice);
    }
}

void install_notice_receiver(Connection *connection) {
    PQsetNoticeReceiver(connection->pg, receive_notice, connection);
}

} // namespace citus
