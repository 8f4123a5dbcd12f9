/// CTE scans with costly filters keep the rows that pass.
///
/// PostgreSQL believes that to read a CTE's rows again costs nothing but the rows, and so never puts a
/// Materialize over its scan: a filter with a sub-select is then evaluated anew for each row of the other
/// side of a nested loop (190 times 1,200 rows: 10 s, where once is 60 ms). With distributed tables such a
/// join is often chosen, since their sorted rows promise to spare a sort. Used by pushdown_scan.cpp's path
/// hook, for statements with distributed tables only. Never changes which rows a scan returns.
#pragma once

#include "citus/pg/prelude.hpp"

extern "C" {
#include "nodes/pathnodes.h"
}

namespace citus {

/// Gives the scan of a CTE whose filter has sub-selects a path that evaluates it once; leaves all others.
void keep_filtered_rows(RelOptInfo *rel, const RangeTblEntry *rte);

} // namespace citus
