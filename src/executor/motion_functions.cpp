/// The functions that a coordinator's session calls on workers to move rows (and, for shards of its own, in
/// its own backend).
#include "citus/executor/local.hpp"
#include "citus/executor/motion_inbox.hpp"

extern "C" {
#include "catalog/pg_collation.h"
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "parser/parser.h"
#include "utils/array.h"
#include "utils/fmgroids.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(citus_motion_begin);
PG_FUNCTION_INFO_V1(citus_motion_put);
PG_FUNCTION_INFO_V1(citus_motion_partition);
PG_FUNCTION_INFO_V1(citus_motion_inbox);
PG_FUNCTION_INFO_V1(citus_motion_deliver);
PG_FUNCTION_INFO_V1(citus_motion_collect);
PG_FUNCTION_INFO_V1(citus_read_motion);
PG_FUNCTION_INFO_V1(citus_read_motion_support);
PG_FUNCTION_INFO_V1(citus_motion_entry);
PGDLLEXPORT Datum citus_motion_begin(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum citus_motion_put(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum citus_motion_partition(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum citus_motion_inbox(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum citus_motion_deliver(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum citus_motion_collect(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum citus_read_motion(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum citus_read_motion_support(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum citus_motion_entry(PG_FUNCTION_ARGS);
}

namespace citus {

namespace {

std::span<const int32> int_array(Datum array) {
    ArrayType *values = DatumGetArrayTypeP(array);
    if (ARR_NDIM(values) == 0)
        return {};
    if (ARR_NDIM(values) != 1 || ARR_HASNULL(values) || ARR_ELEMTYPE(values) != INT4OID)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("expected a one-dimensional array of integers without NULLs")));
    return {reinterpret_cast<const int32 *>(ARR_DATA_PTR(values)), static_cast<size_t>(ARR_DIMS(values)[0])};
}

std::pmr::vector<const char *> text_array(Datum array) {
    std::pmr::vector<const char *> texts;
    ArrayType *values = DatumGetArrayTypeP(array);
    if (ARR_ELEMTYPE(values) != TEXTOID || ARR_HASNULL(values))
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("expected an array of texts without NULLs")));
    Datum *elements;
    int count;
    deconstruct_array(values, TEXTOID, -1, false, TYPALIGN_INT, &elements, nullptr, &count);
    for (int i = 0; i < count; i++)
        texts.push_back(TextDatumGetCString(elements[i]));
    return texts;
}

/// The arguments of citus_internal.motion_partition.
enum Argument {
    kId,
    kLimit,
    kKey,
    kBounds,
    kGroups,
    kOwnGroup,
    kPeers,
    kQueries,
    kFirstParam,
};

/// Chunks for other nodes go through the coordinator up to this size: a connection costs more.
constexpr size_t kSmallResult = size_t{1} << 20;

/// Packs the rows of the queries. Chunks for this node go into its own result, those for other nodes there,
/// or into the function's result.
class Producer final : public LocalRowConsumer, public MotionSink, public PeerSender::Listener {
public:
    int32 id;
    int limit_kb;
    int32 own_group;
    bool wants_all; ///< this node gets what goes to all
    MotionTargets targets;
    MemoryContext context;
    MotionPacker *packer = nullptr;
    PeerSender *peers = nullptr;
    Tuplestorestate *output;
    TupleDesc output_desc;

    bool take_slot(TupleTableSlot *slot) override {
        if (packer == nullptr) {
            ContextScope scope(context);
            packer = make_in<MotionPacker>(context, context, slot->tts_tupleDescriptor, targets, this);
        }
        packer->add(slot);
        return true;
    }

    void take_chunk(int32 group, const char *bytes, size_t size) override {
        produced_ += size;
        if (limit_kb >= 0 && produced_ > static_cast<size_t>(limit_kb) * 1024)
            raise_motion_too_large(limit_kb);
        if (group == own_group || (group == kAllGroups && wants_all))
            store_motion_chunk(id, bytes, size, limit_kb);
        if (group == own_group)
            return;
        ContextScope scope(context);
        if (peers == nullptr || produced_ <= kSmallResult)
            put(group, MotionMessage::Rows, bytes, size);
        else if (group != kAllGroups)
            send(group, bytes, size);
        else
            send_to_all(bytes, size);
    }

    void finish() {
        if (packer != nullptr)
            packer->finish();
        if (peers == nullptr)
            return;
        peers->finish();
        const auto sent = static_cast<int64>(peers->sent_bytes());
        if (sent > 0)
            put(own_group, MotionMessage::SentDirectly, reinterpret_cast<const char *>(&sent), sizeof(sent));
    }

    void inbox_opened(int32 group, const bytea *handle) override {
        put(group, MotionMessage::Inbox, VARDATA_ANY(handle), VARSIZE_ANY_EXHDR(handle));
    }

    void unreachable(int32 group, const char *reason) override {
        put(group, MotionMessage::Unreachable, reason, strlen(reason));
    }

private:
    void send(int32 group, const char *bytes, size_t size) {
        if (!peers->send(group, bytes, size))
            put(group, MotionMessage::Rows, bytes, size);
    }

    void send_to_all(const char *bytes, size_t size) {
        for (size_t i = 0; i < targets.groups.size(); i++) {
            const int32 group = targets.groups[i];
            const auto *begin = targets.groups.data();
            if (group != own_group && std::find(begin, begin + i, group) == begin + i)
                send(group, bytes, size);
        }
    }

    void put(int32 group, MotionMessage kind, const char *bytes, size_t size) {
        auto *copy = static_cast<bytea *>(palloc(VARHDRSZ + size));
        SET_VARSIZE(copy, VARHDRSZ + size);
        memcpy(VARDATA(copy), bytes, size);
        Datum values[] = {Int32GetDatum(group), Int32GetDatum(static_cast<int32>(kind)),
                          PointerGetDatum(copy)};
        bool nulls[] = {false, false, false};
        tuplestore_putvalues(output, output_desc, values, nulls);
        pfree(copy);
    }

    size_t produced_ = 0;
};

/// Only what reads may be run here; a COMMIT, say, would end the function's own transaction.
void check_is_select(const char *sql) {
    List *statements = raw_parser(sql, RAW_PARSE_DEFAULT);
    const auto *statement = list_length(statements) == 1 ? linitial_node(RawStmt, statements)->stmt : nullptr;
    if (statement == nullptr || !IsA(statement, SelectStmt) ||
        reinterpret_cast<const SelectStmt *>(statement)->intoClause != nullptr)
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("only rows of a SELECT can be moved")));
}

// ---------------------------------------------------------------- peers

/// Whether this server was told that there is a node of its cluster (citus_internal.set_peers): it does not
/// connect to whatever place a user names.
bool is_known_peer(Relation relation, const char *host, int port) {
    ScanKeyData keys[2];
    const AttrNumber host_column = get_attnum(RelationGetRelid(relation), "host");
    const AttrNumber port_column = get_attnum(RelationGetRelid(relation), "port");
    ScanKeyEntryInitialize(&keys[0], 0, host_column, BTEqualStrategyNumber, InvalidOid, C_COLLATION_OID,
                           F_TEXTEQ, CStringGetTextDatum(host));
    ScanKeyInit(&keys[1], port_column, BTEqualStrategyNumber, F_INT4EQ, Int32GetDatum(port));
    SysScanDesc scan = systable_beginscan(relation, InvalidOid, false, nullptr, 2, keys);
    const bool found = HeapTupleIsValid(systable_getnext(scan));
    systable_endscan(scan);
    return found;
}

/// Those of "group port host" that are known.
std::span<const Peer> known_peers(Datum array) {
    const auto texts = text_array(array);
    auto *peers = static_cast<Peer *>(palloc(sizeof(Peer) * (texts.size() + 1)));
    size_t count = 0;
    const Oid relid = get_relname_relid("peer", get_namespace_oid("citus_internal", false));
    if (texts.empty() || !OidIsValid(relid))
        return {};
    Relation relation = table_open(relid, AccessShareLock);
    for (const char *text : texts) {
        int group, port, host_at = 0;
        if (sscanf(text, "%d %d %n", &group, &port, &host_at) != 2 || host_at == 0)
            ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("\"%s\" is not a node", text)));
        if (is_known_peer(relation, text + host_at, port))
            peers[count++] = {group, text + host_at, port};
    }
    table_close(relation, AccessShareLock);
    return {peers, count};
}

TaskParams params_from(FunctionCallInfo fcinfo) {
    const auto count = static_cast<size_t>(std::max(0, PG_NARGS() - kFirstParam));
    auto *types = static_cast<Oid *>(palloc(sizeof(Oid) * (count + 1)));
    auto *values = static_cast<Datum *>(palloc(sizeof(Datum) * (count + 1)));
    auto *nulls = static_cast<bool *>(palloc(sizeof(bool) * (count + 1)));
    for (size_t i = 0; i < count; i++) {
        const int argument = kFirstParam + static_cast<int>(i);
        types[i] = get_fn_expr_argtype(fcinfo->flinfo, argument);
        nulls[i] = PG_ARGISNULL(argument);
        values[i] = nulls[i] ? Datum{0} : PG_GETARG_DATUM(argument);
    }
    return {{types, count}, {values, count}, {nulls, count}};
}

Tuplestorestate *begin_output(FunctionCallInfo fcinfo, TupleDesc desc) {
    auto *info = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    ContextScope scope(info->econtext->ecxt_per_query_memory);
    info->returnMode = SFRM_Materialize;
    info->setResult = tuplestore_begin_heap(info->allowedModes & SFRM_Materialize_Random, false, work_mem);
    info->setDesc = CreateTupleDescCopy(desc);
    return info->setResult;
}

void require_set_result(FunctionCallInfo fcinfo) {
    auto *info = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    if (info == nullptr || !IsA(info, ReturnSetInfo) || !(info->allowedModes & SFRM_Materialize))
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("set-valued function called in context that cannot accept a set")));
}

/// The value of an argument that is known when the call is planned.
std::optional<int32> constant_argument(const FuncExpr *call, int position) {
    const auto *argument = static_cast<::Node *>(list_nth(call->args, position));
    if (!IsA(argument, Const) || reinterpret_cast<const Const *>(argument)->constisnull)
        return std::nullopt;
    return DatumGetInt32(reinterpret_cast<const Const *>(argument)->constvalue);
}

} // namespace

} // namespace citus

using namespace citus;

/// motion_begin(ids int[]): the results with these numbers exist and are empty.
Datum citus_motion_begin(PG_FUNCTION_ARGS) {
    for (const int32 id : int_array(PG_GETARG_DATUM(0)))
        begin_motion_result(id);
    PG_RETURN_VOID();
}

/// motion_put(id int, rows bytea, limit_kb int)
Datum citus_motion_put(PG_FUNCTION_ARGS) {
    bytea *chunk = PG_GETARG_BYTEA_PP(1);
    store_motion_chunk(PG_GETARG_INT32(0), VARDATA_ANY(chunk), VARSIZE_ANY_EXHDR(chunk), PG_GETARG_INT32(2));
    PG_RETURN_VOID();
}

/// Runs queries on this node's shards and divides their rows over nodes: see sql/03_tables.sql.
Datum citus_motion_partition(PG_FUNCTION_ARGS) {
    require_set_result(fcinfo);
    for (int i = 0; i < kFirstParam; i++)
        if (PG_ARGISNULL(i))
            ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("arguments must not be null")));
    TupleDesc desc;
    if (get_call_result_type(fcinfo, nullptr, &desc) != TYPEFUNC_COMPOSITE)
        elog(ERROR, "return type must be a row type");
    auto *producer = make_in<Producer>(CurrentMemoryContext);
    producer->id = PG_GETARG_INT32(kId);
    producer->limit_kb = PG_GETARG_INT32(kLimit);
    producer->own_group = PG_GETARG_INT32(kOwnGroup);
    producer->context = CurrentMemoryContext;
    producer->targets = {PG_GETARG_INT32(kKey), int_array(PG_GETARG_DATUM(kBounds)),
                         int_array(PG_GETARG_DATUM(kGroups))};
    const auto &groups = producer->targets.groups;
    producer->wants_all = std::find(groups.begin(), groups.end(), producer->own_group) != groups.end();
    producer->output = begin_output(fcinfo, desc);
    producer->output_desc = desc;
    if (const auto peers = known_peers(PG_GETARG_DATUM(kPeers)); !peers.empty())
        producer->peers = make_in<PeerSender>(CurrentMemoryContext, peers, producer->limit_kb, producer);
    const TaskParams params = params_from(fcinfo);
    for (const char *query : text_array(PG_GETARG_DATUM(kQueries))) {
        check_is_select(query);
        execute_locally(query, params, Access::Read, producer);
    }
    producer->finish();
    return Datum{0};
}

/// motion_inbox(): where another node's rows for this one are put; for the rest of the transaction.
Datum citus_motion_inbox(PG_FUNCTION_ARGS) {
    PG_RETURN_BYTEA_P(open_motion_inbox());
}

/// motion_deliver(inbox bytea, rows bytea, limit_kb int): adds rows to an inbox of this session.
Datum citus_motion_deliver(PG_FUNCTION_ARGS) {
    bytea *chunk = PG_GETARG_BYTEA_PP(1);
    deliver_to_inbox(PG_GETARG_BYTEA_PP(0), VARDATA_ANY(chunk), VARSIZE_ANY_EXHDR(chunk), PG_GETARG_INT32(2));
    PG_RETURN_VOID();
}

/// motion_collect(id int, inbox bytea, limit_kb int): adds what is in another session's inbox to a result.
Datum citus_motion_collect(PG_FUNCTION_ARGS) {
    store_motion_file(PG_GETARG_INT32(0), open_delivered_inbox(PG_GETARG_BYTEA_PP(1)), PG_GETARG_INT32(2));
    PG_RETURN_VOID();
}

/// read_motion(id int, bucket int) as (columns): the rows that came here.
Datum citus_read_motion(PG_FUNCTION_ARGS) {
    require_set_result(fcinfo);
    auto *info = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    if (info->expectedDesc == nullptr)
        ereport(ERROR, (errcode(ERRCODE_SYNTAX_ERROR),
                        errmsg("a column definition list is required for this function")));
    TupleDesc desc = info->expectedDesc;
    Tuplestorestate *output = begin_output(fcinfo, desc);
    MotionReader reader(PG_GETARG_INT32(0), PG_GETARG_INT32(1));
    MotionColumns columns(desc);
    if (!columns.converts()) {
        TupleTableSlot *slot = MakeSingleTupleTableSlot(desc, &TTSOpsMinimalTuple);
        size_t available;
        while (char *bytes = reader.next(&available)) {
            MinimalTuple tuple = columns.check(bytes, available);
            ExecStoreMinimalTuple(tuple, slot, false);
            tuplestore_puttupleslot(output, slot);
            reader.skip(MAXALIGN(tuple->t_len));
        }
        ExecDropSingleTupleTableSlot(slot);
        return Datum{0};
    }
    const auto count = static_cast<Size>(desc->natts) + 1;
    auto *values = static_cast<Datum *>(palloc(sizeof(Datum) * count));
    auto *nulls = static_cast<bool *>(palloc(sizeof(bool) * count));
    MemoryContext row_context =
        AllocSetContextCreate(CurrentMemoryContext, "citus moved row", ALLOCSET_DEFAULT_SIZES);
    size_t available;
    while (char *bytes = reader.next(&available)) {
        MinimalTuple tuple = columns.check(bytes, available);
        ContextScope scope(row_context);
        columns.unpack(tuple, values, nulls);
        tuplestore_putvalues(output, desc, values, nulls);
        MemoryContextReset(row_context);
        reader.skip(MAXALIGN(tuple->t_len));
    }
    MemoryContextDelete(row_context);
    return Datum{0};
}

/// Tells the planner how many rows read_motion will return: they are here already.
Datum citus_read_motion_support(PG_FUNCTION_ARGS) {
    auto *request = reinterpret_cast<::Node *>(PG_GETARG_POINTER(0));
    if (!IsA(request, SupportRequestRows))
        PG_RETURN_POINTER(nullptr);
    auto *rows = reinterpret_cast<SupportRequestRows *>(request);
    if (rows->node == nullptr || !IsA(rows->node, FuncExpr))
        PG_RETURN_POINTER(nullptr);
    const auto *call = reinterpret_cast<const FuncExpr *>(rows->node);
    const auto id = constant_argument(call, 0);
    const auto bucket = constant_argument(call, 1);
    const auto count = id && bucket ? count_motion_rows(*id, *bucket) : std::nullopt;
    if (!count.has_value())
        PG_RETURN_POINTER(nullptr);
    rows->rows = static_cast<double>(*count);
    PG_RETURN_POINTER(rows);
}

/// Stands in a rewritten query for moved rows; the SQL of each shard has read_motion in its place.
Datum citus_motion_entry(PG_FUNCTION_ARGS) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("citus_internal.motion_entry() is used inside plans and cannot be called")));
    PG_RETURN_VOID();
}
