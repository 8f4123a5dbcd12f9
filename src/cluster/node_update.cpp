/// citus_update_node: a node answers at another address, usually because its standby took over.
#include "citus/cluster/nodes.hpp"
#include "citus/net/connection.hpp"
#include "node_probe.hpp"
#include "node_rows.hpp"
#include "peers.hpp"

#include <csignal>

extern "C" {
#include "pgstat.h"
#include "storage/latch.h"
#include "storage/lock.h"
#include "storage/proc.h"
#include "storage/sinvaladt.h"
#include "utils/timestamp.h"
#include "utils/wait_event.h"

PG_FUNCTION_INFO_V1(citus_update_node);
}

namespace citus {

namespace {

/// Conflicts with writes, and lets reads go on.
constexpr LOCKMODE kBlockWrites = ExclusiveLock;

/// Ends the sessions that hold a conflicting lock on a table.
void terminate_lock_holders(Oid relid) {
    LOCKTAG tag;
    SET_LOCKTAG_RELATION(tag, MyDatabaseId, relid);
    int count = 0;
    const VirtualTransactionId *holders = GetLockConflicts(&tag, kBlockWrites, &count);
    for (int i = 0; i < count; i++) {
        const PGPROC *process = BackendIdGetProc(holders[i].backendId);
        const int pid = process != nullptr ? process->pid : 0;
        if (pid == 0 || pid == MyProcPid)
            continue;
        ereport(WARNING, (errmsg("terminating the session with process id %d, which holds a lock on %s", pid,
                                 get_rel_name(relid))));
        if (kill(pid, SIGTERM) != 0)
            ereport(WARNING, (errmsg("could not send signal to process %d: %m", pid)));
    }
}

/// Waits for the lock; from the deadline on with force.
void lock_table(Oid relid, bool force, TimestampTz deadline) {
    constexpr long kPauseMs = 20;
    while (force && !ConditionalLockRelationOid(relid, kBlockWrites)) {
        if (GetCurrentTimestamp() >= deadline) {
            terminate_lock_holders(relid);
            LockRelationOid(relid, kBlockWrites);
            return;
        }
        (void)WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, kPauseMs,
                        PG_WAIT_EXTENSION);
        ResetLatch(MyLatch);
        CHECK_FOR_INTERRUPTS();
    }
    if (!force)
        LockRelationOid(relid, kBlockWrites);
}

/// Lets the statements that write to the node's shards finish, and none begin before the new address is
/// known.
void block_writes_to(const ClusterNode &node, bool force, int cooldown_ms) {
    const TimestampTz deadline = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), cooldown_ms);
    Oid last = InvalidOid;
    for (const PlacedShard &shard : shards_of_group(node.group_id)) {
        if (shard.relid != last && OidIsValid(shard.relid))
            lock_table(shard.relid, force, deadline);
        last = shard.relid;
    }
}

} // namespace

} // namespace citus

using namespace citus;

Datum citus_update_node(PG_FUNCTION_ARGS) {
    require_coordinator();
    lock_nodes_for_change();
    const int32 node_id = PG_GETARG_INT32(0);
    const char *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
    const int port = PG_GETARG_INT32(2), cooldown_ms = PG_GETARG_INT32(4);
    check_address(name, port);
    if (cooldown_ms < 0)
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("lock_cooldown must not be negative")));
    const ClusterNode *node = find_node_by_id(node_id);
    if (node == nullptr)
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("node %d does not exist", node_id)));
    const ClusterNode *holder = find_node_by_address(name, port);
    if (holder != nullptr && holder != node)
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("there is already another node with the specified hostname and port")));
    if (holder != nullptr)
        PG_RETURN_VOID();
    if (node->role == NodeRole::Primary)
        block_writes_to(*node, PG_GETARG_BOOL(3), cooldown_ms);
    set_node_address(node_id, name, port);
    close_connections_to(node->name, node->port);
    tell_workers_of_each_other();
    PG_RETURN_VOID();
}
