/// The remote transactions of this backend's connections: opening, savepoints, and the commit protocol.
///
/// Internal to src/transaction. Everything called while a transaction aborts, or after it committed, neither
/// raises nor waits without limit.
#pragma once

#include "citus/net/wire.hpp"
#include "citus/transaction/remote_transaction.hpp"

namespace citus {

void subtransaction_started(SubTransactionId id);
void subtransaction_committed(SubTransactionId id, SubTransactionId parent);
void subtransaction_aborted(SubTransactionId id);
void forget_subtransactions();
/// What this backend remembers of a transaction that has ended, remote ones aside.
void forget_local_state();

/// Resets the state of a connection whose remote transaction is over.
void forget_transaction(Connection *connection);

/// XACT_EVENT_PRE_COMMIT: ends the read-only participants, commits the only writer, or prepares all.
void commit_distributed_transaction();
/// XACT_EVENT_COMMIT: the decision is durable, the prepared transactions follow.
void finish_distributed_commit();
/// XACT_EVENT_ABORT.
void abort_distributed_transaction();

} // namespace citus
