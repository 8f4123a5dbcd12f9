#include "citus/transaction/shared_state.hpp"

extern "C" {
#include "port/atomics.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/shmem.h"
#include "utils/timestamp.h"
}

namespace citus {

namespace {

struct SharedState {
    pg_atomic_uint64 next_transaction;
    int backend_count;
    /// The transaction each backend is committing in two phases, 0 without one; by backend id.
    pg_atomic_uint64 committing[FLEXIBLE_ARRAY_MEMBER];
};

SharedState *state = nullptr;
shmem_request_hook_type previous_request_hook = nullptr;
shmem_startup_hook_type previous_startup_hook = nullptr;
bool committing = false;

int slot_count() { return MaxBackends + 1; } // backend ids begin at 1

Size state_size() {
    return add_size(offsetof(SharedState, committing), mul_size(sizeof(pg_atomic_uint64),
                                                                static_cast<Size>(slot_count())));
}

void request_shared_memory() {
    if (previous_request_hook != nullptr)
        previous_request_hook();
    RequestAddinShmemSpace(state_size());
}

void start_shared_memory() {
    if (previous_startup_hook != nullptr)
        previous_startup_hook();
    bool found;
    LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
    state = static_cast<SharedState *>(ShmemInitStruct("citus transactions", state_size(), &found));
    if (!found) {
        // Numbers never repeat: they go on from the clock (microseconds), which runs ahead of any sequence of
        // two-phase commits.
        pg_atomic_init_u64(&state->next_transaction, static_cast<uint64>(GetCurrentTimestamp()));
        state->backend_count = slot_count();
        for (int i = 0; i < state->backend_count; i++)
            pg_atomic_init_u64(&state->committing[i], 0);
    }
    LWLockRelease(AddinShmemInitLock);
}

} // namespace

char *format_gid(const TransactionName &name) {
    return psprintf("citus_%d_%d_" UINT64_FORMAT "_%u", name.group_id, name.pid, name.transaction, name.participant);
}

bool parse_gid(const char *gid, TransactionName *name) {
    unsigned long long transaction;
    int end = 0;
    const int fields = sscanf(gid, "citus_%d_%d_%llu_%u%n", &name->group_id, &name->pid, &transaction,
                              &name->participant, &end);
    name->transaction = transaction;
    return fields == 4 && gid[end] == '\0';
}

uint64 begin_two_phase_commit() {
    const uint64 number = pg_atomic_fetch_add_u64(&state->next_transaction, 1);
    pg_atomic_write_u64(&state->committing[MyBackendId], number);
    pg_memory_barrier();
    committing = true;
    return number;
}

void end_two_phase_commit() {
    if (!committing)
        return;
    pg_memory_barrier();
    pg_atomic_write_u64(&state->committing[MyBackendId], 0);
    committing = false;
}

bool is_two_phase_commit_running(uint64 transaction) {
    pg_memory_barrier();
    for (int i = 0; i < state->backend_count; i++)
        if (pg_atomic_read_u64(&state->committing[i]) == transaction)
            return true;
    return false;
}

void install_shared_state() {
    previous_request_hook = shmem_request_hook;
    shmem_request_hook = request_shared_memory;
    previous_startup_hook = shmem_startup_hook;
    shmem_startup_hook = start_shared_memory;
}

} // namespace citus
