/// How many rows pass some of the filters of a relation, for path hooks that replace its paths and whose
/// scans get rows that others of its filters were applied to already.
#pragma once

#include "citus/pg/prelude.hpp"

extern "C" {
#include "nodes/pathnodes.h"
#include "optimizer/optimizer.h"
}

namespace citus {

/// Of `rows` rows, as PostgreSQL estimates it for the filters that counts(RestrictInfo *) says yes to.
template <typename Counts>
double rows_that_pass(PlannerInfo *root, const RelOptInfo *rel, double rows, Counts counts) {
    List *filters = NIL;
    ListCell *cell;
    foreach (cell, rel->baserestrictinfo)
        if (counts(lfirst_node(RestrictInfo, cell)))
            filters = lappend(filters, lfirst(cell));
    return clamp_row_est(rows * clauselist_selectivity(root, filters, 0, JOIN_INNER, nullptr));
}

} // namespace citus
