/// CREATE, ALTER, DROP and RENAME of roles, and their memberships.
#include "citus/ddl/roles.hpp"
#include "citus/executor/tasks.hpp"
#include "citus/pg/list.hpp"
#include "utility_call.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/pg_auth_members.h"
#include "catalog/pg_authid.h"
#include "utils/timestamp.h"
}

namespace citus {

namespace {

/// Groups of the other active nodes: where roles must be known.
std::pmr::vector<int32> other_groups() {
    std::pmr::vector<int32> groups;
    for (const ClusterNode &node : all_nodes()) {
        if (node.role == NodeRole::Primary && node.is_active && !is_local_group(node.group_id))
            groups.push_back(node.group_id);
    }
    return groups;
}

bool has_other_nodes() {
    return local_group_id() == kCoordinatorGroupId && !other_groups().empty();
}

/// The statements as the body of one DO command: one round trip, whatever their number. What a node has to
/// remark (it knows the role, or the membership, already) is nothing to the user.
void run_on_nodes(std::span<const int32> groups, const char *statements) {
    const char *body = psprintf("BEGIN SET LOCAL client_min_messages TO error; %s"
                                "SET LOCAL client_min_messages TO DEFAULT; END",
                                statements);
    run_on_groups(groups, psprintf("DO LANGUAGE plpgsql %s", quote_literal_cstr(body)), Access::Write);
}

const char *role_name(Oid role) {
    return GetUserNameFromId(role, false);
}

const char *quoted_role(Oid role) {
    return quote_identifier(role_name(role));
}

/// `LOGIN NOCREATEDB ...` as the catalog has it. What only a superuser may say is left out for others: they
/// can't have changed it.
char *role_options(Oid role) {
    HeapTuple tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(role));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for role %u", role);
    const auto *form = reinterpret_cast<Form_pg_authid>(GETSTRUCT(tuple));
    StringInfoData out;
    initStringInfo(&out);
    auto flag = [&](bool set, const char *name) { appendStringInfo(&out, " %s%s", set ? "" : "NO", name); };
    flag(form->rolcanlogin, "LOGIN");
    flag(form->rolinherit, "INHERIT");
    flag(form->rolcreaterole, "CREATEROLE");
    flag(form->rolcreatedb, "CREATEDB");
    if (superuser()) {
        flag(form->rolsuper, "SUPERUSER");
        flag(form->rolreplication, "REPLICATION");
        flag(form->rolbypassrls, "BYPASSRLS");
    }
    appendStringInfo(&out, " CONNECTION LIMIT %d", form->rolconnlimit);
    bool is_null = true;
    Datum value = SysCacheGetAttr(AUTHOID, tuple, Anum_pg_authid_rolpassword, &is_null);
    appendStringInfo(&out, " PASSWORD %s", is_null ? "NULL" : quote_literal_cstr(TextDatumGetCString(value)));
    value = SysCacheGetAttr(AUTHOID, tuple, Anum_pg_authid_rolvaliduntil, &is_null);
    if (!is_null)
        appendStringInfo(&out, " VALID UNTIL %s",
                         quote_literal_cstr(timestamptz_to_str(DatumGetTimestampTz(value))));
    ReleaseSysCache(tuple);
    return out.data;
}

void append_create(StringInfo body, Oid role) {
    appendStringInfo(
        body,
        "IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = %s) THEN CREATE ROLE %s%s; END IF; ",
        quote_literal_cstr(role_name(role)), quoted_role(role), role_options(role));
}

void append_create_or_alter(StringInfo body, Oid role) {
    append_create(body, role);
    appendStringInfo(body, "ALTER ROLE %s%s; ", quoted_role(role), role_options(role));
}

/// GRANTs of the memberships that fulfil the condition (granted role, member).
template <typename Condition>
void append_memberships(StringInfo body, Condition wanted) {
    Relation relation = table_open(AuthMemRelationId, AccessShareLock);
    SysScanDesc scan = systable_beginscan(relation, InvalidOid, false, nullptr, 0, nullptr);
    while (HeapTuple tuple = systable_getnext(scan)) {
        const auto *form = reinterpret_cast<Form_pg_auth_members>(GETSTRUCT(tuple));
        if (wanted(form->roleid, form->member))
            appendStringInfo(body, "GRANT %s TO %s%s; ", quoted_role(form->roleid), quoted_role(form->member),
                             form->admin_option ? " WITH ADMIN OPTION" : "");
    }
    systable_endscan(scan);
    table_close(relation, AccessShareLock);
}

/// Sends a role as it is now, with its memberships.
void send_role(Oid role) {
    StringInfoData body;
    initStringInfo(&body);
    append_create_or_alter(&body, role);
    append_memberships(&body, [&](Oid granted, Oid member) { return granted == role || member == role; });
    run_on_nodes(other_groups(), body.data);
}

bool is_system_role(Oid role) {
    return role < FirstNormalObjectId;
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
    run_on_nodes(other_groups(), body.data);
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
        run_on_nodes(other_groups(), psprintf("DROP ROLE IF EXISTS %s; ", names.data));
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
            append_memberships(&body, [&](Oid of, Oid to) { return of == role && to == member; });
        }
    }
    run_on_nodes(other_groups(), body.data);
    return true;
}

void create_missing_roles(int32 group_id) {
    StringInfoData body;
    initStringInfo(&body);
    Relation relation = table_open(AuthIdRelationId, AccessShareLock);
    SysScanDesc scan = systable_beginscan(relation, InvalidOid, false, nullptr, 0, nullptr);
    while (HeapTuple tuple = systable_getnext(scan)) {
        const Oid role = reinterpret_cast<Form_pg_authid>(GETSTRUCT(tuple))->oid;
        if (!is_system_role(role))
            append_create(&body, role);
    }
    systable_endscan(scan);
    table_close(relation, AccessShareLock);
    if (body.len == 0)
        return;
    append_memberships(&body, [](Oid, Oid member) { return !is_system_role(member); });
    run_on_nodes({&group_id, 1}, body.data);
}

} // namespace citus
