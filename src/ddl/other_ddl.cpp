/// Statements that mostly need a check: DROP, CREATE TABLE, CREATE SCHEMA, CREATE STATISTICS, triggers, rules.
#include "citus/cluster/distribute.hpp"
#include "citus/ddl/checks.hpp"
#include "citus/ddl/dependencies.hpp"
#include "citus/ddl/shard_definition.hpp"
#include "citus/pg/list.hpp"
#include "handlers.hpp"

extern "C" {
#include "utils/ruleutils.h"
}

namespace citus {

namespace {

bool drops_this_extension(const DropStmt *statement) {
    if (statement->removeType != OBJECT_EXTENSION || statement->behavior != DROP_CASCADE)
        return false;
    for (const ListCell &cell : cells(statement->objects)) {
        if (strcmp(strVal(lfirst(&cell)), "citus") == 0)
            return true;
    }
    return false;
}

/// DROP EXTENSION citus CASCADE takes the distributed tables along. Their shards go first, while the metadata
/// is still there.
void drop_all_shards() {
    if (!superuser())
        return; // the statement will be refused
    DoomedShards doomed;
    for (const ListCell &cell : cells(all_dist_relations())) {
        LockRelationOid(lfirst_oid(&cell), AccessExclusiveLock);
        if (const DistTable *table = find_dist_table(lfirst_oid(&cell)))
            doomed.take(*table);
    }
    doomed.drop();
}

List *statistics_of(Oid relid) {
    Relation relation = table_open(relid, AccessShareLock);
    List *statistics = list_copy(RelationGetStatExtList(relation));
    table_close(relation, AccessShareLock);
    return statistics;
}

} // namespace

const DistTable *dist_table_named(const RangeVar *name) {
    if (name == nullptr || !has_dist_tables())
        return nullptr;
    const Oid relid = RangeVarGetRelid(name, NoLock, true);
    return OidIsValid(relid) ? find_dist_table(relid) : nullptr;
}

bool has_dist_tables() {
    return all_dist_relations() != NIL;
}

void handle_drop(const UtilityCall &call, DropStmt *statement) {
    if (drops_this_extension(statement))
        drop_all_shards();
    if (statement->removeType == OBJECT_INDEX && statement->concurrent && list_length(statement->objects) == 1)
        return drop_index_concurrently(call, statement);
    call.run();
}

void handle_create_table(const UtilityCall &call, CreateStmt *statement) {
    for (const ListCell &cell : cells(statement->inhRelations)) {
        if (dist_table_named(lfirst_node(RangeVar, &cell)) != nullptr)
            ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                            errmsg("non-distributed tables cannot inherit distributed tables"),
                            errdetail("\"%s\" is a distributed table or a reference table.",
                                      lfirst_node(RangeVar, &cell)->relname)));
    }
    call.run();
    if (!has_dist_tables())
        return;
    CommandCounterIncrement();
    const Oid relid = RangeVarGetRelid(statement->relation, NoLock, true);
    if (OidIsValid(relid))
        check_foreign_keys(relid, CheckTime::Alter);
}

/// A schema that a superuser makes is made on all nodes, so that its owner, who may not be allowed to create
/// schemas, can distribute tables in it. Others get it when a table needs it.
void handle_create_schema(const UtilityCall &call, CreateSchemaStmt *statement) {
    call.run();
    if (!superuser())
        return;
    CommandCounterIncrement();
    const char *name = statement->schemaname;
    if (name == nullptr)
        name = GetUserNameFromId(get_rolespec_oid(statement->authrole, false), false);
    const Oid schema = get_namespace_oid(name, true);
    std::pmr::vector<int32> groups;
    for (const ClusterNode &node : all_nodes()) {
        if (node.role == NodeRole::Primary && node.is_active && !is_local_group(node.group_id))
            groups.push_back(node.group_id);
    }
    if (!OidIsValid(schema) || groups.empty())
        return;
    ShardDdl ddl;
    add_schema(ddl, schema, groups);
    ddl.run();
}

void handle_create_statistics(const UtilityCall &call, CreateStatsStmt *statement) {
    const RangeVar *name = list_length(statement->relations) == 1 && IsA(linitial(statement->relations), RangeVar)
                               ? linitial_node(RangeVar, statement->relations)
                               : nullptr;
    const DistTable *table = dist_table_named(name);
    if (table == nullptr)
        return call.run();
    List *before = statistics_of(table->relid);
    call.run();
    CommandCounterIncrement();
    ShardDdl ddl;
    const int level = pin_search_path();
    for (const ListCell &cell : cells(statistics_of(table->relid))) {
        if (!list_member_oid(before, lfirst_oid(&cell)))
            ddl.on_shards(table->relid, list_make1(pg_get_statisticsobjdef_string(lfirst_oid(&cell))));
    }
    unpin_search_path(level);
    ddl.run();
}

void check_create_trigger(CreateTrigStmt *statement) {
    const DistTable *table = dist_table_named(statement->relation);
    if (table == nullptr)
        return;
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("triggers are not supported on %s tables",
                           table->kind == TableKind::Reference ? "reference" : "distributed"),
                    errdetail("\"%s\" is a %s table.", statement->relation->relname,
                              table->kind == TableKind::Reference ? "reference" : "distributed")));
}

/// Rules rewrite statements on the coordinator, so they work. But a SELECT rule would make the (empty) shell
/// a view.
void check_create_rule(RuleStmt *statement) {
    if (statement->event != CMD_SELECT || dist_table_named(statement->relation) == nullptr)
        return;
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("cannot convert distributed table \"%s\" to a view", statement->relation->relname),
                    errhint("Drop the table and use CREATE VIEW.")));
}

} // namespace citus
