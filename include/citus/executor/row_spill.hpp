/// A tuplestore of rows that came before their reader wanted them, with the task each came from.
///
/// Used by the task stream. Rows are read in the order they were put, while more are put. Memory is bounded
/// by work_mem; above that rows go to a temporary file, owned by the resource owner that was current at
/// creation.
#pragma once

#include "citus/executor/tasks.hpp"

extern "C" {
#include "utils/resowner.h"
#include "utils/tuplestore.h"
}

namespace citus {

class RowSpill {
public:
    RowSpill(MemoryContext context, TupleDesc desc);

    void put(int task, Datum *values, bool *nulls);
    void put(int task, TupleTableSlot *slot);
    bool empty() const { return read_ == written_; }
    /// Whether what is kept has not outgrown work_mem.
    bool in_memory() const { return store_ == nullptr || tuplestore_in_memory(store_); }
    /// The next row; valid until the next call of get(), whatever is put meanwhile. False when empty.
    bool get(TupleTableSlot *slot, int *task);
    /// Throws away what is left. Rows may be put again.
    void end();

private:
    void begin_write();
    void end_write(int task);

    struct Run {
        int task;
        uint64 end; ///< number of the first row after the run
    };
    MemoryContext context_;
    ResourceOwner owner_;
    TupleDesc desc_;
    Tuplestorestate *store_ = nullptr;
    TupleTableSlot *reader_ = nullptr;
    MemoryContextResource resource_;
    std::pmr::vector<Run> runs_;
    size_t current_run_ = 0;
    uint64 read_ = 0, written_ = 0;
    ResourceOwner saved_owner_ = nullptr;
    MemoryContext saved_context_ = nullptr;
};

/// Shows a row in a slot of any kind; a virtual slot only points to the values.
void store_values(TupleTableSlot *slot, const Datum *values, const bool *nulls);

} // namespace citus
