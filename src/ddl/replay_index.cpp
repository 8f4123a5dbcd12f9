/// CREATE INDEX, REINDEX and DROP INDEX CONCURRENTLY.
#include "citus/ddl/checks.hpp"
#include "citus/ddl/shard_definition.hpp"
#include "citus/pg/list.hpp"
#include "concurrent.hpp"
#include "utility_call.hpp"

extern "C" {
#include "catalog/index.h"
#include "commands/tablecmds.h"
}

namespace citus {

namespace {

List *index_oids(Oid relid) {
    Relation relation = table_open(relid, AccessShareLock);
    List *indexes = list_copy(RelationGetIndexList(relation));
    table_close(relation, AccessShareLock);
    return indexes;
}

void create_index(UtilityCall &call, Oid relid) {
    const List *before = index_oids(relid);
    call.run();
    check_unique_indexes(*require_dist_table(relid));
    ShardDdl ddl;
    for (const ListCell &cell : cells(list_difference_oid(index_oids(relid), before)))
        ddl.on_shards(relid, shard_index_commands(lfirst_oid(&cell)));
    ddl.run();
}

// ---------------------------------------------------------------- CONCURRENTLY

/// One command per placement; sql_of(shard) gives its text.
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

/// What check_unique_indexes() finds out afterwards, before anything is built: an index that is built
/// concurrently can't be rolled back. A little stricter: the key needs its default operator class and
/// collation.
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

/// As PostgreSQL does it: the index is invalid until all shards have theirs, and stays so when one of them
/// fails.
void create_index_concurrently(UtilityCall &call, Oid relid) {
    const List *before = index_oids(relid);
    call.run();
    const List *created = list_difference_oid(index_oids(relid), before);
    if (created == NIL)
        return; // IF NOT EXISTS
    const Oid index = linitial_oid(created);
    const auto commands = commands_for_shards(*require_dist_table(relid), [&](const Shard &shard) {
        return concurrent_index_sql(relid, index, shard);
    });
    Relation relation = table_open(relid, ShareUpdateExclusiveLock);
    LockRelId lock_id = relation->rd_lockInfo.lockRelId;
    table_close(relation, NoLock);
    // Until the end of the session or this function: the transaction ends before.
    LockRelationIdForSession(&lock_id, ShareUpdateExclusiveLock);

    index_set_state_flags(index, INDEX_DROP_CLEAR_VALID);
    if (const CommandFailure *failure = run_outside_transaction(commands)) {
        UnlockRelationIdForSession(&lock_id, ShareUpdateExclusiveLock);
        raise_failure(*failure,
                      "The index is invalid on some shards. Drop it with DROP INDEX, then try again.");
    }
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

void reindex_concurrently(UtilityCall &call, Oid table, Oid target) {
    const char *kind = target == table ? "TABLE" : "INDEX";
    const char *schema = get_namespace_name(get_rel_namespace(target));
    const char *name = get_rel_name(target);
    const auto commands = commands_for_shards(*require_dist_table(table), [&](const Shard &shard) {
        return psprintf("REINDEX %s CONCURRENTLY %s", kind,
                        quote_qualified_identifier(schema, shard_relation_name(name, shard.shard_id)));
    });
    call.run();
    if (const CommandFailure *failure = run_outside_transaction(commands))
        raise_failure(*failure, "Drop the invalid index on that node, then repeat the command.");
}

} // namespace

bool handle_create_index(UtilityCall &call) {
    auto *statement = castNode(IndexStmt, call.statement());
    if (!OidIsValid(find_dist_relation(statement->relation)))
        return false;
    const LOCKMODE lock = statement->concurrent ? ShareUpdateExclusiveLock : ShareLock;
    if (statement->concurrent)
        PreventInTransactionBlock(call.is_top_level(), "CREATE INDEX CONCURRENTLY");
    const Oid relid =
        RangeVarGetRelidExtended(statement->relation, lock, 0, RangeVarCallbackOwnsRelation, nullptr);
    if (statement->concurrent) {
        check_unique_columns(*require_dist_table(relid), statement);
        create_index_concurrently(call, relid);
    } else {
        create_index(call, relid);
    }
    return true;
}

bool handle_reindex(UtilityCall &call) {
    auto *statement = castNode(ReindexStmt, call.statement());
    if (statement->relation == nullptr)
        return false;
    Oid table = InvalidOid;
    const Oid index = find_dist_index(statement->relation, &table);
    if (!OidIsValid(index))
        table = find_dist_relation(statement->relation);
    if (!OidIsValid(table))
        return false;
    require_owner(table);
    const Oid target = OidIsValid(index) ? index : table;
    if (is_concurrent(statement)) {
        PreventInTransactionBlock(call.is_top_level(), "REINDEX CONCURRENTLY");
        reindex_concurrently(call, table, target);
        return true;
    }
    ShardDdl ddl;
    ddl.on_shards(table,
                  list_make1(psprintf("REINDEX %s %s", target == index ? "INDEX" : "TABLE",
                                      qualified_relation_name(target))),
                  OidIsValid(index) ? list_make1_oid(index) : NIL);
    call.run();
    ddl.run();
    return true;
}

bool drop_index_concurrently(UtilityCall &call, Oid table, Oid index) {
    PreventInTransactionBlock(call.is_top_level(), "DROP INDEX CONCURRENTLY");
    if (OidIsValid(get_index_constraint(index)))
        return false; // PostgreSQL refuses
    const char *schema = get_namespace_name(get_rel_namespace(index));
    const char *name = get_rel_name(index);
    const auto commands = commands_for_shards(*require_dist_table(table), [&](const Shard &shard) {
        return psprintf("DROP INDEX CONCURRENTLY IF EXISTS %s",
                        quote_qualified_identifier(schema, shard_relation_name(name, shard.shard_id)));
    });
    // Shards first: while one of them still has the index, the shell has it, too.
    if (const CommandFailure *failure = run_outside_transaction(commands))
        raise_failure(*failure, "Repeat the command.");
    PushActiveSnapshot(GetTransactionSnapshot());
    call.run();
    return true;
}

} // namespace citus
