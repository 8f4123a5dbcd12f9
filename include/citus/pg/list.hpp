/// PostgreSQL's List as a C++ range.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// The cells of a list, for a range-based for; the list must not change meanwhile.
inline std::span<const ListCell> cells(const List *list) {
    return list == NIL ? std::span<const ListCell>()
                       : std::span<const ListCell>(list->elements, static_cast<size_t>(list->length));
}

} // namespace citus
