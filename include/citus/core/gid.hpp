/// Names of prepared transactions: citus_<group>_<pid>_<transaction>_<connection>.
///
/// Called by transaction/ to name what it prepares and to recognise what a crash left behind. Group and
/// process are those of the coordinating backend, the transaction number is unique per coordinator
/// (transaction/shared_state.hpp), the last number tells the connections of one transaction apart. Never
/// accepts a name that format_gid() would not have written: another program's prepared transaction must
/// not be taken for ours.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>

namespace citus::core {

struct Gid {
    int32_t group;
    int32_t pid;
    uint64_t transaction;
    uint32_t connection;

    bool operator==(const Gid &) const = default;
};

std::pmr::string format_gid(const Gid &gid);

/// The parts of a name, or nothing when it is not one of ours.
std::optional<Gid> parse_gid(std::string_view name);

} // namespace citus::core
