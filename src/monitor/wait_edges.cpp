#include "citus/monitor/wait_edges.hpp"

#include "citus/monitor/global_pid.hpp"

extern "C" {
#include "funcapi.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "utils/array.h"
#include "utils/backend_status.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(citus_local_wait_edges);
}

namespace citus {

namespace {

struct Waiter {
    int pid;
    TimestampTz since;
};

/// Backends that wait for a lock; of a parallel query the leader stands for all. Read without a lock: what is
/// found is looked at again.
std::pmr::vector<Waiter> find_waiters() {
    std::pmr::vector<Waiter> waiters;
    for (uint32 i = 0; i < ProcGlobal->allProcCount; i++) {
        PGPROC *proc = &ProcGlobal->allProcs[i];
        if (proc->pid == 0 || proc->waitStatus != PROC_WAIT_STATUS_WAITING)
            continue;
        PGPROC *leader = proc->lockGroupLeader;
        const int pid = leader != nullptr ? leader->pid : proc->pid;
        const auto since = static_cast<TimestampTz>(pg_atomic_read_u64(&proc->waitStart));
        auto same = std::find_if(waiters.begin(), waiters.end(),
                                 [&](const Waiter &waiter) { return waiter.pid == pid; });
        if (same == waiters.end())
            waiters.push_back({pid, since});
        else
            same->since = std::max(same->since, since);
    }
    return waiters;
}

int64 global_pid_of(int pid) {
    const int count = pgstat_fetch_stat_numbackends();
    for (int i = 1; i <= count; i++) {
        LocalPgBackendStatus *entry = pgstat_fetch_stat_local_beentry(i);
        if (entry != nullptr && entry->backendStatus.st_procpid == pid)
            return global_pid_in_application_name(entry->backendStatus.st_appname);
    }
    return 0;
}

/// The prepared transaction for whose end a backend waits (which has its id, but no process).
TransactionId prepared_transaction_before(int pid) {
    BlockedProcsData *blocked = GetBlockerStatusData(pid);
    for (int i = 0; i < blocked->nlocks; i++) {
        const LockInstanceData &instance = blocked->locks[i];
        if (instance.pid == 0 && instance.locktag.locktag_type == LOCKTAG_TRANSACTION)
            return instance.locktag.locktag_field1;
    }
    return InvalidTransactionId;
}

} // namespace

std::pmr::vector<LocalWaitEdge> local_wait_edges() {
    std::pmr::vector<LocalWaitEdge> edges;
    const auto waiters = find_waiters();
    if (waiters.empty())
        return edges;
    pgstat_clear_backend_activity_snapshot();
    for (const Waiter &waiter : waiters) {
        auto *blockers = DatumGetArrayTypeP(DirectFunctionCall1(pg_blocking_pids, Int32GetDatum(waiter.pid)));
        const int count = ArrayGetNItems(ARR_NDIM(blockers), ARR_DIMS(blockers));
        const auto *pids = reinterpret_cast<const int32 *>(ARR_DATA_PTR(blockers));
        for (int i = 0; i < count; i++)
            edges.push_back({waiter.pid, global_pid_of(waiter.pid), waiter.since, pids[i],
                             pids[i] == 0 ? 0 : global_pid_of(pids[i]),
                             pids[i] == 0 ? prepared_transaction_before(waiter.pid) : InvalidTransactionId});
    }
    pgstat_clear_backend_activity_snapshot();
    return edges;
}

} // namespace citus

extern "C" Datum citus_local_wait_edges(PG_FUNCTION_ARGS) {
    InitMaterializedSRF(fcinfo, 0);
    auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    for (const citus::LocalWaitEdge &edge : citus::local_wait_edges()) {
        Datum values[] = {Int32GetDatum(edge.waiting_pid),   Int64GetDatum(edge.waiting_gpid),
                          TimestampTzGetDatum(edge.since),   Int32GetDatum(edge.blocking_pid),
                          Int64GetDatum(edge.blocking_gpid), TransactionIdGetDatum(edge.blocking_xid)};
        bool nulls[] = {false, edge.waiting_gpid == 0,  false,
                        false, edge.blocking_gpid == 0, !TransactionIdIsValid(edge.blocking_xid)};
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
    return 0;
}
