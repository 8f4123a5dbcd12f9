#include "citus/catalog/writer.hpp"
#include "citus/cluster/distribute.hpp"
#include "citus/ddl/shard_ddl.hpp"
#include "citus/pg/list.hpp"
#include "colocation.hpp"

namespace citus {

namespace {

/// The group of the reference tables stays: new ones always go there.
void delete_group_if_empty(int32 colocation_id, TableKind kind) {
    if (colocation_id == 0 || kind == TableKind::Reference)
        return;
    if (relations_in_colocation_group(colocation_id) == NIL)
        delete_colocation_group(colocation_id);
}

} // namespace

void DoomedShards::take(const DistTable &table) {
    lock_colocation_groups();
    for (const Shard &shard : table.shards) {
        const char *name = qualified_shard_name(table.relid, shard.shard_id);
        for (const ShardPlacement &placement : shard.placements) {
            auto group = std::find_if(groups.begin(), groups.end(), [&](const PerGroup &candidate) {
                return candidate.group_id == placement.group_id;
            });
            if (group == groups.end())
                group = groups.insert(groups.end(), {placement.group_id, makeStringInfo()});
            appendStringInfo(group->names, "%s%s", group->names->len > 0 ? ", " : "", name);
            delete_placement(table.relid, placement.placement_id);
        }
        delete_shard(table.relid, shard.shard_id);
    }
    delete_partition(table.relid);
    CommandCounterIncrement();
    delete_group_if_empty(table.colocation_id, table.kind);
}

void DoomedShards::drop() {
    ShardDdl ddl;
    for (const PerGroup &group : groups)
        ddl.on_group(group.group_id,
                     list_make1(psprintf("DROP TABLE IF EXISTS %s CASCADE", group.names->data)));
    ddl.run();
    groups.clear();
}

} // namespace citus
