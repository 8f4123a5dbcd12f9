#include "citus/transaction/fence.hpp"

#include "citus/pg/shared_memory.hpp"
#include "citus/transaction/commit_records.hpp"
#include "citus/transaction/shared_state.hpp"

#include <atomic>

extern "C" {
#include "pgstat.h"
#include "storage/ipc.h"
#include "storage/latch.h"
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

Size shared_size() {
    return sizeof(Fences);
}

void attach_memory(void *memory, LWLock *lock, bool fresh) {
    fences = static_cast<Fences *>(memory);
    if (fresh)
        fences->lock = lock;
}

/// In place of a group: what an earlier life of this server had decided was looked up in this database.
constexpr int32 kStartMark = -2;
bool is_fenced(int32 group_id) {
    bool found = false;
    LWLockAcquire(fences->lock, LW_SHARED);
    for (const Fence &fence : fences->entries)
        found |= fence.database == MyDatabaseId && fence.group_id == group_id;
    LWLockRelease(fences->lock);
    return found;
}

/// A decision that an earlier life of this server has not carried out, as far as it knew, is waited for like
/// a failed second phase. The first who asks in this database looks it up.
void fence_earlier_decisions() {
    static bool is_done = false;
    if (is_done)
        return;
    if (!is_fenced(kStartMark)) {
        std::pmr::unordered_set<int32> groups;
        for (const CommitRecord &record : read_commit_records())
            groups.insert(record.group_id);
        for (const int32 group_id : groups)
            fence_group(group_id, kEarlierLife);
        fence_group(kStartMark, kEarlierLife);
    }
    is_done = true;
}

} // namespace

void fence_group(int32 group_id, uint64 transaction) {
    LWLockAcquire(fences->lock, LW_EXCLUSIVE);
    for (Fence &fence : fences->entries)
        if (!OidIsValid(fence.database)) {
            fence = {MyDatabaseId, group_id, transaction};
            fences->count += group_id != kStartMark;
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

void forget_fences_of_other_databases(const std::pmr::vector<Oid> &databases) {
    LWLockAcquire(fences->lock, LW_EXCLUSIVE);
    for (Fence &fence : fences->entries)
        if (OidIsValid(fence.database) &&
            std::find(databases.begin(), databases.end(), fence.database) == databases.end()) {
            fences->count -= fence.group_id != kStartMark;
            fence = {};
        }
    LWLockRelease(fences->lock);
}

void wait_for_fence(int32 group_id) {
    fence_earlier_decisions();
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
    add_shared_memory({kName, shared_size, attach_memory});
}

} // namespace citus
