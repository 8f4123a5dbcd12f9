/// The plans of tasks on shards of this node, kept from one run to the next by the server's own plan cache.
///
/// Used by local.cpp, with the search path pinned. A task is kept when its text comes for the second time;
/// the number is bounded, the one not used for longest goes. PostgreSQL's plan cache does the rest: it locks,
/// plans again after DDL, for another role or path, and decides between plans for the values and one for all.
#pragma once

#include "citus/executor/tasks.hpp"

extern "C" {
#include "utils/plancache.h"
}

namespace citus {

/// The plan source for a text and parameter types; nullptr when it is not to be kept (yet): several
/// statements, a utility command, a text that was not seen before.
CachedPlanSource *kept_plan_source(const char *sql, const TaskParams &params);

} // namespace citus
