#include "citus/executor/keyed_rows.hpp"

#include "citus/pg/memory.hpp"

extern "C" {
#include "catalog/pg_operator_d.h"
#include "executor/tuptable.h"
#include "miscadmin.h"
}

namespace citus {

namespace {

constexpr uint64 kPageBytes = 8192;

/// What is sorted: the hash value and the bytes of the row.
TupleDesc sort_row_type() {
    TupleDesc desc = CreateTemplateTupleDesc(2);
    TupleDescInitEntry(desc, 1, "hash", INT4OID, -1, 0);
    TupleDescInitEntry(desc, 2, "row", BYTEAOID, -1, 0);
    return desc;
}

/// The order of the file is that of the hash values as signed numbers.
bool is_before(uint32 a, uint32 b) {
    return static_cast<int32>(a) < static_cast<int32>(b);
}

template <typename T>
void make_room(T **items, size_t count, size_t *capacity) {
    if (count < *capacity)
        return;
    *capacity = std::max<size_t>(64, *capacity * 2);
    *items = static_cast<T *>(*items == nullptr ? palloc_extended(sizeof(T) * *capacity, MCXT_ALLOC_HUGE)
                                                : repalloc_huge(*items, sizeof(T) * *capacity));
}

} // namespace

KeyedRows *KeyedRows::create(MemoryContext parent, Size memory_limit) {
    MemoryContext context = AllocSetContextCreate(parent, "citus keyed rows", ALLOCSET_DEFAULT_SIZES);
    auto *rows = static_cast<KeyedRows *>(MemoryContextAllocZero(context, sizeof(KeyedRows)));
    rows->context_ = context;
    rows->memory_limit_ = memory_limit;
    return rows;
}

// ---------------------------------------------------------------- putting

void KeyedRows::put(uint32 hash, MinimalTuple row) {
    ContextScope scope(context_);
    count_++;
    if (sort_ != nullptr) {
        put_in_sort(hash, row);
        return;
    }
    put_in_memory(hash, row);
    if (MemoryContextMemAllocated(context_, false) > memory_limit_)
        move_to_sort();
}

void KeyedRows::put_in_memory(uint32 hash, MinimalTuple row) {
    make_room(&rows_, row_count_, &capacity_);
    rows_[row_count_] = {hash, static_cast<uint32>(row_count_), heap_copy_minimal_tuple(row)};
    row_count_++;
}

void KeyedRows::move_to_sort() {
    const TupleDesc desc = sort_row_type();
    AttrNumber column = 1;
    Oid less = Int4LessOperator, collation = InvalidOid;
    bool nulls_first = false;
    sort_ = tuplesort_begin_heap(desc, 1, &column, &less, &collation, &nulls_first, work_mem, nullptr,
                                 TUPLESORT_NONE);
    sort_slot_ = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
    for (size_t i = 0; i < row_count_; i++) {
        put_in_sort(rows_[i].hash, rows_[i].row);
        pfree(rows_[i].row);
    }
    pfree(rows_);
    rows_ = nullptr;
    row_count_ = capacity_ = 0;
}

void KeyedRows::put_in_sort(uint32 hash, MinimalTuple row) {
    const Size size = row->t_len + VARHDRSZ;
    auto *bytes = static_cast<bytea *>(palloc(size));
    SET_VARSIZE(bytes, size);
    memcpy(VARDATA(bytes), row, row->t_len);
    Datum values[] = {Int32GetDatum(static_cast<int32>(hash)), PointerGetDatum(bytes)};
    bool nulls[] = {false, false};
    MinimalTuple tuple = heap_form_minimal_tuple(sort_slot_->tts_tupleDescriptor, values, nulls);
    ExecStoreMinimalTuple(tuple, sort_slot_, true);
    tuplesort_puttupleslot(sort_, sort_slot_);
    ExecClearTuple(sort_slot_);
    pfree(bytes);
}

void KeyedRows::seal() {
    ContextScope scope(context_);
    if (sort_ != nullptr) {
        write_sorted();
        return;
    }
    std::sort(rows_, rows_ + row_count_, [](const Row &a, const Row &b) {
        return a.hash != b.hash ? is_before(a.hash, b.hash) : a.number < b.number;
    });
}

// ---------------------------------------------------------------- the file

void KeyedRows::write_sorted() {
    tuplesort_performsort(sort_);
    file_ = BufFileCreateTemp(false);
    while (tuplesort_gettupleslot(sort_, true, false, sort_slot_, nullptr)) {
        CHECK_FOR_INTERRUPTS();
        slot_getallattrs(sort_slot_);
        auto *bytes = PG_DETOAST_DATUM_PACKED(sort_slot_->tts_values[1]);
        write_row(static_cast<uint32>(DatumGetInt32(sort_slot_->tts_values[0])), VARDATA_ANY(bytes),
                  static_cast<uint32>(VARSIZE_ANY_EXHDR(bytes)));
    }
    ExecDropSingleTupleTableSlot(sort_slot_);
    tuplesort_end(sort_);
    sort_ = nullptr;
    sort_slot_ = nullptr;
}

void KeyedRows::write_row(uint32 hash, const char *row, uint32 size) {
    if (written_ >= next_page_)
        remember_page(hash);
    Header header{hash, size};
    BufFileWrite(file_, &header, sizeof(header));
    BufFileWrite(file_, const_cast<char *>(row), size);
    written_ += sizeof(header) + size;
}

void KeyedRows::remember_page(uint32 hash) {
    make_room(&pages_, page_count_, &page_capacity_);
    Page &page = pages_[page_count_++];
    page.hash = hash;
    BufFileTell(file_, &page.fileno, &page.offset);
    next_page_ = written_ + kPageBytes;
}

/// Stands before the first row with the hash value, or before some that come earlier.
void KeyedRows::seek_to(uint32 hash) {
    const Page *page = std::lower_bound(pages_, pages_ + page_count_, hash, [](const Page &a, uint32 wanted) {
        return is_before(a.hash, wanted);
    });
    if (page != pages_)
        page--;
    if (page_count_ == 0 || BufFileSeek(file_, page->fileno, page->offset, SEEK_SET) != 0)
        at_end_ = true;
}

MinimalTuple KeyedRows::next_from_file() {
    while (!at_end_) {
        Header header;
        if (BufFileRead(file_, &header, sizeof(header)) != sizeof(header) ||
            is_before(wanted_, header.hash)) {
            at_end_ = true;
            break;
        }
        if (header.size > buffer_size_) {
            buffer_size_ = std::max<Size>(header.size, 1024);
            ContextScope scope(context_);
            buffer_ = static_cast<char *>(buffer_ == nullptr ? palloc(buffer_size_)
                                                             : repalloc(buffer_, buffer_size_));
        }
        if (BufFileRead(file_, buffer_, header.size) != header.size)
            ereport(ERROR, (errcode_for_file_access(), errmsg("could not read a temporary file")));
        if (header.hash == wanted_)
            return reinterpret_cast<MinimalTuple>(buffer_);
    }
    return nullptr;
}

// ---------------------------------------------------------------- reading

void KeyedRows::find(uint32 hash) {
    wanted_ = hash;
    at_end_ = false;
    if (file_ != nullptr) {
        seek_to(hash);
        return;
    }
    const Row *row = std::lower_bound(rows_, rows_ + row_count_, hash,
                                      [](const Row &a, uint32 wanted) { return is_before(a.hash, wanted); });
    position_ = static_cast<size_t>(row - rows_);
}

MinimalTuple KeyedRows::next() {
    if (file_ != nullptr)
        return next_from_file();
    if (position_ >= row_count_ || rows_[position_].hash != wanted_)
        return nullptr;
    return rows_[position_++].row;
}

void KeyedRows::close() {
    if (sort_ != nullptr) {
        ExecDropSingleTupleTableSlot(sort_slot_);
        tuplesort_end(sort_);
    }
    if (file_ != nullptr)
        BufFileClose(file_);
    MemoryContextDelete(context_);
}

} // namespace citus
