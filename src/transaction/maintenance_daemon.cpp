#include "citus/transaction/maintenance_daemon.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/guc.hpp"
#include "citus/monitor/shell_figures.hpp"
#include "citus/net/idle_links.hpp"
#include "citus/pg/memory.hpp"
#include "citus/transaction/backend_slots.hpp"
#include "citus/transaction/daemons.hpp"
#include "citus/transaction/fence.hpp"
#include "citus/transaction/recovery.hpp"
#include "citus/transaction/shared_state.hpp"

extern "C" {
#include "access/tableam.h"
#include "catalog/pg_database.h"
#include "catalog/pg_extension.h"
#include "commands/dbcommands.h"
#include "commands/extension.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/procarray.h"
#include "tcop/utility.h"
#include "utils/acl.h"
#include "utils/backend_status.h"
#include "utils/ps_status.h"
#include "utils/timestamp.h"

PGDLLEXPORT void citus_launcher_main(Datum);
PGDLLEXPORT void citus_maintenance_main(Datum);

PG_FUNCTION_INFO_V1(citus_start_maintenance_daemon);
PGDLLEXPORT Datum citus_start_maintenance_daemon(PG_FUNCTION_ARGS);
}

namespace citus {
namespace {

constexpr long kLauncherPeriodMs = 10 * 1000;
constexpr long kRestartDelayMs = 5 * 1000;
constexpr long kDetectorDelayMs = 1000;
constexpr long kDaemonPeriodMs = 10 * 1000;
constexpr long kEagerPeriodMs = 1000;
/// Where daemons take turns: how long one runs at least, and leaves its place to others then.
constexpr int kTurnMs = 3 * 1000;
constexpr int64 kBreakUs = 6 * USECS_PER_SEC;
constexpr int kEndTimeoutMs = 10 * 1000;

class SharedLock {
public:
    explicit SharedLock() { LWLockAcquire(shared_state()->lock, LW_EXCLUSIVE); }
    ~SharedLock() { LWLockRelease(shared_state()->lock); }
};

void wake_launcher() {
    if (shared_state()->launcher_latch)
        SetLatch(shared_state()->launcher_latch);
}

BackgroundWorker describe_worker(const char *function, const char *name) {
    BackgroundWorker worker;
    memset(&worker, 0, sizeof(worker));
    worker.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
    worker.bgw_start_time = BgWorkerStart_RecoveryFinished;
    strlcpy(worker.bgw_library_name, "citus", BGW_MAXLEN);
    strlcpy(worker.bgw_function_name, function, BGW_MAXLEN);
    strlcpy(worker.bgw_name, name, BGW_MAXLEN);
    strlcpy(worker.bgw_type, name, BGW_MAXLEN);
    return worker;
}

// ---------------------------------------------------------------- the launcher

/// Databases that one can connect to and that are no templates (a daemon there would be in the way of each
/// CREATE DATABASE).
std::pmr::vector<Oid> list_databases() {
    std::pmr::vector<Oid> databases;
    Relation relation = table_open(DatabaseRelationId, AccessShareLock);
    TableScanDesc scan = table_beginscan_catalog(relation, 0, nullptr);
    while (HeapTuple tuple = heap_getnext(scan, ForwardScanDirection)) {
        auto *database = reinterpret_cast<Form_pg_database>(GETSTRUCT(tuple));
        if (database->datallowconn && !database->datistemplate)
            databases.push_back(database->oid);
    }
    table_endscan(scan);
    table_close(relation, AccessShareLock);
    return databases;
}

/// Brings the shared table in line with the databases there are: new ones are wanted until looked into.
void update_entries(const std::pmr::vector<Oid> &databases) {
    forget_fences_of_other_databases(databases);
    SharedLock lock;
    for (DaemonEntry &entry : shared_state()->daemons)
        if (entry.database != InvalidOid && entry.pid == 0 && entry.detector_pid == 0 &&
            std::find(databases.begin(), databases.end(), entry.database) == databases.end())
            entry = DaemonEntry{};
    for (Oid database : databases)
        if (daemon_entry(database, false) == nullptr)
            if (DaemonEntry *entry = daemon_entry(database, true))
                entry->wanted = true;
}

/// A database whose daemon is to be started now, or InvalidOid. Its entry is put off, so that the next call
/// gives another one, and so that a daemon that can't start is tried again later.
Oid next_database_to_start() {
    SharedLock lock;
    TimestampTz now = GetCurrentTimestamp();
    for (DaemonEntry &entry : shared_state()->daemons) {
        if (entry.database == InvalidOid || !entry.wanted || entry.pid != 0 || entry.start_after > now)
            continue;
        entry.start_after = now + kRestartDelayMs * INT64CONST(1000);
        return entry.database;
    }
    return InvalidOid;
}

/// The same for deadlock detectors, which run on demand.
Oid next_database_to_watch() {
    SharedLock lock;
    TimestampTz now = GetCurrentTimestamp();
    for (DaemonEntry &entry : shared_state()->daemons) {
        if (entry.database == InvalidOid || !entry.wanted || !entry.detector_requested ||
            entry.detector_pid != 0 || entry.detector_after > now)
            continue;
        entry.detector_after = now + kDetectorDelayMs * INT64CONST(1000);
        return entry.database;
    }
    return InvalidOid;
}

bool a_detector_is_missing() {
    SharedLock lock;
    for (const DaemonEntry &entry : shared_state()->daemons)
        if (entry.database != InvalidOid && entry.wanted && entry.detector_requested &&
            entry.detector_pid == 0)
            return true;
    return false;
}

/// False when all worker processes (max_worker_processes) are taken.
bool start_daemon(Oid database, const char *function, const char *name) {
    BackgroundWorker worker = describe_worker(function, name);
    worker.bgw_restart_time = BGW_NEVER_RESTART;
    worker.bgw_main_arg = ObjectIdGetDatum(database);
    return RegisterDynamicBackgroundWorker(&worker, nullptr);
}

/// Asks the daemons that run to make room for others, from now on until there is a process for each.
void begin_turns(Oid database) {
    SharedLock lock;
    shared_state()->daemons_starve = true;
    if (DaemonEntry *entry = daemon_entry(database, false))
        entry->start_after = entry->detector_after = 0;
    for (const DaemonEntry &entry : shared_state()->daemons)
        if (entry.database != InvalidOid && entry.latch != nullptr)
            SetLatch(entry.latch);
}

void end_turns_when_all_run() {
    SharedLock lock;
    const auto &daemons = shared_state()->daemons;
    if (std::none_of(std::begin(daemons), std::end(daemons), [](const DaemonEntry &entry) {
            return entry.database != InvalidOid && entry.wanted && entry.pid == 0;
        }))
        shared_state()->daemons_starve = false;
}

bool daemons_starve() {
    SharedLock lock;
    return shared_state()->daemons_starve;
}

/// Starts what is to be started; false when there are no processes any more.
bool start_all(Oid (*next)(), const char *function, const char *name) {
    for (Oid database = next(); OidIsValid(database); database = next())
        if (!start_daemon(database, function, name)) {
            begin_turns(database);
            return false;
        }
    return true;
}

void launcher_round() {
    StartTransactionCommand();
    update_entries(list_databases()); // gone before the transaction's memory is
    end_turns_when_all_run();
    if (start_all(next_database_to_watch, "citus_deadlock_detector_main", "Citus Deadlock Detector"))
        start_all(next_database_to_start, "citus_maintenance_main", "Citus Maintenance Daemon");
    CommitTransactionCommand();
}

void forget_launcher(int, Datum) {
    SharedLock lock;
    shared_state()->launcher_latch = nullptr;
}

// ---------------------------------------------------------------- the daemon

/// Enters this process as a daemon of the database; false when there is one already.
bool claim_entry(Oid database, Daemon kind) {
    SharedLock lock;
    DaemonEntry *entry = daemon_entry(database, false);
    if (entry == nullptr || !entry->wanted)
        return false;
    if (kind == Daemon::DeadlockDetector) {
        if (entry->detector_pid != 0)
            return false;
        entry->detector_pid = MyProcPid;
        entry->detector_latch = MyLatch;
        return true;
    }
    if (entry->pid != 0)
        return false;
    entry->pid = MyProcPid;
    entry->latch = MyLatch;
    // What an earlier life of this server left behind is waited for by others: begin with it.
    entry->recover_eagerly_until = GetCurrentTimestamp() + 30 * USECS_PER_SEC;
    return true;
}

bool somebody_waits_in(Oid database) {
    auto slots = all_backend_slots();
    return std::any_of(slots.begin(), slots.end(), [&](const BackendSlot &slot) {
        return slot.pid != 0 && slot.database == database && slot.remote_wait != 0;
    });
}

void release_entry(int, Datum database) {
    SharedLock lock;
    DaemonEntry *entry = daemon_entry(DatumGetObjectId(database), false);
    if (entry == nullptr)
        return;
    if (entry->pid == MyProcPid) {
        entry->pid = 0;
        entry->latch = nullptr;
        if (shared_state()->daemons_starve)
            wake_launcher();
    }
    if (entry->detector_pid == MyProcPid) {
        entry->detector_pid = 0;
        entry->detector_latch = nullptr;
        // Who asked a moment ago has woken this process.
        entry->detector_requested = somebody_waits_in(entry->database);
        if (entry->detector_requested)
            wake_launcher();
    }
}

void no_longer_wanted() {
    SharedLock lock;
    if (DaemonEntry *entry = daemon_entry(MyDatabaseId, false))
        entry->wanted = false;
}

bool recovers_eagerly() {
    SharedLock lock;
    DaemonEntry *entry = daemon_entry(MyDatabaseId, false);
    return entry != nullptr && entry->recover_eagerly_until > GetCurrentTimestamp();
}

/// Owner of the extension, or InvalidOid when this database has none. Keeps it from being dropped until the
/// end of the transaction.
Oid lock_extension() {
    Oid extension = get_extension_oid("citus", true);
    if (!OidIsValid(extension))
        return InvalidOid;
    LockDatabaseObject(ExtensionRelationId, extension, 0, AccessShareLock);
    Relation relation = table_open(ExtensionRelationId, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_extension_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(extension));
    SysScanDesc scan = systable_beginscan(relation, ExtensionOidIndexId, true, nullptr, 1, &key);
    HeapTuple tuple = systable_getnext(scan);
    Oid owner = tuple ? reinterpret_cast<Form_pg_extension>(GETSTRUCT(tuple))->extowner : InvalidOid;
    systable_endscan(scan);
    table_close(relation, AccessShareLock);
    return owner;
}

/// One look at the database. False when the extension is gone.
bool daemon_round(bool recovery_is_due) {
    StartTransactionCommand();
    Oid owner = lock_extension();
    PushActiveSnapshot(GetTransactionSnapshot());
    if (OidIsValid(owner) && recovery_is_due && extension_is_ready() &&
        local_group_id() == kCoordinatorGroupId) {
        SetUserIdAndSecContext(owner, SECURITY_LOCAL_USERID_CHANGE);
        if (!recover_prepared_transactions(DEBUG1).complete)
            request_recovery();
    }
    PopActiveSnapshot();
    CommitTransactionCommand();
    return OidIsValid(owner);
}

/// Brings the sizes of tables, as the planner sees them, in line with their shards.
void refresh_sizes() {
    StartTransactionCommand();
    Oid owner = lock_extension();
    PushActiveSnapshot(GetTransactionSnapshot());
    if (OidIsValid(owner) && extension_is_ready() && local_group_id() == kCoordinatorGroupId) {
        SetUserIdAndSecContext(owner, SECURITY_LOCAL_USERID_CHANGE);
        refresh_all_figures();
    }
    PopActiveSnapshot();
    CommitTransactionCommand();
}

/// Whether this daemon's turn is over. It comes again when the others had theirs.
bool turn_is_over(TimestampTz started) {
    const TimestampTz now = GetCurrentTimestamp();
    SharedLock lock;
    DaemonEntry *entry = daemon_entry(MyDatabaseId, false);
    if (!shared_state()->daemons_starve || entry == nullptr ||
        !TimestampDifferenceExceeds(started, now, kTurnMs))
        return false;
    entry->start_after = now + kBreakUs;
    return true;
}

void daemon_loop() {
    const TimestampTz started = GetCurrentTimestamp();
    TimestampTz last_recovery = 0;
    TimestampTz last_sizes = started;
    while (is_daemon_wanted()) {
        bool eager = recovers_eagerly();
        bool due = eager || (guc::recover_2pc_interval >= 0 &&
                             TimestampDifferenceExceeds(last_recovery, GetCurrentTimestamp(),
                                                        guc::recover_2pc_interval));
        if (due)
            last_recovery = GetCurrentTimestamp();
        if (!daemon_round(due)) {
            no_longer_wanted();
            return;
        }
        if (guc::table_size_refresh_interval >= 0 &&
            TimestampDifferenceExceeds(last_sizes, GetCurrentTimestamp(), guc::table_size_refresh_interval)) {
            refresh_sizes();
            last_sizes = GetCurrentTimestamp();
        }
        if (turn_is_over(started))
            return;
        pgstat_report_activity(STATE_IDLE, nullptr);
        daemon_sleep(eager || daemons_starve() ? kEagerPeriodMs : kDaemonPeriodMs);
    }
}

// ---------------------------------------------------------------- commands about databases

/// Sets whether a database's daemons are wanted; returns a process that runs now.
pid_t set_wanted(Oid database, bool wanted) {
    SharedLock lock;
    DaemonEntry *entry = daemon_entry(database, wanted);
    if (entry == nullptr)
        return 0;
    entry->wanted = wanted;
    entry->start_after = 0;
    if (wanted)
        wake_launcher();
    else if (entry->latch)
        SetLatch(entry->latch);
    if (!wanted && entry->detector_latch)
        SetLatch(entry->detector_latch);
    return entry->pid != 0 ? entry->pid : entry->detector_pid;
}

/// Ends the daemon of a database and waits until it is gone (or a time limit: then the command that follows
/// says itself that the database is in use).
void end_daemon(Oid database) {
    for (int waited = 0; set_wanted(database, false) != 0 && waited < kEndTimeoutMs; waited += 10) {
        WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 10, PG_WAIT_EXTENSION);
        ResetLatch(MyLatch);
        CHECK_FOR_INTERRUPTS();
    }
}

/// The database that a command must have for itself, or nullptr.
const char *database_needed_alone(Node *statement) {
    switch (nodeTag(statement)) {
    case T_DropdbStmt:
        return castNode(DropdbStmt, statement)->dbname;
    case T_RenameStmt: {
        auto *rename = castNode(RenameStmt, statement);
        return rename->renameType == OBJECT_DATABASE ? rename->subname : nullptr;
    }
    case T_CreatedbStmt: {
        ListCell *cell;
        foreach (cell, castNode(CreatedbStmt, statement)->options) {
            auto *option = castNode(DefElem, lfirst(cell));
            if (strcmp(option->defname, "template") == 0 && option->arg)
                return defGetString(option);
        }
        return nullptr;
    }
    case T_AlterDatabaseStmt: {
        ListCell *cell;
        foreach (cell, castNode(AlterDatabaseStmt, statement)->options)
            if (strcmp(castNode(DefElem, lfirst(cell))->defname, "tablespace") == 0)
                return castNode(AlterDatabaseStmt, statement)->dbname;
        return nullptr;
    }
    default:
        return nullptr;
    }
}

ProcessUtility_hook_type previous_utility_hook = nullptr;

void run_utility(PlannedStmt *plan, const char *query, bool read_only, ProcessUtilityContext context,
                 ParamListInfo params, QueryEnvironment *environment, DestReceiver *destination,
                 QueryCompletion *completion) {
    auto *next = previous_utility_hook ? previous_utility_hook : standard_ProcessUtility;
    const char *name = database_needed_alone(plan->utilityStmt);
    Oid database = name ? get_database_oid(name, true) : InvalidOid;
    if (!OidIsValid(database) || database == MyDatabaseId) {
        next(plan, query, read_only, context, params, environment, destination, completion);
        return;
    }
    end_daemon(database);
    if (pg_database_ownercheck(database, GetUserId()))
        end_idle_links(database);
    PG_TRY()
        ;
        { next(plan, query, read_only, context, params, environment, destination, completion); }
        PG_CATCH();
        {
            set_wanted(database, true);
            PG_RE_THROW();
        }
    PG_END_TRY();
    // Of a dropped database, the launcher removes the entry.
    if (!IsA(plan->utilityStmt, DropdbStmt))
        set_wanted(database, true);
}

bool start_at_commit = false;

void wake_at_commit(XactEvent event, void *) {
    if (!start_at_commit || (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT))
        return;
    start_at_commit = false;
    if (event == XACT_EVENT_COMMIT)
        set_wanted(MyDatabaseId, true);
}

} // namespace

bool begin_daemon(Oid database, Daemon kind, const char *name) {
    pqsignal(SIGTERM, die);
    pqsignal(SIGHUP, SignalHandlerForConfigReload);
    BackgroundWorkerUnblockSignals();
    if (!claim_entry(database, kind))
        return false;
    before_shmem_exit(release_entry, ObjectIdGetDatum(database));
    BackgroundWorkerInitializeConnectionByOid(database, InvalidOid, 0);
    pgstat_report_appname(name);
    return true;
}

bool is_daemon_wanted() {
    SharedLock lock;
    DaemonEntry *entry = daemon_entry(MyDatabaseId, false);
    return entry != nullptr && entry->wanted;
}

void daemon_sleep(long milliseconds) {
    WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, milliseconds, PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
    if (ConfigReloadPending) {
        ConfigReloadPending = false;
        ProcessConfigFile(PGC_SIGHUP);
    }
}

void request_deadlock_detector() {
    SharedLock lock;
    DaemonEntry *entry = daemon_entry(MyDatabaseId, false);
    if (entry == nullptr)
        return;
    entry->detector_requested = true;
    if (entry->detector_latch)
        SetLatch(entry->detector_latch);
    else
        wake_launcher();
}

void start_maintenance_daemon_at_commit() {
    static bool registered = false;
    if (!registered)
        RegisterXactCallback(wake_at_commit, nullptr);
    registered = true;
    start_at_commit = true;
}

void install_maintenance_daemon() {
    BackgroundWorker launcher = describe_worker("citus_launcher_main", "Citus Launcher");
    launcher.bgw_restart_time = kRestartDelayMs / 1000;
    RegisterBackgroundWorker(&launcher);
    previous_utility_hook = ProcessUtility_hook;
    ProcessUtility_hook = run_utility;
}

} // namespace citus

using namespace citus;

extern "C" void citus_launcher_main(Datum) {
    pqsignal(SIGTERM, die);
    pqsignal(SIGHUP, SignalHandlerForConfigReload);
    BackgroundWorkerUnblockSignals();
    BackgroundWorkerInitializeConnection(nullptr, nullptr, 0);
    before_shmem_exit(forget_launcher, 0);
    {
        SharedLock lock;
        shared_state()->launcher_latch = MyLatch;
    }
    pgstat_report_appname("Citus Launcher");
    for (;;) {
        launcher_round();
        pgstat_report_activity(STATE_IDLE, nullptr);
        daemon_sleep(a_detector_is_missing() || daemons_starve() ? kDetectorDelayMs : kLauncherPeriodMs);
    }
}

extern "C" void citus_maintenance_main(Datum argument) {
    if (begin_daemon(DatumGetObjectId(argument), Daemon::Maintenance, "Citus Maintenance Daemon"))
        daemon_loop();
}

extern "C" Datum citus_start_maintenance_daemon(PG_FUNCTION_ARGS) {
    start_maintenance_daemon_at_commit();
    PG_RETURN_VOID();
}
