/// Deferred constraints of shards in this database that fail at the end of a statement outside of a block:
/// their errors get logical names. PostgreSQL checks them when it commits, where nobody can change an error;
/// so they are checked when the statement is over and only the commit is left. (For COMMIT see
/// ddl/utility_hook.cpp.)
///
/// Called by the executor's end and the utility hook. Never checks anything while a further statement may
/// belong to the transaction, since that could still make a constraint hold.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// Checks the deferred constraints if the statement is a client's own, wrote to shards here, and ends its
/// transaction.
void check_deferred_at_end(const PlannedStmt *statement);

/// Part of _PG_init.
void install_deferred_checks();

} // namespace citus
