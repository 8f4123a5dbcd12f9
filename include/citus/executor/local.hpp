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
    virtual void take_slot(TupleTableSlot *slot) = 0;

protected:
    ~LocalRowConsumer() = default;
};

/// Runs one or several statements. Returns the rows affected (by the last one).
uint64 execute_locally(const char *sql, const TaskParams &params, Access access, LocalRowConsumer *consumer);

} // namespace citus
