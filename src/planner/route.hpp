/// Statements that the shards run whole: on one shard group (route), or on each of them (push down).
/// Used by planner.cpp.
#pragma once

#include "citus/planner/locus.hpp"

namespace citus {

/// A plan with one node for the whole statement (SELECT, UPDATE, DELETE), or nullptr when the shards can't
/// run it as it is: several groups with a result that must be brought together, an expression that must not
/// leave the coordinator, a key that changes, ...
PlannedStmt *plan_whole(const Query *query, const StatementLocus &locus);

/// Fills everything but the text of a fragment from a locus.
Fragment fragment_for(const StatementLocus &locus, const core::Locus &rows, CmdType command);

/// Whether each table that the text of a fragment names has a shard or copy where the rows of this locus are.
/// False for a text with a part that never runs (an unused CTE, ...) and was not looked at.
bool relations_fit(const Fragment &fragment, const core::Locus &rows);

/// Whether FOR UPDATE / SHARE marks in the query, at any level, can be left to the shards of this locus. What
/// marks there are goes into the fragment.
bool row_marks_fit(const Query *query, const core::Locus &rows, Fragment *fragment);

} // namespace citus
