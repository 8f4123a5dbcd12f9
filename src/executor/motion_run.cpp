#include "citus/executor/motion.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/executor/fragment_scan.hpp"
#include "citus/executor/run_as.hpp"
#include "citus/guc.hpp"
#include "citus/net/pool.hpp"
#include "citus/transaction/statement_snapshot.hpp"

extern "C" {
#include "access/transam.h"
#include "access/xact.h"
#include "tcop/dest.h"
#include "utils/array.h"
#include "utils/datum.h"
}

namespace citus {

// ---------------------------------------------------------------- what the planner says

List *Motion::pack() const {
    return list_make3(makeInteger(key), makeString(pstrdup(from)), source);
}

Motion Motion::unpack(const List *packed) {
    return {intVal(linitial(packed)), strVal(lsecond(packed)), static_cast<PlannedStmt *>(lthird(packed))};
}

namespace {

// ---------------------------------------------------------------- numbers

/// Numbers of results that are in use. Low ones come again, so that the same plan has the same SQL.
uint64 used_ids = 0;

int32 take_id() {
    for (int32 id = 0; id < 64; id++)
        if ((used_ids & (uint64{1} << id)) == 0) {
            used_ids |= uint64{1} << id;
            return id + 1;
        }
    ereport(ERROR, (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
                    errmsg("too many open queries of this session move rows between nodes"),
                    errhint("Close cursors that are not needed any more.")));
}

void give_back_ids(void *raw) {
    for (const int32 id : static_cast<MotionRun *>(raw)->ids())
        used_ids &= ~(uint64{1} << (id - 1));
}

// ---------------------------------------------------------------- sending chunks

/// Sends chunks to the nodes that need them, several at a time.
class ChunkSender final : public MotionSink {
public:
    ChunkSender(MemoryContext context, std::span<const int32> groups, Oid run_as)
        : context_(context), groups_(groups), run_as_(run_as) {}

    int32 id = 0;
    int32 producer_group = kNoGroup; ///< has stored chunks for all itself
    std::span<const int32> groups() const { return groups_; }
    uint64 bytes = 0;        ///< of this result that came through here, without copies
    uint64 direct_bytes = 0; ///< ... that went from node to node

    void take_chunk(int32 group, const char *chunk, size_t size) override {
        bytes += size;
        check_size();
        command("SELECT citus_internal.motion_put($1, $2, $3)", group, chunk, size);
    }

    /// Rows are in an inbox on a node: its backend of this session is to read them there.
    void take_inbox(int32 group, const char *handle, size_t size) {
        command("SELECT citus_internal.motion_collect($1, $2, $3)", group, handle, size);
    }

    void note_direct(uint64 size) {
        direct_bytes += size;
        check_size();
    }

    void finish() {
        for (Sending &sending : slots_)
            complete(&sending);
    }

private:
    struct Sending {
        MemoryContext context = nullptr;
        TaskStream *stream = nullptr;
    };

    void check_size() const {
        const int limit = guc::max_intermediate_result_size;
        if (limit >= 0 && bytes + direct_bytes > static_cast<uint64>(limit) * 1024)
            raise_motion_too_large(limit);
    }

    /// Runs sql(id, bytes, limit) on the group's node, or on all.
    void command(const char *sql, int32 group, const char *chunk, size_t size) {
        MemoryContext context = AllocSetContextCreate(context_, "citus moved chunk", ALLOCSET_DEFAULT_SIZES);
        ContextScope scope(context);
        // Copied before anything else is received: what a stream has handed out may go then.
        const TaskParams params = params_for(chunk, size);
        Sending *sending = next_slot();
        sending->context = context;
        const auto targets = group == kAllGroups ? groups_ : std::span<const int32>(&group, 1);
        auto *tasks = static_cast<Task *>(palloc(sizeof(Task) * (targets.size() + 1)));
        size_t count = 0;
        for (const int32 target : targets)
            if (group != kAllGroups || target != producer_group)
                tasks[count++] = {target, 0, sql};
        const TaskSet set{.tasks = {tasks, count},
                          .params = params,
                          .access = Access::Read,
                          .result = nullptr,
                          .run_as = run_as_,
                          .in_transaction = true};
        sending->stream = TaskStream::open(sending->context, set);
    }

    static void complete(Sending *sending) {
        if (sending->stream == nullptr)
            return;
        while (sending->stream->next(nullptr))
            ;
        sending->stream->close();
        MemoryContextDelete(sending->context);
        *sending = {};
    }

    /// The oldest one; it is done when this returns.
    Sending *next_slot() {
        Sending *slot = &slots_[turn_++ % slots_.size()];
        complete(slot);
        return slot;
    }

    TaskParams params_for(const char *chunk, size_t size) {
        static constexpr Oid kTypes[] = {INT4OID, BYTEAOID, INT4OID};
        static constexpr bool kNulls[] = {false, false, false};
        auto *copy = static_cast<bytea *>(palloc(VARHDRSZ + size));
        SET_VARSIZE(copy, VARHDRSZ + size);
        memcpy(VARDATA(copy), chunk, size);
        auto *values = static_cast<Datum *>(palloc(sizeof(Datum) * 3));
        values[0] = Int32GetDatum(id);
        values[1] = PointerGetDatum(copy);
        values[2] = Int32GetDatum(guc::max_intermediate_result_size);
        return {kTypes, {values, 3}, kNulls};
    }

    MemoryContext context_;
    std::span<const int32> groups_;
    Oid run_as_;
    std::array<Sending, 8> slots_;
    size_t turn_ = 0;
};

// ---------------------------------------------------------------- a source that runs here

struct PackingReceiver {
    DestReceiver base;
    MotionPacker *packer;
};

bool receive_row(TupleTableSlot *slot, DestReceiver *self) {
    reinterpret_cast<PackingReceiver *>(self)->packer->add(slot);
    return true;
}

/// Runs the source as a query of its own and packs its rows.
void run_here(const Motion &motion, const MotionTargets &targets, ChunkSender *sender, ParamListInfo params,
              QueryEnvironment *environment) {
    MemoryContext context =
        AllocSetContextCreate(CurrentMemoryContext, "citus motion source", ALLOCSET_DEFAULT_SIZES);
    ContextScope scope(context);
    PackingReceiver receiver{};
    receiver.base.receiveSlot = receive_row;
    receiver.base.rStartup = [](DestReceiver *, int, TupleDesc) {};
    receiver.base.rShutdown = receiver.base.rDestroy = [](DestReceiver *) {};
    receiver.base.mydest = DestNone;
    QueryDesc *query = CreateQueryDesc(motion.source, "", GetActiveSnapshot(), InvalidSnapshot,
                                       &receiver.base, params, environment, 0);
    ExecutorStart(query, 0);
    receiver.packer = make_in<MotionPacker>(context, context, query->tupDesc, targets, sender);
    ExecutorRun(query, ForwardScanDirection, 0, true);
    receiver.packer->finish();
    ExecutorFinish(query);
    ExecutorEnd(query);
    FreeQueryDesc(query);
}

// ---------------------------------------------------------------- a source that runs on its shards

const char *array_text(std::span<const int32> values) {
    StringInfoData text;
    initStringInfo(&text);
    appendStringInfoChar(&text, '{');
    for (size_t i = 0; i < values.size(); i++)
        appendStringInfo(&text, i == 0 ? "%d" : ",%d", values[i]);
    appendStringInfoChar(&text, '}');
    return text.data;
}

bool is_peer(int32 from, int32 to) {
    return from != to && !is_local_group(from) && !is_local_group(to);
}

/// Links between nodes that this transaction has counted, in TopTransactionContext: (from, to).
using Link = std::pair<int32, int32>;
std::pmr::vector<Link> *counted_links = nullptr;

void forget_counted_links(XactEvent event, void *) {
    if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
        counted_links = nullptr; // released with the connections
}

/// Whether the nodes have room for the links that they may make to each other. They keep those to the end of
/// the transaction.
bool may_send_directly(std::span<const Task> sources, std::span<const int32> targets) {
    if (!guc::direct_motion)
        return false;
    static bool watches_transactions = false;
    if (!std::exchange(watches_transactions, true))
        RegisterXactCallback(forget_counted_links, nullptr);
    ContextScope scope(TopTransactionContext);
    if (counted_links == nullptr)
        counted_links = make_in<std::pmr::vector<Link>>(TopTransactionContext);
    std::pmr::vector<Link> links;
    std::pmr::vector<PeerLinks> wanted;
    for (const int32 to : targets) {
        const ClusterNode *node = find_primary_node(to);
        const size_t before = links.size();
        for (const Task &source : sources) {
            const Link link{source.group_id, to};
            if (is_peer(link.first, link.second) &&
                std::find(counted_links->begin(), counted_links->end(), link) == counted_links->end() &&
                std::find(links.begin(), links.end(), link) == links.end())
                links.push_back(link);
        }
        if (node != nullptr && links.size() > before)
            wanted.push_back({node->name, node->port, static_cast<int>(links.size() - before)});
    }
    if (!try_reserve_peer_links(wanted))
        return false;
    counted_links->insert(counted_links->end(), links.begin(), links.end());
    return true;
}

/// The nodes that a node may send rows to itself, as citus_internal.motion_partition wants them. The
/// coordinator is none of them: what is for it comes here anyway.
List *peers_of(int32 group, std::span<const int32> groups) {
    List *peers = NIL;
    if (!is_local_group(group))
        for (const int32 other : groups)
            if (const ClusterNode *node = find_primary_node(other); is_peer(group, other) && node != nullptr)
                peers = lappend(peers, psprintf("%d %d %s", other, node->port, node->name));
    return peers;
}

const char *text_array(const List *texts) {
    StringInfoData sql;
    initStringInfo(&sql);
    appendStringInfoString(&sql, "ARRAY[");
    ListCell *cell;
    foreach (cell, texts)
        appendStringInfo(&sql, "%s%s", foreach_current_index(cell) == 0 ? "" : ", ",
                         quote_literal_cstr(static_cast<const char *>(lfirst(cell))));
    appendStringInfoString(&sql, "]::pg_catalog.text[]");
    return sql.data;
}

/// One command for all queries on a node.
const char *partition_sql(int32 group, const List *queries, const ChunkSender &sender, const Motion &motion,
                          const MotionTargets &targets, bool directly, size_t param_count) {
    StringInfoData sql;
    initStringInfo(&sql);
    appendStringInfo(
        &sql,
        "SELECT target, kind, content FROM citus_internal.motion_partition(%d, %d, %d, '%s', '%s', "
        "%d, %s, %s",
        sender.id, guc::max_intermediate_result_size, motion.key, array_text(targets.bounds),
        array_text(targets.groups), group, text_array(directly ? peers_of(group, sender.groups()) : NIL),
        text_array(queries));
    for (size_t i = 1; i <= param_count; i++)
        appendStringInfo(&sql, ", $%zu", i);
    appendStringInfoChar(&sql, ')');
    return sql.data;
}

std::pmr::vector<Task> partition_tasks(std::span<const Task> shards, const ChunkSender &sender,
                                       const Motion &motion, const MotionTargets &targets,
                                       size_t param_count) {
    std::pmr::vector<Task> tasks;
    std::pmr::vector<List *> queries;
    for (const Task &shard : shards) {
        const auto known = std::find_if(tasks.begin(), tasks.end(),
                                        [&](const Task &task) { return task.group_id == shard.group_id; });
        const auto at = static_cast<size_t>(known - tasks.begin());
        if (known == tasks.end()) {
            tasks.push_back({shard.group_id, shard.anchor_shard_id, nullptr});
            queries.push_back(NIL);
        }
        queries[at] = lappend(queries[at], const_cast<char *>(shard.sql));
    }
    const bool directly = may_send_directly(tasks, sender.groups());
    for (size_t i = 0; i < tasks.size(); i++)
        tasks[i].sql =
            partition_sql(tasks[i].group_id, queries[i], sender, motion, targets, directly, param_count);
    return tasks;
}

/// Said once in a session.
void warn_about_unreachable(int32 from, int32 to, const char *reason) {
    static bool warned = false;
    if (warned)
        return;
    warned = true;
    ereport(
        WARNING,
        (errmsg("node group %d cannot reach node group %d: rows between them go through this node", from, to),
         errdetail("%s", reason),
         errhint("Let the workers connect to each other (pg_hba.conf, citus.node_conninfo), or set "
                 "citus.direct_motion to off.")));
}

bool all_built_in(const List *exprs) {
    ListCell *cell;
    foreach (cell, exprs)
        if (exprType(static_cast<::Node *>(lfirst(cell))) >= FirstNormalObjectId)
            return false;
    return true;
}

/// Whether the rows of the source are those of one query per shard, as they come.
bool is_bare_fragment(const PlannedStmt *source, Fragment *fragment) {
    if (!is_fragment_scan(source->planTree) || source->planTree->qual != NIL || source->subplans != NIL)
        return false;
    const auto *scan = reinterpret_cast<const CustomScan *>(source->planTree);
    if (lsecond(scan->custom_private) != NIL ||
        list_length(scan->scan.plan.targetlist) != list_length(scan->custom_scan_tlist))
        return false;
    int column = 0;
    ListCell *cell;
    foreach (cell, scan->scan.plan.targetlist) {
        const auto *entry = lfirst_node(TargetEntry, cell);
        column++;
        if (!IsA(entry->expr, Var) || entry->resjunk ||
            reinterpret_cast<const Var *>(entry->expr)->varattno != column)
            return false;
    }
    *fragment = fragment_of(scan);
    return fragment->command == CMD_SELECT && !fragment->modifies() && !fragment->locks_rows &&
           fragment->motions == NIL && all_built_in(fragment->params);
}

void check_rights(const PlannedStmt *source) {
    ExecCheckRTPerms(source->rtable, true);
}

/// What a node says that moves rows of its shards.
void take_message(ChunkSender *sender, int32 from, int32 about, MotionMessage kind, const bytea *content) {
    const char *bytes = VARDATA_ANY(content);
    const size_t size = VARSIZE_ANY_EXHDR(content);
    int64 sent = 0;
    sender->producer_group = from;
    switch (kind) {
    case MotionMessage::Rows:
        sender->take_chunk(about, bytes, size);
        return;
    case MotionMessage::Inbox:
        sender->take_inbox(about, bytes, size);
        return;
    case MotionMessage::SentDirectly:
        memcpy(&sent, bytes, std::min(size, sizeof(sent)));
        sender->note_direct(static_cast<uint64>(sent));
        return;
    case MotionMessage::Unreachable:
        warn_about_unreachable(from, about, pnstrdup(bytes, size));
        return;
    }
}

/// Lets the shards pack their rows, and passes the chunks on.
void run_on_shards(const Fragment &fragment, const Motion &motion, const MotionTargets &targets,
                   ChunkSender *sender, Oid run_as, ParamListInfo params, uint64 statement) {
    check_rights(motion.source);
    EState *estate = CreateExecutorState();
    estate->es_param_list_info = params;
    ExprContext *econtext = GetPerTupleExprContext(estate);
    const TaskParams values =
        evaluate_params(fragment.params, ExecPrepareExprList(fragment.params, estate), econtext);
    List *prune_states = NIL;
    ListCell *cell;
    foreach (cell, fragment.prune_items) {
        Expr *expr = read_prune_item(static_cast<List *>(lfirst(cell))).expr;
        prune_states = lappend(prune_states, expr == nullptr ? nullptr : ExecPrepareExpr(expr, estate));
    }
    const FragmentTasks chosen = build_tasks(fragment, prune_states, econtext);
    const auto tasks = partition_tasks(chosen.tasks, *sender, motion, targets, values.types.size());
    TupleDesc desc = CreateTemplateTupleDesc(3);
    TupleDescInitEntry(desc, 1, "target", INT4OID, -1, 0);
    TupleDescInitEntry(desc, 2, "kind", INT4OID, -1, 0);
    TupleDescInitEntry(desc, 3, "content", BYTEAOID, -1, 0);
    TupleTableSlot *slot = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
    const TaskSet set{.tasks = tasks,
                      .params = values,
                      .access = Access::Read,
                      .result = desc,
                      .run_as = run_as,
                      .in_transaction = true,
                      .statement = statement};
    TaskStream *stream = TaskStream::open(CurrentMemoryContext, set);
    int task;
    while (stream->next(slot, &task)) {
        slot_getallattrs(slot);
        take_message(sender, tasks[static_cast<size_t>(task)].group_id, DatumGetInt32(slot->tts_values[0]),
                     static_cast<MotionMessage>(DatumGetInt32(slot->tts_values[1])),
                     DatumGetByteaPP(slot->tts_values[2]));
    }
    sender->producer_group = kNoGroup;
    stream->close();
    ExecDropSingleTupleTableSlot(slot);
    FreeExecutorState(estate);
}

// ---------------------------------------------------------------- targets

/// For each shard of the table that decides the tasks: its highest hash, and the node of its task.
MotionTargets targets_of(const Motion &motion, const DistTable &anchor, std::span<const Task> tasks,
                         std::span<const int32> groups) {
    if (motion.is_broadcast())
        return {.groups = groups};
    const size_t count = anchor.shards.size();
    auto *bounds = static_cast<int32 *>(palloc(sizeof(int32) * (count + 1)));
    auto *nodes = static_cast<int32 *>(palloc(sizeof(int32) * (count + 1)));
    for (size_t i = 0; i < count; i++) {
        bounds[i] = anchor.shards[i].max_hash;
        nodes[i] = kNoGroup;
        for (const Task &task : tasks)
            if (task.anchor_shard_id == anchor.shards[i].shard_id)
                nodes[i] = task.group_id;
    }
    return {motion.key, {bounds, count}, {nodes, count}};
}

} // namespace

MotionRun::MotionRun(MemoryContext context, const Fragment &fragment)
    : context_(context), fragment_(fragment) {
    const auto count = static_cast<size_t>(list_length(fragment.motions));
    auto *ids = static_cast<int32 *>(MemoryContextAlloc(context, sizeof(int32) * (count + 1)));
    give_back_.func = give_back_ids;
    give_back_.arg = this;
    MemoryContextRegisterResetCallback(context, &give_back_);
    for (size_t i = 0; i < count; i++) {
        ids[i] = take_id();
        ids_ = {ids, i + 1};
    }
}

void MotionRun::run(std::span<const Task> tasks, Oid run_as, ParamListInfo params, EState *estate) {
    ContextScope scope(context_);
    std::pmr::vector<int32> groups;
    for (const Task &task : tasks)
        if (std::find(groups.begin(), groups.end(), task.group_id) == groups.end())
            groups.push_back(task.group_id);
    std::pmr::vector<Task> begins;
    const char *begin = psprintf("SELECT citus_internal.motion_begin('%s')", array_text(ids_));
    for (const int32 group : groups)
        begins.push_back({group, 0, begin});
    TaskStream *begun =
        TaskStream::open(context_, {begins, {}, Access::Read, nullptr, run_as, 0, false, true});
    // A task in this backend runs only when its end is waited for: it must not empty what comes below.
    if (std::any_of(groups.begin(), groups.end(), is_local_group))
        while (begun->next(nullptr))
            ;
    const DistTable &anchor = *require_dist_table(fragment_.anchor);
    auto *sender = make_in<ChunkSender>(context_, context_, groups, run_as);
    for (size_t i = 0; i < ids_.size(); i++) {
        const Motion motion = Motion::unpack(list_nth_node(List, fragment_.motions, static_cast<int>(i)));
        const MotionTargets targets = targets_of(motion, anchor, tasks, groups);
        sender->id = ids_[i];
        sender->bytes = sender->direct_bytes = 0;
        Fragment source;
        if (is_bare_fragment(motion.source, &source) &&
            effective_user(source.run_as, source.slot_relations, ACL_SELECT) == run_as)
            run_on_shards(source, motion, targets, sender, run_as, params, number_for_nodes(estate));
        else
            run_here(motion, targets, sender, params, estate->es_queryEnv);
        moved_bytes_ += sender->bytes;
        direct_bytes_ += sender->direct_bytes;
    }
    sender->finish();
    while (begun->next(nullptr))
        ;
    begun->close();
}

} // namespace citus
