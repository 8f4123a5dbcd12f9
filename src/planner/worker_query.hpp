/// The two queries of a push-down while they are built: what the shards run, and what reads its rows.
/// Used by pushdown.cpp and aggregates.cpp only.
#pragma once

#include "citus/planner/locus.hpp"
#include "citus/planner/template.hpp"
#include "fragment_order.hpp"
#include "pushdown_scan.hpp"
#include "row_by_row.hpp"

namespace citus {

/// Builds the target list of the shards' query; the coordinator's query refers to its entries as Vars.
class WorkerQuery {
public:
    /// FROM, WHERE and WITH of a query; the target list is empty, nothing is grouped.
    static WorkerQuery input_of(const Query *query);

    /// A whole query; takes it over.
    explicit WorkerQuery(Query *query) : query_(query) {}

    /// A Var (of varno 1, the fragment) for an expression; equal expressions share a column.
    Var *column(::Node *expr, const char *name);

    /// Makes an expression, already a column or not, one of the grouping columns.
    Var *group_column(::Node *expr, const char *name, const SortGroupClause *how);

    /// The coordinator's query over the fragment: `above` with its range table and FROM replaced by the
    /// fragment. False when the shards' query can't be sent. repeats_groups: for estimates, whether several
    /// shards may send the same group.
    bool finish(const StatementLocus &locus, const core::Locus &rows, bool repeats_groups, Query *above);

    Query *query() { return query_; }

    /// How many statements will send its rows, as far as that is known before they are written.
    double senders(const StatementLocus &locus, const core::Locus &rows) const;

    /// Lets one statement per node group the rows of all its shards, where that is possible: fewer partial
    /// groups travel, and the node may use its own parallel plans. Where each shard has few groups, they are
    /// sent without being put together on the node. To be called when the query is complete.
    void group_per_node();

    /// Lets one statement per node give the rows of all its shards, limited once more there when the query is
    /// limited, or sorted when the plan above wants that. To be called when the query is complete.
    void merge_per_node();

    /// Lets the scan lock rows one by one, until it has as many as are wanted.
    void lock_row_by_row(const RowLock &lock) { row_lock_ = lock; }

private:
    Query *rows_over_shards() const;
    FragmentOrder order_of(const Fragment &fragment) const;
    Query *grouping_over_rows() const;
    bool fill(Fragment *fragment, ShipMode mode);
    void column_if_none();
    TargetEntry *entry_for(::Node *expr, const char *name);

    void group_per_shard(Fragment *fragment, double shards, FragmentEstimate *estimate) const;
    bool has_few_groups(const FragmentEstimate &estimate, double shards) const;

    Query *query_;
    bool groups_per_node_ = false;
    Query *per_node_ = nullptr;    ///< another form of query_, whose only CTE gives the rows of the shards
    Query *when_sorted_ = nullptr; ///< the same, for when an order is wanted
    std::optional<RowLock> row_lock_;
};

/// Fills the fragment's text from such a form. False when it can't be sent; then the fragment is unchanged.
bool fill_per_node(Fragment *fragment, const Query *per_node);

/// `above` as a query over one fragment: no relations, conditions or CTEs of its own any more, except CTEs
/// that sub-selects left in it may use.
void replace_from(Query *above, RangeTblEntry *fragment);

/// Replaces each piece of an expression by what `replace` makes of it: called top-down for each node with the
/// number of query levels below the block; nullptr means: look at its children.
using Replacement = ::Node *(*)(::Node *node, int level, void *context);
::Node *replace_in(::Node *expr, Replacement replace, void *context);

/// Whether a Var or aggregate belongs to the block when seen from `level` query levels below it.
inline bool is_var_of_block(::Node *node, int level) {
    return IsA(node, Var) && castNode(Var, node)->varlevelsup == static_cast<Index>(level);
}

/// A Var of the fragment, seen from `level` query levels below.
Var *var_at_level(const Var *var, int level);

} // namespace citus
