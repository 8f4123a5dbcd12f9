/// VACUUM, ANALYZE and CLUSTER.
#include "citus/ddl/partitions.hpp"
#include "citus/ddl/shard_definition.hpp"
#include "citus/monitor/shell_figures.hpp"
#include "citus/monitor/table_statistics.hpp"
#include "citus/pg/list.hpp"
#include "concurrent.hpp"
#include "utility_call.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/pg_index.h"
#include "catalog/pg_inherits.h"
#include "commands/vacuum.h"
}

namespace citus {

namespace {

const char *option_list(const VacuumStmt *statement) {
    StringInfoData out;
    initStringInfo(&out);
    for (const ListCell &cell : cells(statement->options)) {
        auto *option = lfirst_node(DefElem, &cell);
        appendStringInfo(&out, "%s%s", out.len > 0 ? ", " : " (", option->defname);
        if (option->arg != nullptr)
            appendStringInfo(&out, " %s", defGetString(option));
    }
    if (out.len > 0)
        appendStringInfoChar(&out, ')');
    return out.data;
}

const char *column_list(const List *columns) {
    StringInfoData out;
    initStringInfo(&out);
    for (const ListCell &cell : cells(columns))
        appendStringInfo(&out, "%s%s", out.len > 0 ? ", " : " (", quote_identifier(strVal(lfirst(&cell))));
    if (out.len > 0)
        appendStringInfoChar(&out, ')');
    return out.data;
}

struct GroupShards {
    int32 group_id;
    StringInfo shards;
};

void append_shards(std::pmr::vector<GroupShards> &groups, const DistTable &table, const char *columns) {
    for (const Shard &shard : table.shards) {
        const char *name = qualified_shard_name(table.relid, shard.shard_id);
        for (const ShardPlacement &placement : shard.placements) {
            auto group = std::find_if(groups.begin(), groups.end(), [&](const GroupShards &candidate) {
                return candidate.group_id == placement.group_id;
            });
            if (group == groups.end())
                group = groups.insert(groups.end(), {placement.group_id, makeStringInfo()});
            appendStringInfo(group->shards, "%s%s%s", group->shards->len > 0 ? ", " : "", name, columns);
        }
    }
}

/// A table to maintain, and which of its columns (NIL: all).
struct Target {
    Oid relid;
    List *columns;
};

/// Whom PostgreSQL lets VACUUM and ANALYZE a table; others get its warning.
bool may_maintain(Oid relid) {
    return citus_is_class_owner(relid, GetUserId()) || citus_is_database_owner(MyDatabaseId, GetUserId());
}

std::pmr::vector<Target> targets_of(const VacuumStmt *statement) {
    std::pmr::vector<Target> targets;
    for (const ListCell &cell : cells(statement->rels)) {
        auto *named = lfirst_node(VacuumRelation, &cell);
        const Oid relid = find_dist_relation(named->relation);
        if (!OidIsValid(relid) || !may_maintain(relid))
            continue;
        for (const ListCell &part : cells(partition_tree(relid, NoLock)))
            targets.push_back({lfirst_oid(&part), named->va_cols});
    }
    // Without names it is all tables of the database.
    for (const ListCell &cell : cells(statement->rels == NIL ? all_dist_relations() : NIL)) {
        const Oid relid = lfirst_oid(&cell);
        if (get_rel_name(relid) != nullptr && may_maintain(relid))
            targets.push_back({relid, NIL});
    }
    return targets;
}

std::pmr::vector<GroupShards> shards_of(std::span<const Target> targets) {
    std::pmr::vector<GroupShards> groups;
    const auto is_target = [&](Oid relid) {
        return std::any_of(targets.begin(), targets.end(),
                           [&](const Target &target) { return target.relid == relid; });
    };
    // Nodes know which partitions a table has.
    for (const Target &target : targets)
        if (!is_target(parent_of_partition(target.relid)))
            append_shards(groups, *require_dist_table(target.relid), column_list(target.columns));
    return groups;
}

void vacuum_shards(std::span<const GroupShards> groups, const char *verb) {
    std::pmr::vector<ShardCommand> commands;
    for (const GroupShards &group : groups)
        commands.push_back({group.group_id, psprintf("%s %s", verb, group.shards->data)});
    if (const CommandFailure *failure = run_outside_transaction(commands))
        raise_failure(*failure, nullptr);
}

void run_in_transaction(std::span<const GroupShards> groups, const char *verb) {
    std::pmr::vector<Task> tasks;
    for (const GroupShards &group : groups)
        tasks.push_back({group.group_id, 0, psprintf("%s %s", verb, group.shards->data)});
    run_tasks({tasks, {}, Access::Write, nullptr});
}

bool has_option(const VacuumStmt *statement, const char *name) {
    bool is_set = false;
    for (const ListCell &cell : cells(statement->options)) {
        auto *option = lfirst_node(DefElem, &cell);
        if (strcmp(option->defname, name) == 0)
            is_set = defGetBoolean(option);
    }
    return is_set;
}

/// The shell tells the planner and tools what its shards hold.
void update_shell(const Target &target, bool analyze, bool skip_locked) {
    if (!skip_locked)
        LockRelationOid(target.relid, ShareUpdateExclusiveLock);
    else if (!ConditionalLockRelationOid(target.relid, ShareUpdateExclusiveLock))
        return;
    const DistTable *table = find_dist_table(target.relid);
    Relation relation = table == nullptr ? nullptr : try_relation_open(target.relid, NoLock);
    if (relation == nullptr)
        return; // dropped meanwhile
    if (analyze)
        gather_statistics(relation, target.columns);
    else
        store_figures(relation, sum_of(read_figures(relation, *table)), true);
    relation_close(relation, NoLock);
}

void update_shells(const VacuumStmt *statement, std::span<const Target> targets, bool in_block) {
    const bool analyze = !statement->is_vacuumcmd || has_option(statement, "analyze");
    const bool skip_locked = has_option(statement, "skip_locked");
    for (const Target &target : targets) {
        // As PostgreSQL: each table in a transaction of its own, so that none stays locked for long.
        if (!in_block)
            restart_transaction();
        // VACUUM has ended the transaction that it began in, and its snapshot.
        const bool needs_snapshot = !ActiveSnapshotSet();
        if (needs_snapshot)
            PushActiveSnapshot(GetTransactionSnapshot());
        update_shell(target, analyze, skip_locked);
        if (needs_snapshot)
            PopActiveSnapshot();
    }
}

Oid clustered_index(Oid relid) {
    Relation relation = table_open(relid, NoLock);
    Oid found = InvalidOid;
    for (const ListCell &cell : cells(RelationGetIndexList(relation))) {
        if (get_index_isclustered(lfirst_oid(&cell)))
            found = lfirst_oid(&cell);
    }
    table_close(relation, NoLock);
    return found;
}

void cluster_partitions(Oid index) {
    PreventInTransactionBlock(true, "CLUSTER");
    ShardDdl ddl;
    for (const ListCell &cell : cells(find_all_inheritors(index, AccessShareLock, nullptr))) {
        const Oid part = lfirst_oid(&cell);
        if (get_rel_relkind(part) != RELKIND_INDEX)
            continue;
        const Oid table = IndexGetRelation(part, false);
        if (!citus_is_class_owner(table, GetUserId()))
            continue; // PostgreSQL leaves such a partition out with a warning
        ddl.on_shards(table, list_make1(psprintf("CLUSTER %s USING %s", qualified_relation_name(table),
                                                 quote_identifier(get_rel_name(part)))));
    }
    ddl.run();
}

} // namespace

bool handle_vacuum(UtilityCall &call) {
    auto *statement = castNode(VacuumStmt, call.statement());
    const auto targets = targets_of(statement);
    if (targets.empty())
        return false;
    const bool in_block = IsInTransactionBlock(call.is_top_level());
    const auto groups = shards_of(targets);
    const char *verb =
        psprintf("%s%s", statement->is_vacuumcmd ? "VACUUM" : "ANALYZE", option_list(statement));
    if (statement->is_vacuumcmd)
        PreventInTransactionBlock(call.is_top_level(), "VACUUM");
    if (in_block)
        run_in_transaction(groups, verb);
    else
        vacuum_shards(groups, verb);
    // After the shards, because VACUUM ends the transaction that it began in.
    call.run();
    update_shells(statement, targets, in_block);
    return true;
}

bool handle_cluster(UtilityCall &call) {
    auto *statement = castNode(ClusterStmt, call.statement());
    const Oid relid = statement->relation != nullptr ? find_dist_relation(statement->relation) : InvalidOid;
    if (!OidIsValid(relid))
        return false;
    require_owner(relid);
    if (is_partitioned(relid)) {
        const char *name = statement->indexname;
        const Oid parent = name != nullptr ? get_relname_relid(name, get_rel_namespace(relid)) : InvalidOid;
        if (OidIsValid(parent) && call.is_top_level())
            cluster_partitions(parent);
        call.run();
        return true;
    }
    call.run();
    const Oid index = clustered_index(relid);
    if (!OidIsValid(index))
        elog(ERROR, "table \"%s\" has no clustered index", get_rel_name(relid));
    ShardDdl ddl;
    ddl.on_shards(relid, list_make1(psprintf("CLUSTER %s USING %s", qualified_relation_name(relid),
                                             quote_identifier(get_rel_name(index)))));
    ddl.run();
    return true;
}

} // namespace citus
