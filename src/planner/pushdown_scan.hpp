/// The rows of a pushed-down part as a range table entry that the standard planner can plan around.
///
/// The entry is a call of citus_internal.fragment_scan(n); a path hook gives it the "Citus Adaptive" scan of
/// fragment n as its only path. Used by pushdown.cpp and planner.cpp.
#pragma once

#include "estimates.hpp"
#include "fragment_order.hpp"

namespace citus {

/// Runs a piece of planning in which fragments become range table entries: what make_fragment_entry makes in
/// it is known to the standard planner until it returns or raises. May nest.
PlannedStmt *with_fragments(PlannedStmt *(*plan)(void *context), void *context);

/// One column of a fragment's rows.
struct FragmentColumn {
    const char *name;
    Oid type;
    int32 typmod;
    Oid collation;
};

/// A range table entry for a fragment with these columns, of which an estimate is known. Only within
/// with_fragments.
RangeTblEntry *make_fragment_entry(const Fragment &fragment, std::span<const FragmentColumn> columns,
                                   const FragmentEstimate &estimate, const FragmentOrder &order);

/// Whether a part of the statement in planning that is such an entry locks rows.
bool a_fragment_locks_rows();

void install_pushdown_scan();

} // namespace citus
