#include "citus/core/gid.hpp"

#include <charconv>
#include <cstdio>

namespace citus::core {

std::pmr::string format_gid(const Gid &gid) {
    char name[80];
    int length = std::snprintf(name, sizeof(name), "citus_%d_%d_%llu_%u", gid.group, gid.pid,
                               static_cast<unsigned long long>(gid.transaction), gid.connection);
    return {name, static_cast<size_t>(length)};
}

namespace {

/// Reads `_<number>` off the front of the text.
template <typename Number>
bool take_number(std::string_view &text, Number &value) {
    if (text.empty() || text[0] != '_')
        return false;
    const char *begin = text.data() + 1, *end = text.data() + text.size();
    auto [rest, error] = std::from_chars(begin, end, value);
    if (error != std::errc{})
        return false;
    text = {rest, static_cast<size_t>(end - rest)};
    return true;
}

} // namespace

std::optional<Gid> parse_gid(std::string_view name) {
    constexpr std::string_view kPrefix = "citus";
    if (!name.starts_with(kPrefix))
        return std::nullopt;
    std::string_view rest = name.substr(kPrefix.size());
    Gid gid;
    if (!take_number(rest, gid.group) || !take_number(rest, gid.pid) || !take_number(rest, gid.transaction) ||
        !take_number(rest, gid.connection) || !rest.empty())
        return std::nullopt;
    // Leading zeros and the like read as numbers, but are not how we write them.
    if (gid.group < 0 || gid.pid < 0 || format_gid(gid) != name)
        return std::nullopt;
    return gid;
}

} // namespace citus::core
