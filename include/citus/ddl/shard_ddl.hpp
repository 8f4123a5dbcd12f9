/// Sends DDL to the shards of tables: commands are written once, with logical names, and each node renames
/// them for each of its shards (citus_internal.apply_shard_ddl).
///
/// Called by ddl/ (after the statement ran on the shell) and cluster/ (creating and dropping tables). All
/// commands of one node go in one round trip, inside the distributed transaction. Never checks whether a
/// command makes sense for shards.
#pragma once

#include "citus/executor/tasks.hpp"

namespace citus {

/// A relation name as it is written in the commands, and what it stands for: a table in the metadata, or an
/// index of one. What has no entry keeps its name.
struct CommandName {
    const char *schema; ///< nullptr when the commands write the name without a schema
    const char *name;
    Oid relid;
};

/// Collects commands and runs them. Lives within one statement; owns palloc'd memory only.
class ShardDdl {
public:
    static constexpr int32 kAllGroups = -1;

    /// Commands (List of char *) on each shard of a table that is in the metadata. The qualified name of the
    /// table and those of related_relations (List of Oids) are known without an entry in names. Names inside
    /// the commands resolve in search_path, pg_catalog alone when it is nullptr.
    void on_shards(Oid relid, List *commands, List *related_relations = NIL,
                   std::span<const CommandName> names = {}, const char *search_path = nullptr,
                   int32 only_group = kAllGroups);

    /// Commands (List of char *) that are run as they are on one node; only when the SQL condition holds
    /// there.
    void on_group(int32 group_id, List *commands, const char *condition = nullptr);

    /// Takes over what another one collected.
    void append(const ShardDdl &other);

    bool empty() const { return groups_.empty(); }

    /// Runs what was collected, on all nodes at once, in the order given on each node.
    void run();

private:
    void add_call(int32 group_id, const char *call);

    struct GroupCalls {
        int32 group_id;
        StringInfo calls;
    };
    std::pmr::vector<GroupCalls> groups_;
};

/// Groups that hold a placement of the table, in order.
std::pmr::vector<int32> groups_with_shards(const DistTable &table);

/// Commands (List of char *) on all other active nodes where an SQL condition holds. For objects that are
/// not tables and exist on a node only when some table needed them.
void run_on_other_nodes(List *commands, const char *condition);

/// Whether this backend is inside citus_internal.apply_shard_ddl(): DDL is then about shards.
bool applying_shard_ddl();

/// Pins search_path until the returned level is given to unpin_search_path(); an error unpins it too.
int pin_search_path(const char *search_path = "pg_catalog");
void unpin_search_path(int level);

} // namespace citus
