#include "citus/transaction/fault.hpp"

#ifdef CITUS_FAULT_INJECTION

#include <signal.h>
#include <sys/socket.h>

extern "C" {
#include "libpq-fe.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "utils/timestamp.h"
}

namespace citus {

namespace {

char *setting = nullptr;
int passed = 0;

void count_again(const char *, void *) {
    passed = 0;
}

[[noreturn]] void hang() {
    for (;;) {
        WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, 100, PG_WAIT_EXTENSION);
        ResetLatch(MyLatch);
        CHECK_FOR_INTERRUPTS();
    }
}

void strike(const char *place, const char *action, Connection *connection, bool may_raise) {
    elog(LOG, "fault point %s: %s", place, action);
    if (strcmp(action, "crash") == 0)
        kill(MyProcPid, SIGKILL);
    else if (strcmp(action, "crash_node") == 0)
        kill(PQbackendPID(connection->pg), SIGKILL); // on this machine, in the tests
    else if (strcmp(action, "hang") == 0)
        hang();
    else if (strcmp(action, "wait") == 0)
        pg_usleep(USECS_PER_SEC); // long enough to do something to a node
    else if (strcmp(action, "error") != 0)
        elog(may_raise ? ERROR : WARNING, "unknown action \"%s\" of citus.fault_point", action);
    else if (may_raise)
        ereport(ERROR, (errcode(ERRCODE_INTERNAL_ERROR), errmsg("fault point %s", place)));
    else
        shutdown(PQsocket(connection->pg), SHUT_RDWR);
}

} // namespace

void fault_point(const char *place, Connection *connection, bool may_raise) {
    if (setting == nullptr || *setting == '\0')
        return;
    const char *number = strchr(setting, ':');
    const char *action = number != nullptr ? strchr(number + 1, ':') : nullptr;
    if (action == nullptr || strlen(place) != static_cast<size_t>(number - setting) ||
        strncmp(place, setting, strlen(place)) != 0)
        return;
    if (++passed == atoi(number + 1))
        strike(place, action + 1, connection, may_raise);
}

void install_fault_points() {
    DefineCustomStringVariable("citus.fault_point", "Makes something go wrong: PLACE:N:ACTION.", nullptr,
                               &setting, "", PGC_USERSET, 0, nullptr, count_again, nullptr);
}

} // namespace citus

#endif
