/// GRANT and REVOKE on tables, their columns and schemas; the roles of row-level security policies.
#include "citus/ddl/roles.hpp"
#include "citus/ddl/shard_definition.hpp"
#include "citus/pg/list.hpp"
#include "type_use.hpp"
#include "utility_call.hpp"

extern "C" {
#include "utils/acl.h"
}

namespace citus {

namespace {

const char *privilege_text(const AccessPriv *privilege) {
    StringInfoData out;
    initStringInfo(&out);
    appendStringInfoString(&out, privilege->priv_name != nullptr ? privilege->priv_name : "ALL");
    const char *separator = " (";
    for (const ListCell &cell : cells(privilege->cols)) {
        appendStringInfo(&out, "%s%s", separator, quote_identifier(strVal(lfirst(&cell))));
        separator = ", ";
    }
    if (privilege->cols != NIL)
        appendStringInfoChar(&out, ')');
    return out.data;
}

const char *role_text(RoleSpec *role) {
    if (role->roletype == ROLESPEC_PUBLIC)
        return "PUBLIC";
    return quote_identifier(GetUserNameFromId(get_rolespec_oid(role, false), false));
}

/// The statement for one object, e.g. `TABLE s.t`, roles by name.
char *grant_command(const GrantStmt *statement, const char *object) {
    StringInfoData out;
    initStringInfo(&out);
    appendStringInfoString(&out, statement->is_grant ? "GRANT " : "REVOKE ");
    if (!statement->is_grant && statement->grant_option)
        appendStringInfoString(&out, "GRANT OPTION FOR ");
    if (statement->privileges == NIL)
        appendStringInfoString(&out, "ALL");
    const char *separator = "";
    for (const ListCell &cell : cells(statement->privileges)) {
        appendStringInfo(&out, "%s%s", separator, privilege_text(lfirst_node(AccessPriv, &cell)));
        separator = ", ";
    }
    appendStringInfo(&out, " ON %s %s ", object, statement->is_grant ? "TO" : "FROM");
    separator = "";
    for (const ListCell &cell : cells(statement->grantees)) {
        appendStringInfo(&out, "%s%s", separator, role_text(lfirst_node(RoleSpec, &cell)));
        separator = ", ";
    }
    if (statement->is_grant && statement->grant_option)
        appendStringInfoString(&out, " WITH GRANT OPTION");
    if (!statement->is_grant && statement->behavior == DROP_CASCADE)
        appendStringInfoString(&out, " CASCADE");
    return out.data;
}

List *dist_tables_of(const GrantStmt *statement) {
    List *tables = NIL;
    for (const ListCell &cell : cells(statement->objects)) {
        if (statement->targtype == ACL_TARGET_OBJECT) {
            const Oid relid = find_dist_relation(lfirst_node(RangeVar, &cell));
            if (OidIsValid(relid))
                tables = list_append_unique_oid(tables, relid);
            continue;
        }
        const Oid schema = get_namespace_oid(strVal(lfirst(&cell)), true);
        for (const ListCell &table : cells(all_dist_relations())) {
            if (get_rel_namespace(lfirst_oid(&table)) == schema)
                tables = list_append_unique_oid(tables, lfirst_oid(&table));
        }
    }
    return tables;
}

bool grant_on_tables(UtilityCall &call, const GrantStmt *statement) {
    List *tables = dist_tables_of(statement);
    if (tables == NIL)
        return false;
    call.run();
    create_roles_of(RelationRelationId, tables);
    ShardDdl ddl;
    for (const ListCell &cell : cells(tables)) {
        const char *object = psprintf("TABLE %s", qualified_relation_name(lfirst_oid(&cell)));
        ddl.on_shards(lfirst_oid(&cell), list_make1(grant_command(statement, object)));
    }
    ddl.run();
    return true;
}

bool has_dist_tables(const char *schema_name) {
    const Oid schema = get_namespace_oid(schema_name, true);
    for (const ListCell &cell : cells(all_dist_relations())) {
        if (get_rel_namespace(lfirst_oid(&cell)) == schema)
            return true;
    }
    return false;
}

/// An SQL condition. Roles are carried over for tables; a node without any table of the schema may lack one.
const char *schema_and_roles_exist(const char *schema_name, const GrantStmt *statement, bool needs_roles) {
    StringInfoData out;
    initStringInfo(&out);
    appendStringInfo(&out, "pg_catalog.to_regnamespace(%s) IS NOT NULL",
                     quote_literal_cstr(quote_identifier(schema_name)));
    for (const ListCell &cell : cells(statement->grantees)) {
        if (!needs_roles && lfirst_node(RoleSpec, &cell)->roletype != ROLESPEC_PUBLIC)
            appendStringInfo(&out, " AND pg_catalog.to_regrole(%s) IS NOT NULL",
                             quote_literal_cstr(role_text(lfirst_node(RoleSpec, &cell))));
    }
    return out.data;
}

/// A node's schema has to have the privileges also for tables to come: public is there from the beginning,
/// and one that a superuser made since then.
bool grant_on_schemas(UtilityCall &call, const GrantStmt *statement) {
    ShardDdl ddl;
    bool found = false;
    List *with_tables = NIL;
    for (const ListCell &cell : cells(statement->objects)) {
        const char *name = strVal(lfirst(&cell));
        const bool has_tables = has_dist_tables(name);
        found = true;
        if (has_tables)
            with_tables = lappend_oid(with_tables, get_namespace_oid(name, false));
        const char *object = psprintf("SCHEMA %s", quote_identifier(name));
        for (const ClusterNode &node : all_nodes()) {
            if (node.role == NodeRole::Primary && node.is_active && !is_local_group(node.group_id))
                ddl.on_group(node.group_id, list_make1(grant_command(statement, object)),
                             schema_and_roles_exist(name, statement, has_tables));
        }
    }
    if (!found)
        return false;
    call.run();
    create_roles_of(NamespaceRelationId, with_tables);
    ddl.run();
    return true;
}

} // namespace

bool handle_grant(UtilityCall &call) {
    auto *statement = castNode(GrantStmt, call.statement());
    if (statement->targtype == ACL_TARGET_DEFAULTS)
        return false;
    if (statement->objtype == OBJECT_TABLE)
        return grant_on_tables(call, statement);
    if (statement->objtype == OBJECT_SCHEMA && statement->targtype == ACL_TARGET_OBJECT)
        return grant_on_schemas(call, statement);
    return false;
}

/// Policies are applied here. The sessions of the roles that they name connect to the nodes.
bool handle_policy(UtilityCall &call) {
    ::Node *statement = call.statement();
    const Oid relid = find_dist_relation(IsA(statement, CreatePolicyStmt)
                                             ? castNode(CreatePolicyStmt, statement)->table
                                             : castNode(AlterPolicyStmt, statement)->table);
    if (!OidIsValid(relid))
        return false;
    call.run();
    std::pmr::vector<Oid> roles;
    add_roles_of_policies(&roles, relid);
    create_needed_roles(roles);
    return true;
}

} // namespace citus
