#include "citus/core/numeric_state.hpp"

#include <gtest/gtest.h>

#include <string>

namespace citus::core {
namespace {

std::string big_endian(uint64_t value, int bytes) {
    std::string out;
    for (int i = bytes - 1; i >= 0; i--)
        out.push_back(static_cast<char>(value >> (8 * i)));
    return out;
}

std::string number(int32_t digits, int32_t weight, int32_t sign, int32_t scale,
                   std::initializer_list<int> values) {
    std::string out =
        big_endian(static_cast<uint32_t>(digits), 4) + big_endian(static_cast<uint32_t>(weight), 4) +
        big_endian(static_cast<uint32_t>(sign), 4) + big_endian(static_cast<uint32_t>(scale), 4);
    for (int value : values)
        out += big_endian(static_cast<uint64_t>(value), 2);
    return out;
}

const std::string kCount = big_endian(3, 8);
const std::string kCounters(36, '\0');
const std::string kGood = number(2, 1, 0, 0, {12, 9999});

TEST(NumericState, TakesWhatTheServerWrites) {
    EXPECT_TRUE(is_numeric_state(kCount + kGood, {1, false}));
    EXPECT_TRUE(is_numeric_state(kCount + kGood + kGood, {2, false}));
    EXPECT_TRUE(is_numeric_state(kCount + kGood + kCounters, {1, true}));
    EXPECT_TRUE(is_numeric_state(kCount + number(1, -5, 0x4000, 24, {1}) + kCounters, {1, true}));
    EXPECT_TRUE(is_numeric_state(kCount + number(0, 0, 0, 0, {}), {1, false}));
}

TEST(NumericState, RefusesOtherLengths) {
    EXPECT_FALSE(is_numeric_state("", {1, false}));
    EXPECT_FALSE(is_numeric_state(kCount, {1, false}));
    EXPECT_FALSE(is_numeric_state(kCount + kGood, {2, false}));
    EXPECT_FALSE(is_numeric_state(kCount + kGood + "x", {1, false}));
    EXPECT_FALSE(is_numeric_state(kCount + kGood, {1, true}));
    EXPECT_FALSE(is_numeric_state(kCount + kGood.substr(0, kGood.size() - 1), {1, false}));
}

TEST(NumericState, RefusesForgedParts) {
    EXPECT_FALSE(is_numeric_state(kCount + number(-1, 0, 0, 0, {}), {1, false}));
    EXPECT_FALSE(is_numeric_state(kCount + number(1 << 30, 0, 0, 0, {}), {1, false}));
    EXPECT_FALSE(is_numeric_state(kCount + number(1, INT32_MIN, 0, 0, {1}), {1, false}));
    EXPECT_FALSE(is_numeric_state(kCount + number(1, INT32_MAX, 0, 0, {1}), {1, false}));
    EXPECT_FALSE(is_numeric_state(kCount + number(1, 0, 0xC000, 0, {1}), {1, false}));
    EXPECT_FALSE(is_numeric_state(kCount + number(1, 0, 0, -1, {1}), {1, false}));
    EXPECT_FALSE(is_numeric_state(kCount + number(1, 0, 0, 1 << 20, {1}), {1, false}));
    EXPECT_FALSE(is_numeric_state(kCount + number(1, 0, 0, 0, {10000}), {1, false}));
    EXPECT_FALSE(is_numeric_state(kCount + number(1, 0, 0, 0, {-1}), {1, false}));
}

} // namespace
} // namespace citus::core
