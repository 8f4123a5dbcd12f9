/// RENAME and SET SCHEMA of distributed tables, their columns, constraints and indexes, and of schemas and
/// types that other nodes have copies of.
#include "citus/ddl/dependencies.hpp"
#include "citus/ddl/shard_definition.hpp"
#include "citus/pg/list.hpp"
#include "handlers.hpp"
#include "node_objects.hpp"

extern "C" {
#include "catalog/index.h"
#include "catalog/pg_statistic_ext.h"
#include "catalog/objectaddress.h"
}

namespace citus {

namespace {

/// The table that a renamed relation belongs to: itself, or that of an index.
const DistTable *table_of(Oid relid) {
    if (!OidIsValid(relid))
        return nullptr;
    const char kind = get_rel_relkind(relid);
    return find_dist_table(kind == RELKIND_INDEX ? IndexGetRelation(relid, false) : relid);
}

/// Runs a statement about a table or its index; the command for shards was written with the old name.
void run_with_command(const UtilityCall &call, const DistTable &table, Oid relid, const char *command,
                      ShardDdl &ddl) {
    ddl.on_shards(table.relid, list_make1(const_cast<char *>(command)), list_make1_oid(relid));
    call.run();
    ddl.run();
}

const char *rename_text(const RenameStmt *statement, Oid relid) {
    const char *name = qualified_relation_name(relid);
    const char *new_name = quote_identifier(statement->newname);
    switch (statement->renameType) {
    case OBJECT_COLUMN:
        return psprintf("ALTER TABLE %s RENAME COLUMN %s TO %s", name, quote_identifier(statement->subname),
                        new_name);
    case OBJECT_TABCONSTRAINT:
        return psprintf("ALTER TABLE %s RENAME CONSTRAINT %s TO %s", name,
                        quote_identifier(statement->subname), new_name);
    default:
        return psprintf("ALTER %s %s RENAME TO %s",
                        get_rel_relkind(relid) == RELKIND_INDEX ? "INDEX" : "TABLE", name, new_name);
    }
}

void rename_relation(const UtilityCall &call, const RenameStmt *statement) {
    // The same lock as PostgreSQL takes; permissions are checked by the statement itself.
    const Oid relid = RangeVarGetRelid(statement->relation, NoLock, true);
    const DistTable *table = table_of(relid);
    if (table == nullptr)
        return call.run();
    if (!citus_is_class_owner(relid, GetUserId()))
        return call.run(); // which refuses
    LockRelationOid(relid, AccessExclusiveLock);
    ShardDdl ddl;
    run_with_command(call, *table, relid, rename_text(statement, relid), ddl);
}

} // namespace

void handle_rename(const UtilityCall &call, RenameStmt *statement) {
    switch (statement->renameType) {
    case OBJECT_COLUMN:
    case OBJECT_TABCONSTRAINT:
    case OBJECT_TABLE:
    case OBJECT_INDEX:
        return rename_relation(call, statement);
    case OBJECT_STATISTIC_EXT:
        return rename_statistics(call, statement);
    case OBJECT_SCHEMA:
    case OBJECT_TYPE:
    case OBJECT_DOMAIN:
    case OBJECT_DOMCONSTRAINT:
    case OBJECT_ATTRIBUTE:
        return rename_node_object(call, statement);
    default:
        return call.run();
    }
}

void handle_set_schema(const UtilityCall &call, AlterObjectSchemaStmt *statement) {
    if (statement->objectType == OBJECT_TYPE || statement->objectType == OBJECT_DOMAIN)
        return move_node_object(call, statement);
    if (statement->objectType == OBJECT_STATISTIC_EXT)
        return move_statistics(call, statement);
    if (statement->objectType != OBJECT_TABLE)
        return call.run();
    const Oid relid = RangeVarGetRelid(statement->relation, NoLock, true);
    const DistTable *table = OidIsValid(relid) ? find_dist_table(relid) : nullptr;
    const Oid schema = get_namespace_oid(statement->newschema, true);
    if (table == nullptr || !OidIsValid(schema) || !citus_is_class_owner(relid, GetUserId()))
        return call.run();
    LockRelationOid(relid, AccessExclusiveLock);
    ShardDdl ddl;
    add_schema(ddl, schema, groups_with_shards(*table));
    run_with_command(call, *table, relid,
                     psprintf("ALTER TABLE %s SET SCHEMA %s", qualified_relation_name(relid),
                              quote_identifier(statement->newschema)),
                     ddl);
}

} // namespace citus
