/// Lists of shards' names by node, for commands that take many tables at once. Private to ddl/.
#pragma once

#include "citus/catalog/metadata.hpp"

namespace citus {

struct GroupShardList {
    int32 group_id;
    StringInfo names; ///< qualified and quoted, separated by commas
};

/// Adds `name` to the list of a group.
void append_name(std::pmr::vector<GroupShardList> &groups, int32 group_id, const char *name);

/// Adds all placements of the table.
void append_shard_names(std::pmr::vector<GroupShardList> &groups, const DistTable &table);

} // namespace citus
