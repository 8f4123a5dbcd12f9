/// The planner's entry: decides between route, push down and gather.
///
/// Registered as planner_hook by _PG_init. A statement without distributed tables leaves at once to the
/// standard planner. Never contacts a node.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

void install_planner();

} // namespace citus
