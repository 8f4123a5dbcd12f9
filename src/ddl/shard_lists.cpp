#include "shard_lists.hpp"

namespace citus {

void append_name(std::pmr::vector<GroupShardList> &groups, int32 group_id, const char *name) {
    auto group = std::find_if(groups.begin(), groups.end(), [&](const GroupShardList &candidate) {
        return candidate.group_id == group_id;
    });
    if (group == groups.end())
        group = groups.insert(groups.end(), {group_id, makeStringInfo()});
    appendStringInfo(group->names, "%s%s", group->names->len > 0 ? ", " : "", name);
}

void append_shard_names(std::pmr::vector<GroupShardList> &groups, const DistTable &table) {
    for (const Shard &shard : table.shards) {
        const char *name = qualified_shard_name(table.relid, shard.shard_id);
        for (const ShardPlacement &placement : shard.placements)
            append_name(groups, placement.group_id, name);
    }
}

} // namespace citus
