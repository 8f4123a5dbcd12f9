/// Which commands a connection has prepared on its server, so that one that comes again is not parsed and
/// planned again. Used by Connection only.
///
/// A command is prepared when it is seen for the second time: one that never comes again costs nothing. What
/// this session has sent for another shard has been seen, too. Names are never used twice. The number is
/// bounded: one that was not used for long makes room for a new one. When a distributed table changed (its
/// columns may have other types now), or after an error left it unknown what was prepared, all are given up.
#pragma once

#include "citus/pg/memory.hpp"

namespace citus {

struct BoundParams;

class PreparedCommands {
public:
    explicit PreparedCommands(MemoryContext parent);

    enum class Use { Plain, Prepare, Execute };
    struct Choice {
        Use use;
        uint32 statement; ///< its number, for Prepare and Execute
        uint32 evicted;   ///< number of one to be given up first; 0: none
    };

    /// How to send a command. Only with may_evict, another one may have to be given up for it.
    Choice choose(const char *sql, const BoundParams *params, bool may_evict);
    /// The same for one that is known to come again (and needs no parameters).
    Choice choose_repeated(const char *sql);

    /// Whether what the server has is to be given up before the next use (DEALLOCATE ALL).
    bool must_deallocate() const;
    /// It was: nothing is prepared any more.
    void clear();
    /// What the server has is unknown.
    void distrust() { trusted_ = false; }

private:
    struct Entry {
        Entry *next_in_bucket;
        Entry *newer, *older; ///< by last use
        uint64 hash;
        uint64 last_use; ///< by clock_
        char *sql;
        int param_count;
        Oid *types;
        uint32 statement;
    };
    static constexpr uint32 kBuckets = 512, kSeen = 1024;

    static bool same(const Entry &entry, const char *sql, const BoundParams *params);
    Choice choose_new(const char *sql, const BoundParams *params, uint64 hash, bool may_evict);
    bool is_ready();
    Entry *find(uint64 hash, const char *sql, const BoundParams *params);
    void add(uint64 hash, const char *sql, const BoundParams *params);
    void unlink(Entry *entry);
    void make_newest(Entry *entry);
    uint32 evict_oldest();

    MemoryContext context_; ///< of all below
    Entry **buckets_ = nullptr;
    uint64 *seen_ = nullptr; ///< hashes of commands seen once
    Entry *newest_ = nullptr, *oldest_ = nullptr;
    int count_ = 0;
    uint64 clock_ = 0; ///< commands asked for
    uint32 next_statement_ = 1;
    uint64 table_changes_ = 0;
    bool trusted_ = true;
};

} // namespace citus
