/// Whether a write is all that its transaction does, so that its node may commit it in the same round trip.
///
/// Used by the scan nodes of writes without result. Nothing may come after the statement that could still
/// fail or write: it is the client's own single statement (no block, no function, no other statement of the
/// same message or before the next Sync), and nothing was done before it. Never contacts a node.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// `node` is the plan node that writes.
bool is_lone_write(const EState *estate, const Plan *node);

} // namespace citus
