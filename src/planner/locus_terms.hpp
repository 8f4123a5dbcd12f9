/// Columns and values of a statement as terms of the locus algebra. Used by locus.cpp and locus_facts.cpp;
/// what is said about types and casts also by other modules of the planner.
#pragma once

#include "citus/core/locus.hpp"
#include "citus/pg/memory.hpp"

namespace citus {

/// One level of a query under analysis. The query is a scratch copy: joins aliases are flattened and outer
/// joins that WHERE makes inner are marked so, in place.
struct Block {
    Query *query;
    Block *parent;
    core::Equivalences outer_facts; ///< what the blocks around it know
    core::Terms externals;          ///< values, and columns of blocks around it that it mentions
    int id;
};

class TermTable {
public:
    /// The term of a column of a block's range table; attno counts from 1.
    core::Term column(const Block *block, int varno, AttrNumber attno);

    /// The term of an expression at some place in a block: a column of it or of a block around it, or a value
    /// (no columns, not volatile). Nothing when it is something else, or when opfamily is not how its type is
    /// hashed by default.
    std::optional<core::Term> expression(Block *block, ::Node *expr, Oid opfamily);

    /// The same for columns only, with the type's own family.
    std::optional<core::Term> column_expression(Block *block, ::Node *expr);

    core::Term null_value(Block *block);                         ///< where rows with a NULL key are
    core::Term single_shard_group(Block *block, int colocation); ///< where tables without a key are

    /// The expression of a value term; nullptr for the last two and for columns.
    Expr *value_of(core::Term term) const;
    bool is_null_value(core::Term term) const { return term == null_value_; }

private:
    struct Value {
        core::Term term;
        Expr *expr;
        Oid opfamily;
        std::optional<uint32> hash; ///< of a constant: equal hashes are in one shard, whatever the types
    };

    core::Term fresh() { return next_++; }
    std::optional<core::Term> value(Block *block, ::Node *expr, Oid opfamily);
    core::Term use_from(Block *block, Block *owner, core::Term term);

    core::Term next_ = 0;
    std::pmr::unordered_map<uint64, core::Term> columns_;
    std::pmr::vector<Value> values_;
    std::pmr::vector<std::pair<int, core::Term>> single_shard_groups_;
    core::Term null_value_ = -1;
};

/// The default hash operator family of a type (of a domain's base type), or InvalidOid.
Oid hash_family_of_type(Oid type);

/// The expression without relabelling casts.
::Node *strip_relabels(::Node *expr);

} // namespace citus
