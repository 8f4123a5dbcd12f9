/// Rows that are read many times, each time those with one hash value.
///
/// Used by whole_scan.cpp for the rows that the runs of a correlated scan choose from. Rows are put first,
/// then sealed, then looked up. In memory up to a limit, above that in a temporary file, sorted by hash
/// value, of which only the beginning of each page is remembered. Knows nothing of what the hash is made of.
#pragma once

#include "citus/pg/prelude.hpp"

extern "C" {
#include "access/htup_details.h"
#include "storage/buffile.h"
#include "utils/tuplesort.h"
}

namespace citus {

class KeyedRows {
public:
    /// Memory is a child of the given context; a file belongs to the current resource owner.
    static KeyedRows *create(MemoryContext parent, Size memory_limit);

    void put(uint32 hash, MinimalTuple row);
    /// No more rows come.
    void seal();
    uint64 count() const { return count_; }
    bool on_disk() const { return file_ != nullptr; }

    /// Begins to read the rows with this hash value, and ends the earlier reading.
    void find(uint32 hash);
    /// The next of them; nullptr at the end. Valid until the next call.
    MinimalTuple next();

    void close();

private:
    struct Row {
        uint32 hash;
        uint32 number; ///< rows that are found together come in the order in which they were put
        MinimalTuple row;
    };
    /// The first row that begins in a page of the file.
    struct Page {
        uint32 hash;
        int fileno;
        off_t offset;
    };
    struct Header {
        uint32 hash;
        uint32 size;
    };

    void put_in_memory(uint32 hash, MinimalTuple row);
    void move_to_sort();
    void put_in_sort(uint32 hash, MinimalTuple row);
    void write_sorted();
    void write_row(uint32 hash, const char *row, uint32 size);
    void remember_page(uint32 hash);
    void seek_to(uint32 hash);
    MinimalTuple next_from_file();

    MemoryContext context_;
    Size memory_limit_;
    uint64 count_;
    Row *rows_;
    size_t row_count_, capacity_;
    Tuplesortstate *sort_; ///< between the moment that memory is full and seal()
    TupleTableSlot *sort_slot_;
    BufFile *file_;
    Page *pages_;
    size_t page_count_, page_capacity_;
    uint64 written_, next_page_; ///< bytes in the file, and where the next page begins
    char *buffer_;
    Size buffer_size_;
    uint32 wanted_;
    size_t position_; ///< in memory
    bool at_end_;
};

} // namespace citus
