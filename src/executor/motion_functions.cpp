/// The functions that a coordinator's session calls on workers to move rows (and, for shards of its own, in
/// its own backend).
#include "citus/executor/local.hpp"
#include "citus/executor/motion_rows.hpp"

extern "C" {
#include "nodes/supportnodes.h"
#include "optimizer/optimizer.h"
#include "utils/array.h"
#include "utils/tuplestore.h"

PG_FUNCTION_INFO_V1(citus_motion_begin);
PG_FUNCTION_INFO_V1(citus_motion_put);
PG_FUNCTION_INFO_V1(citus_motion_partition);
PG_FUNCTION_INFO_V1(citus_read_motion);
PG_FUNCTION_INFO_V1(citus_read_motion_support);
PG_FUNCTION_INFO_V1(citus_motion_entry);
PGDLLEXPORT Datum citus_motion_begin(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum citus_motion_put(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum citus_motion_partition(PG_FUNCTION_ARGS);
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

/// The arguments of citus_internal.motion_partition.
enum Argument {
    kId,
    kLimit,
    kKey,
    kHashFunction,
    kCollation,
    kBounds,
    kGroups,
    kOwnGroup,
    kQuery,
    kFirstParam,
};

/// Packs the rows of the query. Chunks for this node go into its own result, the others into the function's.
class Producer final : public LocalRowConsumer, public MotionSink {
public:
    int32 id;
    int limit_kb;
    int32 own_group;
    bool wants_all; ///< this node gets what goes to all
    MotionTargets targets;
    MemoryContext context;
    MotionPacker *packer = nullptr;
    Tuplestorestate *output;
    TupleDesc output_desc;

    bool take_slot(TupleTableSlot *slot) override {
        if (packer == nullptr) {
            if (targets.key < 0 || targets.key > slot->tts_tupleDescriptor->natts)
                elog(ERROR, "no column %d to move rows by", targets.key);
            ContextScope scope(context);
            packer = make_in<MotionPacker>(context, context, slot->tts_tupleDescriptor, targets, this);
        }
        packer->add(slot);
        return true;
    }

    void take_chunk(int32 group, const char *bytes, size_t size) override {
        if (group == own_group || (group == kAllGroups && wants_all))
            store_motion_chunk(id, bytes, size, limit_kb);
        if (group == own_group)
            return;
        auto *copy = static_cast<bytea *>(palloc(VARHDRSZ + size));
        SET_VARSIZE(copy, VARHDRSZ + size);
        memcpy(VARDATA(copy), bytes, size);
        Datum values[] = {Int32GetDatum(group), PointerGetDatum(copy)};
        bool nulls[] = {false, false};
        tuplestore_putvalues(output, output_desc, values, nulls);
        pfree(copy);
    }
};

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

/// Runs a query on this node's shards and divides its rows over nodes: see citus--1.0.sql.
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
    producer->targets = {PG_GETARG_INT32(kKey), PG_GETARG_OID(kHashFunction), PG_GETARG_OID(kCollation),
                         int_array(PG_GETARG_DATUM(kBounds)), int_array(PG_GETARG_DATUM(kGroups))};
    const auto &groups = producer->targets.groups;
    producer->wants_all = std::find(groups.begin(), groups.end(), producer->own_group) != groups.end();
    producer->output = begin_output(fcinfo, desc);
    producer->output_desc = desc;
    execute_locally(text_to_cstring(PG_GETARG_TEXT_PP(kQuery)), params_from(fcinfo), Access::Read, producer);
    if (producer->packer != nullptr)
        producer->packer->finish();
    return Datum{0};
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
        while (MinimalTuple tuple = reader.next()) {
            ExecStoreMinimalTuple(tuple, slot, false);
            tuplestore_puttupleslot(output, slot);
        }
        ExecDropSingleTupleTableSlot(slot);
        return Datum{0};
    }
    const auto count = static_cast<Size>(desc->natts) + 1;
    auto *values = static_cast<Datum *>(palloc(sizeof(Datum) * count));
    auto *nulls = static_cast<bool *>(palloc(sizeof(bool) * count));
    MemoryContext row_context =
        AllocSetContextCreate(CurrentMemoryContext, "citus moved row", ALLOCSET_DEFAULT_SIZES);
    while (MinimalTuple tuple = reader.next()) {
        ContextScope scope(row_context);
        columns.unpack(tuple, values, nulls);
        tuplestore_putvalues(output, desc, values, nulls);
        MemoryContextReset(row_context);
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
