/// Rows on their way to another node: packed into chunks of bytes, by bucket.
///
/// Used where rows are produced (on the workers that hold the shards, or on the coordinator) and where they
/// are read. A row is a minimal tuple as the server itself makes it, because all nodes run the same server;
/// values of types that can't be checked so travel in another form (motion_check.hpp). Chunks say which kind
/// of server wrote them, and are refused elsewhere.
#pragma once

#include "citus/executor/motion_check.hpp"
#include "citus/executor/motion_store.hpp"

extern "C" {
#include "executor/tuptable.h"
}

namespace citus {

/// How each column travels, and how it is converted. Lives in the memory context it is made in.
class MotionColumns {
public:
    explicit MotionColumns(TupleDesc desc);

    bool converts() const { return converts_; }
    /// A copy of the row for the way; palloc'd in the current context.
    MinimalTuple pack(TupleTableSlot *slot);
    /// The row at these bytes, as it travelled, checked.
    MinimalTuple check(char *bytes, size_t available) const { return check_.check(bytes, available); }
    /// Fills values/nulls from a checked row; by-reference values may point into it. Only when converts().
    void unpack(MinimalTuple tuple, Datum *values, bool *nulls);

private:
    struct Column {
        FmgrInfo out, in; ///< of types that travel in another form
        Oid io_param;
        int32 typmod;
    };

    void prepare(int column);
    Datum to_travel(int column, Datum value);

    TupleDesc desc_, travel_desc_;
    Column *columns_;
    Travel *travel_;
    MotionRowCheck check_;
    bool converts_ = false;
    bool has_varlena_ = false;
    Datum *values_;
    bool *nulls_;
};

/// What citus_internal.motion_partition returns about a node.
enum class MotionMessage : int32 {
    Rows,         ///< a chunk for it
    Inbox,        ///< rows for it were sent there, and are in this inbox (motion_inbox.hpp)
    SentDirectly, ///< how many bytes this node sent to others
    Unreachable,  ///< rows for it come through the coordinator, because it could not be reached
};

/// Where each row goes.
struct MotionTargets {
    int key = 0;                   ///< column whose hash chooses the bucket; 0: every row to everybody
    std::span<const int32> bounds; ///< the highest hash of each bucket, ascending
    std::span<const int32> groups; ///< of each bucket the node group; kNoGroup: nobody wants its rows
};

constexpr int32 kNoGroup = -2;
/// The group of a chunk that goes to all.
constexpr int32 kAllGroups = -1;

/// Takes full chunks. The bytes are borrowed for the call.
class MotionSink {
public:
    virtual void take_chunk(int32 group, const char *bytes, size_t size) = 0;

protected:
    ~MotionSink() = default;
};

/// Collects rows and hands them on in chunks of some 256 kB.
class MotionPacker {
public:
    MotionPacker(MemoryContext context, TupleDesc desc, const MotionTargets &targets, MotionSink *sink);

    void add(TupleTableSlot *slot);
    void finish();

private:
    struct Buffer {
        StringInfoData bytes;
        int32 rows = 0;
        size_t group; ///< position in groups_
    };
    struct Group {
        int32 id;
        size_t pending = 0;
    };

    void prepare_hash(TupleDesc desc);
    int bucket_of(TupleTableSlot *slot);
    void send(size_t group);

    MemoryContext context_, row_context_;
    MotionColumns columns_;
    MotionTargets targets_;
    MotionSink *sink_;
    FmgrInfo hash_;
    Oid collation_ = InvalidOid;
    Buffer *buffers_;
    size_t buffer_count_;
    Group *groups_;
    size_t group_count_ = 0;
    StringInfoData chunk_;
};

/// Puts the rows of a chunk into a result of this backend.
void store_motion_chunk(int32 id, const char *bytes, size_t size, int limit_kb);

/// The same for the chunks that another backend wrote to a file one after the other (motion_inbox.hpp). The
/// rows stay there; takes the file over.
void store_motion_file(int32 id, File file, int limit_kb);

/// Whether the nodes can hash a type (by its default function) so that equal values meet.
bool has_motion_hash(Oid type);

} // namespace citus
