/// Rows travel between nodes in batches: one message carries many, so that the receiver pays libpq's price of
/// a row once per some thousand bytes.
///
/// The sender is a server with citus.row_batches on, which connections between nodes ask for when they are
/// made: it collects the DataRow messages of results in binary format and sends them as one DataRow, whose
/// first field holds the bodies of those messages one after the other and whose other fields are NULL.
/// Results in text format, and those without columns, are sent as ever. So who asks for binary rows on a
/// connection gets batches, always. A batch is sent before any other message, and when it would be too large
/// to wait.
///
/// A write that commits at the end of its message (executor/lone_write.hpp) sends few rows only: its client
/// keeps them until it knows that they were committed, and nothing may fail then.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// SQLSTATE of a write that was rolled back since its rows are too large for a commit at once. It is repeated
/// in a transaction block.
constexpr int kTooLargeToCommit = MAKE_SQLSTATE('C', 'T', '0', '0', '1');

/// citus.row_batches' assign hook: from now on this backend sends batches to its client.
void assign_row_batches(bool value, void *extra);

} // namespace citus
