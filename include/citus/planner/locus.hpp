/// Where the rows of a statement are: query trees in terms of the locus algebra (core/locus.hpp).
///
/// Called by route and push down to learn whether a statement, or its lower part, gives the same rows when
/// each shard group runs it alone. Knows tables, key equalities and the levels of a query; never looks at
/// whether an expression may be sent (template.hpp does). Never changes the query.
#pragma once

#include "citus/core/locus.hpp"
#include "citus/planner/fragment.hpp"

namespace citus {

/// The locus of a statement's rows after each step of its top level, in the order in which they are applied.
/// A step that the shards can't do alone makes this and all later ones Place::Coordinator.
struct StatementLocus {
    core::Locus from;     ///< FROM, WHERE, or the set operations
    core::Locus sublinks; ///< sub-selects in the target list, HAVING, LIMIT, RETURNING
    core::Locus grouped;  ///< GROUP BY and aggregates
    core::Locus windowed;
    core::Locus distinct;
    core::Locus whole; ///< LIMIT

    /// Columns (Vars) of the top level that name the shard group of `from` wherever they are not NULL: equal
    /// values are in one group. Only those that the target list and HAVING mention, and only when there is an
    /// aggregate over DISTINCT values.
    List *key_columns = NIL;

    Oid anchor = InvalidOid; ///< a table whose shards tell the groups of `from`, if these are not Anywhere
    bool prunes = false;     ///< the items say which shards can have rows
    List *prune_items = NIL; ///< as in Fragment
    bool has_modifying_cte = false;
};

/// Analyses a SELECT, UPDATE or DELETE as the rewriter left it.
StatementLocus analyze_statement(const Query *query);

/// Whether a query block shows the order of the rows of a sorted sub-select in its FROM, as a plain server
/// would.
bool shows_input_order(const Query *query);

} // namespace citus
