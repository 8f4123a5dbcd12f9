#include "citus/core/shard_name.hpp"

#include <array>
#include <charconv>

namespace citus::core {

namespace {

/// Eight lower hex digits, leading zeros included.
void append_hex(std::pmr::string &out, uint32_t value) {
    static constexpr char kDigits[] = "0123456789abcdef";
    for (int shift = 28; shift >= 0; shift -= 4)
        out.push_back(kDigits[(value >> shift) & 0xf]);
}

} // namespace

std::pmr::string shard_object_name(std::string_view name, int64_t shard_id, const NameFunctions &functions) {
    std::array<char, 24> digits;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), shard_id).ptr;
    const std::string_view id(digits.data(), static_cast<size_t>(end - digits.data()));

    std::pmr::string result;
    result.reserve(kMaxNameLength);
    if (name.size() + 1 + id.size() <= kMaxNameLength) {
        result.append(name);
    } else {
        const int length = static_cast<int>(name.size());
        const int limit = kMaxNameLength - static_cast<int>(id.size()) - 1 - 9;
        result.append(name.substr(0, static_cast<size_t>(functions.clip(name.data(), length, limit))));
        result.push_back('_');
        append_hex(result, functions.hash(reinterpret_cast<const unsigned char *>(name.data()), length));
    }
    result.push_back('_');
    result.append(id);
    return result;
}

int clip_utf8(const char *text, int length, int limit) {
    if (length <= limit)
        return length;
    // The byte at the cut starts a character, or the cut goes back to where that character starts.
    int cut = limit;
    while (cut > 0 && (static_cast<unsigned char>(text[cut]) & 0xc0) == 0x80)
        cut--;
    return cut;
}

} // namespace citus::core
