#include "citus/core/shard_name.hpp"

#include <gtest/gtest.h>

using citus::core::clip_utf8;
using citus::core::shard_object_name;

namespace {

uint32_t fixed_hash(const unsigned char *, int) {
    return 0x0c3d8d27;
}
constexpr citus::core::NameFunctions kFunctions{fixed_hash, clip_utf8};

std::string name_of(std::string_view name, int64_t id) {
    return std::string(shard_object_name(name, id, kFunctions));
}

} // namespace

TEST(ShardName, ShortNamesGetTheId) {
    EXPECT_EQ(name_of("orders", 102553), "orders_102553");
    EXPECT_EQ(name_of("Weird Name", 1), "Weird Name_1");
    EXPECT_EQ(name_of("t", INT64_MAX), "t_9223372036854775807");
}

TEST(ShardName, SixtyThreeBytesNeedNoHash) {
    const std::string name(56, 'x');
    EXPECT_EQ(name_of(name, 102114), name + "_102114");
    EXPECT_EQ(name_of(name, 102114).size(), 63u);
}

TEST(ShardName, LongNamesGetTheHashAndSixtyThreeBytes) {
    const std::string name(57, 'x');
    EXPECT_EQ(name_of(name, 102114), std::string(47, 'x') + "_0c3d8d27_102114");
    EXPECT_EQ(name_of(name, 102114).size(), 63u);
    EXPECT_EQ(name_of(std::string(63, 'x'), INT64_MAX).size(), 63u);
}

TEST(ShardName, CutsOnACharacterBoundary) {
    // 46 bytes, then characters of two bytes: byte 47 would be the middle of one.
    std::string name(46, 'x');
    for (int i = 0; i < 8; i++)
        name += "\u00e9";
    EXPECT_EQ(name_of(name, 102114), std::string(46, 'x') + "_0c3d8d27_102114");
}

TEST(ShardName, ClipUtf8) {
    EXPECT_EQ(clip_utf8("abc", 3, 5), 3);
    EXPECT_EQ(clip_utf8("abc", 3, 3), 3);
    EXPECT_EQ(clip_utf8("abc", 3, 2), 2);
    EXPECT_EQ(clip_utf8("a\xf0\x9f\x98\x80", 5, 4), 1);
    EXPECT_EQ(clip_utf8("\xf0\x9f\x98\x80\xf0\x9f\x98\x80", 8, 5), 4);
    EXPECT_EQ(clip_utf8("\xf0\x9f\x98\x80", 4, 2), 0);
}
