#include "fragment_scan_state.hpp"

#include "citus/executor/cursor_rows.hpp"
#include "citus/executor/explain.hpp"
#include "citus/executor/machine_share.hpp"
#include "citus/executor/merged_streams.hpp"
#include "citus/executor/motion.hpp"
#include "citus/executor/reference_lock.hpp"
#include "citus/executor/rescan_cache.hpp"
#include "citus/executor/run_as.hpp"
#include "citus/executor/short_planning.hpp"
#include "citus/executor/task_capture.hpp"
#include "citus/net/wire.hpp"
#include "citus/pg/counters.hpp"
#include "citus/pg/walker.hpp"
#include "citus/transaction/statement_snapshot.hpp"
#include "lone_write.hpp"
#include "scan_rows.hpp"

extern "C" {
#include "commands/explain.h"
#include "nodes/extensible.h"
#include "optimizer/cost.h"
#include "optimizer/optimizer.h"
#include "tcop/pquery.h"
#include "utils/builtins.h"
#include "utils/datum.h"
#include "utils/portal.h"
#include "utils/tuplestore.h"
}

namespace citus {

FragmentScanState *live_scans = nullptr;

namespace {

constexpr const char *kNodeName = "Citus Adaptive";

FragmentScanState *scan_state(CustomScanState *node) {
    return reinterpret_cast<FragmentScanState *>(node);
}

void forget_scan(void *self) {
    FragmentScanState **link = &live_scans;
    while (*link != self)
        link = &(*link)->next_live;
    *link = (*link)->next_live;
}

// ---------------------------------------------------------------- one run

FragmentTasks tasks_of_run(FragmentScanState *state, ExprContext *econtext) {
    return build_tasks(state->fragment, state->prune_states, econtext);
}

} // namespace

void choose_placements(const FragmentScanState *state, std::pmr::vector<Task> &tasks) {
    for (Task &task : tasks) {
        if (task.others.empty() || state->fragment.needs_write_access() || state->fragment.motions != NIL)
            continue;
        std::pmr::vector<int32> groups = {task.group_id};
        groups.insert(groups.end(), task.others.begin(), task.others.end());
        task.group_id = reachable_group(groups, state->run_as);
    }
}

namespace {

/// Copies a task list into the current context, so that nothing has to be destroyed.
std::span<const Task> keep_tasks(const std::pmr::vector<Task> &tasks) {
    auto *copy = static_cast<Task *>(palloc(sizeof(Task) * (tasks.size() + 1)));
    std::copy(tasks.begin(), tasks.end(), copy);
    return {copy, tasks.size()};
}

} // namespace

bool is_of_portal(const FragmentScanState *state) {
    return state->portal != nullptr && state->portal->queryDesc != nullptr &&
           state->portal->queryDesc->estate == state->css.ss.ps.state;
}

namespace {

/// The rows belong to the transaction level of the cursor, whoever makes it read them.
int level_of(const FragmentScanState *state) {
    return is_of_portal(state) ? state->portal->createLevel : 0;
}

Access access_of(const Fragment &fragment) {
    return fragment.needs_write_access() ? Access::Write : Access::Read;
}

/// EXPLAIN ANALYZE: the tasks of the first run send their plans with their results.
void capture_first_run(FragmentScanState *state, std::pmr::vector<Task> &tasks) {
    state->measures_run = false;
    if (state->css.ss.ps.instrument == nullptr || !captures_plans() || !state->measures.empty() ||
        tasks.empty())
        return;
    state->measures_run = true;
    MemoryContext memory = state->css.ss.ps.state->es_query_cxt;
    auto *measures =
        static_cast<TaskMeasure *>(MemoryContextAlloc(memory, sizeof(TaskMeasure) * tasks.size()));
    state->measures = {measures, tasks.size()};
    for (size_t i = 0; i < tasks.size(); i++) {
        measures[i] = {-1, std::nullopt, 0};
        if (state->fragment.has_result)
            measures[i].rows = 0;
        if (!state->fragment.locks_row_by_row())
            tasks[i].sql = with_capture(tasks[i].sql, &measures[i].capture);
    }
}

bool has_stream(const FragmentScanState *state) {
    return state->stream != nullptr || state->merge != nullptr || state->locks != nullptr;
}

/// Calls use() with what the rows come from; something is open.
template <typename Use>
auto with_source(const FragmentScanState *state, Use use) {
    if (state->locks != nullptr)
        return use(state->locks);
    if (state->merge != nullptr)
        return use(state->merge);
    return use(state->stream);
}

/// Of the stream that is open, if one is.
uint64 received_bytes(const FragmentScanState *state) {
    return has_stream(state) ? with_source(state, [](const auto *source) { return source->received_bytes(); })
                             : 0;
}

/// Called before a run's stream is closed.
void measure_bytes(FragmentScanState *state) {
    for (size_t i = 0; state->measures_run && has_stream(state) && i < state->measures.size(); i++) {
        const int task = static_cast<int>(i);
        state->measures[i].bytes =
            with_source(state, [task](const auto *source) { return source->received_bytes(task); });
    }
}

/// A write without rows to read: all placements at once, counted once.
uint64 run_without_rows(FragmentScanState *state, const FragmentTasks &chosen) {
    std::pmr::vector<Task> all(chosen.tasks);
    all.insert(all.end(), chosen.replica_tasks.begin(), chosen.replica_tasks.end());
    if (all.empty())
        return 0;
    const bool alone = all.size() == 1 && state->fragment.motions == NIL &&
                       is_lone_write(state->css.ss.ps.state, state->css.ss.ps.plan);
    const uint64 affected = run_tasks({.tasks = keep_tasks(all),
                                       .params = state->params,
                                       .access = access_of(state->fragment),
                                       .result = nullptr,
                                       .run_as = state->run_as,
                                       .commits = alone,
                                       .takes_turn = chosen.replica_tasks.empty()});
    const uint64 copies = all.size() / chosen.tasks.size();
    if (affected % copies != 0)
        ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
                        errmsg("the placements of shard " INT64_FORMAT " do not hold the same rows",
                               chosen.tasks.front().anchor_shard_id)));
    return affected / copies;
}

/// What the planners of the nodes should know of the tasks: they may plan parallel workers, or for long.
void advise_planners(const FragmentScanState *state, std::pmr::vector<Task> &tasks) {
    const Fragment &fragment = state->fragment;
    const Cost cost = state->css.ss.ps.plan->total_cost;
    if (cost * static_cast<double>(tasks.size()) > parallel_setup_cost)
        note_shared_machines(tasks);
    if (!fragment.runs_per_node() && !fragment.needs_write_access())
        note_short_planning(tasks, list_length(fragment.slot_relations) + list_length(fragment.motions),
                            cost);
}

/// Whether a write of one shard with RETURNING may commit before its rows are given to the client: nothing is
/// left to be done with them here.
bool commits_with_rows(const FragmentScanState *state, const FragmentTasks &chosen) {
    const PlanState &node = state->css.ss.ps;
    return state->fragment.command != CMD_SELECT && chosen.tasks.size() == 1 &&
           chosen.replica_tasks.empty() && state->fragment.motions == NIL && !state->keeps_rows &&
           state->projection == nullptr && node.ps_ProjInfo == nullptr && node.plan->qual == NIL &&
           is_lone_write(node.state, node.plan, true) &&
           returns_plain_values(state->remote_slot->tts_tupleDescriptor) &&
           !had_large_rows(chosen.tasks.front().sql);
}

/// What the user needs so that his own connections do. All that locks or changes rows asks for the same, so
/// that one connection locks a row and changes it.
AclMode needed_rights(const Fragment &fragment) {
    if (fragment.has_modifying_cte || fragment.command == CMD_INSERT || fragment.command == CMD_MERGE)
        return ACL_SELECT | ACL_INSERT | ACL_UPDATE | ACL_DELETE;
    return fragment.needs_write_access() ? kRightsToChange : ACL_SELECT;
}

} // namespace

StringInfo key_of_run(FragmentScanState *state, ExprContext *econtext) {
    StringInfo key = makeStringInfo();
    const auto append = [key](Oid type, Datum value, bool is_null) {
        appendStringInfoChar(key, is_null ? 'n' : 'v');
        if (is_null)
            return;
        int16 length;
        bool by_value;
        get_typlenbyval(type, &length, &by_value);
        if (by_value) {
            appendBinaryStringInfo(key, reinterpret_cast<const char *>(&value), sizeof(Datum));
            return;
        }
        if (length == -1) // an address of something else would not do
            value = PointerGetDatum(PG_DETOAST_DATUM(value));
        const int size = static_cast<int>(datumGetSize(value, by_value, length));
        appendBinaryStringInfo(key, reinterpret_cast<const char *>(&size), sizeof(size));
        appendBinaryStringInfo(key, DatumGetPointer(value), size);
    };
    for (size_t i = 0; i < state->params.types.size(); i++)
        append(state->params.types[i], state->params.values[i], state->params.nulls[i]);
    ListCell *cell;
    foreach (cell, state->prune_states) {
        auto *prune = static_cast<ExprState *>(lfirst(cell));
        if (prune == nullptr)
            continue;
        bool is_null = false;
        const Datum value = ExecEvalExpr(prune, econtext, &is_null);
        append(exprType(reinterpret_cast<::Node *>(prune->expr)), value, is_null);
    }
    return key;
}

namespace {

/// Whether two runs with the same parameters within a statement give the same rows.
bool repeats_itself(const FragmentScanState *state) {
    const auto *plan = castNode(CustomScan, state->css.ss.ps.plan);
    if (state->fragment.needs_write_access() || !state->fragment.has_result || state->keeps_rows ||
        contain_volatile_functions(static_cast<::Node *>(list_nth(plan->custom_private, kProjection))))
        return false;
    ListCell *cell;
    foreach (cell, state->fragment.text_parts) {
        // What is volatile and may be sent, see is_portable_volatile.
        for (const char *word :
             {"random(", "gen_random_uuid(", "clock_timestamp(", "timeofday(", "pg_sleep(", "TABLESAMPLE"})
            if (strstr(strVal(lfirst(cell)), word) != nullptr)
                return false;
    }
    return true;
}

/// Whether the shards' work, as the planner expects it, takes some ten milliseconds. (A plan's costs are
/// those of one shard, as they share the work.)
bool may_take_long(const Plan *plan, size_t tasks) {
    constexpr Cost kLong = 5000;
    return tasks > 1 && (plan->total_cost - plan->startup_cost) * static_cast<double>(tasks) > kLong;
}

/// Whether the statement reads from nodes in more than this one run of the scan.
bool is_one_of_many_reads(const FragmentScanState *state) {
    EState *estate = state->css.ss.ps.state;
    if (state->fragment.motions != NIL || is_part_of_numbered_statement(estate) ||
        shows_row_place(estate->es_plannedstmt))
        return true;
    for (const FragmentScanState *other = live_scans; other != nullptr; other = other->next_live)
        if (other != state && other->css.ss.ps.state == estate)
            return true;
    return needs_outer_row(state);
}

/// Fills in TaskSet::statement, and whether that takes a transaction on the nodes. (A merge has one stream
/// per task; those of one node are sent together.)
void share_snapshot(const FragmentScanState *state, TaskSet *set, bool merges_on_a_node) {
    if (state->fragment.needs_write_access())
        return;
    const EState *estate = state->css.ss.ps.state;
    if (IsolationUsesXactSnapshot()) {
        set->statement = number_for_nodes(estate);
        return;
    }
    const bool is_one_of_many = is_one_of_many_reads(state);
    set->statement = is_one_of_many || merges_on_a_node ? statement_number(estate) : kOneSetOfReads;
    set->in_transaction = is_one_of_many;
}

/// A cursor's client may stop anywhere: rows that he does not fetch are not locked.
bool is_fetched_singly(const FragmentScanState *state) {
    return is_of_portal(state) && state->portal->name[0] != '\0';
}

/// Finds candidates and locks rows of them, see row_locks.hpp.
void open_locks(FragmentScanState *state, std::span<const Task> candidates, ExprContext *econtext) {
    Fragment locking = state->fragment;
    locking.text_parts = locking.lock_parts;
    const FragmentTasks chosen = build_tasks(locking, state->prune_states, econtext);
    EState *estate = state->css.ss.ps.state;
    state->locks = RowLocks::open(state->run_context, {.candidates = candidates,
                                                       .locks = keep_tasks(chosen.tasks),
                                                       .params = state->params,
                                                       .rows = state->remote_slot->tts_tupleDescriptor,
                                                       .merge_keys = state->fragment.merge_keys,
                                                       .waits = state->fragment.lock_waits,
                                                       .one_by_one = is_fetched_singly(state),
                                                       .run_as = state->run_as,
                                                       .level = level_of(state),
                                                       .statement = statement_number(estate)});
}

/// Not where a cursor's client could stop for any time with a turn in his hands.
bool takes_turn(const FragmentScanState *state) {
    return state->fragment.modifies() || (state->fragment.lock_waits && !is_fetched_singly(state));
}

} // namespace

void start_run(FragmentScanState *state) {
    ExprContext *econtext = state->css.ss.ps.ps_ExprContext;
    ContextScope scope(state->run_context);
    state->started = true;
    state->rows_seen = 0;
    state->run_as = effective_user(state->fragment.run_as, state->fragment.slot_relations,
                                   needed_rights(state->fragment));
    state->params = evaluate_params(state->fragment.params, state->param_states, econtext);
    if (state->fragment.writes_reference)
        lock_for_replicated_write(linitial_oid(state->fragment.slot_relations));
    if (state->cache != nullptr) {
        state->run_key = key_of_run(state, econtext);
        state->kept_run = state->cache->find(state->run_key->data, state->run_key->len);
        if (state->kept_run != nullptr) {
            state->exhausted = true;
            ResetExprContext(econtext);
            return;
        }
    }
    MotionRun *motions = nullptr;
    if (state->fragment.motions != NIL) {
        motions = make_in<MotionRun>(state->run_context, state->run_context, state->fragment);
        state->fragment.motion_ids = motions->ids();
    }
    FragmentTasks chosen = tasks_of_run(state, econtext);
    ResetExprContext(econtext);
    // A task without an anchor reads several shards; the others are counted where they are sent.
    if (!chosen.tasks.empty() && chosen.tasks[0].anchor_shard_id == 0)
        count(Counter::MultiShard);
    choose_placements(state, chosen.tasks);
    advise_planners(state, chosen.tasks);
    capture_first_run(state, chosen.tasks);
    if (motions != nullptr && !chosen.tasks.empty()) {
        EState *estate = state->css.ss.ps.state;
        motions->run(keep_tasks(chosen.tasks), state->run_as, estate->es_param_list_info, estate);
        state->moved_before += motions->moved_bytes();
        state->direct_before += motions->direct_bytes();
    }
    if (!state->fragment.has_result) {
        const uint64 affected = run_without_rows(state, chosen);
        if (state->counts_rows)
            state->css.ss.ps.state->es_processed += affected;
        state->exhausted = true;
        return;
    }
    if (state->keeps_rows)
        state->spool = tuplestore_begin_heap(true, false, work_mem);
    if (state->spool != nullptr)
        tuplestore_set_eflags(state->spool, EXEC_FLAG_REWIND | EXEC_FLAG_BACKWARD);
    if (chosen.tasks.empty()) {
        state->exhausted = true;
        return;
    }
    if (state->fragment.locks_row_by_row()) {
        open_locks(state, keep_tasks(chosen.tasks), econtext);
        ResetExprContext(econtext);
        return;
    }
    state->replica_tasks = keep_tasks(chosen.replica_tasks);
    TaskSet set{.tasks = keep_tasks(chosen.tasks),
                .params = state->params,
                .access = access_of(state->fragment),
                .result = state->remote_slot->tts_tupleDescriptor,
                .run_as = state->run_as,
                .level = level_of(state),
                .commits = commits_with_rows(state, chosen),
                .takes_turn = takes_turn(state),
                .may_take_long = may_take_long(state->css.ss.ps.plan, chosen.tasks.size())};
    const bool merges = state->fragment.merge_keys != NIL && set.tasks.size() > 1;
    share_snapshot(state, &set, merges && have_a_node_twice(set.tasks));
    if (merges)
        state->merge = MergedStreams::open(state->run_context, set, state->fragment.merge_keys);
    else
        state->stream = TaskStream::open(state->run_context, set);
}

void end_run(FragmentScanState *state) {
    state->received_before += received_bytes(state);
    measure_bytes(state);
    if (has_stream(state))
        with_source(state, [](auto *source) { source->close(); });
    state->stream = nullptr;
    state->merge = nullptr;
    state->locks = nullptr;
    ExecClearTuple(state->css.ss.ss_ScanTupleSlot);
    ExecClearTuple(state->remote_slot);
    if (state->spool_slot != nullptr)
        ExecClearTuple(state->spool_slot);
    if (state->spool != nullptr) {
        tuplestore_end(state->spool);
        state->spool = nullptr;
    }
    MemoryContextReset(state->run_context);
    state->fragment.motion_ids = {};
    state->started = state->exhausted = false;
    state->kept_run = nullptr;
    state->kept_given = 0;
    state->run_key = nullptr;
}

namespace {

/// The shards have sent their last row: writes run on the other placements now and are counted.
void finish_rows(FragmentScanState *state) {
    state->exhausted = true;
    if (!state->fragment.modifies())
        return;
    const uint64 affected = state->fragment.command == CMD_SELECT ? 0 : state->rows_seen;
    if (!state->replica_tasks.empty())
        run_tasks({state->replica_tasks, state->params, Access::Write, nullptr, state->run_as});
    if (state->counts_rows)
        state->css.ss.ps.state->es_processed += affected;
}

} // namespace

/// Reads one row from the shards into the scan slot.
TupleTableSlot *fetch_row(FragmentScanState *state) {
    TupleTableSlot *scan_slot = state->css.ss.ss_ScanTupleSlot;
    ExecClearTuple(scan_slot);
    if (state->exhausted)
        return nullptr;
    int task = 0;
    const bool found =
        with_source(state, [&](auto *source) { return source->next(state->remote_slot, &task); });
    if (!found) {
        finish_rows(state);
        return nullptr;
    }
    state->rows_seen++;
    if (state->measures_run)
        state->measures[static_cast<size_t>(task)].rows.emplace(
            state->measures[static_cast<size_t>(task)].rows.value_or(0) + 1);
    if (state->projection != nullptr) {
        ExprContext *econtext = state->css.ss.ps.ps_ExprContext;
        econtext->ecxt_scantuple = state->remote_slot;
        ExecProject(state->projection);
    }
    return scan_slot;
}

namespace {

/// The next row in the direction of the scan, with the rows read so far kept in the spool.
TupleTableSlot *spooled_row(FragmentScanState *state) {
    const bool forward = ScanDirectionIsForward(state->css.ss.ps.state->es_direction);
    TupleTableSlot *scan_slot = state->css.ss.ss_ScanTupleSlot;
    bool at_end = tuplestore_ateof(state->spool);
    if (!forward && at_end) {
        // The last row of the spool is the current one: step over it, unless the end was reached before.
        if (!state->exhausted && !tuplestore_advance(state->spool, false))
            return nullptr;
        at_end = false;
    }
    if (!at_end) {
        if (tuplestore_gettupleslot(state->spool, forward, false, state->spool_slot))
            return ExecCopySlot(scan_slot, state->spool_slot);
        if (!forward)
            return nullptr;
    }
    TupleTableSlot *slot = fetch_row(state);
    if (slot != nullptr)
        tuplestore_puttupleslot(state->spool, slot);
    return slot;
}

/// Reads the rows of a new run ahead, so that a reader who stops early (EXISTS) leaves them all, too.
void keep_rows_of_run(FragmentScanState *state) {
    CachedRun *run = state->cache->begin(state->run_key->data, state->run_key->len);
    if (run == nullptr)
        return;
    state->kept_run = run;
    for (;;) {
        TupleTableSlot *slot = fetch_row(state);
        if (slot == nullptr) {
            state->cache->finish(run);
            return;
        }
        ContextScope scope(state->cache->rows_context());
        if (!state->cache->add(run, ExecCopySlotMinimalTuple(slot)))
            return;
    }
}

TupleTableSlot *kept_row(FragmentScanState *state) {
    TupleTableSlot *scan_slot = state->css.ss.ss_ScanTupleSlot;
    ExecStoreMinimalTuple(state->kept_run->rows[state->kept_given++], state->spool_slot, false);
    return ExecCopySlot(scan_slot, state->spool_slot);
}

TupleTableSlot *row_from_shards(FragmentScanState *state) {
    if (!state->started) {
        if (state->fragment.modifies())
            start_reads_before_write(state->css.ss.ps.state);
        start_run(state);
        if (state->cache != nullptr && state->kept_run == nullptr && has_stream(state))
            keep_rows_of_run(state);
    }
    if (state->kept_run != nullptr && state->kept_given < state->kept_run->row_count)
        return kept_row(state);
    if (state->spool != nullptr)
        return spooled_row(state);
    return state->exhausted ? nullptr : fetch_row(state);
}

TupleTableSlot *next_scan_row(FragmentScanState *state) {
    WholeScanState *whole = state->whole;
    if (whole == nullptr)
        return row_from_shards(state);
    if (!state->started && reads_whole(state))
        state->started = state->exhausted = true;
    if (whole->is_reading)
        return next_row_of_whole(state);
    start_clock(whole);
    TupleTableSlot *slot = row_from_shards(state);
    stop_clock(whole);
    return slot;
}

// ---------------------------------------------------------------- executor callbacks

void begin_scan(CustomScanState *node, EState *estate, int eflags) {
    auto *state = scan_state(node);
    state->portal = ActivePortal;
    state->next_live = std::exchange(live_scans, state);
    state->forget.func = forget_scan;
    state->forget.arg = state;
    MemoryContextRegisterResetCallback(estate->es_query_cxt, &state->forget);
    auto *plan = castNode(CustomScan, node->ss.ps.plan);
    state->fragment = fragment_of(plan);
    if (state->fragment.has_result)
        state->keeps_rows = eflags & (EXEC_FLAG_REWIND | EXEC_FLAG_BACKWARD);
    const PlannedStmt *statement = estate->es_plannedstmt;
    state->counts_rows = statement->planTree == &plan->scan.plan && statement->canSetTag &&
                         state->fragment.command != CMD_SELECT;

    ListCell *cell;
    foreach (cell, state->fragment.params)
        state->param_states =
            lappend(state->param_states, ExecInitExpr(static_cast<Expr *>(lfirst(cell)), &node->ss.ps));
    foreach (cell, state->fragment.prune_items) {
        Expr *expr = read_prune_item(static_cast<List *>(lfirst(cell))).expr;
        state->prune_states =
            lappend(state->prune_states, expr == nullptr ? nullptr : ExecInitExpr(expr, &node->ss.ps));
    }

    auto *remote_tlist = static_cast<List *>(list_nth(plan->custom_private, kRemoteTlist));
    auto *projection = static_cast<List *>(list_nth(plan->custom_private, kProjection));
    TupleTableSlot *scan_slot = node->ss.ss_ScanTupleSlot;
    state->remote_slot = scan_slot;
    if (remote_tlist != NIL) {
        state->remote_slot = ExecInitExtraTupleSlot(estate, ExecTypeFromTL(remote_tlist), &TTSOpsVirtual);
        state->projection =
            ExecBuildProjectionInfo(projection, node->ss.ps.ps_ExprContext, scan_slot, &node->ss.ps, nullptr);
    }
    if (state->keeps_rows)
        state->spool_slot =
            ExecInitExtraTupleSlot(estate, scan_slot->tts_tupleDescriptor, &TTSOpsMinimalTuple);
    state->run_context =
        AllocSetContextCreate(estate->es_query_cxt, "citus fragment scan", ALLOCSET_DEFAULT_SIZES);
    if (has_whole_scan(plan) && repeats_itself(state))
        state->whole = begin_whole_scan(state, whole_scan_of(plan));
}

TupleTableSlot *exec_scan(CustomScanState *node) {
    return filter_and_project(node, [&] { return next_scan_row(scan_state(node)); });
}

void end_scan(CustomScanState *node) {
    auto *state = scan_state(node);
    end_run(state);
    if (state->whole != nullptr)
        end_whole_scan(state->whole);
}

bool uses_params(::Node *node, void *numbers) {
    if (node == nullptr)
        return false;
    if (!IsA(node, Param))
        return walk_children(node, uses_params, numbers);
    const auto *param = castNode(Param, node);
    return param->paramkind == PARAM_EXEC && bms_is_member(param->paramid, static_cast<Bitmapset *>(numbers));
}

/// Whether the rows that the shards send depend on what has changed; else only filters here do.
bool has_changed(const CustomScanState *node) {
    auto *exprs = reinterpret_cast<::Node *>(castNode(CustomScan, node->ss.ps.plan)->custom_exprs);
    return node->ss.ps.chgParam != nullptr && uses_params(exprs, node->ss.ps.chgParam);
}

void rescan(CustomScanState *node) {
    auto *state = scan_state(node);
    if (state->started && state->spool != nullptr && !has_changed(node)) {
        ExecClearTuple(node->ss.ss_ScanTupleSlot);
        tuplestore_rescan(state->spool);
        return;
    }
    end_run(state);
    if (state->cache == nullptr && repeats_itself(state)) {
        EState *estate = node->ss.ps.state;
        state->cache = RescanCache::create(estate->es_query_cxt);
        if (state->spool_slot == nullptr)
            state->spool_slot = ExecInitExtraTupleSlot(estate, node->ss.ss_ScanTupleSlot->tts_tupleDescriptor,
                                                       &TTSOpsMinimalTuple);
    }
}

/// Whether an expression needs a value that only a run of the plan gives, or a $n that has none here.
bool needs_run(::Node *node, void *context) {
    if (node == nullptr)
        return false;
    if (!IsA(node, Param))
        return walk_children(node, needs_run, context);
    const auto *param = castNode(Param, node);
    const auto *bound = static_cast<ParamListInfo>(context);
    return param->paramkind != PARAM_EXTERN || bound == nullptr || param->paramid > bound->numParams;
}

void explain_scan(CustomScanState *node, List *, ExplainState *es) {
    auto *state = scan_state(node);
    const auto *plan = castNode(CustomScan, node->ss.ps.plan);
    auto *remote = static_cast<List *>(list_nth(plan->custom_private, kRemoteTlist));
    explain_merge_keys(state->fragment.merge_keys, remote != NIL ? remote : plan->custom_scan_tlist, es);
    if (state->fragment.locks_row_by_row())
        ExplainPropertyText("Locks Rows", "One by One", es);
    ExprContext *econtext = node->ss.ps.ps_ExprContext;
    const bool has_lookups = state->whole != nullptr && state->whole->lookups > 0;
    const bool ran = es->analyze && state->started && !has_lookups;
    // Before a run, only what needs nothing of the outer query can be evaluated: constants and $n.
    bool known = ran;
    if (!known) {
        auto *exprs = reinterpret_cast<::Node *>(castNode(CustomScan, node->ss.ps.plan)->custom_exprs);
        known =
            !contain_volatile_functions(exprs) && !needs_run(exprs, node->ss.ps.state->es_param_list_info);
    }
    TaskReport report{};
    report.tier = tier_name(state->fragment.tier);
    report.params_known = known;
    if (known)
        report.params =
            ran ? state->params : evaluate_params(state->fragment.params, state->param_states, econtext);
    FragmentTasks chosen = tasks_of_run(state, known ? econtext : nullptr);
    advise_planners(state, chosen.tasks);
    report.tasks = keep_tasks(chosen.tasks);
    report.pruned_shards = chosen.pruned_shards;
    report.run_as = effective_user(state->fragment.run_as, state->fragment.slot_relations,
                                   needed_rights(state->fragment));
    // After a rescan, the tasks may be others than those of the first run.
    if (es->analyze && state->measures.size() == report.tasks.size())
        report.measures = state->measures;
    measure_bytes(state);
    report.never_executed = es->analyze && state->measures.empty();
    if (es->analyze)
        report.received_bytes = state->received_before + received_bytes(state);
    if (has_lookups)
        ExplainPropertyText(
            "Correlated Runs",
            psprintf(UINT64_FORMAT " on the shards, " UINT64_FORMAT " in " UINT64_FORMAT
                                   " rows that were read once%s",
                     state->whole->runs, state->whole->lookups, state->whole->rows_read,
                     state->whole->rows != nullptr && state->whole->rows->on_disk() ? " (on disk)" : ""),
            es);
    explain_motions(state->fragment, node->ss.ps.state->es_param_list_info, state->moved_before,
                    state->direct_before, es);
    explain_tasks(report, es);
}

const CustomExecMethods kExecMethods = {
    .CustomName = kNodeName,
    .BeginCustomScan = begin_scan,
    .ExecCustomScan = exec_scan,
    .EndCustomScan = end_scan,
    .ReScanCustomScan = rescan,
    .ExplainCustomScan = explain_scan,
};

::Node *create_scan_state(CustomScan *) {
    auto *state = static_cast<FragmentScanState *>(palloc0(sizeof(FragmentScanState)));
    NodeSetTag(state, T_CustomScanState);
    state->css.methods = &kExecMethods;
    return reinterpret_cast<::Node *>(state);
}

} // namespace

const CustomScanMethods kFragmentScanMethods = {
    .CustomName = kNodeName,
    .CreateCustomScanState = create_scan_state,
};

void install_fragment_scan() {
    RegisterCustomScanMethods(&kFragmentScanMethods);
    install_write_visibility();
}

} // namespace citus

extern "C" {
PG_FUNCTION_INFO_V1(citus_fragment_scan);
PGDLLEXPORT Datum citus_fragment_scan(PG_FUNCTION_ARGS);
}

/// The planner replaces every use of this function; only a query that names it gets here.
Datum citus_fragment_scan(PG_FUNCTION_ARGS) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("citus_internal.fragment_scan() is used inside plans and cannot be called")));
    PG_RETURN_VOID();
}
