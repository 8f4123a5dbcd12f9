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

/// Whether nothing was done in this transaction yet, and it is not a block: a statement that writes on one
/// node, and is known to be all of the transaction, may be committed there in the same round trip.
bool may_be_whole_transaction();

/// The node has committed such a write: the transaction can't fail any more, and takes no cancel request.
void committed_with_write(Connection *connection);

/// The connection was lost before anything of its transaction was answered, and is going to be made again: as
/// if it had not been used.
void forget_lost_beginning(Connection *connection);

void install_transaction_callbacks();

/// Makes room for prepared transactions when the server was configured with none (PostgreSQL's default). Only
/// while shared_preload_libraries is being processed.
void raise_max_prepared_transactions();

} // namespace citus
