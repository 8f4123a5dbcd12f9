/// The plans of tasks as their nodes ran them: EXPLAIN ANALYZE runs a task once and shows its plan.
///
/// While an EXPLAIN ANALYZE runs, scan nodes put a remark before the SQL of their tasks. The node that runs
/// such a statement measures it and sends its plan back in a message (SQLSTATE 00CPL), before the statement
/// is complete. Called by the scan nodes and explain.cpp. A statement without the remark costs a comparison.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

struct CapturedPlan {
    double planning_ms, execution_ms;
    const char *text; ///< what EXPLAIN prints, in the format asked for
};

/// Whether an EXPLAIN statement runs now: only then may nodes be asked for plans.
bool in_explain();

/// Whether scans are to have the plans of their tasks captured.
bool captures_plans();

/// The SQL with the remark before it, under a new number, which counts up by one for each call.
const char *with_capture(const char *sql, int *number);

/// Whether the remark is there.
bool has_capture(const char *sql);

/// What came back for a number, or nullptr.
const CapturedPlan *captured_plan(int number);

void install_task_capture();

} // namespace citus
