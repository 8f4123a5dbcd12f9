#include "citus/transaction/fence.hpp"

#include "citus/transaction/shared_state.hpp"

#include <atomic>

extern "C" {
#include "pgstat.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/lwlock.h"
#include "storage/shmem.h"
}

namespace citus {

namespace {

constexpr const char *kName = "citus fences";
constexpr long kPeriodMs = 50;

/// When all places are taken, a reader may see a transaction too late, for as long as a node with that many
/// open ones does not answer: each session can leave one per node and transaction.
constexpr int kMaxFences = 4096;

struct Fences {
    LWLock *lock;
    std::atomic<int> count;
    Fence entries[kMaxFences];
};

Fences *fences = nullptr;
shmem_request_hook_type previous_request_hook = nullptr;
shmem_startup_hook_type previous_startup_hook = nullptr;

void request_memory() {
    if (previous_request_hook)
        previous_request_hook();
    RequestAddinShmemSpace(sizeof(Fences));
    RequestNamedLWLockTranche(kName, 1);
}

void attach_memory() {
    if (previous_startup_hook)
        previous_startup_hook();
    LWLockAcquire(AddinShmemInitLock, LW_EXCLUSIVE);
    bool found;
    fences = static_cast<Fences *>(ShmemInitStruct(kName, sizeof(Fences), &found));
    if (!found) {
        memset(static_cast<void *>(fences), 0, sizeof(Fences));
        fences->lock = &GetNamedLWLockTranche(kName)->lock;
    }
    LWLockRelease(AddinShmemInitLock);
}

bool is_fenced(int32 group_id) {
    bool found = false;
    LWLockAcquire(fences->lock, LW_SHARED);
    for (const Fence &fence : fences->entries)
        found |= fence.database == MyDatabaseId && fence.group_id == group_id;
    LWLockRelease(fences->lock);
    return found;
}

} // namespace

void fence_group(int32 group_id, uint64 transaction) {
    LWLockAcquire(fences->lock, LW_EXCLUSIVE);
    for (Fence &fence : fences->entries)
        if (!OidIsValid(fence.database)) {
            fence = {MyDatabaseId, group_id, transaction};
            fences->count++;
            break;
        }
    LWLockRelease(fences->lock);
}

std::pmr::vector<uint64> fences_of_group(int32 group_id) {
    std::pmr::vector<uint64> transactions;
    if (fences->count == 0)
        return transactions;
    transactions.reserve(kMaxFences); // no allocation under the lock
    LWLockAcquire(fences->lock, LW_SHARED);
    for (const Fence &fence : fences->entries)
        if (fence.database == MyDatabaseId && fence.group_id == group_id)
            transactions.push_back(fence.transaction);
    LWLockRelease(fences->lock);
    return transactions;
}

void remove_fences(int32 group_id, std::span<const uint64> transactions) {
    if (transactions.empty())
        return;
    LWLockAcquire(fences->lock, LW_EXCLUSIVE);
    for (Fence &fence : fences->entries)
        if (fence.database == MyDatabaseId && fence.group_id == group_id &&
            std::find(transactions.begin(), transactions.end(), fence.transaction) != transactions.end()) {
            fence = {};
            fences->count--;
        }
    LWLockRelease(fences->lock);
}

void wait_for_fence(int32 group_id) {
    if (fences->count == 0)
        return;
    while (is_fenced(group_id)) {
        request_recovery();
        WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, kPeriodMs, PG_WAIT_EXTENSION);
        ResetLatch(MyLatch);
        CHECK_FOR_INTERRUPTS();
    }
}

void install_fence() {
    previous_request_hook = shmem_request_hook;
    shmem_request_hook = request_memory;
    previous_startup_hook = shmem_startup_hook;
    shmem_startup_hook = attach_memory;
}

} // namespace citus
