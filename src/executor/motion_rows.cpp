#include "citus/executor/motion_rows.hpp"

extern "C" {
#include "access/detoast.h"
#include "access/transam.h"
#include "catalog/catversion.h"
#include "utils/typcache.h"
}

namespace citus {

namespace {

/// Starts each chunk. Another kind of server has another one.
struct ChunkHeader {
    int32 magic = 0x43544d31;
    int32 catalog_version = CATALOG_VERSION_NO;
    int32 layout = (BLCKSZ << 8) | (MAXIMUM_ALIGNOF << 4) | static_cast<int32>(sizeof(Datum));
    int32 unused = 0;

    bool operator==(const ChunkHeader &) const = default;
};

/// Starts the rows of one bucket in a chunk.
struct BlockHeader {
    int32 bucket;
    int32 rows;
    int64 size;
};

constexpr size_t kChunkSize = 256 * 1024;

static_assert(sizeof(ChunkHeader) % MAXIMUM_ALIGNOF == 0 && sizeof(BlockHeader) % MAXIMUM_ALIGNOF == 0);

/// Whether values of the type mean the same, byte by byte, on every node.
bool travels_as_it_is(Oid type) {
    type = getBaseType(type);
    if (type >= FirstNormalObjectId)
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
        return false;
    default:
        break;
    }
    const Oid element = get_element_type(type);
    if (OidIsValid(element))
        return travels_as_it_is(element);
    const char kind = get_typtype(type);
    return kind == TYPTYPE_BASE || kind == TYPTYPE_RANGE || kind == TYPTYPE_MULTIRANGE;
}

} // namespace

MotionColumns::MotionColumns(TupleDesc desc) : desc_(desc), travel_desc_(CreateTupleDescCopy(desc)) {
    const auto count = static_cast<Size>(desc->natts) + 1;
    columns_ = static_cast<Column *>(palloc0(sizeof(Column) * count));
    values_ = static_cast<Datum *>(palloc(sizeof(Datum) * count));
    nulls_ = static_cast<bool *>(palloc(sizeof(bool) * count));
    for (int i = 0; i < desc->natts; i++) {
        const Form_pg_attribute attribute = TupleDescAttr(desc, i);
        Column &column = columns_[i];
        column.is_varlena = attribute->attlen == -1;
        has_varlena_ |= column.is_varlena;
        column.typmod = attribute->atttypmod;
        column.as_text = !travels_as_it_is(attribute->atttypid);
        if (!column.as_text)
            continue;
        converts_ = true;
        Oid out, in;
        bool is_varlena;
        getTypeOutputInfo(attribute->atttypid, &out, &is_varlena);
        getTypeInputInfo(attribute->atttypid, &in, &column.io_param);
        fmgr_info(out, &column.out);
        fmgr_info(in, &column.in);
        TupleDescInitEntry(travel_desc_, static_cast<AttrNumber>(i + 1), nullptr, TEXTOID, -1, 0);
    }
}

MinimalTuple MotionColumns::pack(TupleTableSlot *slot) {
    if (!converts_ && !has_varlena_)
        return ExecCopySlotMinimalTuple(slot);
    slot_getallattrs(slot);
    for (int i = 0; i < desc_->natts; i++) {
        nulls_[i] = slot->tts_isnull[i];
        values_[i] = slot->tts_values[i];
        if (nulls_[i])
            continue;
        if (columns_[i].as_text) {
            values_[i] = PointerGetDatum(cstring_to_text(OutputFunctionCall(&columns_[i].out, values_[i])));
        } else if (columns_[i].is_varlena) {
            auto *value = reinterpret_cast<varlena *>(DatumGetPointer(values_[i]));
            if (VARATT_IS_EXTERNAL(value) || VARATT_IS_COMPRESSED(value))
                values_[i] = PointerGetDatum(detoast_attr(value));
        }
    }
    return heap_form_minimal_tuple(travel_desc_, values_, nulls_);
}

void MotionColumns::unpack(MinimalTuple tuple, Datum *values, bool *nulls) {
    HeapTupleData row;
    row.t_len = tuple->t_len + MINIMAL_TUPLE_OFFSET;
    row.t_data = reinterpret_cast<HeapTupleHeader>(reinterpret_cast<char *>(tuple) - MINIMAL_TUPLE_OFFSET);
    heap_deform_tuple(&row, travel_desc_, values, nulls);
    for (int i = 0; i < desc_->natts; i++)
        if (columns_[i].as_text && !nulls[i])
            values[i] = InputFunctionCall(&columns_[i].in, TextDatumGetCString(values[i]),
                                          columns_[i].io_param, columns_[i].typmod);
}

MotionPacker::MotionPacker(MemoryContext context, TupleDesc desc, const MotionTargets &targets,
                           MotionSink *sink)
    : context_(context),
      row_context_(AllocSetContextCreate(context, "citus moved row", ALLOCSET_DEFAULT_SIZES)), columns_(desc),
      targets_(targets), sink_(sink) {
    initStringInfo(&chunk_);
    const bool everywhere = targets.key == 0;
    buffer_count_ = everywhere ? 1 : targets.groups.size();
    buffers_ = static_cast<Buffer *>(palloc0(sizeof(Buffer) * buffer_count_));
    groups_ = static_cast<Group *>(palloc0(sizeof(Group) * buffer_count_));
    if (!everywhere)
        fmgr_info_cxt(targets.hash_function, &hash_, context);
    for (size_t i = 0; i < buffer_count_; i++) {
        const int32 id = everywhere ? kAllGroups : targets.groups[i];
        Group *group = std::find_if(groups_, groups_ + group_count_,
                                    [id](const Group &known) { return known.id == id; });
        if (group == groups_ + group_count_)
            groups_[group_count_++] = {id, 0};
        buffers_[i].group = static_cast<size_t>(group - groups_);
    }
}

int MotionPacker::bucket_of(TupleTableSlot *slot) {
    if (targets_.key == 0)
        return 0;
    bool is_null;
    const Datum value = slot_getattr(slot, targets_.key, &is_null);
    const int32 hash = is_null ? 0 : DatumGetInt32(FunctionCall1Coll(&hash_, targets_.collation, value));
    const auto found = std::lower_bound(targets_.bounds.begin(), targets_.bounds.end(), hash);
    if (found == targets_.bounds.end())
        elog(ERROR, "no bucket for hash %d", hash);
    return static_cast<int>(found - targets_.bounds.begin());
}

void MotionPacker::add(TupleTableSlot *slot) {
    ContextScope scope(row_context_);
    const int bucket = bucket_of(slot);
    Buffer &buffer = buffers_[bucket];
    Group &group = groups_[buffer.group];
    if (group.id != kNoGroup) {
        MinimalTuple tuple = columns_.pack(slot);
        const size_t size = MAXALIGN(tuple->t_len);
        if (buffer.bytes.data == nullptr) {
            ContextScope of_buffer(context_);
            initStringInfo(&buffer.bytes);
        }
        enlargeStringInfo(&buffer.bytes, static_cast<int>(size));
        memcpy(buffer.bytes.data + buffer.bytes.len, tuple, tuple->t_len);
        memset(buffer.bytes.data + buffer.bytes.len + tuple->t_len, 0, size - tuple->t_len);
        buffer.bytes.len += static_cast<int>(size);
        buffer.rows++;
        group.pending += size;
        if (group.pending >= kChunkSize)
            send(buffer.group);
    }
    MemoryContextReset(row_context_);
}

void MotionPacker::send(size_t group) {
    resetStringInfo(&chunk_);
    const ChunkHeader header;
    appendBinaryStringInfo(&chunk_, reinterpret_cast<const char *>(&header), sizeof(header));
    for (size_t i = 0; i < buffer_count_; i++) {
        Buffer &buffer = buffers_[i];
        if (buffer.group != group || buffer.rows == 0)
            continue;
        const BlockHeader block{targets_.key == 0 ? kBroadcastBucket : static_cast<int32>(i), buffer.rows,
                                buffer.bytes.len};
        appendBinaryStringInfo(&chunk_, reinterpret_cast<const char *>(&block), sizeof(block));
        appendBinaryStringInfo(&chunk_, buffer.bytes.data, buffer.bytes.len);
        resetStringInfo(&buffer.bytes);
        buffer.rows = 0;
    }
    groups_[group].pending = 0;
    sink_->take_chunk(groups_[group].id, chunk_.data, static_cast<size_t>(chunk_.len));
}

void MotionPacker::finish() {
    for (size_t i = 0; i < group_count_; i++)
        if (groups_[i].pending > 0)
            send(i);
}

void store_motion_chunk(int32 id, const char *bytes, size_t size, int limit_kb) {
    ChunkHeader header;
    if (size < sizeof(header))
        elog(ERROR, "moved rows are incomplete");
    memcpy(&header, bytes, sizeof(header));
    if (!(header == ChunkHeader()))
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("cannot move rows between servers of different kinds"),
                        errhint("Set citus.motion to never.")));
    for (size_t position = sizeof(header); position < size;) {
        BlockHeader block;
        if (size - position < sizeof(block))
            elog(ERROR, "moved rows are incomplete");
        memcpy(&block, bytes + position, sizeof(block));
        position += sizeof(block);
        if (block.size < 0 || static_cast<size_t>(block.size) > size - position)
            elog(ERROR, "moved rows are incomplete");
        append_motion_rows(id, block.bucket, bytes + position, static_cast<size_t>(block.size), block.rows,
                           limit_kb);
        position += static_cast<size_t>(block.size);
    }
}

} // namespace citus
