#include "citus/core/hash_ranges.hpp"

#include <gtest/gtest.h>

using citus::core::find_range;
using citus::core::split_hash_space;

TEST(HashRanges, ThirtyTwoShardsHaveTheDocumentedBounds) {
    auto ranges = split_hash_space(32);
    ASSERT_EQ(ranges.size(), 32u);
    EXPECT_EQ(ranges[0].min, INT32_MIN);
    EXPECT_EQ(ranges[0].max, -2013265921);
    EXPECT_EQ(ranges[1].min, -2013265920);
    EXPECT_EQ(ranges[1].max, -1879048193);
    EXPECT_EQ(ranges[31].max, INT32_MAX);
}

TEST(HashRanges, TheLastRangeTakesTheRemainder) {
    auto ranges = split_hash_space(5);
    EXPECT_EQ(ranges[0].max, -1288490190);
    EXPECT_EQ(ranges[4].min, 1288490188 - 0);
    EXPECT_EQ(ranges[4].max, INT32_MAX);
}

TEST(HashRanges, RangesTouchForEveryCount) {
    for (int n : {1, 2, 3, 7, 32, 100, 64000}) {
        auto ranges = split_hash_space(n);
        EXPECT_EQ(ranges.front().min, INT32_MIN);
        EXPECT_EQ(ranges.back().max, INT32_MAX);
        for (size_t i = 1; i < ranges.size(); i++)
            EXPECT_EQ(int64_t{ranges[i - 1].max} + 1, ranges[i].min);
    }
}

TEST(HashRanges, FindRange) {
    std::vector<int32_t> minimums{-100, 0, 50};
    EXPECT_EQ(find_range(minimums, -101), -1);
    EXPECT_EQ(find_range(minimums, -100), 0);
    EXPECT_EQ(find_range(minimums, -1), 0);
    EXPECT_EQ(find_range(minimums, 0), 1);
    EXPECT_EQ(find_range(minimums, INT32_MAX), 2);
}
