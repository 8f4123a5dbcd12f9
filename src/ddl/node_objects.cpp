#include "node_objects.hpp"

#include "citus/ddl/dependencies.hpp"
#include "citus/ddl/shard_definition.hpp"
#include "citus/pg/list.hpp"

extern "C" {
#include "catalog/pg_constraint.h"
#include "catalog/pg_statistic_ext.h"
#include "commands/typecmds.h"
#include "parser/parse_type.h"
#include "utils/ruleutils.h"
}

namespace citus {

namespace {

const char *quoted_list(const List *names) {
    const RangeVar *name = makeRangeVarFromNameList(const_cast<List *>(names));
    const Oid type = LookupTypeNameOid(nullptr, makeTypeNameFromNameList(const_cast<List *>(names)), true);
    if (!OidIsValid(type))
        return quote_identifier(name->relname); // the statement will say that it does not exist
    return format_type_be_qualified(type);
}

/// Runs the statement, then the command on the other nodes that have the object.
void run_and_send(const UtilityCall &call, const char *command, const char *condition) {
    call.run();
    run_on_other_nodes(list_make1(const_cast<char *>(command)), condition);
}

const char *cascade(DropBehavior behavior) {
    return behavior == DROP_CASCADE ? " CASCADE" : "";
}

List *domain_constraints(Oid type) {
    List *constraints = NIL;
    Relation catalog = table_open(ConstraintRelationId, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_constraint_contypid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(type));
    SysScanDesc scan = systable_beginscan(catalog, ConstraintTypidIndexId, true, nullptr, 1, &key);
    while (HeapTuple tuple = systable_getnext(scan))
        constraints =
            lappend_oid(constraints, reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple))->oid);
    systable_endscan(scan);
    table_close(catalog, AccessShareLock);
    return constraints;
}

/// ADD CONSTRAINT: its name and its expression with resolved names are known when it exists.
void add_domain_constraint(const UtilityCall &call, const AlterDomainStmt *statement) {
    const Oid type = typenameTypeId(nullptr, makeTypeNameFromNameList(statement->typeName));
    List *before = domain_constraints(type);
    call.run();
    CommandCounterIncrement();
    const char *name = format_type_be_qualified(type);
    List *commands = NIL;
    const int level = pin_search_path();
    for (const ListCell &cell : cells(domain_constraints(type))) {
        const Oid constraint = lfirst_oid(&cell);
        if (list_member_oid(before, constraint))
            continue;
        const Datum definition = DirectFunctionCall1(pg_get_constraintdef, ObjectIdGetDatum(constraint));
        commands = lappend(commands, psprintf("ALTER DOMAIN %s ADD CONSTRAINT %s %s", name,
                                              quote_identifier(get_constraint_name(constraint)),
                                              TextDatumGetCString(definition)));
    }
    unpin_search_path(level);
    run_on_other_nodes(commands, type_exists(name));
}

char *attribute_text(const AlterTableCmd *command) {
    const char *name = command->name != nullptr ? quote_identifier(command->name) : nullptr;
    if (command->subtype == AT_DropColumn)
        return psprintf("DROP ATTRIBUTE %s%s%s", command->missing_ok ? "IF EXISTS " : "", name,
                        cascade(command->behavior));
    auto *definition = castNode(ColumnDef, command->def);
    Oid type = InvalidOid;
    int32 typmod = -1;
    typenameTypeIdAndMod(nullptr, definition->typeName, &type, &typmod);
    const Oid collation_id = definition->collClause == nullptr
                                 ? InvalidOid
                                 : get_collation_oid(definition->collClause->collname, false);
    const int level = pin_search_path();
    const char *collation =
        OidIsValid(collation_id) ? psprintf(" COLLATE %s", generate_collation_name(collation_id)) : "";
    const char *type_name = format_type_with_typemod(type, typmod);
    unpin_search_path(level);
    if (command->subtype == AT_AddColumn)
        return psprintf("ADD ATTRIBUTE %s %s%s%s", quote_identifier(definition->colname), type_name, collation,
                        cascade(command->behavior));
    return psprintf("ALTER ATTRIBUTE %s TYPE %s%s%s", name, type_name, collation, cascade(command->behavior));
}

struct StatisticsObject {
    Oid table;
    const char *name; ///< qualified and quoted
};

/// The statistics object of a distributed table that a list names; table is InvalidOid otherwise.
StatisticsObject find_statistics(const List *names) {
    const Oid oid = get_statistics_object_oid(const_cast<List *>(names), true);
    HeapTuple tuple = OidIsValid(oid) ? SearchSysCache1(STATEXTOID, ObjectIdGetDatum(oid)) : nullptr;
    if (!HeapTupleIsValid(tuple))
        return {InvalidOid, nullptr};
    auto *form = reinterpret_cast<Form_pg_statistic_ext>(GETSTRUCT(tuple));
    const StatisticsObject object{
        form->stxrelid,
        quote_qualified_identifier(get_namespace_name(form->stxnamespace), NameStr(form->stxname))};
    ReleaseSysCache(tuple);
    return find_dist_table(object.table) != nullptr ? object : StatisticsObject{InvalidOid, nullptr};
}

/// Runs a statement about a statistics object, then `ALTER STATISTICS name what` on the shards.
void alter_statistics(const UtilityCall &call, const List *names, const char *what) {
    const StatisticsObject object = find_statistics(names);
    call.run();
    if (!OidIsValid(object.table))
        return;
    ShardDdl ddl;
    ddl.on_shards(object.table, list_make1(psprintf("ALTER STATISTICS %s %s", object.name, what)));
    ddl.run();
}

} // namespace

const char *schema_exists(const char *quoted_name) {
    return psprintf("pg_catalog.to_regnamespace(%s) IS NOT NULL", quote_literal_cstr(quoted_name));
}

const char *type_exists(const char *quoted_name) {
    return psprintf("pg_catalog.to_regtype(%s) IS NOT NULL", quote_literal_cstr(quoted_name));
}

void rename_node_object(const UtilityCall &call, const RenameStmt *statement) {
    const char *new_name = quote_identifier(statement->newname);
    if (statement->renameType == OBJECT_SCHEMA) {
        const char *name = quote_identifier(statement->subname);
        return run_and_send(call, psprintf("ALTER SCHEMA %s RENAME TO %s", name, new_name), schema_exists(name));
    }
    if (statement->renameType == OBJECT_ATTRIBUTE) {
        const Oid relid = RangeVarGetRelid(statement->relation, NoLock, true);
        if (!OidIsValid(relid))
            return call.run();
        const char *name = qualified_relation_name(relid);
        return run_and_send(call,
                            psprintf("ALTER TYPE %s RENAME ATTRIBUTE %s TO %s%s", name,
                                     quote_identifier(statement->subname), new_name, cascade(statement->behavior)),
                            type_exists(name));
    }
    const char *name = quoted_list(castNode(List, statement->object));
    const char *kind = statement->renameType == OBJECT_TYPE ? "TYPE" : "DOMAIN";
    const char *what = statement->renameType == OBJECT_DOMCONSTRAINT
                           ? psprintf("CONSTRAINT %s ", quote_identifier(statement->subname))
                           : "";
    run_and_send(call, psprintf("ALTER %s %s RENAME %sTO %s", kind, name, what, new_name), type_exists(name));
}

void move_node_object(const UtilityCall &call, const AlterObjectSchemaStmt *statement) {
    const char *name = quoted_list(castNode(List, statement->object));
    const char *condition = type_exists(name);
    const Oid schema = get_namespace_oid(statement->newschema, true);
    call.run();
    ShardDdl ddl;
    for (const ClusterNode &node : all_nodes()) {
        if (node.role != NodeRole::Primary || !node.is_active || is_local_group(node.group_id))
            continue;
        add_schema(ddl, schema, {&node.group_id, 1});
        ddl.on_group(node.group_id,
                     list_make1(psprintf("ALTER %s %s SET SCHEMA %s",
                                         statement->objectType == OBJECT_TYPE ? "TYPE" : "DOMAIN", name,
                                         quote_identifier(statement->newschema))),
                     condition);
    }
    ddl.run();
}

void rename_statistics(const UtilityCall &call, const RenameStmt *statement) {
    alter_statistics(call, castNode(List, statement->object),
                     psprintf("RENAME TO %s", quote_identifier(statement->newname)));
}

void move_statistics(const UtilityCall &call, const AlterObjectSchemaStmt *statement) {
    if (OidIsValid(find_statistics(castNode(List, statement->object)).table))
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("ALTER STATISTICS ... SET SCHEMA is not supported for distributed tables"),
                        errhint("Drop the statistics object and create it in the other schema.")));
    call.run();
}

void handle_alter_statistics(const UtilityCall &call, AlterStatsStmt *statement) {
    alter_statistics(call, statement->defnames, psprintf("SET STATISTICS %d", statement->stxstattarget));
}

void handle_alter_enum(const UtilityCall &call, AlterEnumStmt *statement) {
    const char *name = quoted_list(statement->typeName);
    StringInfoData sql;
    initStringInfo(&sql);
    appendStringInfo(&sql, "ALTER TYPE %s ", name);
    if (statement->oldVal != nullptr) {
        appendStringInfo(&sql, "RENAME VALUE %s TO %s", quote_literal_cstr(statement->oldVal),
                         quote_literal_cstr(statement->newVal));
    } else {
        appendStringInfo(&sql, "ADD VALUE %s%s", statement->skipIfNewValExists ? "IF NOT EXISTS " : "",
                         quote_literal_cstr(statement->newVal));
        if (statement->newValNeighbor != nullptr)
            appendStringInfo(&sql, " %s %s", statement->newValIsAfter ? "AFTER" : "BEFORE",
                             quote_literal_cstr(statement->newValNeighbor));
    }
    run_and_send(call, sql.data, type_exists(name));
}

void handle_alter_domain(const UtilityCall &call, AlterDomainStmt *statement) {
    const char *name = quoted_list(statement->typeName);
    const char *what = nullptr;
    switch (statement->subtype) {
    case 'C':
        return add_domain_constraint(call, statement);
    case 'N':
        what = "DROP NOT NULL";
        break;
    case 'O':
        what = "SET NOT NULL";
        break;
    case 'X':
        what = psprintf("DROP CONSTRAINT %s%s%s", statement->missing_ok ? "IF EXISTS " : "",
                        quote_identifier(statement->name), cascade(statement->behavior));
        break;
    case 'V':
        what = psprintf("VALIDATE CONSTRAINT %s", quote_identifier(statement->name));
        break;
    default: // defaults are the coordinator's business
        return call.run();
    }
    run_and_send(call, psprintf("ALTER DOMAIN %s %s", name, what), type_exists(name));
}

void handle_alter_composite(const UtilityCall &call, AlterTableStmt *statement) {
    const Oid relid = RangeVarGetRelid(statement->relation, NoLock, true);
    if (!OidIsValid(relid))
        return call.run();
    const char *name = qualified_relation_name(relid);
    StringInfoData sql;
    initStringInfo(&sql);
    appendStringInfo(&sql, "ALTER TYPE %s ", name);
    const char *separator = "";
    for (const ListCell &cell : cells(statement->cmds)) {
        auto *command = lfirst_node(AlterTableCmd, &cell);
        const bool known = command->subtype == AT_AddColumn || command->subtype == AT_DropColumn ||
                           command->subtype == AT_AlterColumnType;
        if (!known)
            return call.run();
        appendStringInfo(&sql, "%s%s", separator, attribute_text(command));
        separator = ", ";
    }
    run_and_send(call, sql.data, type_exists(name));
}

} // namespace citus
