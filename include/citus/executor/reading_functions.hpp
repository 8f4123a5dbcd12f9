/// Functions that may read, or change, tables while a statement writes.
///
/// A VOLATILE function that a statement calls for each row sees what the same statement has written for the
/// rows before, and so does a BEFORE trigger: `INSERT INTO t SELECT next_free_id() ...`. Who writes rows in
/// batches (Citus Insert, Citus Modify) asks here, and writes them one at a time where it matters. When in
/// doubt the answer is yes, which only costs time. Never calls the functions. Operators, casts and
/// constraints are not looked into.
#pragma once

#include "citus/pg/prelude.hpp"

extern "C" {
#include "utils/rel.h"
}

namespace citus {

/// Whether expressions call such a function.
bool calls_reading_function(::Node *expr);

/// Whether a plan does, in its target lists, conditions, VALUES lists and functions in FROM.
bool calls_reading_function(const PlannedStmt *statement, const Plan *plan);

/// Whether a BEFORE trigger for each row does.
bool has_reading_triggers(Relation relation, CmdType command);

} // namespace citus
