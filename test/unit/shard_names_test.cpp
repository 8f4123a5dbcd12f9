#include "citus/core/shard_names.hpp"

#include <gtest/gtest.h>

namespace citus::core {
namespace {

/// Knows the shard 102008 of the table orders, with the index orders_pkey and the constraint fk_user, of the
/// table "Mixed Name", and one clipped name.
bool look_up(void *, std::string_view stem, bool clipped, int64_t id, std::string_view physical,
             std::pmr::string &logical) {
    if (id != 102008)
        return false;
    if (stem == "orders" || stem == "orders_pkey" || stem == "fk_user" || stem == "Mixed Name" ||
        stem == "größe") {
        logical = stem;
        return true;
    }
    if (clipped && physical == "a2345678901234567890123456789012345678901234567_c63d8d27_102008") {
        logical = "a23456789012345678901234567890123456789012345678901234567890";
        return true;
    }
    return false;
}

std::pmr::string map(std::string_view text, bool is_detail = false) {
    return map_shard_names(text, is_detail, look_up, nullptr);
}

TEST(ShardNames, MapsTablesAndConstraints) {
    EXPECT_EQ(
        map("insert or update on table \"orders_102008\" violates foreign key constraint \"fk_user_102008\""),
        "insert or update on table \"orders\" violates foreign key constraint \"fk_user\"");
    EXPECT_EQ(map("permission denied for table orders_102008"), "permission denied for table orders");
    EXPECT_EQ(map("relation \"public.orders_102008\" does not exist"),
              "relation \"public.orders\" does not exist");
    EXPECT_EQ(map("Relation »größe_102008« existiert nicht"), "Relation »größe« existiert nicht");
    EXPECT_EQ(map("\"Mixed Name_102008\" is not empty"), "\"Mixed Name\" is not empty");
    EXPECT_EQ(map("orders_102008"), "orders");
}

TEST(ShardNames, LeavesWhatIsNotAShard) {
    for (const char *text :
         {"orders_102009", "orders_0102008", "orders102008", "_102008", "orders_pkey2_102008",
          "division by zero", "", "\"", "orders_99999999999999999999", "value \"a b\" is no \"c d\""})
        EXPECT_EQ(map(text), text);
    EXPECT_EQ(map("\"orders_102008"), "\"orders");
}

TEST(ShardNames, MapsClippedNames) {
    EXPECT_EQ(map("table \"a2345678901234567890123456789012345678901234567_c63d8d27_102008\" is full"),
              "table \"a23456789012345678901234567890123456789012345678901234567890\" is full");
    EXPECT_EQ(map("table \"a2345678901234567890123456789012345678901234567_c63d8d28_102008\" is full"),
              "table \"a2345678901234567890123456789012345678901234567_c63d8d28_102008\" is full");
}

TEST(ShardNames, LeavesDataInDetails) {
    EXPECT_EQ(map("Key (user_id)=(orders_102008) is not present in table \"orders_102008\".", true),
              "Key (user_id)=(orders_102008) is not present in table \"orders\".");
    EXPECT_EQ(map("Key (a)=(x) y) is still referenced from table \"orders_102008\".", true),
              "Key (a)=(x) y) is still referenced from table \"orders\".");
    EXPECT_EQ(map("Failing row contains (1, (orders_102008), \"orders_102008\").", true),
              "Failing row contains (1, (orders_102008), \"orders_102008\").");
    EXPECT_EQ(map("Key (a)=(orders_102008", true), "Key (a)=(orders_102008");
}

TEST(ShardNames, ShortensConnectionErrors) {
    EXPECT_EQ(short_connection_error(
                  "connection to server at \"10.0.0.1\", port 5432 failed: Connection refused\n\t"
                  "Is the server running on that host and accepting TCP/IP connections?\n"),
              "Connection refused");
    EXPECT_EQ(
        short_connection_error("connection to server at \"h\" (::1), port 1 failed: FATAL:  no such role\n"),
        "FATAL:  no such role");
    EXPECT_EQ(short_connection_error("server closed the connection unexpectedly\n\tThis probably"),
              "server closed the connection unexpectedly");
    EXPECT_EQ(short_connection_error(""), "");
}

} // namespace
} // namespace citus::core
