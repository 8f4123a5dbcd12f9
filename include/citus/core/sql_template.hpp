/// Cuts a deparsed SQL text at the names of relations, so that the SQL of each shard is a concatenation.
///
/// The text comes from the server's deparser, its tokens from the server's scanner. Every alias of the text
/// is unique and differs from every schema and column name in it; so `schema.name` that names a known
/// relation is that relation and nothing else, unless it is a type (after `::`), a collation (after COLLATE)
/// or a longer name. Whole rows (`t1.*::schema.table`) become a reference by the alias alone (`t1`), because
/// the row type of a shard is another one. Server-free.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace citus::core {

enum class TokenKind : uint8_t {
    Name,     ///< identifier, quoted or not, or a keyword
    Dot,      ///< .
    Star,     ///< *
    Typecast, ///< ::
    Collate,  ///< the keyword COLLATE
    Other,
};

struct SqlToken {
    TokenKind kind;
    std::string_view value; ///< of a Name: without quotes
    size_t start;           ///< offset of the first byte in the text
    size_t end;             ///< offset behind the last byte, or a bit further within white space
};

struct RelationName {
    std::string_view schema;
    std::string_view name;
};

struct SqlTemplate {
    std::pmr::vector<std::pmr::string> parts; ///< one more than slots
    std::pmr::vector<size_t> slots; ///< which of the known relations stands between parts i and i + 1
};

/// Cuts the text. aliases are those of whole-row references.
SqlTemplate cut_sql(std::string_view text, std::span<const SqlToken> tokens,
                    std::span<const RelationName> relations, std::span<const std::string_view> aliases);

/// Offsets in a text.
struct TextSpan {
    size_t begin;
    size_t end;
};

/// What stands in the first parentheses of a text; nothing when they are not closed.
std::optional<TextSpan> first_parentheses(std::string_view text, std::span<const SqlToken> tokens);

} // namespace citus::core
