/// Distributed deadlocks: who waits for whom over all nodes, and the end of the youngest in a cycle.
///
/// A session that has waited for another node for some time (half of
/// citus.distributed_deadlock_detection_factor times deadlock_timeout, one second by default) says so in its
/// slot and wakes the detector of its database, a background worker of its own. As long as somebody waits,
/// that looks at the lock tables of all nodes in the same period; while nobody does, nothing runs. It waits
/// for no table lock and for no node longer than a second. Called by the waits in net/ (through
/// remote_wait.cpp) and by the launcher.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// Milliseconds after which a wait is looked at, and between two looks.
long deadlock_check_period_ms();

/// Asks the detector of this database to look. Cheap; never raises.
void wake_deadlock_detector();

/// 40P01, in the session that was chosen.
[[noreturn]] void raise_distributed_deadlock();

/// From _PG_init.
void install_deadlock_detector();

} // namespace citus
