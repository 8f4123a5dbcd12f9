/// The int32 hash space and how it is cut into shards. Server-free.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <vector>

namespace citus::core {

struct HashRange {
    int32_t min, max; ///< both inclusive
};

/// Cuts [-2^31, 2^31) into shard_count ranges of floor(2^32 / shard_count) values; the last one takes the
/// remainder. shard_count is at least 1.
std::pmr::vector<HashRange> split_hash_space(int shard_count);

/// Index of the last minimum that is not above the hash; -1 when the hash lies below all of them.
int find_range(std::span<const int32_t> sorted_minimums, int32_t hash);

} // namespace citus::core
