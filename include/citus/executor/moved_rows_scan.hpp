/// "Citus Moved Rows": the plan node that reads rows which were moved to this node.
///
/// The planner of a node puts it in the place of a scan of citus_internal.read_motion(): the rows are read
/// where they are, and not copied before. A scan that runs again and again (in a correlated sub-select, under
/// LATERAL) keeps its rows by the values that its conditions compare. Knows nothing of how they came.
#pragma once

#include "citus/pg/prelude.hpp"

extern "C" {
#include "nodes/pathnodes.h"
}

namespace citus {

/// Whether the planner of this node joins moved rows there.
bool joins_moved_rows(const PlannerInfo *root, const RelOptInfo *joined);

void install_moved_rows_scan();

} // namespace citus
