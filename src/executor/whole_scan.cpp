#include "whole_scan_state.hpp"

#include "citus/executor/row_spill.hpp"
#include "fragment_scan_state.hpp"

extern "C" {
#include "miscadmin.h"
}

namespace citus {

namespace {

/// Seconds to read and keep a row and each of its bytes, and to look at one that is kept; measured on
/// machines of 2020, where a row of 30 bytes takes about a microsecond.
constexpr double kRowSeconds = 0.7e-6;
constexpr double kByteSeconds = 10e-9;
constexpr double kLookSeconds = 0.15e-6;

/// Reading is given up where there are so many times more rows than were expected.
constexpr double kTooMany = 4;

} // namespace

// ---------------------------------------------------------------- the plan

List *pack_whole_scan(const WholeScan &whole, List **exprs) {
    Fragment bare = whole.fragment;
    List *prunes = NIL;
    bare.params = bare.prune_items = NIL;
    ListCell *cell;
    foreach (cell, whole.fragment.prune_items) {
        const PruneItem item = read_prune_item(static_cast<List *>(lfirst(cell)));
        bare.prune_items = lappend(bare.prune_items, make_prune_item(item.kind, nullptr));
        prunes = lappend(prunes, item.expr);
    }
    *exprs = list_make3(whole.fragment.params, prunes, whole.conditions);
    return list_make3(bare.pack(), makeFloat(psprintf("%.0f", whole.rows)), makeInteger(whole.width));
}

WholeScan unpack_whole_scan(const List *packed, const List *exprs) {
    WholeScan whole;
    whole.fragment = Fragment::unpack(static_cast<List *>(linitial(packed)));
    whole.fragment.params = static_cast<List *>(linitial(exprs));
    List *items = NIL;
    ListCell *item, *expr;
    forboth(item, whole.fragment.prune_items, expr, static_cast<List *>(lsecond(exprs))) items =
        lappend(items, make_prune_item(read_prune_item(static_cast<List *>(lfirst(item))).kind,
                                       static_cast<Expr *>(lfirst(expr))));
    whole.fragment.prune_items = items;
    whole.conditions = static_cast<List *>(lthird(exprs));
    whole.rows = floatVal(lsecond(packed));
    whole.width = intVal(lthird(packed));
    return whole;
}

namespace {

// ---------------------------------------------------------------- when it pays

double seconds_to_read(const WholeScan &whole) {
    return whole.rows * (kRowSeconds + kByteSeconds * whole.width);
}

/// Whether the runs so far have cost what reading the whole will (that of the round trips is one run's).
bool pays(const WholeScanState *whole) {
    if (whole->runs < 2)
        return false;
    const double per_run = whole->spent / static_cast<double>(whole->runs);
    if (whole->keys->empty() && whole->plan.rows * kLookSeconds > per_run)
        return false;
    return whole->spent >= per_run + seconds_to_read(whole->plan);
}

// ---------------------------------------------------------------- reading it

/// While one lives, the scan is that of the whole. After an error nobody uses the scan any more.
class AsWhole {
public:
    explicit AsWhole(FragmentScanState *state) : state_(state), cache_(std::exchange(state->cache, nullptr)) {
        swap();
    }
    ~AsWhole() {
        swap();
        state_->cache = cache_;
    }
    AsWhole(const AsWhole &) = delete;
    AsWhole &operator=(const AsWhole &) = delete;

private:
    void swap() {
        std::swap(state_->fragment, state_->whole->plan.fragment);
        std::swap(state_->param_states, state_->whole->param_states);
        std::swap(state_->prune_states, state_->whole->prune_states);
    }

    FragmentScanState *state_;
    RescanCache *cache_;
};

StringInfo values_of_whole(FragmentScanState *state) {
    const AsWhole scope(state);
    ExprContext *econtext = state->css.ss.ps.ps_ExprContext;
    state->params = evaluate_params(state->fragment.params, state->param_states, econtext);
    return key_of_run(state, econtext);
}

/// Puts the rows of the run that has begun. False when there are far more than were expected.
bool keep_whole(FragmentScanState *state, KeyedRows *rows) {
    WholeScanState *whole = state->whole;
    ExprContext *econtext = state->css.ss.ps.ps_ExprContext;
    const double limit = std::max(whole->plan.rows, 1000.0) * kTooMany;
    double count = 0;
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        ResetExprContext(econtext); // before the row: what is computed for it is there
        TupleTableSlot *slot = fetch_row(state);
        if (slot == nullptr)
            break;
        if (++count > limit)
            return false;
        econtext->ecxt_scantuple = slot;
        const auto hash = whole->keys->hash_of_row(econtext);
        if (!hash.has_value())
            continue;
        ContextScope scope(econtext->ecxt_per_tuple_memory);
        rows->put(*hash, ExecCopySlotMinimalTuple(slot));
    }
    whole->rows_read += static_cast<uint64>(count);
    return true;
}

void read_whole(FragmentScanState *state) {
    WholeScanState *whole = state->whole;
    MemoryContext memory = state->css.ss.ps.state->es_query_cxt;
    KeyedRows *rows = KeyedRows::create(memory, get_hash_memory_limit());
    bool is_complete;
    {
        const AsWhole scope(state);
        start_run(state);
        is_complete = state->exhausted || keep_whole(state, rows);
        end_run(state);
    }
    if (!is_complete) {
        whole->plan.rows = std::max(whole->plan.rows, 1000.0) * kTooMany * kTooMany;
        rows->close();
        return;
    }
    rows->seal();
    whole->rows = rows;
    if (whole->may_change) {
        ContextScope scope(memory);
        whole->values = values_of_whole(state);
    }
}

void forget_whole(WholeScanState *whole) {
    if (whole->rows != nullptr)
        whole->rows->close();
    whole->rows = nullptr;
}

/// A value of the whole that is not that of one row, but of a sub-select which is computed again.
bool has_changed(FragmentScanState *state) {
    if (!state->whole->may_change)
        return false;
    ContextScope scope(state->run_context);
    const StringInfo now = values_of_whole(state);
    const StringInfo then = state->whole->values;
    return now->len != then->len || memcmp(now->data, then->data, static_cast<size_t>(now->len)) != 0;
}

} // namespace

// ---------------------------------------------------------------- what the scan calls

WholeScanState *begin_whole_scan(FragmentScanState *state, const WholeScan &plan) {
    auto *node = &state->css.ss.ps;
    auto *whole = static_cast<WholeScanState *>(palloc0(sizeof(WholeScanState)));
    whole->plan = plan;
    whole->param_states = ExecInitExprList(whole->plan.fragment.params, node);
    whole->may_change = has_run_value(reinterpret_cast<::Node *>(whole->plan.fragment.params), nullptr);
    ListCell *cell;
    foreach (cell, whole->plan.fragment.prune_items) {
        Expr *expr = read_prune_item(static_cast<List *>(lfirst(cell))).expr;
        whole->may_change |= has_run_value(reinterpret_cast<::Node *>(expr), nullptr);
        whole->prune_states =
            lappend(whole->prune_states, expr == nullptr ? nullptr : ExecInitExpr(expr, node));
    }
    whole->conditions = ExecInitQual(whole->plan.conditions, node);
    whole->keys = RowKeys::find(whole->plan.conditions, node);
    return whole;
}

bool reads_whole(FragmentScanState *state) {
    WholeScanState *whole = state->whole;
    whole->is_reading = false;
    if (whole->gave_up)
        return false;
    if (whole->rows != nullptr && has_changed(state)) {
        forget_whole(whole);
        whole->gave_up = true;
    }
    if (whole->rows == nullptr && !whole->gave_up && pays(whole))
        read_whole(state);
    if (whole->rows == nullptr) {
        whole->runs++;
        return false;
    }
    EState *estate = state->css.ss.ps.state;
    if (whole->row_slot == nullptr) {
        ContextScope scope(estate->es_query_cxt);
        whole->row_slot = ExecInitExtraTupleSlot(estate, state->css.ss.ss_ScanTupleSlot->tts_tupleDescriptor,
                                                 &TTSOpsMinimalTuple);
    }
    whole->lookups++;
    whole->is_reading = true;
    const auto hash = whole->keys->hash_of_run(state->css.ss.ps.ps_ExprContext);
    whole->finds_none = !hash.has_value();
    if (hash.has_value())
        whole->rows->find(*hash);
    return true;
}

TupleTableSlot *next_row_of_whole(FragmentScanState *state) {
    WholeScanState *whole = state->whole;
    ExprContext *econtext = state->css.ss.ps.ps_ExprContext;
    TupleTableSlot *slot = state->css.ss.ss_ScanTupleSlot;
    if (whole->finds_none)
        return nullptr;
    while (MinimalTuple row = whole->rows->next()) {
        CHECK_FOR_INTERRUPTS();
        ResetExprContext(econtext);
        ExecStoreMinimalTuple(row, whole->row_slot, false);
        slot_getallattrs(whole->row_slot);
        store_values(slot, whole->row_slot->tts_values, whole->row_slot->tts_isnull);
        econtext->ecxt_scantuple = slot;
        if (ExecQual(whole->conditions, econtext))
            return slot;
    }
    return nullptr;
}

void start_clock(WholeScanState *whole) {
    INSTR_TIME_SET_CURRENT(whole->began);
}

void stop_clock(WholeScanState *whole) {
    instr_time now;
    INSTR_TIME_SET_CURRENT(now);
    INSTR_TIME_SUBTRACT(now, whole->began);
    whole->spent += INSTR_TIME_GET_DOUBLE(now);
}

void end_whole_scan(WholeScanState *whole) {
    forget_whole(whole);
}

} // namespace citus
