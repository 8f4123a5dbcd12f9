/// Turns a gather path into its plan node: which columns, which filters, which SQL.
///
/// Called by gather.cpp when the standard planner has chosen the path.
#pragma once

#include "citus/pg/prelude.hpp"

extern "C" {
#include "nodes/pathnodes.h"
}

namespace citus {

/// The "Citus Adaptive" scan of one relation. clauses are RestrictInfos; those that may run on the shards do,
/// the others stay as the node's qual.
Plan *make_gather_scan(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses);

} // namespace citus
