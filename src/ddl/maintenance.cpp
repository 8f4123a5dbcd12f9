/// VACUUM, ANALYZE, CLUSTER and LOCK of distributed tables.
#include "citus/ddl/shard_definition.hpp"
#include "citus/pg/list.hpp"
#include "concurrent.hpp"
#include "handlers.hpp"

extern "C" {
#include "access/multixact.h"
#include "commands/vacuum.h"
}

namespace citus {

namespace {

struct MaintainedTable {
    Oid relid;
    const List *columns;
};

std::pmr::vector<MaintainedTable> maintained_tables(const VacuumStmt *statement) {
    std::pmr::vector<MaintainedTable> tables;
    for (const ListCell &cell : cells(statement->rels)) {
        auto *relation = lfirst_node(VacuumRelation, &cell);
        const DistTable *table = dist_table_named(relation->relation);
        // PostgreSQL warns about the tables of others and passes them over.
        if (table != nullptr && citus_is_class_owner(table->relid, GetUserId()))
            tables.push_back({table->relid, relation->va_cols});
    }
    return tables;
}

/// `VACUUM (FULL true, ANALYZE true) ` with the options that concern shards.
char *command_start(const VacuumStmt *statement) {
    StringInfoData out;
    initStringInfo(&out);
    appendStringInfoString(&out, statement->is_vacuumcmd ? "VACUUM" : "ANALYZE");
    const char *separator = " (";
    for (const ListCell &cell : cells(statement->options)) {
        auto *option = lfirst_node(DefElem, &cell);
        if (strcmp(option->defname, "verbose") == 0)
            continue;
        appendStringInfo(&out, "%s%s", separator, option->defname);
        if (option->arg != nullptr)
            appendStringInfo(&out, " %s", defGetString(option));
        separator = ", ";
    }
    appendStringInfoString(&out, *separator == ',' ? ") " : " ");
    return out.data;
}

char *column_list(const List *columns) {
    StringInfoData out;
    initStringInfo(&out);
    for (const ListCell &cell : cells(columns))
        appendStringInfo(&out, "%s%s", out.len > 0 ? ", " : " (", quote_identifier(strVal(lfirst(&cell))));
    if (out.len > 0)
        appendStringInfoChar(&out, ')');
    return out.data;
}

struct GroupText {
    int32 group_id;
    StringInfo text;
};

/// For each group a list of all its shards of the tables; element(shard name, table) writes one of them.
template <typename Element>
std::pmr::vector<GroupText> shard_lists(std::span<const MaintainedTable> tables, Element element) {
    std::pmr::vector<GroupText> groups;
    for (const MaintainedTable &maintained : tables) {
        const DistTable *table = require_dist_table(maintained.relid);
        for (const Shard &shard : table->shards) {
            const char *text = element(qualified_shard_name(table->relid, shard.shard_id), maintained);
            for (const ShardPlacement &placement : shard.placements) {
                auto group = std::find_if(groups.begin(), groups.end(), [&](const GroupText &candidate) {
                    return candidate.group_id == placement.group_id;
                });
                if (group == groups.end())
                    group = groups.insert(groups.end(), {placement.group_id, makeStringInfo()});
                appendStringInfo(group->text, "%s%s", group->text->len > 0 ? ", " : "", text);
            }
        }
    }
    return groups;
}

/// The planner estimates with the shell's row count: the sum over the shards.
void update_shell_statistics(Oid relid) {
    const MaintainedTable maintained{relid, NIL};
    const auto groups = shard_lists({&maintained, 1}, [](const char *name, const MaintainedTable &) {
        return psprintf("%s::pg_catalog.regclass", quote_literal_cstr(name));
    });
    const bool reference = require_dist_table(relid)->kind == TableKind::Reference;
    double rows = 0, pages = 0;
    for (const GroupText &group : groups) {
        const char *sql =
            psprintf("SELECT pg_catalog.sum(reltuples::pg_catalog.float8) FILTER (WHERE reltuples "
                     "OPERATOR(pg_catalog.>) 0), pg_catalog.sum(relpages) FROM pg_catalog.pg_class WHERE oid "
                     "OPERATOR(pg_catalog.=) ANY (ARRAY[%s]::pg_catalog.oid[])",
                     group.text->data);
        List *columns = linitial_node(List, query_on_group(group.group_id, sql, Access::Read));
        if (linitial(columns) != nullptr)
            rows += strtod(strVal(linitial(columns)), nullptr);
        if (lsecond(columns) != nullptr)
            pages += strtod(strVal(lsecond(columns)), nullptr);
        if (reference)
            break;
    }
    Relation relation = table_open(relid, ShareUpdateExclusiveLock);
    vac_update_relstats(relation, static_cast<BlockNumber>(std::min(pages, 2147483647.0)), rows, 0,
                        relation->rd_rel->relhasindex, InvalidTransactionId, InvalidMultiXactId, nullptr, nullptr,
                        false);
    table_close(relation, ShareUpdateExclusiveLock);
}

/// Within a transaction block only ANALYZE is possible; it is a part of the transaction.
void analyze_in_transaction(std::span<const GroupText> groups, const char *start) {
    std::pmr::vector<Task> tasks;
    for (const GroupText &group : groups)
        tasks.push_back({group.group_id, 0, psprintf("%s%s", start, group.text->data)});
    run_tasks({tasks, {}, Access::Write, nullptr});
}

void maintain_outside_transaction(std::span<const GroupText> groups, const char *start) {
    std::pmr::vector<ShardCommand> commands;
    for (const GroupText &group : groups)
        commands.push_back({group.group_id, psprintf("%s%s", start, group.text->data)});
    if (const CommandFailure *failure = run_outside_transaction(commands))
        raise_failure(*failure, nullptr);
}

const char *lock_mode_name(int mode) {
    static constexpr const char *kNames[] = {"",
                                             "ACCESS SHARE",
                                             "ROW SHARE",
                                             "ROW EXCLUSIVE",
                                             "SHARE UPDATE EXCLUSIVE",
                                             "SHARE",
                                             "SHARE ROW EXCLUSIVE",
                                             "EXCLUSIVE",
                                             "ACCESS EXCLUSIVE"};
    return kNames[mode];
}

} // namespace

void handle_vacuum(const UtilityCall &call, VacuumStmt *statement) {
    const auto tables = maintained_tables(statement);
    if (tables.empty())
        return call.run();
    const bool in_block = IsInTransactionBlock(call.is_top_level());
    const char *start = command_start(statement);
    const auto groups = shard_lists(tables, [](const char *name, const MaintainedTable &table) {
        return psprintf("%s%s", name, column_list(table.columns));
    });
    call.run();
    if (in_block)
        analyze_in_transaction(groups, start);
    else
        maintain_outside_transaction(groups, start);
    for (const MaintainedTable &table : tables)
        update_shell_statistics(table.relid);
}

void handle_cluster(const UtilityCall &call, ClusterStmt *statement) {
    const DistTable *table = dist_table_named(statement->relation);
    call.run();
    if (table == nullptr)
        return;
    ShardDdl ddl;
    const char *name = qualified_relation_name(table->relid);
    ddl.on_shards(table->relid,
                  list_make1(statement->indexname == nullptr
                                 ? psprintf("CLUSTER %s", name)
                                 : psprintf("CLUSTER %s USING %s", name, quote_identifier(statement->indexname))));
    ddl.run();
}

void handle_lock(const UtilityCall &call, LockStmt *statement) {
    call.run();
    std::pmr::vector<MaintainedTable> tables;
    for (const ListCell &cell : cells(statement->relations)) {
        if (const DistTable *table = dist_table_named(lfirst_node(RangeVar, &cell)))
            tables.push_back({table->relid, NIL});
    }
    const auto groups = shard_lists(tables, [](const char *name, const MaintainedTable &) { return name; });
    std::pmr::vector<Task> tasks;
    for (const GroupText &group : groups)
        tasks.push_back({group.group_id, 0,
                         psprintf("LOCK TABLE %s IN %s MODE%s", group.text->data, lock_mode_name(statement->mode),
                                  statement->nowait ? " NOWAIT" : "")});
    if (!tasks.empty())
        run_tasks({tasks, {}, Access::Read, nullptr});
}

} // namespace citus
