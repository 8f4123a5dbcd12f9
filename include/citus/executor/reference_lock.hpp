/// One writer at a time for tables whose rows live on several nodes.
///
/// A write to a reference table runs on all its placements. Two of them that meet the placements in different
/// order would deadlock across nodes, or leave the placements with different rows. Everything that writes
/// such a table (UPDATE, DELETE, INSERT, COPY) takes this lock before its first remote statement and keeps it
/// until the end of the transaction.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// Waits for other writers of the table. Not a lock on the relation itself: every writer holds a
/// RowExclusiveLock on that since parsing, so asking for a stronger one would make two writers deadlock.
void lock_for_replicated_write(Oid relid);

} // namespace citus
