/// Whether a write is all that its transaction does, so that its node may commit it in the same round trip.
///
/// Used by the scan nodes of writes. Nothing may come after the statement that could still
/// fail or write: it is the client's own single statement (no block, no function, no other statement of the
/// same message or before the next Sync), and nothing was done before it. Never contacts a node.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// `node` is the plan node that writes. may_return: also a statement with RETURNING; the caller knows that
/// nothing can fail on the way of its rows to the client.
bool is_lone_write(const EState *estate, const Plan *node, bool may_return = false);

/// Whether the statement is a client's own and, as the client has sent it, no other one belongs to its
/// transaction. To be asked outside of a transaction block.
bool ends_message(const PlannedStmt *statement);

/// Whether the rows of a RETURNING list get to the client as they are: columns of the relation and constants,
/// of built-in types, in the client's encoding.
bool returns_plain_values(const List *targetlist, Index relation);

/// The same for rows as a node has made them. It limits their size then (net/row_batches.hpp).
bool returns_plain_values(TupleDesc rows);

/// Statements whose rows were too large for that are run in a block from then on.
void note_large_rows(const char *sql);
bool had_large_rows(const char *sql);

} // namespace citus
