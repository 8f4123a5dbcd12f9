#include "citus/executor/deferred_checks.hpp"

#include "citus/net/remote_error.hpp"
#include "citus/transaction/participants.hpp"
#include "lone_write.hpp"

extern "C" {
#include "commands/trigger.h"
#include "executor/executor.h"
}

namespace citus {

namespace {

ExecutorFinish_hook_type previous_finish = nullptr;

void finish_executor(QueryDesc *query) {
    if (previous_finish != nullptr)
        previous_finish(query);
    else
        standard_ExecutorFinish(query);
    check_deferred_at_end(query->plannedstmt);
}

} // namespace

void check_deferred_at_end(const PlannedStmt *statement) {
    if (wrote_locally() && !IsTransactionBlock() && !IsSubTransaction() && ends_message(statement))
        with_logical_errors([](void *) { AfterTriggerFireDeferred(); }, nullptr);
}

void install_deferred_checks() {
    previous_finish = ExecutorFinish_hook;
    ExecutorFinish_hook = finish_executor;
}

} // namespace citus
