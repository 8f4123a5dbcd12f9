#include "citus/executor/motion_check.hpp"

extern "C" {
#include "access/transam.h"
#include "access/tupmacs.h"
#include "mb/pg_wchar.h"
#include "utils/rangetypes.h"
#include "utils/typcache.h"
}

namespace citus {

namespace {

[[noreturn]] void raise_damaged(const char *what) {
    ereport(ERROR,
            (errcode(ERRCODE_DATA_CORRUPTED), errmsg("moved rows are damaged"), errdetail("%s", what)));
    pg_unreachable();
}

/// Whether values of a fixed length mean the same on every node, whatever their bits.
bool is_plain(Oid type, int16 length) {
    if (type >= FirstNormalObjectId || length <= 0 || get_typtype(type) != TYPTYPE_BASE)
        return false;
    switch (type) {
    case REGCLASSOID:
    case REGCOLLATIONOID:
    case REGCONFIGOID:
    case REGDICTIONARYOID:
    case REGNAMESPACEOID:
    case REGOPEROID:
    case REGOPERATOROID:
    case REGPROCOID:
    case REGPROCEDUREOID:
    case REGROLEOID:
    case REGTYPEOID:
    case ACLITEMOID:
    case NAMEOID: // ends with a zero, or else
        return false;
    default:
        // Of fixed length, but no number: rows of another type.
        return type != CSTRINGOID;
    }
}

/// What has no text in it, arrays and ranges too: their receive functions check them, and no setting matters.
bool has_safe_binary_form(Oid type) {
    const auto is_simple = [](Oid part) {
        const Travel travel = kind_of_travel(part);
        return part == getBaseType(part) && (travel == Travel::AsIs || travel == Travel::Numeric);
    };
    if (type >= FirstNormalObjectId)
        return false;
    if (const Oid element = get_element_type(type); OidIsValid(element))
        return is_simple(element);
    switch (type) {
    case PATHOID:
    case POLYGONOID:
    case INETOID:
    case CIDROID:
    case BITOID:
    case VARBITOID:
        return true;
    default:
        break;
    }
    const char kind = get_typtype(type);
    const Oid range = kind == TYPTYPE_MULTIRANGE ? get_multirange_range(type) : type;
    return (kind == TYPTYPE_RANGE || kind == TYPTYPE_MULTIRANGE) && is_simple(get_range_subtype(range));
}

// The header of a numeric as it is stored (utils/adt/numeric.c): two bytes that say everything when its upper
// bits are 11 (not a number) or 10 (short), otherwise followed by the weight.
constexpr uint16 kNumericKind = 0xC000, kNumericShort = 0x8000, kNumericSpecial = 0xC000;
constexpr uint16 kNumericSpecials[] = {0xC000, 0xD000, 0xF000};
constexpr uint16 kDigitBase = 10000;

bool is_numeric(const char *data, size_t size) {
    uint16 header;
    if (size < sizeof(header) || size % 2 != 0)
        return false;
    memcpy(&header, data, sizeof(header));
    if ((header & kNumericKind) == kNumericSpecial)
        return size == sizeof(header) && std::find(std::begin(kNumericSpecials), std::end(kNumericSpecials),
                                                   header) != std::end(kNumericSpecials);
    const bool is_short = (header & kNumericKind) == kNumericShort;
    size_t at = is_short ? 2 : 4;
    if (size < at)
        return false;
    for (; at < size; at += 2) {
        uint16 digit;
        memcpy(&digit, data + at, sizeof(digit));
        if (digit >= kDigitBase)
            return false;
    }
    return true;
}

} // namespace

Travel kind_of_travel(Oid type) {
    type = getBaseType(type);
    switch (type) {
    case TEXTOID:
    case VARCHAROID:
    case BPCHAROID:
    case JSONOID:
        return Travel::Chars;
    case BYTEAOID:
        return Travel::Bytes;
    case NUMERICOID:
        return Travel::Numeric;
    default:
        if (is_plain(type, get_typlen(type)))
            return Travel::AsIs;
        return has_safe_binary_form(type) ? Travel::Binary : Travel::Text;
    }
}

/// A value at an offset of the row's data; returns where it ends.
size_t MotionRowCheck::check_value(int column, const char *data, size_t offset, size_t length) const {
    const Form_pg_attribute attribute = TupleDescAttr(desc_, column);
    if (attribute->attlen > 0) {
        const size_t end =
            att_align_nominal(offset, attribute->attalign) + static_cast<size_t>(attribute->attlen);
        if (end > length)
            raise_damaged("A value is longer than its row.");
        return end;
    }
    if (attribute->attlen != -1)
        raise_damaged("A type has no length.");
    if (offset >= length)
        raise_damaged("A value begins behind its row.");
    if (!VARATT_NOT_PAD_BYTE(data + offset))
        offset = att_align_nominal(offset, attribute->attalign);
    if (offset >= length)
        raise_damaged("A value begins behind its row.");
    const char *value = data + offset;
    size_t header, size;
    if (VARATT_IS_1B(value)) {
        if (VARATT_IS_1B_E(value))
            raise_damaged("A value is stored elsewhere.");
        header = VARHDRSZ_SHORT;
        size = VARSIZE_1B(value);
    } else {
        if (offset != att_align_nominal(offset, attribute->attalign))
            raise_damaged("A value is not where its type wants it.");
        if (length - offset < VARHDRSZ || !VARATT_IS_4B_U(value))
            raise_damaged("A value has an unknown header.");
        header = VARHDRSZ;
        size = VARSIZE_4B(value);
    }
    if (size < header || size > length - offset)
        raise_damaged("A value is longer than its row.");
    if (travel_[column] == Travel::Chars || travel_[column] == Travel::Text) {
        if (!pg_verifymbstr(value + header, static_cast<int>(size - header), true))
            raise_damaged("A text is not in the encoding of the database.");
    } else if (travel_[column] == Travel::Numeric && !is_numeric(value + header, size - header)) {
        raise_damaged("A number has digits that are none.");
    }
    return offset + size;
}

MinimalTuple MotionRowCheck::check(char *bytes, size_t available) const {
    auto *tuple = reinterpret_cast<MinimalTuple>(bytes);
    if (available < SizeofMinimalTupleHeader || tuple->t_len < SizeofMinimalTupleHeader ||
        tuple->t_len > available || MAXALIGN(tuple->t_len) > available)
        raise_damaged("A row is longer than what was sent.");
    if (HeapTupleHeaderGetNatts(tuple) != desc_->natts)
        raise_damaged("A row has another number of columns.");
    const bool has_nulls = (tuple->t_infomask & HEAP_HASNULL) != 0;
    const size_t head = MAXALIGN(SizeofHeapTupleHeader + (has_nulls ? BITMAPLEN(desc_->natts) : 0));
    if (tuple->t_hoff != head || head - MINIMAL_TUPLE_OFFSET > tuple->t_len)
        raise_damaged("A row has an unknown header.");
    tuple->t_infomask &= HEAP_HASNULL | HEAP_HASVARWIDTH;
    tuple->t_infomask2 = static_cast<uint16>(desc_->natts);
    const char *data = bytes + (head - MINIMAL_TUPLE_OFFSET);
    const size_t length = tuple->t_len - (head - MINIMAL_TUPLE_OFFSET);
    size_t offset = 0;
    for (int i = 0; i < desc_->natts; i++)
        if (!has_nulls || !att_isnull(i, tuple->t_bits))
            offset = check_value(i, data, offset, length);
    return tuple;
}

} // namespace citus
