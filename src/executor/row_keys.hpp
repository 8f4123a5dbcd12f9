/// The equalities of a scan's rows with values from outside, as a hash value: which rows a run has to look at.
///
/// Used by the scans that keep rows in KeyedRows for many runs. The conditions themselves still have to be
/// checked: different values may have the same hash value.
#pragma once

#include "citus/pg/prelude.hpp"

extern "C" {
#include "nodes/execnodes.h"
}

namespace citus {

class RowKeys {
public:
    /// Takes what it can use of the conditions: `inner = outer`, where inner is of the row (its Vars are the
    /// only ones in a scan's plan) and outer is fixed for a run. Lives in the current context.
    static RowKeys *find(List *conditions, PlanState *node);

    /// Whether there are none: then all rows have the same hash value.
    bool empty() const { return first_ == nullptr; }

    /// Of the row in ecxt_scantuple; nothing when it can't equal anything, as a key is NULL.
    std::optional<uint32> hash_of_row(ExprContext *econtext) const { return hash(true, econtext); }
    /// Of the values that this run looks for; nothing when no row can equal them.
    std::optional<uint32> hash_of_run(ExprContext *econtext) const { return hash(false, econtext); }

private:
    struct Key {
        ExprState *inner, *outer;
        FmgrInfo inner_hash, outer_hash;
        Oid collation;
        Key *next;
    };

    static Key *as_key(::Node *condition, PlanState *node);
    std::optional<uint32> hash(bool of_row, ExprContext *econtext) const;

    Key *first_ = nullptr;
};

/// Whether an expression has a value that the executor gives it: of an outer row, or of a sub-select.
bool has_run_value(::Node *node, void *unused = nullptr);

} // namespace citus
