#include "citus/core/numeric_state.hpp"

#include <cstddef>
#include <cstdint>

namespace citus::core {

namespace {

constexpr size_t kCountBytes = 8;
constexpr size_t kNumberHeadBytes = 16; ///< digits, weight, sign, scale
constexpr size_t kCounterBytes = 4 + 4 * 8;

/// A numeric's weight fits into 16 bits, that of a square into 17; a sum has some digits more.
constexpr int32_t kMaxWeight = 1 << 17;
constexpr int32_t kMaxDigits = 1 << 17;
constexpr int32_t kMaxScale = 0x7fff;
constexpr int32_t kNegative = 0x4000;
constexpr int32_t kBase = 10000;

uint32_t number_at(std::string_view bytes, size_t at, size_t size) {
    uint32_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

int32_t int_at(std::string_view bytes, size_t at) {
    return static_cast<int32_t>(number_at(bytes, at, 4));
}

/// Takes a number off the front.
bool take_number(std::string_view &bytes) {
    if (bytes.size() < kNumberHeadBytes)
        return false;
    const int32_t digits = int_at(bytes, 0), weight = int_at(bytes, 4), sign = int_at(bytes, 8),
                  scale = int_at(bytes, 12);
    if (digits < 0 || digits > kMaxDigits || weight < -kMaxWeight || weight > kMaxWeight ||
        (sign != 0 && sign != kNegative) || scale < 0 || scale > kMaxScale)
        return false;
    const size_t size = kNumberHeadBytes + 2 * static_cast<size_t>(digits);
    if (bytes.size() < size)
        return false;
    for (size_t at = kNumberHeadBytes; at < size; at += 2)
        if (number_at(bytes, at, 2) >= kBase)
            return false;
    bytes.remove_prefix(size);
    return true;
}

} // namespace

bool is_numeric_state(std::string_view bytes, const NumericStateShape &shape) {
    if (bytes.size() < kCountBytes)
        return false;
    bytes.remove_prefix(kCountBytes);
    for (int i = 0; i < shape.sums; i++)
        if (!take_number(bytes))
            return false;
    return bytes.size() == (shape.has_counters ? kCounterBytes : 0);
}

} // namespace citus::core
