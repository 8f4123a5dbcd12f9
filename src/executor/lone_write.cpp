#include "lone_write.hpp"

#include "citus/executor/row_codec.hpp"
#include "citus/guc.hpp"
#include "citus/transaction/remote_transaction.hpp"

extern "C" {
#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "tcop/pquery.h"
#include "tcop/tcopprot.h"
#include "utils/portal.h"

// From libpq/libpq.h, which wants GSSAPI's headers.
void pq_startmsgread(void);
void pq_endmsgread(void);
int pq_peekbyte(void);
bool pq_buffer_has_data(void);
}

namespace citus {

namespace {

/// Whether the client's next message is there already and is a Sync: then no further statement belongs to
/// this transaction.
bool sync_follows() {
    if (whereToSendOutput != DestRemote || !pq_buffer_has_data())
        return false;
    pq_startmsgread();
    const int type = pq_peekbyte();
    pq_endmsgread();
    return type == 'S';
}

/// The portal of a client's own statement. Portals of functions, cursors and EXECUTE have names.
bool is_clients_statement(const Portal portal, const PlannedStmt *statement) {
    return portal != nullptr && portal->name[0] == '\0' && list_length(portal->stmts) == 1 &&
           linitial(portal->stmts) == statement &&
           (portal->strategy == PORTAL_MULTI_QUERY || portal->strategy == PORTAL_ONE_RETURNING ||
            portal->strategy == PORTAL_ONE_MOD_WITH || portal->strategy == PORTAL_UTIL_SELECT);
}

} // namespace

bool ends_message(const PlannedStmt *statement) {
    if (!is_clients_statement(ActivePortal, statement))
        return false;
    // The simple protocol hides its portal; several statements in one message are a transaction block.
    return ActivePortal->visible ? sync_follows() : whereToSendOutput == DestRemote;
}

bool is_lone_write(const EState *estate, const Plan *node, bool may_return) {
    const PlannedStmt *statement = estate->es_plannedstmt;
    if (statement->planTree != node || !statement->canSetTag || (statement->hasReturning && !may_return) ||
        statement->hasModifyingCTE || !is_clients_statement(ActivePortal, statement))
        return false;
    return may_be_whole_transaction() && ends_message(statement);
}

bool returns_plain_values(const List *targetlist, Index relation) {
    if (pg_get_client_encoding() != GetDatabaseEncoding())
        return false;
    ListCell *cell;
    foreach (cell, targetlist) {
        const auto *expr = reinterpret_cast<const ::Node *>(lfirst_node(TargetEntry, cell)->expr);
        const bool is_column = IsA(expr, Var) && reinterpret_cast<const Var *>(expr)->varattno > 0 &&
                               reinterpret_cast<const Var *>(expr)->varno == static_cast<int>(relation);
        if (!(is_column || IsA(expr, Const)) || !is_binary_type(exprType(expr)))
            return false;
    }
    return true;
}

bool returns_plain_values(TupleDesc rows) {
    if (pg_get_client_encoding() != GetDatabaseEncoding() || !RowDecoder(rows, true).batched())
        return false;
    for (int i = 0; i < rows->natts; i++)
        if (!is_binary_type(TupleDescAttr(rows, i)->atttypid))
            return false;
    return true;
}

namespace {

/// Hashes of their texts, in places that follow from the hash. A statement that is forgotten, or taken for
/// another one, costs a round trip.
uint64 large_statements[256];

uint64 hash_of_text(const char *sql) {
    return hash_bytes_extended(reinterpret_cast<const unsigned char *>(sql), static_cast<int>(strlen(sql)),
                               0);
}

} // namespace

void note_large_rows(const char *sql) {
    const uint64 hash = hash_of_text(sql);
    large_statements[hash % std::size(large_statements)] = hash;
}

bool had_large_rows(const char *sql) {
    const uint64 hash = hash_of_text(sql);
    return large_statements[hash % std::size(large_statements)] == hash;
}

} // namespace citus
