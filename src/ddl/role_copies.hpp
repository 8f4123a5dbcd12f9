/// SQL that makes a role on other nodes what it is here, for the files of this folder that send roles.
/// Passwords travel as the hashes in pg_authid. What only a superuser may give is given by superusers alone.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

using Roles = std::pmr::vector<Oid>;

bool is_system_role(Oid role);
const char *quoted_role(Oid role);

/// Groups of the other active nodes: where roles must be known.
std::pmr::vector<int32> groups_with_roles();

/// Runs statements, each with its semicolon, as the body of one command on each of the groups' nodes.
void run_on_nodes(std::span<const int32> groups, const char *statements);

/// Appends the statement that creates the role where it is missing; nothing where the user may not.
void append_create(StringInfo body, Oid role);
void append_create_or_alter(StringInfo body, Oid role);

struct Membership {
    Oid granted, member;
    bool with_admin_option;
};

std::pmr::vector<Membership> all_memberships();

/// Appends the GRANT of a membership; nothing where the user may not.
void append_membership(StringInfo body, const Membership &membership);

/// Appends GRANTs to the roles on the schemas that a node has, as far as the user owns these.
void append_schema_grants(StringInfo body, const Roles &roles);

} // namespace citus
