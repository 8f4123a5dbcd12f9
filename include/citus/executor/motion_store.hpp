/// Rows that were moved to this node for a join, kept in this backend until the transaction ends.
///
/// A result is a number that the coordinator's session chose and some buckets of rows; nobody but this
/// session sees it. Rows are held as bytes in memory, above work_mem in a temporary file, or stay in the file
/// that another backend received them in (motion_inbox.hpp). Filled by the
/// functions of motion_functions.cpp on a worker (or in the coordinator's own backend for its own shards) and
/// read by citus_internal.read_motion(). Never touches a catalog, so that a transaction that moved rows may
/// be prepared or be read-only.
#pragma once

#include "citus/pg/memory.hpp"

extern "C" {
#include "storage/fd.h"
}

namespace citus {

/// The bucket of rows that everybody gets.
constexpr int32 kBroadcastBucket = -1;

/// Starts a result, empty; what the number meant before is forgotten.
void begin_motion_result(int32 id);

/// Adds rows, as MotionPacker wrote them: minimal tuples, each padded to MAXALIGN. Raises an error when the
/// result was not begun, or becomes larger than the limit (kB; negative: none).
void append_motion_rows(int32 id, int32 bucket, const char *bytes, size_t size, int64 rows, int limit_kb);

/// Adds some rows that are in a file, which stays as it is as long as the transaction lasts.
void append_motion_rows_of_file(int32 id, int32 bucket, File file, off_t offset, size_t size, int64 rows,
                                int limit_kb);

/// Takes over a file that append_motion_rows_of_file() refers to: it is closed when the transaction ends.
void adopt_motion_file(File file);

/// How many rows a bucket has; nothing when the result does not exist.
std::optional<int64> count_motion_rows(int32 id, int32 bucket);

/// Reads a bucket from its first row on. Lives in the current memory context. Raises an error when the result
/// does not exist.
class MotionReader {
public:
    MotionReader(int32 id, int32 bucket);

    /// The next row and at least how many bytes are there, valid until the next call; nullptr at the end.
    /// Nothing is known of what is in them.
    char *next(size_t *available);
    /// Must be told how long the row was.
    void skip(size_t size) { position_ += size; }

private:
    bool load_piece();

    int32 id_, bucket_;
    size_t piece_ = 0;
    char *position_ = nullptr, *end_ = nullptr;
    char *buffer_ = nullptr;
    size_t buffer_size_ = 0;
};

[[noreturn]] void raise_motion_too_large(int limit_kb);

/// Forgets all results at the end of each transaction. Called once, from _PG_init.
void install_motion_store();

} // namespace citus
