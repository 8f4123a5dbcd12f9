/// Connections that other nodes keep to this server, seen from here.
///
/// Called by transaction/maintenance_daemon.cpp for commands that need a database for themselves: a
/// connection that is only kept must not stand in their way. Its owner makes a new one when he needs it.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// The names under which connections of other nodes show themselves (application_name).
bool is_name_of_link(const char *application_name);

/// Ends the idle connections of other nodes to a database. Does not wait until they are gone. Whether the
/// user may do so is the caller's business.
void end_idle_links(Oid database);

} // namespace citus
