/// What the reads of a statement must not see: the rows that this session writes after they began.
#include "fragment_scan_state.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/executor/run_as.hpp"
#include "citus/guc.hpp"
#include "citus/net/wire.hpp"
#include "citus/pg/walker.hpp"
#include "citus/transaction/statement_snapshot.hpp"

extern "C" {
#include "commands/portalcmds.h"
#include "nodes/nodeFuncs.h"
#include "utils/snapmgr.h"
}

namespace citus {

namespace {

/// Whether a parameter that no InitPlan has computed yet is one of a row above: also one of an InitPlan that
/// needs such a row itself, as in a sub-select that runs for each row.
bool is_of_outer_row(const EState *estate, int number) {
    const auto *init_plan = static_cast<const SubPlanState *>(estate->es_param_exec_vals[number].execPlan);
    if (init_plan == nullptr)
        return true;
    const Bitmapset *needed = init_plan->planstate->plan->extParam;
    for (int i = bms_next_member(needed, -1); i >= 0; i = bms_next_member(needed, i))
        if (is_of_outer_row(estate, i))
            return true;
    return false;
}

bool has_outer_params(::Node *node, void *context) {
    if (node == nullptr)
        return false;
    if (!IsA(node, Param))
        return walk_children(node, has_outer_params, context);
    const auto *param = castNode(Param, node);
    return param->paramkind == PARAM_EXEC && is_of_outer_row(static_cast<EState *>(context), param->paramid);
}

} // namespace

bool needs_outer_row(const FragmentScanState *state) {
    return state->is_noted ? state->needs_outer_row
                           : has_outer_params(reinterpret_cast<::Node *>(
                                                  castNode(CustomScan, state->css.ss.ps.plan)->custom_exprs),
                                              state->css.ss.ps.state);
}

namespace {

bool is_part_of(PlanState *tree, void *node) {
    return tree == node ||
           planstate_tree_walker(tree, reinterpret_cast<bool (*)()>(reinterpret_cast<void (*)()>(is_part_of)),
                                 node);
}

/// To be told before the first InitPlan is computed: afterwards its parameter looks like one of a row above.
void note_outer_rows(const EState *estate) {
    for (FragmentScanState *state = live_scans; state != nullptr; state = state->next_live) {
        if (state->css.ss.ps.state != estate || state->is_noted)
            continue;
        state->needs_outer_row = needs_outer_row(state);
        state->is_noted = true;
    }
}

ExecutorStart_hook_type previous_start = nullptr;

void start_executor(QueryDesc *query, int eflags) {
    if (previous_start != nullptr)
        previous_start(query, eflags);
    else
        standard_ExecutorStart(query, eflags);
    note_outer_rows(query->estate);
}

bool is_elsewhere(int32 group) {
    return !(guc::enable_local_execution && is_local_group(group));
}

void add_group(std::pmr::vector<int32> *groups, int32 group) {
    if (is_elsewhere(group) && std::find(groups->begin(), groups->end(), group) == groups->end())
        groups->push_back(group);
}

/// The groups of nodes that runs of the scan may read from. Rows that are moved for it may come from any.
std::pmr::vector<int32> groups_of_runs(FragmentScanState *state) {
    std::pmr::vector<int32> groups;
    Fragment all = state->fragment;
    all.prunes = all.single_group = false;
    std::pmr::vector<Task> tasks = build_tasks(all, NIL, nullptr).tasks;
    choose_placements(state, tasks);
    for (const Task &task : tasks)
        add_group(&groups, task.group_id);
    if (all.motions == NIL)
        return groups;
    for (const ClusterNode &node : all_nodes())
        if (node.role == NodeRole::Primary && node.is_active)
            add_group(&groups, node.group_id);
    return groups;
}

/// A scan that runs again for each outer row runs after the write, too. The nodes keep the statement's
/// snapshot from before it. (In this backend, the snapshot of the statement itself is older than the write.)
void keep_snapshots(FragmentScanState *state) {
    if (std::exchange(state->keeps_snapshots, true))
        return;
    state->run_as = effective_user(state->fragment.run_as, state->fragment.slot_relations, ACL_SELECT);
    std::pmr::vector<Task> tasks;
    for (const int32 group : groups_of_runs(state))
        tasks.push_back({group, 0, "SELECT"});
    if (tasks.empty())
        return;
    run_tasks({.tasks = tasks,
               .access = Access::Read,
               .run_as = state->run_as,
               .in_transaction = true,
               .statement = statement_number(state->css.ss.ps.state)});
}

} // namespace

void start_reads_before_write(EState *estate, bool always) {
    if (!always && !estate->es_plannedstmt->hasModifyingCTE)
        return;
    for (FragmentScanState *state = live_scans; state != nullptr; state = state->next_live) {
        if (state->css.ss.ps.state != estate || state->fragment.modifies())
            continue;
        if (needs_outer_row(state))
            keep_snapshots(state);
        if (state->started || needs_outer_row(state))
            continue;
        state->keeps_rows = true;
        if (state->spool_slot == nullptr) {
            ContextScope scope(estate->es_query_cxt);
            state->spool_slot = ExecInitExtraTupleSlot(
                estate, state->css.ss.ss_ScanTupleSlot->tts_tupleDescriptor, &TTSOpsMinimalTuple);
        }
        start_run(state);
        if (state->kept_run != nullptr)
            continue; // the rows of an earlier run are in memory
        while (TupleTableSlot *slot = fetch_row(state))
            tuplestore_puttupleslot(state->spool, slot);
        tuplestore_rescan(state->spool);
    }
}

bool may_read_after_write(EState *estate, Oid relid, PlanState *except) {
    for (FragmentScanState *state = live_scans; state != nullptr; state = state->next_live) {
        if (state->css.ss.ps.state != estate || !list_member_oid(state->fragment.slot_relations, relid))
            continue;
        // With a snapshot that the nodes keep, it may run again at any time.
        const bool later = state->fragment.modifies() ? !state->started
                                                      : needs_outer_row(state) && !state->keeps_snapshots;
        if (later && !is_part_of(except, &state->css.ss.ps))
            return true;
    }
    return false;
}

namespace {

/// A scan that runs again for each outer row would see the write when it runs later: the rest of its cursor
/// is read into the cursor's store now, as it is at COMMIT for WITH HOLD. True when a portal was changed.
bool finish_cursor(FragmentScanState *state) {
    Portal portal = state->portal;
    if (!is_of_portal(state) || portal->status != PORTAL_READY || portal->strategy != PORTAL_ONE_SELECT ||
        portal->holdStore != nullptr)
        return false;
    PortalCreateHoldStore(portal);
    PersistHoldablePortal(portal);
    return true;
}

/// Sends the queries of a scan that has not begun. Its rows are read when they are wanted.
void start_pending_scan(FragmentScanState *state) {
    ResourceOwner owner = CurrentResourceOwner;
    if (is_of_portal(state))
        CurrentResourceOwner = state->portal->resowner;
    PushActiveSnapshot(state->css.ss.ps.state->es_snapshot);
    start_run(state);
    PopActiveSnapshot();
    CurrentResourceOwner = owner;
}

/// Before this session writes: what was begun before must not see it. A scan whose queries were sent is safe,
/// since each node answers them in order.
void start_pending_reads() {
    FragmentScanState *state = live_scans;
    while (state != nullptr) {
        EState *estate = state->css.ss.ps.state;
        const bool runs = !(estate->es_top_eflags & EXEC_FLAG_EXPLAIN_ONLY) && !state->fragment.modifies();
        if (runs && needs_outer_row(state) && finish_cursor(state)) {
            state = live_scans; // its scans are gone
            continue;
        }
        if (runs && needs_outer_row(state))
            keep_snapshots(state);
        else if (runs && !state->started)
            start_pending_scan(state);
        state = state->next_live;
    }
}

} // namespace

void install_write_visibility() {
    before_write_hook = start_pending_reads;
    previous_start = ExecutorStart_hook;
    ExecutorStart_hook = start_executor;
}

} // namespace citus
