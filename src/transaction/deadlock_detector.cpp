#include "citus/transaction/deadlock_detector.hpp"

#include "deadlock_links.hpp"

#include "citus/guc.hpp"
#include "citus/monitor/global_pid.hpp"
#include "citus/transaction/backend_slots.hpp"
#include "citus/transaction/daemons.hpp"

#include <cmath>

extern "C" {
#include "pgstat.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/backend_status.h"
#include "utils/timestamp.h"

PGDLLEXPORT void citus_deadlock_detector_main(Datum);

PG_FUNCTION_INFO_V1(citus_check_distributed_deadlocks);
}

namespace citus {

namespace {

/// A detector without work ends after this time; the next long wait starts another one.
constexpr long kIdleMs = 30 * 1000;

constexpr const char *kMessage =
    "canceling the transaction since it was involved in a distributed deadlock";

emit_log_hook_type previous_log_hook = nullptr;

/// A session of this server that waits, and how to end its wait.
struct Victim {
    int pid;
    int64 remote_wait;  ///< since when it waits for a node; 0: it waits for a lock here
    TimestampTz since;  ///< of the wait for a lock
    TimestampTz started;
};

bool is_waited_for(const BackendSlot &slot) {
    return slot.pid != 0 && slot.database == MyDatabaseId && slot.remote_wait != 0;
}

bool somebody_waits() {
    auto slots = all_backend_slots();
    return std::any_of(slots.begin(), slots.end(), is_waited_for);
}

TimestampTz transaction_start_of(int pid) {
    const int count = pgstat_fetch_stat_numbackends();
    for (int i = 1; i <= count; i++) {
        LocalPgBackendStatus *entry = pgstat_fetch_stat_local_beentry(i);
        if (entry != nullptr && entry->backendStatus.st_procpid == pid)
            return entry->backendStatus.st_xact_start_timestamp;
    }
    return 0;
}

/// Sessions of this database that wait for another node, or for a lock here.
std::pmr::vector<Victim> possible_victims() {
    std::pmr::vector<Victim> victims;
    for (const BackendSlot &slot : all_backend_slots())
        if (is_waited_for(slot) && slot.deadlock == 0)
            victims.push_back({slot.pid, slot.remote_wait, 0, 0});
    for (uint32 i = 0; i < ProcGlobal->allProcCount; i++) {
        PGPROC *proc = &ProcGlobal->allProcs[i];
        if (proc->pid != 0 && proc->databaseId == MyDatabaseId && !proc->isBackgroundWorker &&
            proc->waitStatus == PROC_WAIT_STATUS_WAITING)
            victims.push_back({proc->pid, 0, static_cast<TimestampTz>(pg_atomic_read_u64(&proc->waitStart)), 0});
    }
    pgstat_clear_backend_activity_snapshot();
    for (Victim &victim : victims)
        victim.started = transaction_start_of(victim.pid);
    pgstat_clear_backend_activity_snapshot();
    return victims;
}

/// Ends a wait for a lock as PostgreSQL's own deadlock check would: the process leaves the queue, and raises
/// 40P01 when it wakes up.
bool end_lock_wait(const Victim &victim) {
    PGPROC *proc = BackendPidGetProc(victim.pid);
    if (proc == nullptr)
        return false;
    for (int i = 0; i < NUM_LOCK_PARTITIONS; i++)
        LWLockAcquire(LockHashPartitionLockByIndex(i), LW_EXCLUSIVE);
    const bool is_the_wait = proc->pid == victim.pid && proc->waitStatus == PROC_WAIT_STATUS_WAITING &&
                             proc->waitLock != nullptr && proc->backendId > 0 &&
                             static_cast<TimestampTz>(pg_atomic_read_u64(&proc->waitStart)) == victim.since;
    if (is_the_wait) {
        // Also of a backend that has not taken its slot.
        all_backend_slots()[static_cast<size_t>(proc->backendId - 1)].deadlock_lxid = proc->lxid;
        RemoveFromWaitQueue(proc, LockTagHashCode(&proc->waitLock->tag));
    }
    for (int i = NUM_LOCK_PARTITIONS; --i >= 0;)
        LWLockRelease(LockHashPartitionLockByIndex(i));
    if (is_the_wait)
        SetLatch(&proc->procLatch);
    return is_the_wait;
}

bool end_remote_wait(const Victim &victim) {
    for (BackendSlot &slot : all_backend_slots())
        if (slot.pid == victim.pid && slot.remote_wait == victim.remote_wait) {
            slot.deadlock = victim.remote_wait;
            if (PGPROC *proc = BackendPidGetProc(victim.pid))
                SetLatch(&proc->procLatch);
            return true;
        }
    return false;
}

void log_deadlock(const Victim &victim, std::span<const core::WaitEdge> waits) {
    StringInfoData text;
    initStringInfo(&text);
    for (const core::WaitEdge &wait : waits)
        appendStringInfo(&text, "%sprocess " INT64_FORMAT " waits for " INT64_FORMAT " on node " INT64_FORMAT,
                         text.len == 0 ? "" : "\n", wait.waiter, wait.blocker, wait.node);
    ereport(LOG, (errmsg("distributed deadlock detected: canceling the transaction of process %d", victim.pid),
                  errdetail_log("%s", text.data)));
}

/// One look. `known`: the lasting waits of the look before, replaced by those of this one.
bool look_for_deadlocks(std::pmr::vector<core::WaitEdge> &known) {
    refresh_deadlock_links();
    const auto victims = possible_victims();
    std::pmr::vector<core::Candidate> candidates;
    for (const Victim &victim : victims)
        candidates.push_back({make_global_pid(local_node_id(), victim.pid), victim.started});
    const auto first = collect_waits();
    if (guc::log_distributed_deadlock_detection)
        elog(LOG, "distributed deadlock detection: %zu waits", first.size());
    if (core::choose_victims(first, candidates).empty()) {
        known.clear();
        return false;
    }
    const auto lasting = core::lasting_waits(first, collect_waits());
    const auto waits = core::waits_between_nodes(lasting, known);
    bool found = false;
    for (const int64 session : core::choose_victims(waits, candidates))
        for (const Victim &victim : victims)
            if (victim.pid == pid_of_global_pid(session)) {
                const bool ended = victim.remote_wait != 0 ? end_remote_wait(victim) : end_lock_wait(victim);
                if (ended)
                    log_deadlock(victim, waits);
                found |= ended;
                if (ended)
                    break;
            }
    known.assign(lasting.begin(), lasting.end());
    return found;
}

/// The documented message, where PostgreSQL's own lock wait raised the error.
void use_documented_message(ErrorData *error) {
    if (error->sqlerrcode == ERRCODE_T_R_DEADLOCK_DETECTED && MyProc != nullptr && MyBackendId > 0) {
        BackendSlot &slot = all_backend_slots()[static_cast<size_t>(citus_my_backend_index())];
        if (slot.deadlock_lxid != 0 && slot.deadlock_lxid == MyProc->lxid) {
            error->message = MemoryContextStrdup(error->assoc_context, kMessage);
            error->detail = error->detail_log = nullptr;
            error->hint = nullptr;
        }
        slot.deadlock_lxid = 0;
    }
    if (previous_log_hook)
        previous_log_hook(error);
}

void close_links_at_exit(int, Datum) { close_deadlock_links(); }

void detector_loop() {
    MemoryContext context =
        AllocSetContextCreate(TopMemoryContext, "citus deadlock detector", ALLOCSET_DEFAULT_SIZES);
    MemoryContext lasting_context =
        AllocSetContextCreate(TopMemoryContext, "citus lasting waits", ALLOCSET_SMALL_SIZES);
    MemoryContextResource lasting(lasting_context);
    std::pmr::vector<core::WaitEdge> known(&lasting);
    TimestampTz last_work = GetCurrentTimestamp();
    while (is_daemon_wanted()) {
        long pause = kIdleMs;
        if (somebody_waits()) {
            ContextScope scope(context);
            look_for_deadlocks(known);
            last_work = GetCurrentTimestamp();
            pause = deadlock_check_period_ms();
            pgstat_report_activity(STATE_IDLE, nullptr);
        } else {
            close_deadlock_links();
            known.clear();
            if (TimestampDifferenceExceeds(last_work, GetCurrentTimestamp(), kIdleMs))
                return;
        }
        MemoryContextReset(context);
        // A wait that has just become long is looked at at once: its cycle may be complete now.
        daemon_sleep(pause);
    }
}

} // namespace

long deadlock_check_period_ms() {
    return std::max(10L, std::lround(guc::distributed_deadlock_detection_factor * DeadlockTimeout / 2));
}

void wake_deadlock_detector() { request_deadlock_detector(); }

void raise_distributed_deadlock() {
    ereport(ERROR, (errcode(ERRCODE_T_R_DEADLOCK_DETECTED), errmsg("%s", kMessage)));
    pg_unreachable();
}

void install_deadlock_detector() {
    install_backend_slots();
    previous_log_hook = emit_log_hook;
    emit_log_hook = use_documented_message;
}

} // namespace citus

using namespace citus;

extern "C" void citus_deadlock_detector_main(Datum argument) {
    if (!begin_daemon(DatumGetObjectId(argument), Daemon::DeadlockDetector, "Citus Deadlock Detector"))
        return;
    on_proc_exit(close_links_at_exit, 0);
    detector_loop();
}

extern "C" Datum citus_check_distributed_deadlocks(PG_FUNCTION_ARGS) {
    static bool registered = false;
    if (!registered)
        on_proc_exit(close_links_at_exit, 0);
    registered = true;
    std::pmr::vector<core::WaitEdge> known;
    const bool found = look_for_deadlocks(known);
    close_deadlock_links();
    PG_RETURN_BOOL(found);
}
