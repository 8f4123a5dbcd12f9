#include "citus/transaction/backend_slots.hpp"

#include "citus/transaction/shared_state.hpp"

extern "C" {
#include "storage/backendid.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
}

namespace citus {

namespace {

BackendSlot *slots = nullptr;
BackendSlot *own = nullptr;
shmem_request_hook_type previous_request_hook = nullptr;
shmem_startup_hook_type previous_startup_hook = nullptr;

Size slots_size() {
    return mul_size(sizeof(BackendSlot), static_cast<Size>(MaxBackends));
}

void request_memory() {
    if (previous_request_hook)
        previous_request_hook();
    RequestAddinShmemSpace(slots_size());
}

void attach_memory() {
    if (previous_startup_hook)
        previous_startup_hook();
    LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
    bool found;
    slots = static_cast<BackendSlot *>(ShmemInitStruct("citus backends", slots_size(), &found));
    if (!found)
        memset(static_cast<void *>(slots), 0, slots_size());
    LWLockRelease(AddinShmemInitLock);
}

void clear(BackendSlot &slot) {
    slot.pid = 0;
    slot.transaction = 0;
    slot.started = slot.remote_wait = slot.deadlock = 0;
    slot.deadlock_lxid = 0;
}

void release_slot(int, Datum) {
    clear(*own);
    own = nullptr;
}

} // namespace

BackendSlot &own_backend_slot() {
    if (own != nullptr)
        return *own;
    own = &slots[citus_my_backend_index()];
    clear(*own); // what a killed backend left behind
    before_shmem_exit(release_slot, 0);
    own->database = MyDatabaseId;
    own->pid = MyProcPid;
    return *own;
}

std::span<BackendSlot> all_backend_slots() {
    return {slots, static_cast<size_t>(MaxBackends)};
}

uint64 distributed_transaction_number() {
    BackendSlot &slot = own_backend_slot();
    if (slot.transaction == 0) {
        slot.started = GetCurrentTransactionStartTimestamp();
        slot.transaction = next_distributed_transaction_number();
    }
    return slot.transaction;
}

void forget_distributed_transaction_number() {
    if (own != nullptr && own->transaction != 0)
        own->transaction = 0;
}

void install_backend_slots() {
    previous_request_hook = shmem_request_hook;
    shmem_request_hook = request_memory;
    previous_startup_hook = shmem_startup_hook;
    shmem_startup_hook = attach_memory;
}

} // namespace citus
