#include "citus/core/sql_template.hpp"

#include <cctype>
#include <gtest/gtest.h>

namespace {

using namespace citus::core;

/// A small scanner for the tests: names, quoted names, strings and the signs the cutter looks at.
std::vector<SqlToken> scan(std::string_view text) {
    std::vector<SqlToken> tokens;
    size_t i = 0;
    while (i < text.size()) {
        const size_t start = i;
        const auto is_word = [&](size_t at) {
            return at < text.size() &&
                   (std::isalnum(static_cast<unsigned char>(text[at])) || text[at] == '_');
        };
        if (text[i] == ' ') {
            i++;
            continue;
        }
        if (text[i] == '\'' || text[i] == '"') {
            i = text.find(text[start], i + 1) + 1;
            const bool name = text[start] == '"';
            tokens.push_back({name ? TokenKind::Name : TokenKind::Other,
                              name ? text.substr(start + 1, i - start - 2) : std::string_view(), start, i});
        } else if (is_word(i)) {
            while (is_word(i))
                i++;
            const auto word = text.substr(start, i - start);
            tokens.push_back({word == "COLLATE" ? TokenKind::Collate : TokenKind::Name, word, start, i});
        } else if (text.substr(i, 2) == "::") {
            i += 2;
            tokens.push_back({TokenKind::Typecast, {}, start, i});
        } else {
            i++;
            const TokenKind kind = text[start] == '.'   ? TokenKind::Dot
                                   : text[start] == '*' ? TokenKind::Star
                                                        : TokenKind::Other;
            tokens.push_back({kind, {}, start, i});
        }
    }
    return tokens;
}

std::string cut(std::string_view text) {
    const RelationName relations[] = {{"public", "orders"}, {"My Schema", "Order Lines"}};
    const std::string_view aliases[] = {"t1", "t2"};
    const auto tokens = scan(text);
    const SqlTemplate result = cut_sql(text, tokens, relations, aliases);
    EXPECT_EQ(result.parts.size(), result.slots.size() + 1);
    std::string joined(result.parts[0]);
    for (size_t i = 0; i < result.slots.size(); i++)
        joined += "<" + std::to_string(result.slots[i]) + ">" + std::string(result.parts[i + 1]);
    return joined;
}

TEST(SqlTemplate, CutsAtRelations) {
    EXPECT_EQ(cut("SELECT t1.id FROM public.orders t1"), "SELECT t1.id FROM <0> t1");
    EXPECT_EQ(cut("UPDATE public.orders t1 SET a = t2.b FROM \"My Schema\".\"Order Lines\" t2"),
              "UPDATE <0> t1 SET a = t2.b FROM <1> t2");
    EXPECT_EQ(cut("public.orders"), "<0>");
}

TEST(SqlTemplate, LeavesOtherThingsOfTheSameName) {
    for (const char *text :
         {"SELECT 'public.orders'", "SELECT x::public.orders", "SELECT (t1.x).public.orders",
          "SELECT public.orders.id", "SELECT a COLLATE public.orders", "SELECT public.other"})
        EXPECT_EQ(cut(text), text);
}

TEST(SqlTemplate, LeavesTextWithoutRelations) {
    EXPECT_EQ(cut("SELECT 1"), "SELECT 1");
}

TEST(SqlTemplate, WholeRowsLoseTheirType) {
    EXPECT_EQ(cut("SELECT t1.*::public.orders AS t FROM public.orders t1"), "SELECT t1 AS t FROM <0> t1");
    EXPECT_EQ(cut("SELECT count(t2.*), t2.*::record FROM x t2"), "SELECT count(t2), t2 FROM x t2");
    EXPECT_EQ(cut("SELECT count(*), a.* FROM public.orders a"), "SELECT count(*), a.* FROM <0> a");
}

} // namespace
