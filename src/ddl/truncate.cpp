/// TRUNCATE of distributed tables: the shells and their shards, with everything that CASCADE reaches.
#include "citus/pg/list.hpp"
#include "handlers.hpp"

extern "C" {
#include "catalog/heap.h"
}

namespace citus {

namespace {

/// What PostgreSQL has truncated: the named tables and, with CASCADE, those that reference them.
List *truncated_relations(const TruncateStmt *statement) {
    List *relations = NIL;
    for (const ListCell &cell : cells(statement->relations))
        relations =
            list_append_unique_oid(relations, RangeVarGetRelid(lfirst_node(RangeVar, &cell), NoLock, false));
    if (statement->behavior != DROP_CASCADE)
        return relations;
    for (;;) {
        List *referencing = heap_truncate_find_FKs(relations);
        if (referencing == NIL)
            return relations;
        relations = list_concat_unique_oid(relations, referencing);
    }
}

struct GroupShards {
    int32 group_id;
    StringInfo names;
};

void append_shards(std::pmr::vector<GroupShards> &groups, const DistTable &table) {
    for (const Shard &shard : table.shards) {
        const char *name = qualified_shard_name(table.relid, shard.shard_id);
        for (const ShardPlacement &placement : shard.placements) {
            auto group = std::find_if(groups.begin(), groups.end(), [&](const GroupShards &candidate) {
                return candidate.group_id == placement.group_id;
            });
            if (group == groups.end())
                group = groups.insert(groups.end(), {placement.group_id, makeStringInfo()});
            appendStringInfo(group->names, "%s%s", group->names->len > 0 ? ", " : "", name);
        }
    }
}

} // namespace

void handle_truncate(const UtilityCall &call, TruncateStmt *statement) {
    call.run();
    std::pmr::vector<GroupShards> groups;
    for (const ListCell &cell : cells(truncated_relations(statement))) {
        if (const DistTable *table = find_dist_table(lfirst_oid(&cell)))
            append_shards(groups, *table);
    }
    ShardDdl ddl;
    // All tables of a node in one command: then foreign keys between them don't matter.
    for (const GroupShards &group : groups)
        ddl.on_group(group.group_id, list_make1(psprintf("TRUNCATE TABLE %s", group.names->data)));
    ddl.run();
}

} // namespace citus
