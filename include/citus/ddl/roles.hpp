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

/// Creates on all other nodes those of the roles that exist here and not there: they were made in a database
/// without the extension, or before it. With them come the roles that they are members of, and their
/// members, if the user may create these. Raises an error when he may not create one that is needed.
void create_needed_roles(std::span<const Oid> needed);

/// The same for the roles that objects (Oids of one catalog) name: owners and those with privileges.
void create_roles_of(Oid class_id, const List *objects);

/// Adds the roles that an object of this database names: its owner and those with privileges.
void add_roles_of(std::pmr::vector<Oid> *roles, Oid class_id, Oid object_id);
/// The same for the row-level security policies of a table.
void add_roles_of_policies(std::pmr::vector<Oid> *roles, Oid relid);

} // namespace citus
