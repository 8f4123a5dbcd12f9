/// COPY FROM STDIN on a connection. libpq has no COPY in pipeline mode, so the connection leaves it
/// meanwhile.
#include "citus/net/remote_error.hpp"
#include "citus/net/wire.hpp"

#include "citus/guc.hpp"

extern "C" {
#include "libpq-fe.h"
#include "utils/timestamp.h"
}

namespace citus {

namespace {

/// Data that may wait in libpq's buffer before the sender waits for the network.
constexpr size_t kMaxUnflushed = 1024 * 1024;

void wait_for(Connection *connection) {
    wait_for_connections({&connection, 1});
}

} // namespace

void Connection::start_copy(const char *sql, const void *owner, int64 tag) {
    make_way();
    queue_sync();
    send();
    drain(this);
    if (!PQexitPipelineMode(pg))
        raise_connection_error(this, PQerrorMessage(pg));
    // From here on abort_copy() cleans up.
    copy_owner = owner;
    copy_tag = tag;
    copy_level = GetCurrentTransactionNestLevel();
    copy_ended_ = false;
    copy_unflushed_ = 0;
    if (guc::log_remote_commands)
        ereport(NOTICE, (errmsg("issuing %s", sql), errdetail("on server %s@%s", user, address_)));
    if (!PQsendQuery(pg, sql))
        raise_connection_error(this, PQerrorMessage(pg));
    while (PQisBusy(pg) && !is_broken())
        wait_for(this);
    keep_result(PQgetResult(pg));
    emit_notices();
    if (PQresultStatus(held_) == PGRES_COPY_IN) {
        release_result();
        return;
    }
    copy_ended_ = true; // the server is not in COPY: nothing to end
    if (is_broken() && PQresultErrorField(held_, PG_DIAG_SQLSTATE) == nullptr) {
        transaction.lost = transaction.open;
        raise_connection_error(this, PQerrorMessage(pg));
    }
    raise_remote_error(this, held_);
}

void Connection::put_copy_data(const char *data, size_t bytes) {
    // An int's worth at a time, and an error of the server is noticed between the pieces.
    while (bytes > 0) {
        const size_t piece = std::min<size_t>(bytes, kMaxUnflushed);
        if (PQputCopyData(pg, data, static_cast<int>(piece)) != 1) {
            // The server has left COPY: its error is the interesting one.
            await_copy_end();
            raise_connection_error(this, PQerrorMessage(pg));
        }
        data += piece;
        bytes -= piece;
        copy_unflushed_ += piece;
        if (!flush()) {
            copy_unflushed_ = 0;
            continue;
        }
        while (copy_unflushed_ > kMaxUnflushed && flush() && !is_broken())
            wait_for(this);
        if (copy_unflushed_ > kMaxUnflushed)
            copy_unflushed_ = 0;
    }
}

void Connection::send_copy_end() {
    if (copy_ended_)
        return;
    copy_ended_ = true;
    PQputCopyEnd(pg, nullptr);
    flush();
}

void Connection::await_copy_end() {
    copy_ended_ = true;
    PGresult *failure = nullptr;
    for (;;) {
        while (!is_broken() && PQisBusy(pg)) {
            flush();
            wait_for(this);
        }
        PGresult *result = PQgetResult(pg);
        emit_notices();
        if (result == nullptr)
            break;
        const ExecStatusType status = PQresultStatus(result);
        if (status == PGRES_COPY_IN) {
            PQputCopyEnd(pg, nullptr);
            PQclear(result);
        } else if (status == PGRES_COMMAND_OK || failure != nullptr) {
            PQclear(result);
        } else {
            failure = result;
            keep_result(result); // freed with the connection should an interrupt come meanwhile
        }
        if (is_broken() && status == PGRES_COPY_IN)
            break;
    }
    copy_owner = nullptr;
    if (is_broken()) {
        transaction.lost = transaction.lost || transaction.open;
        if (failure == nullptr || PQresultErrorField(failure, PG_DIAG_SQLSTATE) == nullptr)
            raise_connection_error(this, PQerrorMessage(pg));
    } else {
        PQenterPipelineMode(pg);
    }
    if (failure != nullptr)
        raise_remote_error(this, failure);
}

void Connection::finish_copy() {
    send_copy_end();
    await_copy_end();
}

void Connection::abort_copy(TimestampTz deadline) {
    copy_owner = nullptr;
    release_result();
    if (!copy_ended_)
        PQputCopyEnd(pg, "the transaction was rolled back");
    copy_ended_ = true;
    Connection *self = this;
    for (;;) {
        while (!is_broken() && PQisBusy(pg)) {
            flush();
            if (!wait_for_connections({&self, 1}, deadline, false) && GetCurrentTimestamp() >= deadline) {
                lose_transaction();
                return;
            }
        }
        PGresult *result = PQgetResult(pg);
        if (result == nullptr)
            break;
        const bool still_open = PQresultStatus(result) == PGRES_COPY_IN;
        PQclear(result);
        if (still_open && PQputCopyEnd(pg, "the transaction was rolled back") != 1)
            break;
    }
    if (is_broken() || !PQenterPipelineMode(pg))
        lose_transaction();
}

/// The connection is of no use any more, and with it its transaction.
void Connection::lose_transaction() {
    transaction.lost = transaction.open;
    close_at_end = true;
    close();
}

} // namespace citus
