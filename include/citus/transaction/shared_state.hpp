/// What the backends and the maintenance daemons share: transaction numbers, who is in a two-phase commit, and
/// requests to the daemons.
///
/// Used by transaction/ only. One spinlock-free slot per backend: its owner writes it, everybody may read it.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// Name of a prepared transaction: citus_<group>_<pid>_<transaction>_<participant>.
struct TransactionName {
    int32 group_id;
    int pid;
    uint64 transaction;
    uint32 participant;
};
char *format_gid(const TransactionName &name);
bool parse_gid(const char *gid, TransactionName *name);

/// Takes a new transaction number and marks it as being committed by this backend.
uint64 begin_two_phase_commit();
/// The outcome is known everywhere, or left to recovery. May be called without begin.
void end_two_phase_commit();
/// Whether a backend is in the two-phase commit of this transaction.
bool is_two_phase_commit_running(uint64 transaction);

/// Asks this database's daemon to recover at once and each second until all is resolved.
void request_recovery();
/// Takes the request of a database; true when there was one.
bool take_recovery_request(Oid database);

void install_shared_state();

} // namespace citus
