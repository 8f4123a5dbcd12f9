#include "citus/monitor/shell_figures.hpp"

#include "citus/executor/tasks.hpp"

#include <cmath>
#include <map>

extern "C" {
#include "access/multixact.h"
#include "commands/vacuum.h"
#include "optimizer/plancat.h"
#include "storage/lmgr.h"
}

namespace citus {

namespace {

/// Written rows below this number, or below this share of the table, are not worth a write to pg_class.
constexpr double kManyRows = 1000;
constexpr double kManyShare = 0.1;
/// Figures that are this much off are set right by the maintenance daemon.
constexpr double kTolerance = 0.1;

/// Bytes of a page that rows can fill.
constexpr double kUsableBytes = BLCKSZ - SizeOfPageHeaderData;

double rows_per_page(Oid relid) {
    const int32 width = get_relation_data_width(relid, nullptr);
    const double row_bytes = static_cast<double>(MAXALIGN(width) + MAXALIGN(SizeofHeapTupleHeader)) +
                             static_cast<double>(sizeof(ItemIdData));
    return std::max(1.0, kUsableBytes / row_bytes);
}

/// What a shard says of itself. reltuples is -1 when nobody has counted it.
struct Reported {
    double rows, counted_pages, pages;
};

ShardFigures current_figures(const Reported &reported, Oid relid) {
    if (reported.pages <= 0)
        return {0, 0};
    const double density = reported.rows >= 0 && reported.counted_pages > 0
                               ? reported.rows / reported.counted_pages
                               : rows_per_page(relid);
    return {std::rint(density * reported.pages), reported.pages};
}

/// Columns after the shard's position: rows and pages when it was last counted, pages now. A partitioned
/// shard has no pages itself.
const char *figure_columns(bool partitioned) {
    if (!partitioned)
        return "c.reltuples, c.relpages, pg_catalog.pg_relation_size(c.oid) / "
               "pg_catalog.current_setting('block_size')::bigint";
    return "(SELECT pg_catalog.sum(p.reltuples) FILTER (WHERE p.reltuples > 0) FROM pg_catalog.pg_class p "
           "WHERE p.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree(c.oid))), "
           "(SELECT pg_catalog.sum(p.relpages) FROM pg_catalog.pg_class p "
           "WHERE p.oid IN (SELECT relid FROM pg_catalog.pg_partition_tree(c.oid))), "
           "(SELECT pg_catalog.sum(pg_catalog.pg_relation_size(relid)) FROM "
           "pg_catalog.pg_partition_tree(c.oid) "
           "WHERE isleaf) / pg_catalog.current_setting('block_size')::bigint";
}

double number_of(const ListCell *cell) {
    return lfirst(cell) == nullptr ? 0 : strtod(strVal(lfirst(cell)), nullptr);
}

void take_rows(const List *rows, Oid relid, TableFigures *figures) {
    ListCell *cell;
    foreach (cell, rows) {
        const List *row = lfirst_node(List, cell);
        const auto position = static_cast<size_t>(number_of(list_nth_cell(row, 0)));
        if (position < figures->size())
            (*figures)[position] =
                current_figures({number_of(list_nth_cell(row, 1)), number_of(list_nth_cell(row, 2)),
                                 number_of(list_nth_cell(row, 3))},
                                relid);
    }
}

const char *figures_query(Relation relation, const DistTable &table, int32 group_id) {
    const bool partitioned = relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE;
    return psprintf("SELECT s.i, %s FROM %s", figure_columns(partitioned),
                    shards_as_relations(table, group_id));
}

bool differs(double known, double actual) {
    return std::fabs(known - actual) > kTolerance * std::max(known, actual);
}

} // namespace

ShardFigures sum_of(const TableFigures &figures) {
    ShardFigures total{0, 0};
    for (const ShardFigures &shard : figures) {
        total.rows += shard.rows;
        total.pages += shard.pages;
    }
    return total;
}

std::pmr::vector<int32> first_groups(const DistTable &table) {
    std::pmr::vector<int32> groups;
    for (const Shard &shard : table.shards) {
        const int32 group_id = shard.placements.front().group_id;
        if (std::find(groups.begin(), groups.end(), group_id) == groups.end())
            groups.push_back(group_id);
    }
    return groups;
}

const char *shards_as_relations(const DistTable &table, int32 group_id) {
    const char *schema = quote_literal_cstr(get_namespace_name(get_rel_namespace(table.relid)));
    const char *name = get_rel_name(table.relid);
    StringInfoData out;
    initStringInfo(&out);
    for (size_t i = 0; i < table.shards.size(); i++) {
        const Shard &shard = table.shards[i];
        if (shard.placements.front().group_id == group_id)
            appendStringInfo(&out, "%s(%zu, %s, %s)", out.len == 0 ? "(VALUES " : ", ", i, schema,
                             quote_literal_cstr(shard_relation_name(name, shard.shard_id)));
    }
    if (out.len == 0)
        return nullptr;
    appendStringInfoString(&out, ") s (i, schema, name) "
                                 "JOIN pg_catalog.pg_namespace n ON n.nspname = s.schema::pg_catalog.name "
                                 "JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid "
                                 "AND c.relname = s.name::pg_catalog.name");
    return out.data;
}

TableFigures read_figures(Relation relation, const DistTable &table) {
    TableFigures figures(table.shards.size(), ShardFigures{0, 0});
    for (const int32 group_id : first_groups(table))
        take_rows(query_on_group(group_id, figures_query(relation, table, group_id), Access::Read),
                  table.relid, &figures);
    return figures;
}

void store_figures(Relation relation, ShardFigures total, bool is_locked) {
    const Oid relid = RelationGetRelid(relation);
    if (!is_locked && !ConditionalLockRelationOid(relid, ShareUpdateExclusiveLock))
        return;
    const bool partitioned = relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE;
    const double pages = partitioned ? -1 : std::clamp(total.pages, 1.0, static_cast<double>(PG_INT32_MAX));
    vac_update_relstats(relation, static_cast<BlockNumber>(static_cast<int64>(pages)), total.rows, 0,
                        relation->rd_rel->relhasindex, InvalidTransactionId, InvalidMultiXactId, nullptr,
                        nullptr, true);
    if (!is_locked)
        UnlockRelationOid(relid, ShareUpdateExclusiveLock);
}

bool has_figures(Relation relation) {
    return relation->rd_rel->reltuples > 0 ||
           (relation->rd_rel->reltuples == 0 && relation->rd_rel->relpages > 0);
}

void count_written_rows(Oid relid, uint64 rows) {
    const auto written = static_cast<double>(rows);
    if (written < kManyRows)
        return;
    Relation relation = try_relation_open(relid, NoLock);
    if (relation == nullptr)
        return;
    const bool known = has_figures(relation);
    const double old_rows = known ? relation->rd_rel->reltuples : 0;
    if (written >= kManyShare * old_rows) {
        const double old_pages = known ? relation->rd_rel->relpages : 0;
        const double density = old_pages > 1 && old_rows > 0 ? old_rows / old_pages : rows_per_page(relid);
        store_figures(relation, {old_rows + written, old_pages + std::ceil(written / density)}, false);
    }
    relation_close(relation, NoLock);
}

namespace {

struct Asked {
    Oid relid;
    TableFigures figures;
    std::pmr::vector<int32> groups; ///< that have to answer
};

/// A table whose definition nobody is changing, opened and locked; nullptr for any other. Nobody waits for us
/// longer than a moment: while nodes are asked, no table is locked.
Relation open_quiet(Oid relid) {
    if (!ConditionalLockRelationOid(relid, AccessShareLock))
        return nullptr;
    const DistTable *table = find_dist_table(relid);
    Relation relation = nullptr;
    if (table != nullptr && table->kind != TableKind::Local)
        relation = try_relation_open(relid, NoLock);
    if (relation == nullptr)
        UnlockRelationOid(relid, AccessShareLock);
    return relation;
}

using NodeQueries = std::pmr::map<int32, StringInfo>;

/// Adds the questions about a table to those for its nodes.
Asked ask_about(Relation relation, size_t number, NodeQueries *queries) {
    const DistTable &table = *require_dist_table(RelationGetRelid(relation));
    Asked asked{table.relid, TableFigures(table.shards.size(), ShardFigures{0, 0}), first_groups(table)};
    for (const int32 group_id : asked.groups) {
        StringInfo &query = (*queries)[group_id];
        if (query == nullptr)
            query = makeStringInfo();
        appendStringInfo(query, "%sSELECT %zu, q.* FROM (%s) q", query->len > 0 ? " UNION ALL " : "", number,
                         figures_query(relation, table, group_id));
    }
    return asked;
}

/// Asks all nodes at once, over connections of their own. Returns the groups that answered.
std::pmr::vector<int32> take_answers(const NodeQueries &queries, std::pmr::vector<Asked> &tables) {
    std::pmr::vector<int32> groups;
    std::pmr::vector<AutonomousCommand> commands;
    for (const auto &[group_id, query] : queries) {
        const ClusterNode *node = find_primary_node(group_id);
        if (node == nullptr)
            continue;
        groups.push_back(group_id);
        commands.push_back({node->name, node->port, query->data});
    }
    const auto results = run_autonomous_parallel(commands);
    std::pmr::vector<int32> answered;
    for (size_t i = 0; i < results.size(); i++) {
        if (!results[i].success)
            continue;
        answered.push_back(groups[i]);
        ListCell *cell;
        foreach (cell, results[i].rows) {
            List *row = list_copy(lfirst_node(List, cell));
            Asked &table = tables[static_cast<size_t>(number_of(list_head(row)))];
            take_rows(list_make1(list_delete_first(row)), table.relid, &table.figures);
        }
    }
    return answered;
}

void store_if_far_off(Relation relation, ShardFigures total) {
    if (!has_figures(relation) || differs(relation->rd_rel->reltuples, total.rows) ||
        differs(relation->rd_rel->relpages, std::max(total.pages, 1.0)))
        store_figures(relation, total, false);
}

} // namespace

void refresh_all_figures() {
    std::pmr::vector<Asked> tables;
    NodeQueries queries;
    ListCell *cell;
    foreach (cell, all_dist_relations()) {
        if (Relation relation = open_quiet(lfirst_oid(cell)); relation != nullptr) {
            tables.push_back(ask_about(relation, tables.size(), &queries));
            relation_close(relation, AccessShareLock);
        }
    }
    const auto answered = take_answers(queries, tables);
    for (const Asked &table : tables) {
        const bool complete = std::all_of(table.groups.begin(), table.groups.end(), [&](int32 group_id) {
            return std::find(answered.begin(), answered.end(), group_id) != answered.end();
        });
        Relation relation = complete ? open_quiet(table.relid) : nullptr;
        if (relation == nullptr)
            continue;
        store_if_far_off(relation, sum_of(table.figures));
        relation_close(relation, AccessShareLock);
    }
}

} // namespace citus
