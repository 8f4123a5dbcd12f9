#include "citus/core/sql_template.hpp"

#include <algorithm>

namespace citus::core {

namespace {

class Cutter {
public:
    Cutter(std::string_view text, std::span<const SqlToken> tokens, std::span<const RelationName> relations,
           std::span<const std::string_view> aliases)
        : text_(text), tokens_(tokens), relations_(relations), aliases_(aliases) {
        result_.parts.emplace_back();
    }

    SqlTemplate run() {
        size_t i = 0;
        while (i < tokens_.size()) {
            if (is_relation_at(i))
                i = cut_relation(i);
            else if (is_whole_row_at(i))
                i = cut_whole_row(i);
            else
                i++;
        }
        copy_until(text_.size());
        return std::move(result_);
    }

private:
    TokenKind kind(size_t i) const { return i < tokens_.size() ? tokens_[i].kind : TokenKind::Other; }

    /// Whether the token before is one that makes a qualified name something else than a relation.
    bool starts_other_name(size_t i) const {
        if (i == 0)
            return false;
        const TokenKind before = kind(i - 1);
        return before == TokenKind::Dot || before == TokenKind::Typecast || before == TokenKind::Collate;
    }

    size_t find_relation(size_t i) const {
        const auto found =
            std::find_if(relations_.begin(), relations_.end(), [&](const RelationName &relation) {
                return relation.schema == tokens_[i].value && relation.name == tokens_[i + 2].value;
            });
        return static_cast<size_t>(found - relations_.begin());
    }

    bool is_relation_at(size_t i) const {
        return kind(i) == TokenKind::Name && kind(i + 1) == TokenKind::Dot &&
               kind(i + 2) == TokenKind::Name && kind(i + 3) != TokenKind::Dot && !starts_other_name(i) &&
               find_relation(i) < relations_.size();
    }

    bool is_whole_row_at(size_t i) const {
        return kind(i) == TokenKind::Name && kind(i + 1) == TokenKind::Dot &&
               kind(i + 2) == TokenKind::Star && !starts_other_name(i) &&
               std::find(aliases_.begin(), aliases_.end(), tokens_[i].value) != aliases_.end();
    }

    size_t cut_relation(size_t i) {
        copy_until(tokens_[i].start);
        result_.slots.push_back(find_relation(i));
        result_.parts.emplace_back();
        copied_ = tokens_[i + 2].start + name_length(i + 2);
        return i + 3;
    }

    /// Keeps the alias, drops `.*` and the cast to the row type.
    size_t cut_whole_row(size_t i) {
        copy_until(tokens_[i].start + name_length(i));
        size_t next = i + 3;
        if (kind(next) == TokenKind::Typecast && kind(next + 1) == TokenKind::Name) {
            next += 2;
            if (kind(next) == TokenKind::Dot && kind(next + 1) == TokenKind::Name)
                next += 2;
        }
        const size_t last = next - 1;
        copied_ =
            kind(last) == TokenKind::Star ? tokens_[last].start + 1 : tokens_[last].start + name_length(last);
        return next;
    }

    /// Length of a name in the text, with its quotes and without white space behind it.
    size_t name_length(size_t i) const {
        size_t end = std::min(tokens_[i].end, text_.size());
        while (end > tokens_[i].start && (text_[end - 1] == ' ' || text_[end - 1] == '\n'))
            end--;
        return end - tokens_[i].start;
    }

    void copy_until(size_t end) {
        result_.parts.back().append(text_.substr(copied_, end - copied_));
        copied_ = end;
    }

    std::string_view text_;
    std::span<const SqlToken> tokens_;
    std::span<const RelationName> relations_;
    std::span<const std::string_view> aliases_;
    SqlTemplate result_;
    size_t copied_ = 0;
};

} // namespace

SqlTemplate cut_sql(std::string_view text, std::span<const SqlToken> tokens,
                    std::span<const RelationName> relations, std::span<const std::string_view> aliases) {
    return Cutter(text, tokens, relations, aliases).run();
}

std::optional<TextSpan> first_parentheses(std::string_view text, std::span<const SqlToken> tokens) {
    size_t begin = 0;
    int depth = 0;
    for (const SqlToken &token : tokens) {
        if (token.kind != TokenKind::Other)
            continue;
        if (text[token.start] == '(' && depth++ == 0)
            begin = token.start + 1;
        else if (text[token.start] == ')' && --depth == 0)
            return TextSpan{begin, token.start};
    }
    return std::nullopt;
}

} // namespace citus::core
