/// Correlated sub-selects with aggregates as joins with groups.
///
/// `(SELECT avg(x) FROM t WHERE t.a = outer.b)` would ask the shards once for each outer row. As
/// `LEFT JOIN (SELECT a, avg(x) FROM t GROUP BY a) g ON g.a = outer.b` the groups are built once, on the
/// shards. Used by subblocks.cpp for blocks that only the coordinator can run.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// Rewrites, in place, the sub-selects in WHERE and in the target list of one query block that read tables on
/// shards and can be written so. The rows of the block stay the same.
void decorrelate_block(Query *query);

/// A copy of a block, as the rewriter left it, that says the same with joins of one level: sub-selects in
/// FROM that only join are merged into it, correlated aggregates and [NOT] EXISTS become joins and IN.
/// nullptr when there was nothing to change. For blocks that the shards can't run as they are written; what
/// comes out can be analysed, sent and planned like any other query.
Query *as_joins(const Query *query);

} // namespace citus
