/// Locks rows of several shards one by one, in order, until as many are locked as are wanted.
///
/// Used by the fragment scan for FOR UPDATE ... LIMIT (Fragment::lock_parts). The shards say which rows come
/// into question, in order and without locking them. Each is then locked on its shard, which follows it to
/// its newest version, and is given as it is then, when it still fits; others are passed over, as are locked
/// ones with SKIP LOCKED. So the rows that are given are the ones that are locked, and those that were locked
/// too late to fit, as in PostgreSQL. Rows that have to be waited for are locked one after the other, so that
/// two sessions wait for each other no more than they would on one server; and sessions that lock rows of several
/// nodes start one after the other (nodes_turn.hpp), except cursors.
///
/// The candidates are read under a snapshot that their node keeps until the statement ends: no ctid is used
/// for another row meanwhile.
#pragma once

#include "citus/executor/tasks.hpp"

namespace citus {

struct RowLocksSet {
    std::span<const Task> candidates; ///< one for each shard
    std::span<const Task> locks;      ///< of the same shards
    TaskParams params;                ///< the last: how many rows are wanted, NULL: all, or kUnknownLimit
    TupleDesc rows;                   ///< what the locks return; candidates have ctid and tableoid before it
    List *merge_keys;                 ///< of the rows, as in Fragment; NIL: in any order
    bool waits;                       ///< for rows that others have locked
    bool one_by_one;                  ///< no row is locked before it is asked for
    Oid run_as;
    int level;
    uint64 statement; ///< TaskSet::statement
};

class RowLocks {
public:
    /// Lives in, and is freed with, the given context, where the set must live too.
    static RowLocks *open(MemoryContext context, const RowLocksSet &set);

    /// Stores the next locked row in a virtual slot. False when there are no more, or enough.
    bool next(TupleTableSlot *slot, int *task_index);

    uint64 received_bytes() const;
    uint64 received_bytes(int task) const;

    void close();

protected:
    RowLocks() = default;
};

} // namespace citus
