#include "citus/executor/moved_rows_scan.hpp"

#include "citus/executor/keyed_rows.hpp"
#include "citus/executor/motion_rows.hpp"
#include "citus/executor/motion_store.hpp"
#include "citus/executor/row_spill.hpp"
#include "citus/pg/selectivity.hpp"
#include "citus/pg/walker.hpp"
#include "row_keys.hpp"
#include "scan_rows.hpp"

extern "C" {
#include "access/transam.h"
#include "miscadmin.h"
#include "nodes/extensible.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "optimizer/pathnode.h"
#include "optimizer/paths.h"
#include "optimizer/restrictinfo.h"
#include "parser/parsetree.h"
}

namespace citus {

namespace {

set_rel_pathlist_hook_type previous_pathlist_hook = nullptr;

/// From this run on, the rows are kept.
constexpr int kKeptFromRun = 3;

/// Which rows a node reads.
struct Moved {
    int32 id, bucket;
};

struct MovedRowsState {
    CustomScanState css; // must stay first
    Moved moved;
    MemoryContext run_context; ///< of the reader
    MotionReader *reader;
    MotionColumns *columns;
    TupleTableSlot *row_slot;
    Datum *values; ///< of rows that travel in another form
    bool *nulls;
    RowKeys *keys;
    KeyedRows *rows; ///< when there are many runs
    int runs;
    bool is_started, finds_none;
};

MovedRowsState *state_of(CustomScanState *node) {
    return reinterpret_cast<MovedRowsState *>(node);
}

// ---------------------------------------------------------------- paths

bool is_read_motion(Oid function) {
    if (function < FirstNormalObjectId)
        return false;
    const char *name = get_func_name(function);
    const char *schema = get_namespace_name(get_func_namespace(function));
    return name != nullptr && schema != nullptr && strcmp(name, "read_motion") == 0 &&
           strcmp(schema, "citus_internal") == 0;
}

std::optional<int32> constant(const ::Node *node) {
    if (!IsA(node, Const) || reinterpret_cast<const Const *>(node)->constisnull)
        return std::nullopt;
    return DatumGetInt32(reinterpret_cast<const Const *>(node)->constvalue);
}

/// What an entry reads, when that is moved rows which are here.
std::optional<Moved> moved_rows_of(const RangeTblEntry *rte) {
    if (rte->rtekind != RTE_FUNCTION || list_length(rte->functions) != 1 || rte->funcordinality)
        return std::nullopt;
    const auto *call = linitial_node(RangeTblFunction, rte->functions)->funcexpr;
    if (!IsA(call, FuncExpr) || list_length(reinterpret_cast<const FuncExpr *>(call)->args) != 2 ||
        !is_read_motion(reinterpret_cast<const FuncExpr *>(call)->funcid))
        return std::nullopt;
    const List *args = reinterpret_cast<const FuncExpr *>(call)->args;
    const auto id = constant(static_cast<::Node *>(linitial(args)));
    const auto bucket = constant(static_cast<::Node *>(lsecond(args)));
    if (!id || !bucket || !count_motion_rows(*id, *bucket).has_value())
        return std::nullopt;
    return Moved{*id, *bucket};
}

/// A change or a lock of a row may look at the other rows of its join again, one by one: that is for scans
/// that PostgreSQL knows.
bool only_reads(const PlannerInfo *root) {
    for (; root != nullptr; root = root->parent_root)
        if (root->parse->commandType != CMD_SELECT || root->parse->rowMarks != NIL)
            return false;
    return true;
}

/// Whether the plan above wants the rows as wholes.
bool wants_whole_row(const RelOptInfo *rel) {
    return rel->min_attr <= 0 && !bms_is_empty(rel->attr_needed[0 - rel->min_attr]);
}

/// An equality with a value of an outer row, by which the rows can be kept.
bool is_key(const RestrictInfo *restriction) {
    const auto *op = reinterpret_cast<const OpExpr *>(restriction->clause);
    return IsA(op, OpExpr) && list_length(op->args) == 2 &&
           op_hashjoinable(op->opno, exprType(static_cast<::Node *>(linitial(op->args)))) &&
           has_run_value(reinterpret_cast<::Node *>(restriction->clause));
}

/// Rows that a run looks at, on the average.
double rows_looked_at(PlannerInfo *root, const RelOptInfo *rel) {
    List *keys = NIL;
    ListCell *cell;
    foreach (cell, rel->baserestrictinfo)
        if (is_key(lfirst_node(RestrictInfo, cell)))
            keys = lappend(keys, lfirst(cell));
    return keys == NIL ? rel->tuples
                       : 1 + rel->tuples * clauselist_selectivity(root, keys, 0, JOIN_INNER, nullptr);
}

Plan *plan_path(PlannerInfo *, RelOptInfo *, CustomPath *, List *, List *, List *);

const CustomPathMethods kPathMethods = {
    .CustomName = "Citus Moved Rows",
    .PlanCustomPath = plan_path,
};

void replace_paths(PlannerInfo *root, RelOptInfo *rel, Index rti, RangeTblEntry *rte) {
    if (previous_pathlist_hook != nullptr)
        previous_pathlist_hook(root, rel, rti, rte);
    const auto moved = moved_rows_of(rte);
    if (!moved.has_value() || IS_DUMMY_REL(rel) || !only_reads(root) || wants_whole_row(rel))
        return;
    // The filters stand in the text of the task, but what passes those without a value of the run is all that
    // was moved: only the others make the rows fewer.
    rel->rows = rows_that_pass(root, rel, rel->tuples, [](const RestrictInfo *restriction) {
        return has_run_value(reinterpret_cast<::Node *>(restriction->clause));
    });
    auto *path = makeNode(CustomPath);
    path->path.pathtype = T_CustomScan;
    path->path.parent = rel;
    path->path.pathtarget = rel->reltarget;
    path->path.param_info = get_baserel_parampathinfo(root, rel, rel->lateral_relids);
    path->path.rows = rel->rows;
    path->path.startup_cost = rel->baserestrictcost.startup + rel->reltarget->cost.startup;
    path->path.total_cost = path->path.startup_cost +
                            (cpu_tuple_cost + rel->baserestrictcost.per_tuple) * rows_looked_at(root, rel) +
                            rel->reltarget->cost.per_tuple * rel->rows;
    path->flags = CUSTOMPATH_SUPPORT_PROJECTION;
    path->custom_private = list_make2_int(moved->id, moved->bucket);
    path->methods = &kPathMethods;
    rel->pathlist = list_make1(path);
    rel->partial_pathlist = NIL;
    rel->consider_parallel = false;
}

// ---------------------------------------------------------------- the node

Moved unpack_moved(const List *packed) {
    return {linitial_int(packed), lsecond_int(packed)};
}

void begin_scan(CustomScanState *node, EState *estate, int) {
    auto *state = state_of(node);
    auto *scan = castNode(CustomScan, node->ss.ps.plan);
    TupleDesc desc = node->ss.ss_ScanTupleSlot->tts_tupleDescriptor;
    const auto count = static_cast<Size>(desc->natts) + 1;
    state->moved = unpack_moved(scan->custom_private);
    state->run_context =
        AllocSetContextCreate(estate->es_query_cxt, "citus moved rows scan", ALLOCSET_DEFAULT_SIZES);
    state->columns = make_in<MotionColumns>(CurrentMemoryContext, desc);
    state->row_slot = ExecInitExtraTupleSlot(estate, desc, &TTSOpsMinimalTuple);
    state->values = static_cast<Datum *>(palloc(sizeof(Datum) * count));
    state->nulls = static_cast<bool *>(palloc(sizeof(bool) * count));
    state->keys = RowKeys::find(scan->scan.plan.qual, &node->ss.ps);
}

/// The next row as it lies there, in the scan slot.
TupleTableSlot *next_from_reader(MovedRowsState *state) {
    TupleTableSlot *slot = state->css.ss.ss_ScanTupleSlot;
    size_t available;
    char *bytes = state->reader->next(&available);
    if (bytes == nullptr)
        return nullptr;
    MinimalTuple row = state->columns->check(bytes, available);
    if (state->columns->converts()) {
        ContextScope scope(state->css.ss.ps.ps_ExprContext->ecxt_per_tuple_memory);
        state->columns->unpack(row, state->values, state->nulls);
        store_values(slot, state->values, state->nulls);
    } else {
        ExecStoreMinimalTuple(row, state->row_slot, false);
        slot_getallattrs(state->row_slot);
        store_values(slot, state->row_slot->tts_values, state->row_slot->tts_isnull);
    }
    state->reader->skip(MAXALIGN(row->t_len));
    return slot;
}

void open_reader(MovedRowsState *state) {
    ContextScope scope(state->run_context);
    state->reader = make_in<MotionReader>(state->run_context, state->moved.id, state->moved.bucket);
}

void keep_rows(MovedRowsState *state) {
    ExprContext *econtext = state->css.ss.ps.ps_ExprContext;
    state->rows = KeyedRows::create(state->css.ss.ps.state->es_query_cxt, get_hash_memory_limit());
    open_reader(state);
    for (;;) {
        CHECK_FOR_INTERRUPTS();
        ResetExprContext(econtext);
        TupleTableSlot *slot = next_from_reader(state);
        if (slot == nullptr)
            break;
        econtext->ecxt_scantuple = slot;
        const auto hash = state->keys->hash_of_row(econtext);
        if (!hash.has_value())
            continue;
        ContextScope scope(econtext->ecxt_per_tuple_memory);
        state->rows->put(*hash, ExecCopySlotMinimalTuple(slot));
    }
    state->rows->seal();
}

void start_run(MovedRowsState *state) {
    state->is_started = true;
    state->runs++;
    if (state->rows == nullptr && state->runs >= kKeptFromRun)
        keep_rows(state);
    if (state->rows == nullptr) {
        open_reader(state);
        return;
    }
    const auto hash = state->keys->hash_of_run(state->css.ss.ps.ps_ExprContext);
    state->finds_none = !hash.has_value();
    if (hash.has_value())
        state->rows->find(*hash);
}

TupleTableSlot *next_row(MovedRowsState *state) {
    if (!state->is_started)
        start_run(state);
    if (state->rows == nullptr)
        return next_from_reader(state);
    MinimalTuple row = state->finds_none ? nullptr : state->rows->next();
    if (row == nullptr)
        return nullptr;
    TupleTableSlot *slot = state->css.ss.ss_ScanTupleSlot;
    ExecStoreMinimalTuple(row, state->row_slot, false);
    slot_getallattrs(state->row_slot);
    store_values(slot, state->row_slot->tts_values, state->row_slot->tts_isnull);
    return slot;
}

TupleTableSlot *exec_scan(CustomScanState *node) {
    return filter_and_project(node, [&] { return next_row(state_of(node)); });
}

void end_run(MovedRowsState *state) {
    ExecClearTuple(state->css.ss.ss_ScanTupleSlot);
    ExecClearTuple(state->row_slot);
    MemoryContextReset(state->run_context);
    state->reader = nullptr;
    state->is_started = false;
}

void rescan(CustomScanState *node) {
    end_run(state_of(node));
}

void end_scan(CustomScanState *node) {
    auto *state = state_of(node);
    end_run(state);
    if (state->rows != nullptr)
        state->rows->close();
    state->rows = nullptr;
}

const CustomExecMethods kExecMethods = {
    .CustomName = "Citus Moved Rows",
    .BeginCustomScan = begin_scan,
    .ExecCustomScan = exec_scan,
    .EndCustomScan = end_scan,
    .ReScanCustomScan = rescan,
};

::Node *create_scan_state(CustomScan *) {
    auto *state = static_cast<MovedRowsState *>(palloc0(sizeof(MovedRowsState)));
    NodeSetTag(state, T_CustomScanState);
    state->css.methods = &kExecMethods;
    return reinterpret_cast<::Node *>(state);
}

const CustomScanMethods kScanMethods = {
    .CustomName = "Citus Moved Rows",
    .CreateCustomScanState = create_scan_state,
};

/// All columns of the moved rows, in their order.
List *columns_of(const RelOptInfo *rel, const RangeTblEntry *rte) {
    const auto *function = linitial_node(RangeTblFunction, rte->functions);
    List *columns = NIL;
    for (int i = 0; i < function->funccolcount; i++) {
        const auto attno = static_cast<AttrNumber>(i + 1);
        Var *var = makeVar(static_cast<int>(rel->relid), attno, list_nth_oid(function->funccoltypes, i),
                           list_nth_int(function->funccoltypmods, i),
                           list_nth_oid(function->funccolcollations, i), 0);
        columns = lappend(columns, makeTargetEntry(reinterpret_cast<Expr *>(var), attno, nullptr, false));
    }
    return columns;
}

Plan *plan_path(PlannerInfo *root, RelOptInfo *rel, CustomPath *path, List *tlist, List *clauses, List *) {
    auto *scan = makeNode(CustomScan);
    scan->scan.plan.targetlist = tlist;
    scan->scan.plan.qual = extract_actual_clauses(clauses, false);
    scan->flags = path->flags;
    scan->custom_scan_tlist = columns_of(rel, planner_rt_fetch(rel->relid, root));
    scan->custom_private = path->custom_private;
    scan->methods = &kScanMethods;
    return &scan->scan.plan;
}

} // namespace

bool joins_moved_rows(const PlannerInfo *root, const RelOptInfo *joined) {
    for (int relid = -1; (relid = bms_next_member(joined->relids, relid)) >= 0;) {
        const RelOptInfo *rel = root->simple_rel_array[relid];
        if (rel == nullptr || rel->pathlist == NIL)
            continue;
        const auto *path = static_cast<const CustomPath *>(linitial(rel->pathlist));
        if (IsA(path, CustomPath) && path->methods == &kPathMethods)
            return true;
    }
    return false;
}

void install_moved_rows_scan() {
    RegisterCustomScanMethods(&kScanMethods);
    previous_pathlist_hook = set_rel_pathlist_hook;
    set_rel_pathlist_hook = replace_paths;
}

} // namespace citus
