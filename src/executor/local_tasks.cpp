/// Tasks of this node: run in this backend, bit by bit, beside those of other nodes.
#include "citus/executor/task_capture.hpp"
#include "running_tasks.hpp"

namespace citus {

namespace {

/// A local task is asked for as many rows at once, fewer when they do not fit into work_mem.
constexpr int kLocalRows = 100;

} // namespace

bool RunningTasks::take_slot(TupleTableSlot *slot) {
    if (set_.result == nullptr)
        return true;
    if (checked_task_ != local_current_)
        check_local_shape(slot->tts_tupleDescriptor);
    if (conversions_ == nullptr)
        spill_->put(local_current_, slot);
    else
        convert_slot(slot);
    return ++local_rows_ < kLocalRows && spill_->in_memory();
}

void RunningTasks::convert_slot(TupleTableSlot *slot) {
    ContextScope scope(fresh_spill_context());
    slot_getallattrs(slot);
    const size_t count = static_cast<size_t>(set_.result->natts);
    auto *values = static_cast<Datum *>(palloc(count * sizeof(Datum)));
    for (size_t i = 0; i < count; i++) {
        Conversion &conversion = conversions_[i];
        values[i] = slot->tts_values[i];
        if (conversion.needed && !slot->tts_isnull[i])
            values[i] = InputFunctionCall(&conversion.in, OutputFunctionCall(&conversion.out, values[i]),
                                          conversion.io_param, conversion.typmod);
    }
    spill_->put(local_current_, values, slot->tts_isnull);
}

/// A column of another type than the plan expects (a row that SQL text can only build as a record) goes
/// through its text form, as it would on a connection.
void RunningTasks::check_local_shape(TupleDesc have) {
    checked_task_ = local_current_;
    conversions_ = nullptr;
    TupleDesc want = set_.result;
    if (have->natts != want->natts)
        ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                        errmsg("a local query returned %d columns, expected %d", have->natts, want->natts)));
    for (int i = 0; i < want->natts; i++) {
        const Form_pg_attribute from = TupleDescAttr(have, i), to = TupleDescAttr(want, i);
        if (from->atttypid == to->atttypid || getBaseType(from->atttypid) == getBaseType(to->atttypid))
            continue;
        ContextScope scope(context_);
        if (conversions_ == nullptr)
            conversions_ =
                static_cast<Conversion *>(palloc0(sizeof(Conversion) * static_cast<Size>(want->natts)));
        Conversion &conversion = conversions_[i];
        Oid out, in;
        bool is_varlena;
        getTypeOutputInfo(from->atttypid, &out, &is_varlena);
        getTypeInputInfo(to->atttypid, &in, &conversion.io_param);
        fmgr_info(out, &conversion.out);
        fmgr_info(in, &conversion.in);
        conversion.typmod = to->atttypmod;
        conversion.needed = true;
    }
}

/// Starts the next local task. One that writes, and one whose plan is captured, runs to its end.
void RunningTasks::start_local_task() {
    local_current_ = local_tasks_[local_done_++];
    const Task &task = set_.tasks[static_cast<size_t>(local_current_)];
    if (set_.access == Access::Read && set_.result != nullptr && !has_capture(task.sql))
        local_query_ = LocalQuery::open(context_, task.sql, set_.params, this);
    if (local_query_ == nullptr)
        affected += execute_locally(task.sql, set_.params, set_.access, this);
}

/// Some rows of a local task; they go to the spill, whose size in memory is bounded.
void RunningTasks::run_local_task() {
    Oid user;
    int context;
    GetUserIdAndSecContext(&user, &context);
    if (OidIsValid(set_.run_as) && set_.run_as != user)
        SetUserIdAndSecContext(set_.run_as, context | SECURITY_LOCAL_USERID_CHANGE);
    if (local_query_ == nullptr)
        start_local_task();
    local_rows_ = 0;
    if (local_query_ != nullptr && !local_query_->run())
        close_local_task();
    SetUserIdAndSecContext(user, context); // after an error the end of the (sub)transaction does it
}

/// Not in an abort, which releases what the task holds.
void RunningTasks::close_local_task() {
    if (local_query_ != nullptr)
        std::exchange(local_query_, nullptr)->close();
}

} // namespace citus
