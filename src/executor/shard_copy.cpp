#include "citus/executor/tasks.hpp"

#include "citus/executor/row_codec.hpp"
#include "citus/guc.hpp"
#include "citus/net/remote_error.hpp"
#include "citus/net/wire.hpp"
#include "citus/pg/encoding.hpp"
#include "citus/transaction/remote_transaction.hpp"

extern "C" {
#include "commands/copy.h"
#include "libpq/pqformat.h"
#include "parser/parse_node.h"
#include "parser/parse_relation.h"
}

namespace citus {

namespace {

/// Data held for all shards together before the largest buffers are sent.
constexpr size_t kMaxBuffered = 16 * 1024 * 1024;
/// A shard whose COPY is open is sent to as soon as this much is there.
constexpr size_t kStreamAt = 64 * 1024;

constexpr char kBinarySignature[] = "PGCOPY\n\377\r\n\0";
constexpr int kBinarySignatureBytes = 11;

/// Source of the local COPY. CopyFrom's callback has no argument, and runs only within one call of ours.
struct LocalSource {
    const char *data;
    size_t left;
};
LocalSource local_source;

int read_local_source(void *out, int, int max_bytes) {
    const size_t bytes = std::min(local_source.left, static_cast<size_t>(max_bytes));
    memcpy(out, local_source.data, bytes);
    local_source.data += bytes;
    local_source.left -= bytes;
    return static_cast<int>(bytes);
}

} // namespace

class RunningCopy final : public ShardCopyWriter {
public:
    RunningCopy(MemoryContext context, Oid relid, List *columns, int32 only_group)
        : context_(context), relid_(relid), columns_(columns), only_group_(only_group), resource_(context),
          shards_(&resource_) {}

    void start();
    void put_row(const Datum *values, const bool *nulls);
    uint64 finish_all();

private:
    struct Column {
        int index; ///< attribute number - 1
        FmgrInfo *out;
    };
    struct ShardBuffer {
        StringInfoData data;
        const char *copy_sql; ///< built at first use
    };

    size_t shard_of(const Datum *values, const bool *nulls) const;
    void append_row(StringInfo out, const Datum *values, const bool *nulls);
    void append_text_value(StringInfo out, const char *value);
    const char *copy_sql(size_t shard);
    const char *column_list();
    void flush_shard(size_t shard);
    void flush_largest();
    void copy_locally(size_t shard);
    void end_open_copies();
    void copy_remotely(size_t shard, int32 group_id);
    /// The connection (to this group; -1: any) on which this shard's COPY is open, or nullptr.
    Connection *open_copy_of(size_t shard, int32 group_id) const;
    bool streams_now(size_t shard) const;

    MemoryContext context_;
    Oid relid_;
    List *columns_;
    int32 only_group_; ///< -1: all placements
    MemoryContextResource resource_;
    std::pmr::vector<ShardBuffer> shards_;
    const DistTable *table_ = nullptr;
    Column *fields_ = nullptr;
    int field_count_ = 0;
    bool binary_ = false;
    size_t buffered_ = 0;
    uint64 rows_ = 0;
    MemoryContext row_context_ = nullptr;
};

namespace {

RunningCopy *running(ShardCopyWriter *writer) {
    return static_cast<RunningCopy *>(writer);
}

bool runs_locally(int32 group_id) {
    return guc::enable_local_execution && is_local_group(group_id);
}

} // namespace

void RunningCopy::start() {
    begin_write();
    ContextScope scope(context_);
    columns_ = list_copy(columns_);
    table_ = require_dist_table(relid_);
    row_context_ = AllocSetContextCreate(context_, "citus copy row", ALLOCSET_DEFAULT_SIZES);
    shards_.resize(table_->shards.size());
    field_count_ = list_length(columns_);
    fields_ = static_cast<Column *>(palloc0(sizeof(Column) * static_cast<Size>(std::max(field_count_, 1))));
    Relation relation = table_open(relid_, AccessShareLock);
    TupleDesc desc = RelationGetDescr(relation);
    binary_ = guc::enable_binary_protocol;
    ListCell *cell;
    foreach (cell, columns_)
        binary_ = binary_ && is_binary_type(TupleDescAttr(desc, lfirst_int(cell) - 1)->atttypid);
    foreach (cell, columns_) {
        const int index = lfirst_int(cell) - 1;
        Oid function;
        bool is_varlena;
        if (binary_)
            getTypeBinaryOutputInfo(TupleDescAttr(desc, index)->atttypid, &function, &is_varlena);
        else
            getTypeOutputInfo(TupleDescAttr(desc, index)->atttypid, &function, &is_varlena);
        auto *out = static_cast<FmgrInfo *>(palloc0(sizeof(FmgrInfo)));
        fmgr_info(function, out);
        fields_[foreach_current_index(cell)] = {index, out};
    }
    table_close(relation, NoLock);
}

size_t RunningCopy::shard_of(const Datum *values, const bool *nulls) const {
    if (!table_->has_key())
        return 0;
    const int key = table_->key_attno - 1;
    return static_cast<size_t>(
        shard_index_for_hash(*table_, hash_distribution_value(*table_, values[key], nulls[key])));
}

/// One value of COPY's text format.
void RunningCopy::append_text_value(StringInfo out, const char *value) {
    for (; *value != '\0'; value++) {
        switch (*value) {
        case '\\':
            appendStringInfoString(out, "\\\\");
            break;
        case '\t':
            appendStringInfoString(out, "\\t");
            break;
        case '\n':
            appendStringInfoString(out, "\\n");
            break;
        case '\r':
            appendStringInfoString(out, "\\r");
            break;
        default:
            appendStringInfoCharMacro(out, *value);
        }
    }
}

void RunningCopy::append_row(StringInfo out, const Datum *values, const bool *nulls) {
    if (binary_)
        pq_sendint16(out, static_cast<uint16>(field_count_));
    for (int i = 0; i < field_count_; i++) {
        const int index = fields_[i].index;
        if (!binary_) {
            if (i > 0)
                appendStringInfoCharMacro(out, '\t');
            if (nulls[index])
                appendStringInfoString(out, "\\N");
            else
                append_text_value(out, OutputFunctionCall(fields_[i].out, values[index]));
        } else if (nulls[index]) {
            pq_sendint32(out, 0xFFFFFFFF);
        } else {
            bytea *bytes = SendFunctionCall(fields_[i].out, values[index]);
            pq_sendint32(out, static_cast<uint32>(VARSIZE(bytes) - VARHDRSZ));
            appendBinaryStringInfo(out, VARDATA(bytes), static_cast<int>(VARSIZE(bytes) - VARHDRSZ));
        }
    }
    if (!binary_)
        appendStringInfoCharMacro(out, '\n');
}

void RunningCopy::put_row(const Datum *values, const bool *nulls) {
    const size_t shard = shard_of(values, nulls);
    ShardBuffer &buffer = shards_[shard];
    if (buffer.data.data == nullptr) {
        ContextScope scope(context_);
        initStringInfo(&buffer.data);
    }
    const int before = buffer.data.len;
    {
        MemoryContextReset(row_context_);
        ContextScope scope(row_context_);
        in_server_encoding([&] { append_row(&buffer.data, values, nulls); });
    }
    rows_++;
    buffered_ += static_cast<size_t>(buffer.data.len - before);
    const size_t bytes = static_cast<size_t>(buffer.data.len);
    if (bytes >= kMaxBuffered / 2 || (bytes >= kStreamAt && streams_now(shard)))
        flush_shard(shard);
    else if (buffered_ >= kMaxBuffered)
        flush_largest();
}

Connection *RunningCopy::open_copy_of(size_t shard, int32 group_id) const {
    for (Connection *connection = first_connection(); connection != nullptr; connection = connection->next)
        if (connection->copy_owner == this && connection->copy_tag == table_->shards[shard].shard_id &&
            (connection->group_id == group_id || group_id < 0))
            return connection;
    return nullptr;
}

bool RunningCopy::streams_now(size_t shard) const {
    return shards_.size() == 1 || open_copy_of(shard, -1) != nullptr;
}

/// Sends the larger half of what is held: few switches between shards, and room for the others.
void RunningCopy::flush_largest() {
    std::pmr::vector<size_t> order;
    for (size_t i = 0; i < shards_.size(); i++)
        if (shards_[i].data.len > 0)
            order.push_back(i);
    std::sort(order.begin(), order.end(),
              [&](size_t a, size_t b) { return shards_[a].data.len > shards_[b].data.len; });
    for (size_t shard : order) {
        if (buffered_ <= kMaxBuffered / 2)
            return;
        flush_shard(shard);
    }
}

const char *RunningCopy::column_list() {
    StringInfoData out;
    initStringInfo(&out);
    ListCell *cell;
    foreach (cell, columns_) {
        // By the number: the shell and its shards have the same live columns.
        const char *name = get_attname(relid_, static_cast<AttrNumber>(lfirst_int(cell)), false);
        appendStringInfo(&out, "%s%s", foreach_current_index(cell) == 0 ? "" : ", ", quote_identifier(name));
    }
    return out.data;
}

const char *RunningCopy::copy_sql(size_t shard) {
    if (shards_[shard].copy_sql == nullptr) {
        ContextScope scope(context_);
        const char *columns = column_list();
        shards_[shard].copy_sql =
            psprintf("COPY %s %s%s%s FROM STDIN WITH (FORMAT %s)",
                     qualified_shard_name(relid_, table_->shards[shard].shard_id), *columns ? "(" : "",
                     columns, *columns ? ")" : "", binary_ ? "binary" : "text");
    }
    return shards_[shard].copy_sql;
}

void RunningCopy::flush_shard(size_t shard) {
    ShardBuffer &buffer = shards_[shard];
    if (buffer.data.len == 0)
        return;
    for (const ShardPlacement &placement : table_->shards[shard].placements)
        if (only_group_ >= 0 && placement.group_id != only_group_)
            continue;
        else if (runs_locally(placement.group_id))
            in_server_encoding([&] { copy_locally(shard); });
        else
            copy_remotely(shard, placement.group_id);
    buffered_ -= static_cast<size_t>(buffer.data.len);
    resetStringInfo(&buffer.data);
}

void RunningCopy::copy_remotely(size_t shard, int32 group_id) {
    const int64 id = table_->shards[shard].shard_id;
    Connection *connection = open_copy_of(shard, group_id);
    if (connection == nullptr) {
        begin_write();
        connection = connection_to_group(group_id, Access::Write);
        connection->start_copy(copy_sql(shard), this, id);
        if (binary_) {
            StringInfoData header;
            initStringInfo(&header);
            appendBinaryStringInfo(&header, kBinarySignature, kBinarySignatureBytes);
            pq_sendint32(&header, 0);
            pq_sendint32(&header, 0);
            connection->put_copy_data(header.data, static_cast<size_t>(header.len));
        }
    }
    connection->put_copy_data(shards_[shard].data.data, static_cast<size_t>(shards_[shard].data.len));
}

/// The shard is here: PostgreSQL's own COPY reads the buffer.
void RunningCopy::copy_locally(size_t shard) {
    note_local_write();
    StringInfoData data;
    initStringInfo(&data);
    if (binary_) {
        appendBinaryStringInfo(&data, kBinarySignature, kBinarySignatureBytes);
        pq_sendint32(&data, 0);
        pq_sendint32(&data, 0);
    }
    appendBinaryStringInfo(&data, shards_[shard].data.data, shards_[shard].data.len);
    if (binary_)
        pq_sendint16(&data, 0xFFFF);
    local_source = {data.data, static_cast<size_t>(data.len)};

    const char *name = shard_relation_name(get_rel_name(relid_), table_->shards[shard].shard_id);
    const Oid shard_oid = get_relname_relid(name, get_rel_namespace(relid_));
    if (!OidIsValid(shard_oid))
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("shard \"%s\" does not exist on this node", name)));
    List *names = NIL;
    ListCell *cell;
    foreach (cell, columns_)
        names =
            lappend(names, makeString(get_attname(relid_, static_cast<AttrNumber>(lfirst_int(cell)), false)));
    Relation relation = table_open(shard_oid, RowExclusiveLock);
    ParseState *parse = make_parsestate(nullptr);
    addRangeTableEntryForRelation(parse, relation, RowExclusiveLock, nullptr, false, false);
    List *options = list_make1(makeDefElem(
        pstrdup("format"), reinterpret_cast<::Node *>(makeString(pstrdup(binary_ ? "binary" : "text"))), -1));
    PushCopiedSnapshot(GetActiveSnapshot());
    UpdateActiveSnapshotCommandId();
    CopyFromState state =
        BeginCopyFrom(parse, relation, nullptr, nullptr, false, read_local_source, names, options);
    as_on_a_shard([](void *copy) { CopyFrom(static_cast<CopyFromState>(copy)); }, state);
    EndCopyFrom(state);
    PopActiveSnapshot();
    free_parsestate(parse);
    table_close(relation, NoLock);
    CommandCounterIncrement();
    pfree(data.data);
}

/// Ends the open COPYs on all connections at once, so that the nodes check at the same time.
void RunningCopy::end_open_copies() {
    for (Connection *connection = first_connection(); connection != nullptr; connection = connection->next)
        if (connection->copy_owner == this)
            connection->send_copy_end();
    for (Connection *connection = first_connection(); connection != nullptr; connection = connection->next)
        if (connection->copy_owner == this)
            connection->await_copy_end();
}

uint64 RunningCopy::finish_all() {
    // The shards whose COPY is open come first: that spares a switch.
    for (size_t shard = 0; shard < shards_.size(); shard++)
        if (streams_now(shard))
            flush_shard(shard);
    for (size_t shard = 0; shard < shards_.size(); shard++)
        flush_shard(shard);
    end_open_copies();
    return rows_;
}

ShardCopyWriter *ShardCopyWriter::open(MemoryContext context, Oid relid, List *columns, int32 only_group) {
    MemoryContext own = AllocSetContextCreate(context, "citus shard copy", ALLOCSET_DEFAULT_SIZES);
    auto *copy = make_in<RunningCopy>(own, own, relid, columns, only_group);
    copy->start();
    return copy;
}

void ShardCopyWriter::put(const Datum *values, const bool *nulls) {
    running(this)->put_row(values, nulls);
}

uint64 ShardCopyWriter::finish() {
    return running(this)->finish_all();
}

} // namespace citus
