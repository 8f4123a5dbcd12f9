/// Rows of a plan that changes a table, on their way through the table's row triggers.
///
/// Used by modify.cpp and merge.cpp, when all rows of the plan have been read: trigger functions may use the
/// connections that it reads from. The plan has the whole old row among its columns (kOldRowColumn) and, for an
/// UPDATE, sets each column. Never changes anything itself.
#pragma once

#include "citus/executor/modify_batch.hpp"
#include "citus/executor/table_triggers.hpp"

namespace citus {

/// What the row triggers made of the rows, which are used up. slot is for reading a row of the plan, new_row for
/// a row of the table. Also fires nothing, and gives the rows back, when the plan has no old rows.
Tuplestorestate *pass_to_triggers(EState *estate, const ModifyPlan &plan, TableTriggers *triggers,
                                  Tuplestorestate *rows, TupleTableSlot *slot, TupleTableSlot *new_row);

/// The same for one row: puts what they made of it into rows. False when they left it out.
bool pass_row_to_triggers(const ModifyPlan &plan, TableTriggers *triggers, TupleTableSlot *row,
                          TupleTableSlot *new_row, Tuplestorestate *rows);

/// Raises when one of the rows would move to another shard and must not. Which rows move is known when the
/// triggers have run.
void check_moves(const ModifyPlan &plan, Tuplestorestate *rows, TupleTableSlot *slot);

} // namespace citus
