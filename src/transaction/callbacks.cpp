/// Where PostgreSQL's transaction events reach the distributed transaction.
#include "citus/net/role.hpp"
#include "citus/transaction/participants.hpp"

extern "C" {
#include "access/twophase.h"
#include "access/xact.h"
}

namespace citus {

namespace {

void on_transaction_event(XactEvent event, void *) {
    if (event == XACT_EVENT_PRE_COMMIT || event == XACT_EVENT_PRE_PREPARE)
        leave_assumed_role();
    else if (event == XACT_EVENT_ABORT)
        forget_assumed_role();
    if (first_connection() == nullptr) {
        if (event == XACT_EVENT_COMMIT || event == XACT_EVENT_ABORT || event == XACT_EVENT_PREPARE)
            forget_local_state();
        return;
    }
    switch (event) {
    case XACT_EVENT_PRE_COMMIT:
        commit_distributed_transaction();
        break;
    case XACT_EVENT_COMMIT:
        finish_distributed_commit();
        break;
    case XACT_EVENT_ABORT:
        abort_distributed_transaction();
        break;
    case XACT_EVENT_PRE_PREPARE:
        if (in_distributed_transaction())
            ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                            errmsg("cannot use 2PC in transactions involving multiple servers"),
                            errhint("Use COMMIT: it is atomic over all nodes.")));
        break;
    case XACT_EVENT_PREPARE:
        forget_local_state();
        break;
    default: // a parallel worker has no connections
        break;
    }
}

void on_subtransaction_event(SubXactEvent event, SubTransactionId id, SubTransactionId parent, void *) {
    switch (event) {
    case SUBXACT_EVENT_START_SUB:
        subtransaction_started(id);
        break;
    case SUBXACT_EVENT_COMMIT_SUB:
        subtransaction_committed(id, parent);
        break;
    case SUBXACT_EVENT_ABORT_SUB:
        subtransaction_aborted(id);
        break;
    default:
        break;
    }
}

} // namespace

void raise_max_prepared_transactions() {
    // Two per connection: a coordinator's sessions may prepare one on each node while recovery is behind.
    if (max_prepared_xacts == 0)
        SetConfigOption("max_prepared_transactions", psprintf("%d", MaxConnections * 2), PGC_POSTMASTER,
                        PGC_S_OVERRIDE);
}

void install_transaction_callbacks() {
    RegisterXactCallback(on_transaction_event, nullptr);
    RegisterSubXactCallback(on_subtransaction_event, nullptr);
}

} // namespace citus
