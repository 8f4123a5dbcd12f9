#include "citus/net/client_limit.hpp"

#include "citus/guc.hpp"
#include "citus/net/idle_links.hpp"
#include "citus/net/pool.hpp"

// The headers of these libraries need not be installed; what is used of Port comes before what they add to
// it.
#undef ENABLE_GSS
#undef USE_OPENSSL
extern "C" {
#include "libpq/auth.h"
#include "libpq/libpq-be.h"
#include "replication/walsender.h"
#include "storage/ipc.h"
#include "utils/acl.h"
}

namespace citus {

namespace {

ClientAuthentication_hook_type previous_hook = nullptr;

void leave(int, Datum) {
    pg_atomic_fetch_sub_u32(client_counter(), 1);
}

void check_client(Port *port, int status) {
    if (previous_hook != nullptr)
        previous_hook(port, status);
    if (status != STATUS_OK || am_walsender || is_name_of_link(port->application_name) ||
        superuser_arg(get_role_oid(port->user_name, true)))
        return;
    const uint32 others = pg_atomic_fetch_add_u32(client_counter(), 1);
    on_shmem_exit(leave, 0);
    if (guc::max_client_connections >= 0 && others >= static_cast<uint32>(guc::max_client_connections))
        ereport(FATAL, (errcode(ERRCODE_TOO_MANY_CONNECTIONS), errmsg("sorry, too many clients already"),
                        errdetail("This server takes %d clients that are not superusers "
                                  "(citus.max_client_connections); the rest is for other nodes.",
                                  guc::max_client_connections)));
}

} // namespace

void install_client_limit() {
    previous_hook = ClientAuthentication_hook;
    ClientAuthentication_hook = check_client;
}

} // namespace citus
