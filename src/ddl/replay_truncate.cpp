/// TRUNCATE of tables in the metadata: the shells and their shards, with everything that CASCADE reaches; and
/// LOCK TABLE.
#include "citus/ddl/partitions.hpp"
#include "citus/pg/list.hpp"
#include "shard_guard.hpp"
#include "shard_lists.hpp"
#include "utility_call.hpp"

extern "C" {
#include "catalog/heap.h"
}

namespace citus {

namespace {

/// What PostgreSQL has truncated: the named tables and, with CASCADE, those that reference them. All are
/// locked.
List *truncated_relations(const TruncateStmt *statement) {
    List *relations = NIL;
    for (const ListCell &cell : cells(statement->relations))
        relations = list_concat_unique_oid(
            relations, partition_tree(RangeVarGetRelid(lfirst_node(RangeVar, &cell), NoLock, false), NoLock));
    if (statement->behavior != DROP_CASCADE)
        return relations;
    for (;;) {
        List *referencing = heap_truncate_find_FKs(relations);
        if (referencing == NIL)
            return relations;
        for (const ListCell &cell : cells(referencing))
            relations = list_concat_unique_oid(relations, partition_tree(lfirst_oid(&cell), NoLock));
    }
}

const char *lock_mode_name(int mode) {
    static constexpr std::array<const char *, 9> kNames{
        "",      "ACCESS SHARE",        "ROW SHARE", "ROW EXCLUSIVE",   "SHARE UPDATE EXCLUSIVE",
        "SHARE", "SHARE ROW EXCLUSIVE", "EXCLUSIVE", "ACCESS EXCLUSIVE"};
    return kNames.at(static_cast<size_t>(mode));
}

} // namespace

bool handle_truncate(UtilityCall &call) {
    if (all_dist_relations() == NIL)
        return false;
    for (const ListCell &cell : cells(castNode(TruncateStmt, call.statement())->relations))
        refuse_change_of_shard(lfirst_node(RangeVar, &cell));
    call.run();
    std::pmr::vector<GroupShardList> groups;
    const List *truncated = truncated_relations(castNode(TruncateStmt, call.statement()));
    for (const ListCell &cell : cells(truncated)) {
        // With the right to truncate a table come its partitions.
        if (list_member_oid(truncated, parent_of_partition(lfirst_oid(&cell))))
            continue;
        if (const DistTable *table = find_dist_table(lfirst_oid(&cell)))
            append_shard_names(groups, *table);
    }
    ShardDdl ddl;
    // All tables of a node in one command: then foreign keys between them don't matter.
    for (const GroupShardList &group : groups)
        ddl.on_group(group.group_id, list_make1(psprintf("TRUNCATE TABLE %s", group.names->data)));
    ddl.run();
    return true;
}

bool handle_lock(UtilityCall &call) {
    auto *statement = castNode(LockStmt, call.statement());
    std::pmr::vector<Oid> tables;
    for (const ListCell &cell : cells(statement->relations)) {
        const Oid relid = find_dist_relation(lfirst_node(RangeVar, &cell));
        if (OidIsValid(relid))
            tables.push_back(relid);
    }
    if (tables.empty())
        return false;
    call.run();
    std::pmr::vector<GroupShardList> groups;
    for (const Oid relid : tables)
        append_shard_names(groups, *require_dist_table(relid));
    std::pmr::vector<Task> tasks;
    for (const GroupShardList &group : groups)
        tasks.push_back({group.group_id, 0,
                         psprintf("LOCK TABLE %s IN %s MODE%s", group.names->data,
                                  lock_mode_name(statement->mode), statement->nowait ? " NOWAIT" : "")});
    run_tasks({tasks, {}, Access::Read, nullptr});
    return true;
}

} // namespace citus
