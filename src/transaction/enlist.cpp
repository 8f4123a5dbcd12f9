/// Remote transactions open and follow the savepoints lazily, together with the first statement that needs
/// them.
#include "citus/transaction/participants.hpp"

#include "citus/net/remote_error.hpp"
#include "citus/net/role.hpp"
#include "citus/transaction/backend_slots.hpp"
#include "citus/transaction/constraint_modes.hpp"
#include "citus/transaction/fence.hpp"
#include "citus/transaction/statement_snapshot.hpp"

extern "C" {
#include "utils/timestamp.h"
}

namespace citus {

namespace {

/// How long a rolled back savepoint waits for a COPY to be given up.
constexpr int kAbortTimeoutMs = 5000;

/// How long a node has, before what it runs is cancelled, to come past the savepoints that precede it.
constexpr int kSavepointsMs = 1000;

/// What was said to the node about snapshots may have been skipped.
constexpr uint64 kUnknownStatement = ~UINT64CONST(0);

/// Subtransactions that are open in this backend, outermost first. PostgreSQL does not show them to
/// extensions.
SubTransactionId *open_subtransactions = nullptr;
int open_count = 0, open_capacity = 0;

#define CITUS_BEGIN(level, plain)                                                                            \
    {                                                                                                        \
        plain, "BEGIN TRANSACTION ISOLATION LEVEL " level " READ ONLY",                                      \
            "BEGIN TRANSACTION ISOLATION LEVEL " level " READ WRITE DEFERRABLE",                             \
            "BEGIN TRANSACTION ISOLATION LEVEL " level " READ ONLY DEFERRABLE"                               \
    }
#define CITUS_READ_WRITE(level) "BEGIN TRANSACTION ISOLATION LEVEL " level " READ WRITE"
/// Constants, so that the nodes can keep them prepared: by level, then by access mode. What links have as the
/// default (net/settings.cpp) need not be said.
constexpr const char *kBegin[3][4] = {CITUS_BEGIN("READ COMMITTED", "BEGIN"),
                                      CITUS_BEGIN("REPEATABLE READ", CITUS_READ_WRITE("REPEATABLE READ")),
                                      CITUS_BEGIN("SERIALIZABLE", CITUS_READ_WRITE("SERIALIZABLE"))};
#undef CITUS_READ_WRITE
#undef CITUS_BEGIN

/// Commands up to the sync are one transaction without a BEGIN. Not SET TRANSACTION, which would warn that
/// there is no block; like it, this is only for the current transaction.
constexpr const char *kOneSnapshot = "SET transaction_isolation = 'repeatable read'";

const char *begin_command() {
    const int level = XactIsoLevel == XACT_SERIALIZABLE      ? 2
                      : XactIsoLevel == XACT_REPEATABLE_READ ? 1
                                                             : 0; // READ UNCOMMITTED is READ COMMITTED
    return kBegin[level][(XactReadOnly ? 1 : 0) + (XactDeferrable ? 2 : 0)];
}

/// A single read outside of a block needs no transaction: its statement is one.
bool needs_transaction(const Connection *connection, Access access) {
    return access == Access::Write || connection->transaction.open || IsTransactionBlock() ||
           IsSubTransaction() || IsolationUsesXactSnapshot();
}

/// Another user's connection to the same node would not see what this transaction wrote there.
void check_single_writer_user(const Connection *wanted) {
    for (Connection *other = first_connection(); other != nullptr; other = other->next)
        if (other != wanted && other->transaction.open && other->transaction.wrote() &&
            !other->is_transient && other->port == wanted->port && strcmp(other->host, wanted->host) == 0)
            ereport(ERROR,
                    (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                     errmsg("cannot access node %s as user \"%s\" because user \"%s\" has written there in "
                            "the same transaction",
                            wanted->address(), wanted->user, other->user),
                     errhint("Commit before changing the role.")));
}

void begin(Connection *connection) {
    connection->queue_begin(begin_command());
    (void)distributed_transaction_number();
    connection->transaction.open = true;
    // A role that a statement outside of the transaction assumed has ended with it.
    connection->transaction.role = InvalidOid;
    connection->transaction.role_unknown = false;
    connection->transaction.begin_level = GetCurrentTransactionNestLevel();
    queue_constraint_commands(connection, TopSubTransactionId);
}

void push_savepoint(Connection *connection, SubTransactionId id) {
    RemoteTransaction &transaction = connection->transaction;
    if (transaction.savepoint_count == transaction.savepoint_capacity) {
        const int capacity = std::max(8, transaction.savepoint_capacity * 2);
        const Size size = static_cast<Size>(capacity) * sizeof(SubTransactionId);
        transaction.savepoints = static_cast<SubTransactionId *>(
            transaction.savepoints == nullptr ? MemoryContextAlloc(connection->context, size)
                                              : repalloc(transaction.savepoints, size));
        transaction.savepoint_capacity = capacity;
    }
    transaction.savepoints[transaction.savepoint_count++] = id;
}

/// Brings the remote savepoints in line with the open subtransactions.
void follow_savepoints(Connection *connection) {
    RemoteTransaction &transaction = connection->transaction;
    int common = 0;
    while (common < transaction.savepoint_count && common < open_count &&
           transaction.savepoints[common] == open_subtransactions[common])
        common++;
    if (common < transaction.savepoint_count) {
        connection->queue_savepoint_command(
            psprintf("RELEASE SAVEPOINT s%u", transaction.savepoints[common]));
        transaction.savepoint_count = common;
    }
    for (; common < open_count; common++) {
        connection->queue_savepoint_command(psprintf("SAVEPOINT s%u", open_subtransactions[common]));
        push_savepoint(connection, open_subtransactions[common]);
        queue_constraint_commands(connection, open_subtransactions[common]);
    }
}

/// A node does not say that it has set a savepoint before the statement behind it has rows or ends. A cancel
/// request may come when it is at the savepoint still, and would end the transaction, so the node is given
/// the time. Touches only what is thrown away.
void await_savepoints(Connection *connection) {
    const TimestampTz deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), kSavepointsMs);
    while (connection->runs_only_discards() && connection->awaits_structure() && !connection->is_broken() &&
           GetCurrentTimestamp() < deadline) {
        connection->flush();
        (void)wait_for_connections({&connection, 1}, deadline, false);
        while (connection->pump_discarded())
            ;
    }
}

void undo_savepoint(Connection *connection, SubTransactionId id, int level) {
    RemoteTransaction &transaction = connection->transaction;
    if (connection->copy_owner != nullptr && connection->copy_level >= level)
        connection->abort_copy(TimestampTzPlusMilliseconds(GetCurrentTimestamp(), kAbortTimeoutMs));
    connection->abandon_level(level);
    while (connection->pump_discarded())
        ;
    await_savepoints(connection);
    if (transaction.lost || !connection->is_open() || connection->is_broken()) {
        transaction.lost = true;
        // What it did is undone with the connection when all of it happened inside the subtransaction.
        if (transaction.begin_level >= level) {
            connection->close();
            forget_transaction(connection);
        }
        return;
    }
    if (connection->runs_only_discards() && !connection->request_cancel()) {
        connection->close();
        transaction.lost = true;
        if (transaction.begin_level >= level)
            forget_transaction(connection);
        return;
    }
    if (transaction.settings_changed)
        connection->settings_epoch = 0;
    transaction.role_unknown = true;
    // The node keeps what it uses through a rollback, and the command that ends the use may be among those
    // that were skipped behind an error, or never sent: later reads would not see what is written from now
    // on.
    if (transaction.told_snapshots)
        transaction.statement = kUnknownStatement;
    if (transaction.write_level >= level)
        transaction.write_level = 0;
    for (int i = 0; i < transaction.savepoint_count; i++)
        if (transaction.savepoints[i] == id) {
            connection->queue_savepoint_command(psprintf("ROLLBACK TO SAVEPOINT s%u", id));
            connection->queue_savepoint_command(psprintf("RELEASE SAVEPOINT s%u", id));
            connection->queue_sync();
            connection->send();
            transaction.savepoint_count = i;
            return;
        }
}

} // namespace

namespace {

void choose_snapshot(Connection *connection, uint64 statement) {
    if (connection->transaction.statement == statement)
        return;
    connection->queue_with_text_params(
        "SELECT citus_internal.use_snapshot($1, $2)",
        {psprintf(UINT64_FORMAT, statement), psprintf(UINT64_FORMAT, oldest_statement_number())});
    connection->transaction.statement = statement;
    connection->transaction.told_snapshots = true;
}

} // namespace

void enlist_whole_transaction(Connection *connection) {
    wait_for_fence(connection->group_id);
    (void)distributed_transaction_number();
    assume_role(connection);
}

void enlist_connection(Connection *connection, Access access, bool needs_block, bool several,
                       uint64 statement) {
    wait_for_fence(connection->group_id);
    check_single_writer_user(connection);
    if (!needs_block && !needs_transaction(connection, access)) {
        if (several)
            connection->queue_begin(kOneSnapshot);
        assume_role(connection);
        return;
    }
    if (!connection->transaction.open)
        begin(connection);
    follow_savepoints(connection);
    assume_role(connection);
    choose_snapshot(connection, statement);
    const int level = GetCurrentTransactionNestLevel();
    if (access == Access::Write &&
        (!connection->transaction.wrote() || connection->transaction.write_level > level))
        connection->transaction.write_level = level;
}

void subtransaction_started(SubTransactionId id) {
    if (open_count == open_capacity) {
        const int capacity = std::max(32, open_capacity * 2);
        const Size size = static_cast<Size>(capacity) * sizeof(SubTransactionId);
        open_subtransactions = static_cast<SubTransactionId *>(
            open_subtransactions == nullptr ? MemoryContextAlloc(TopMemoryContext, size)
                                            : repalloc(open_subtransactions, size));
        open_capacity = capacity;
    }
    open_subtransactions[open_count++] = id;
}

void subtransaction_committed(SubTransactionId id, SubTransactionId parent) {
    constraint_subtransaction_committed(id, parent);
    const int level = GetCurrentTransactionNestLevel();
    if (open_count > 0 && open_subtransactions[open_count - 1] == id)
        open_count--;
    for (Connection *connection = first_connection(); connection != nullptr; connection = connection->next) {
        RemoteTransaction &transaction = connection->transaction;
        connection->join_level_to_parent(level); // a cursor outlives the savepoint in which it was opened
        if (transaction.write_level == level)
            transaction.write_level--;
        if (transaction.begin_level == level)
            transaction.begin_level--;
    }
}

void subtransaction_aborted(SubTransactionId id) {
    constraint_subtransaction_aborted(id);
    const int level = GetCurrentTransactionNestLevel();
    if (open_count > 0 && open_subtransactions[open_count - 1] == id)
        open_count--;
    for (Connection *connection = first_connection(); connection != nullptr; connection = connection->next)
        if (connection->transaction.open)
            undo_savepoint(connection, id, level);
        else
            connection->abandon_level(level);
}

void forget_subtransactions() {
    forget_constraint_commands();
    open_count = 0;
}

void forget_transaction(Connection *connection) {
    RemoteTransaction &transaction = connection->transaction;
    SubTransactionId *savepoints = transaction.savepoints;
    const int capacity = transaction.savepoint_capacity;
    if (transaction.gid != nullptr)
        pfree(transaction.gid);
    transaction = {};
    transaction.savepoints = savepoints;
    transaction.savepoint_capacity = capacity;
}

void forget_lost_beginning(Connection *connection) {
    forget_transaction(connection);
}

bool may_be_whole_transaction() {
    return !IsTransactionBlock() && !IsSubTransaction() && XactIsoLevel <= XACT_READ_COMMITTED &&
           !TransactionIdIsValid(GetTopTransactionIdIfAny()) && !wrote_locally() &&
           !in_distributed_transaction();
}

bool in_distributed_transaction() {
    for (Connection *connection = first_connection(); connection != nullptr; connection = connection->next)
        if (connection->transaction.open)
            return true;
    return false;
}

bool distributed_transaction_wrote() {
    for (Connection *connection = first_connection(); connection != nullptr; connection = connection->next)
        if (connection->transaction.open && connection->transaction.wrote())
            return true;
    return false;
}

} // namespace citus
