/// COPY from and to distributed, reference and single-shard tables.
///
/// Called by the utility hook (ddl/) for each CopyStmt. COPY t FROM parses the input with the server's own
/// reader and sends the rows to the shards; COPY t TO becomes COPY (SELECT columns FROM t) TO, which the
/// planner takes on. A COPY of a query, or of a table that is not in the metadata, is left to PostgreSQL.
/// Checks the permissions that PostgreSQL's COPY checks. Never writes into the shell table.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// True when it did the work, *processed then is the number of rows; false when the statement is
/// PostgreSQL's to run. Raises what PostgreSQL's COPY would raise.
bool handle_copy(CopyStmt *statement, const char *query_string, uint64 *processed);

} // namespace citus
