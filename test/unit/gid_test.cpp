#include "citus/core/gid.hpp"

#include <gtest/gtest.h>

using citus::core::format_gid;
using citus::core::Gid;
using citus::core::parse_gid;

TEST(Gid, IsWrittenAsDocumented) {
    EXPECT_EQ(format_gid({0, 4711, 12, 3}), "citus_0_4711_12_3");
}

TEST(Gid, ReadsWhatItWrote) {
    for (Gid gid : {Gid{0, 1, 0, 0}, Gid{2147483647, 2147483647, 18446744073709551615ull, 4294967295u}})
        EXPECT_EQ(parse_gid(format_gid(gid)), gid);
}

TEST(Gid, RefusesOtherNames) {
    for (const char *name : {"", "citus", "citus_", "citus_0_1_2", "citus_0_1_2_3_4", "citus_0_1_2_3 ",
                             "citus_0_01_2_3", "citus_-1_1_2_3", "citus_0_1_2_+3", "citus_0_1_2_x",
                             "Citus_0_1_2_3", "citus_0__2_3", "citus_99999999999_1_2_3", "citus0_1_2_3"})
        EXPECT_FALSE(parse_gid(name)) << name;
}
