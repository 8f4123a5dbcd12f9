#include "citus/net/idle_links.hpp"

#include <csignal>

extern "C" {
#include "pgstat.h"
#include "utils/backend_status.h"
}

namespace citus {

bool is_name_of_link(const char *application_name) {
    return application_name != nullptr && (strncmp(application_name, "citus_internal gpid=", 20) == 0 ||
                                           strncmp(application_name, "citus_run_command gpid=", 23) == 0);
}

void end_idle_links(Oid database) {
    pgstat_clear_backend_activity_snapshot();
    const int count = pgstat_fetch_stat_numbackends();
    for (int i = 1; i <= count; i++) {
        const LocalPgBackendStatus *entry = pgstat_fetch_stat_local_beentry(i);
        if (entry == nullptr)
            continue;
        const PgBackendStatus &backend = entry->backendStatus;
        if (backend.st_databaseid == database && backend.st_state == STATE_IDLE &&
            backend.st_backendType == B_BACKEND && is_name_of_link(backend.st_appname))
            kill(backend.st_procpid, SIGTERM);
    }
}

} // namespace citus
