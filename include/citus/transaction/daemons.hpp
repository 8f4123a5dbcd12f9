/// What the background workers of a database have in common. Internal to src/transaction; implemented by
/// maintenance_daemon.cpp, whose launcher starts them.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

enum class Daemon { Maintenance, DeadlockDetector };

/// Connects this background worker to its database and enters it in shared memory; false when it is to end at
/// once, because there is one already or none is wanted.
bool begin_daemon(Oid database, Daemon kind, const char *name);

/// False when the daemon is to end: the database is going to be dropped, or has no extension.
bool is_daemon_wanted();

/// Sleeps until the latch is set or the time has passed; handles interrupts and reloads.
void daemon_sleep(long milliseconds);

/// Wakes the detector of this database, or has it started.
void request_deadlock_detector();

} // namespace citus
