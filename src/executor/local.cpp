#include "citus/executor/local.hpp"

#include "citus/guc.hpp"
#include "citus/net/remote_error.hpp"
#include "citus/pg/counters.hpp"
#include "citus/transaction/remote_transaction.hpp"
#include "local_plans.hpp"

extern "C" {
#include "jit/jit.h"
#include "nodes/params.h"
#include "parser/analyze.h"
#include "tcop/tcopprot.h"
#include "tcop/utility.h"
}

namespace citus {

namespace {

/// A DestReceiver that hands rows to a consumer.
struct SlotReceiver {
    DestReceiver base;
    LocalRowConsumer *consumer;
    bool may_stop; ///< the consumer may end the run, which goes on later
    bool stopped;
};

bool receive_slot(TupleTableSlot *slot, DestReceiver *self) {
    auto *receiver = reinterpret_cast<SlotReceiver *>(self);
    if (receiver->consumer == nullptr)
        return true;
    receiver->stopped = !receiver->consumer->take_slot(slot) && receiver->may_stop;
    return !receiver->stopped;
}

SlotReceiver make_receiver(LocalRowConsumer *consumer) {
    SlotReceiver receiver;
    memset(&receiver, 0, sizeof(receiver));
    receiver.base.receiveSlot = receive_slot;
    receiver.base.rStartup = [](DestReceiver *, int, TupleDesc) {};
    receiver.base.rShutdown = [](DestReceiver *) {};
    receiver.base.rDestroy = [](DestReceiver *) {};
    receiver.base.mydest = DestTuplestore;
    receiver.consumer = consumer;
    return receiver;
}

ParamListInfo make_param_list(const TaskParams &params) {
    if (params.types.empty())
        return nullptr;
    ParamListInfo list = makeParamList(static_cast<int>(params.types.size()));
    for (size_t i = 0; i < params.types.size(); i++) {
        list->params[i].value = params.values[i];
        list->params[i].isnull = params.nulls[i];
        list->params[i].pflags = PARAM_FLAG_CONST;
        list->params[i].ptype = params.types[i];
    }
    return list;
}

uint64 run_utility(PlannedStmt *plan, const char *sql, DestReceiver *receiver) {
    QueryCompletion completion;
    InitializeQueryCompletion(&completion);
    ProcessUtility(plan, sql, false, PROCESS_UTILITY_QUERY, nullptr, nullptr, receiver, &completion);
    return completion.nprocessed;
}

uint64 run_plan(PlannedStmt *plan, const char *sql, ParamListInfo params, DestReceiver *receiver) {
    plan->jitFlags = PGJIT_NONE; // as on connections (net/settings.cpp): it would be compiled for each shard
    QueryDesc *query =
        CreateQueryDesc(plan, sql, GetActiveSnapshot(), InvalidSnapshot, receiver, params, nullptr, 0);
    ExecutorStart(query, 0);
    ExecutorRun(query, ForwardScanDirection, 0, true);
    ExecutorFinish(query);
    const uint64 processed = query->estate->es_processed;
    ExecutorEnd(query);
    FreeQueryDesc(query);
    return processed;
}

/// The snapshot of the statement that runs now, which for a write must also see what was written before it.
void push_snapshot(Access access) {
    if (!ActiveSnapshotSet()) {
        PushActiveSnapshot(GetTransactionSnapshot());
    } else if (access == Access::Read) {
        PushActiveSnapshot(GetActiveSnapshot());
    } else {
        PushCopiedSnapshot(GetActiveSnapshot());
        UpdateActiveSnapshotCommandId();
    }
}

uint64 run_one(RawStmt *raw, const char *sql, const TaskParams &params, ParamListInfo values, Access access,
               DestReceiver *receiver) {
    uint64 processed = 0;
    push_snapshot(access);
    List *queries = pg_analyze_and_rewrite_fixedparams(raw, sql, params.types.data(),
                                                       static_cast<int>(params.types.size()), nullptr);
    ListCell *cell;
    foreach (cell, queries) {
        Query *query = lfirst_node(Query, cell);
        if (query->commandType == CMD_UTILITY) {
            PlannedStmt *plan = makeNode(PlannedStmt);
            plan->commandType = CMD_UTILITY;
            plan->canSetTag = query->canSetTag;
            plan->utilityStmt = query->utilityStmt;
            plan->stmt_location = query->stmt_location;
            plan->stmt_len = query->stmt_len;
            processed = run_utility(plan, sql, receiver);
        } else {
            PlannedStmt *plan = pg_plan_query(query, sql, 0, values);
            processed = run_plan(plan, sql, values, receiver);
        }
    }
    PopActiveSnapshot();
    return processed;
}

/// A statement whose plan is kept. False when it is to be run in the ordinary way.
bool run_kept(const char *sql, const TaskParams &params, ParamListInfo values, Access access,
              DestReceiver *receiver, uint64 *processed) {
    push_snapshot(access); // analysis and planning may need one
    CachedPlanSource *source = kept_plan_source(sql, params);
    if (source == nullptr) {
        PopActiveSnapshot();
        return false;
    }
    const int64 plans = source->num_generic_plans + source->num_custom_plans;
    // Released by the resource owner after an error.
    CachedPlan *plan = GetCachedPlan(source, values, CurrentResourceOwner, nullptr);
    // A generic plan is counted when it is used, a custom one when it is made: only the first is a hit.
    count(source->gplan == plan && plans > 0 ? Counter::LocalPlanHits : Counter::LocalPlans);
    ListCell *cell;
    foreach (cell, plan->stmt_list) {
        auto *statement = lfirst_node(PlannedStmt, cell);
        const uint64 rows = run_plan(statement, sql, values, receiver);
        if (statement->canSetTag)
            *processed = rows;
    }
    ReleaseCachedPlan(plan, CurrentResourceOwner);
    PopActiveSnapshot();
    return true;
}

} // namespace

namespace {

/// The arguments of execute_locally(), and its result.
struct LocalRun {
    const char *sql;
    const TaskParams *params;
    Access access;
    LocalRowConsumer *consumer;
    uint64 processed;
};

void run_all(void *argument) {
    auto *run = static_cast<LocalRun *>(argument);
    SlotReceiver receiver = make_receiver(run->consumer);
    ParamListInfo values = make_param_list(*run->params);
    if (run_kept(run->sql, *run->params, values, run->access, &receiver.base, &run->processed)) {
        if (run->access == Access::Write)
            CommandCounterIncrement();
        return;
    }
    count(Counter::LocalPlans);
    ListCell *cell;
    foreach (cell, pg_parse_query(run->sql)) {
        run->processed =
            run_one(lfirst_node(RawStmt, cell), run->sql, *run->params, values, run->access, &receiver.base);
        if (run->access == Access::Write)
            CommandCounterIncrement();
    }
}

} // namespace

uint64 execute_locally(const char *sql, const TaskParams &params, Access access, LocalRowConsumer *consumer) {
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "citus local task", ALLOCSET_DEFAULT_SIZES);
    LocalRun run = {sql, &params, access, consumer, 0};
    if (access == Access::Write) {
        note_local_write();
        CommandCounterIncrement();
    }
    if (guc::log_remote_commands)
        ereport(NOTICE, (errmsg("executing the command locally: %s", sql)));
    {
        ContextScope scope(context);
        as_on_a_shard(run_all, &run);
    }
    MemoryContextDelete(context);
    return run.processed;
}

// ---------------------------------------------------------------- a query that is read bit by bit

namespace {

class OpenLocalQuery final : public LocalQuery {
public:
    OpenLocalQuery(MemoryContext context, LocalRowConsumer *consumer)
        : context(context), owner(CurrentResourceOwner), receiver(make_receiver(consumer)) {
        receiver.may_stop = true;
    }

    MemoryContext const context;
    ResourceOwner const owner; ///< of the plan, the snapshot and whatever the plan holds
    SlotReceiver receiver;
    QueryDesc *query = nullptr;
    CachedPlan *kept_plan = nullptr;
};

/// The work of open() and run() as functions for as_on_a_shard().
struct LocalStart {
    OpenLocalQuery *target;
    const char *sql;
    const TaskParams *params;
};

PlannedStmt *only_select(List *statements) {
    if (list_length(statements) != 1)
        return nullptr;
    auto *plan = linitial_node(PlannedStmt, statements);
    return plan->commandType == CMD_SELECT && !plan->hasModifyingCTE && plan->utilityStmt == nullptr
               ? plan
               : nullptr;
}

/// The plan of a text that is not kept; nullptr when it is something else than a SELECT.
PlannedStmt *plan_select(const char *sql, const TaskParams &params, ParamListInfo values) {
    List *raw = pg_parse_query(sql);
    if (list_length(raw) != 1 || !IsA(linitial_node(RawStmt, raw)->stmt, SelectStmt))
        return nullptr;
    List *queries = pg_analyze_and_rewrite_fixedparams(linitial_node(RawStmt, raw), sql, params.types.data(),
                                                       static_cast<int>(params.types.size()), nullptr);
    return only_select(pg_plan_queries(queries, sql, 0, values));
}

void start_local_query(void *argument) {
    const auto *start = static_cast<LocalStart *>(argument);
    OpenLocalQuery *target = start->target;
    ParamListInfo values = make_param_list(*start->params);
    push_snapshot(Access::Read);
    PlannedStmt *plan = nullptr;
    if (CachedPlanSource *source = kept_plan_source(start->sql, *start->params); source != nullptr) {
        const int64 plans = source->num_generic_plans + source->num_custom_plans;
        target->kept_plan = GetCachedPlan(source, values, target->owner, nullptr);
        count(source->gplan == target->kept_plan && plans > 0 ? Counter::LocalPlanHits : Counter::LocalPlans);
        plan = only_select(target->kept_plan->stmt_list);
    } else {
        plan = plan_select(start->sql, *start->params, values);
        if (plan != nullptr)
            count(Counter::LocalPlans);
    }
    if (plan != nullptr) {
        plan->jitFlags = PGJIT_NONE;
        target->query = CreateQueryDesc(plan, start->sql, GetActiveSnapshot(), InvalidSnapshot,
                                        &target->receiver.base, values, nullptr, 0);
        ExecutorStart(target->query, 0);
    }
    PopActiveSnapshot();
}

void run_local_query(void *argument) {
    auto *target = static_cast<OpenLocalQuery *>(argument);
    PushActiveSnapshot(target->query->snapshot);
    target->receiver.stopped = false;
    ExecutorRun(target->query, ForwardScanDirection, 0, false);
    PopActiveSnapshot();
}

} // namespace

LocalQuery *LocalQuery::open(MemoryContext context, const char *sql, const TaskParams &params,
                             LocalRowConsumer *consumer) {
    MemoryContext own = AllocSetContextCreate(context, "citus local query", ALLOCSET_DEFAULT_SIZES);
    ContextScope scope(own);
    auto *target = make_in<OpenLocalQuery>(own, own, consumer);
    LocalStart start{target, sql, &params};
    as_on_a_shard(start_local_query, &start);
    if (target->query != nullptr) {
        if (guc::log_remote_commands)
            ereport(NOTICE, (errmsg("executing the command locally: %s", sql)));
        return target;
    }
    target->close();
    return nullptr;
}
bool LocalQuery::run() {
    auto *target = static_cast<OpenLocalQuery *>(this);
    ResourceOwner owner = CurrentResourceOwner;
    CurrentResourceOwner = target->owner;
    {
        ContextScope scope(target->context);
        as_on_a_shard(run_local_query, target);
    }
    CurrentResourceOwner = owner; // after an error the (sub)transaction sets it
    return target->receiver.stopped;
}

void LocalQuery::close() {
    auto *target = static_cast<OpenLocalQuery *>(this);
    ResourceOwner owner = CurrentResourceOwner;
    CurrentResourceOwner = target->owner;
    if (target->query != nullptr) {
        ContextScope scope(target->context);
        ExecutorFinish(target->query);
        ExecutorEnd(target->query);
        FreeQueryDesc(target->query);
    }
    if (target->kept_plan != nullptr)
        ReleaseCachedPlan(target->kept_plan, target->owner);
    CurrentResourceOwner = owner;
    MemoryContextDelete(target->context);
}

} // namespace citus
