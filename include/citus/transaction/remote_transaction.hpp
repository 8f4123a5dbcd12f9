/// The distributed transaction: which connections take part, and the one commit path.
///
/// executor/ tells it when a connection is used; PostgreSQL's transaction callbacks drive the rest. Remote
/// transactions open lazily: BEGIN with isolation level and the open savepoints are queued before the first
/// statement of a transaction block (or of any write). Whether a commit needs two phases follows from the
/// set of nodes written - this one included when it has written - and from nothing else. Never takes a
/// decision outside commit_distributed_transaction().
#pragma once

#include "citus/net/connection.hpp"

namespace citus {

/// Called by the local executor before it runs a task that writes on this node, so that local writes count
/// as a participant of the commit.
void note_local_write();

/// Whether the current transaction has open remote transactions, and whether any of them wrote.
bool in_distributed_transaction();
bool distributed_transaction_wrote();

void install_transaction_callbacks();

/// Makes room for prepared transactions when the server was configured with none (PostgreSQL's default). Only
/// while shared_preload_libraries is being processed.
void raise_max_prepared_transactions();

} // namespace citus
