/// Joins that stand a wrong estimate.
///
/// A nested loop that reads its whole inner side for each outer row is the cheapest join by a hair where one
/// row is expected on either side, and a disaster where it is a thousand. Plain tables have indexes for that
/// case; scans of shards and moved rows have none, and expectations of "one row" are common behind several
/// joins and CTEs. So where the join could hash, such a loop is charged as if some rows more came, and the
/// hash join is offered once again. Used by pushdown_scan.cpp, for statements with distributed tables and for
/// joins with moved rows. Never touches nested loops that look up single rows, nor joins without an equality.
#pragma once

#include "citus/pg/prelude.hpp"

extern "C" {
#include "nodes/pathnodes.h"
}

namespace citus {

/// Installs the hook; is_wanted says which joins are meant.
void install_safe_joins(bool (*is_wanted)(const PlannerInfo *root, const RelOptInfo *joined));

} // namespace citus
