/// Who waits for whom on this server, by its lock table.
///
/// Called by the deadlock detector for its own server, and through citus_internal.local_wait_edges() for the
/// others. Looks into shared memory only: it takes no lock on any table, and costs next to nothing while
/// nobody waits.
#pragma once

#include "citus/pg/memory.hpp"

namespace citus {

struct LocalWaitEdge {
    int waiting_pid;
    int64 waiting_gpid; ///< for whom the backend works; 0: for itself
    TimestampTz since;
    int blocking_pid; ///< 0: a prepared transaction
    int64 blocking_gpid;
    TransactionId blocking_xid; ///< of the prepared transaction, when it is known
};

std::pmr::vector<LocalWaitEdge> local_wait_edges();

} // namespace citus
