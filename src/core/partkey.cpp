#include "citus/core/partkey.hpp"

#include <charconv>

namespace citus::core {

std::optional<int> parse_partkey(std::string_view text) {
    constexpr std::string_view kStart = "{VAR ";
    constexpr std::string_view kField = " :varattno ";
    constexpr int kMaxColumns = 1600;
    const auto field = text.find(kField);
    if (!text.starts_with(kStart) || !text.ends_with('}') || field == std::string_view::npos)
        return std::nullopt;
    const char *begin = text.data() + field + kField.size();
    const char *end = text.data() + text.size();
    int number = 0;
    const auto [stop, error] = std::from_chars(begin, end, number);
    if (error != std::errc() || (*stop != ' ' && *stop != '}') || number < 1 || number > kMaxColumns)
        return std::nullopt;
    return number;
}

} // namespace citus::core
