/// Tells the workers of each other, so that they can send rows to each other (executor/motion_inbox.hpp).
///
/// Called by the SQL functions that change nodes, with the change visible. Not part of their transaction: a
/// list that is too long or too short does no harm, rows then go through the coordinator.
#pragma once

namespace citus {

void tell_workers_of_each_other();

} // namespace citus
