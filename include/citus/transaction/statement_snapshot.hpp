/// One snapshot per node and statement.
///
/// At READ COMMITTED each command that a node gets has a snapshot of its own, so that two shards of one node
/// could show a half of what another transaction committed. Reads of several shards outside of a transaction
/// block are one implicit transaction of the node (net/settings.cpp). For the others, the node is told to
/// read under a snapshot that it keeps for the statement: citus_internal.use_snapshot(), sent in the same
/// round trip as the reads. Called by the scans and tasks of executor/; enlisting a connection for anything
/// else ends the use (enlist.cpp). Such a snapshot also hides what the session writes on the node later, at
/// each isolation level. Must cost nothing for statements with a single read.
#pragma once

#include "citus/net/wire.hpp"

extern "C" {
#include "nodes/execnodes.h"
}

namespace citus {

/// In place of a statement's number: the reads are all that the statement sends, they need a snapshot for as
/// long as they run.
constexpr uint64 kOneSetOfReads = ~UINT64CONST(0);

/// The number of the statement that an executor state belongs to: states with the same snapshot (a stable
/// function's queries) belong to the same one. Lives as long as the state.
uint64 statement_number(const EState *estate);

/// The same, as nodes are to be told. At REPEATABLE READ and above they read under the transaction's snapshot
/// anyway, but see what this transaction has written since: so only a statement that has a number already, as
/// it must not see that, gives one there; 0 otherwise.
uint64 number_for_nodes(const EState *estate);

/// Whether another executor state reads under the same snapshot and has a number.
bool is_part_of_numbered_statement(const EState *estate);

/// Of the statements that run now, the smallest number: nodes drop the snapshots of those before it.
uint64 oldest_statement_number();

/// Before and after the reads of kOneSetOfReads, on a connection in a transaction.
void queue_snapshot_for_reads(Connection *connection);
void queue_end_of_reads(Connection *connection);

} // namespace citus
