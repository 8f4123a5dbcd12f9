#include "lone_write.hpp"

#include "citus/executor/row_codec.hpp"
#include "citus/transaction/remote_transaction.hpp"

extern "C" {
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
           (portal->strategy == PORTAL_MULTI_QUERY || portal->strategy == PORTAL_ONE_RETURNING);
}

} // namespace

bool is_lone_write(const EState *estate, const Plan *node, bool may_return) {
    const PlannedStmt *statement = estate->es_plannedstmt;
    if (statement->planTree != node || !statement->canSetTag || (statement->hasReturning && !may_return) ||
        statement->hasModifyingCTE || !is_clients_statement(ActivePortal, statement) ||
        !may_be_whole_transaction())
        return false;
    // The simple protocol hides its portal; several statements in one message are a transaction block.
    return ActivePortal->visible ? sync_follows() : whereToSendOutput == DestRemote;
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

} // namespace citus
