/// One query block as the motion planner sees it: what is joined, on which expressions, and how a relation is
/// replaced by moved rows. Used by motion.cpp only.
#pragma once

#include "citus/catalog/metadata.hpp"
#include "motion_entry.hpp"

extern "C" {
#include "nodes/pathnodes.h"
}

namespace citus {

/// Something in FROM, or an uncorrelated sub-select of an expression.
struct MotionItem {
    int varno = 0;                    ///< in FROM; 0 for a sub-select of an expression
    int sublink = -1;                 ///< its position among those of the block
    const DistTable *table = nullptr; ///< a table that is distributed, single-shard or reference
    bool is_everywhere = false;       ///< may stay wherever the rest is
    bool may_stay = false;            ///< a sub-select whose rows are on shards
    bool can_move = false;
    bool is_reduced = false; ///< moves without rows that others in the block leave out anyway
    double rows = 0, width = 0;

    bool is_hashed() const { return table != nullptr && table->has_key(); }
};

/// An expression over one item that is demanded to be equal to another one.
struct JoinExpression {
    int varno;
    ::Node *expr;
    Oid type;
    int equal_class;
};

/// How the rows of one item move.
struct PlannedMove {
    int item;
    const JoinExpression *key = nullptr; ///< nullptr: broadcast
};

class MotionBlock {
public:
    /// Takes a scratch copy of the query, prepared with simplify_block().
    explicit MotionBlock(Query *query);

    Query *query() const { return query_; }
    std::span<MotionItem> items() { return items_; }
    std::span<const JoinExpression> join_expressions() const { return expressions_; }

    /// The class of expressions that are equal to a column, or -1.
    int class_of_column(int varno, AttrNumber attno) const;

    /// What would be moved, as a query of its own; for estimates.
    Query *source_of(const MotionItem &item) const;

    /// A rewritten copy of the block in which the items read moved rows. sources gets a query for each move,
    /// numbers the motion it belongs to. nullptr when an item uses something that can't travel.
    Query *rewrite(std::span<const PlannedMove> moves, int colocation, Oid anchor,
                   std::pmr::vector<Query *> *sources, std::pmr::vector<int> *numbers,
                   std::pmr::vector<int> *keys) const;

private:
    void find_items();
    void add_relation(int varno);
    void add_sublinks();
    void find_join_expressions();
    void add_equality(::Node *condition);
    int add_expression(int varno, ::Node *expr);

    Query *query_;
    std::pmr::vector<MotionItem> items_;
    std::pmr::vector<JoinExpression> expressions_;
    int next_class_ = 0;
};

} // namespace citus
