/// CREATE, ALTER, DROP and RENAME of roles, and their memberships.
#include "citus/ddl/roles.hpp"
#include "citus/pg/list.hpp"
#include "role_copies.hpp"
#include "utility_call.hpp"

namespace citus {

namespace {

bool has_other_nodes() {
    return local_group_id() == kCoordinatorGroupId && !groups_with_roles().empty();
}

/// Sends a role as it is now, with its memberships.
void send_role(Oid role) {
    StringInfoData body;
    initStringInfo(&body);
    append_create_or_alter(&body, role);
    for (const Membership &membership : all_memberships()) {
        if (membership.granted != role && membership.member != role)
            continue;
        const Oid other = membership.granted == role ? membership.member : membership.granted;
        if (!is_system_role(other))
            append_create(&body, other);
        append_membership(&body, membership);
    }
    append_schema_grants(&body, {role});
    run_on_nodes(groups_with_roles(), body.data);
}

} // namespace

bool handle_create_role(UtilityCall &call) {
    if (!has_other_nodes())
        return false;
    const char *name = castNode(CreateRoleStmt, call.statement())->role;
    call.run();
    send_role(get_role_oid(name, false));
    return true;
}

bool handle_alter_role(UtilityCall &call) {
    const RoleSpec *spec = castNode(AlterRoleStmt, call.statement())->role;
    if (!has_other_nodes() || is_system_role(get_rolespec_oid(spec, false)))
        return false;
    const Oid role = get_rolespec_oid(spec, false);
    call.run();
    send_role(role);
    return true;
}

bool handle_rename_role(UtilityCall &call) {
    const auto *statement = castNode(RenameStmt, call.statement());
    if (!has_other_nodes())
        return false;
    call.run();
    StringInfoData body;
    initStringInfo(&body);
    appendStringInfo(&body,
                     "IF EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = %s) THEN ALTER ROLE %s "
                     "RENAME TO %s; END IF; ",
                     quote_literal_cstr(statement->subname), quote_identifier(statement->subname),
                     quote_identifier(statement->newname));
    append_create_or_alter(&body, get_role_oid(statement->newname, false));
    run_on_nodes(groups_with_roles(), body.data);
    return true;
}

bool handle_drop_role(UtilityCall &call) {
    if (!has_other_nodes())
        return false;
    StringInfoData names;
    initStringInfo(&names);
    for (const ListCell &cell : cells(castNode(DropRoleStmt, call.statement())->roles)) {
        const Oid role = get_rolespec_oid(lfirst_node(RoleSpec, &cell), true);
        if (OidIsValid(role))
            appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "", quoted_role(role));
    }
    call.run();
    if (names.len > 0)
        run_on_nodes(groups_with_roles(), psprintf("DROP ROLE IF EXISTS %s; ", names.data));
    return true;
}

bool handle_grant_role(UtilityCall &call) {
    if (!has_other_nodes())
        return false;
    const auto *statement = castNode(GrantRoleStmt, call.statement());
    call.run();
    StringInfoData body;
    initStringInfo(&body);
    for (const ListCell &granted : cells(statement->granted_roles)) {
        const Oid role = get_role_oid(lfirst_node(AccessPriv, &granted)->priv_name, false);
        for (const ListCell &grantee : cells(statement->grantee_roles)) {
            const Oid member = get_rolespec_oid(lfirst_node(RoleSpec, &grantee), false);
            for (const Oid known : {role, member})
                if (!is_system_role(known))
                    append_create(&body, known);
            // Take all away and give what is left here: that is right for every form of GRANT and REVOKE.
            appendStringInfo(&body, "REVOKE %s FROM %s; ", quoted_role(role), quoted_role(member));
            for (const Membership &membership : all_memberships())
                if (membership.granted == role && membership.member == member)
                    append_membership(&body, membership);
        }
    }
    run_on_nodes(groups_with_roles(), body.data);
    return true;
}

} // namespace citus
