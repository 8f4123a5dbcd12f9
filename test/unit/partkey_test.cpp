#include "citus/core/partkey.hpp"

#include <gtest/gtest.h>

using citus::core::parse_partkey;

TEST(Partkey, ReadsTheAttributeNumber) {
    EXPECT_EQ(parse_partkey("{VAR :varno 1 :varattno 2 :vartype 23 :vartypmod -1 :varcollid 0 :varlevelsup 0 "
                            ":varnosyn 1 :varattnosyn 2 :location -1}"),
              2);
    EXPECT_EQ(parse_partkey("{VAR :varno 1 :varattno 1600}"), 1600);
}

TEST(Partkey, RefusesEverythingElse) {
    for (const char *text :
         {"", "{", "}", "{VAR }", "{VAR :varattno }", "{VAR :varattno x}", "{VAR :varattno 0 }",
          "{VAR :varattno -1 }", "{VAR :varattno 1601 }", "{VAR :varattno 99999999999 }", "{VAR :varattno 2",
          "{CONST :varattno 2 }", "{VAR :varattno 2x }"})
        EXPECT_FALSE(parse_partkey(text)) << text;
}
