/// REASSIGN OWNED, DROP OWNED and CREATE SCHEMA.
#include "citus/ddl/dependencies.hpp"
#include "citus/ddl/shard_definition.hpp"
#include "citus/pg/catalog_rows.hpp"
#include "citus/pg/list.hpp"
#include "utility_call.hpp"

extern "C" {
#include "catalog/dependency.h"
#include "utils/acl.h"
}

namespace citus {

namespace {

char *role_list(const List *roles) {
    StringInfoData out;
    initStringInfo(&out);
    for (const ListCell &cell : cells(roles))
        appendStringInfo(&out, "%s%s", out.len > 0 ? ", " : "",
                         quote_identifier(GetUserNameFromId(
                             get_rolespec_oid(lfirst_node(RoleSpec, &cell), false), false)));
    return out.data;
}

Oid owner_of(Oid relid) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
    if (!HeapTupleIsValid(tuple))
        return InvalidOid;
    const Oid owner = reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner;
    ReleaseSysCache(tuple);
    return owner;
}

List *tables_owned_by(const List *roles) {
    List *owners = NIL, *tables = NIL;
    for (const ListCell &cell : cells(roles))
        owners = lappend_oid(owners, get_rolespec_oid(lfirst_node(RoleSpec, &cell), true));
    for (const ListCell &cell : cells(all_dist_relations())) {
        if (list_member_oid(owners, owner_of(lfirst_oid(&cell))))
            tables = lappend_oid(tables, lfirst_oid(&cell));
    }
    return tables;
}

List *oids_of_roles(const List *roles) {
    List *oids = NIL;
    for (const ListCell &cell : cells(roles))
        oids = lappend_oid(oids, get_rolespec_oid(lfirst_node(RoleSpec, &cell), false));
    return oids;
}

/// Whether one of the roles was granted something on the object, or on a column of it.
bool has_grants(Oid class_id, Oid object_id, const List *roles) {
    bool found = false;
    for_each_shared_dependency(class_id, object_id, [&](const FormData_pg_shdepend &row) {
        found = found || (row.deptype == SHARED_DEPENDENCY_ACL && list_member_oid(roles, row.refobjid));
    });
    return found;
}

bool may_drop_for(const List *roles) {
    for (const ListCell &cell : cells(roles))
        if (!has_privs_of_role(GetUserId(), lfirst_oid(&cell)))
            return false;
    return true;
}

/// Privileges on the schemas of tables are the same on all nodes.
void revoke_on_schemas(const List *tables, const List *role_oids, const char *roles) {
    List *schemas = NIL;
    for (const ListCell &cell : cells(tables))
        schemas = list_append_unique_oid(schemas, get_rel_namespace(lfirst_oid(&cell)));
    for (const ListCell &cell : cells(schemas)) {
        if (!has_grants(NamespaceRelationId, lfirst_oid(&cell), role_oids))
            continue;
        const char *name = quote_identifier(get_namespace_name(lfirst_oid(&cell)));
        run_on_other_nodes(
            list_make1(psprintf("REVOKE ALL PRIVILEGES ON SCHEMA %s FROM %s CASCADE", name, roles)),
            psprintf("pg_catalog.to_regnamespace(%s) IS NOT NULL", quote_literal_cstr(name)));
    }
}

} // namespace

bool handle_reassign_owned(UtilityCall &call) {
    auto *statement = castNode(ReassignOwnedStmt, call.statement());
    List *tables = tables_owned_by(statement->roles);
    if (tables == NIL)
        return false;
    call.run();
    const char *owner =
        quote_identifier(GetUserNameFromId(get_rolespec_oid(statement->newrole, false), false));
    ShardDdl ddl;
    for (const ListCell &cell : cells(tables))
        ddl.on_shards(lfirst_oid(&cell),
                      list_make1(psprintf("ALTER TABLE %s OWNER TO %s",
                                          qualified_relation_name(lfirst_oid(&cell)), owner)));
    ddl.run();
    return true;
}

/// What the roles own goes through the drop hook; what they were granted on other tables goes here. False, so
/// that the drops of parts are sent.
bool handle_drop_owned(UtilityCall &call) {
    auto *statement = castNode(DropOwnedStmt, call.statement());
    const List *role_oids = oids_of_roles(statement->roles);
    if (!may_drop_for(role_oids))
        return false; // PostgreSQL refuses it
    List *owned = tables_owned_by(statement->roles);
    const char *roles = role_list(statement->roles);
    ShardDdl ddl;
    for (const ListCell &cell : cells(all_dist_relations())) {
        const Oid relid = lfirst_oid(&cell);
        if (!list_member_oid(owned, relid) && has_grants(RelationRelationId, relid, role_oids))
            ddl.on_shards(relid, list_make1(psprintf("REVOKE ALL PRIVILEGES ON TABLE %s FROM %s CASCADE",
                                                     qualified_relation_name(relid), roles)));
    }
    // Before the shells' privileges go: afterwards a member of the role could not revoke them any more.
    ddl.run();
    revoke_on_schemas(all_dist_relations(), role_oids, roles);
    return false;
}

/// A schema that a superuser makes is made on all nodes, so that its owner, who may not be allowed to create
/// schemas, can distribute tables in it. Others get it when a table needs it.
bool handle_create_schema(UtilityCall &call) {
    if (!superuser())
        return false;
    std::pmr::vector<int32> groups;
    for (const ClusterNode &node : all_nodes()) {
        if (node.role == NodeRole::Primary && node.is_active && !is_local_group(node.group_id))
            groups.push_back(node.group_id);
    }
    if (groups.empty() || local_group_id() != kCoordinatorGroupId)
        return false;
    auto *statement = castNode(CreateSchemaStmt, call.statement());
    const char *name = statement->schemaname != nullptr
                           ? statement->schemaname
                           : GetUserNameFromId(get_rolespec_oid(statement->authrole, false), false);
    call.run();
    ShardDdl ddl;
    add_schema(ddl, get_namespace_oid(name, false), groups);
    ddl.run();
    return true;
}

} // namespace citus
