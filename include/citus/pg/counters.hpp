/// Counts what a backend does: messages to other nodes, plans made and found again.
///
/// count() is called from every module on hot paths, so it is one addition to a variable of this backend. At
/// the end of a transaction the numbers are added to the database's in shared memory, when
/// citus.enable_stat_counters is on. Never raises, never waits for anything but a short lock.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

enum class Counter : int {
    Parses,            ///< commands sent as text: the node parses and plans them
    PreparedRuns,      ///< executions of commands that the node has prepared: Bind and Execute only
    RoundTrips,        ///< batches of commands sent; an answer is waited for after each
    Plans,             ///< statements on distributed tables that were analysed and planned here
    TemplateHits,      ///< statements whose plan was found among those made for other constants
    LocalPlans,        ///< tasks on shards of this node that were planned
    LocalPlanHits,     ///< those whose plan was found again
    CommitsWithWrite,  ///< transactions that a node committed in the round trip of their only write
    Evictions,         ///< prepared commands given up for others
    ConnectionsOpened, ///< connections to other nodes
    ConnectionsFailed,
    ConnectionsReused,
    SingleShard, ///< statements (parts of them that run as a whole) on one shard group
    MultiShard,  ///< ... and on several
};
constexpr int kCounters = static_cast<int>(Counter::MultiShard) + 1;

/// This backend's numbers since its start.
extern uint64 backend_counters[kCounters];

inline void count(Counter counter, uint64 times = 1) {
    backend_counters[static_cast<int>(counter)] += times;
}

/// Reserves shared memory and registers the transaction callback. Called once, from _PG_init.
void install_counters();

} // namespace citus
