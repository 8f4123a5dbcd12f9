/// What a query block demands to be equal: WHERE and join conditions as facts of the locus algebra.
///
/// Used by locus.cpp and by what rewrites query blocks. A fact holds for all rows that can matter for the
/// result of the block, or of the nullable side of an outer join it was collected for.
#pragma once

#include "locus_terms.hpp"

extern "C" {
#include "nodes/pathnodes.h"
}

namespace citus {

/// Flattens join aliases in the block's expressions and marks outer joins whose null-extended rows WHERE
/// drops as what they are then; right joins become left joins. In place.
void simplify_block(Query *query);

/// For a query whose joins lose their aliases: the deparser prints a column by the name that the user's text
/// gave to it, which may be that of such a join. Afterwards the columns of the query (or of one of its
/// expressions), also in its sub-selects, are those of the relations. In place.
void forget_join_names(::Node *node);

/// The family in which an operator is the equality of both its sides' types, or InvalidOid.
Oid equality_family(Oid op, Oid left_type, Oid right_type, Oid collation);

/// Finds or makes the block of a subquery in FROM.
using BlockOfSubquery = Block *(*)(void *analyzer, Block *block, RangeTblEntry *rte);

struct FactCollector {
    TermTable *terms;
    BlockOfSubquery block_of_subquery;
    void *analyzer;

    /// Adds the conditions of a piece of a jointree that hold for each of its rows: those of inner joins and
    /// of what is not null-extended, also through subqueries that are no more than a filter.
    void collect(Block *block, ::Node *jointree, core::Equivalences *facts) const;

    /// Adds one condition. strong tells for which range table indexes `column IS NULL` means a NULL in the
    /// table.
    void add_condition(Block *block, ::Node *condition, Relids strong, core::Equivalences *facts) const;
};

/// The base relations of a piece of a jointree that no outer join in it null-extends.
Relids strong_relations(::Node *jointree);

/// The AND-ed conditions of inner joins and WHERE in a piece of a jointree.
List *strong_conditions(::Node *jointree);

/// The AND-ed parts of a condition.
List *conjuncts_of(::Node *condition);

/// Whether a query has columns or aggregates of the levels above it, or CTEs of more than cte_levels levels
/// above it.
bool query_refers_outside(Query *query, Index cte_levels);

/// The same for an expression of a query: what is of that query's own level is not outside.
bool expression_refers_outside(::Node *expr, Index cte_levels);

} // namespace citus
