/// The rows of earlier runs of a scan within one statement, by the values of its parameters.
///
/// A correlated sub-select that has to ask other nodes is run once per outer row; outer rows often repeat the
/// values it depends on. Used by the fragment scan only, for reads that nothing volatile is part of; never
/// for what locks or writes. Bounded by work_mem; when that is full it starts anew, and it ends when it does
/// not help.
#pragma once

#include "citus/pg/prelude.hpp"

extern "C" {
#include "access/htup_details.h"
}

namespace citus {

/// All rows of one run. key_size bytes of key tell it from others.
struct CachedRun {
    CachedRun *next; ///< in its bucket
    uint32 hash;
    const char *key;
    int key_size;
    MinimalTuple *rows;
    int row_count;
    int capacity;
};

class RescanCache {
public:
    /// A cache whose memory is a child of parent.
    static RescanCache *create(MemoryContext parent);

    /// The run with this key, or nullptr.
    const CachedRun *find(const char *key, int key_size);

    /// Begins a run, to be filled with add(); nullptr when the cache has given up. Forgets the older ones
    /// when they take too much: pointers from find() and begin() are good until the next begin().
    CachedRun *begin(const char *key, int key_size);
    /// Adds a row of its own copy; false when the run has become too long to be kept.
    bool add(CachedRun *run, MinimalTuple row);
    /// All rows are there: find() gives the run from now on.
    void finish(CachedRun *run);

    /// Where the rows for add() are to be allocated.
    MemoryContext rows_context() const { return context_; }

private:
    static constexpr uint32 kBuckets = 1024;
    static constexpr int kMaxRows = 1000; ///< of one run; a longer one is streamed as it comes

    void forget_all();

    MemoryContext context_;
    CachedRun **buckets_;
    uint64 finds_, hits_; ///< since the last forget_all
    bool gave_up_;
};

} // namespace citus
