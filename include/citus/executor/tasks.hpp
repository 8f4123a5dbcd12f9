/// Tasks: SQL texts with parameters that run on nodes, and how their results come back.
///
/// This is the contract between those who know *what* to run (planner scans, INSERT, UPDATE, COPY, DDL,
/// table distribution) and the executor, which knows connections, transactions and local execution. A task
/// whose group is this server's own runs in this backend. All errors of a remote task are raised here with
/// the remote SQLSTATE, message, detail, hint and constraint fields, shard names translated to logical ones
/// (net/remote_error.hpp), plus CONTEXT `while executing command on HOST:PORT`.
#pragma once

#include "citus/net/connection.hpp"

extern "C" {
#include "executor/tuptable.h"
#include "nodes/params.h"
}

namespace citus {

struct Task {
    int32 group_id;
    int64 anchor_shard_id; ///< for messages and EXPLAIN; 0 when the task is not about a shard
    const char *sql;
    std::span<const int32> others = {}; ///< a read: groups that could run it as well
};

/// Parameters $1..$n shared by all tasks of a set, values in the coordinator's form. They travel in binary
/// with a declared type where the type is built in, as text with an inferred type otherwise.
struct TaskParams {
    std::span<const Oid> types;
    std::span<const Datum> values;
    std::span<const bool> nulls;
};

/// The values of expressions, copied into the current memory context. `states` are theirs, one for each.
TaskParams evaluate_params(const List *exprs, const List *states, ExprContext *econtext);

struct TaskSet {
    std::span<const Task> tasks; ///< must stay valid while the set runs
    TaskParams params;
    Access access;
    TupleDesc result;        ///< row type of the result, nullptr when rows are not wanted
    Oid run_as = InvalidOid; ///< user of the connections: the checkAsUser of the relations (a view's owner);
                             ///< InvalidOid for the current user
    int level = 0; ///< transaction nesting level the rows belong to (a cursor's); 0: the current one
    /// The only task, a write, is the whole transaction (see lone_write.hpp): its node commits it in the same
    /// round trip. Its rows are all there, and committed, before the first one is handed out.
    bool commits = false;
    bool in_transaction = false; ///< what the tasks do must last until the end of the transaction
    /// Reads that share a snapshot on each node with others of the statement (statement_number()), or with
    /// each other alone (kOneSetOfReads), see transaction/statement_snapshot.hpp; 0: each has its own.
    uint64 statement = 0;
    bool waits_for_others =
        false;                  ///< the caller sends (queue_sync(), send()), when other sets are queued too
    bool takes_turn = false;    ///< changes or locks rows of several shards: see transaction/write_turns.hpp
    bool may_take_long = false; ///< several connections to a node may be worthwhile
};

/// Called before anything is sent or run that writes, so that reads which were begun earlier in this session
/// (cursors, loops over a query, other parts of the statement) are sent first. Set by the scan nodes.
extern void (*before_write_hook)();

/// Calls the hook, unless it is running already. The executor does so itself.
void begin_write();

/// A running set of tasks whose rows are read one at a time, with bounded memory: rows are streamed; what
/// another statement's use of the same connection forces to be read early is spilled to a tuplestore.
class TaskStream {
public:
    /// Starts the tasks (does not wait). Lives in, and is freed with, the given context; closing early
    /// (LIMIT, error) cancels or drains what still runs, at the latest at (sub)transaction end.
    static TaskStream *open(MemoryContext context, const TaskSet &set);

    /// Stores the next row in the slot (whose descriptor is set.result), from whichever task is ready.
    /// False when all tasks are done. *task_index, when wanted, says which task sent the row.
    bool next(TupleTableSlot *slot, int *task_index = nullptr);

    /// Rows affected by the tasks that are done (command tags), for writes without RETURNING.
    uint64 affected_rows() const;

    /// Bytes received so far, over all tasks (EXPLAIN ANALYZE).
    uint64 received_bytes() const;

    /// The same of one task.
    uint64 received_bytes(int task) const;

    void close();

protected:
    TaskStream() = default;
};

/// Runs all tasks to completion, in parallel over nodes, dropping rows; returns the affected rows.
uint64 run_tasks(const TaskSet &set);

/// One command on one node, inside the distributed transaction, no result wanted.
void run_on_group(int32 group_id, const char *sql, Access access);

/// The same command on several groups in parallel.
void run_on_groups(std::span<const int32> group_ids, const char *sql, Access access);

/// One query on one node inside the distributed transaction; all values as text.
/// Returns a List (rows) of List (columns) of String or NULL pointers.
List *query_on_group(int32 group_id, const char *sql, Access access);

/// Writes rows into shards with COPY, one open COPY per connection at a time, buffered per shard with
/// bounded memory. Used by COPY FROM, INSERT ... SELECT and table distribution.
class ShardCopyWriter {
public:
    /// columns: attribute numbers of the relation that are sent, in order (no generated, no dropped ones).
    /// only_group: placements in other groups get nothing (a new copy of a reference table is filled).
    static ShardCopyWriter *open(MemoryContext context, Oid relid, List *columns, int32 only_group = -1);

    /// Sends one row, values and nulls indexed by attribute number - 1; the shard follows from the key. A
    /// reference table's row goes to all placements.
    void put(const Datum *values, const bool *nulls);

    /// Sends what is buffered and ends all COPYs, so that constraint errors are raised here at the latest.
    /// Returns the number of rows sent.
    uint64 finish();

protected:
    ShardCopyWriter() = default;
};

} // namespace citus
