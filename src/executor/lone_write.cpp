#include "lone_write.hpp"

#include "citus/transaction/remote_transaction.hpp"

extern "C" {
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

bool is_lone_write(const EState *estate, const Plan *node) {
    const PlannedStmt *statement = estate->es_plannedstmt;
    if (statement->planTree != node || !statement->canSetTag || statement->hasReturning ||
        statement->hasModifyingCTE || !is_clients_statement(ActivePortal, statement) ||
        !may_be_whole_transaction())
        return false;
    // The simple protocol hides its portal; several statements in one message are a transaction block.
    return ActivePortal->visible ? sync_follows() : whereToSendOutput == DestRemote;
}

} // namespace citus
