/// Roles on the other nodes: a session's connections log in there as its user, and privileges on shards name
/// the roles of the coordinator.
///
/// The utility hook sends what CREATE, ALTER and DROP ROLE and GRANT of a role made of pg_authid; cluster/
/// gives new nodes the roles they lack. Passwords travel as the hashes in pg_authid. ALTER ROLE ... SET stays
/// here: it is the coordinator's sessions that have settings, and they take them along. Never drops or
/// changes a role that no command named.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// Creates on one node, inside the distributed transaction, the roles that exist here and not there, and
/// their memberships. The user must be a superuser.
void create_missing_roles(int32 group_id);

} // namespace citus
