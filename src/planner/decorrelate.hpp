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

} // namespace citus
