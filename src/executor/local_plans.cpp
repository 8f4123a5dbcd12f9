#include "local_plans.hpp"

#include "citus/guc.hpp"

extern "C" {
#include "common/hashfn.h"
#include "parser/analyze.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
}

namespace citus {

namespace {

constexpr size_t kMaxSqlBytes = 16 * 1024;
constexpr uint32 kBuckets = 512, kSeen = 512;

struct Entry {
    Entry *next_in_bucket;
    Entry *newer, *older; ///< by last use
    uint64 hash;
    CachedPlanSource *source; ///< has the text and the types
};

Entry *buckets[kBuckets];
uint64 seen[kSeen]; ///< hashes of texts that came once
Entry *newest = nullptr, *oldest = nullptr;
int kept = 0;

uint64 hash_of(const char *sql, size_t bytes, const TaskParams &params) {
    const uint64 hash =
        hash_bytes_extended(reinterpret_cast<const unsigned char *>(sql), static_cast<int>(bytes), 0);
    return params.types.empty()
               ? hash
               : hash_bytes_extended(reinterpret_cast<const unsigned char *>(params.types.data()),
                                     static_cast<int>(params.types.size() * sizeof(Oid)), hash);
}

bool is_for(const CachedPlanSource *source, const char *sql, const TaskParams &params) {
    return source->num_params == static_cast<int>(params.types.size()) &&
           strcmp(source->query_string, sql) == 0 &&
           std::equal(params.types.begin(), params.types.end(), source->param_types);
}

void unlink(Entry *entry) {
    (entry->newer != nullptr ? entry->newer->older : newest) = entry->older;
    (entry->older != nullptr ? entry->older->newer : oldest) = entry->newer;
    entry->newer = entry->older = nullptr;
}

void make_newest(Entry *entry) {
    entry->older = newest;
    (newest != nullptr ? newest->newer : oldest) = entry;
    newest = entry;
}

/// A run that is still using the plan holds a reference to it.
void forget_oldest() {
    Entry *entry = oldest;
    unlink(entry);
    Entry **link = &buckets[entry->hash % kBuckets];
    while (*link != entry)
        link = &(*link)->next_in_bucket;
    *link = entry->next_in_bucket;
    kept--;
    DropCachedPlan(entry->source);
    pfree(entry);
}

/// A saved plan source for one statement that is planned; nullptr for anything else.
CachedPlanSource *make_source(const char *sql, const TaskParams &params) {
    List *statements = pg_parse_query(sql);
    if (list_length(statements) != 1)
        return nullptr;
    auto *raw = linitial_node(RawStmt, statements);
    if (!IsA(raw->stmt, SelectStmt) && !IsA(raw->stmt, InsertStmt) && !IsA(raw->stmt, UpdateStmt) &&
        !IsA(raw->stmt, DeleteStmt))
        return nullptr;
    CachedPlanSource *source = CreateCachedPlan(raw, sql, CreateCommandTag(raw->stmt));
    const int count = static_cast<int>(params.types.size());
    List *queries = pg_analyze_and_rewrite_fixedparams(raw, sql, params.types.data(), count, nullptr);
    CompleteCachedPlan(source, queries, nullptr, const_cast<Oid *>(params.types.data()), count, nullptr,
                       nullptr, 0, false);
    SaveCachedPlan(source);
    return source;
}

} // namespace

CachedPlanSource *kept_plan_source(const char *sql, const TaskParams &params) {
    const int limit = guc::max_prepared_statements_per_connection;
    const size_t bytes = strlen(sql);
    if (limit == 0 || bytes > kMaxSqlBytes)
        return nullptr;
    const uint64 hash = hash_of(sql, bytes, params);
    for (Entry *entry = buckets[hash % kBuckets]; entry != nullptr; entry = entry->next_in_bucket)
        if (entry->hash == hash && is_for(entry->source, sql, params)) {
            if (entry != newest) {
                unlink(entry);
                make_newest(entry);
            }
            return entry->source;
        }
    if (seen[hash % kSeen] != hash) {
        seen[hash % kSeen] = hash;
        return nullptr;
    }
    while (kept > 0 && kept >= limit)
        forget_oldest();
    // Made before the source, which nobody would drop if this failed after it.
    auto *entry = static_cast<Entry *>(MemoryContextAllocZero(CacheMemoryContext, sizeof(Entry)));
    CachedPlanSource *source = make_source(sql, params);
    if (source == nullptr) {
        pfree(entry);
        return nullptr;
    }
    entry->hash = hash;
    entry->source = source;
    entry->next_in_bucket = buckets[hash % kBuckets];
    buckets[hash % kBuckets] = entry;
    make_newest(entry);
    kept++;
    return source;
}

} // namespace citus
