/// Shard groups whose nodes still hold a prepared transaction that is committed already: who reads there waits
/// until it is carried out, so that a session sees what it has committed, all of it or nothing.
///
/// commit.cpp puts a fence when a second phase failed; recovery takes it away. In shared memory; free of cost
/// while there is none. Never keeps a reader from an error: the node that does not answer is reported as such.
#pragma once

#include "citus/pg/memory.hpp"

namespace citus {

struct Fence {
    Oid database; ///< InvalidOid: free
    int32 group_id;
    uint64 transaction;
};

/// Neither raises nor waits.
void fence_group(int32 group_id, uint64 transaction);

/// The fences of this database before a group.
std::pmr::vector<uint64> fences_of_group(int32 group_id);

/// The transactions of a group that are complete now.
void remove_fences(int32 group_id, std::span<const uint64> transactions);

/// Waits (interruptibly) until a group has no fence. Its node can be reached, so that it does not take long.
void wait_for_fence(int32 group_id);

/// From _PG_init.
void install_fence();

} // namespace citus
