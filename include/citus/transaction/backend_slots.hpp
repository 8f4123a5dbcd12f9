/// What each backend tells the others about the distributed transaction it is in, in shared memory.
///
/// One slot per backend, written by that backend alone, without a lock; `deadlock` alone is written by the
/// deadlock detector. Readers see a moment, and check again what matters. Used by transaction/ and monitor/.
#pragma once

#include "citus/pg/memory.hpp"

#include <atomic>

namespace citus {

struct BackendSlot {
    std::atomic<int> pid;              ///< 0: the slot is free
    Oid database;                      ///< set before pid
    std::atomic<uint64> transaction;   ///< number of the distributed transaction, 0 outside of one
    std::atomic<int64> started;        ///< TimestampTz of its start
    std::atomic<int64> remote_wait;    ///< since when the backend waits for another node; set when it is long
    std::atomic<int64> deadlock;       ///< the wait (remote_wait) that is to end as a deadlock
    std::atomic<uint32> deadlock_lxid; ///< the local transaction whose lock wait was ended as a deadlock
};

/// This backend's slot, taken at the first call.
BackendSlot &own_backend_slot();

/// All slots, free ones included.
std::span<BackendSlot> all_backend_slots();

/// The number of the distributed transaction this backend is in; gets one when it has none.
uint64 distributed_transaction_number();

/// The transaction is over.
void forget_distributed_transaction_number();

/// Reserves and attaches the memory. Called once, from _PG_init.
void install_backend_slots();

} // namespace citus
