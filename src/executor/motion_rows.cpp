#include "citus/executor/motion_rows.hpp"

extern "C" {
#include "access/detoast.h"
#include "access/transam.h"
#include "catalog/catversion.h"
#include "catalog/pg_collation.h"
#include "utils/typcache.h"
#include "utils/wait_event.h"
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

} // namespace

MotionColumns::MotionColumns(TupleDesc desc)
    : desc_(CreateTupleDescCopy(desc)), travel_desc_(CreateTupleDescCopy(desc)),
      columns_(static_cast<Column *>(palloc0(sizeof(Column) * (static_cast<Size>(desc->natts) + 1)))),
      travel_(static_cast<Travel *>(palloc0(sizeof(Travel) * (static_cast<Size>(desc->natts) + 1)))),
      check_(travel_desc_, travel_) {
    const auto count = static_cast<Size>(desc->natts) + 1;
    values_ = static_cast<Datum *>(palloc(sizeof(Datum) * count));
    nulls_ = static_cast<bool *>(palloc(sizeof(bool) * count));
    for (int i = 0; i < desc->natts; i++)
        prepare(i);
}

void MotionColumns::prepare(int i) {
    const Form_pg_attribute attribute = TupleDescAttr(desc_, i);
    Column &column = columns_[i];
    travel_[i] = kind_of_travel(attribute->atttypid);
    has_varlena_ |= attribute->attlen == -1;
    const bool binary = travel_[i] == Travel::Binary;
    if (!binary && travel_[i] != Travel::Text)
        return;
    converts_ = true;
    column.typmod = attribute->atttypmod;
    const Oid type = getBaseType(attribute->atttypid); // a domain's constraints were checked before
    Oid out, in;
    bool is_varlena;
    if (binary) {
        getTypeBinaryOutputInfo(type, &out, &is_varlena);
        getTypeBinaryInputInfo(type, &in, &column.io_param);
    } else {
        getTypeOutputInfo(type, &out, &is_varlena);
        getTypeInputInfo(type, &in, &column.io_param);
    }
    fmgr_info(out, &column.out);
    fmgr_info(in, &column.in);
    TupleDescInitEntry(travel_desc_, static_cast<AttrNumber>(i + 1), nullptr, binary ? BYTEAOID : TEXTOID, -1,
                       0);
}

Datum MotionColumns::to_travel(int i, Datum value) {
    if (travel_[i] == Travel::Text)
        return PointerGetDatum(cstring_to_text(OutputFunctionCall(&columns_[i].out, value)));
    if (travel_[i] == Travel::Binary)
        return PointerGetDatum(SendFunctionCall(&columns_[i].out, value));
    if (TupleDescAttr(desc_, i)->attlen != -1)
        return value;
    auto *bytes = reinterpret_cast<varlena *>(DatumGetPointer(value));
    if (VARATT_IS_EXTERNAL(bytes) || VARATT_IS_COMPRESSED(bytes))
        return PointerGetDatum(detoast_attr(bytes));
    return value;
}

MinimalTuple MotionColumns::pack(TupleTableSlot *slot) {
    if (!converts_ && !has_varlena_)
        return ExecCopySlotMinimalTuple(slot);
    slot_getallattrs(slot);
    for (int i = 0; i < desc_->natts; i++) {
        nulls_[i] = slot->tts_isnull[i];
        values_[i] = nulls_[i] ? Datum{0} : to_travel(i, slot->tts_values[i]);
    }
    return heap_form_minimal_tuple(travel_desc_, values_, nulls_);
}

void MotionColumns::unpack(MinimalTuple tuple, Datum *values, bool *nulls) {
    HeapTupleData row;
    row.t_len = tuple->t_len + MINIMAL_TUPLE_OFFSET;
    row.t_data = reinterpret_cast<HeapTupleHeader>(reinterpret_cast<char *>(tuple) - MINIMAL_TUPLE_OFFSET);
    heap_deform_tuple(&row, travel_desc_, values, nulls);
    for (int i = 0; i < desc_->natts; i++) {
        Column &column = columns_[i];
        if (nulls[i])
            continue;
        if (travel_[i] == Travel::Text) {
            values[i] =
                InputFunctionCall(&column.in, TextDatumGetCString(values[i]), column.io_param, column.typmod);
        } else if (travel_[i] == Travel::Binary) {
            const auto *sent = reinterpret_cast<const bytea *>(DatumGetPointer(values[i]));
            StringInfoData bytes;
            initStringInfo(&bytes);
            appendBinaryStringInfo(&bytes, VARDATA_ANY(sent), static_cast<int>(VARSIZE_ANY_EXHDR(sent)));
            values[i] = ReceiveFunctionCall(&column.in, &bytes, column.io_param, column.typmod);
            if (bytes.cursor != bytes.len)
                ereport(ERROR,
                        (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION), errmsg("moved rows are damaged")));
        }
    }
}

bool has_motion_hash(Oid type) {
    type = getBaseType(type);
    if (type >= FirstNormalObjectId || get_typtype(type) == TYPTYPE_PSEUDO)
        return false;
    const TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_HASH_PROC);
    return OidIsValid(entry->hash_proc) && entry->hash_proc < FirstNormalObjectId;
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
        prepare_hash(desc);
    for (size_t i = 0; i < buffer_count_; i++) {
        const int32 id = everywhere ? kAllGroups : targets.groups[i];
        Group *group = std::find_if(groups_, groups_ + group_count_,
                                    [id](const Group &known) { return known.id == id; });
        if (group == groups_ + group_count_)
            groups_[group_count_++] = {id, 0};
        buffers_[i].group = static_cast<size_t>(group - groups_);
    }
}

void MotionPacker::prepare_hash(TupleDesc desc) {
    if (targets_.key < 0 || targets_.key > desc->natts || targets_.bounds.size() != targets_.groups.size())
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("cannot divide rows of %d columns by column %d into %zu buckets", desc->natts,
                               targets_.key, targets_.bounds.size())));
    const Form_pg_attribute key = TupleDescAttr(desc, targets_.key - 1);
    if (!has_motion_hash(key->atttypid))
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("cannot divide rows by a column of type %u", key->atttypid)));
    const Oid type = getBaseType(key->atttypid);
    fmgr_info_cxt(lookup_type_cache(type, TYPECACHE_HASH_PROC)->hash_proc, &hash_, context_);
    collation_ = type_is_collatable(type) ? DEFAULT_COLLATION_OID : InvalidOid;
}

int MotionPacker::bucket_of(TupleTableSlot *slot) {
    if (targets_.key == 0)
        return 0;
    bool is_null;
    const Datum value = slot_getattr(slot, targets_.key, &is_null);
    const int32 hash = is_null ? 0 : DatumGetInt32(FunctionCall1Coll(&hash_, collation_, value));
    const auto found = std::lower_bound(targets_.bounds.begin(), targets_.bounds.end(), hash);
    if (found == targets_.bounds.end())
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("no bucket for hash %d", hash)));
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

namespace {

[[noreturn]] void raise_incomplete() {
    ereport(ERROR, (errcode(ERRCODE_INVALID_BINARY_REPRESENTATION), errmsg("moved rows are incomplete")));
    pg_unreachable();
}

/// Where the bytes of a chunk are.
class ChunkSource {
public:
    virtual void read(size_t offset, void *to, size_t size) = 0;
    virtual void take_rows(const BlockHeader &block, size_t offset) = 0;

protected:
    ~ChunkSource() = default;
};

/// Finds the rows in the `size` bytes of a chunk from `position` on.
void scan_chunk(ChunkSource *source, size_t position, size_t size) {
    ChunkHeader header;
    if (size < sizeof(header))
        raise_incomplete();
    source->read(position, &header, sizeof(header));
    if (!(header == ChunkHeader()))
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("cannot move rows between servers of different kinds"),
                        errhint("Set citus.motion to never.")));
    const size_t end = position + size;
    for (position += sizeof(header); position < end;) {
        BlockHeader block;
        if (end - position < sizeof(block))
            raise_incomplete();
        source->read(position, &block, sizeof(block));
        position += sizeof(block);
        if (block.size < 0 || static_cast<size_t>(block.size) > end - position ||
            block.size % MAXIMUM_ALIGNOF != 0)
            raise_incomplete();
        source->take_rows(block, position);
        position += static_cast<size_t>(block.size);
    }
}

class ChunkInMemory final : public ChunkSource {
public:
    ChunkInMemory(int32 id, const char *bytes, int limit_kb) : id_(id), limit_kb_(limit_kb), bytes_(bytes) {}
    void read(size_t offset, void *to, size_t size) override { memcpy(to, bytes_ + offset, size); }
    void take_rows(const BlockHeader &block, size_t offset) override {
        append_motion_rows(id_, block.bucket, bytes_ + offset, static_cast<size_t>(block.size), block.rows,
                           limit_kb_);
    }

private:
    int32 id_;
    int limit_kb_;
    const char *bytes_;
};

class ChunksInFile final : public ChunkSource {
public:
    ChunksInFile(int32 id, File file, int limit_kb) : id_(id), limit_kb_(limit_kb), file_(file) {}
    void read(size_t offset, void *to, size_t size) override {
        const int got = FileRead(file_, static_cast<char *>(to), static_cast<int>(size),
                                 static_cast<off_t>(offset), WAIT_EVENT_BUFFILE_READ);
        if (got < 0)
            ereport(ERROR, (errcode_for_file_access(), errmsg("could not read moved rows: %m")));
        if (static_cast<size_t>(got) != size)
            raise_incomplete();
    }
    void take_rows(const BlockHeader &block, size_t offset) override {
        append_motion_rows_of_file(id_, block.bucket, file_, static_cast<off_t>(offset),
                                   static_cast<size_t>(block.size), block.rows, limit_kb_);
    }

private:
    int32 id_;
    int limit_kb_;
    File file_;
};

} // namespace

void store_motion_chunk(int32 id, const char *bytes, size_t size, int limit_kb) {
    ChunkInMemory source(id, bytes, limit_kb);
    scan_chunk(&source, 0, size);
}

void store_motion_file(int32 id, File file, int limit_kb) {
    adopt_motion_file(file);
    const off_t end = FileSize(file);
    if (end < 0)
        ereport(ERROR, (errcode_for_file_access(), errmsg("could not read moved rows: %m")));
    ChunksInFile source(id, file, limit_kb);
    for (size_t position = 0; position < static_cast<size_t>(end);) {
        int64 size;
        source.read(position, &size, sizeof(size));
        position += sizeof(size);
        if (size < 0 || static_cast<size_t>(size) > static_cast<size_t>(end) - position)
            raise_incomplete();
        scan_chunk(&source, position, static_cast<size_t>(size));
        position += static_cast<size_t>(size);
    }
}

} // namespace citus
