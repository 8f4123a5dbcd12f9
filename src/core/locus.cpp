#include "citus/core/locus.hpp"

#include <algorithm>

namespace citus::core {

// ---------------------------------------------------------------- equivalences

Term Equivalences::find(Term term) const {
    while (static_cast<size_t>(term) < parent_.size() && parent_[static_cast<size_t>(term)] != term)
        term = parent_[static_cast<size_t>(term)];
    return term;
}

void Equivalences::unite(Term a, Term b) {
    const auto needed = static_cast<size_t>(std::max(a, b)) + 1;
    while (parent_.size() < needed)
        parent_.push_back(static_cast<Term>(parent_.size()));
    a = find(a);
    b = find(b);
    parent_[static_cast<size_t>(std::max(a, b))] = std::min(a, b);
}

bool Equivalences::contains_class_of(const Terms &terms, Term term) const {
    return std::any_of(terms.begin(), terms.end(), [&](Term other) { return same(other, term); });
}

bool Equivalences::any_same(const Terms &a, const Terms &b) const {
    return std::any_of(a.begin(), a.end(), [&](Term term) { return contains_class_of(b, term); });
}

namespace {

// ---------------------------------------------------------------- small helpers

void append(Terms *to, const Terms &from) {
    to->insert(to->end(), from.begin(), from.end());
}

/// Whether rows of this locus with an equal value of the term are where that value's group is.
bool follows_term(const Locus &locus, Term term, const Equivalences &facts) {
    return facts.contains_class_of(locus.keys, term) || facts.contains_class_of(locus.weak_keys, term);
}

bool keys_meet(const Locus &left, const Locus &right, const Equivalences &facts) {
    const auto meets = [&](Term term) { return follows_term(right, term, facts); };
    return std::any_of(left.keys.begin(), left.keys.end(), meets) ||
           std::any_of(left.weak_keys.begin(), left.weak_keys.end(), meets);
}

/// Whether what is pinned to one group per row (a lateral or correlated piece) is in the group of the row.
bool pins_follow_keys(const Locus &pinned_piece, const Locus &rows, const Equivalences &facts) {
    return std::any_of(pinned_piece.pins.begin(), pinned_piece.pins.end(),
                       [&](Term pin) { return follows_term(rows, pin, facts); });
}

Terms external_pins(const Locus &locus, const Context &context) {
    Terms found;
    for (const Term pin : locus.pins)
        if (std::find(context.externals.begin(), context.externals.end(), pin) != context.externals.end())
            found.push_back(pin);
    return found;
}

/// Keys of a join's rows from those of its sides.
void merge_keys(Locus *result, JoinKind kind, const Locus &left, const Locus &right) {
    Terms strong, weak;
    append(kind == JoinKind::Full ? &weak : &strong, left.keys);
    append(kind == JoinKind::Inner ? &strong : &weak, right.keys);
    append(&weak, left.weak_keys);
    append(&weak, right.weak_keys);
    result->keys = strong;
    result->weak_keys = weak;
}

Locus located_join(Place place, int colocation, JoinKind kind, const Locus &left, const Locus &right) {
    Locus result;
    result.place = place;
    result.colocation = colocation;
    merge_keys(&result, kind, left, right);
    return result;
}

Locus one_group_join(JoinKind kind, const Locus &left, const Locus &right, const Terms &pins) {
    const int colocation = left.is(Place::Anywhere) ? right.colocation : left.colocation;
    Locus result = located_join(Place::OneGroup, colocation, kind, left, right);
    result.pins = pins;
    return result;
}

Locus hashed_join(JoinKind kind, const Locus &left, const Locus &right) {
    const int colocation = left.is(Place::Anywhere) ? right.colocation : left.colocation;
    return located_join(Place::Hashed, colocation, kind, left, right);
}

// ---------------------------------------------------------------- joins, by the places of both sides

Locus join_anywhere_one_group(JoinKind kind, const Locus &left, const Locus &right, const Context &context) {
    // A pin that is a column of the replicated side is another group for each of its rows.
    const Terms pins = external_pins(left.is(Place::OneGroup) ? left : right, context);
    return pins.empty() ? Locus::coordinator() : one_group_join(kind, left, right, pins);
}

Locus join_one_group_one_group(JoinKind kind, const Locus &left, const Locus &right, const Context &context) {
    if (left.colocation != right.colocation)
        return Locus::coordinator();
    if (!context.facts.any_same(left.pins, right.pins) && !pins_follow_keys(right, left, context.facts))
        return Locus::coordinator();
    return one_group_join(kind, left, right, left.pins);
}

Locus join_hashed_one_group(JoinKind kind, const Locus &left, const Locus &right, const Context &context) {
    if (left.colocation != right.colocation || kind == JoinKind::Full)
        return Locus::coordinator();
    // LATERAL (... WHERE key = left.key ...): each left row finds its rows in its own group.
    if (pins_follow_keys(right, left, context.facts))
        return hashed_join(kind, left, right);
    // Only rows that meet those of the one group matter.
    const Terms pins = external_pins(right, context);
    if (kind == JoinKind::Inner && !pins.empty() && keys_meet(left, right, context.facts))
        return one_group_join(kind, left, right, pins);
    return Locus::coordinator();
}

Locus join_one_group_hashed(JoinKind kind, const Locus &left, const Locus &right, const Context &context) {
    if (left.colocation != right.colocation || kind == JoinKind::Full ||
        !keys_meet(left, right, context.facts))
        return Locus::coordinator();
    return one_group_join(kind, left, right, left.pins);
}

Locus join_hashed_hashed(JoinKind kind, const Locus &left, const Locus &right, const Context &context) {
    if (left.colocation != right.colocation || !keys_meet(left, right, context.facts))
        return Locus::coordinator();
    return hashed_join(kind, left, right);
}

Locus join_with_anywhere(JoinKind kind, const Locus &left, const Locus &right, const Context &context) {
    if (left.is(Place::Anywhere) && right.is(Place::Anywhere))
        return Locus::anywhere(left.once || right.once);
    const Locus &located = left.is(Place::Anywhere) ? right : left;
    const Locus &replicated = left.is(Place::Anywhere) ? left : right;
    if (located.is(Place::OneGroup))
        return join_anywhere_one_group(kind, left, right, context);
    // A preserved row of the replicated side would come from each group.
    const bool replicated_is_preserved =
        kind == JoinKind::Full || (kind == JoinKind::Left && left.is(Place::Anywhere));
    if (replicated.once || replicated_is_preserved)
        return Locus::coordinator();
    return hashed_join(kind, left, right);
}

} // namespace

Locus pinned(const Locus &locus, const Context &context) {
    if (!locus.is(Place::Hashed))
        return locus;
    Locus result = locus;
    for (const Term external : context.externals)
        if (context.facts.contains_class_of(locus.keys, external))
            result.pins.push_back(external);
    if (!result.pins.empty())
        result.place = Place::OneGroup;
    return result;
}

Locus join(JoinKind kind, const Locus &left, const Locus &right, const Context &context) {
    if (left.is(Place::Coordinator) || right.is(Place::Coordinator))
        return Locus::coordinator();
    if (left.is(Place::Anywhere) || right.is(Place::Anywhere))
        return join_with_anywhere(kind, left, right, context);
    if (left.is(Place::OneGroup))
        return right.is(Place::OneGroup) ? join_one_group_one_group(kind, left, right, context)
                                         : join_one_group_hashed(kind, left, right, context);
    return right.is(Place::OneGroup) ? join_hashed_one_group(kind, left, right, context)
                                     : join_hashed_hashed(kind, left, right, context);
}

Locus with_sublink(const Locus &block, const Locus &sub, const Context &context) {
    if (block.is(Place::Coordinator) || sub.is(Place::Coordinator) || sub.is(Place::Hashed))
        return Locus::coordinator();
    if (sub.is(Place::Anywhere)) {
        if (!sub.once)
            return block;
        return block.is(Place::Hashed) ? Locus::coordinator() : limited(block);
    }
    if (block.is(Place::Anywhere)) {
        const Terms pins = external_pins(sub, context);
        if (pins.empty())
            return Locus::coordinator();
        Locus result = Locus::one_group(sub.colocation, pins.front());
        result.pins = pins;
        return result;
    }
    if (block.colocation != sub.colocation)
        return Locus::coordinator();
    if (pins_follow_keys(sub, block, context.facts))
        return block;
    if (block.is(Place::OneGroup) && context.facts.any_same(block.pins, sub.pins))
        return block;
    return Locus::coordinator();
}

Locus with_semi_join(const Locus &block, const Locus &sub, Term left_term, bool sub_column_is_key,
                     const Context &context) {
    if (!sub.is(Place::Hashed) || !sub_column_is_key)
        return with_sublink(block, sub, context);
    switch (block.place) {
    case Place::Anywhere:
        // A row is kept where its partner is, and nowhere else.
        return block.once ? Locus::coordinator() : Locus::hashed(sub.colocation, left_term);
    case Place::OneGroup:
        if (block.colocation == sub.colocation && (follows_term(block, left_term, context.facts) ||
                                                   context.facts.contains_class_of(block.pins, left_term)))
            return block;
        return Locus::coordinator();
    case Place::Hashed:
        if (block.colocation == sub.colocation && follows_term(block, left_term, context.facts))
            return block;
        return Locus::coordinator();
    case Place::Coordinator:
        break;
    }
    return Locus::coordinator();
}

Locus grouped(const Locus &locus, const Terms &columns, const Context &context) {
    if (locus.is(Place::Hashed) && !context.facts.any_same(locus.keys, columns))
        return Locus::coordinator();
    return locus;
}

Locus limited(const Locus &locus) {
    if (locus.is(Place::Hashed))
        return Locus::coordinator();
    Locus result = locus;
    result.once = locus.is(Place::Anywhere);
    return result;
}

Locus with_volatile(const Locus &locus) {
    return limited(locus);
}

// ---------------------------------------------------------------- set operations

namespace {

using Flags = std::pmr::vector<bool>;

Flags both(const Flags &a, const Flags &b) {
    Flags result(a.size(), false);
    for (size_t i = 0; i < a.size() && i < b.size(); i++)
        result[i] = a[i] && b[i];
    return result;
}

bool any(const Flags &flags) {
    return std::find(flags.begin(), flags.end(), true) != flags.end();
}

Output coordinator_output(size_t columns) {
    return {Locus::coordinator(), Flags(columns, false), Flags(columns, false)};
}

Output located(const Locus &locus, const Flags &keys) {
    Output result{locus, keys, Flags(keys.size(), false)};
    result.locus.keys.clear();
    result.locus.weak_keys.clear();
    return result;
}

bool is_intersect(SetOperation operation) {
    return operation == SetOperation::Intersect || operation == SetOperation::IntersectAll;
}

bool is_except(SetOperation operation) {
    return operation == SetOperation::Except || operation == SetOperation::ExceptAll;
}

Output combine_hashed(SetOperation operation, const Output &left, const Output &right) {
    const size_t columns = left.keys.size();
    if (left.locus.is(Place::Hashed) && right.locus.is(Place::Hashed)) {
        const Flags common = both(left.keys, right.keys);
        if (left.locus.colocation != right.locus.colocation ||
            (operation != SetOperation::UnionAll && !any(common)))
            return coordinator_output(columns);
        return located(left.locus, common);
    }
    // One side is the same everywhere: it may take rows away from the other, never add some.
    const bool left_hashed = left.locus.is(Place::Hashed);
    const Output &hashed = left_hashed ? left : right;
    const Output &other = left_hashed ? right : left;
    const bool only_filters = is_intersect(operation) || (is_except(operation) && left_hashed);
    if (!other.locus.is(Place::Anywhere) || other.locus.once || !only_filters || !any(hashed.keys))
        return coordinator_output(columns);
    return located(hashed.locus, hashed.keys);
}

} // namespace

Output combine(SetOperation operation, const Output &left, const Output &right, const Context &context) {
    const size_t columns = left.keys.size();
    const Locus &a = left.locus;
    const Locus &b = right.locus;
    if (a.is(Place::Coordinator) || b.is(Place::Coordinator))
        return coordinator_output(columns);
    if (a.is(Place::Hashed) || b.is(Place::Hashed))
        return combine_hashed(operation, left, right);
    // Both run as a whole wherever they run: as for a join, only the place must be the same.
    return located(join(JoinKind::Inner, a, b, context), both(left.keys, right.keys));
}

} // namespace citus::core
