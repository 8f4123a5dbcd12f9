/// citus.max_client_connections: so many clients this server takes, so that other nodes always find room.
///
/// Superusers and connections of other nodes are neither counted nor refused. Registered by _PG_init; nobody
/// else calls it.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

void install_client_limit();

} // namespace citus
