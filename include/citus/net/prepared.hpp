/// Which commands a connection has prepared on its server, so that one that comes again is not parsed and
/// planned again. Used by Connection only.
///
/// A command is prepared when it is seen for the second time: one that never comes again costs nothing. Names
/// are never used twice. When too many are prepared, when a distributed table changed (its columns may have
/// other types now), or after an error left it unknown what was prepared, all are given up.
#pragma once

#include "citus/pg/memory.hpp"

namespace citus {

struct BoundParams;

class PreparedCommands {
public:
    explicit PreparedCommands(MemoryContext parent);

    enum class Use { Plain, Prepare, Execute };

    /// How to send a command; `statement` gets its number for Prepare and Execute.
    Use choose(const char *sql, const BoundParams *params, uint32 *statement);

    /// Whether what the server has is to be given up before the next use (DEALLOCATE ALL).
    bool must_deallocate() const;
    /// It was: nothing is prepared any more.
    void clear();
    /// What the server has is unknown.
    void distrust() { trusted_ = false; }

private:
    struct Entry {
        uint64 hash;
        char *sql; ///< nullptr: free
        int param_count;
        Oid *types;
        uint32 statement;
    };
    static constexpr uint32 kSlots = 512, kMaxEntries = 256, kSeen = 256;

    static bool same(const Entry &entry, const char *sql, const BoundParams *params);

    MemoryContext context_; ///< of the texts
    Entry *entries_ = nullptr;
    uint64 *seen_ = nullptr; ///< hashes of commands seen once
    uint32 count_ = 0;
    uint32 next_statement_ = 1;
    uint64 table_changes_ = 0;
    bool trusted_ = true;
};

} // namespace citus
