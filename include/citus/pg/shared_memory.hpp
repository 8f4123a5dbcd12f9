/// Parts of the server's shared memory, each with a lock of its own.
///
/// A module that keeps something for all backends adds its part from its install function, in _PG_init, and
/// gets its address before the first backend starts. Never add one later: the memory is asked for only once.
#pragma once

#include "citus/pg/prelude.hpp"

extern "C" {
#include "storage/lwlock.h"
}

namespace citus {

struct SharedMemoryPart {
    const char *name; ///< of the part, and of its lock in pg_stat_activity
    /// Bytes; asked when MaxBackends is known.
    Size (*size)();
    /// Takes over the memory. fresh: it is new, all zeros but for what this call sets; false in a process
    /// that joins later.
    void (*attach)(void *memory, LWLock *lock, bool fresh);
};

/// Only from _PG_init. At most eight.
void add_shared_memory(const SharedMemoryPart &part);

} // namespace citus
