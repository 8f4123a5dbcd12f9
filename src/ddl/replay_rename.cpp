/// ALTER ... RENAME, SET SCHEMA and OWNER TO.
#include "citus/ddl/dependencies.hpp"
#include "citus/ddl/roles.hpp"
#include "citus/ddl/shard_definition.hpp"
#include "citus/pg/list.hpp"
#include "type_use.hpp"
#include "utility_call.hpp"

extern "C" {
#include "catalog/pg_statistic_ext.h"
#include "commands/tablecmds.h"
#include "parser/parse_type.h"
}

namespace citus {

namespace {

/// What a RENAME is about: a table in the metadata or an index of one.
struct Subject {
    Oid table;
    Oid index;
};

Subject find_subject(const RangeVar *name) {
    Subject subject{find_dist_relation(name), InvalidOid};
    if (!OidIsValid(subject.table))
        subject.index = find_dist_index(name, &subject.table);
    if (!OidIsValid(subject.index) && OidIsValid(subject.table) && find_dist_table(subject.table) == nullptr)
        subject.table = InvalidOid;
    return subject;
}

bool rename_relation(UtilityCall &call, const RenameStmt *statement) {
    const Subject subject = find_subject(statement->relation);
    if (!OidIsValid(subject.index) && !OidIsValid(find_dist_relation(statement->relation)))
        return false;
    const bool is_index = OidIsValid(subject.index);
    const Oid relid = is_index ? subject.index : subject.table;
    require_owner(relid);
    LockRelationOid(relid, is_index ? ShareUpdateExclusiveLock : AccessExclusiveLock);
    ShardDdl ddl;
    // The names of shards are taken before the shell has its new one.
    ddl.on_shards(subject.table,
                  list_make1(psprintf("ALTER %s %s RENAME TO %s", is_index ? "INDEX" : "TABLE",
                                      qualified_relation_name(relid), quote_identifier(statement->newname))),
                  is_index ? list_make1_oid(relid) : NIL);
    call.run();
    ddl.run();
    return true;
}

bool rename_part(UtilityCall &call, const RenameStmt *statement, const char *part) {
    const Oid relid = find_dist_relation(statement->relation);
    if (!OidIsValid(relid))
        return false;
    call.run();
    ShardDdl ddl;
    ddl.on_shards(relid, list_make1(psprintf(
                             "ALTER TABLE %s RENAME %s %s TO %s", qualified_relation_name(relid), part,
                             quote_identifier(statement->subname), quote_identifier(statement->newname))));
    ddl.run();
    return true;
}

void on_groups(std::span<const int32> groups, const char *command, const char *condition = nullptr) {
    ShardDdl ddl;
    for (const int32 group_id : groups)
        ddl.on_group(group_id, list_make1(pstrdup(command)), condition);
    ddl.run();
}

/// Groups of the nodes that hold shards of tables in a schema.
std::pmr::vector<int32> groups_of_schema(Oid schema) {
    std::pmr::vector<int32> groups;
    for (const ListCell &cell : cells(all_dist_relations())) {
        if (get_rel_namespace(lfirst_oid(&cell)) != schema)
            continue;
        for (const int32 group_id : groups_of_shards(*require_dist_table(lfirst_oid(&cell)))) {
            if (std::find(groups.begin(), groups.end(), group_id) == groups.end())
                groups.push_back(group_id);
        }
    }
    return groups;
}

/// A schema that exists on a node; on the coordinator itself the statement has already changed it.
std::pmr::vector<int32> other_groups(std::pmr::vector<int32> groups) {
    std::erase_if(groups, [](int32 group_id) { return is_local_group(group_id); });
    return groups;
}

const char *schema_exists(const char *quoted_name) {
    return psprintf("pg_catalog.to_regnamespace(%s) IS NOT NULL", quote_literal_cstr(quoted_name));
}

bool rename_schema(UtilityCall &call, const RenameStmt *statement) {
    const Oid schema = get_namespace_oid(statement->subname, true);
    if (!OidIsValid(schema))
        return false;
    const auto groups = other_groups(groups_of_schema(schema));
    if (groups.empty())
        return false;
    call.run();
    const char *old_name = quote_identifier(statement->subname);
    on_groups(groups,
              psprintf("ALTER SCHEMA %s RENAME TO %s", old_name, quote_identifier(statement->newname)),
              schema_exists(old_name));
    return true;
}

bool rename_statistics(UtilityCall &call, const RenameStmt *statement) {
    const Oid statistics = get_statistics_object_oid(castNode(List, statement->object), true);
    const Oid table = OidIsValid(statistics) ? dist_table_of_statistics(statistics) : InvalidOid;
    if (!OidIsValid(table))
        return false;
    ShardDdl ddl;
    ddl.on_shards(
        table, list_make1(psprintf("ALTER STATISTICS %s RENAME TO %s", qualified_statistics_name(statistics),
                                   quote_identifier(statement->newname))));
    call.run();
    ddl.run();
    return true;
}

bool rename_type(UtilityCall &call, const RenameStmt *statement) {
    const Oid type = find_used_type(castNode(List, statement->object));
    if (!OidIsValid(type))
        return false;
    const char *name = format_type_be_qualified(type);
    const char *kind = statement->renameType == OBJECT_DOMAIN ? "DOMAIN" : "TYPE";
    call.run();
    send_type_command(psprintf("ALTER %s %s RENAME TO %s", kind, name, quote_identifier(statement->newname)),
                      name);
    return true;
}

bool rename_attribute(UtilityCall &call, const RenameStmt *statement) {
    const Oid type = find_used_row_type(statement->relation);
    if (!OidIsValid(type))
        return false;
    const char *name = format_type_be_qualified(type);
    call.run();
    send_type_command(psprintf("ALTER TYPE %s RENAME ATTRIBUTE %s TO %s%s", name,
                               quote_identifier(statement->subname), quote_identifier(statement->newname),
                               statement->behavior == DROP_CASCADE ? " CASCADE" : ""),
                      name);
    return true;
}

bool rename_domain_constraint(UtilityCall &call, const RenameStmt *statement) {
    const Oid type = find_used_type(castNode(List, statement->object));
    if (!OidIsValid(type))
        return false;
    const char *name = format_type_be_qualified(type);
    call.run();
    send_type_command(psprintf("ALTER DOMAIN %s RENAME CONSTRAINT %s TO %s", name,
                               quote_identifier(statement->subname), quote_identifier(statement->newname)),
                      name);
    return true;
}

bool move_table(UtilityCall &call, const AlterObjectSchemaStmt *statement) {
    const Oid relid = find_dist_relation(statement->relation);
    if (!OidIsValid(relid))
        return false;
    const Oid schema = get_namespace_oid(statement->newschema, true);
    if (!OidIsValid(schema))
        return false; // PostgreSQL's error
    require_owner(relid);
    LockRelationOid(relid, AccessExclusiveLock);
    ShardDdl ddl;
    add_schema(ddl, schema, groups_of_shards(*require_dist_table(relid)));
    ddl.on_shards(relid, list_make1(psprintf("ALTER TABLE %s SET SCHEMA %s", qualified_relation_name(relid),
                                             quote_identifier(statement->newschema))));
    call.run();
    ddl.run();
    return true;
}

bool move_type(UtilityCall &call, const AlterObjectSchemaStmt *statement) {
    const Oid type = find_used_type(castNode(List, statement->object));
    const Oid schema = get_namespace_oid(statement->newschema, true);
    if (!OidIsValid(type) || !OidIsValid(schema))
        return false;
    const char *name = format_type_be_qualified(type);
    const char *kind = statement->objectType == OBJECT_DOMAIN ? "DOMAIN" : "TYPE";
    call.run();
    const auto groups = remote_groups_of_shards();
    ShardDdl ddl;
    add_schema(ddl, schema, groups);
    for (const int32 group_id : groups)
        ddl.on_group(group_id,
                     list_make1(psprintf("ALTER %s %s SET SCHEMA %s", kind, name,
                                         quote_identifier(statement->newschema))),
                     type_exists(name));
    ddl.run();
    return true;
}

} // namespace

bool handle_rename(UtilityCall &call) {
    auto *statement = castNode(RenameStmt, call.statement());
    switch (statement->renameType) {
    case OBJECT_TABLE:
    case OBJECT_INDEX:
        return rename_relation(call, statement);
    case OBJECT_COLUMN:
        return rename_part(call, statement, "COLUMN");
    case OBJECT_TABCONSTRAINT:
        return rename_part(call, statement, "CONSTRAINT");
    case OBJECT_SCHEMA:
        return rename_schema(call, statement);
    case OBJECT_STATISTIC_EXT:
        return rename_statistics(call, statement);
    case OBJECT_TYPE:
    case OBJECT_DOMAIN:
        return rename_type(call, statement);
    case OBJECT_ATTRIBUTE:
        return rename_attribute(call, statement);
    case OBJECT_DOMCONSTRAINT:
        return rename_domain_constraint(call, statement);
    case OBJECT_ROLE:
        return handle_rename_role(call);
    default:
        return false;
    }
}

bool handle_set_schema(UtilityCall &call) {
    auto *statement = castNode(AlterObjectSchemaStmt, call.statement());
    switch (statement->objectType) {
    case OBJECT_TABLE:
        return move_table(call, statement);
    case OBJECT_TYPE:
    case OBJECT_DOMAIN:
        return move_type(call, statement);
    default:
        return false;
    }
}

bool handle_alter_owner(UtilityCall &call) {
    auto *statement = castNode(AlterOwnerStmt, call.statement());
    if (statement->objectType != OBJECT_SCHEMA)
        return false;
    const Oid schema = get_namespace_oid(strVal(statement->object), true);
    const auto groups =
        OidIsValid(schema) ? other_groups(groups_of_schema(schema)) : std::pmr::vector<int32>();
    if (groups.empty())
        return false;
    call.run();
    const char *name = quote_identifier(strVal(statement->object));
    const Oid new_owner = get_rolespec_oid(statement->newowner, false);
    create_needed_roles({&new_owner, 1});
    const char *owner = quote_identifier(GetUserNameFromId(new_owner, false));
    on_groups(groups, psprintf("ALTER SCHEMA %s OWNER TO %s", name, owner), schema_exists(name));
    return true;
}

} // namespace citus
