#include "citus/monitor/sizes.hpp"

#include "citus/executor/tasks.hpp"
#include "citus/transaction/remote_transaction.hpp"

#include <map>

extern "C" {
#include "catalog/index.h"

PG_FUNCTION_INFO_V1(citus_table_size);
PG_FUNCTION_INFO_V1(citus_relation_size);
PG_FUNCTION_INFO_V1(citus_total_relation_size);
PG_FUNCTION_INFO_V1(placement_sizes);
}

namespace citus {

namespace {

const char *size_function(SizeKind kind) {
    switch (kind) {
    case SizeKind::Main:
        return "pg_relation_size";
    case SizeKind::Table:
        return "pg_table_size";
    case SizeKind::Total:
        return "pg_total_relation_size";
    }
    pg_unreachable();
}

/// Calls a size function in this backend; nothing for a relation that is gone.
std::optional<int64> local_size(const SizeRequest &request, SizeKind kind) {
    const Oid schema = get_namespace_oid(request.schema, true);
    const Oid relid = OidIsValid(schema) ? get_relname_relid(request.name, schema) : InvalidOid;
    if (!OidIsValid(relid))
        return std::nullopt;
    LOCAL_FCINFO(call, 2);
    InitFunctionCallInfoData(*call, nullptr, kind == SizeKind::Main ? 2 : 1, InvalidOid, nullptr, nullptr);
    call->args[0] = {ObjectIdGetDatum(relid), false};
    call->args[1] = {CStringGetTextDatum("main"), false};
    const PGFunction function = kind == SizeKind::Main    ? pg_relation_size
                                : kind == SizeKind::Table ? pg_table_size
                                                          : pg_total_relation_size;
    const Datum size = function(call);
    return call->isnull ? std::nullopt : std::optional<int64>(DatumGetInt64(size));
}

/// The query that measures some relations of a node: rows (position in requests, size). It needs no right on
/// them.
const char *size_query(std::span<const SizeRequest> requests, std::span<const size_t> positions,
                       SizeKind kind) {
    StringInfoData query;
    initStringInfo(&query);
    appendStringInfo(&query, "SELECT r.i, pg_catalog.%s(c.oid) FROM (VALUES ", size_function(kind));
    for (const size_t position : positions) {
        const SizeRequest &request = requests[position];
        appendStringInfo(&query, "%s(%zu, %s, %s)", position == positions.front() ? "" : ", ", position,
                         quote_literal_cstr(request.schema), quote_literal_cstr(request.name));
    }
    appendStringInfoString(&query, ") r (i, schema, name) "
                                   "JOIN pg_catalog.pg_namespace n ON n.nspname = r.schema::pg_catalog.name "
                                   "JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid "
                                   "AND c.relname = r.name::pg_catalog.name");
    return query.data;
}

void store_answer(std::span<SizeRequest> requests, List *rows) {
    ListCell *cell;
    foreach (cell, rows) {
        List *row = static_cast<List *>(lfirst(cell));
        auto *position = static_cast<String *>(linitial(row)), *size = static_cast<String *>(lsecond(row));
        if (size != nullptr)
            requests[static_cast<size_t>(pg_strtoint64(strVal(position)))].size = pg_strtoint64(strVal(size));
    }
}

struct RemoteNode {
    const ClusterNode *node;
    const char *query;
};

} // namespace

const ClusterNode *measure(std::span<SizeRequest> requests, SizeKind kind) {
    std::pmr::map<int32, std::pmr::vector<size_t>> by_group;
    for (size_t i = 0; i < requests.size(); i++) {
        requests[i].size.reset();
        if (is_local_group(requests[i].group_id))
            requests[i].size = local_size(requests[i], kind);
        else
            by_group[requests[i].group_id].push_back(i);
    }

    const bool in_transaction = in_distributed_transaction();
    std::pmr::vector<RemoteNode> remotes;
    std::pmr::vector<AutonomousCommand> commands;
    for (const auto &[group_id, positions] : by_group) {
        const ClusterNode *node = find_primary_node(group_id);
        if (node == nullptr)
            continue;
        remotes.push_back({node, size_query(requests, positions, kind)});
        commands.push_back({node->name, node->port, in_transaction ? "SELECT 1" : remotes.back().query});
    }
    if (commands.empty())
        return nullptr;

    const ClusterNode *unreachable = nullptr;
    const auto results = run_autonomous_parallel(commands);
    for (size_t i = 0; i < results.size(); i++) {
        const ClusterNode *node = remotes[i].node;
        if (!results[i].connected || !results[i].success) {
            ereport(WARNING, (errmsg("could not get sizes from %s:%d: %s", node->name, node->port,
                                     results[i].message)));
            unreachable = unreachable != nullptr ? unreachable : node;
        } else if (in_transaction) {
            // The transaction may have made or changed shards that other connections don't see, or wait for.
            // It is asked only after the node answered, so that a dead node costs a WARNING and not the
            // transaction.
            store_answer(requests, query_on_group(node->group_id, remotes[i].query, Access::Read));
        } else {
            store_answer(requests, results[i].rows);
        }
    }
    return unreachable;
}

namespace {

/// All placements of a table, or of an index on it.
std::pmr::vector<SizeRequest> requests_for(const DistTable &table, Oid relid) {
    std::pmr::vector<SizeRequest> requests;
    const char *name = get_rel_name(relid);
    const char *schema = get_namespace_name(get_rel_namespace(relid));
    for (const Shard &shard : table.shards) {
        for (const ShardPlacement &placement : shard.placements)
            requests.push_back({placement.group_id, schema, shard_relation_name(name, shard.shard_id), {}});
    }
    return requests;
}

int64 size_of_relation(Oid relid, SizeKind kind, bool fail_on_error) {
    const char *name = get_rel_name(relid);
    const char relkind = get_rel_relkind(relid);
    const bool is_index = relkind == RELKIND_INDEX || relkind == RELKIND_PARTITIONED_INDEX;
    const DistTable *table = nullptr;
    if (!is_index)
        table = find_dist_table(relid);
    else if (kind == SizeKind::Main)
        table = find_dist_table(IndexGetRelation(relid, false));
    if (table == nullptr)
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_TABLE_DEFINITION),
                 name != nullptr
                     ? errmsg("cannot calculate the size because relation '%s' is not distributed", name)
                     : errmsg("cannot calculate the size because relation does not exist")));
    auto requests = requests_for(*table, relid);
    const ClusterNode *unreachable = measure(requests, kind);
    if (unreachable != nullptr && fail_on_error)
        ereport(ERROR, (errcode(ERRCODE_CONNECTION_FAILURE),
                        errmsg("could not connect to %s:%d to get size of relation \"%s\"", unreachable->name,
                               unreachable->port, name)));
    int64 sum = 0;
    for (const SizeRequest &request : requests)
        sum += request.size.value_or(0);
    return sum;
}

} // namespace

} // namespace citus

using namespace citus;

Datum citus_table_size(PG_FUNCTION_ARGS) {
    PG_RETURN_INT64(size_of_relation(PG_GETARG_OID(0), SizeKind::Table, true));
}

Datum citus_relation_size(PG_FUNCTION_ARGS) {
    PG_RETURN_INT64(size_of_relation(PG_GETARG_OID(0), SizeKind::Main, true));
}

Datum citus_total_relation_size(PG_FUNCTION_ARGS) {
    PG_RETURN_INT64(size_of_relation(PG_GETARG_OID(0), SizeKind::Total, PG_GETARG_BOOL(1)));
}

/// One row (shard id, group id, bytes or NULL) per placement of all tables.
Datum placement_sizes(PG_FUNCTION_ARGS) {
    InitMaterializedSRF(fcinfo, 0);
    auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    std::pmr::vector<SizeRequest> requests;
    std::pmr::vector<int64> shard_ids;
    ListCell *cell;
    foreach (cell, all_dist_relations()) {
        const DistTable *table = find_dist_table(lfirst_oid(cell));
        if (table == nullptr || get_rel_name(table->relid) == nullptr)
            continue; // dropped a moment ago
        const auto some = requests_for(*table, table->relid);
        requests.insert(requests.end(), some.begin(), some.end());
        for (const Shard &shard : table->shards)
            shard_ids.insert(shard_ids.end(), shard.placements.size(), shard.shard_id);
    }
    measure(requests, SizeKind::Total);
    for (size_t i = 0; i < requests.size(); i++) {
        std::array<Datum, 3> values{Int64GetDatum(shard_ids[i]), Int32GetDatum(requests[i].group_id),
                                    Int64GetDatum(requests[i].size.value_or(0))};
        std::array<bool, 3> nulls{false, false, !requests[i].size.has_value()};
        tuplestore_putvalues(result->setResult, result->setDesc, values.data(), nulls.data());
    }
    PG_RETURN_NULL();
}
