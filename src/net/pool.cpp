#include "citus/net/pool.hpp"

#include "citus/guc.hpp"
#include "citus/pg/shared_memory.hpp"

extern "C" {
#include "common/pg_prng.h"
#include "pgstat.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "storage/procsignal.h"
#include "utils/timestamp.h"
}

namespace citus {

namespace {

constexpr const char *kName = "citus connection pool";
constexpr int kMaxNodes = 256; ///< connections to more nodes than these are not counted
constexpr int kFullForSeconds = 5;
constexpr int kAskedAtOnce = 4;
constexpr int kForgottenAfterMs = 3600 * 1000;
constexpr uint32 kUnlimited = UINT32_MAX / 4;

struct PoolNode {
    char host[256];
    int port;                  ///< 0: the entry is free
    bool is_local;             ///< this server itself
    pg_atomic_uint32 open;     ///< connections that sessions need
    pg_atomic_uint32 optional; ///< those that only make a statement faster
    pg_atomic_uint32 peers;    ///< likewise, made by other nodes
    pg_atomic_uint32 waiters;
    uint32 slots;         ///< what the node itself takes from ordinary users; 0: not known
    uint32 found_full_at; ///< how many it had when it refused one
    TimestampTz full_until;
    TimestampTz used_at; ///< when a slot was last taken
};

struct PoolBackend {
    int pid; ///< 0: none
    BackendId backend;
    bool idle;
    uint16 held[kMaxNodes];
};

struct PoolState {
    LWLock *lock;
    pg_atomic_uint32 tickets;      ///< handed out
    pg_atomic_uint32 ticket_limit; ///< as many as the smallest node has room for
    pg_atomic_uint32 clients;
    PoolNode nodes[kMaxNodes];
    PoolBackend backends[FLEXIBLE_ARRAY_MEMBER]; // by backend index
};

PoolState *state = nullptr;
PoolBackend *self = nullptr;
std::array<bool, kMaxNodes> waiting = {};      ///< nodes this session is a waiter of
std::array<uint16, kMaxNodes> peer_links = {}; ///< that this session has counted
bool has_peer_links = false;
bool is_waiting = false; ///< for any of them
bool has_ticket = false;
int next_asked = 0;

Size state_size() {
    return add_size(offsetof(PoolState, backends),
                    mul_size(sizeof(PoolBackend), static_cast<Size>(MaxBackends)));
}

void attach_memory(void *memory, LWLock *lock, bool fresh) {
    state = static_cast<PoolState *>(memory);
    if (!fresh)
        return;
    state->lock = lock;
    pg_atomic_init_u32(&state->tickets, 0);
    pg_atomic_init_u32(&state->clients, 0);
    pg_atomic_init_u32(&state->ticket_limit, kUnlimited);
    for (PoolNode &node : state->nodes) {
        pg_atomic_init_u32(&node.open, 0);
        pg_atomic_init_u32(&node.optional, 0);
        pg_atomic_init_u32(&node.peers, 0);
        pg_atomic_init_u32(&node.waiters, 0);
    }
}

uint32 read(const pg_atomic_uint32 &value) {
    return pg_atomic_read_u32(const_cast<pg_atomic_uint32 *>(&value));
}

/// Before this backend's place in shared memory goes; its connections are closed a moment later.
void leave_pool(int, Datum) {
    for (Connection *connection = first_connection(); connection != nullptr; connection = connection->next)
        release_slot(connection);
    end_waiting_for_slots();
    release_peer_links();
    return_ticket();
    if (self != nullptr)
        self->pid = 0;
    self = nullptr;
}

void join_pool() {
    if (self != nullptr)
        return;
    PoolBackend *mine = &state->backends[citus_my_backend_index()];
    memset(static_cast<void *>(mine), 0, sizeof(*mine));
    mine->backend = MyBackendId;
    mine->pid = MyProcPid;
    self = mine;
    before_shmem_exit(leave_pool, 0);
}

/// Index of a node; -1 when there is no room for it. Under the lock, exclusively.
int node_index(const char *host, int port, bool is_local) {
    int unused = -1;
    for (int i = 0; i < kMaxNodes; i++) {
        const PoolNode &node = state->nodes[i];
        if (node.port == port && strcmp(node.host, host) == 0)
            return i;
        const bool is_free = node.port == 0;
        const bool is_idle = read(node.open) == 0 && read(node.optional) == 0 && read(node.peers) == 0 &&
                             read(node.waiters) == 0;
        if (is_free ? unused < 0 || state->nodes[unused].port != 0 : unused < 0 && is_idle)
            unused = i; // rather one that was never used
    }
    if (unused < 0 || strlen(host) >= sizeof(PoolNode::host))
        return -1;
    PoolNode &node = state->nodes[unused];
    strlcpy(node.host, host, sizeof(node.host));
    node.port = port;
    node.is_local = is_local;
    node.slots = 0;
    node.full_until = node.used_at = 0;
    return unused;
}

int node_index(const Connection *connection) {
    return node_index(connection->host, connection->port, connection->is_to_this_server);
}

int find_node(const Connection *connection) {
    for (int i = 0; i < kMaxNodes; i++)
        if (state->nodes[i].port == connection->port && strcmp(state->nodes[i].host, connection->host) == 0)
            return i;
    return -1;
}

uint32 configured_limit(const PoolNode &node) {
    const int setting = node.is_local ? guc::local_shared_pool_size : guc::max_shared_pool_size;
    if (setting < 0)
        return kUnlimited;
    const int standard = node.is_local ? std::max(MaxConnections / 2, 1) : MaxConnections;
    return static_cast<uint32>(setting == 0 ? standard : setting);
}

/// How many connections to a node all sessions may have. Of what the node takes, some are left to those that
/// are not counted here: recovery, the deadlock detector, node checks.
uint32 limit_of(const PoolNode &node) {
    uint32 limit = configured_limit(node);
    if (node.slots > 0)
        limit = std::min(limit, std::max<uint32>(node.slots - node.slots / 20 - 1, 1));
    if (node.full_until != 0 && GetCurrentTimestamp() < node.full_until)
        limit = std::min(limit, node.found_full_at);
    return limit;
}

/// The share of connections that only make statements faster. Apart from the others, so that who needs one
/// never waits for such.
uint32 optional_limit_of(const PoolNode &node) {
    return limit_of(node) / 4;
}

uint32 required_limit_of(const PoolNode &node) {
    return limit_of(node) - optional_limit_of(node);
}

/// Under the lock, exclusively.
void compute_ticket_limit() {
    uint32 limit = kUnlimited;
    const TimestampTz now = GetCurrentTimestamp();
    for (const PoolNode &node : state->nodes)
        if (node.port != 0 &&
            (read(node.open) > 0 || !TimestampDifferenceExceeds(node.used_at, now, kForgottenAfterMs)))
            limit = std::min(limit, required_limit_of(node));
    pg_atomic_write_u32(&state->ticket_limit, limit);
}

bool take_ticket_within_limit() {
    const uint32 limit = pg_atomic_read_u32(&state->ticket_limit);
    if (pg_atomic_fetch_add_u32(&state->tickets, 1) < limit)
        return true;
    pg_atomic_fetch_sub_u32(&state->tickets, 1);
    return false;
}

} // namespace

bool try_take_ticket() {
    if (has_ticket || state == nullptr)
        return true;
    join_pool();
    has_ticket = take_ticket_within_limit();
    if (has_ticket)
        return true;
    LWLockAcquire(state->lock, LW_EXCLUSIVE); // what made the limit small may be over
    compute_ticket_limit();
    LWLockRelease(state->lock);
    has_ticket = take_ticket_within_limit();
    return has_ticket;
}

void return_ticket() {
    if (std::exchange(has_ticket, false))
        pg_atomic_fetch_sub_u32(&state->tickets, 1);
}

bool try_reserve_slots(std::span<Connection *const> connections) {
    if (state == nullptr)
        return true;
    join_pool();
    bool possible = true;
    LWLockAcquire(state->lock, LW_EXCLUSIVE);
    std::array<uint16, kMaxNodes> more = {};
    for (Connection *connection : connections)
        if (connection->pool_slot < 0)
            if (const int index = node_index(connection); index >= 0) {
                const PoolNode &node = state->nodes[index];
                possible = possible &&
                           read(node.open) + ++more[static_cast<size_t>(index)] <= required_limit_of(node);
            }
    for (Connection *connection : connections) {
        if (!possible || connection->pool_slot >= 0)
            continue;
        const int index = node_index(connection);
        if (index < 0)
            continue;
        connection->pool_slot = index;
        connection->is_optional = false;
        pg_atomic_fetch_add_u32(&state->nodes[index].open, 1);
        state->nodes[index].used_at = GetCurrentTimestamp();
        self->held[index]++;
    }
    compute_ticket_limit();
    LWLockRelease(state->lock);
    return possible;
}

bool try_reserve_optional_slot(Connection *connection) {
    if (state == nullptr)
        return true;
    join_pool();
    LWLockAcquire(state->lock, LW_EXCLUSIVE);
    const int index = node_index(connection);
    bool possible = index >= 0;
    if (possible) {
        PoolNode &node = state->nodes[index];
        // Each session that works now may have work for a processor of that node.
        const uint32 busy = pg_atomic_read_u32(&state->tickets) + read(node.optional);
        possible = read(node.waiters) == 0 &&
                   read(node.optional) + read(node.peers) < optional_limit_of(node) &&
                   busy < static_cast<uint32>(guc::max_adaptive_executor_pool_size);
        if (possible) {
            connection->pool_slot = index;
            connection->is_optional = true;
            pg_atomic_fetch_add_u32(&node.optional, 1);
            self->held[index]++;
        }
    }
    LWLockRelease(state->lock);
    return possible;
}

bool try_reserve_peer_links(std::span<const PeerLinks> wanted) {
    if (state == nullptr)
        return true;
    join_pool();
    LWLockAcquire(state->lock, LW_EXCLUSIVE);
    const auto index_of = [](const PeerLinks &links) { return node_index(links.host, links.port, false); };
    const bool possible = std::all_of(wanted.begin(), wanted.end(), [&](const PeerLinks &links) {
        const int index = index_of(links);
        if (index < 0)
            return true;
        const PoolNode &node = state->nodes[index];
        return read(node.waiters) == 0 &&
               read(node.optional) + read(node.peers) + static_cast<uint32>(links.count) <=
                   optional_limit_of(node);
    });
    for (const PeerLinks &links : wanted) {
        const int index = possible ? index_of(links) : -1;
        if (index < 0)
            continue;
        pg_atomic_fetch_add_u32(&state->nodes[index].peers, links.count);
        peer_links[static_cast<size_t>(index)] =
            static_cast<uint16>(peer_links[static_cast<size_t>(index)] + links.count);
        has_peer_links = true;
    }
    LWLockRelease(state->lock);
    return possible;
}

void release_peer_links() {
    if (!std::exchange(has_peer_links, false))
        return;
    for (size_t i = 0; i < kMaxNodes; i++)
        if (const uint16 count = std::exchange(peer_links[i], uint16{0}); count > 0)
            pg_atomic_fetch_sub_u32(&state->nodes[i].peers, count);
}

void release_slot(Connection *connection) {
    const int index = std::exchange(connection->pool_slot, -1);
    if (index < 0 || self == nullptr)
        return;
    PoolNode &node = state->nodes[index];
    self->held[index]--;
    pg_atomic_fetch_sub_u32(connection->is_optional ? &node.optional : &node.open, 1);
}

void note_node_slots(const Connection *connection, int slots) {
    if (state == nullptr || slots <= 0 || connection->pool_slot < 0)
        return;
    PoolNode &node = state->nodes[connection->pool_slot];
    if (node.slots == static_cast<uint32>(slots))
        return;
    LWLockAcquire(state->lock, LW_EXCLUSIVE);
    node.slots = static_cast<uint32>(slots);
    compute_ticket_limit();
    LWLockRelease(state->lock);
}

void note_node_is_full(Connection *connection) {
    release_slot(connection);
    LWLockAcquire(state->lock, LW_EXCLUSIVE);
    if (const int index = node_index(connection); index >= 0) {
        PoolNode &node = state->nodes[index];
        node.found_full_at = std::max<uint32>(pg_atomic_read_u32(&node.open), 1);
        node.full_until = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), kFullForSeconds * 1000);
        compute_ticket_limit();
    }
    LWLockRelease(state->lock);
}

bool is_wanted_by_others(const Connection *connection) {
    const int index = connection->pool_slot;
    if (index < 0)
        return false;
    const uint32 own = waiting[static_cast<size_t>(index)] ? 1 : 0;
    return pg_atomic_read_u32(&state->nodes[index].waiters) > own;
}

void begin_waiting_for_slots(std::span<Connection *const> connections) {
    is_waiting = true;
    LWLockAcquire(state->lock, LW_EXCLUSIVE);
    for (const Connection *connection : connections) {
        const int index = connection->pool_slot >= 0 ? -1 : node_index(connection);
        if (index < 0 || std::exchange(waiting[static_cast<size_t>(index)], true))
            continue;
        pg_atomic_fetch_add_u32(&state->nodes[index].waiters, 1);
    }
    LWLockRelease(state->lock);
}

void end_waiting_for_slots() {
    if (!std::exchange(is_waiting, false))
        return;
    for (size_t i = 0; i < kMaxNodes; i++)
        if (std::exchange(waiting[i], false))
            pg_atomic_fetch_sub_u32(&state->nodes[i].waiters, 1);
}

namespace {

/// Makes some sessions that are between transactions run an empty one, at whose end they give back what is
/// wanted (trim_connections). The server itself wakes idle sessions so, to make them catch up on
/// invalidations.
void ask_idle_sessions(int index) {
    std::array<std::pair<int, BackendId>, kAskedAtOnce> asked;
    size_t count = 0;
    LWLockAcquire(state->lock, LW_SHARED);
    for (int i = 0; i < MaxBackends && count < asked.size(); i++) {
        next_asked = (next_asked + 1) % MaxBackends;
        const PoolBackend &backend = state->backends[next_asked];
        if (&backend != self && backend.pid != 0 && backend.idle && backend.held[index] > 0)
            asked[count++] = {backend.pid, backend.backend};
    }
    LWLockRelease(state->lock);
    for (size_t i = 0; i < count; i++)
        SendProcSignal(asked[i].first, PROCSIG_CATCHUP_INTERRUPT, asked[i].second);
}

} // namespace

void wait_a_moment_for_slots(std::span<Connection *const> connections) {
    uint32 crowd = 0;
    for (const Connection *connection : connections) {
        const int index = connection->pool_slot < 0 ? find_node(connection) : -1;
        if (index < 0)
            continue;
        ask_idle_sessions(index);
        crowd = std::max(crowd, read(state->nodes[index].waiters));
    }
    // All together look about as often as a few would.
    constexpr uint32 kFew = 8;
    const uint64 pause = (5 + pg_prng_uint64_range(&pg_global_prng_state, 0, 15)) * (1 + crowd / kFew);
    WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, static_cast<long>(pause),
              PG_WAIT_EXTENSION);
    ResetLatch(MyLatch);
    CHECK_FOR_INTERRUPTS();
}

void set_session_idle(bool idle) {
    if (self != nullptr)
        self->idle = idle;
}

pg_atomic_uint32 *client_counter() {
    return &state->clients;
}

void install_pool() {
    add_shared_memory({kName, state_size, attach_memory});
}

} // namespace citus
