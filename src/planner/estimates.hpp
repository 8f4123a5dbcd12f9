/// What the standard planner is told about the rows of a pushed-down part: how many, how wide, how distinct.
///
/// The part is planned here, too, without being made a plan: over the shells, whose statistics are those of
/// their shards. Used by worker_query.cpp, pushdown_scan.cpp and
/// distinct_sets.cpp. Never contacts a node.
#pragma once

#include "citus/planner/locus.hpp"

extern "C" {
#include "nodes/pathnodes.h"
}

namespace citus {

/// Where the statistics of a column are, or what is known of it.
struct ColumnEstimate {
    Oid relid = InvalidOid; ///< its statistics are those of this table's column ...
    AttrNumber attno = InvalidAttrNumber;
    double distinct = 0; ///< ... or only this is known; 0: nothing
    bool unique = false;
    int width = 0;
};

struct FragmentEstimate {
    double rows;
    double input; ///< rows before grouping
    int width;
    double tasks;
    bool repeats_groups;                      ///< several shards may send the same group
    Cost shard_cost;                          ///< of the work on the shards, which share it
    std::pmr::vector<ColumnEstimate> columns; ///< of the target list, without resjunk entries
};

/// Estimates for the rows that all shards together send for a query. tasks: how many run it. With
/// `repeats_groups`, GROUP BY or DISTINCT of the query may give the same group on several of them.
FragmentEstimate estimate_fragment(const Query *query, double tasks, bool repeats_groups);

/// The rows of a query's FROM and WHERE, and what some of its expressions make of them.
class InputEstimate {
public:
    /// exprs: of the query's own level, without aggregates.
    InputEstimate(const Query *query, const List *exprs);

    double rows() const { return rows_; }

    /// How many groups such a number of its rows make, by the expressions with these positions, when
    /// these have nothing to do with each other.
    double groups(const Bitmapset *positions, double rows) const;

    /// The part of the rows for which one of the expressions, a condition, holds.
    double share(int position) const;

private:
    ::Node *planned(int position) const;

    PlannerInfo *root_;
    double rows_;
};

/// Gives a scan that has no path the costs and rows of its fragment.
void set_costs(Plan *scan, const FragmentEstimate &estimate);

/// What it costs to start the tasks of a scan, and to receive rows of this width.
Cost start_cost(double tasks);
Cost transfer_cost(double rows, int width);

/// How many tasks a fragment has, as far as that is known before it runs.
double estimated_tasks(const StatementLocus &locus, const core::Locus &rows);

} // namespace citus
