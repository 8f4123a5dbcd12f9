/// SQL functions that look things up in the metadata: shard of a value, names, columns, placements.
#include "citus/catalog/metadata.hpp"
#include "citus/core/partkey.hpp"

extern "C" {
#include "utils/typcache.h"

PG_FUNCTION_INFO_V1(citus_version);
PG_FUNCTION_INFO_V1(get_shard_id_for_distribution_column);
PG_FUNCTION_INFO_V1(worker_hash);
PG_FUNCTION_INFO_V1(shard_name);
PG_FUNCTION_INFO_V1(column_to_column_name);
PG_FUNCTION_INFO_V1(column_name_to_column);
PG_FUNCTION_INFO_V1(table_placements);
PG_FUNCTION_INFO_V1(colocated_placements);
}

namespace citus {

namespace {

/// How values of one type become values of a key's type: through their text. Kept for the calls of one
/// statement.
struct TextCast {
    Oid from, to;
    FmgrInfo output, input;
    Oid input_parameter;
};

const TextCast &text_cast(FunctionCallInfo fcinfo, Oid from, Oid to) {
    auto *cast = static_cast<TextCast *>(fcinfo->flinfo->fn_extra);
    if (cast != nullptr && cast->from == from && cast->to == to)
        return *cast;
    if (cast == nullptr)
        cast = make_in<TextCast>(fcinfo->flinfo->fn_mcxt);
    Oid output = InvalidOid, input = InvalidOid;
    bool is_varlena = false;
    getTypeOutputInfo(from, &output, &is_varlena);
    getTypeInputInfo(to, &input, &cast->input_parameter);
    fmgr_info_cxt(output, &cast->output, fcinfo->flinfo->fn_mcxt);
    fmgr_info_cxt(input, &cast->input, fcinfo->flinfo->fn_mcxt);
    cast->from = from;
    cast->to = to;
    fcinfo->flinfo->fn_extra = cast;
    return *cast;
}

/// The hash by which a value of any type would be routed.
int32 hash_of_argument(FunctionCallInfo fcinfo, const DistTable &table) {
    if (PG_ARGISNULL(1))
        return hash_distribution_value(table, 0, true);
    const Oid type = get_fn_expr_argtype(fcinfo->flinfo, 1);
    if (!OidIsValid(type))
        ereport(ERROR, (errcode(ERRCODE_INDETERMINATE_DATATYPE),
                        errmsg("could not determine the value's data type")));
    Datum value = PG_GETARG_DATUM(1);
    if (getBaseType(type) != table.key_type) {
        const TextCast &cast = text_cast(fcinfo, type, table.key_type);
        char *text = OutputFunctionCall(const_cast<FmgrInfo *>(&cast.output), value);
        value = InputFunctionCall(const_cast<FmgrInfo *>(&cast.input), text, cast.input_parameter, -1);
    }
    return hash_distribution_value(table, value, false);
}

const char *relation_name(Oid relid) {
    const char *name = get_rel_name(relid);
    if (name == nullptr)
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("relation with OID %u does not exist", relid)));
    return name;
}

/// One row of table_placements or colocated_placements per placement: index, shard ids, group, node, shard
/// names.
void return_placements(FunctionCallInfo fcinfo, std::span<const DistTable *const> tables) {
    InitMaterializedSRF(fcinfo, 0);
    auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    const DistTable &first = *tables.front();
    for (size_t i = 0; i < first.shards.size(); i++) {
        for (const ShardPlacement &placement : first.shards[i].placements) {
            const ClusterNode *node = find_primary_node(placement.group_id);
            std::array<Datum, 8> values{};
            std::array<bool, 8> nulls{};
            size_t column = 0;
            values[column++] = Int32GetDatum(static_cast<int32>(i));
            values[column++] = Int32GetDatum(placement.group_id);
            nulls[column] = node == nullptr;
            values[column++] = node != nullptr ? CStringGetTextDatum(node->name) : 0;
            nulls[column] = node == nullptr;
            values[column++] = node != nullptr ? Int32GetDatum(node->port) : 0;
            for (const DistTable *table : tables) {
                const int64 shard_id = table->shards[i].shard_id;
                values[column++] = Int64GetDatum(shard_id);
                values[column++] = CStringGetTextDatum(qualified_shard_name(table->relid, shard_id));
            }
            tuplestore_putvalues(result->setResult, result->setDesc, values.data(), nulls.data());
        }
    }
}

} // namespace

} // namespace citus

using namespace citus;

Datum citus_version(PG_FUNCTION_ARGS) {
    PG_RETURN_TEXT_P(cstring_to_text("Citus 1.0 on " PG_VERSION_STR));
}

Datum get_shard_id_for_distribution_column(PG_FUNCTION_ARGS) {
    if (PG_ARGISNULL(0))
        ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("relation cannot be NULL")));
    const DistTable *table = require_dist_table(PG_GETARG_OID(0));
    const int32 hash = table->has_key() ? hash_of_argument(fcinfo, *table) : 0;
    const int index = shard_index_for_hash(*table, hash);
    PG_RETURN_INT64(table->shards[static_cast<size_t>(index)].shard_id);
}

Datum worker_hash(PG_FUNCTION_ARGS) {
    Oid type = get_fn_expr_argtype(fcinfo->flinfo, 0);
    Datum value = PG_GETARG_DATUM(0);
    if (type == UNKNOWNOID) {
        type = TEXTOID;
        value = CStringGetTextDatum(DatumGetCString(value));
    }
    TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_HASH_PROC_FINFO);
    if (!OidIsValid(entry->hash_proc_finfo.fn_oid))
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_FUNCTION),
                        errmsg("could not identify a hash function for type %s", format_type_be(type))));
    const Oid collation = OidIsValid(PG_GET_COLLATION()) ? PG_GET_COLLATION() : entry->typcollation;
    PG_RETURN_INT32(DatumGetInt32(FunctionCall1Coll(&entry->hash_proc_finfo, collation, value)));
}

Datum shard_name(PG_FUNCTION_ARGS) {
    const Oid relid = PG_GETARG_OID(0);
    const int64 shard_id = PG_GETARG_INT64(1);
    if (shard_id <= 0)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("shard_id cannot be zero or negative value")));
    const char *name = get_rel_name(relid);
    if (name == nullptr)
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_TABLE),
                        errmsg("object_name does not reference a valid relation")));
    const char *schema = get_namespace_name(get_rel_namespace(relid));
    const char *shard = shard_relation_name(name, shard_id);
    if (PG_GETARG_BOOL(2) && strcmp(schema, "public") == 0)
        PG_RETURN_TEXT_P(cstring_to_text(quote_identifier(shard)));
    PG_RETURN_TEXT_P(cstring_to_text(quote_qualified_identifier(schema, shard)));
}

Datum column_to_column_name(PG_FUNCTION_ARGS) {
    const Oid relid = PG_GETARG_OID(0);
    const auto attno = core::parse_partkey(text_to_cstring(PG_GETARG_TEXT_PP(1)));
    if (!attno)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("not a valid column")));
    const char *name = get_attname(relid, static_cast<AttrNumber>(*attno), true);
    if (name == nullptr)
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_COLUMN),
                 errmsg("column number %d of relation \"%s\" does not exist", *attno, relation_name(relid))));
    PG_RETURN_TEXT_P(cstring_to_text(name));
}

Datum column_name_to_column(PG_FUNCTION_ARGS) {
    const Oid relid = PG_GETARG_OID(0);
    const char *name = text_to_cstring(PG_GETARG_TEXT_PP(1));
    const char *relation = get_rel_name(relid);
    if (relation == nullptr)
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("relation with OID %u does not exist", relid)));
    const AttrNumber attno = get_attnum(relid, name);
    if (attno == InvalidAttrNumber)
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                        errmsg("column \"%s\" of relation \"%s\" does not exist", name, relation)));
    if (attno < 0)
        ereport(ERROR, (errcode(ERRCODE_INVALID_COLUMN_REFERENCE),
                        errmsg("cannot reference system column \"%s\" in relation \"%s\"", name, relation)));
    Oid type = InvalidOid, collation = InvalidOid;
    int32 typmod = -1;
    get_atttypetypmodcoll(relid, attno, &type, &typmod, &collation);
    PG_RETURN_TEXT_P(cstring_to_text(nodeToString(makeVar(1, attno, type, typmod, collation, 0))));
}

Datum table_placements(PG_FUNCTION_ARGS) {
    const DistTable *table = require_dist_table(PG_GETARG_OID(0));
    return_placements(fcinfo, std::array{table});
    PG_RETURN_NULL();
}

Datum colocated_placements(PG_FUNCTION_ARGS) {
    const DistTable *first = require_dist_table(PG_GETARG_OID(0)),
                    *second = require_dist_table(PG_GETARG_OID(1));
    if (first->kind == TableKind::Local || first->colocation_id != second->colocation_id ||
        first->shards.size() != second->shards.size())
        ereport(ERROR, (errcode(ERRCODE_INVALID_TABLE_DEFINITION),
                        errmsg("tables %s and %s are not co-located", get_rel_name(first->relid),
                               get_rel_name(second->relid))));
    return_placements(fcinfo, std::array{first, second});
    PG_RETURN_NULL();
}
