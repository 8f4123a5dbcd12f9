/// What the backends of a server share about distributed transactions, in shared memory.
///
/// Three things: the counter that numbers distributed transactions, the set of transactions that are in
/// their commit path right now (recovery must leave those alone), and the maintenance daemons with the
/// requests to them. Called by remote_transaction.cpp, recovery.cpp and maintenance_daemon.cpp. Never
/// waits for anything but its own spin-short lock, never raises after a transaction has committed.
#pragma once

#include "citus/pg/prelude.hpp"

extern "C" {
#include "port/atomics.h"
}

namespace citus {

/// A number no other distributed transaction of this coordinator has: counts up from the clock at server
/// start, so that a restart does not use numbers again that prepared transactions may still carry.
uint64 next_distributed_transaction_number();

/// Marks the transaction as one whose outcome this backend is deciding: from before the first PREPARE until
/// the second phase has been tried. One at a time per backend; ends by itself when the backend exits.
void begin_deciding(uint64 transaction_number);
void end_deciding();

/// Transaction numbers that some backend is deciding now.
std::pmr::vector<uint64> transactions_being_decided();

/// Asks the daemon of this database to recover now, and each second until half a minute has passed without
/// leftovers: a PREPARE whose answer was lost may still become one. Cheap; never raises.
void request_recovery();

/// The daemons. An entry exists for each database that is known to the launcher.
struct DaemonEntry {
    Oid database;        ///< InvalidOid: the entry is free
    pid_t pid;           ///< 0 when no daemon runs
    struct Latch *latch; ///< of the running daemon
    bool wanted;         ///< false when the database has no extension, or its daemon was asked to end
    TimestampTz recover_eagerly_until;
    TimestampTz start_after; ///< not before this time, after a daemon ended by an error
    pid_t detector_pid;      ///< of the deadlock detector, 0 when none runs
    struct Latch *detector_latch;
    bool detector_requested;
    TimestampTz detector_after;
};

constexpr int kMaxDaemons = 256;

struct SharedState {
    LWLock *lock;
    pg_atomic_uint64 next_transaction;
    pid_t launcher_pid;
    struct Latch *launcher_latch;
    bool daemons_starve; ///< there are more of them than worker processes: they take turns
    DaemonEntry daemons[kMaxDaemons];
    uint64 deciding[FLEXIBLE_ARRAY_MEMBER]; ///< by backend; 0 when none
};
SharedState *shared_state();

/// The entry of a database, made when there is none and `create` is set; nullptr when the table is full.
/// The caller holds shared_state()->lock exclusively.
DaemonEntry *daemon_entry(Oid database, bool create);

/// Reserves and attaches the memory. Called once, from _PG_init.
void install_shared_state();

} // namespace citus
