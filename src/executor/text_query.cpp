/// One query on one node whose rows are wanted as text.
#include "citus/executor/local.hpp"
#include "citus/executor/tasks.hpp"
#include "citus/guc.hpp"
#include "citus/net/wire.hpp"
#include "citus/transaction/remote_transaction.hpp"

extern "C" {
#include "libpq-fe.h"
#include "nodes/value.h"
}

namespace citus {

namespace {

/// Collects all rows as Lists of Strings, remote or local.
class TextCollector final : public ResultConsumer, public LocalRowConsumer {
public:
    void take_row(int, const PGresult *result, int row) override {
        List *columns = NIL;
        for (int i = 0; i < PQnfields(result); i++)
            columns = lappend(columns, PQgetisnull(result, row, i)
                                           ? nullptr
                                           : makeString(pstrdup(PQgetvalue(result, row, i))));
        rows = lappend(rows, columns);
    }
    void command_done(int, const PGresult *) override { done = true; }
    bool take_slot(TupleTableSlot *slot) override {
        ContextScope scope(memory);
        slot_getallattrs(slot);
        List *columns = NIL;
        for (int i = 0; i < slot->tts_tupleDescriptor->natts; i++) {
            Oid function;
            bool is_varlena;
            getTypeOutputInfo(TupleDescAttr(slot->tts_tupleDescriptor, i)->atttypid, &function, &is_varlena);
            columns =
                lappend(columns, slot->tts_isnull[i]
                                     ? nullptr
                                     : makeString(OidOutputFunctionCall(function, slot->tts_values[i])));
        }
        rows = lappend(rows, columns);
        return true;
    }

    MemoryContext memory = CurrentMemoryContext;
    List *rows = NIL;
    bool done = false;
};

} // namespace

List *query_on_group(int32 group_id, const char *sql, Access access) {
    // Not on the stack: an error may leave it behind in the connection's queue until the transaction ends.
    auto *collector = make_in<TextCollector>(CurTransactionContext);
    collector->memory = CurrentMemoryContext;
    if (access == Access::Write)
        begin_write();
    if (guc::enable_local_execution && is_local_group(group_id)) {
        execute_locally(sql, {}, access, collector);
        return collector->rows;
    }
    Connection *connection = connection_to_group(group_id, access);
    connection->queue(sql, collector, 0);
    connection->queue_sync();
    connection->send();
    while (!collector->done) {
        if (!connection->pump())
            wait_for_connections({&connection, 1});
    }
    return collector->rows;
}

} // namespace citus
