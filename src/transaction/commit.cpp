/// The one commit path of a distributed transaction.
#include "citus/transaction/participants.hpp"

#include "citus/core/gid.hpp"
#include "citus/net/cancel.hpp"
#include "citus/net/remote_error.hpp"
#include "citus/pg/counters.hpp"
#include "citus/transaction/backend_slots.hpp"
#include "citus/transaction/commit_records.hpp"
#include "citus/transaction/fault.hpp"
#include "citus/transaction/fence.hpp"
#include "citus/transaction/shared_state.hpp"

extern "C" {
#include "libpq-fe.h"
#include "storage/ipc.h"
#include "storage/predicate.h"
#include "utils/timestamp.h"
}

namespace citus {

namespace {

/// How long a second phase waits for a node before it is left to recovery.
constexpr int kFinishTimeoutMs = 30000;

/// How long a rollback waits for a node that answers cancel requests, before the connection is closed, which
/// rolls back there as well. A session that is to end waits less.
constexpr int kAbortTimeoutMs = 5000, kExitTimeoutMs = 1000;

/// How soon a wait that can't be cancelled sees that somebody tried.
constexpr int kCancelPeriodMs = 200;

TimestampTz finish_deadline() {
    return TimestampTzPlusMilliseconds(GetCurrentTimestamp(), kFinishTimeoutMs);
}

TimestampTz abort_deadline() {
    return TimestampTzPlusMilliseconds(
        GetCurrentTimestamp(), ProcDiePending || proc_exit_inprogress ? kExitTimeoutMs : kAbortTimeoutMs);
}

bool local_writes = false;
bool holds_interrupts = false; ///< since the only write was committed on its node
bool deciding = false;         ///< this transaction is marked as being in its commit path

/// Notes the outcome of one command per connection and raises nothing.
class Outcome final : public ResultConsumer {
public:
    Outcome(Connection *of, const char *tag) : connection(of), expected(tag) {}

    void take_row(int, const PGresult *, int) override {}
    /// A transaction that is in error answers COMMIT and PREPARE with the tag ROLLBACK, and no error.
    void command_done(int, const PGresult *result) override {
        if (strcmp(expected, "PREPARE TRANSACTION") == 0)
            fault_point("after_prepare", connection);
        else if (strcmp(expected, "COMMIT PREPARED") == 0)
            fault_point("after_commit_prepared", connection, false);
        succeeded = strcmp(PQcmdStatus(const_cast<PGresult *>(result)), expected) == 0;
        aborted = !succeeded;
    }
    void command_failed(Connection *from, int, const PGresult *result) override {
        failure = from->take_result(); // for raise()
        const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
        const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
        no_such_gid = state != nullptr && strcmp(state, "42704") == 0;
        strlcpy(reason, text != nullptr ? text : "unknown error", sizeof(reason));
    }
    bool connection_lost(Connection *, int, const char *why) override {
        strlcpy(reason, why, sizeof(reason));
        return false;
    }

    Connection *connection;
    const char *expected; ///< command tag
    bool succeeded = false;
    bool aborted = false;     ///< the node rolled back where it was to commit
    bool no_such_gid = false; ///< 42704: a transaction of that name is not prepared
    PGresult *failure = nullptr;
    char reason[256] = "no answer in time";
};

/// One command on each of some connections, all at once. Lives in TopTransactionContext, since a queue may
/// hold a pointer to an outcome until the transaction has ended.
class Phase {
public:
    explicit Phase(const char *command_tag) : tag_(command_tag) {}

    /// The command is the tag itself, or the tag and the name of a prepared transaction.
    void add(Connection *connection, const char *gid = nullptr) {
        const char *sql = gid == nullptr ? tag_ : psprintf("%s '%s'", tag_, gid);
        Outcome *outcome = make_in<Outcome>(TopTransactionContext, connection, tag_);
        outcomes_.push_back(outcome);
        if (gid == nullptr && strcmp(sql, "COMMIT") == 0)
            connection->queue_commit(outcome, 0);
        else
            connection->queue(sql, outcome, 0);
        connection->queue_sync();
        connection->send();
    }

    /// Waits for all of them. With a deadline nothing is raised and no interrupt is taken.
    void wait(TimestampTz deadline) {
        std::pmr::vector<Connection *> connections;
        for (Outcome *outcome : outcomes_)
            connections.push_back(outcome->connection);
        drain_all(connections, deadline, deadline == 0);
    }

    /// For the moment after which a transaction is committed: a cancel cannot undo it, and who is told
    /// "canceled" would believe it. It only limits the time, as the deadline (0: none) does.
    void wait_without_cancel(TimestampTz deadline) {
        while (!done() && (deadline == 0 || GetCurrentTimestamp() < deadline)) {
            wait(TimestampTzPlusMilliseconds(GetCurrentTimestamp(), kCancelPeriodMs));
            if (!done() && (QueryCancelPending || ProcDiePending))
                return;
        }
    }

    bool done() const {
        return std::all_of(outcomes_.begin(), outcomes_.end(),
                           [](const Outcome *outcome) { return outcome->connection->idle(); });
    }

    /// The same for a COMMIT, which may wait for locks (deferred constraints), and so be part of a deadlock.
    /// True when it was chosen to end: the node is asked to cancel it, and its answer says what became of it.
    bool wait_for_commit() {
        const long patience = wait_patience_ms();
        if (patience >= 0)
            wait_without_cancel(TimestampTzPlusMilliseconds(GetCurrentTimestamp(), patience));
        if (patience < 0 || done() || QueryCancelPending || ProcDiePending) {
            wait_without_cancel(0);
            return false;
        }
        long_wait_began();
        while (!done() && !long_wait_is_deadlock() && !QueryCancelPending && !ProcDiePending)
            wait(TimestampTzPlusMilliseconds(GetCurrentTimestamp(), kCancelPeriodMs));
        const bool is_deadlock = long_wait_ended();
        if (is_deadlock)
            cancel();
        wait_without_cancel(0);
        return is_deadlock;
    }

    void cancel() {
        std::pmr::vector<Connection *> running;
        for (Outcome *outcome : outcomes_)
            if (!outcome->connection->idle())
                running.push_back(outcome->connection);
        cancel_all(running);
    }

    std::pmr::vector<Outcome *> &outcomes() { return outcomes_; }
    bool empty() const { return outcomes_.empty(); }

    /// Raises the first failure, a remote error before a lost connection.
    void raise_failure(bool outcome_may_be_unknown) {
        for (Outcome *outcome : outcomes_)
            if (outcome->failure != nullptr)
                raise(outcome);
        for (Outcome *outcome : outcomes_)
            if (outcome->aborted)
                ereport(ERROR, (errcode(ERRCODE_TRANSACTION_ROLLBACK),
                                errmsg("the transaction was rolled back on %s because of an earlier error",
                                       outcome->connection->address())));
            else if (!outcome->succeeded && outcome_may_be_unknown)
                ereport(ERROR, (errcode(ERRCODE_TRANSACTION_RESOLUTION_UNKNOWN),
                                errmsg("connection to %s was lost while it committed: %s",
                                       outcome->connection->address(), outcome->reason),
                                errdetail("The transaction may or may not have been committed.")));
            else if (!outcome->succeeded)
                raise_connection_error(outcome->connection, outcome->reason);
    }

private:
    [[noreturn]] void raise(Outcome *outcome) {
        // Owned by the connection from here on, which frees it at the next use.
        outcome->connection->keep_result(outcome->failure);
        raise_remote_error(outcome->connection, outcome->failure);
    }

    const char *tag_;
    std::pmr::vector<Outcome *> outcomes_;
};

/// Nothing may be left in the queues: then what follows is answered at once.
void settle(std::span<Connection *const> participants) {
    for (Connection *connection : participants) {
        if (connection->copy_owner != nullptr)
            connection->finish_copy();
        if (connection->transaction.lost || !connection->is_open() || connection->is_broken())
            ereport(ERROR,
                    (errcode(ERRCODE_CONNECTION_FAILURE),
                     errmsg("the connection to %s was lost in this transaction", connection->address()),
                     errhint("Run the transaction again.")));
    }
    drain_all(participants, 0, true);
}

/// Whether the connection can take a command now.
bool is_usable(const Connection *connection) {
    return connection->idle() && connection->is_open() && !connection->is_broken();
}

void commit_only_writer(Connection *writer) {
    Phase phase("COMMIT");
    fault_point("before_commit", writer);
    phase.add(writer);
    const bool is_deadlock = phase.wait_for_commit();
    fault_point("after_commit", writer);
    if (is_deadlock && phase.outcomes()[0]->failure != nullptr) {
        writer->keep_result(phase.outcomes()[0]->failure);
        raise_distributed_deadlock();
    }
    phase.raise_failure(true);
    forget_transaction(writer);
}

/// A serializable transaction may fail when it commits, also where it only read.
void commit_serializable_readers(std::span<Connection *const> readers) {
    Phase phase("COMMIT");
    for (Connection *connection : readers)
        phase.add(connection);
    phase.wait(0);
    phase.raise_failure(false);
    for (Connection *connection : readers)
        forget_transaction(connection);
}

/// The rows of pg_dist_transaction are the decision: they are there when, and only when, this transaction
/// commits.
void prepare_all(std::span<Connection *const> writers) {
    const uint64 number = distributed_transaction_number();
    begin_deciding(number);
    deciding = true;
    Phase phase("PREPARE TRANSACTION");
    uint32 participant = 0;
    for (Connection *connection : writers) {
        const std::pmr::string gid = core::format_gid({local_group_id(), MyProcPid, number, participant++});
        connection->transaction.gid = MemoryContextStrdup(connection->context, gid.c_str());
        fault_point("before_prepare", connection);
        phase.add(connection, gid.c_str());
    }
    for (Connection *connection : writers)
        insert_commit_record(connection->group_id, connection->transaction.gid);
    CommandCounterIncrement();
    ForceSyncCommit();
    phase.wait(0);
    phase.raise_failure(false);
    for (Connection *connection : writers)
        fault_point("before_decision", connection);
}

/// What every end of a transaction has in common.
void end_transaction() {
    if (deciding)
        end_deciding();
    deciding = false;
    forget_local_state();
    trim_connections();
}

} // namespace

void note_local_write() {
    local_writes = true;
}

bool wrote_locally() {
    return local_writes;
}

void committed_with_write(Connection *connection) {
    forget_transaction(connection);
    // It is committed: whoever was told "canceled" now would believe that it is not.
    QueryCancelPending = false;
    if (!holds_interrupts)
        HOLD_INTERRUPTS();
    holds_interrupts = true;
    count(Counter::CommitsWithWrite);
}

void forget_local_state() {
    holds_interrupts = false; // an error has reset the count itself
    local_writes = false;
    forget_distributed_transaction_number();
    forget_subtransactions();
}

void commit_distributed_transaction() {
    std::pmr::vector<Connection *> participants, readers, writers;
    for (Connection *connection = first_connection(); connection != nullptr; connection = connection->next)
        if (connection->transaction.open) {
            participants.push_back(connection);
            (connection->transaction.wrote() ? writers : readers).push_back(connection);
        }
    if (participants.empty())
        return;
    settle(participants);
    // Others end when the writers have committed: they may hold locks that are to protect what is written.
    if (IsolationIsSerializable() && !readers.empty())
        commit_serializable_readers(readers);
    if (writers.empty())
        return;
    // A local commit may still fail after this when there is one to fail.
    const bool local_may_fail =
        TransactionIdIsValid(GetTopTransactionIdIfAny()) || IsolationIsSerializable() || local_writes;
    if (writers.size() == 1 && !local_may_fail)
        commit_only_writer(writers[0]);
    else
        prepare_all(writers);
}

namespace {

/// Takes note of a second phase that has not been carried out: what it wrote is not to be read before.
void leave_to_recovery(Outcome *outcome) {
    Connection *connection = outcome->connection;
    fence_group(connection->group_id, distributed_transaction_number());
    ereport(WARNING, (errmsg("could not yet commit the prepared transaction \"%s\" on %s: %s",
                             connection->transaction.gid, connection->address(), outcome->reason),
                      errdetail("The transaction is committed. The maintenance daemon completes it on this "
                                "node as soon as the node answers.")));
    connection->close_at_end = true;
}

} // namespace

void finish_distributed_commit() {
    if (holds_interrupts)
        RESUME_INTERRUPTS();
    Phase second("COMMIT PREPARED"), readers("COMMIT");
    for (Connection *connection = first_connection(); connection != nullptr; connection = connection->next)
        if (connection->transaction.gid != nullptr) {
            fault_point("after_decision", connection, false);
            second.add(connection, connection->transaction.gid);
        } else if (connection->transaction.open && is_usable(connection))
            readers.add(connection);
        else
            connection->close_at_end |= connection->transaction.open;
    const TimestampTz deadline = finish_deadline();
    second.wait_without_cancel(deadline);
    bool failed = false;
    for (Outcome *outcome : second.outcomes())
        if (!outcome->succeeded && !outcome->no_such_gid) { // 42704: the daemon was faster
            failed = true;
            leave_to_recovery(outcome);
        }
    readers.wait_without_cancel(deadline);
    for (Phase *phase : {&second, &readers})
        for (Outcome *outcome : phase->outcomes()) {
            if (!outcome->succeeded)
                outcome->connection->close_at_end = true;
            if (outcome->failure != nullptr)
                PQclear(outcome->failure);
            forget_transaction(outcome->connection);
        }
    if (failed)
        request_recovery();
    end_transaction();
}

namespace {

/// Gives up what runs on a connection. False when there is nothing left to roll back there.
bool stop_running(Connection *connection) {
    connection->abandon_level(1);
    while (connection->pump_discarded())
        ;
    if (connection->copy_owner != nullptr)
        connection->abort_copy(abort_deadline());
    if (!connection->is_open() || connection->is_broken() || connection->is_transient) {
        connection->close_at_end = true;
        return false;
    }
    return !connection->idle() || connection->transaction.open;
}

/// Cancels what still runs. Where the server took no note of it nothing else will be answered either: such a
/// connection is closed at once, and taken out.
void cancel_running(std::pmr::vector<Connection *> &connections) {
    std::pmr::vector<Connection *> running;
    for (Connection *connection : connections)
        if (connection->runs_only_discards())
            running.push_back(connection);
    if (cancel_all(running) == running.size())
        return;
    std::erase_if(connections, [](Connection *connection) {
        if (!connection->unresponsive)
            return false;
        if (connection->transaction.gid != nullptr)
            request_recovery();
        connection->close();
        return true;
    });
}

void roll_back(std::span<Connection *const> connections) {
    const TimestampTz deadline = abort_deadline();
    drain_all(connections, deadline, false);
    Phase rollback("ROLLBACK"), rollback_prepared("ROLLBACK PREPARED");
    for (Connection *connection : connections) {
        if (!is_usable(connection)) {
            connection->close_at_end = true;
            if (connection->transaction.gid != nullptr)
                request_recovery();
        } else if (PQtransactionStatus(connection->pg) != PQTRANS_IDLE) {
            rollback.add(connection);
        } else if (connection->transaction.gid != nullptr) {
            rollback_prepared.add(connection, connection->transaction.gid);
        }
    }
    rollback.wait(deadline);
    rollback_prepared.wait(deadline);
    for (Phase *phase : {&rollback, &rollback_prepared})
        for (Outcome *outcome : phase->outcomes()) {
            Connection *connection = outcome->connection;
            connection->close_at_end |= !outcome->succeeded && !outcome->no_such_gid;
            if (connection->transaction.gid != nullptr && !outcome->succeeded && !outcome->no_such_gid)
                request_recovery();
            if (outcome->failure != nullptr)
                PQclear(outcome->failure);
        }
}

} // namespace

void abort_distributed_transaction() {
    std::pmr::vector<Connection *> active;
    for (Connection *connection = first_connection(); connection != nullptr; connection = connection->next) {
        if (stop_running(connection))
            active.push_back(connection);
        else if (connection->transaction.gid != nullptr)
            request_recovery();
    }
    if (!active.empty()) {
        cancel_running(active);
        roll_back(active);
    }
    for (Connection *connection = first_connection(); connection != nullptr; connection = connection->next) {
        if (connection->transaction.settings_changed)
            connection->settings_epoch = 0;
        forget_transaction(connection);
    }
    end_transaction();
}

} // namespace citus
