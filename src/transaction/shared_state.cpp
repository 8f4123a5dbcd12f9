#include "citus/transaction/shared_state.hpp"

#include "citus/pg/shared_memory.hpp"

extern "C" {
#include "storage/backendid.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/timestamp.h"
}

namespace citus {
namespace {

constexpr const char *kName = "citus transactions";
constexpr int kEagerRecoveryMs = 30 * 1000;

SharedState *state = nullptr;
bool exit_callback_registered = false;

Size state_size() {
    return add_size(offsetof(SharedState, deciding), mul_size(sizeof(uint64), MaxBackends));
}

void attach_memory(void *memory, LWLock *lock, bool fresh) {
    state = static_cast<SharedState *>(memory);
    if (!fresh)
        return;
    state->lock = lock;
    // Microseconds: no coordinator commits a million distributed transactions per second for long.
    pg_atomic_init_u64(&state->next_transaction, static_cast<uint64>(GetCurrentTimestamp()));
}

void forget_deciding(int, Datum) {
    end_deciding();
}

} // namespace

SharedState *shared_state() {
    return state;
}

uint64 next_distributed_transaction_number() {
    return pg_atomic_fetch_add_u64(&state->next_transaction, 1);
}

void begin_deciding(uint64 transaction_number) {
    if (!exit_callback_registered) {
        before_shmem_exit(forget_deciding, 0);
        exit_callback_registered = true;
    }
    LWLockAcquire(state->lock, LW_EXCLUSIVE);
    state->deciding[citus_my_backend_index()] = transaction_number;
    LWLockRelease(state->lock);
}

void end_deciding() {
    LWLockAcquire(state->lock, LW_EXCLUSIVE);
    state->deciding[citus_my_backend_index()] = 0;
    LWLockRelease(state->lock);
}

std::pmr::vector<uint64> transactions_being_decided() {
    std::pmr::vector<uint64> numbers;
    numbers.reserve(static_cast<size_t>(MaxBackends)); // no allocation, hence no error, under the lock
    LWLockAcquire(state->lock, LW_SHARED);
    for (int i = 0; i < MaxBackends; i++)
        if (state->deciding[i] != 0)
            numbers.push_back(state->deciding[i]);
    LWLockRelease(state->lock);
    return numbers;
}

DaemonEntry *daemon_entry(Oid database, bool create) {
    DaemonEntry *free_entry = nullptr;
    for (DaemonEntry &entry : state->daemons) {
        if (entry.database == database)
            return &entry;
        if (entry.database == InvalidOid && free_entry == nullptr)
            free_entry = &entry;
    }
    if (!create || free_entry == nullptr)
        return nullptr;
    *free_entry = DaemonEntry{.database = database};
    return free_entry;
}

void request_recovery() {
    LWLockAcquire(state->lock, LW_EXCLUSIVE);
    if (DaemonEntry *entry = daemon_entry(MyDatabaseId, false)) {
        entry->recover_eagerly_until = GetCurrentTimestamp() + INT64CONST(1000) * kEagerRecoveryMs;
        if (entry->latch)
            SetLatch(entry->latch);
    }
    LWLockRelease(state->lock);
}

void install_shared_state() {
    add_shared_memory({kName, state_size, attach_memory});
}

} // namespace citus
