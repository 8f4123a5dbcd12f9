/// Names of shards and of what belongs to them (indexes, constraints): the logical name, `_` and the shard
/// id, within PostgreSQL's 63 bytes. Server-free; the server's functions for hashing and clipping are passed
/// in.
///
/// Called by catalog/ (relation names) and ddl/ (every other object of a shard). Must never change: the names
/// are what connects the metadata to the tables on the workers.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <string>
#include <string_view>

namespace citus::core {

/// Longest name of an object, in bytes (NAMEDATALEN - 1).
constexpr int kMaxNameLength = 63;

struct NameFunctions {
    uint32_t (*hash)(const unsigned char *bytes, int length); ///< hash_bytes() of the server
    int (*clip)(const char *text, int length,
                int limit); ///< pg_mbcliplen(): bytes of whole characters <= limit
};

/// `<name>_<shard_id>`; when that is longer than 63 bytes, as many whole characters of the name as fit before
/// `_<8 lower hex digits of the name's hash>_<shard_id>`, 63 bytes at most. Negative ids do not occur.
std::pmr::string shard_object_name(std::string_view name, int64_t shard_id, const NameFunctions &functions);

/// A clip function for UTF-8 that needs no server.
int clip_utf8(const char *text, int length, int limit);

} // namespace citus::core
