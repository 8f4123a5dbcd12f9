#include "citus/pg/counters.hpp"

#include "citus/guc.hpp"
#include "citus/pg/shared_memory.hpp"

extern "C" {
#include "access/xact.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "storage/ipc.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(citus_stat_counters);
PG_FUNCTION_INFO_V1(citus_stat_counters_reset);
PG_FUNCTION_INFO_V1(citus_stat_messages);
PG_FUNCTION_INFO_V1(citus_session_counters);
}

namespace citus {

uint64 backend_counters[kCounters];

namespace {

constexpr const char *kName = "citus counters";
constexpr int kMaxDatabases = 256;

constexpr const char *kCounterNames[kCounters] = {
    "parses",
    "prepared_executions",
    "round_trips",
    "plans",
    "template_hits",
    "local_plans",
    "local_plan_hits",
    "commits_with_write",
    "evictions",
    "connection_establishment_succeeded",
    "connection_establishment_failed",
    "connection_reused",
    "query_execution_single_shard",
    "query_execution_multi_shard",
};

/// What a database's backends have counted. Never freed before the server stops: a dropped database's entry
/// is taken over by the next new one.
struct DatabaseCounters {
    Oid database; ///< under the lock; InvalidOid: free
    pg_atomic_uint64 reset_at;
    pg_atomic_uint64 values[kCounters];
};

struct SharedCounters {
    LWLock *lock;
    DatabaseCounters databases[kMaxDatabases];
};

SharedCounters *shared = nullptr;
DatabaseCounters *mine = nullptr;
uint64 flushed[kCounters];

Size shared_size() {
    return sizeof(SharedCounters);
}

void attach_memory(void *memory, LWLock *lock, bool fresh) {
    shared = static_cast<SharedCounters *>(memory);
    if (!fresh)
        return;
    shared->lock = lock;
    for (DatabaseCounters &entry : shared->databases) {
        pg_atomic_init_u64(&entry.reset_at, 0);
        for (pg_atomic_uint64 &value : entry.values)
            pg_atomic_init_u64(&value, 0);
    }
}

/// The entry of this backend's database; nullptr when all are taken.
DatabaseCounters *my_entry() {
    if (mine != nullptr || shared == nullptr || !OidIsValid(MyDatabaseId))
        return mine;
    LWLockAcquire(shared->lock, LW_EXCLUSIVE);
    DatabaseCounters *free_entry = nullptr;
    for (DatabaseCounters &entry : shared->databases) {
        if (entry.database == MyDatabaseId)
            mine = &entry;
        else if (entry.database == InvalidOid && free_entry == nullptr)
            free_entry = &entry;
    }
    if (mine == nullptr && free_entry != nullptr) {
        free_entry->database = MyDatabaseId;
        mine = free_entry;
    }
    LWLockRelease(shared->lock);
    return mine;
}

void flush() {
    bool changed = false;
    for (int i = 0; i < kCounters && !changed; i++)
        changed = backend_counters[i] != flushed[i];
    if (!changed)
        return;
    DatabaseCounters *entry = guc::enable_stat_counters ? my_entry() : nullptr;
    for (int i = 0; i < kCounters; i++) {
        if (entry != nullptr && backend_counters[i] != flushed[i])
            pg_atomic_fetch_add_u64(&entry->values[i], static_cast<int64>(backend_counters[i] - flushed[i]));
        flushed[i] = backend_counters[i];
    }
}

void on_transaction_event(XactEvent event, void *) {
    if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
        flush();
}

/// One row per database that was counted (or asked for): its Oid, the counters [first, last], the reset time.
void return_counters(FunctionCallInfo fcinfo, int first, int last) {
    const Oid wanted = PG_GETARG_OID(0);
    InitMaterializedSRF(fcinfo, 0);
    auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    flush();
    for (DatabaseCounters &entry : shared->databases) {
        const Oid database = entry.database; // read once: entries appear, they never change
        if (!OidIsValid(database) || (OidIsValid(wanted) && wanted != database))
            continue;
        Datum values[kCounters + 2];
        bool nulls[kCounters + 2] = {};
        int column = 0;
        values[column++] = ObjectIdGetDatum(database);
        for (int i = first; i <= last; i++)
            values[column++] = Int64GetDatum(static_cast<int64>(pg_atomic_read_u64(&entry.values[i])));
        const auto reset_at = static_cast<TimestampTz>(pg_atomic_read_u64(&entry.reset_at));
        nulls[column] = reset_at == 0;
        values[column] = TimestampTzGetDatum(reset_at);
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
}

} // namespace

void install_counters() {
    add_shared_memory({kName, shared_size, attach_memory});
    RegisterXactCallback(on_transaction_event, nullptr);
}

} // namespace citus

using namespace citus;

extern "C" {

PGDLLEXPORT Datum citus_stat_counters(PG_FUNCTION_ARGS) {
    return_counters(fcinfo, static_cast<int>(Counter::ConnectionsOpened),
                    static_cast<int>(Counter::MultiShard));
    return 0;
}

PGDLLEXPORT Datum citus_stat_messages(PG_FUNCTION_ARGS) {
    return_counters(fcinfo, 0, static_cast<int>(Counter::Evictions));
    return 0;
}

PGDLLEXPORT Datum citus_stat_counters_reset(PG_FUNCTION_ARGS) {
    const Oid wanted = OidIsValid(PG_GETARG_OID(0)) ? PG_GETARG_OID(0) : MyDatabaseId;
    flush();
    (void)my_entry(); // so that the current one has the time of the reset
    for (DatabaseCounters &entry : shared->databases) {
        if (entry.database != wanted)
            continue;
        for (pg_atomic_uint64 &value : entry.values)
            pg_atomic_write_u64(&value, 0);
        pg_atomic_write_u64(&entry.reset_at, static_cast<uint64>(GetCurrentTimestamp()));
    }
    PG_RETURN_VOID();
}

PGDLLEXPORT Datum citus_session_counters(PG_FUNCTION_ARGS) {
    InitMaterializedSRF(fcinfo, 0);
    auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    for (int i = 0; i < kCounters; i++) {
        Datum values[2] = {CStringGetTextDatum(kCounterNames[i]),
                           Int64GetDatum(static_cast<int64>(backend_counters[i]))};
        bool nulls[2] = {};
        tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
    }
    return 0;
}
}
