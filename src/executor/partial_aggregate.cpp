/// Two SQL aggregates that split any built-in aggregate with a combine function between shards and
/// coordinator.
///
/// citus_internal.partial_agg(aggregate, args...) runs the aggregate's transition function on a shard and
/// gives the state as bytea; citus_internal.combine_agg(aggregate, state, NULL::result) combines such states
/// on the coordinator and finishes them. This is what the server does between parallel workers, over SQL.
/// Written into queries by planner/aggregates.cpp; whoever else calls them gets an error unless the types
/// fit.
#include "citus/pg/prelude.hpp"
#include "citus/core/numeric_state.hpp"
#include "citus/pg/encoding.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/pg_aggregate.h"
#include "catalog/pg_proc.h"
#include "utils/datum.h"
#include "utils/fmgroids.h"

PG_FUNCTION_INFO_V1(citus_partial_agg_step);
PG_FUNCTION_INFO_V1(citus_partial_agg_state);
PG_FUNCTION_INFO_V1(citus_partial_agg_serialize);
PG_FUNCTION_INFO_V1(citus_partial_agg_deserialize);
PG_FUNCTION_INFO_V1(citus_partial_agg_combine);
PG_FUNCTION_INFO_V1(citus_combine_agg_step);
PG_FUNCTION_INFO_V1(citus_combine_agg_result);
PGDLLEXPORT Datum citus_partial_agg_step(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum citus_partial_agg_state(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum citus_partial_agg_serialize(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum citus_partial_agg_deserialize(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum citus_partial_agg_combine(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum citus_combine_agg_step(PG_FUNCTION_ARGS);
PGDLLEXPORT Datum citus_combine_agg_result(PG_FUNCTION_ARGS);
}

namespace citus {

namespace {

/// The running state of one group, in the memory of the aggregation.
struct AggregateState {
    Oid aggregate;
    Oid state_type;
    int16 length;
    bool by_value;
    bool takes_first_value; ///< a strict function without initial value starts with its first input
    FmgrInfo step;          ///< transition or combine function
    Oid serialize, deserialize, finish;
    Datum value;
    bool is_null;
};

MemoryContext aggregation_memory(FunctionCallInfo fcinfo) {
    MemoryContext memory;
    if (AggCheckCallContext(fcinfo, &memory) == 0)
        elog(ERROR, "an aggregate's support function was called outside of an aggregate");
    return memory;
}

void refuse(Oid aggregate) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("aggregate %u cannot be split with these arguments", aggregate)));
}

/// Anybody may ask for any number.
void require_aggregate(Oid aggregate) {
    if (!SearchSysCacheExists1(AGGFNOID, ObjectIdGetDatum(aggregate)))
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("%u is not an aggregate", aggregate)));
}

[[noreturn]] void refuse_state(const char *detail) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION), errmsg("not a state of this aggregate"),
                    detail != nullptr ? errdetail_internal("%s", detail) : 0));
}

/// Sets the initial value from the text in the catalog.
void read_initial_value(AggregateState *state, HeapTuple tuple) {
    bool is_null;
    const Datum initial = SysCacheGetAttr(AGGFNOID, tuple, Anum_pg_aggregate_agginitval, &is_null);
    state->is_null = is_null;
    if (is_null)
        return;
    Oid input, io_param;
    getTypeInputInfo(state->state_type, &input, &io_param);
    state->value = OidInputFunctionCall(input, TextDatumGetCString(initial), io_param, -1);
}

/// A state before its first input; combining says which of the aggregate's functions steps it.
AggregateState *start_state(Oid aggregate, bool combining, MemoryContext memory) {
    MemoryContext old = MemoryContextSwitchTo(memory);
    HeapTuple tuple = SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggregate));
    if (!HeapTupleIsValid(tuple) || aggregate >= FirstNormalObjectId)
        refuse(aggregate);
    auto form = reinterpret_cast<Form_pg_aggregate>(GETSTRUCT(tuple));
    auto *state = static_cast<AggregateState *>(palloc0(sizeof(AggregateState)));
    state->aggregate = aggregate;
    state->state_type = form->aggtranstype;
    state->serialize = form->aggserialfn;
    state->deserialize = form->aggdeserialfn;
    state->finish = form->aggfinalfn;
    const bool has_state_text = state->state_type != INTERNALOID || OidIsValid(form->aggserialfn);
    if (form->aggkind != AGGKIND_NORMAL || !OidIsValid(form->aggcombinefn) || !has_state_text ||
        IsPolymorphicType(state->state_type) || form->aggfinalextra)
        refuse(aggregate);
    get_typlenbyval(state->state_type, &state->length, &state->by_value);
    fmgr_info_cxt(combining ? form->aggcombinefn : form->aggtransfn, &state->step, memory);
    read_initial_value(state, tuple);
    state->takes_first_value = state->is_null && state->step.fn_strict;
    ReleaseSysCache(tuple);
    MemoryContextSwitchTo(old);
    return state;
}

/// Keeps a new state value where the aggregation lives.
void set_value(AggregateState *state, Datum value, bool is_null, MemoryContext memory) {
    if (!state->by_value && !is_null && (state->is_null || value != state->value)) {
        MemoryContext old = MemoryContextSwitchTo(memory);
        value = datumCopy(value, false, state->length);
        MemoryContextSwitchTo(old);
        if (!state->is_null)
            pfree(DatumGetPointer(state->value));
    }
    state->value = value;
    state->is_null = is_null;
}

/// One step with the given arguments behind the state; the caller has the arguments in call already.
void step(AggregateState *state, FunctionCallInfo call, int arguments, FunctionCallInfo fcinfo,
          MemoryContext memory) {
    if (state->step.fn_strict) {
        for (int i = 1; i <= arguments; i++)
            if (call->args[i].isnull)
                return;
        if (state->takes_first_value) {
            state->takes_first_value = false;
            set_value(state, call->args[1].value, false, memory);
            return;
        }
        if (state->is_null)
            return;
    }
    InitFunctionCallInfoData(*call, &state->step, static_cast<short>(arguments + 1), PG_GET_COLLATION(),
                             fcinfo->context, nullptr);
    call->args[0].value = state->value;
    call->args[0].isnull = state->is_null;
    const Datum result = FunctionCallInvoke(call);
    set_value(state, result, call->isnull, memory);
}

/// The types of a call must be those that the aggregate is declared with.
void check_argument_types(Oid aggregate, FunctionCallInfo fcinfo) {
    require_aggregate(aggregate);
    Oid *declared;
    int count;
    (void)get_func_signature(aggregate, &declared, &count);
    if (count != PG_NARGS() - 2)
        refuse(aggregate);
    for (int i = 0; i < count; i++)
        if (get_fn_expr_argtype(fcinfo->flinfo, i + 2) != declared[i])
            refuse(aggregate);
}

/// A call of one of the aggregate's functions, which look for the aggregation around them.
Datum call_support(Oid function, FunctionCallInfo fcinfo, Datum first, bool first_null, bool with_second,
                   bool *is_null) {
    FmgrInfo info;
    fmgr_info(function, &info);
    if (info.fn_strict && first_null) {
        *is_null = true;
        return Datum{0};
    }
    LOCAL_FCINFO(call, 2);
    InitFunctionCallInfoData(*call, &info, with_second ? 2 : 1, PG_GET_COLLATION(), fcinfo->context, nullptr);
    call->args[0].value = first;
    call->args[0].isnull = first_null;
    // The second argument of a deserialization function only says that the result is internal.
    call->args[1].value = Datum{0};
    call->args[1].isnull = false;
    const Datum result = FunctionCallInvoke(call);
    *is_null = call->isnull;
    return result;
}

/// The state as bytes, for another process or server; nullptr for NULL.
bytea *state_bytes(const AggregateState *state, FunctionCallInfo fcinfo) {
    if (state->is_null)
        return nullptr;
    if (OidIsValid(state->serialize)) {
        bool is_null;
        const Datum bytes = call_support(state->serialize, fcinfo, state->value, false, false, &is_null);
        return is_null ? nullptr : DatumGetByteaPP(bytes);
    }
    Oid send;
    bool is_varlena;
    getTypeBinaryOutputInfo(state->state_type, &send, &is_varlena);
    bytea *bytes = nullptr;
    in_server_encoding([&] { bytes = OidSendFunctionCall(send, state->value); });
    return bytes;
}

Datum receive_state(Oid type, bytea *bytes) {
    Oid receive, io_param;
    getTypeBinaryInputInfo(type, &receive, &io_param);
    StringInfoData buffer;
    initStringInfo(&buffer);
    appendBinaryStringInfo(&buffer, VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
    Datum value = 0;
    in_server_encoding([&] { value = OidReceiveFunctionCall(receive, &buffer, io_param, -1); });
    return value;
}

/// The server's functions read their own states without a look at what they say.
void check_internal_state(Oid deserialize, const bytea *bytes) {
    const std::string_view content(VARDATA_ANY(bytes), VARSIZE_ANY_EXHDR(bytes));
    core::NumericStateShape shape;
    switch (deserialize) {
    case F_INT8_AVG_DESERIALIZE:
        shape = {1, false};
        break;
    case F_NUMERIC_POLY_DESERIALIZE:
        shape = {2, false};
        break;
    case F_NUMERIC_AVG_DESERIALIZE:
        shape = {1, true};
        break;
    case F_NUMERIC_DESERIALIZE:
        shape = {2, true};
        break;
    default:
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("states of this aggregate cannot be checked")));
    }
    if (!core::is_numeric_state(content, shape))
        refuse_state(nullptr);
}

void combine_checked_bytes(AggregateState *state, bytea *bytes, FunctionCallInfo fcinfo,
                           MemoryContext memory) {
    LOCAL_FCINFO(call, 2);
    call->args[1].isnull = false;
    if (OidIsValid(state->deserialize)) {
        check_internal_state(state->deserialize, bytes);
        call->args[1].value = call_support(state->deserialize, fcinfo, PointerGetDatum(bytes), false, true,
                                           &call->args[1].isnull);
    } else {
        call->args[1].value = receive_state(state->state_type, bytes);
    }
    step(state, call, 1, fcinfo, memory);
}

/// A state received as bytes becomes part of the running one. What the server's functions call an internal
/// error in it is one of whoever wrote the state.
void combine_bytes(AggregateState *state, bytea *bytes, FunctionCallInfo fcinfo, MemoryContext memory) {
    MemoryContext context = CurrentMemoryContext;
    // clang-format off
    PG_TRY();
    {
        combine_checked_bytes(state, bytes, fcinfo, memory);
    }
    PG_CATCH();
    {
        MemoryContextSwitchTo(context);
        const ErrorData *error = CopyErrorData();
        if (error->sqlerrcode != ERRCODE_INTERNAL_ERROR)
            PG_RE_THROW();
        FlushErrorState();
        refuse_state(error->message);
    }
    PG_END_TRY();
    // clang-format on
}

/// What a parallel worker hands to its leader: which aggregate, and its state (empty: NULL).
struct TravellingState {
    Oid aggregate;
    bytea *bytes;
};

} // namespace

} // namespace citus

using citus::AggregateState;

/// partial_agg(aggregate oid, VARIADIC "any"): the aggregate's own transition.
Datum citus_partial_agg_step(PG_FUNCTION_ARGS) {
    MemoryContext memory = citus::aggregation_memory(fcinfo);
    auto *state = PG_ARGISNULL(0) ? nullptr : reinterpret_cast<AggregateState *>(PG_GETARG_POINTER(0));
    if (state == nullptr) {
        if (PG_ARGISNULL(1))
            citus::refuse(InvalidOid);
        citus::check_argument_types(PG_GETARG_OID(1), fcinfo);
        state = citus::start_state(PG_GETARG_OID(1), false, memory);
    }
    const int arguments = PG_NARGS() - 2;
    LOCAL_FCINFO(call, FUNC_MAX_ARGS);
    for (int i = 0; i < arguments; i++)
        call->args[i + 1] = fcinfo->args[i + 2];
    citus::step(state, call, arguments, fcinfo, memory);
    PG_RETURN_POINTER(state);
}

Datum citus_partial_agg_state(PG_FUNCTION_ARGS) {
    (void)citus::aggregation_memory(fcinfo);
    auto *state = PG_ARGISNULL(0) ? nullptr : reinterpret_cast<AggregateState *>(PG_GETARG_POINTER(0));
    bytea *bytes = state == nullptr ? nullptr : citus::state_bytes(state, fcinfo);
    if (bytes == nullptr)
        PG_RETURN_NULL();
    PG_RETURN_BYTEA_P(bytes);
}

/// For the server's parallel plans on a node: the aggregate's number in front of its state.
Datum citus_partial_agg_serialize(PG_FUNCTION_ARGS) {
    (void)citus::aggregation_memory(fcinfo);
    const auto *state = reinterpret_cast<AggregateState *>(PG_GETARG_POINTER(0));
    const bytea *bytes = citus::state_bytes(state, fcinfo);
    const Size length = bytes == nullptr ? 0 : VARSIZE_ANY_EXHDR(bytes);
    const Size header = VARHDRSZ + sizeof(Oid) + 1;
    auto *result = static_cast<bytea *>(palloc(header + length));
    SET_VARSIZE(result, header + length);
    memcpy(VARDATA(result), &state->aggregate, sizeof(Oid));
    VARDATA(result)[sizeof(Oid)] = bytes == nullptr ? 0 : 1;
    if (bytes != nullptr)
        memcpy(VARDATA(result) + sizeof(Oid) + 1, VARDATA_ANY(bytes), length);
    PG_RETURN_BYTEA_P(result);
}

Datum citus_partial_agg_deserialize(PG_FUNCTION_ARGS) {
    (void)citus::aggregation_memory(fcinfo);
    const bytea *sent = PG_GETARG_BYTEA_PP(0);
    const Size length = VARSIZE_ANY_EXHDR(sent);
    if (length < sizeof(Oid) + 1)
        citus::refuse(InvalidOid);
    auto *state = static_cast<citus::TravellingState *>(palloc0(sizeof(citus::TravellingState)));
    memcpy(&state->aggregate, VARDATA_ANY(sent), sizeof(Oid));
    if (VARDATA_ANY(sent)[sizeof(Oid)] != 0) {
        const Size size = length - sizeof(Oid) - 1;
        state->bytes = static_cast<bytea *>(palloc(VARHDRSZ + size));
        SET_VARSIZE(state->bytes, VARHDRSZ + size);
        memcpy(VARDATA(state->bytes), VARDATA_ANY(sent) + sizeof(Oid) + 1, size);
    }
    PG_RETURN_POINTER(state);
}

/// The second argument always comes from the function above.
Datum citus_partial_agg_combine(PG_FUNCTION_ARGS) {
    MemoryContext memory = citus::aggregation_memory(fcinfo);
    auto *state = PG_ARGISNULL(0) ? nullptr : reinterpret_cast<AggregateState *>(PG_GETARG_POINTER(0));
    if (PG_ARGISNULL(1)) {
        if (state == nullptr)
            PG_RETURN_NULL();
        PG_RETURN_POINTER(state);
    }
    const auto *sent = reinterpret_cast<citus::TravellingState *>(PG_GETARG_POINTER(1));
    if (state == nullptr)
        state = citus::start_state(sent->aggregate, true, memory);
    if (sent->bytes != nullptr)
        citus::combine_bytes(state, sent->bytes, fcinfo, memory);
    PG_RETURN_POINTER(state);
}

/// combine_agg(aggregate oid, state bytea, result anyelement): the aggregate's combine function.
Datum citus_combine_agg_step(PG_FUNCTION_ARGS) {
    MemoryContext memory = citus::aggregation_memory(fcinfo);
    auto *state = PG_ARGISNULL(0) ? nullptr : reinterpret_cast<AggregateState *>(PG_GETARG_POINTER(0));
    if (state == nullptr) {
        if (PG_ARGISNULL(1))
            citus::refuse(InvalidOid);
        const Oid aggregate = PG_GETARG_OID(1);
        citus::require_aggregate(aggregate);
        if (get_fn_expr_argtype(fcinfo->flinfo, 3) != get_func_rettype(aggregate))
            citus::refuse(aggregate);
        state = citus::start_state(aggregate, true, memory);
    }
    if (PG_ARGISNULL(2))
        PG_RETURN_POINTER(state);
    citus::combine_bytes(state, PG_GETARG_BYTEA_PP(2), fcinfo, memory);
    PG_RETURN_POINTER(state);
}

Datum citus_combine_agg_result(PG_FUNCTION_ARGS) {
    (void)citus::aggregation_memory(fcinfo);
    auto *state = PG_ARGISNULL(0) ? nullptr : reinterpret_cast<AggregateState *>(PG_GETARG_POINTER(0));
    if (state == nullptr)
        PG_RETURN_NULL();
    bool is_null = state->is_null;
    Datum result = state->value;
    if (OidIsValid(state->finish))
        result = citus::call_support(state->finish, fcinfo, state->value, state->is_null, false, &is_null);
    if (is_null)
        PG_RETURN_NULL();
    PG_RETURN_DATUM(result);
}
