/// FOR UPDATE ... LIMIT over several shards, so that the rows that are returned are the rows that are locked.
///
/// Used by pushdown.cpp and worker_query.cpp: decides whether a block can be locked row by row, and writes
/// the two texts that the scan runs (executor/row_locks.hpp). Never changes the query.
#pragma once

#include "citus/planner/fragment.hpp"

namespace citus {

/// The one relation whose rows a block locks.
struct RowLock {
    Oid relid;
    LockClauseStrength strength;
    LockWaitPolicy policy;
    Expr *wanted = nullptr; ///< how many rows at most; NULL for no limit; or kUnknownLimit
};

/// The lock of a block that locks one distributed table, and nothing in it locks another. Nothing where the
/// rows could not be found again one by one.
std::optional<RowLock> only_row_lock(const Query *query);

/// Turns the fragment of a query without locks and LIMIT into one that locks row by row. False, with the
/// fragment in an unusable state, when its text or its order does not allow that.
bool make_row_by_row(Fragment *fragment, const RowLock &lock, const Query *query);

} // namespace citus
