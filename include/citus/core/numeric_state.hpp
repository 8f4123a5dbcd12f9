/// Checks the bytes of the states of PostgreSQL's numeric aggregates (sum, avg, variance, ...) before the
/// server reads them: it trusts them, because only its own parallel workers write them, and here anybody may.
/// Server-free.
#pragma once

#include <string_view>

namespace citus::core {

/// What a state is made of: a count, `sums` numbers, and, of those of numeric itself, five counters.
struct NumericStateShape {
    int sums;
    bool has_counters;
};

/// Whether the bytes have that shape, and each number's parts are in the range of what sums and sums of
/// squares of numerics can have.
bool is_numeric_state(std::string_view bytes, const NumericStateShape &shape);

} // namespace citus::core
