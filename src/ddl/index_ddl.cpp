/// CREATE INDEX, REINDEX and DROP INDEX CONCURRENTLY on distributed tables. (A plain DROP INDEX is seen by the
/// drop hook.)
#include "citus/ddl/checks.hpp"
#include "citus/ddl/shard_definition.hpp"
#include "citus/pg/list.hpp"
#include "concurrent.hpp"
#include "handlers.hpp"
#include "pending_drops.hpp"

extern "C" {
#include "catalog/index.h"
#include "commands/tablecmds.h"
}

namespace citus {

namespace {

List *indexes_of(Oid relid) {
    Relation relation = table_open(relid, AccessShareLock);
    List *indexes = list_copy(RelationGetIndexList(relation));
    table_close(relation, AccessShareLock);
    return indexes;
}

/// Commands for each placement of the table; sql_of(shard) gives the text.
template <typename SqlOf> std::pmr::vector<ShardCommand> commands_for_shards(const DistTable &table, SqlOf sql_of) {
    std::pmr::vector<ShardCommand> commands;
    for (const Shard &shard : table.shards) {
        const char *sql = sql_of(shard);
        for (const ShardPlacement &placement : shard.placements)
            commands.push_back({placement.group_id, sql});
    }
    return commands;
}

/// Runs the statement; indexes that it drops are not the drop hook's business.
void run_with_handled_parts(const UtilityCall &call, Oid relid) {
    const Oid outer = set_table_with_handled_parts(relid);
    PG_TRY();
    {
        call.run();
    }
    PG_FINALLY();
    {
        (void)set_table_with_handled_parts(outer);
    }
    PG_END_TRY();
}

void create_index(const UtilityCall &call, Oid relid) {
    List *before = indexes_of(relid);
    call.run();
    CommandCounterIncrement();
    const DistTable *table = require_dist_table(relid);
    check_unique_indexes(*table);
    ShardDdl ddl;
    for (const ListCell &cell : cells(indexes_of(relid))) {
        if (!list_member_oid(before, lfirst_oid(&cell)))
            ddl.on_shards(relid, shard_index_commands(lfirst_oid(&cell)));
    }
    ddl.run();
}

/// Before anything is built: a unique index must have the key as one of its columns, compared as usual.
void check_unique_columns(const DistTable &table, const IndexStmt *statement) {
    if (!statement->unique || !table.has_key())
        return;
    for (const ListCell &cell : cells(statement->indexParams)) {
        auto *element = lfirst_node(IndexElem, &cell);
        if (element->name != nullptr && element->opclass == NIL && element->collation == NIL &&
            get_attnum(table.relid, element->name) == table.key_attno)
            return;
    }
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("creating unique indexes on non-partition columns is currently unsupported"),
                    errdetail("The index does not contain the distribution column \"%s\".",
                              get_attname(table.relid, table.key_attno, false))));
}

/// `CREATE INDEX CONCURRENTLY name_<id> ON table_<id> USING ...` from the shell's definition.
char *concurrent_index_sql(Oid relid, Oid index, const Shard &shard) {
    const int level = pin_search_path();
    const char *definition = TextDatumGetCString(DirectFunctionCall1(pg_get_indexdef, ObjectIdGetDatum(index)));
    unpin_search_path(level);
    Relation relation = index_open(index, AccessShareLock);
    const char *kind = relation->rd_index->indisunique ? "UNIQUE " : "";
    index_close(relation, AccessShareLock);
    const char *name = get_rel_name(index);
    const char *start = psprintf("CREATE %sINDEX %s ON %s USING ", kind, quote_identifier(name),
                                 qualified_relation_name(relid));
    if (strncmp(definition, start, strlen(start)) != 0)
        elog(ERROR, "unexpected definition of index %s: %s", name, definition);
    return psprintf("CREATE %sINDEX CONCURRENTLY %s ON %s USING %s", kind,
                    quote_identifier(shard_relation_name(name, shard.shard_id)),
                    qualified_shard_name(relid, shard.shard_id), definition + strlen(start));
}

/// The shell's index is invalid while the shards' ones are built, and stays so when one of them fails.
void create_index_concurrently(const UtilityCall &call, Oid relid) {
    List *before = indexes_of(relid);
    call.run();
    Oid index = InvalidOid;
    for (const ListCell &cell : cells(indexes_of(relid))) {
        if (!list_member_oid(before, lfirst_oid(&cell)))
            index = lfirst_oid(&cell);
    }
    if (!OidIsValid(index))
        return; // IF NOT EXISTS
    const DistTable *table = require_dist_table(relid);
    const auto commands = commands_for_shards(
        *table, [&](const Shard &shard) { return concurrent_index_sql(relid, index, shard); });
    Relation relation = table_open(relid, ShareUpdateExclusiveLock);
    LockRelId lock_id = relation->rd_lockInfo.lockRelId;
    table_close(relation, NoLock);
    LockRelationIdForSession(&lock_id, ShareUpdateExclusiveLock);

    index_set_state_flags(index, INDEX_DROP_CLEAR_VALID);
    if (const CommandFailure *failure = run_outside_transaction(commands))
        raise_failure(*failure, "The index is invalid on some shards. Drop it with DROP INDEX, then try again.");
    index_set_state_flags(index, INDEX_CREATE_SET_VALID);
    CacheInvalidateRelcacheByRelid(relid);
    UnlockRelationIdForSession(&lock_id, ShareUpdateExclusiveLock);
}

bool is_concurrent(const ReindexStmt *statement) {
    for (const ListCell &cell : cells(statement->params)) {
        auto *option = lfirst_node(DefElem, &cell);
        if (strcmp(option->defname, "concurrently") == 0)
            return defGetBoolean(option);
    }
    return false;
}

void reindex_concurrently(const UtilityCall &call, Oid relid, Oid target) {
    const bool is_index = target != relid;
    const DistTable *table = require_dist_table(relid);
    const char *schema = get_namespace_name(get_rel_namespace(target));
    const char *name = get_rel_name(target);
    const auto commands = commands_for_shards(*table, [&](const Shard &shard) {
        return psprintf("REINDEX %s CONCURRENTLY %s", is_index ? "INDEX" : "TABLE",
                        quote_qualified_identifier(schema, shard_relation_name(name, shard.shard_id)));
    });
    run_with_handled_parts(call, relid);
    if (const CommandFailure *failure = run_outside_transaction(commands))
        raise_failure(*failure, "Repeat the command.");
}

} // namespace

void handle_create_index(const UtilityCall &call, IndexStmt *statement) {
    if (dist_table_named(statement->relation) == nullptr)
        return call.run();
    if (statement->concurrent) {
        PreventInTransactionBlock(call.is_top_level(), "CREATE INDEX CONCURRENTLY");
        const Oid relid = RangeVarGetRelidExtended(statement->relation, ShareUpdateExclusiveLock, 0,
                                                   RangeVarCallbackOwnsRelation, nullptr);
        check_unique_columns(*require_dist_table(relid), statement);
        return create_index_concurrently(call, relid);
    }
    const Oid relid = RangeVarGetRelidExtended(statement->relation, ShareLock, 0, RangeVarCallbackOwnsRelation,
                                               nullptr);
    if (find_dist_table(relid) == nullptr)
        return call.run();
    create_index(call, relid);
}

/// Shards first: while one of them still has the index, the shell has it, too.
void drop_index_concurrently(const UtilityCall &call, const DropStmt *statement) {
    const RangeVar *name = makeRangeVarFromNameList(linitial_node(List, statement->objects));
    const Oid index = RangeVarGetRelid(name, NoLock, true);
    const Oid relid = OidIsValid(index) && get_rel_relkind(index) == RELKIND_INDEX
                          ? IndexGetRelation(index, true)
                          : InvalidOid;
    const DistTable *table = OidIsValid(relid) ? find_dist_table(relid) : nullptr;
    if (table == nullptr)
        return call.run();
    PreventInTransactionBlock(call.is_top_level(), "DROP INDEX CONCURRENTLY");
    if (!citus_is_class_owner(index, GetUserId()))
        aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_INDEX, get_rel_name(index));
    if (OidIsValid(get_index_constraint(index)))
        return call.run(); // which refuses
    const char *schema = get_namespace_name(get_rel_namespace(index));
    const char *index_name = get_rel_name(index);
    const auto commands = commands_for_shards(*table, [&](const Shard &shard) {
        return psprintf("DROP INDEX CONCURRENTLY IF EXISTS %s",
                        quote_qualified_identifier(schema, shard_relation_name(index_name, shard.shard_id)));
    });
    if (const CommandFailure *failure = run_outside_transaction(commands))
        raise_failure(*failure, "Repeat the command.");
    PushActiveSnapshot(GetTransactionSnapshot());
    run_with_handled_parts(call, relid);
}

void handle_reindex(const UtilityCall &call, ReindexStmt *statement) {
    const bool one_relation =
        statement->kind == REINDEX_OBJECT_INDEX || statement->kind == REINDEX_OBJECT_TABLE;
    if (!one_relation || statement->relation == nullptr)
        return call.run();
    const Oid target = RangeVarGetRelid(statement->relation, NoLock, true);
    const Oid relid = statement->kind == REINDEX_OBJECT_TABLE ? target
                      : OidIsValid(target)                    ? IndexGetRelation(target, true)
                                                              : InvalidOid;
    if (!OidIsValid(relid) || find_dist_table(relid) == nullptr)
        return call.run();
    if (is_concurrent(statement))
        return reindex_concurrently(call, relid, target);
    call.run();
    ShardDdl ddl;
    ddl.on_shards(relid,
                  list_make1(psprintf("REINDEX %s %s", target == relid ? "TABLE" : "INDEX",
                                      qualified_relation_name(target))),
                  list_make1_oid(target));
    ddl.run();
}

} // namespace citus
