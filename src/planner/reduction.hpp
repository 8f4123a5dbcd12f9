/// What a block demands of the rows of one of its relations, as conditions that can be applied to that
/// relation alone: before its rows move, or below groups made of it.
///
/// Used by the motion planner for what it moves and by decorrelate.cpp. Every condition found is implied by
/// the block: rows that fail it can't matter.
#pragma once

#include "citus/pg/prelude.hpp"

extern "C" {
#include "nodes/pathnodes.h"
}

namespace citus {

/// The relation of a block an expression belongs to, or 0. No sub-selects in it, no sets.
int only_relation(::Node *expr);

/// Conditions that follow for the relation from others: the parts about it of ORs, and `column IN (SELECT
/// ...)` for reference tables that it is joined with and that are filtered themselves. Copies; the
/// sub-selects are at the level of the block. Nothing for a relation that an outer join may extend.
List *implied_conditions(const Query *query, int varno);

/// `(SELECT exprs FROM relation varno WHERE what the block demands of it)`, or nullptr when it demands
/// nothing or that can't be said apart from the block. The exprs are copied.
Query *restricted_rows(const Query *query, int varno, List *exprs);

/// A comparison with one side replaced by a column (by number) of an IN's sub-select; that comes to stand on
/// the right. nullptr when the operator can't be turned around.
OpExpr *test_with_column(const OpExpr *comparison, bool replaces_left, const Query *sub, int number);

/// `... IN sub` with the comparisons made by test_with_column.
SubLink *in_sublink(Query *sub, List *tests);

} // namespace citus
