#include "citus/executor/motion_inbox.hpp"

extern "C" {
#include "storage/fileset.h"
#include "storage/ipc.h"
#include "utils/resowner.h"
#include "utils/wait_event.h"
}

namespace citus {

namespace {

/// What the coordinator passes on from the backend that writes to the one that reads.
struct InboxHandle {
    FileSet files;
    uint8 token[16]; ///< who doesn't know it can't name the file
};

/// An inbox that this backend fills, within one transaction.
struct Inbox {
    uint8 token[16];
    File file;
    off_t size;
};

/// In TopTransactionContext.
List *open_inboxes = NIL;
FileSet own_files;
bool has_files = false;

void delete_files(int, Datum) {
    if (has_files)
        FileSetDeleteAll(&own_files);
    has_files = false;
}

void prepare_files() {
    static bool registered = false;
    if (!registered)
        before_shmem_exit(delete_files, 0);
    registered = true;
    if (has_files)
        return;
    memset(&own_files, 0, sizeof(own_files)); // its padding travels, too
    FileSetInit(&own_files);
    has_files = true;
}

const char *file_name(const uint8 (&token)[16]) {
    StringInfoData name;
    initStringInfo(&name);
    appendStringInfoString(&name, "citus_inbox_");
    for (const uint8 byte : token)
        appendStringInfo(&name, "%02x", byte);
    return name.data;
}

InboxHandle read_handle(const bytea *packed) {
    InboxHandle handle;
    if (VARSIZE_ANY_EXHDR(packed) != sizeof(handle))
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid handle of moved rows")));
    memcpy(&handle, VARDATA_ANY(packed), sizeof(handle));
    if (handle.files.ntablespaces < 1 ||
        handle.files.ntablespaces > static_cast<int>(lengthof(handle.files.tablespaces)))
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("invalid handle of moved rows")));
    return handle;
}

/// Runs work() so that files it opens are closed at the end of the transaction, not of the statement.
template <typename Work>
File open_for_transaction(Work work) {
    ResourceOwner owner = CurrentResourceOwner;
    CurrentResourceOwner = TopTransactionResourceOwner; // after an error the server sets it itself
    const File file = work();
    CurrentResourceOwner = owner;
    return file;
}

void forget_inboxes(XactEvent event, void *) {
    if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
        return;
    ListCell *cell;
    foreach (cell, open_inboxes)
        FileClose(static_cast<Inbox *>(lfirst(cell))->file);
    open_inboxes = NIL;
    delete_files(0, 0);
}

Inbox *require_inbox(const InboxHandle &handle) {
    ListCell *cell;
    foreach (cell, open_inboxes) {
        auto *inbox = static_cast<Inbox *>(lfirst(cell));
        if (memcmp(inbox->token, handle.token, sizeof(handle.token)) == 0)
            return inbox;
    }
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("no such inbox for moved rows")));
}

void write_to(Inbox *inbox, const char *bytes, size_t size) {
    for (size_t done = 0; done < size;) {
        const int written = FileWrite(inbox->file, const_cast<char *>(bytes) + done,
                                      static_cast<int>(std::min(size - done, size_t{1} << 20)), inbox->size,
                                      WAIT_EVENT_BUFFILE_WRITE);
        if (written <= 0)
            ereport(ERROR, (errcode_for_file_access(), errmsg("could not write moved rows: %m")));
        done += static_cast<size_t>(written);
        inbox->size += written;
    }
}

} // namespace

bytea *open_motion_inbox() {
    prepare_files();
    ContextScope scope(TopTransactionContext);
    auto *inbox = make_in<Inbox>(TopTransactionContext);
    if (!pg_strong_random(inbox->token, sizeof(inbox->token)))
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("could not generate a random token")));
    inbox->file = open_for_transaction([&] { return FileSetCreate(&own_files, file_name(inbox->token)); });
    inbox->size = 0;
    open_inboxes = lappend(open_inboxes, inbox);

    InboxHandle handle;
    memset(&handle, 0, sizeof(handle));
    memcpy(&handle.files, &own_files, sizeof(own_files));
    memcpy(handle.token, inbox->token, sizeof(handle.token));
    auto *packed = static_cast<bytea *>(palloc(VARHDRSZ + sizeof(handle)));
    SET_VARSIZE(packed, VARHDRSZ + sizeof(handle));
    memcpy(VARDATA(packed), &handle, sizeof(handle));
    return packed;
}

void deliver_to_inbox(const bytea *handle, const char *bytes, size_t size, int limit_kb) {
    Inbox *inbox = require_inbox(read_handle(handle));
    if (limit_kb >= 0 && static_cast<size_t>(inbox->size) + size > static_cast<size_t>(limit_kb) * 1024)
        raise_motion_too_large(limit_kb);
    const auto framed = static_cast<int64>(size);
    write_to(inbox, reinterpret_cast<const char *>(&framed), sizeof(framed));
    write_to(inbox, bytes, size);
}

File open_delivered_inbox(const bytea *packed) {
    InboxHandle handle = read_handle(packed);
    return open_for_transaction(
        [&] { return FileSetOpen(&handle.files, file_name(handle.token), O_RDONLY); });
}

void install_motion_inboxes() {
    RegisterXactCallback(forget_inboxes, nullptr);
}

} // namespace citus
