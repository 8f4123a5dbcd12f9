/// VACUUM, ANALYZE and CLUSTER.
#include "citus/ddl/shard_definition.hpp"
#include "citus/ddl/partitions.hpp"
#include "citus/pg/list.hpp"
#include "concurrent.hpp"
#include "utility_call.hpp"

extern "C" {
#include "access/xact.h"
#include "catalog/index.h"
#include "catalog/pg_inherits.h"
#include "access/multixact.h"
#include "commands/vacuum.h"
#include "catalog/pg_index.h"
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

std::pmr::vector<GroupShards> shards_of_statement(const VacuumStmt *statement) {
    std::pmr::vector<GroupShards> groups;
    for (const ListCell &cell : cells(statement->rels)) {
        auto *target = lfirst_node(VacuumRelation, &cell);
        const Oid relid = find_dist_relation(target->relation);
        // PostgreSQL warns about a table of somebody else, and goes on.
        if (OidIsValid(relid) && citus_is_class_owner(relid, GetUserId()))
            append_shards(groups, *require_dist_table(relid), column_list(target->va_cols));
    }
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

List *maintained_tables(const VacuumStmt *statement) {
    List *tables = NIL;
    for (const ListCell &cell : cells(statement->rels)) {
        const Oid relid = find_dist_relation(lfirst_node(VacuumRelation, &cell)->relation);
        if (OidIsValid(relid) && citus_is_class_owner(relid, GetUserId()))
            tables = list_concat_unique_oid(tables, partition_tree(relid, NoLock));
    }
    return tables;
}

/// `'s.t_102008'::regclass, ...` of the shards of one group, each of them once over all groups.
struct CountedShards {
    int32 group_id;
    StringInfo names;
};

std::pmr::vector<CountedShards> shards_to_count(const DistTable &table) {
    std::pmr::vector<CountedShards> groups;
    for (const Shard &shard : table.shards) {
        const int32 group_id = shard.placements.front().group_id;
        auto group = std::find_if(groups.begin(), groups.end(), [&](const CountedShards &candidate) {
            return candidate.group_id == group_id;
        });
        if (group == groups.end())
            group = groups.insert(groups.end(), {group_id, makeStringInfo()});
        appendStringInfo(group->names, "%s%s::pg_catalog.regclass", group->names->len > 0 ? ", " : "",
                         quote_literal_cstr(qualified_shard_name(table.relid, shard.shard_id)));
    }
    return groups;
}

/// The planner estimates with the shell's size: the sum over its shards.
void update_shell_size(Oid relid) {
    const DistTable *table = find_dist_table(relid);
    if (table == nullptr)
        return; // dropped meanwhile
    double rows = 0, pages = 0;
    for (const CountedShards &group : shards_to_count(*table)) {
        const char *sql =
            psprintf("SELECT pg_catalog.sum(reltuples::pg_catalog.float8) FILTER (WHERE reltuples "
                     "OPERATOR(pg_catalog.>) 0), pg_catalog.sum(relpages) FROM pg_catalog.pg_class WHERE oid "
                     "OPERATOR(pg_catalog.=) ANY (ARRAY[%s]::pg_catalog.oid[])",
                     group.names->data);
        List *columns = linitial_node(List, query_on_group(group.group_id, sql, Access::Read));
        if (linitial(columns) != nullptr)
            rows += strtod(strVal(linitial(columns)), nullptr);
        if (lsecond(columns) != nullptr)
            pages += strtod(strVal(lsecond(columns)), nullptr);
    }
    Relation relation = try_relation_open(relid, ShareUpdateExclusiveLock);
    if (relation == nullptr)
        return;
    vac_update_relstats(relation, static_cast<BlockNumber>(std::min(pages, 2147483647.0)), rows, 0,
                        relation->rd_rel->relhasindex, InvalidTransactionId, InvalidMultiXactId, nullptr,
                        nullptr, false);
    relation_close(relation, NoLock);
}

void update_shell_sizes(const List *tables) {
    // VACUUM has ended the transaction that it began in, and its snapshot.
    const bool needs_snapshot = !ActiveSnapshotSet();
    if (needs_snapshot)
        PushActiveSnapshot(GetTransactionSnapshot());
    for (const ListCell &cell : cells(tables))
        update_shell_size(lfirst_oid(&cell));
    if (needs_snapshot)
        PopActiveSnapshot();
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
        ddl.on_shards(table, list_make1(psprintf("CLUSTER %s USING %s", qualified_relation_name(table),
                                                 quote_identifier(get_rel_name(part)))));
    }
    ddl.run();
}

} // namespace

bool handle_vacuum(UtilityCall &call) {
    auto *statement = castNode(VacuumStmt, call.statement());
    const auto groups = shards_of_statement(statement);
    if (groups.empty())
        return false;
    List *tables = maintained_tables(statement);
    if (!statement->is_vacuumcmd) {
        run_in_transaction(groups, psprintf("ANALYZE%s", option_list(statement)));
    } else {
        PreventInTransactionBlock(call.is_top_level(), "VACUUM");
        vacuum_shards(groups, psprintf("VACUUM%s", option_list(statement)));
    }
    // After the shards, because VACUUM ends the transaction that it began in.
    call.run();
    update_shell_sizes(tables);
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
