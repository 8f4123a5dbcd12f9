#include "citus/executor/row_spill.hpp"

namespace citus {

namespace {

/// Read pointers of the tuplestore. While writing, a pointer other than the reader's must be active: an
/// active pointer that stands at the end moves along with what is written, and would miss it.
constexpr int kReader = 0;

} // namespace

void store_values(TupleTableSlot *slot, const Datum *values, const bool *nulls) {
    ExecClearTuple(slot);
    const size_t count = static_cast<size_t>(slot->tts_tupleDescriptor->natts);
    memcpy(slot->tts_values, values, count * sizeof(Datum));
    memcpy(slot->tts_isnull, nulls, count * sizeof(bool));
    if (TTS_IS_VIRTUAL(slot)) {
        ExecStoreVirtualTuple(slot);
        return;
    }
    HeapTuple tuple =
        heap_form_tuple(slot->tts_tupleDescriptor, const_cast<Datum *>(values), const_cast<bool *>(nulls));
    ExecForceStoreHeapTuple(tuple, slot, true);
}

RowSpill::RowSpill(MemoryContext context, TupleDesc desc)
    : context_(context), owner_(CurrentResourceOwner), desc_(desc), resource_(context), runs_(&resource_) {}

void RowSpill::begin_write() {
    saved_owner_ = CurrentResourceOwner;
    saved_context_ = MemoryContextSwitchTo(context_);
    CurrentResourceOwner = owner_;
    if (store_ == nullptr) {
        store_ = tuplestore_begin_heap(false, false, work_mem);
        tuplestore_alloc_read_pointer(store_, EXEC_FLAG_REWIND);
        reader_ = MakeSingleTupleTableSlot(desc_, &TTSOpsMinimalTuple);
    } else if (read_ == written_) {
        tuplestore_clear(store_); // the row handed out last is a copy
        runs_.clear();
        current_run_ = 0;
        read_ = written_ = 0;
    }
    tuplestore_select_read_pointer(store_, 1);
}

void RowSpill::end_write(int task) {
    tuplestore_select_read_pointer(store_, kReader);
    written_++;
    if (!runs_.empty() && runs_.back().task == task)
        runs_.back().end = written_;
    else
        runs_.push_back({task, written_});
    CurrentResourceOwner = saved_owner_;
    MemoryContextSwitchTo(saved_context_);
}

void RowSpill::put(int task, Datum *values, bool *nulls) {
    begin_write();
    tuplestore_putvalues(store_, desc_, values, nulls);
    end_write(task);
}

void RowSpill::put(int task, TupleTableSlot *slot) {
    begin_write();
    tuplestore_puttupleslot(store_, slot);
    end_write(task);
}

bool RowSpill::get(TupleTableSlot *slot, int *task) {
    if (empty())
        return false;
    ResourceOwner owner = CurrentResourceOwner;
    CurrentResourceOwner = owner_;
    MemoryContext memory = MemoryContextSwitchTo(context_);
    const bool found = tuplestore_gettupleslot(store_, true, true, reader_);
    MemoryContextSwitchTo(memory);
    CurrentResourceOwner = owner;
    if (!found)
        elog(ERROR, "a spilled row is missing");
    read_++;
    while (runs_[current_run_].end < read_)
        current_run_++;
    if (task != nullptr)
        *task = runs_[current_run_].task;
    slot_getallattrs(reader_);
    store_values(slot, reader_->tts_values, reader_->tts_isnull);
    return true;
}

void RowSpill::end() {
    if (reader_ != nullptr)
        ExecDropSingleTupleTableSlot(reader_);
    if (store_ != nullptr)
        tuplestore_end(store_);
    reader_ = nullptr;
    store_ = nullptr;
    runs_.clear();
    current_run_ = 0;
    read_ = written_ = 0;
}

} // namespace citus
