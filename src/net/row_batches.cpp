#include "citus/net/row_batches.hpp"

#include "citus/pg/memory.hpp"

// The header of the functions wanted here includes GSSAPI's, which need not be installed; only struct Port,
// which is not touched here, depends on it.
#undef ENABLE_GSS

extern "C" {
#include "access/parallel.h"
#include "access/xact.h"
#include "libpq/libpq.h"
#include "port/pg_bswap.h"
#include "tcop/pquery.h"
}

namespace citus {

namespace {

/// As much as the server itself holds back before it sends.
constexpr int kBatchBytes = 8192;

const PQcommMethods *direct = nullptr; ///< the server's own way to send
StringInfoData batch;                  ///< a DataRow in the making; without rows only its head
StringInfoData tail;                   ///< its other fields: NULLs
uint16 batch_columns = 0;
constexpr int kHeadBytes = sizeof(uint16) + sizeof(uint32);

/// Of rows that commit with their statement, with what each costs besides its values: so few that the
/// receiver needs neither much memory nor a temporary file.
constexpr size_t kMaxCommittedBytes = 32 * 1024, kRowOverhead = 64;

size_t command_bytes = 0; ///< rows of the current command

void begin_batch(uint16 columns) {
    if (batch.data == nullptr) {
        ContextScope scope(TopMemoryContext);
        initStringInfo(&batch);
        initStringInfo(&tail);
    }
    if (batch_columns != columns) {
        resetStringInfo(&tail);
        for (int i = 1; i < columns; i++)
            appendBinaryStringInfo(&tail, "\xff\xff\xff\xff", 4);
    }
    batch_columns = columns;
    resetStringInfo(&batch);
    const uint16 count = pg_hton16(columns);
    appendBinaryStringInfo(&batch, reinterpret_cast<const char *>(&count), sizeof(count));
    appendBinaryStringInfo(&batch, "\0\0\0\0", sizeof(uint32)); // its length, known later
}

bool has_rows() {
    return batch.len > kHeadBytes;
}

int send_batch() {
    if (!has_rows())
        return 0;
    const uint32 bytes = pg_hton32(static_cast<uint32>(batch.len - kHeadBytes));
    memcpy(batch.data + sizeof(uint16), &bytes, sizeof(bytes));
    appendBinaryStringInfo(&batch, tail.data, tail.len);
    const size_t length = static_cast<size_t>(batch.len);
    // First, as an interrupt while sending must not send it again; resetStringInfo() would write into it.
    batch.len = 0;
    const int result = direct->putmessage('D', batch.data, length);
    if (batch.maxlen > 1024 * 1024) {
        pfree(batch.data);
        ContextScope scope(TopMemoryContext);
        initStringInfo(&batch);
    }
    return result;
}

int add_row(const char *body, size_t bytes) {
    uint16 columns;
    memcpy(&columns, body, sizeof(columns));
    columns = pg_ntoh16(columns);
    if (columns == 0) {
        const int result = send_batch();
        return result != 0 ? result : direct->putmessage('D', body, bytes);
    }
    if (has_rows() && (batch_columns != columns || static_cast<size_t>(batch.len) + bytes > kBatchBytes))
        if (const int result = send_batch(); result != 0)
            return result;
    if (!has_rows())
        begin_batch(columns);
    appendBinaryStringInfo(&batch, body, static_cast<int>(bytes));
    return 0;
}

bool sends_binary() {
    return ActivePortal != nullptr && ActivePortal->formats != nullptr && ActivePortal->formats[0] == 1;
}

/// Between nodes, a write outside of a block commits at the end of its message.
bool commits_at_once() {
    return ActivePortal->strategy == PORTAL_ONE_RETURNING && !IsTransactionBlock();
}

void limit_committed_rows(size_t bytes) {
    command_bytes += bytes + kRowOverhead;
    if (command_bytes <= kMaxCommittedBytes || !commits_at_once())
        return;
    command_bytes = 0;
    ereport(ERROR,
            (errcode(kTooLargeToCommit), errmsg("the rows are too large to be committed in one message"),
             errdetail("The coordinator repeats the statement in a transaction block."), errhidestmt(true)));
}

int put_message(char type, const char *body, size_t bytes) {
    if (type == 'D' && sends_binary()) {
        limit_committed_rows(bytes);
        return add_row(body, bytes);
    }
    command_bytes = 0;
    const int result = send_batch();
    return result != 0 ? result : direct->putmessage(type, body, bytes);
}

void put_message_noblock(char type, const char *body, size_t bytes) {
    send_batch();
    direct->putmessage_noblock(type, body, bytes);
}

int flush_all() {
    const int result = send_batch();
    return result != 0 ? result : direct->flush();
}

void reset_all() {
    direct->comm_reset();
}

int flush_if_writable() {
    return direct->flush_if_writable();
}

bool is_send_pending() {
    return direct->is_send_pending();
}

const PQcommMethods kBatching = {reset_all,       flush_all,   flush_if_writable,
                                 is_send_pending, put_message, put_message_noblock};

} // namespace

void assign_row_batches(bool value, void *) {
    if (!value || MyBackendType != B_BACKEND || InitializingParallelWorker || direct != nullptr)
        return;
    direct = PqCommMethods;
    PqCommMethods = &kBatching;
}

} // namespace citus
