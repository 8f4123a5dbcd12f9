/// Expressions that are evaluated on the coordinator, so that all nodes get the same value.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// A copy of the expression in which every part without columns that is stable (now(), current_user, ...) is
/// replaced by its value. There must be nothing volatile in it.
::Node *evaluate_stable_parts(::Node *expression);

} // namespace citus
