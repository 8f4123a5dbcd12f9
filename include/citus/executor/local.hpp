/// Runs a task's SQL in this backend, through the server's own parser, planner and executor.
///
/// Used by executor/ for tasks of the local group. The search path is pg_catalog, as on a connection. A write
/// sees what the transaction did before and makes its own changes visible to the next command.
#pragma once

#include "citus/executor/tasks.hpp"

extern "C" {
#include "tcop/dest.h"
}

namespace citus {

/// Takes the rows of a local task; may be nullptr when nobody wants them.
class LocalRowConsumer {
public:
    /// Returns whether it wants more rows now. (Only a LocalQuery can be asked for the others later.)
    virtual bool take_slot(TupleTableSlot *slot) = 0;

protected:
    ~LocalRowConsumer() = default;
};

/// Runs one or several statements. Returns the rows affected (by the last one).
uint64 execute_locally(const char *sql, const TaskParams &params, Access access, LocalRowConsumer *consumer);

/// A reading statement that runs as far as its rows are wanted.
class LocalQuery {
public:
    /// Starts it; it lives in the given context. nullptr when it is not one plain SELECT: execute_locally()
    /// it then. What params points to must stay valid.
    static LocalQuery *open(MemoryContext context, const char *sql, const TaskParams &params,
                            LocalRowConsumer *consumer);
    /// Gives rows to the consumer until it wants no more. False when there are none left.
    bool run();
    /// Not to be called after an error: then the end of the (sub)transaction cleans up.
    void close();

protected:
    LocalQuery() = default;
};

} // namespace citus
