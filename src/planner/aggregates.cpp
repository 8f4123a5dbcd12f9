#include "aggregates.hpp"

#include "citus/pg/node.hpp"
extern "C" {
#include "access/transam.h"
#include "catalog/pg_aggregate.h"
#include "parser/parse_func.h"
#include "parser/parse_oper.h"
#include "parser/parsetree.h"
#include "utils/fmgroids.h"
}

namespace citus {

namespace {

/// How partial results of an aggregate are combined.
enum class Combine {
    None,
    Same,           ///< by the aggregate itself: min(min), sum(sum)
    Count,          ///< sum of counts, 0 without any
    SumToBigint,    ///< sums of bigint that the server adds up to bigint
    AverageNumeric, ///< sum / count in numeric
    AverageFloat,
    AverageInterval,
    State, ///< through the server's own transition states
};

struct Rule {
    Oid aggregate;
    Combine combine;
    Oid partial_sum = InvalidOid; ///< averages: the aggregate that sums, ...
    Oid cast_to = InvalidOid;     ///< ... over the argument cast to this type
};

constexpr Rule kRules[] = {
    {F_COUNT_, Combine::Count},
    {F_COUNT_ANY, Combine::Count},
    {F_REGR_COUNT, Combine::Count},
    {F_SUM_INT2, Combine::SumToBigint},
    {F_SUM_INT4, Combine::SumToBigint},
    {F_SUM_FLOAT4, Combine::Same},
    {F_SUM_FLOAT8, Combine::Same},
    {F_SUM_MONEY, Combine::Same},
    {F_SUM_INTERVAL, Combine::Same},
    {F_SUM_NUMERIC, Combine::Same},
    {F_AVG_INT2, Combine::AverageNumeric, F_SUM_INT2},
    {F_AVG_INT4, Combine::AverageNumeric, F_SUM_INT4},
    {F_AVG_INT8, Combine::AverageNumeric, F_SUM_INT8},
    {F_AVG_NUMERIC, Combine::AverageNumeric, F_SUM_NUMERIC},
    {F_AVG_FLOAT4, Combine::AverageFloat, F_SUM_FLOAT8, FLOAT8OID},
    {F_AVG_FLOAT8, Combine::AverageFloat, F_SUM_FLOAT8},
    {F_AVG_INTERVAL, Combine::AverageInterval, F_SUM_INTERVAL},
};

/// Aggregates that give the same over partial results of their own type, whatever the type.
constexpr std::string_view kIdempotent[] = {"min",   "max",     "bool_and", "bool_or",
                                            "every", "bit_and", "bit_or",   "bit_xor"};

/// Whether citus_internal.partial_agg can run the aggregate: its states can be combined and sent as bytes.
bool has_portable_state(const Aggref *aggregate) {
    HeapTuple tuple = aggregate->aggfnoid < FirstNormalObjectId
                          ? SearchSysCache1(AGGFNOID, ObjectIdGetDatum(aggregate->aggfnoid))
                          : nullptr;
    if (!HeapTupleIsValid(tuple))
        return false;
    const auto *form = reinterpret_cast<Form_pg_aggregate>(GETSTRUCT(tuple));
    const bool portable = OidIsValid(form->aggcombinefn) && !form->aggfinalextra &&
                          !IsPolymorphicType(form->aggtranstype) &&
                          (form->aggtranstype != INTERNALOID || OidIsValid(form->aggserialfn));
    ReleaseSysCache(tuple);
    Oid *declared;
    int count;
    (void)get_func_signature(aggregate->aggfnoid, &declared, &count);
    if (!portable || count != list_length(aggregate->aggargtypes))
        return false;
    for (int i = 0; i < count; i++)
        if (list_nth_oid(aggregate->aggargtypes, i) != declared[i])
            return false;
    return true;
}

Rule rule_for(const Aggref *aggregate) {
    const Oid function = aggregate->aggfnoid;
    for (const Rule &rule : kRules)
        if (rule.aggregate == function)
            return rule;
    // sum(bigint) is numeric, and so is the sum of such sums.
    if (function == F_SUM_INT8)
        return {F_SUM_INT8, Combine::Same};
    const char *name = function < FirstNormalObjectId ? get_func_name(function) : nullptr;
    if (name != nullptr &&
        std::find(std::begin(kIdempotent), std::end(kIdempotent), name) != std::end(kIdempotent))
        return {function, Combine::Same};
    return {function, has_portable_state(aggregate) ? Combine::State : Combine::None};
}

Aggref *make_aggregate(Oid function, Oid result_type, Oid collation, ::Node *argument) {
    auto *aggregate = makeNode(Aggref);
    aggregate->aggfnoid = function;
    aggregate->aggtype = result_type;
    aggregate->aggcollid = collation;
    aggregate->inputcollid = collation;
    aggregate->aggargtypes = list_make1_oid(exprType(argument));
    aggregate->args = list_make1(makeTargetEntry(reinterpret_cast<Expr *>(argument), 1, nullptr, false));
    aggregate->aggkind = AGGKIND_NORMAL;
    aggregate->aggno = -1;
    aggregate->aggtransno = -1;
    aggregate->aggsplit = AGGSPLIT_SIMPLE;
    aggregate->location = -1;
    return aggregate;
}

::Node *call(Oid function, Oid result_type, List *args) {
    return as_node(makeFuncExpr(function, result_type, args, InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL));
}

Oid internal_aggregate(const char *name, std::initializer_list<Oid> types) {
    List *qualified = list_make2(makeString(pstrdup("citus_internal")), makeString(pstrdup(name)));
    return LookupFuncName(qualified, static_cast<int>(types.size()), types.begin(), false);
}

/// citus_internal.total(), or total_count() which is 0 without any value, of bigints.
::Node *total_of(const char *name, Var *partial) {
    return as_node(
        make_aggregate(internal_aggregate(name, {INT8OID}), INT8OID, InvalidOid, as_node(partial)));
}

/// The aggregate that the server would use to add up values of this type.
::Node *sum_of(Var *partial) {
    switch (partial->vartype) {
    case INT8OID:
        return as_node(make_aggregate(F_SUM_INT8, NUMERICOID, InvalidOid, as_node(partial)));
    case FLOAT8OID:
        return as_node(make_aggregate(F_SUM_FLOAT8, FLOAT8OID, InvalidOid, as_node(partial)));
    case INTERVALOID:
        return as_node(make_aggregate(F_SUM_INTERVAL, INTERVALOID, InvalidOid, as_node(partial)));
    default:
        return as_node(make_aggregate(F_SUM_NUMERIC, NUMERICOID, InvalidOid, as_node(partial)));
    }
}

/// A column of the shards' query with another aggregate over the same argument, filter included.
Var *partial_column(const Aggref *aggregate, Oid function, Oid result_type, Oid cast_to,
                    WorkerQuery *worker) {
    auto *partial = static_cast<Aggref *>(copyObjectImpl(aggregate));
    partial->aggfnoid = function;
    partial->aggtype = result_type;
    partial->aggcollid = InvalidOid;
    auto *argument = linitial_node(TargetEntry, partial->args);
    if (OidIsValid(cast_to) && exprType(as_node(argument->expr)) != cast_to) {
        argument->expr = reinterpret_cast<Expr *>(call(F_FLOAT8_FLOAT4, cast_to, list_make1(argument->expr)));
        partial->aggargtypes = list_make1_oid(cast_to);
    }
    return worker->column(as_node(partial), get_func_name(function));
}

Oid sum_result_type(Oid sum) {
    switch (sum) {
    case F_SUM_INT2:
    case F_SUM_INT4:
        return INT8OID;
    case F_SUM_FLOAT8:
        return FLOAT8OID;
    case F_SUM_INTERVAL:
        return INTERVALOID;
    default:
        return NUMERICOID;
    }
}

bool has_outer_join(const ::Node *item) {
    if (IsA(item, RangeTblRef))
        return false;
    if (IsA(item, JoinExpr)) {
        const auto *join = reinterpret_cast<const JoinExpr *>(item);
        return join->jointype != JOIN_INNER || has_outer_join(join->larg) || has_outer_join(join->rarg);
    }
    ListCell *cell;
    foreach (cell, reinterpret_cast<const FromExpr *>(item)->fromlist)
        if (has_outer_join(static_cast<::Node *>(lfirst(cell))))
            return true;
    return false;
}

/// Whether an expression of the block is a column that is declared NOT NULL.
bool is_never_null(const Expr *expr, const Query *query) {
    if (!IsA(expr, Var))
        return false;
    const auto *var = reinterpret_cast<const Var *>(expr);
    if (var->varlevelsup != 0 || var->varattno <= 0)
        return false;
    const RangeTblEntry *rte = rt_fetch(var->varno, query->rtable);
    HeapTuple tuple = rte->rtekind != RTE_RELATION ? nullptr
                                                   : SearchSysCache2(ATTNUM, ObjectIdGetDatum(rte->relid),
                                                                     Int16GetDatum(var->varattno));
    if (!HeapTupleIsValid(tuple))
        return false;
    const bool declared = reinterpret_cast<Form_pg_attribute>(GETSTRUCT(tuple))->attnotnull;
    ReleaseSysCache(tuple);
    return declared && !has_outer_join(as_node(query->jointree));
}

/// count(column that is never NULL) is count(*), which the node then counts once for all who ask.
Var *count_column(const Aggref *aggregate, WorkerQuery *worker) {
    auto *count = static_cast<Aggref *>(copyObjectImpl(aggregate));
    count->aggtype = INT8OID;
    count->aggcollid = InvalidOid;
    if (list_length(count->args) == 1 && count->aggfnoid != F_REGR_COUNT) {
        const bool counts_rows =
            count->aggdistinct == NIL &&
            is_never_null(linitial_node(TargetEntry, count->args)->expr, worker->query());
        count->aggfnoid = counts_rows ? F_COUNT_ : F_COUNT_ANY;
        count->aggstar = counts_rows;
        if (counts_rows) {
            count->args = NIL;
            count->aggargtypes = NIL;
        }
    }
    return worker->column(as_node(count), "count");
}

/// sum / count. Without any value the sum is NULL, and so is the quotient: the division is strict.
::Node *combine_average(const Aggref *aggregate, const Rule &rule, WorkerQuery *worker) {
    Var *sum =
        partial_column(aggregate, rule.partial_sum, sum_result_type(rule.partial_sum), rule.cast_to, worker);
    Var *count = count_column(aggregate, worker);
    ::Node *total = sum_of(sum);
    ::Node *number = total_of("total_count", count);
    if (rule.combine == Combine::AverageNumeric)
        return call(F_NUMERIC_DIV, NUMERICOID,
                    list_make2(total, call(F_NUMERIC_INT8, NUMERICOID, list_make1(number))));
    ::Node *divisor = call(F_FLOAT8_INT8, FLOAT8OID, list_make1(number));
    if (rule.combine == Combine::AverageFloat)
        return call(F_FLOAT8DIV, FLOAT8OID, list_make2(total, divisor));
    return call(F_INTERVAL_DIV, INTERVALOID, list_make2(total, divisor));
}

::Node *combine_count(const Aggref *aggregate, WorkerQuery *worker) {
    return total_of("total_count", count_column(aggregate, worker));
}

void append_argument(Aggref *aggregate, ::Node *argument) {
    const auto number = static_cast<AttrNumber>(list_length(aggregate->args) + 1);
    auto *entry = makeTargetEntry(reinterpret_cast<Expr *>(argument), number, nullptr, false);
    aggregate->args = lappend(aggregate->args, entry);
    aggregate->aggargtypes = lappend_oid(aggregate->aggargtypes, exprType(argument));
}

/// partial_agg(aggregate, arguments) on the shards, combine_agg(aggregate, state, NULL::result) here.
::Node *combine_states(const Aggref *aggregate, WorkerQuery *worker) {
    const auto name_of_aggregate = [&] {
        return as_node(makeConst(OIDOID, -1, InvalidOid, sizeof(Oid), ObjectIdGetDatum(aggregate->aggfnoid),
                                 false, true));
    };
    Aggref *partial = make_aggregate(internal_aggregate("partial_agg", {OIDOID, ANYOID}), BYTEAOID,
                                     InvalidOid, name_of_aggregate());
    partial->inputcollid = aggregate->inputcollid;
    partial->aggfilter = static_cast<Expr *>(copyObjectImpl(aggregate->aggfilter));
    ListCell *cell;
    foreach (cell, aggregate->args)
        append_argument(partial, static_cast<::Node *>(copyObjectImpl(lfirst_node(TargetEntry, cell)->expr)));
    Var *state = worker->column(as_node(partial), get_func_name(aggregate->aggfnoid));

    Aggref *combined = make_aggregate(internal_aggregate("combine_agg", {OIDOID, BYTEAOID, ANYELEMENTOID}),
                                      aggregate->aggtype, aggregate->aggcollid, name_of_aggregate());
    append_argument(combined, as_node(state));
    append_argument(combined, as_node(makeNullConst(aggregate->aggtype, -1, aggregate->aggcollid)));
    return as_node(combined);
}

} // namespace

SortGroupClause *default_grouping(Oid type) {
    auto *clause = makeNode(SortGroupClause);
    get_sort_group_operators(type, false, true, false, &clause->sortop, &clause->eqop, nullptr,
                             &clause->hashable);
    return clause;
}

bool can_split(const Aggref *aggregate) {
    if (aggregate->agglevelsup != 0 || aggregate->aggkind != AGGKIND_NORMAL || aggregate->aggvariadic ||
        aggregate->aggfnoid >= FirstNormalObjectId)
        return false;
    if (aggregate->aggdistinct != NIL)
        return list_length(aggregate->args) == list_length(aggregate->aggdistinct);
    return aggregate->aggorder == NIL && rule_for(aggregate).combine != Combine::None;
}

bool can_split_disjoint(const Aggref *aggregate) {
    if (!can_split(aggregate) || list_length(aggregate->args) != 1)
        return false;
    const Rule rule = rule_for(aggregate);
    return rule.combine != Combine::None && rule.combine != Combine::State && !OidIsValid(rule.cast_to);
}

::Node *split_aggregate(const Aggref *aggregate, WorkerQuery *worker) {
    const Rule rule = rule_for(aggregate);
    auto *expr = as_node(const_cast<Aggref *>(aggregate));
    switch (rule.combine) {
    case Combine::State:
        return combine_states(aggregate, worker);
    case Combine::Count:
        return combine_count(aggregate, worker);
    case Combine::SumToBigint:
        return total_of("total", worker->column(expr, "sum"));
    case Combine::Same: {
        Var *partial = worker->column(expr, get_func_name(aggregate->aggfnoid));
        Aggref *combined =
            make_aggregate(aggregate->aggfnoid, aggregate->aggtype, aggregate->aggcollid, as_node(partial));
        combined->inputcollid = aggregate->inputcollid;
        // sum(bigint) gives numeric, which another function adds up.
        if (aggregate->aggfnoid == F_SUM_INT8)
            return sum_of(partial);
        return as_node(combined);
    }
    default:
        return combine_average(aggregate, rule, worker);
    }
}

} // namespace citus
