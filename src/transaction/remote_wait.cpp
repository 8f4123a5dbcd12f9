/// Long waits for other nodes: announced to the deadlock detector, and ended by it.
#include "citus/guc.hpp"
#include "citus/net/wire.hpp"
#include "citus/transaction/backend_slots.hpp"
#include "citus/transaction/deadlock_detector.hpp"

extern "C" {
#include "utils/timestamp.h"
}

namespace citus {

long wait_patience_ms() {
    return guc::distributed_deadlock_detection_factor < 0 ? -1 : deadlock_check_period_ms();
}

void long_wait_began() {
    own_backend_slot().remote_wait = GetCurrentTimestamp();
    wake_deadlock_detector();
}

bool long_wait_ended() {
    BackendSlot &slot = own_backend_slot();
    const bool is_deadlock = slot.deadlock != 0 && slot.deadlock == slot.remote_wait;
    slot.remote_wait = 0;
    slot.deadlock = 0;
    return is_deadlock;
}

} // namespace citus
