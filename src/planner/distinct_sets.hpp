/// Aggregates over DISTINCT values that several shards may have: the shards group by the values, so that each
/// is sent once per node, and the aggregate runs over what came.
///
/// With one set of arguments these are columns to group by beside those of the block, and the partial results
/// of other aggregates are computed per value. With several, grouping by all of them at once would send
/// nearly every row; then the shards' query has a grouping set for each, and one for the partial results, in
/// a single pass over the rows. Used by pushdown.cpp only.
#pragma once

#include "worker_query.hpp"

namespace citus {

class DistinctSets {
public:
    /// The sets of the block's aggregates (those of its own level). separate: one grouping set for each.
    DistinctSets(const Query *query, WorkerQuery *worker, bool separate);

    /// How many there are; aggregates over the same arguments share one.
    size_t count() const { return sets_.size(); }

    /// A column that the block itself groups by: it is in all sets.
    void keep(const Var *column) { groups_ = bms_add_member(groups_, column->varattno); }

    /// The aggregate over columns of the shards' query, which are added to it.
    ::Node *over_values(const Aggref *aggregate);

    /// What combines partial results, so that it reads those only.
    ::Node *over_partials(::Node *combined);

    /// To be called when the shards' query has all its columns. False when its groups can't be made in
    /// separate sets, or there are not several of them.
    bool finish();

    /// Whether to group by the values of each set alone is better than by all of them at once. senders: how
    /// many statements group their rows.
    bool is_better_separate(const Query *query, double senders) const;

private:
    struct Set {
        List *arguments = NIL;
        List *filters = NIL;      ///< of its aggregates, each once
        bool all_filtered = true; ///< each of its aggregates has a filter
        Bitmapset *columns = nullptr;
        List *tests = NIL; ///< Consts that are to become the set's mark
    };

    static bool collect(::Node *node, void *raw);
    void add(const Aggref *aggregate);
    Set *set_of(const Aggref *aggregate);
    ::Node *value_sent(const Set &set, ::Node *argument) const;
    Expr *test_of(Set *set);
    Bitmapset *own_columns(const Set &set) const { return bms_difference(set.columns, groups_); }
    void set_marks(const List *columns, std::pmr::vector<Bitmapset *> *sets);
    bool send_partials_once(int64 mark);

    WorkerQuery *worker_;
    bool separate_;
    std::pmr::vector<Set> sets_;
    Set partials_;
    Bitmapset *groups_ = nullptr;
    Var *mark_ = nullptr; ///< with separate sets: GROUPING() of their columns
};

} // namespace citus
