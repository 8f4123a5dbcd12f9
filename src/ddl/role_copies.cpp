#include "role_copies.hpp"

#include "citus/ddl/roles.hpp"
#include "citus/ddl/shard_definition.hpp"
#include "citus/executor/tasks.hpp"
#include "citus/pg/catalog_rows.hpp"
#include "citus/pg/list.hpp"

extern "C" {
#include "access/transam.h"
#include "catalog/pg_auth_members.h"
#include "catalog/pg_authid.h"
#include "catalog/pg_namespace.h"
#include "catalog/pg_policy.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/timestamp.h"
}

namespace citus {

bool is_system_role(Oid role) {
    return role < FirstNormalObjectId;
}

/// Groups of the other active nodes: where roles must be known.
std::pmr::vector<int32> groups_with_roles() {
    std::pmr::vector<int32> groups;
    for (const ClusterNode &node : all_nodes()) {
        if (node.role == NodeRole::Primary && node.is_active && !is_local_group(node.group_id))
            groups.push_back(node.group_id);
    }
    return groups;
}

/// The statements as the body of one DO command: one round trip, whatever their number. What a node has to
/// remark (it knows the role, or the membership, already) is nothing to the user.
void run_on_nodes(std::span<const int32> groups, const char *statements) {
    const char *body = psprintf("BEGIN SET LOCAL client_min_messages TO error; %s"
                                "SET LOCAL client_min_messages TO DEFAULT; END",
                                statements);
    run_on_groups(groups, psprintf("DO LANGUAGE plpgsql %s", quote_literal_cstr(body)), Access::Write);
}

const char *quoted_role(Oid role) {
    return quote_identifier(GetUserNameFromId(role, false));
}

namespace {

Form_pg_authid authid_of(Oid role, HeapTuple *tuple) {
    *tuple = SearchSysCache1(AUTHOID, ObjectIdGetDatum(role));
    if (!HeapTupleIsValid(*tuple))
        elog(ERROR, "cache lookup failed for role %u", role);
    return reinterpret_cast<Form_pg_authid>(GETSTRUCT(*tuple));
}

/// A superuser makes whatever is here. Others must not get a role on a node that is more than what they could
/// make here, nor leave one there that is less than it is here.
bool may_create(Oid role) {
    if (superuser())
        return true;
    HeapTuple tuple;
    const auto *form = authid_of(role, &tuple);
    const bool is_special = form->rolsuper || form->rolreplication || form->rolbypassrls;
    ReleaseSysCache(tuple);
    return !is_special;
}

/// `LOGIN NOCREATEDB ...` as the catalog has it. What only a superuser may say is left out for others: they
/// can't have changed it.
char *role_options(Oid role) {
    HeapTuple tuple;
    const auto *form = authid_of(role, &tuple);
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

} // namespace

void append_create(StringInfo body, Oid role) {
    if (!may_create(role))
        return;
    appendStringInfo(
        body,
        "IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = %s) THEN CREATE ROLE %s%s; END IF; ",
        quote_literal_cstr(GetUserNameFromId(role, false)), quoted_role(role), role_options(role));
}

void append_create_or_alter(StringInfo body, Oid role) {
    append_create(body, role);
    appendStringInfo(body, "ALTER ROLE %s%s; ", quoted_role(role), role_options(role));
}

void append_membership(StringInfo body, const Membership &membership) {
    // Who is no superuser can't have changed it.
    if (superuser_arg(membership.granted) && !superuser())
        return;
    appendStringInfo(body, "GRANT %s TO %s%s; ", quoted_role(membership.granted),
                     quoted_role(membership.member),
                     membership.with_admin_option ? " WITH ADMIN OPTION" : "");
}

std::pmr::vector<Membership> all_memberships() {
    std::pmr::vector<Membership> memberships;
    Relation relation = table_open(AuthMemRelationId, AccessShareLock);
    SysScanDesc scan = systable_beginscan(relation, InvalidOid, false, nullptr, 0, nullptr);
    while (HeapTuple tuple = systable_getnext(scan)) {
        const auto *form = reinterpret_cast<Form_pg_auth_members>(GETSTRUCT(tuple));
        memberships.push_back({form->roleid, form->member, form->admin_option});
    }
    systable_endscan(scan);
    table_close(relation, AccessShareLock);
    return memberships;
}

namespace {

bool contains(const Roles &roles, Oid role) {
    return std::find(roles.begin(), roles.end(), role) != roles.end();
}

void add_once(Roles *roles, Oid role) {
    if (!is_system_role(role) && !contains(*roles, role))
        roles->push_back(role);
}

/// The items of a schema's ACL that grant something to one of the roles.
Acl *items_for(const Acl *acl, const Roles &roles, Oid owner) {
    Acl *found = aclcopy(acl);
    AclItem *items = ACL_DAT(found);
    int count = 0;
    for (int i = 0; i < ACL_NUM(found); i++)
        if (items[i].ai_grantee != owner && contains(roles, items[i].ai_grantee))
            items[count++] = items[i];
    ACL_NUM(found) = count;
    SET_VARSIZE(found, ACL_N_SIZE(count));
    return found;
}

} // namespace

/// A schema gets the privileges of all roles when it is created on a node; here it may have been before.
void append_schema_grants(StringInfo body, const Roles &roles) {
    Relation relation = table_open(NamespaceRelationId, AccessShareLock);
    SysScanDesc scan = systable_beginscan(relation, InvalidOid, false, nullptr, 0, nullptr);
    while (HeapTuple tuple = systable_getnext(scan)) {
        const auto *form = reinterpret_cast<Form_pg_namespace>(GETSTRUCT(tuple));
        bool is_null = true;
        const Datum acl = heap_getattr(tuple, Anum_pg_namespace_nspacl, RelationGetDescr(relation), &is_null);
        if (is_null || !has_privs_of_role(GetUserId(), form->nspowner))
            continue;
        const char *name = quote_identifier(NameStr(form->nspname));
        List *grants = grant_commands(items_for(DatumGetAclP(acl), roles, form->nspowner),
                                      psprintf("SCHEMA %s", name), nullptr, form->nspowner, 0);
        if (grants == NIL)
            continue;
        appendStringInfo(body, "IF pg_catalog.to_regnamespace(%s) IS NOT NULL THEN ",
                         quote_literal_cstr(name));
        for (const ListCell &cell : cells(grants))
            appendStringInfo(body, "%s; ", static_cast<const char *>(lfirst(&cell)));
        appendStringInfoString(body, "END IF; ");
    }
    systable_endscan(scan);
    table_close(relation, AccessShareLock);
}

void create_missing_roles(int32 group_id) {
    StringInfoData body;
    initStringInfo(&body);
    Roles roles;
    Relation relation = table_open(AuthIdRelationId, AccessShareLock);
    SysScanDesc scan = systable_beginscan(relation, InvalidOid, false, nullptr, 0, nullptr);
    while (HeapTuple tuple = systable_getnext(scan)) {
        const Oid role = reinterpret_cast<Form_pg_authid>(GETSTRUCT(tuple))->oid;
        if (is_system_role(role))
            continue;
        append_create(&body, role);
        roles.push_back(role);
    }
    systable_endscan(scan);
    table_close(relation, AccessShareLock);
    if (body.len == 0)
        return;
    for (const Membership &membership : all_memberships())
        if (!is_system_role(membership.member))
            append_membership(&body, membership);
    append_schema_grants(&body, roles);
    run_on_nodes({&group_id, 1}, body.data);
}

namespace {

/// Adds the roles that these are members of, and those that are members of them.
void add_related(Roles *roles, const std::pmr::vector<Membership> &memberships) {
    Roles up = *roles, down = *roles;
    for (size_t known = 0; known != up.size() + down.size();) {
        known = up.size() + down.size();
        for (const Membership &membership : memberships) {
            if (contains(up, membership.member))
                add_once(&up, membership.granted);
            if (contains(down, membership.granted))
                add_once(&down, membership.member);
        }
    }
    for (const Roles *found : {&up, &down})
        for (const Oid role : *found)
            add_once(roles, role);
}

/// Those that a node lacks.
Roles missing_on(int32 group_id, const Roles &roles) {
    StringInfoData names;
    initStringInfo(&names);
    for (const Oid role : roles)
        appendStringInfo(&names, "%s%s", names.len > 0 ? ", " : "",
                         quote_literal_cstr(GetUserNameFromId(role, false)));
    List *rows = query_on_group(
        group_id,
        psprintf("SELECT name FROM pg_catalog.unnest(ARRAY[%s]::pg_catalog.text[]) AS name WHERE NOT EXISTS "
                 "(SELECT FROM pg_catalog.pg_roles WHERE rolname OPERATOR(pg_catalog.=) name)",
                 names.data),
        Access::Read);
    Roles missing;
    ListCell *cell;
    foreach (cell, rows)
        missing.push_back(get_role_oid(strVal(linitial(static_cast<List *>(lfirst(cell)))), false));
    return missing;
}

void check_may_create(Oid role) {
    const char *name = GetUserNameFromId(role, false);
    if (!has_createrole_privilege(GetUserId()))
        ereport(ERROR,
                (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                 errmsg("permission denied to create role \"%s\" on other nodes", name),
                 errdetail("The role was made where this database's extension did not see it."),
                 errhint("A role with the CREATEROLE privilege can send it to the nodes with ALTER ROLE %s.",
                         quote_identifier(name))));
    if (!may_create(role))
        ereport(ERROR, (errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
                        errmsg("must be superuser to create role \"%s\" on other nodes", name),
                        errdetail("It is a superuser, or has the attribute REPLICATION or BYPASSRLS."),
                        errhint("A superuser can send it to the nodes with ALTER ROLE %s.",
                                quote_identifier(name))));
}

} // namespace

void create_needed_roles(std::span<const Oid> needed) {
    const auto groups = groups_with_roles();
    Roles roles;
    for (const Oid role : needed)
        add_once(&roles, role);
    if (roles.empty() || groups.empty())
        return;
    const Roles named = roles;
    const auto memberships = all_memberships();
    add_related(&roles, memberships);
    Roles created, left_out;
    for (const int32 group_id : groups)
        for (const Oid role : missing_on(group_id, roles)) {
            const bool is_named = contains(named, role);
            if (is_named)
                check_may_create(role);
            add_once(is_named || (has_createrole_privilege(GetUserId()) && may_create(role)) ? &created
                                                                                             : &left_out,
                     role);
        }
    if (created.empty())
        return;
    StringInfoData body;
    initStringInfo(&body);
    for (const Oid role : created)
        append_create(&body, role);
    for (const Membership &membership : memberships) {
        const bool is_new = contains(created, membership.granted) || contains(created, membership.member);
        const auto is_there = [&](Oid role) {
            return is_system_role(role) || (contains(roles, role) && !contains(left_out, role));
        };
        if (is_new && is_there(membership.granted) && is_there(membership.member))
            append_membership(&body, membership);
    }
    append_schema_grants(&body, created);
    run_on_nodes(groups, body.data);
}

void add_roles_of(std::pmr::vector<Oid> *roles, Oid class_id, Oid object_id) {
    for_each_shared_dependency(class_id, object_id, [&](const FormData_pg_shdepend &row) {
        if (row.refclassid == AuthIdRelationId)
            add_once(roles, row.refobjid);
    });
}

void add_roles_of_policies(std::pmr::vector<Oid> *roles, Oid relid) {
    for_each_row<FormData_pg_policy>(
        PolicyRelationId, PolicyPolrelidPolnameIndexId, {{Anum_pg_policy_polrelid, relid}},
        [&](const FormData_pg_policy &row) { add_roles_of(roles, PolicyRelationId, row.oid); });
}

void create_roles_of(Oid class_id, const List *objects) {
    Roles roles;
    for (const ListCell &cell : cells(objects))
        add_roles_of(&roles, class_id, lfirst_oid(&cell));
    create_needed_roles(roles);
}

} // namespace citus
