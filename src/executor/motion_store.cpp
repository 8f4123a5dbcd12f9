#include "citus/executor/motion_store.hpp"

extern "C" {
#include "commands/tablespace.h"
#include "storage/fd.h"
#include "utils/wait_event.h"
}

namespace citus {

namespace {

/// Some rows of a bucket: in memory, or in the file.
struct Piece {
    char *memory; ///< nullptr: in a file
    File file;
    off_t offset;
    size_t size;
};

struct Bucket {
    std::pmr::vector<Piece> pieces;
    int64 rows = 0;
};

struct Result {
    explicit Result(std::pmr::memory_resource *resource) : buckets(resource) {}
    std::pmr::unordered_map<int32, Bucket> buckets;
    size_t size = 0;
};

/// All results of the transaction, in a memory context of their own.
struct Store {
    explicit Store(MemoryContext owner)
        : context(owner), resource(owner), results(&resource), adopted(&resource) {}
    MemoryContext context;
    MemoryContextResource resource;
    std::pmr::unordered_map<int32, Result *> results;
    std::pmr::vector<File> adopted; ///< written by other backends
    size_t in_memory = 0;
    File file = -1;
    off_t file_end = 0;
};

Store *store = nullptr;

Store *the_store() {
    if (store == nullptr) {
        MemoryContext context =
            AllocSetContextCreate(TopMemoryContext, "citus moved rows", ALLOCSET_DEFAULT_SIZES);
        store = make_in<Store>(context, context);
    }
    return store;
}

Result *find_result(int32 id) {
    if (store == nullptr)
        return nullptr;
    const auto found = store->results.find(id);
    return found == store->results.end() ? nullptr : found->second;
}

Result *require_result(int32 id) {
    Result *result = find_result(id);
    if (result == nullptr)
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT),
                        errmsg("the moved rows number %d do not exist in this session", id)));
    return result;
}

size_t memory_limit() {
    return static_cast<size_t>(work_mem) * 1024;
}

off_t write_to_file(const char *bytes, size_t size) {
    if (store->file < 0) {
        PrepareTempTablespaces();
        // It must outlive subtransactions: forget_all() closes it.
        store->file = OpenTemporaryFile(true);
    }
    const off_t start = store->file_end;
    for (size_t done = 0; done < size;) {
        const int written = FileWrite(store->file, const_cast<char *>(bytes) + done,
                                      static_cast<int>(std::min(size - done, size_t{1} << 20)),
                                      start + static_cast<off_t>(done), WAIT_EVENT_BUFFILE_WRITE);
        if (written <= 0)
            ereport(ERROR, (errcode_for_file_access(), errmsg("could not write moved rows: %m")));
        done += static_cast<size_t>(written);
    }
    store->file_end += static_cast<off_t>(size);
    return start;
}

void read_from_file(const Piece &piece, char *buffer) {
    for (size_t done = 0; done < piece.size;) {
        const int got = FileRead(piece.file, buffer + done,
                                 static_cast<int>(std::min(piece.size - done, size_t{1} << 20)),
                                 piece.offset + static_cast<off_t>(done), WAIT_EVENT_BUFFILE_READ);
        if (got <= 0)
            ereport(ERROR, (errcode_for_file_access(), errmsg("could not read moved rows: %m")));
        done += static_cast<size_t>(got);
    }
}

/// The bucket that gets some more rows.
Bucket &bucket_for(int32 id, int32 bucket_number, size_t size, int64 rows, int limit_kb) {
    Result *result = require_result(id);
    result->size += size;
    if (limit_kb >= 0 && result->size > static_cast<size_t>(limit_kb) * 1024)
        raise_motion_too_large(limit_kb);
    ContextScope scope(store->context);
    Bucket &bucket = result->buckets
                         .try_emplace(bucket_number,
                                      Bucket{.pieces = std::pmr::vector<Piece>(&store->resource), .rows = 0})
                         .first->second;
    bucket.rows += std::max<int64>(rows, 0);
    return bucket;
}

/// Must not raise: it runs when a transaction aborts, too.
void forget_all() {
    if (store == nullptr)
        return;
    Store *old = store;
    MemoryContext context = store->context;
    store = nullptr;
    if (old->file >= 0)
        FileClose(old->file);
    for (const File file : old->adopted)
        FileClose(file);
    MemoryContextDelete(context);
}

void at_transaction_end(XactEvent event, void *) {
    switch (event) {
    case XACT_EVENT_COMMIT:
    case XACT_EVENT_PARALLEL_COMMIT:
    case XACT_EVENT_ABORT:
    case XACT_EVENT_PARALLEL_ABORT:
    case XACT_EVENT_PREPARE:
        forget_all();
        break;
    default:
        break;
    }
}

} // namespace

void begin_motion_result(int32 id) {
    Store *all = the_store();
    if (Result *old = find_result(id); old != nullptr) {
        for (auto &[number, bucket] : old->buckets)
            for (Piece &piece : bucket.pieces)
                if (piece.memory != nullptr) {
                    pfree(piece.memory);
                    all->in_memory -= piece.size;
                }
        all->results.erase(id);
        old->~Result();
        pfree(old);
    }
    // The file is used from its start again when nobody needs what is in it.
    if (all->results.empty())
        all->file_end = 0;
    all->results.emplace(id, make_in<Result>(all->context, &all->resource));
}

void raise_motion_too_large(int limit_kb) {
    ereport(
        ERROR,
        (errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
         errmsg("the intermediate result size exceeds citus.max_intermediate_result_size (currently %d kB)",
                limit_kb),
         errdetail("The query moves more rows between nodes than the setting allows."),
         errhint("Raise citus.max_intermediate_result_size, or set it to -1 for no limit.")));
}

void append_motion_rows(int32 id, int32 bucket_number, const char *bytes, size_t size, int64 rows,
                        int limit_kb) {
    Bucket &bucket = bucket_for(id, bucket_number, size, rows, limit_kb);
    ContextScope scope(store->context);
    Piece piece{nullptr, -1, 0, size};
    if (store->in_memory + size <= memory_limit()) {
        piece.memory = static_cast<char *>(palloc(size));
        memcpy(piece.memory, bytes, size);
        store->in_memory += size;
    } else {
        piece.offset = write_to_file(bytes, size);
        piece.file = store->file;
    }
    bucket.pieces.push_back(piece);
}

void append_motion_rows_of_file(int32 id, int32 bucket_number, File file, off_t offset, size_t size,
                                int64 rows, int limit_kb) {
    Bucket &bucket = bucket_for(id, bucket_number, size, rows, limit_kb);
    ContextScope scope(store->context);
    bucket.pieces.push_back({nullptr, file, offset, size});
}

void adopt_motion_file(File file) {
    Store *all = the_store();
    ContextScope scope(all->context);
    all->adopted.push_back(file);
}

std::optional<int64> count_motion_rows(int32 id, int32 bucket) {
    const Result *result = find_result(id);
    if (result == nullptr)
        return std::nullopt;
    const auto found = result->buckets.find(bucket);
    return found == result->buckets.end() ? 0 : found->second.rows;
}

MotionReader::MotionReader(int32 id, int32 bucket) : id_(id), bucket_(bucket) {
    require_result(id);
}

bool MotionReader::load_piece() {
    const Result *result = require_result(id_);
    const auto found = result->buckets.find(bucket_);
    if (found == result->buckets.end() || piece_ >= found->second.pieces.size())
        return false;
    const Piece &piece = found->second.pieces[piece_++];
    position_ = piece.memory;
    if (piece.memory == nullptr) {
        if (buffer_size_ < piece.size) {
            buffer_ =
                static_cast<char *>(buffer_ == nullptr ? palloc(piece.size) : repalloc(buffer_, piece.size));
            buffer_size_ = piece.size;
        }
        read_from_file(piece, buffer_);
        position_ = buffer_;
    }
    end_ = position_ + piece.size;
    return true;
}

char *MotionReader::next(size_t *available) {
    while (position_ == end_)
        if (!load_piece())
            return nullptr;
    *available = static_cast<size_t>(end_ - position_);
    return position_;
}

void install_motion_store() {
    RegisterXactCallback(at_transaction_end, nullptr);
}

} // namespace citus
