/// CREATE INDEX, REINDEX and DROP INDEX CONCURRENTLY: on each shard over a connection of its own, because
/// none of them can run in a transaction block.
#include "concurrent.hpp"

#include "citus/ddl/shard_definition.hpp"
#include "citus/pg/list.hpp"

extern "C" {
#include "catalog/index.h"
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
template <typename SqlOf>
std::pmr::vector<ShardCommand> commands_for_shards(const DistTable &table, SqlOf sql_of) {
    std::pmr::vector<ShardCommand> commands;
    for (const Shard &shard : table.shards) {
        const char *sql = sql_of(shard);
        for (const ShardPlacement &placement : shard.placements)
            commands.push_back({placement.group_id, sql});
    }
    return commands;
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
    const char *definition =
        TextDatumGetCString(DirectFunctionCall1(pg_get_indexdef, ObjectIdGetDatum(index)));
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

} // namespace

/// The shell's index is invalid while the shards' ones are built, and stays so when one of them fails.
void create_index_concurrently(UtilityCall &call, Oid relid) {
    PreventInTransactionBlock(call.is_top_level(), "CREATE INDEX CONCURRENTLY");
    check_unique_columns(*require_dist_table(relid), castNode(IndexStmt, call.statement()));
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
        raise_failure(*failure,
                      "The index is invalid on some shards. Drop it with DROP INDEX, then try again.");
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

void reindex_concurrently(UtilityCall &call, Oid relid, Oid target) {
    PreventInTransactionBlock(call.is_top_level(), "REINDEX CONCURRENTLY");
    const bool is_index = target != relid;
    const DistTable *table = require_dist_table(relid);
    const char *schema = get_namespace_name(get_rel_namespace(target));
    const char *name = get_rel_name(target);
    const auto commands = commands_for_shards(*table, [&](const Shard &shard) {
        return psprintf("REINDEX %s CONCURRENTLY %s", is_index ? "INDEX" : "TABLE",
                        quote_qualified_identifier(schema, shard_relation_name(name, shard.shard_id)));
    });
    call.run();
    if (const CommandFailure *failure = run_outside_transaction(commands))
        raise_failure(*failure, "Repeat the command.");
}

/// Shards first: while one of them still has the index, the shell has it, too.
void drop_index_concurrently(UtilityCall &call, Oid relid, Oid index) {
    PreventInTransactionBlock(call.is_top_level(), "DROP INDEX CONCURRENTLY");
    const char *schema = get_namespace_name(get_rel_namespace(index));
    const char *name = get_rel_name(index);
    const auto commands = commands_for_shards(*require_dist_table(relid), [&](const Shard &shard) {
        return psprintf("DROP INDEX CONCURRENTLY IF EXISTS %s",
                        quote_qualified_identifier(schema, shard_relation_name(name, shard.shard_id)));
    });
    if (const CommandFailure *failure = run_outside_transaction(commands))
        raise_failure(*failure, "Repeat the command.");
    PushActiveSnapshot(GetTransactionSnapshot());
    call.run();
}

} // namespace citus
