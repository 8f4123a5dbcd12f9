/// CREATE INDEX and REINDEX.
#include "citus/ddl/checks.hpp"
#include "citus/ddl/dependencies.hpp"
#include "citus/ddl/partitions.hpp"
#include "citus/ddl/shard_definition.hpp"
#include "citus/pg/list.hpp"
#include "concurrent.hpp"
#include "utility_call.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/pg_inherits.h"
#include "commands/tablecmds.h"
}

namespace citus {

namespace {

List *index_oids(Oid relid) {
    Relation relation = table_open(relid, NoLock);
    List *indexes = list_copy(RelationGetIndexList(relation));
    table_close(relation, NoLock);
    return indexes;
}

void send_new_indexes(const List *tree, const List *before) {
    ShardDdl ddl;
    for (const ListCell &table : cells(bottom_up(tree))) {
        const Oid relid = lfirst_oid(&table);
        const List *created = list_difference_oid(index_oids(relid), before);
        if (created != NIL)
            add_dependencies(ddl, relid, groups_of_shards(*require_dist_table(relid)));
        for (const ListCell &cell : cells(created)) {
            ddl.on_shards(relid, shard_index_commands(lfirst_oid(&cell)));
            add_index_attachments(ddl, lfirst_oid(&cell));
        }
    }
    ddl.run();
}

void add_reindex_of_partitions(ShardDdl &ddl, Oid table, Oid index) {
    const List *parts = OidIsValid(index) ? find_all_inheritors(index, AccessShareLock, nullptr)
                                          : partition_tree(table, AccessShareLock);
    for (const ListCell &cell : cells(parts)) {
        const Oid relid = lfirst_oid(&cell);
        const char kind = get_rel_relkind(relid);
        if (kind == RELKIND_INDEX)
            ddl.on_shards(IndexGetRelation(relid, false),
                          list_make1(psprintf("REINDEX INDEX %s", qualified_relation_name(relid))),
                          list_make1_oid(relid));
        else if (kind == RELKIND_RELATION)
            ddl.on_shards(relid, list_make1(psprintf("REINDEX TABLE %s", qualified_relation_name(relid))));
    }
}

} // namespace

bool handle_create_index(UtilityCall &call) {
    auto *statement = castNode(IndexStmt, call.statement());
    if (!OidIsValid(find_dist_relation(statement->relation)))
        return false;
    const Oid relid = RangeVarGetRelidExtended(statement->relation,
                                               statement->concurrent ? ShareUpdateExclusiveLock : ShareLock,
                                               0, RangeVarCallbackOwnsRelation, nullptr);
    if (statement->concurrent && !is_partitioned(relid)) {
        create_index_concurrently(call, relid);
        return true;
    }
    const List *tree = statement->relation->inh ? partition_tree(relid, ShareLock) : list_make1_oid(relid);
    List *before = NIL;
    for (const ListCell &cell : cells(tree))
        before = list_concat(before, index_oids(lfirst_oid(&cell)));
    call.run();
    check_unique_indexes(*require_dist_table(relid));
    send_new_indexes(tree, before);
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
    if (is_concurrent(castNode(ReindexStmt, call.statement()))) {
        reindex_concurrently(call, table, OidIsValid(index) ? index : table);
        return true;
    }
    ShardDdl ddl;
    if (is_partitioned(table)) {
        // Not within a transaction here, because PostgreSQL wants it so; on the shards it makes no
        // difference.
        PreventInTransactionBlock(call.is_top_level(), OidIsValid(index) ? "REINDEX INDEX" : "REINDEX TABLE");
        add_reindex_of_partitions(ddl, table, index);
        ddl.run();
        call.run();
        return true;
    }
    const char *name = qualified_relation_name(OidIsValid(index) ? index : table);
    ddl.on_shards(table, list_make1(psprintf("REINDEX %s %s", OidIsValid(index) ? "INDEX" : "TABLE", name)),
                  OidIsValid(index) ? list_make1_oid(index) : NIL);
    call.run();
    ddl.run();
    return true;
}

} // namespace citus
