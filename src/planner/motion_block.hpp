/// One query block as the motion planner sees it: what is joined, on which expressions, and how a relation is
/// replaced by moved rows. The blocks of its sub-selects (in FROM, in conditions) belong to it: either a
/// sub-select moves as a whole, or it stays and what is in it moves. Used by motion.cpp only; the rewriting
/// is in motion_rewrite.cpp.
#pragma once

#include "citus/catalog/metadata.hpp"
#include "motion_entry.hpp"

extern "C" {
#include "nodes/pathnodes.h"
}

namespace citus {

/// Something in FROM (of the block or of a sub-select), or a sub-select of a condition.
struct MotionItem {
    int block = 0;                    ///< number of the query block it is in; 0 is the whole
    int varno = 0;                    ///< in FROM; 0 for a sub-select of an expression
    int sublink = -1;                 ///< its position among those of its block
    int inner_block = -1;             ///< of a sub-select: its own block, when that may be looked into
    bool runs_per_row = false;        ///< a sub-select that PostgreSQL runs once for each row around it
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
    int item;
    ::Node *expr; ///< as in the item's block
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
    std::span<const MotionItem> items() const { return items_; }
    std::span<const JoinExpression> join_expressions() const { return expressions_; }

    /// The class of expressions that are equal to a column of an item, or -1.
    int class_of_column(int item, AttrNumber attno) const;

    /// The sub-select around an item, or -1.
    int container_of(const MotionItem &item) const { return blocks_[static_cast<size_t>(item.block)].item; }
    /// An item's name in the query.
    const char *name_of(const MotionItem &item) const;

    /// What would be moved, as a query of its own; for estimates.
    Query *source_of(const MotionItem &item) const;

    /// A rewritten copy of the block in which the items read moved rows. sources gets a query for each move,
    /// numbers the motion it belongs to. nullptr when an item uses something that can't travel.
    Query *rewrite(std::span<const PlannedMove> moves, int colocation, Oid anchor,
                   std::pmr::vector<Query *> *sources, std::pmr::vector<int> *numbers,
                   std::pmr::vector<int> *keys) const;

private:
    /// The query of a sub-select, or the whole.
    struct InnerBlock {
        Query *query;
        int parent; ///< its block; -1 for the whole
        int item;   ///< the sub-select in it
    };
    struct Located {
        int item;
        ::Node *expr;
    };

    Query *block_in(Query *copy, int block) const;
    void add_block(Query *query, int parent, int item);
    void find_items(int block);
    void add_relation(int block, int varno);
    void add_sublinks(int block);
    void find_join_expressions();
    void add_equality(int block, ::Node *condition);
    void add_semi_join(int item);
    void add_row_keys(int block);
    void add_set_operation(int block);
    void link_output(int expression, int inner_block, int column);
    std::optional<Located> locate(int block, ::Node *expr) const;
    int add_expression(const Located &located);
    void merge_classes(int a, int b);

    void take_conditions(Query *copy, const PlannedMove &move, List **conditions, List **extras) const;

    Query *query_;
    std::pmr::vector<InnerBlock> blocks_;
    std::pmr::vector<MotionItem> items_;
    std::pmr::vector<JoinExpression> expressions_;
    int next_class_ = 0;
};

// ---------------------------------------------------------------- looking at a query

/// The columns of one relation of a block that are used, at any level.
struct ColumnUse {
    int varno;
    Index level = 0;
    Bitmapset *columns = nullptr;
    bool as_row = false; ///< the whole row, or a system column
};
ColumnUse use_of(Query *query, int varno);

/// The sub-selects of FROM and WHERE: what else has some is computed over the joined rows.
List *sublinks_of(const Query *query);

/// Whether an expression has columns of the levels above the block it is in.
bool has_outer_columns(::Node *expr);

} // namespace citus
