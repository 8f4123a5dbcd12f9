/// VACUUM, ANALYZE and CLUSTER.
#include "citus/ddl/shard_definition.hpp"
#include "citus/pg/list.hpp"
#include "concurrent.hpp"
#include "utility_call.hpp"

extern "C" {
#include "access/multixact.h"
#include "catalog/pg_index.h"
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

std::pmr::vector<GroupShards> shards_of_statement(const VacuumStmt *statement,
                                                  std::pmr::vector<Oid> &tables) {
    std::pmr::vector<GroupShards> groups;
    for (const ListCell &cell : cells(statement->rels)) {
        auto *target = lfirst_node(VacuumRelation, &cell);
        const Oid relid = find_dist_relation(target->relation);
        // PostgreSQL warns about a table of somebody else, and goes on.
        if (!OidIsValid(relid) || !citus_is_class_owner(relid, GetUserId()))
            continue;
        tables.push_back(relid);
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

// ---------------------------------------------------------------- the size of the table, for the planner

double first_number(List *rows, int column) {
    auto *value = static_cast<String *>(list_nth(linitial_node(List, rows), column));
    return value == nullptr ? 0 : strtod(strVal(value), nullptr);
}

/// Rows and pages of a table's shards, each counted once.
void add_shard_sizes(const DistTable &table, double &rows, double &pages) {
    std::pmr::vector<GroupShards> groups;
    for (const Shard &shard : table.shards) {
        const int32 group_id = shard.placements.front().group_id;
        auto group = std::find_if(groups.begin(), groups.end(), [&](const GroupShards &candidate) {
            return candidate.group_id == group_id;
        });
        if (group == groups.end())
            group = groups.insert(groups.end(), {group_id, makeStringInfo()});
        appendStringInfo(group->shards, "%s%s::pg_catalog.regclass", group->shards->len > 0 ? ", " : "",
                         quote_literal_cstr(qualified_shard_name(table.relid, shard.shard_id)));
    }
    for (const GroupShards &group : groups) {
        List *result = query_on_group(
            group.group_id,
            psprintf("SELECT pg_catalog.sum(greatest(reltuples, 0)), pg_catalog.sum(relpages) FROM "
                     "pg_catalog.pg_class WHERE oid OPERATOR(pg_catalog.=) ANY (ARRAY[%s]::pg_catalog.oid[])",
                     group.shards->data),
            Access::Read);
        rows += first_number(result, 0);
        pages += first_number(result, 1);
    }
}

/// The shell is empty, but the planner looks at its row and page counts.
void update_shell_sizes(std::span<const Oid> tables) {
    for (const Oid relid : tables) {
        const DistTable *table = find_dist_table(relid);
        if (table == nullptr)
            continue;
        double rows = 0, pages = 0;
        add_shard_sizes(*table, rows, pages);
        Relation relation = table_open(relid, ShareUpdateExclusiveLock);
        vac_update_relstats(relation, static_cast<BlockNumber>(std::min<double>(pages, MaxBlockNumber)), rows,
                            0, relation->rd_rel->relhasindex, InvalidTransactionId, InvalidMultiXactId,
                            nullptr, nullptr, true);
        table_close(relation, NoLock);
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

} // namespace

bool handle_vacuum(UtilityCall &call) {
    auto *statement = castNode(VacuumStmt, call.statement());
    std::pmr::vector<Oid> tables;
    const auto groups = shards_of_statement(statement, tables);
    if (groups.empty())
        return false;
    if (!statement->is_vacuumcmd) {
        run_in_transaction(groups, psprintf("ANALYZE%s", option_list(statement)));
    } else {
        PreventInTransactionBlock(call.is_top_level(), "VACUUM");
        vacuum_shards(groups, psprintf("VACUUM%s", option_list(statement)));
    }
    // Last, because VACUUM ends the transaction that it began in.
    call.run();
    const bool has_snapshot = ActiveSnapshotSet();
    if (!has_snapshot)
        PushActiveSnapshot(GetTransactionSnapshot());
    update_shell_sizes(tables);
    if (!has_snapshot)
        PopActiveSnapshot();
    return true;
}

bool handle_cluster(UtilityCall &call) {
    auto *statement = castNode(ClusterStmt, call.statement());
    const Oid relid = statement->relation != nullptr ? find_dist_relation(statement->relation) : InvalidOid;
    if (!OidIsValid(relid))
        return false;
    require_owner(relid);
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
