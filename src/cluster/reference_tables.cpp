#include "citus/cluster/reference_tables.hpp"

#include "citus/catalog/writer.hpp"
#include "citus/ddl/dependencies.hpp"
#include "citus/ddl/partitions.hpp"
#include "citus/pg/list.hpp"
#include "colocation.hpp"
#include "move_rows.hpp"

namespace citus {

namespace {

bool has_copy(const DistTable &table, int32 group_id) {
    const auto &placements = table.shards.front().placements;
    return std::any_of(placements.begin(), placements.end(),
                       [&](const ShardPlacement &placement) { return placement.group_id == group_id; });
}

/// Reference tables without a copy in the group, locked against writes and DDL, in the order of their Oids.
std::pmr::vector<Oid> tables_without_copy(int32 group_id) {
    std::pmr::vector<Oid> tables;
    List *all = all_dist_relations();
    list_sort(all, list_oid_cmp);
    for (const ListCell &cell : cells(all)) {
        const Oid relid = lfirst_oid(&cell);
        const DistTable *table = find_dist_table(relid);
        if (table == nullptr || table->kind != TableKind::Reference || has_copy(*table, group_id))
            continue;
        LockRelationOid(relid, ShareRowExclusiveLock);
        // It may have been dropped while we waited.
        table = find_dist_table(relid);
        if (table != nullptr && !has_copy(*table, group_id))
            tables.push_back(relid);
    }
    return tables;
}

/// A partition whose shards come with those of its parent.
bool is_part(Oid relid) {
    const Oid parent = parent_of_partition(relid);
    return OidIsValid(parent) && find_dist_table(parent) != nullptr;
}

} // namespace

void replicate_reference_tables_to_group(int32 group_id) {
    lock_colocation_groups();
    const auto tables = tables_without_copy(group_id);
    if (tables.empty())
        return;
    ShardDdl ddl;
    std::pmr::vector<int32> sources;
    for (const Oid relid : tables) {
        const Shard &shard = require_dist_table(relid)->shards.front();
        sources.push_back(shard.placements.front().group_id);
        insert_placement(relid, shard.shard_id, group_id);
    }
    CommandCounterIncrement();
    for (const Oid relid : tables) {
        add_dependencies(ddl, relid, {&group_id, 1});
        if (!is_part(relid))
            add_shards_of_tree(ddl, partition_tree(relid, ShareRowExclusiveLock), group_id);
    }
    ddl.run();
    for (size_t i = 0; i < tables.size(); i++) {
        if (is_partitioned(tables[i]))
            continue;
        Relation relation = table_open(tables[i], NoLock);
        copy_rows_to_placement(relation, sources[i], group_id);
        table_close(relation, NoLock);
    }
    // Foreign keys come last: they may lead from any of the tables to any other.
    for (const Oid relid : tables) {
        if (!is_part(relid))
            add_late_constraints(ddl, partition_tree(relid, NoLock), group_id);
    }
    for (const Oid relid : tables)
        add_key_names(ddl, list_make1_oid(relid), group_id);
    ddl.run();
}

} // namespace citus
