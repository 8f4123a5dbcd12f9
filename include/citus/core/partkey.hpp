/// The text form of a distribution column in pg_dist_partition.partkey. Server-free.
///
/// It is PostgreSQL's text of a Var node, because that is what existing tools read. Only the attribute number
/// means anything. Parsed here and not by the server's node reader, which must never see a text that a user
/// wrote.
#pragma once

#include <optional>
#include <string_view>

namespace citus::core {

/// The attribute number in `{VAR :varno 1 :varattno N ...}`, or nothing when the text is not of this form or
/// N is not a user column (1 to 1600).
std::optional<int> parse_partkey(std::string_view text);

} // namespace citus::core
