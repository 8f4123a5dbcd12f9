/// GRANT, REVOKE and changes of owners. Shards have the owner and the privileges of their table.
#include "citus/ddl/dependencies.hpp"
#include "citus/ddl/shard_definition.hpp"
#include "citus/pg/list.hpp"
#include "handlers.hpp"
#include "node_objects.hpp"

extern "C" {
#include "parser/parse_type.h"
}

namespace citus {

namespace {

char *role_list(const List *roles) {
    StringInfoData out;
    initStringInfo(&out);
    for (const ListCell &cell : cells(roles)) {
        auto *role = lfirst_node(RoleSpec, &cell);
        appendStringInfo(&out, "%s%s", out.len > 0 ? ", " : "",
                         role->roletype == ROLESPEC_PUBLIC
                             ? "PUBLIC"
                             : quote_identifier(GetUserNameFromId(get_rolespec_oid(role, false), false)));
    }
    return out.data;
}

char *privilege_list(const GrantStmt *statement) {
    if (statement->privileges == NIL)
        return pstrdup("ALL PRIVILEGES");
    StringInfoData out;
    initStringInfo(&out);
    for (const ListCell &cell : cells(statement->privileges)) {
        auto *privilege = lfirst_node(AccessPriv, &cell);
        appendStringInfo(&out, "%s%s", out.len > 0 ? ", " : "",
                         privilege->priv_name != nullptr ? privilege->priv_name : "ALL PRIVILEGES");
        const char *separator = " (";
        for (const ListCell &column : cells(privilege->cols)) {
            appendStringInfo(&out, "%s%s", separator, quote_identifier(strVal(lfirst(&column))));
            separator = ", ";
        }
        if (privilege->cols != NIL)
            appendStringInfoChar(&out, ')');
    }
    return out.data;
}

/// The statement for one object, `TABLE s.t` or `SCHEMA s`.
char *grant_text(const GrantStmt *statement, const char *object) {
    const char *privileges = privilege_list(statement), *roles = role_list(statement->grantees);
    if (statement->is_grant)
        return psprintf("GRANT %s ON %s TO %s%s", privileges, object, roles,
                        statement->grant_option ? " WITH GRANT OPTION" : "");
    return psprintf("REVOKE %s%s ON %s FROM %s%s", statement->grant_option ? "GRANT OPTION FOR " : "",
                    privileges, object, roles, statement->behavior == DROP_CASCADE ? " CASCADE" : "");
}

/// The distributed tables that the statement names, or that are in the schemas it names.
List *granted_tables(const GrantStmt *statement) {
    List *tables = NIL;
    if (statement->targtype == ACL_TARGET_OBJECT) {
        for (const ListCell &cell : cells(statement->objects)) {
            if (const DistTable *table = dist_table_named(lfirst_node(RangeVar, &cell)))
                tables = list_append_unique_oid(tables, table->relid);
        }
        return tables;
    }
    List *schemas = NIL;
    for (const ListCell &cell : cells(statement->objects))
        schemas = lappend_oid(schemas, get_namespace_oid(strVal(lfirst(&cell)), true));
    for (const ListCell &cell : cells(all_dist_relations())) {
        if (list_member_oid(schemas, get_rel_namespace(lfirst_oid(&cell))))
            tables = lappend_oid(tables, lfirst_oid(&cell));
    }
    return tables;
}

void grant_on_tables(const GrantStmt *statement) {
    ShardDdl ddl;
    for (const ListCell &cell : cells(granted_tables(statement))) {
        const Oid relid = lfirst_oid(&cell);
        const char *object = psprintf("TABLE %s", qualified_relation_name(relid));
        ddl.on_shards(relid, list_make1(grant_text(statement, object)));
    }
    ddl.run();
}

void grant_on_schemas(const GrantStmt *statement) {
    for (const ListCell &cell : cells(statement->objects)) {
        const char *name = quote_identifier(strVal(lfirst(&cell)));
        run_on_other_nodes(list_make1(grant_text(statement, psprintf("SCHEMA %s", name))), schema_exists(name));
    }
}

/// Tables in the metadata that belong to one of the roles.
List *tables_owned_by(const List *roles) {
    List *owners = NIL, *tables = NIL;
    for (const ListCell &cell : cells(roles))
        owners = lappend_oid(owners, get_rolespec_oid(lfirst_node(RoleSpec, &cell), true));
    for (const ListCell &cell : cells(all_dist_relations())) {
        HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(lfirst_oid(&cell)));
        if (!HeapTupleIsValid(tuple))
            continue;
        if (list_member_oid(owners, reinterpret_cast<Form_pg_class>(GETSTRUCT(tuple))->relowner))
            tables = lappend_oid(tables, lfirst_oid(&cell));
        ReleaseSysCache(tuple);
    }
    return tables;
}

} // namespace

void handle_grant(const UtilityCall &call, GrantStmt *statement) {
    call.run();
    if (statement->targtype == ACL_TARGET_DEFAULTS)
        return;
    if (statement->objtype == OBJECT_TABLE)
        return grant_on_tables(statement);
    if (statement->objtype == OBJECT_SCHEMA && statement->targtype == ACL_TARGET_OBJECT && has_dist_tables())
        grant_on_schemas(statement);
}

void handle_change_owner(const UtilityCall &call, AlterOwnerStmt *statement) {
    const char *name = nullptr, *condition = nullptr, *kind = nullptr;
    if (statement->objectType == OBJECT_SCHEMA) {
        kind = "SCHEMA";
        name = quote_identifier(strVal(statement->object));
        condition = schema_exists(name);
    } else if (statement->objectType == OBJECT_TYPE || statement->objectType == OBJECT_DOMAIN) {
        kind = statement->objectType == OBJECT_TYPE ? "TYPE" : "DOMAIN";
        const Oid type = LookupTypeNameOid(
            nullptr, makeTypeNameFromNameList(castNode(List, statement->object)), true);
        if (OidIsValid(type)) {
            name = format_type_be_qualified(type);
            condition = type_exists(name);
        }
    }
    call.run();
    if (name == nullptr)
        return;
    const char *owner = quote_identifier(GetUserNameFromId(get_rolespec_oid(statement->newowner, false), false));
    run_on_other_nodes(list_make1(psprintf("ALTER %s %s OWNER TO %s", kind, name, owner)), condition);
}

void handle_reassign_owned(const UtilityCall &call, ReassignOwnedStmt *statement) {
    List *tables = tables_owned_by(statement->roles);
    call.run();
    const char *owner = quote_identifier(GetUserNameFromId(get_rolespec_oid(statement->newrole, false), false));
    ShardDdl ddl;
    for (const ListCell &cell : cells(tables))
        ddl.on_shards(lfirst_oid(&cell), list_make1(psprintf("ALTER TABLE %s OWNER TO %s",
                                                             qualified_relation_name(lfirst_oid(&cell)), owner)));
    ddl.run();
}

/// The tables that the roles own go through the drop hook; what they were granted on others goes here.
void handle_drop_owned(const UtilityCall &call, DropOwnedStmt *statement) {
    call.run();
    CommandCounterIncrement();
    const char *roles = role_list(statement->roles);
    ShardDdl ddl;
    for (const ListCell &cell : cells(all_dist_relations())) {
        const Oid relid = lfirst_oid(&cell);
        if (get_rel_name(relid) != nullptr)
            ddl.on_shards(relid, list_make1(psprintf("REVOKE ALL PRIVILEGES ON TABLE %s FROM %s CASCADE",
                                                     qualified_relation_name(relid), roles)));
    }
    ddl.run();
}

} // namespace citus
