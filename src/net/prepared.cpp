#include "citus/net/prepared.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/net/wire.hpp"

extern "C" {
#include "common/hashfn.h"
}

namespace citus {

namespace {

/// Longer commands are INSERTs of many rows and the like, which do not come again.
constexpr size_t kMaxSqlBytes = 16 * 1024;

uint64 hash_of(const char *sql, size_t bytes, const BoundParams *params) {
    const uint64 hash =
        hash_bytes_extended(reinterpret_cast<const unsigned char *>(sql), static_cast<int>(bytes), 0);
    if (params == nullptr)
        return hash;
    return hash_bytes_extended(reinterpret_cast<const unsigned char *>(params->types),
                               params->count * static_cast<int>(sizeof(Oid)), hash);
}

} // namespace

PreparedCommands::PreparedCommands(MemoryContext parent)
    : context_(AllocSetContextCreate(parent, "citus prepared commands", ALLOCSET_SMALL_SIZES)) {}

bool PreparedCommands::same(const Entry &entry, const char *sql, const BoundParams *params) {
    const int count = params == nullptr ? 0 : params->count;
    return entry.param_count == count && strcmp(entry.sql, sql) == 0 &&
           (count == 0 || memcmp(entry.types, params->types, static_cast<size_t>(count) * sizeof(Oid)) == 0);
}

bool PreparedCommands::must_deallocate() const {
    return count_ > 0 && (!trusted_ || count_ >= kMaxEntries || table_changes_ != table_changes());
}

void PreparedCommands::clear() {
    MemoryContextReset(context_);
    entries_ = nullptr;
    seen_ = nullptr;
    count_ = 0;
    trusted_ = true;
}

PreparedCommands::Use PreparedCommands::choose(const char *sql, const BoundParams *params,
                                               uint32 *statement) {
    const size_t bytes = strlen(sql);
    if (bytes > kMaxSqlBytes)
        return Use::Plain;
    if (entries_ == nullptr) {
        entries_ = static_cast<Entry *>(MemoryContextAllocZero(context_, sizeof(Entry) * kSlots));
        seen_ = static_cast<uint64 *>(MemoryContextAllocZero(context_, sizeof(uint64) * kSeen));
    }
    if (count_ == 0) {
        trusted_ = true;
        table_changes_ = table_changes();
    }
    const uint64 hash = hash_of(sql, bytes, params);
    uint32 slot = static_cast<uint32>(hash) % kSlots;
    for (; entries_[slot].sql != nullptr; slot = (slot + 1) % kSlots)
        if (entries_[slot].hash == hash && same(entries_[slot], sql, params)) {
            *statement = entries_[slot].statement;
            return Use::Execute;
        }
    uint64 &seen = seen_[hash % kSeen];
    if (seen != hash || count_ >= kMaxEntries) {
        seen = hash;
        return Use::Plain;
    }
    const int count = params == nullptr ? 0 : params->count;
    Oid *types = nullptr;
    if (count > 0) {
        types = static_cast<Oid *>(MemoryContextAlloc(context_, static_cast<size_t>(count) * sizeof(Oid)));
        memcpy(types, params->types, static_cast<size_t>(count) * sizeof(Oid));
    }
    *statement = next_statement_++;
    entries_[slot] = {hash, MemoryContextStrdup(context_, sql), count, types, *statement};
    count_++;
    return Use::Prepare;
}

} // namespace citus
