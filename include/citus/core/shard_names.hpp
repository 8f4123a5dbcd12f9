/// Finds names of shards in a server's messages and puts the logical names in their place. Server-free.
///
/// `orders_102553` becomes `orders` when a look-up says that 102553 is a shard of a table that is named
/// orders, or has an index or constraint of that name; the clipped form `<cut>_<8 hex digits>_<id>` is asked
/// as a whole. What the look-up does not know stays as it is. Values of rows (in the parentheses of a DETAIL)
/// are never touched.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string>
#include <string_view>

namespace citus::core {

/// Puts the logical name in `logical`, or returns false. `stem` is the name without `_<id>`; `clipped` says
/// that the name has the form of one that was cut to 63 bytes, `physical` is all of it.
using LogicalNameLookup = bool (*)(void *state, std::string_view stem, bool clipped, int64_t shard_id,
                                   std::string_view physical, std::pmr::string &logical);

/// The text with logical names. With is_detail, what stands in parentheses is data and stays.
std::pmr::string map_shard_names(std::string_view text, bool is_detail, LogicalNameLookup lookup,
                                 void *state);

/// A libpq connection error without its `connection to server at "h" (a), port p failed: ` and further lines.
std::string_view short_connection_error(std::string_view text);

} // namespace citus::core
