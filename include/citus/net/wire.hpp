/// The protocol engine of one connection: a queue of commands in pipeline mode.
///
/// Used by executor/ and transaction/ through Connection. Commands are queued, sent without waiting, and
/// their results taken off in order; each goes to the consumer that queued the command. So several users may
/// share a connection: one who waits for results behind another's makes the other's rows arrive (and be
/// spilled) first. Commands between two syncs fail together. Nothing here decides about transactions
/// (transaction/ does), and nothing blocks except wait_for_connections().
#pragma once

#include "citus/net/connection.hpp"
#include "citus/net/prepared.hpp"

extern "C" {
#include "datatype/timestamp.h"
}

namespace citus {

/// Parameters in the form libpq wants them. Must live until the command is sent.
struct BoundParams {
    int count;
    const Oid *types;
    const char *const *values;
    const int *lengths;
    const int *formats;
};

/// Takes what commands return. Called from Connection::pump(); may raise.
class ResultConsumer {
public:
    /// One row; borrowed for the call.
    virtual void take_row(int tag, const pg_result *result, int row) = 0;
    /// The command is complete; `result` carries its command tag.
    virtual void command_done(int tag, const pg_result *result) = 0;
    /// The command failed. The default raises the error here.
    virtual void command_failed(Connection *connection, int tag, const pg_result *result);
    /// The command was not run, because an earlier one of its batch failed (and that was reported).
    virtual void command_skipped(int tag) {}
    /// The connection broke before the command was done. Must not raise; returns whether the error is to be
    /// raised for it now. (It is, for commands that nobody waits for, unless a consumer makes the connection
    /// again: Connection::is_made_again.)
    virtual bool connection_lost(Connection *connection, int tag, const char *reason) { return true; }

protected:
    ~ResultConsumer() = default;
};

/// A command in the queue. Lives in the connection's memory context.
struct QueuedCommand {
    QueuedCommand *next;
    bool is_sync; ///< with a consumer when somebody wants to know that the batch was committed
    bool is_sent;
    bool is_prepare;   ///< PREPARE of the command that follows
    bool is_discarded; ///< nobody wants its rows or its error any more
    bool is_structure; ///< BEGIN and what is about savepoints: never left out, and lost is all when it fails
    bool owns_sql;
    bool owns_params;
    bool binary;
    const char *sql;
    const BoundParams *params;
    uint32 statement; ///< prepared under this number; 0: not
    ResultConsumer *consumer;
    int tag;
    int level; ///< transaction nesting level at which it was queued

    /// Whether somebody waits for its result.
    bool is_wanted() const { return is_sync ? consumer != nullptr : !is_discarded; }
};

/// State of the remote transaction, written by transaction/ (and `lost` by the engine).
struct RemoteTransaction {
    bool open = false; ///< BEGIN was queued
    bool lost = false; ///< the connection broke while it was open: the local transaction must not commit
    bool settings_changed = false; ///< session settings were sent inside it: unknown after a rollback
    int begin_level = 0;           ///< transaction nesting level at which BEGIN was queued
    int write_level = 0;           ///< lowest nesting level that wrote and was not rolled back; 0: only read
    char *gid = nullptr;           ///< PREPARE TRANSACTION was queued under this name
    SubTransactionId *savepoints = nullptr; ///< open savepoints, outermost first
    Oid role = InvalidOid;                  ///< assumed in it; InvalidOid: the login user (net/role.hpp)
    bool role_unknown = false;              ///< a savepoint was rolled back since
    uint64 statement = 0; ///< whose snapshot the node uses (transaction/statement_snapshot.hpp); 0: none
    bool told_snapshots = false; ///< it was told to use one: also by a set of reads, which `statement` omits
    int savepoint_count = 0;
    int savepoint_capacity = 0;

    bool wrote() const { return write_level > 0; }
};

/// Whoever has left a batch on a connection open, to append to it later. Told before another user's command
/// is queued: then it must complete the batch, and its window is over.
class OpenBatch {
public:
    virtual void complete() = 0;

protected:
    ~OpenBatch() = default;
};

class Connection {
public:
    Connection(MemoryContext context, const char *host, int port, const char *database, const char *user);

    MemoryContext const context;
    char *const host;
    const int port;
    char *const database;
    char *const user;
    int32 group_id = -1;
    Oid login_role = InvalidOid;      ///< the role of `user`
    Oid wanted_role = InvalidOid;     ///< whose rights the next command is to have
    const char *role_token = nullptr; ///< shown to the node when the role is changed
    pg_conn *pg = nullptr;
    RemoteTransaction transaction;
    uint64 settings_epoch = 0;  ///< of the session settings last sent; 0 unknown (net/settings)
    Connection *next = nullptr; ///< in the registry
    bool close_at_end = false;  ///< not to be used by a later transaction
    bool connecting = false;
    bool is_transient = false; ///< of run_autonomous
    bool is_to_this_server = false;
    int pool_slot = -1;       ///< taken from the node's shared pool (net/pool); -1: none
    bool is_optional = false; ///< of the pool's share for connections that only make statements faster
    bool is_extra = false;    ///< beside the session's connection to this node: see begin_extra_connection()
    bool is_lent = false;     ///< an extra one that somebody uses
    int32 cancel_key = 0;     ///< of the backend at the other end
    bool knows_cancel_key = false;
    bool unresponsive = false; ///< its server took no note of a cancel request
    TimestampTz opened_at = 0;
    TimestampTz used_at = 0;    ///< start of the last statement that used it
    uint64 answers = 0;         ///< results that came, in all
    bool is_made_again = false; ///< set by a consumer in connection_lost(): he repeats what is lost

    // ----- queueing; none of these waits or raises an error of the connection (pump() does) -----

    /// Appends a command. sql, params and consumer must stay valid until it is sent (sql, params) and done or
    /// forgotten (consumer); with copy_sql, the text is copied here.
    void queue(const char *sql, ResultConsumer *consumer, int tag, bool copy_sql = true,
               const BoundParams *params = nullptr, bool binary = false);
    /// Like queue(), without copying, for a command that may come again: the server prepares it then. level:
    /// transaction nesting level that it belongs to; 0: the current one.
    void queue_repeatable(const char *sql, ResultConsumer *consumer, int tag, const BoundParams *params,
                          bool binary, int level = 0);
    /// The command that begins a transaction, or says what the batch's own one is like (a constant text, kept
    /// prepared): nothing precedes it in its batch.
    void queue_begin(const char *sql);
    /// SAVEPOINT, RELEASE SAVEPOINT, ROLLBACK TO SAVEPOINT: the text is copied.
    void queue_savepoint_command(const char *sql);
    /// COMMIT, kept prepared.
    void queue_commit(ResultConsumer *consumer, int tag);
    /// Appends a command with parameters that are copied here, all of inferred type. Its rows are dropped.
    void queue_with_text_params(const char *sql, std::initializer_list<const char *> values);
    /// Whether what is queued next begins a batch.
    bool at_batch_start() const { return tail_ == nullptr || tail_->is_sync; }
    /// Ends the batch: what was queued since the last sync fails or succeeds together. Outside of a
    /// transaction block the server commits it here.
    void queue_sync();
    /// The same for a batch that was left open (open_batch), also when all that was sent of it is done.
    void end_batch();
    /// The same for a batch that is a transaction: the consumer hears that it was committed, or why not.
    void queue_sync_and_commit(ResultConsumer *consumer, int tag);
    /// Hands queued commands to libpq as far as the window allows, and what libpq holds to the network.
    void send();

    /// Consumer goes away: unsent commands are dropped, results of sent ones will be thrown away.
    /// True when results are still to come.
    bool forget(const ResultConsumer *consumer);
    /// The same for what was queued at this transaction nesting level or deeper; consumers are told through
    /// connection_lost(), unless the whole transaction ends (level 1).
    void abandon_level(int level);
    /// The subtransaction at this level was released: what it queued belongs to its parent from now on.
    void join_level_to_parent(int level);
    /// Whether nothing is queued, or only what nobody waits for.
    bool only_remains() const;
    /// Whether something runs, or waits to, that nobody waits for, and nothing else.
    bool runs_only_discards() const;
    /// Whether a command was sent that a cancel request must not hit: the transaction would be lost.
    bool awaits_structure() const;
    /// Like pump(), but touches only what is thrown away, so that it is safe while a transaction aborts.
    bool pump_discarded();

    // ----- results -----

    /// Processes what is there without waiting, at most one result. False when nothing is there.
    bool pump();
    bool idle() const { return head_ == nullptr; }
    bool is_open() const { return pg != nullptr; }
    bool is_broken() const;
    /// Asks the server to cancel what runs (net/cancel.hpp). Does not wait for the effect, but for the server
    /// to take note, within a time limit; false when it did not: the request may still arrive, and the
    /// connection is not to be used again.
    bool request_cancel();

    /// libpq has begun to connect.
    void connecting_began();
    /// Makes the next step; afterwards `connecting` says whether it goes on, is_open() how it
    /// ended.
    void go_on_connecting();
    /// What the socket is to be waited for meanwhile (WL_SOCKET_...).
    uint32 connecting_events() const { return connecting_events_; }

    /// Reads from the socket into libpq, without waiting.
    void consume_input();
    /// True when libpq has more to write.
    bool flush();
    /// Reports notices that came meanwhile to the client.
    void emit_notices();
    void release_result();
    void close();

    // ----- COPY FROM STDIN; the connection leaves pipeline mode while one is open -----

    /// Who left a batch open, nullptr when nobody did. Its owner takes it away when he queues himself.
    OpenBatch *open_batch = nullptr;

    /// Whose COPY is open, nullptr without one. Whoever queues a command ends it first.
    const void *copy_owner = nullptr;
    int64 copy_tag = 0; ///< the owner's own: which shard
    int copy_level = 0; ///< transaction nesting level at which it was started
    /// Waits until all before it is done (rows of open streams are spilled) and starts the COPY.
    void start_copy(const char *sql, const void *owner, int64 tag);
    /// Sends data; waits when the network is slower, so that memory stays bounded.
    void put_copy_data(const char *data, size_t bytes);
    /// Says that the data is complete. await_copy_end() waits for the answer and raises its error.
    void send_copy_end();
    void await_copy_end();
    void finish_copy();
    /// While a transaction aborts: gives the COPY up. Neither raises nor waits longer than the deadline.
    void abort_copy(TimestampTz deadline);
    /// Takes over a result, which is freed at the next use of the connection.
    void keep_result(pg_result *result);
    /// Gives the result that is being delivered to the caller, who frees it.
    pg_result *take_result();

    /// Description for messages: HOST:PORT.
    const char *address() const { return address_; }

    struct Notice;
    void add_notice(const pg_result *result);

private:
    /// Before a command is queued: a COPY or a batch of somebody else is completed.
    void make_way() {
        if (copy_owner != nullptr || open_batch != nullptr)
            complete_others();
    }
    void complete_others();
    QueuedCommand *append();
    void deallocate_all();
    void queue_chosen(const PreparedCommands::Choice &choice, const char *sql, ResultConsumer *consumer,
                      int tag, const BoundParams *params, bool binary, int level = 0);
    static void free_texts(QueuedCommand *command);
    bool send_one(const QueuedCommand *command);
    void note_failure(const QueuedCommand *command, const pg_result *result);
    void pop_head();
    void arm();
    bool says_lost(const pg_result *result) const;
    void deliver(pg_result *result);
    void lose_queue();
    Notice *take_notice();
    static void free_notice(Notice *notice);
    void drop_notices();
    bool drop_queue(const char *reason);
    void lose_transaction();
    void drop_unsent_discards();

    char *address_;
    PreparedCommands prepared_;
    QueuedCommand *head_ = nullptr;
    QueuedCommand *tail_ = nullptr;
    QueuedCommand *first_unsent_ = nullptr;
    int in_flight_ = 0;
    bool armed_ = false;
    uint32 connecting_events_ = 0;
    bool copy_ended_ = false;
    size_t copy_unflushed_ = 0;
    pg_result *held_ = nullptr;
    Notice *notices_ = nullptr;
    Notice *last_notice_ = nullptr;
};

/// Waits until one of the connections has something to read (or room to write what is to be sent). Reacts to
/// cancel and backend exit when interruptible. The end of a distributed deadlock is raised, or told in
/// *deadlock. False when the deadline (0: none) has passed.
bool wait_for_connections(std::span<Connection *const> connections, TimestampTz deadline = 0,
                          bool interruptible = true, bool *deadlock = nullptr);

/// A wait for another node that lasts longer than this (milliseconds; -1: however long) is announced, so that
/// a distributed deadlock can be found (transaction/remote_wait.cpp). long_wait_ended() is true when the wait
/// was chosen to end as one.
long wait_patience_ms();
void long_wait_began();
bool long_wait_is_deadlock();
bool long_wait_ended();
[[noreturn]] void raise_distributed_deadlock();

/// The connection's socket is going to be closed.
void forget_wait_sets(const Connection *connection);

/// Pumps until the connection's queue is empty.
void drain(Connection *connection);
/// The same for several; waits for all of them at once. False when the deadline passed (or one broke).
bool drain_all(std::span<Connection *const> connections, TimestampTz deadline, bool interruptible);

/// Makes libpq hand the server's notices to the connection.
void install_notice_receiver(Connection *connection);

/// First connection of the registry (follow ->next).
Connection *first_connection();

/// The connections of groups for a user (InvalidOid: the current one), established all at once, their
/// settings queued, not enlisted in the transaction.
void establish_connections(std::span<const int32> group_ids, std::span<Connection *> result,
                           Oid user = InvalidOid);

/// Begins to make another connection beside an open one, to the same node for the same user, for tasks of one
/// statement: an idle one of an earlier statement, or a new one, when the pool has room (net/pool.hpp).
/// nullptr: go without. While it is `connecting` it may be waited for among others
/// (wait_for_connections); a failure is not reported. Its user has it alone, makes its transactions, and
/// returns it with them ended, or closes it; at transaction end all are returned. The transaction's own
/// remote transactions never run on it.
Connection *begin_extra_connection(const Connection *beside);
/// The connection was made (`connecting` is over, is_open()): prepares it for use.
void finish_extra_connection(Connection *connection);
/// Whether it is still one of this backend's connections, for those that may outlive it.
bool is_own_connection(const Connection *connection);

/// Of groups that can run the same read, the first that can be connected to, by the current user's or
/// another's connection; the first of all when none can, whose error is then raised where it is used. Nodes
/// that could not be reached a moment ago come last.
int32 reachable_group(std::span<const int32> group_ids, Oid user = InvalidOid);

/// A connection that nobody else finds, for a command outside of the transaction; not open yet. user: nullptr
/// for the current one.
Connection *add_transient_connection(const char *host, int port, const char *user = nullptr);
void remove_transient_connection(Connection *connection);

/// Closes what must not be kept at transaction end (broken, above citus.max_cached_conns_per_worker, not
/// idle).
void trim_connections();

/// Takes part in the transaction as needed: queues BEGIN and savepoints (src/transaction). needs_block: also
/// where a read alone would do without. several: what follows is more than one command, which are to see one
/// snapshot where they are not part of a block. statement: in a block, whose snapshot they read under, 0 for
/// their own.
void enlist_connection(Connection *connection, Access access, bool needs_block = false, bool several = false,
                       uint64 statement = 0);
/// For a batch that is all of a transaction, and that the node commits at its end: without BEGIN.
void enlist_whole_transaction(Connection *connection);

/// Queues SET commands when the session's settings differ from what the connection has (net/settings).
void queue_session_settings(Connection *connection);
/// The settings as libpq `options`, for the start of a connection.
char *session_settings_as_options();
uint64 current_settings_epoch();

} // namespace citus
