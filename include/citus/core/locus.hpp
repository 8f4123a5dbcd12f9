/// Where the rows of a piece of a query are, and what that allows: one small algebra for route and push down.
///
/// A locus says how the rows of a relation, a join or a whole query block lie over the shard groups of a
/// co-location group. The rules below tell the locus of a combination. The answer is `Coordinator` whenever
/// running the combination on each shard group alone might give other rows than running it once on all rows.
/// Used by planner/locus.cpp, which turns query trees into calls of these functions. Server-free.
///
/// Columns and values are terms (small numbers). What a query demands to be equal is an equivalence of terms;
/// terms of one class hash alike.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

namespace citus::core {

using Term = int32_t;
using Terms = std::pmr::vector<Term>;

/// Which terms are equal in all rows that matter. Cheap to copy: each level of a query adds its own facts.
class Equivalences {
public:
    void unite(Term a, Term b);
    Term find(Term term) const;
    bool same(Term a, Term b) const { return find(a) == find(b); }
    bool any_same(const Terms &a, const Terms &b) const;
    bool contains_class_of(const Terms &terms, Term term) const;

private:
    std::pmr::vector<Term> parent_; ///< of each term; terms behind its end are alone
};

enum class Place {
    Anywhere,    ///< the same rows wherever it runs: reference tables, functions, VALUES
    OneGroup,    ///< all rows that matter are in one shard group
    Hashed,      ///< spread over the shard groups
    Coordinator, ///< only the coordinator can bring the rows together
};

struct Locus {
    Place place = Place::Anywhere;
    bool once = false;  ///< Anywhere: two runs may differ (LIMIT, volatile functions), so it must run once
    int colocation = 0; ///< OneGroup, Hashed
    Terms keys;         ///< each row is in the shard group of the value of any of these, NULL meaning hash 0
    Terms weak_keys;    ///< the same where the value is not NULL; the NULLs of an outer join may be anywhere
    Terms pins;         ///< OneGroup: each of these gives the group

    static Locus anywhere(bool once = false) { return {Place::Anywhere, once, 0, {}, {}, {}}; }
    static Locus hashed(int colocation, Term key) {
        return {Place::Hashed, false, colocation, {key}, {}, {}};
    }
    static Locus one_group(int colocation, Term pin) {
        return {Place::OneGroup, false, colocation, {}, {}, {pin}};
    }
    static Locus coordinator() { return {Place::Coordinator, false, 0, {}, {}, {}}; }

    bool is(Place other) const { return place == other; }
};

/// What holds around a rule's operands.
struct Context {
    const Equivalences &facts;
    const Terms &externals; ///< terms that may pin a piece of this block: values and columns of outer blocks
};

/// A hashed locus with a key that must equal an external term is in one group.
Locus pinned(const Locus &locus, const Context &context);

enum class JoinKind { Inner, Left, Full };

/// Rows of left JOIN right. With JoinKind::Left the left side is preserved. facts contains the join
/// condition.
Locus join(JoinKind kind, const Locus &left, const Locus &right, const Context &context);

/// A block that evaluates a sub-select (EXISTS, scalar, ANY, ...) once per row.
Locus with_sublink(const Locus &block, const Locus &sub, const Context &context);

/// A block filtered by `left IN (SELECT ...)`, true meaning kept and anything else dropped. left_term is the
/// column on the left; sub_column_is_key tells whether the column it is compared with is a (weak) key of sub.
Locus with_semi_join(const Locus &block, const Locus &sub, Term left_term, bool sub_column_is_key,
                     const Context &context);

/// GROUP BY, DISTINCT or a window's PARTITION BY over these columns; needs a key among them. No columns: one
/// group over all rows.
Locus grouped(const Locus &locus, const Terms &columns, const Context &context);

/// LIMIT, OFFSET, and whatever else looks at rows in an order that two runs may not share.
Locus limited(const Locus &locus);

/// Volatile functions: each row must be computed once.
Locus with_volatile(const Locus &locus);

/// A query block as others see it: which of its output columns are keys.
struct Output {
    Locus locus;
    std::pmr::vector<bool> keys;
    std::pmr::vector<bool> weak_keys;
};

enum class SetOperation { UnionAll, Union, Intersect, IntersectAll, Except, ExceptAll };

Output combine(SetOperation operation, const Output &left, const Output &right, const Context &context);

} // namespace citus::core
