/// Which expressions of the standard planner may run on a shard, and how they are written for it.
///
/// Used by the gather tier for the filters of a scan. An expression is shippable when a shard gives the same
/// answer for it as the coordinator would: built-in functions, operators and types only, nothing volatile,
/// nothing that reads metadata or settings, and collations that the shard's parser derives in the same way.
/// Parts that do not use the scanned row are taken out and become parameters, evaluated on the coordinator.
/// When in doubt the answer is no: then the coordinator filters.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// A copy of the clause for the shards of relation varno: its Vars get varno 1, subexpressions without Vars
/// of the relation become $n, and the expressions of these are appended to *params. nullptr when it is not
/// shippable; *params is unchanged then.
Expr *ship_clause(Expr *clause, Index varno, List **params);

/// $n for an expression that the coordinator evaluates, which is appended to *params; the same expression
/// gets the same number.
::Node *numbered_parameter(List **params, ::Node *expr);

/// Whether the value of this expression is fixed for one run of a scan of relation varno: no Var of that
/// relation, nothing volatile, no subplan.
bool is_run_constant(::Node *expr, Index varno);

/// Whether a function may be evaluated on a shard over its rows.
bool is_shippable_function(Oid function);

/// Whether constants of this type print the same whatever the session's settings are, so that they may stand
/// in the SQL text of a plan that is kept.
bool prints_alike(Oid type);

/// Whether the expression refers to something of the query around it (columns, aggregates, sub-selects,
/// places that the server fills in), so that it has no value of its own. A WalkerCallback: the context is not
/// used.
bool is_bound_to_query(::Node *node, void *context = nullptr);

/// Whether values of this type may be used in functions on a shard (plain columns may be of any type).
bool is_shippable_type(Oid type);

} // namespace citus
