#include "citus/core/shard_names.hpp"

namespace citus::core {

namespace {

constexpr size_t kNameBytes = 63;
constexpr size_t kHashDigits = 8;
constexpr size_t kMaxIdDigits = 18;

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

/// Bytes of an unquoted identifier; bytes above 127 belong to letters of other scripts.
bool is_name_byte(char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
           static_cast<unsigned char>(c) >= 0x80;
}

/// Bytes of a quotation mark of another language (UTF-8) that the text begins with, or 0.
size_t foreign_quote_bytes(std::string_view text) {
    if (text.starts_with("\xC2\xAB") || text.starts_with("\xC2\xBB")) // guillemets
        return 2;
    if (text.starts_with("\xE2\x80") && text.size() > 2) // general punctuation: curly quotes
        return 3;
    if (text.starts_with("\xE3\x80") && text.size() > 2) // CJK brackets
        return 3;
    return 0;
}

/// Splits `stem_<id>`; the id has no leading zero.
bool split_id(std::string_view name, std::string_view &stem, int64_t &id) {
    size_t start = name.size();
    while (start > 0 && is_digit(name[start - 1]))
        start--;
    const size_t digits = name.size() - start;
    if (digits == 0 || digits > kMaxIdDigits || start < 2 || name[start - 1] != '_' || name[start] == '0')
        return false;
    id = 0;
    for (char c : name.substr(start))
        id = id * 10 + (c - '0');
    stem = name.substr(0, start - 1);
    return true;
}

/// Whether a name may have been cut: `<cut>_<8 hex digits>` before the id. A cut falls on a character
/// boundary, so the whole may be some bytes shorter than the limit.
bool looks_clipped(std::string_view stem, size_t whole_size) {
    if (whole_size + 3 < kNameBytes || stem.size() <= kHashDigits ||
        stem[stem.size() - kHashDigits - 1] != '_')
        return false;
    for (char c : stem.substr(stem.size() - kHashDigits))
        if (!is_digit(c) && !(c >= 'a' && c <= 'f'))
            return false;
    return true;
}

class Mapper {
public:
    Mapper(std::string_view text, bool is_detail, LogicalNameLookup lookup, void *state)
        : text_(text), is_detail_(is_detail), lookup_(lookup), state_(state) {}

    std::pmr::string run() {
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (is_detail_ && c == '(') {
                copy_parenthesised();
            } else if (c == '"' && map_quoted()) {
                continue;
            } else if (const size_t quote = foreign_quote_bytes(text_.substr(at_))) {
                out_.append(text_.substr(at_, quote));
                at_ += quote;
            } else if (is_name_byte(c)) {
                map_word();
            } else {
                out_.push_back(c);
                at_++;
            }
        }
        return std::move(out_);
    }

private:
    /// Data: up to the last parenthesis that may close it. `Key (a)=(x) already exists` has two of them.
    void copy_parenthesised() {
        size_t end = text_.find(')', at_);
        if (text_.substr(0, at_).ends_with("=") || text_.substr(0, at_).ends_with("contains "))
            end = end_of_values();
        if (end == std::string_view::npos || end < at_)
            end = text_.size() - 1;
        out_.append(text_.substr(at_, end + 1 - at_));
        at_ = end + 1;
    }

    /// Values may hold parentheses themselves: the last `)` that is followed by the words of a message.
    size_t end_of_values() const {
        for (std::string_view words : {") already exists", ") is not present", ") is still referenced",
                                       ") conflicts with", ") is duplicated"}) {
            const size_t found = text_.rfind(words);
            if (found != std::string_view::npos && found > at_)
                return found;
        }
        return text_.rfind(')');
    }

    bool replace(std::string_view name) {
        std::string_view stem;
        int64_t id;
        if (!split_id(name, stem, id))
            return false;
        std::pmr::string logical;
        if (!lookup_(state_, stem, looks_clipped(stem, name.size()), id, name, logical))
            return false;
        out_.append(logical);
        return true;
    }

    /// A name in double quotes that holds other than name bytes ("Mixed Name_102008"), or schema.name.
    bool map_quoted() {
        const size_t close = text_.find('"', at_ + 1);
        if (close == std::string_view::npos)
            return false;
        const std::string_view inside = text_.substr(at_ + 1, close - at_ - 1);
        const size_t before = out_.size();
        out_.push_back('"');
        if (replace(inside)) {
            at_ = close;
        } else {
            const size_t dot = inside.rfind('.');
            if (dot == std::string_view::npos) {
                out_.resize(before);
                return copy_quote();
            }
            out_.append(inside.substr(0, dot + 1));
            if (!replace(inside.substr(dot + 1))) {
                out_.resize(before);
                return copy_quote();
            }
            at_ = close;
        }
        out_.push_back('"');
        at_++;
        return true;
    }

    bool copy_quote() {
        out_.push_back('"');
        at_++;
        return true;
    }

    void map_word() {
        size_t end = at_;
        while (end < text_.size() && is_name_byte(text_[end]) && foreign_quote_bytes(text_.substr(end)) == 0)
            end++;
        const std::string_view word = text_.substr(at_, end - at_);
        at_ = end;
        if (!replace(word))
            out_.append(word);
    }

    std::string_view text_;
    bool is_detail_;
    LogicalNameLookup lookup_;
    void *state_;
    size_t at_ = 0;
    std::pmr::string out_;
};

} // namespace

std::pmr::string map_shard_names(std::string_view text, bool is_detail, LogicalNameLookup lookup,
                                 void *state) {
    return Mapper(text, is_detail, lookup, state).run();
}

std::string_view short_connection_error(std::string_view text) {
    if (text.starts_with("connection to server")) {
        const size_t found = text.find(" failed: ");
        if (found != std::string_view::npos)
            text.remove_prefix(found + 9);
    }
    text = text.substr(0, text.find('\n'));
    while (!text.empty() && (text.back() == ' ' || text.back() == '\r'))
        text.remove_suffix(1);
    return text;
}

} // namespace citus::core
