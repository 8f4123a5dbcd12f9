#include "citus/transaction/write_turns.hpp"

#include "citus/pg/shared_memory.hpp"

extern "C" {
#include "access/xact.h"
#include "common/hashfn.h"
#include "pgstat.h"
#include "storage/condition_variable.h"
#include "storage/ipc.h"
#include "storage/spin.h"
#include "utils/timestamp.h"
}

namespace citus {

namespace {

constexpr const char *kName = "citus write turns";

/// Groups of other numbers may share a turn, and then wait for each other without need.
constexpr uint32 kTurns = 256;

/// How long one holder is waited for. By then it is ahead on every node.
constexpr int64 kPatienceUs = USECS_PER_SEC;

struct Turn {
    slock_t mutex;
    int holder;    ///< pid; 0: free
    uint64 number; ///< of turns that were taken
    ConditionVariable freed;
};

Turn *turns = nullptr;
Turn *held = nullptr; ///< by this backend

Size shared_size() {
    return sizeof(Turn) * kTurns;
}

void attach_memory(void *memory, LWLock *, bool fresh) {
    turns = static_cast<Turn *>(memory);
    if (!fresh)
        return;
    for (uint32 i = 0; i < kTurns; i++) {
        SpinLockInit(&turns[i].mutex);
        ConditionVariableInit(&turns[i].freed);
    }
}

/// Tries once; *number is that of the turn that is under way.
bool try_take(Turn *turn, uint64 *number) {
    SpinLockAcquire(&turn->mutex);
    const bool is_free = turn->holder == 0;
    if (is_free) {
        turn->holder = MyProcPid;
        turn->number++;
    }
    *number = turn->number;
    SpinLockRelease(&turn->mutex);
    if (is_free)
        held = turn;
    return is_free;
}

bool wait_for(Turn *turn) {
    uint64 number, before = 0;
    TimestampTz since = 0;
    while (!try_take(turn, &number)) {
        const TimestampTz now = GetCurrentTimestamp();
        if (number != before) {
            before = number;
            since = now;
        }
        const int64 left_us = since + kPatienceUs - now;
        if (left_us <= 0)
            return false;
        (void)ConditionVariableTimedSleep(&turn->freed, static_cast<long>(left_us / 1000 + 1),
                                          PG_WAIT_EXTENSION);
    }
    return true;
}

void leave_turn(int, Datum) {
    end_write_turn();
}

void at_transaction_end(XactEvent event, void *) {
    if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
        end_write_turn();
}

void watch_ends() {
    static bool watched = false;
    if (std::exchange(watched, true))
        return;
    RegisterXactCallback(at_transaction_end, nullptr);
    before_shmem_exit(leave_turn, 0);
}

} // namespace

bool take_write_turn(uint32 colocation_id) {
    if (held != nullptr || turns == nullptr)
        return false;
    watch_ends();
    Turn *turn = &turns[hash_combine(murmurhash32(MyDatabaseId), murmurhash32(colocation_id)) % kTurns];
    uint64 number;
    if (try_take(turn, &number))
        return true;
    const bool taken = wait_for(turn);
    ConditionVariableCancelSleep();
    return taken;
}

void end_write_turn() {
    Turn *turn = std::exchange(held, nullptr);
    if (turn == nullptr)
        return;
    SpinLockAcquire(&turn->mutex);
    turn->holder = 0;
    SpinLockRelease(&turn->mutex);
    ConditionVariableSignal(&turn->freed);
}

void install_write_turns() {
    add_shared_memory({kName, shared_size, attach_memory});
}

} // namespace citus
