#include "citus/transaction/statement_snapshot.hpp"

extern "C" {
#include "executor/executor.h"
#include "fmgr.h"
#include "tcop/pquery.h"
#include "utils/portal.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

PG_FUNCTION_INFO_V1(citus_use_snapshot);
PGDLLEXPORT Datum citus_use_snapshot(PG_FUNCTION_ARGS);
}

namespace citus {

namespace {

// ---------------------------------------------------------------- on the coordinator

/// An executor state with a number. Lives in its memory.
struct NumberedState {
    NumberedState *next;
    const EState *estate;
    uint64 number;
    MemoryContextCallback forget;
};

NumberedState *numbered_states = nullptr;
uint64 last_number = 0;

void forget_state(void *self) {
    NumberedState **link = &numbered_states;
    while (*link != self)
        link = &(*link)->next;
    *link = (*link)->next;
}

/// The state itself, else another one with the same snapshot, else nullptr. A snapshot that belongs to a
/// state is not freed while the state lives, so that its address stands for it.
NumberedState *find_state(const EState *estate) {
    NumberedState *same_snapshot = nullptr;
    for (NumberedState *state = numbered_states; state != nullptr; state = state->next) {
        if (state->estate == estate)
            return state;
        if (state->estate->es_snapshot == estate->es_snapshot)
            same_snapshot = state;
    }
    return same_snapshot;
}

} // namespace

uint64 statement_number(const EState *estate) {
    const NumberedState *known = find_state(estate);
    if (known != nullptr && known->estate == estate)
        return known->number;
    auto *state =
        static_cast<NumberedState *>(MemoryContextAllocZero(estate->es_query_cxt, sizeof(NumberedState)));
    state->estate = estate;
    state->number = known != nullptr ? known->number : ++last_number;
    state->forget.func = forget_state;
    state->forget.arg = state;
    MemoryContextRegisterResetCallback(estate->es_query_cxt, &state->forget);
    state->next = std::exchange(numbered_states, state);
    return state->number;
}

uint64 number_for_nodes(const EState *estate) {
    return IsolationUsesXactSnapshot() && find_state(estate) == nullptr ? 0 : statement_number(estate);
}

bool is_part_of_numbered_statement(const EState *estate) {
    for (const NumberedState *state = numbered_states; state != nullptr; state = state->next)
        if (state->estate != estate && state->estate->es_snapshot == estate->es_snapshot)
            return true;
    return false;
}

uint64 oldest_statement_number() {
    uint64 oldest = last_number + 1;
    for (const NumberedState *state = numbered_states; state != nullptr; state = state->next)
        oldest = std::min(oldest, state->number);
    return oldest;
}

void queue_snapshot_for_reads(Connection *connection) {
    connection->queue_repeatable("SELECT citus_internal.use_snapshot(-1, 0)", nullptr, 0, nullptr, false, 0);
    connection->transaction.told_snapshots = true;
}

void queue_end_of_reads(Connection *connection) {
    connection->queue_repeatable("SELECT citus_internal.use_snapshot(0, 0)", nullptr, 0, nullptr, false, 0);
}

// ---------------------------------------------------------------- on the node

namespace {

/// Of statements that run at the same time: cursors, and functions in queries. In TopTransactionContext.
struct KeptSnapshot {
    KeptSnapshot *next;
    int64 number;
    Snapshot snapshot;
};

KeptSnapshot *kept = nullptr;
Snapshot in_use = nullptr;
ExecutorStart_hook_type previous_start = nullptr;

/// A command of the protocol itself, which begins; not one of a function, a trigger or a cursor.
bool is_clients_read() {
    return ActivePortal != nullptr && ActivePortal->name[0] == '\0' &&
           ActivePortal->status == PORTAL_DEFINED && ActivePortal->strategy == PORTAL_ONE_SELECT;
}

void start_executor(QueryDesc *query, int eflags) {
    if (in_use != nullptr && is_clients_read()) {
        Snapshot own = query->snapshot;
        query->snapshot = RegisterSnapshot(in_use);
        UnregisterSnapshot(own);
    }
    if (previous_start != nullptr)
        previous_start(query, eflags);
    else
        standard_ExecutorStart(query, eflags);
}

void drop_snapshot(KeptSnapshot *one) {
    if (one->snapshot == in_use)
        in_use = nullptr;
    UnregisterSnapshotFromOwner(one->snapshot, TopTransactionResourceOwner);
}

/// After an error the transaction's resource owner and memory take care of themselves.
void end_of_transaction(XactEvent event, void *) {
    if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
        for (KeptSnapshot *one = kept; one != nullptr; one = one->next)
            drop_snapshot(one);
    else if (event != XACT_EVENT_ABORT)
        return;
    kept = nullptr;
    in_use = nullptr;
}

void install_once() {
    static bool installed = false;
    if (installed)
        return;
    RegisterXactCallback(end_of_transaction, nullptr);
    previous_start = ExecutorStart_hook;
    ExecutorStart_hook = start_executor;
    installed = true;
}

void drop_ended(int64 oldest) {
    for (KeptSnapshot **link = &kept; *link != nullptr;) {
        KeptSnapshot *one = *link;
        if (one->number >= oldest) {
            link = &one->next;
            continue;
        }
        *link = one->next;
        drop_snapshot(one);
        pfree(one);
    }
}

/// One of its own, which hides the writes to come: the transaction's snapshot at REPEATABLE READ shows them.
Snapshot register_snapshot() {
    PushCopiedSnapshot(GetTransactionSnapshot());
    Snapshot copy = RegisterSnapshotOnOwner(GetActiveSnapshot(), TopTransactionResourceOwner);
    PopActiveSnapshot();
    return copy;
}

/// number: of the statement whose reads follow; 0: none; negative: a statement that has no others. Those
/// below oldest have ended.
void use_snapshot(int64 number, int64 oldest) {
    install_once();
    drop_ended(std::max<int64>(oldest, 0));
    in_use = nullptr;
    if (number == 0)
        return;
    for (KeptSnapshot *one = kept; one != nullptr; one = one->next)
        if (one->number == number)
            in_use = one->snapshot;
    if (in_use != nullptr)
        return;
    // Nothing may raise once it is registered.
    auto *one = static_cast<KeptSnapshot *>(MemoryContextAlloc(TopTransactionContext, sizeof(KeptSnapshot)));
    one->number = number;
    one->snapshot = register_snapshot();
    one->next = std::exchange(kept, one);
    in_use = one->snapshot;
}

} // namespace

} // namespace citus

extern "C" Datum citus_use_snapshot(PG_FUNCTION_ARGS) {
    citus::use_snapshot(PG_GETARG_INT64(0), PG_GETARG_INT64(1));
    PG_RETURN_VOID();
}
