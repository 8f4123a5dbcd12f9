/// What the extension's scan nodes have in common: their rows are filtered and projected here.
///
/// Not ExecScan: an EvalPlanQual recheck of another table's row must read the rows again, which that would
/// not.
#pragma once

#include "citus/pg/prelude.hpp"

extern "C" {
#include "executor/executor.h"
#include "miscadmin.h"
}

namespace citus {

/// The next row that passes the node's filters, of those that next() gives (nullptr or an empty slot at the
/// end), projected.
template <typename Next>
TupleTableSlot *filter_and_project(CustomScanState *node, Next next) {
    ExprContext *econtext = node->ss.ps.ps_ExprContext;
    ProjectionInfo *projection = node->ss.ps.ps_ProjInfo;
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        ResetExprContext(econtext);
        TupleTableSlot *slot = next();
        if (TupIsNull(slot))
            return projection != nullptr ? ExecClearTuple(projection->pi_state.resultslot) : nullptr;
        econtext->ecxt_scantuple = slot;
        if (!ExecQual(node->ss.ps.qual, econtext)) {
            InstrCountFiltered1(node, 1);
            continue;
        }
        return projection != nullptr ? ExecProject(projection) : slot;
    }
}

} // namespace citus
