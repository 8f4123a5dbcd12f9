#include "citus/executor/reference_lock.hpp"

extern "C" {
#include "storage/lock.h"
}

namespace citus {

namespace {

/// The fourth field of an advisory lock's tag: 1 and 2 are the server's SQL functions.
constexpr uint16 kReplicatedWriteClass = 7;
constexpr uint32 kReplicatedWriteKey = 0x63697475; // "citu"

} // namespace

void lock_for_replicated_write(Oid relid) {
    LOCKTAG tag;
    SET_LOCKTAG_ADVISORY(tag, MyDatabaseId, kReplicatedWriteKey, relid, kReplicatedWriteClass);
    (void)LockAcquire(&tag, ExclusiveLock, false, false);
}

} // namespace citus
