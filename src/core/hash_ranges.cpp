#include "citus/core/hash_ranges.hpp"

#include <algorithm>

namespace citus::core {

std::pmr::vector<HashRange> split_hash_space(int shard_count) {
    constexpr int64_t kFirst = INT32_MIN;
    const int64_t width = (int64_t{1} << 32) / shard_count;
    std::pmr::vector<HashRange> ranges(static_cast<size_t>(shard_count));
    for (int i = 0; i < shard_count; i++) {
        const int64_t low = kFirst + i * width;
        const int64_t high = i == shard_count - 1 ? INT32_MAX : low + width - 1;
        ranges[static_cast<size_t>(i)] = {static_cast<int32_t>(low), static_cast<int32_t>(high)};
    }
    return ranges;
}

int find_range(std::span<const int32_t> sorted_minimums, int32_t hash) {
    auto above = std::upper_bound(sorted_minimums.begin(), sorted_minimums.end(), hash);
    return static_cast<int>(above - sorted_minimums.begin()) - 1;
}

} // namespace citus::core
