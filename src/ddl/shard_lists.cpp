#include "shard_lists.hpp"

namespace citus {

void append_shard_names(std::pmr::vector<GroupShardList> &groups, const DistTable &table) {
    for (const Shard &shard : table.shards) {
        const char *name = qualified_shard_name(table.relid, shard.shard_id);
        for (const ShardPlacement &placement : shard.placements) {
            auto group = std::find_if(groups.begin(), groups.end(), [&](const GroupShardList &candidate) {
                return candidate.group_id == placement.group_id;
            });
            if (group == groups.end())
                group = groups.insert(groups.end(), {placement.group_id, makeStringInfo()});
            appendStringInfo(group->names, "%s%s", group->names->len > 0 ? ", " : "", name);
        }
    }
}

} // namespace citus
