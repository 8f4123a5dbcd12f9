/// Global process ids: node id * 10^10 + process id.
///
/// A session's connections to other nodes carry it in their application_name, "citus_internal gpid=N", so
/// that each node knows for whom a backend works. Used by net/ (to write it), monitor/ and transaction/ (to
/// read it).
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// What a node that is not in pg_dist_node has in place of its node id.
constexpr int64 kUnregisteredNode = 99999999;

constexpr int64 make_global_pid(int64 node_id, int64 pid) {
    return node_id * INT64CONST(10000000000) + pid;
}
constexpr int64 node_of_global_pid(int64 gpid) {
    return gpid / INT64CONST(10000000000);
}
constexpr int pid_of_global_pid(int64 gpid) {
    return static_cast<int>(gpid % INT64CONST(10000000000));
}

/// This server's node id, or kUnregisteredNode. The last known one outside of a transaction.
int64 local_node_id();
inline int64 own_global_pid() {
    return make_global_pid(local_node_id(), MyProcPid);
}

/// The number in an application_name of ours, 0 in any other.
int64 global_pid_in_application_name(const char *name);

} // namespace citus
