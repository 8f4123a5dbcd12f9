#include "citus/executor/row_codec.hpp"

#include "citus/guc.hpp"
#include "citus/pg/encoding.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/pg_type.h"
#include "libpq-fe.h"
#include "port/pg_bswap.h"
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
    // Built-in types stay what they are: each is looked up once.
    enum Answer : int8 { Unknown, No, Yes };
    static std::array<Answer, FirstNormalObjectId> known;
    if (type >= FirstNormalObjectId)
        return false;
    if (known[type] == Unknown) {
        const bool has_io = has_binary_io(type);
        const Oid element = has_io ? get_element_type(type) : InvalidOid;
        known[type] = has_io && (!OidIsValid(element) || is_binary_type(element)) ? Yes : No;
    }
    return known[type] == Yes;
}

namespace {

template <typename Int>
char *network_bytes(Int value, int *length) {
    Int swapped;
    if constexpr (sizeof(Int) == 8)
        swapped = pg_hton64(value);
    else if constexpr (sizeof(Int) == 4)
        swapped = pg_hton32(value);
    else
        swapped = pg_hton16(value);
    auto *bytes = static_cast<char *>(palloc(sizeof(Int)));
    memcpy(bytes, &swapped, sizeof(Int));
    *length = sizeof(Int);
    return bytes;
}

/// A value in binary, in the server's encoding. The frequent types without a function call.
char *binary_value(Oid type, Datum value, int *length) {
    switch (type) {
    case INT8OID:
    case TIMESTAMPOID:
    case TIMESTAMPTZOID:
        return network_bytes(static_cast<uint64>(DatumGetInt64(value)), length);
    case INT4OID:
    case DATEOID:
        return network_bytes(static_cast<uint32>(DatumGetInt32(value)), length);
    case INT2OID:
        return network_bytes(static_cast<uint16>(DatumGetInt16(value)), length);
    case TEXTOID:
    case VARCHAROID: {
        const text *plain = DatumGetTextPP(value);
        *length = static_cast<int>(VARSIZE_ANY_EXHDR(plain));
        return VARDATA_ANY(plain);
    }
    default:
        break;
    }
    Oid function;
    bool is_varlena;
    getTypeBinaryOutputInfo(type, &function, &is_varlena);
    bytea *bytes = nullptr;
    in_server_encoding([&] { bytes = OidSendFunctionCall(function, value); });
    *length = static_cast<int>(VARSIZE(bytes) - VARHDRSZ);
    return VARDATA(bytes);
}

} // namespace

const BoundParams *bind_params(const TaskParams &params) {
    const size_t count = params.types.size();
    if (count == 0)
        return nullptr;
    // One chunk: the structure and its arrays.
    const size_t bytes = sizeof(BoundParams) + count * (sizeof(char *) + sizeof(Oid) + 2 * sizeof(int));
    auto *bound = static_cast<BoundParams *>(palloc0(bytes));
    auto **values = reinterpret_cast<const char **>(bound + 1);
    auto *types = reinterpret_cast<Oid *>(values + count);
    auto *lengths = reinterpret_cast<int *>(types + count);
    auto *formats = lengths + count;
    for (size_t i = 0; i < count; i++) {
        const Oid type = params.types[i];
        const bool built_in = type < FirstNormalObjectId;
        const bool binary = built_in && guc::enable_binary_protocol && is_binary_type(type);
        types[i] = built_in ? type : InvalidOid;
        if (params.nulls[i])
            continue;
        if (binary) {
            values[i] = binary_value(type, params.values[i], &lengths[i]);
            formats[i] = 1;
        } else {
            Oid function;
            bool is_varlena;
            getTypeOutputInfo(type, &function, &is_varlena);
            values[i] = OidOutputFunctionCall(function, params.values[i]);
            lengths[i] = static_cast<int>(strlen(values[i]));
        }
    }
    *bound = {static_cast<int>(count), types, values, lengths, formats};
    return bound;
}

RowDecoder::Form RowDecoder::form_of(const FormData_pg_attribute &attribute) {
    switch (attribute.atttypid) {
    case BOOLOID:
        return Form::Byte;
    case INT2OID:
        return Form::Int16;
    case INT4OID:
    case OIDOID:
    case DATEOID:
        return Form::Int32;
    case INT8OID:
        return Form::Int64;
    case FLOAT8OID:
        return FLOAT8PASSBYVAL ? Form::Int64 : Form::Function;
    case TIMESTAMPOID:
    case TIMESTAMPTZOID:
        return attribute.atttypmod < 0 ? Form::Int64 : Form::Function;
    case TEXTOID:
        return Form::Text;
    case VARCHAROID:
        return attribute.atttypmod < 0 ? Form::Text : Form::Function;
    default:
        return Form::Function;
    }
}

RowDecoder::RowDecoder(TupleDesc desc, bool allow_binary) : desc_(desc) {
    const int count = desc->natts;
    columns_ = static_cast<Column *>(palloc0(static_cast<size_t>(std::max(count, 1)) * sizeof(Column)));
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
        Column &column = columns_[i];
        column.typmod = attribute->atttypmod;
        column.form = attribute->attisdropped ? Form::Dropped
                      : binary_               ? form_of(*attribute)
                                              : Form::Function;
        if (column.form != Form::Function)
            continue;
        // A domain's constraints were checked where the value was made; one that is NOT VALID may not hold.
        const Oid type = getBaseType(attribute->atttypid);
        Oid function;
        if (binary_)
            getTypeBinaryInputInfo(type, &function, &column.io_param);
        else
            getTypeInputInfo(type, &function, &column.io_param);
        fmgr_info(function, &column.function);
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
    check(result);
    int field = 0;
    for (int i = 0; i < desc_->natts; i++) {
        Column &column = columns_[i];
        values[i] = 0;
        nulls[i] = column.form == Form::Dropped || PQgetisnull(result, row, field);
        if (!nulls[i])
            values[i] = InputFunctionCall(&column.function, PQgetvalue(result, row, field), column.io_param,
                                          column.typmod);
        if (column.form != Form::Dropped)
            field++;
    }
}

namespace {

[[noreturn]] void raise_bad_batch() {
    ereport(ERROR, (errcode(ERRCODE_PROTOCOL_VIOLATION), errmsg("a remote query sent a malformed row")));
}

template <typename Int>
Int read_int(const char *at) {
    Int value;
    memcpy(&value, at, sizeof(value));
    if constexpr (sizeof(Int) == 2)
        return static_cast<Int>(pg_ntoh16(value));
    else if constexpr (sizeof(Int) == 4)
        return static_cast<Int>(pg_ntoh32(value));
    else
        return static_cast<Int>(pg_ntoh64(value));
}

} // namespace

Datum RowDecoder::receive(Column &column, const char *data, uint32 bytes) {
    const auto expect = [bytes](uint32 size) {
        if (bytes != size)
            raise_bad_batch();
    };
    switch (column.form) {
    case Form::Byte:
        expect(1);
        return BoolGetDatum(*data != 0);
    case Form::Int16:
        expect(2);
        return Int16GetDatum(static_cast<int16>(read_int<uint16>(data)));
    case Form::Int32:
        expect(4);
        return Int32GetDatum(static_cast<int32>(read_int<uint32>(data)));
    case Form::Int64:
        expect(8);
        return Int64GetDatum(static_cast<int64>(read_int<uint64>(data)));
    case Form::Text:
        return PointerGetDatum(cstring_to_text_with_len(data, static_cast<int>(bytes)));
    case Form::Function:
    case Form::Dropped:
        break;
    }
    // A receive function may look at a byte behind the value (a string's end): it gets a copy of its own.
    StringInfoData buffer;
    buffer.len = static_cast<int>(bytes);
    buffer.maxlen = buffer.len + 1;
    buffer.data = static_cast<char *>(palloc(static_cast<size_t>(bytes) + 1));
    memcpy(buffer.data, data, bytes);
    buffer.data[bytes] = '\0';
    buffer.cursor = 0;
    const Datum value = ReceiveFunctionCall(&column.function, &buffer, column.io_param, column.typmod);
    if (buffer.cursor != buffer.len)
        raise_bad_batch();
    return value;
}

const char *RowDecoder::decode_here(const char *at, const char *end, Datum *values, bool *nulls) {
    if (end - at < static_cast<ptrdiff_t>(sizeof(uint16)) || read_int<uint16>(at) != visible_count_)
        raise_bad_batch();
    at += sizeof(uint16);
    for (int i = 0; i < desc_->natts; i++) {
        Column &column = columns_[i];
        values[i] = 0;
        nulls[i] = true;
        if (column.form == Form::Dropped)
            continue;
        if (end - at < static_cast<ptrdiff_t>(sizeof(uint32)))
            raise_bad_batch();
        const auto bytes = read_int<uint32>(at);
        at += sizeof(uint32);
        if (bytes == 0xFFFFFFFF)
            continue;
        if (static_cast<size_t>(end - at) < bytes)
            raise_bad_batch();
        nulls[i] = false;
        values[i] = receive(column, at, bytes);
        at += bytes;
    }
    return at;
}

const char *RowDecoder::decode(const char *at, const char *end, Datum *values, bool *nulls) {
    const char *next = nullptr;
    in_server_encoding([&] { next = decode_here(at, end, values, nulls); });
    return next;
}

uint64 RowDecoder::row_bytes(const PGresult *result, int row) {
    uint64 bytes = 0;
    for (int field = 0; field < PQnfields(result); field++)
        bytes += static_cast<uint64>(PQgetlength(result, row, field));
    return bytes;
}

} // namespace citus
