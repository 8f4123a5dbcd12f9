#include "citus/executor/rescan_cache.hpp"

extern "C" {
#include "common/hashfn.h"
#include "miscadmin.h"
}

namespace citus {

namespace {

uint32 hash_of(const char *key, int size) {
    return hash_bytes(reinterpret_cast<const unsigned char *>(key), size);
}

} // namespace

RescanCache *RescanCache::create(MemoryContext parent) {
    auto *cache = static_cast<RescanCache *>(MemoryContextAllocZero(parent, sizeof(RescanCache)));
    cache->context_ = AllocSetContextCreate(parent, "citus rescan cache", ALLOCSET_DEFAULT_SIZES);
    return cache;
}

void RescanCache::forget_all() {
    MemoryContextReset(context_);
    buckets_ = nullptr;
    finds_ = hits_ = 0;
}

const CachedRun *RescanCache::find(const char *key, int key_size) {
    finds_++;
    if (buckets_ == nullptr)
        return nullptr;
    const uint32 hash = hash_of(key, key_size);
    for (const CachedRun *run = buckets_[hash % kBuckets]; run != nullptr; run = run->next) {
        if (run->hash == hash && run->key_size == key_size && memcmp(run->key, key, key_size) == 0) {
            hits_++;
            return run;
        }
    }
    return nullptr;
}

CachedRun *RescanCache::begin(const char *key, int key_size) {
    if (gave_up_)
        return nullptr;
    if (MemoryContextMemAllocated(context_, false) > static_cast<Size>(work_mem) * 1024) {
        // Values that hardly come again: keeping them is work for nothing.
        gave_up_ = hits_ * 10 < finds_;
        forget_all();
        if (gave_up_)
            return nullptr;
    }
    auto *run = static_cast<CachedRun *>(MemoryContextAllocZero(context_, sizeof(CachedRun)));
    auto *copy = static_cast<char *>(MemoryContextAlloc(context_, key_size + 1));
    memcpy(copy, key, key_size);
    run->key = copy;
    run->key_size = key_size;
    run->hash = hash_of(key, key_size);
    return run;
}

bool RescanCache::add(CachedRun *run, MinimalTuple row) {
    if (run->row_count == run->capacity) {
        const int capacity = run->capacity == 0 ? 4 : run->capacity * 2;
        auto *rows =
            static_cast<MinimalTuple *>(MemoryContextAlloc(context_, sizeof(MinimalTuple) * capacity));
        if (run->row_count > 0)
            memcpy(rows, run->rows, sizeof(MinimalTuple) * run->row_count);
        run->rows = rows;
        run->capacity = capacity;
    }
    run->rows[run->row_count++] = row;
    return run->row_count < kMaxRows;
}

void RescanCache::finish(CachedRun *run) {
    if (buckets_ == nullptr)
        buckets_ =
            static_cast<CachedRun **>(MemoryContextAllocZero(context_, sizeof(CachedRun *) * kBuckets));
    CachedRun **bucket = &buckets_[run->hash % kBuckets];
    run->next = *bucket;
    *bucket = run;
}

} // namespace citus
