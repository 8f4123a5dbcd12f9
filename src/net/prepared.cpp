#include "citus/net/prepared.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/guc.hpp"
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

/// Whether this session has sent the command before, to whichever node, for whichever shard: numbers that end
/// a name, as the ids of shards do, make no difference. Notes it.
bool was_seen_for_another_shard(const char *sql) {
    constexpr int kMinIdDigits = 6;
    static std::array<uint64, 1024> families;
    char plain[512];
    size_t length = 0;
    uint64 family = 0;
    for (const char *at = sql; *at != '\0'; at++) {
        plain[length++] = *at;
        if (*at == '_' && isdigit(static_cast<unsigned char>(at[1]))) {
            const size_t digits = strspn(at + 1, "0123456789");
            if (digits >= kMinIdDigits)
                at += digits;
        }
        if (length == sizeof(plain) || at[1] == '\0') {
            family = hash_bytes_extended(reinterpret_cast<const unsigned char *>(plain),
                                         static_cast<int>(length), family);
            length = 0;
        }
    }
    uint64 &seen = families[family % families.size()];
    return std::exchange(seen, family) == family;
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
    return count_ > 0 && (!trusted_ || table_changes_ != table_changes());
}

void PreparedCommands::clear() {
    MemoryContextReset(context_);
    buckets_ = nullptr;
    seen_ = nullptr;
    newest_ = oldest_ = nullptr;
    count_ = 0;
    trusted_ = true;
}

PreparedCommands::Entry *PreparedCommands::find(uint64 hash, const char *sql, const BoundParams *params) {
    for (Entry *entry = buckets_[hash % kBuckets]; entry != nullptr; entry = entry->next_in_bucket)
        if (entry->hash == hash && same(*entry, sql, params))
            return entry;
    return nullptr;
}

void PreparedCommands::unlink(Entry *entry) {
    (entry->newer != nullptr ? entry->newer->older : newest_) = entry->older;
    (entry->older != nullptr ? entry->older->newer : oldest_) = entry->newer;
    entry->newer = entry->older = nullptr;
}

void PreparedCommands::make_newest(Entry *entry) {
    entry->older = newest_;
    (newest_ != nullptr ? newest_->newer : oldest_) = entry;
    newest_ = entry;
    entry->last_use = clock_;
}

void PreparedCommands::add(uint64 hash, const char *sql, const BoundParams *params) {
    ContextScope scope(context_);
    auto *entry = static_cast<Entry *>(palloc0(sizeof(Entry)));
    const int count = params == nullptr ? 0 : params->count;
    if (count > 0) {
        entry->types = static_cast<Oid *>(palloc(static_cast<size_t>(count) * sizeof(Oid)));
        memcpy(entry->types, params->types, static_cast<size_t>(count) * sizeof(Oid));
    }
    entry->sql = pstrdup(sql);
    entry->param_count = count;
    entry->hash = hash;
    entry->statement = next_statement_++;
    entry->next_in_bucket = buckets_[hash % kBuckets];
    buckets_[hash % kBuckets] = entry;
    make_newest(entry);
    count_++;
}

uint32 PreparedCommands::evict_oldest() {
    Entry *entry = oldest_;
    const uint32 statement = entry->statement;
    unlink(entry);
    Entry **link = &buckets_[entry->hash % kBuckets];
    while (*link != entry)
        link = &(*link)->next_in_bucket;
    *link = entry->next_in_bucket;
    if (entry->types != nullptr)
        pfree(entry->types);
    pfree(entry->sql);
    pfree(entry);
    count_--;
    return statement;
}

/// False when nothing is to be prepared at all.
bool PreparedCommands::is_ready() {
    if (guc::max_prepared_statements_per_connection == 0)
        return false;
    if (buckets_ == nullptr) {
        buckets_ = static_cast<Entry **>(MemoryContextAllocZero(context_, sizeof(Entry *) * kBuckets));
        seen_ = static_cast<uint64 *>(MemoryContextAllocZero(context_, sizeof(uint64) * kSeen));
    }
    if (count_ == 0) {
        trusted_ = true;
        table_changes_ = table_changes();
    }
    clock_++;
    return true;
}

PreparedCommands::Choice PreparedCommands::choose(const char *sql, const BoundParams *params,
                                                  bool may_evict) {
    const size_t bytes = strlen(sql);
    if (bytes > kMaxSqlBytes || !is_ready())
        return {Use::Plain, 0, 0};
    const uint64 hash = hash_of(sql, bytes, params);
    if (Entry *entry = find(hash, sql, params)) {
        entry->last_use = clock_;
        if (entry != newest_) {
            unlink(entry);
            make_newest(entry);
        }
        return {Use::Execute, entry->statement, 0};
    }
    uint64 &seen = seen_[hash % kSeen];
    const bool is_new = seen != hash;
    seen = hash;
    if (!was_seen_for_another_shard(sql) && is_new)
        return {Use::Plain, 0, 0};
    return choose_new(sql, params, hash, may_evict);
}

PreparedCommands::Choice PreparedCommands::choose_repeated(const char *sql) {
    const uint64 hash = hash_of(sql, strlen(sql), nullptr);
    if (is_ready() && find(hash, sql, nullptr) == nullptr)
        return choose_new(sql, nullptr, hash, false);
    return choose(sql, nullptr, false);
}

PreparedCommands::Choice PreparedCommands::choose_new(const char *sql, const BoundParams *params, uint64 hash,
                                                      bool may_evict) {
    const int limit = guc::max_prepared_statements_per_connection;
    uint32 evicted = 0;
    if (count_ >= limit) {
        // Commands in turns, more than there is room for, must not push each other out all the time.
        if (!may_evict || clock_ - oldest_->last_use < 2 * static_cast<uint64>(limit))
            return {Use::Plain, 0, 0};
        evicted = evict_oldest();
    }
    add(hash, sql, params);
    return {Use::Prepare, newest_->statement, evicted};
}

} // namespace citus
