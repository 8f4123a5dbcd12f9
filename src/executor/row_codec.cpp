#include "citus/executor/row_codec.hpp"

#include "citus/guc.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/pg_type.h"
#include "libpq-fe.h"
#include "utils/typcache.h"
}

namespace citus {

namespace {

bool has_binary_io(Oid type) {
    HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
    if (!HeapTupleIsValid(tuple))
        return false;
    auto form = reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple));
    const bool has = OidIsValid(form->typreceive) && OidIsValid(form->typsend) &&
                     form->typtype != TYPTYPE_PSEUDO && form->typtype != TYPTYPE_COMPOSITE;
    ReleaseSysCache(tuple);
    return has;
}

} // namespace

bool is_binary_type(Oid type) {
    if (type >= FirstNormalObjectId || !has_binary_io(type))
        return false;
    const Oid element = get_element_type(type);
    return !OidIsValid(element) || is_binary_type(element);
}

const BoundParams *bind_params(const TaskParams &params) {
    const size_t count = params.types.size();
    if (count == 0)
        return nullptr;
    auto *types = static_cast<Oid *>(palloc0(count * sizeof(Oid)));
    auto *values = static_cast<const char **>(palloc0(count * sizeof(char *)));
    auto *lengths = static_cast<int *>(palloc0(count * sizeof(int)));
    auto *formats = static_cast<int *>(palloc0(count * sizeof(int)));
    for (size_t i = 0; i < count; i++) {
        const Oid type = params.types[i];
        const bool built_in = type < FirstNormalObjectId;
        const bool binary = built_in && guc::enable_binary_protocol && is_binary_type(type);
        types[i] = built_in ? type : InvalidOid;
        if (params.nulls[i])
            continue;
        Oid function;
        bool is_varlena;
        if (binary) {
            getTypeBinaryOutputInfo(type, &function, &is_varlena);
            bytea *bytes = OidSendFunctionCall(function, params.values[i]);
            values[i] = VARDATA(bytes);
            lengths[i] = static_cast<int>(VARSIZE(bytes) - VARHDRSZ);
            formats[i] = 1;
        } else {
            getTypeOutputInfo(type, &function, &is_varlena);
            values[i] = OidOutputFunctionCall(function, params.values[i]);
            lengths[i] = static_cast<int>(strlen(values[i]));
        }
    }
    auto *bound = static_cast<BoundParams *>(palloc(sizeof(BoundParams)));
    *bound = {static_cast<int>(count), types, values, lengths, formats};
    return bound;
}

RowDecoder::RowDecoder(TupleDesc desc, bool allow_binary) : desc_(desc) {
    const int count = desc->natts;
    functions_ = static_cast<FmgrInfo *>(palloc0(static_cast<size_t>(std::max(count, 1)) * sizeof(FmgrInfo)));
    io_params_ = static_cast<Oid *>(palloc0(static_cast<size_t>(std::max(count, 1)) * sizeof(Oid)));
    binary_ = allow_binary && guc::enable_binary_protocol;
    for (int i = 0; i < count; i++) {
        const Form_pg_attribute attribute = TupleDescAttr(desc, i);
        if (attribute->attisdropped)
            continue;
        visible_count_++;
        binary_ = binary_ && is_binary_type(attribute->atttypid);
    }
    for (int i = 0; i < count; i++) {
        const Form_pg_attribute attribute = TupleDescAttr(desc, i);
        if (attribute->attisdropped)
            continue;
        Oid function;
        if (binary_)
            getTypeBinaryInputInfo(attribute->atttypid, &function, &io_params_[i]);
        else
            getTypeInputInfo(attribute->atttypid, &function, &io_params_[i]);
        fmgr_info(function, &functions_[i]);
    }
}

/// The remote row must have the shape the plan expects: another type in binary could be read as garbage.
void RowDecoder::check_shape(const PGresult *result) {
    if (PQnfields(result) != visible_count_)
        ereport(ERROR,
                (errcode(ERRCODE_DATATYPE_MISMATCH), errmsg("a remote query returned %d columns, expected %d",
                                                            PQnfields(result), visible_count_)));
    int field = 0;
    for (int i = 0; binary_ && i < desc_->natts; i++) {
        const Form_pg_attribute attribute = TupleDescAttr(desc_, i);
        if (attribute->attisdropped)
            continue;
        const Oid remote = PQftype(result, field++);
        if (remote != attribute->atttypid && remote != getBaseType(attribute->atttypid))
            ereport(ERROR, (errcode(ERRCODE_DATATYPE_MISMATCH),
                            errmsg("column %d of a remote query has type %s, expected %s", field,
                                   format_type_be(remote), format_type_be(attribute->atttypid))));
    }
    checked_ = true;
}

void RowDecoder::decode(const PGresult *result, int row, Datum *values, bool *nulls) {
    if (!checked_)
        check_shape(result);
    int field = 0;
    for (int i = 0; i < desc_->natts; i++) {
        const Form_pg_attribute attribute = TupleDescAttr(desc_, i);
        if (attribute->attisdropped) {
            nulls[i] = true;
            values[i] = 0;
            continue;
        }
        nulls[i] = PQgetisnull(result, row, field);
        char *data = PQgetvalue(result, row, field);
        if (nulls[i]) {
            values[i] = 0; // also for a domain: its constraints were checked where the value was made
        } else if (!binary_) {
            values[i] = InputFunctionCall(&functions_[i], data, io_params_[i], attribute->atttypmod);
        } else {
            StringInfoData buffer;
            buffer.data = data;
            buffer.len = PQgetlength(result, row, field);
            buffer.maxlen = buffer.len;
            buffer.cursor = 0;
            values[i] = ReceiveFunctionCall(&functions_[i], &buffer, io_params_[i], attribute->atttypmod);
        }
        field++;
    }
}

uint64 RowDecoder::row_bytes(const PGresult *result, int row) {
    uint64 bytes = 0;
    for (int field = 0; field < PQnfields(result); field++)
        bytes += static_cast<uint64>(PQgetlength(result, row, field));
    return bytes;
}

} // namespace citus
