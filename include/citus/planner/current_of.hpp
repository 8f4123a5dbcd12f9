/// WHERE CURRENT OF a cursor: the plan of a cursor shows where each of its rows is, and the condition asks
/// for it.
///
/// Called by planner.cpp (cursors) and modify.cpp (UPDATE, DELETE). Never looks at a cursor: that is done
/// when the statement runs (executor/cursor_rows.hpp).
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// The query of a cursor over one distributed table, with two more columns, the row's ctid and its
/// distribution column; nullptr for any other statement.
Query *with_row_place(const Query *query, int cursor_options);

/// Hides these columns of the finished plan from whoever reads the cursor.
void hide_row_place(PlannedStmt *statement);

/// Replaces the condition by comparisons with what the cursor shows. Raises for tables whose rows can't be
/// found so.
void replace_current_of(Query *query);

} // namespace citus
