/// What a server says about itself, and whether it can become a worker of this cluster.
///
/// Used by the SQL functions of src/cluster/nodes.cpp. Asks over connections of its own, outside of the
/// transaction; the only thing it changes there is to create the extension.
#pragma once

#include "citus/catalog/metadata.hpp"

namespace citus {

/// Refuses an address that no server can have.
void check_address(const char *name, int port);

/// Raises a clear error unless the server can be a worker of this cluster: reachable, not this server, not a
/// standby, citus installed, preloaded and of this version, the database of the same encoding and collation,
/// not part of a cluster already. Creates the extension there, with a NOTICE, when that is all that is
/// missing. own_group: the group under which this cluster knows the server at this address, or -1 for a new
/// one.
void prepare_worker(const char *name, int port, int32 own_group);

/// Whether a connection can be made; *reason gets libpq's words when not.
bool can_connect(const char *name, int port, const char **reason);

/// Raises unless the server at this address is this one; a WARNING when it can't be reached.
void check_is_this_server(const char *name, int port);

/// Id of this cluster: the database that coordinates it, so that it stays when the extension is created anew
/// there.
const char *own_cluster_id();

} // namespace citus
