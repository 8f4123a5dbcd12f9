/// Remembers which rows an INSERT ... ON CONFLICT DO UPDATE has written, by the values of its arbiter
/// indexes.
///
/// Used by insert_sender.cpp when the rows of one shard need more than one statement: within a statement the
/// shard itself refuses to touch a row a second time. Keeps 128 bits of hash per row and index.
#pragma once

#include "citus/pg/memory.hpp"

extern "C" {
#include "nodes/execnodes.h"
}

namespace citus {

class WrittenKeys {
public:
    WrittenKeys(MemoryContext context, List *arbiters, EState *estate);

    /// Columns of the table that the keys are made of.
    static List *columns_of(Relation relation, List *arbiters);

    /// Raises 21000 as PostgreSQL does when a row of the slot (of the table's type) would meet a written one.
    void check(TupleTableSlot *row);

    /// The row was written.
    void add(TupleTableSlot *row);

private:
    struct Key {
        uint64 high, low;
        bool operator==(const Key &) const = default;
    };
    struct KeyHash {
        size_t operator()(const Key &key) const { return key.low; }
    };
    struct Arbiter {
        IndexInfo *info;
        Oid *collations;
        Oid *types;
        ExprState *predicate;
    };

    bool key_of(const Arbiter &arbiter, int position, TupleTableSlot *row, Key *key);

    EState *estate_;
    MemoryContextResource resource_;
    std::pmr::vector<Arbiter> arbiters_;
    std::pmr::unordered_set<Key, KeyHash> keys_;
};

} // namespace citus
