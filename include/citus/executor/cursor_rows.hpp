/// Which row a cursor over a distributed table is positioned on.
///
/// The executor's start looks for plans that show where their rows are (planner/current_of.hpp) and keeps the
/// last row that they gave; citus_internal.cursor_ctid() and cursor_key(), in conditions that stand for WHERE
/// CURRENT OF, read it.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// Names of the hidden columns of the plan; their origin is the cursor's table.
constexpr const char *kRowCtidColumn = "citus_row_ctid";
constexpr const char *kRowKeyColumn = "citus_row_key";

/// Whether a plan has them. Its nodes must keep the snapshot of its reads, so that no ctid is used again.
bool shows_row_place(const PlannedStmt *statement);

void install_cursor_rows();

} // namespace citus
