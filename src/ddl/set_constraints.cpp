/// SET CONSTRAINTS: on the shells by PostgreSQL, on the shards by name, and for all tables.
#include "citus/pg/list.hpp"
#include "citus/transaction/constraint_modes.hpp"
#include "shard_lists.hpp"
#include "utility_call.hpp"

#include "citus/executor/local.hpp"
#include "citus/net/remote_error.hpp"

extern "C" {
#include "catalog/pg_constraint.h"
}

namespace citus {

namespace {

/// Adds the table's shards' constraints of that name to the lists.
void append_constraint_names(std::pmr::vector<GroupShardList> &groups, const DistTable &table,
                             const char *constraint) {
    const char *schema = get_namespace_name(get_rel_namespace(table.relid));
    for (const Shard &shard : table.shards) {
        const char *name =
            quote_qualified_identifier(schema, shard_relation_name(constraint, shard.shard_id));
        for (const ShardPlacement &placement : shard.placements)
            append_name(groups, placement.group_id, name);
    }
}

/// Whether a schema has a constraint of that name; those of distributed tables are added.
bool find_in_schema(std::pmr::vector<GroupShardList> &groups, const char *name, Oid schema) {
    Relation relation = table_open(ConstraintRelationId, AccessShareLock);
    std::array<ScanKeyData, 2> keys;
    ScanKeyInit(&keys[0], Anum_pg_constraint_conname, BTEqualStrategyNumber, F_NAMEEQ, CStringGetDatum(name));
    ScanKeyInit(&keys[1], Anum_pg_constraint_connamespace, BTEqualStrategyNumber, F_OIDEQ,
                ObjectIdGetDatum(schema));
    SysScanDesc scan = systable_beginscan(relation, ConstraintNameNspIndexId, true, nullptr, 2, keys.data());
    bool found = false;
    for (HeapTuple tuple; HeapTupleIsValid(tuple = systable_getnext(scan));) {
        auto *constraint = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple));
        found = true;
        if (!constraint->condeferrable || !OidIsValid(constraint->conrelid))
            continue;
        if (const DistTable *table = find_dist_table(constraint->conrelid))
            append_constraint_names(groups, *table, name);
    }
    systable_endscan(scan);
    table_close(relation, AccessShareLock);
    return found;
}

/// As PostgreSQL looks for a name: in its schema, or in the first of the search path that has it.
void append_named(std::pmr::vector<GroupShardList> &groups, const RangeVar *name) {
    if (name->schemaname != nullptr) {
        (void)find_in_schema(groups, name->relname, LookupExplicitNamespace(name->schemaname, false));
        return;
    }
    for (const ListCell &cell : cells(fetch_search_path(true)))
        if (find_in_schema(groups, name->relname, lfirst_oid(&cell)))
            return;
}

void run_standard(void *call) {
    static_cast<UtilityCall *>(call)->run();
}

} // namespace

bool handle_set_constraints(UtilityCall &call) {
    auto *statement = castNode(ConstraintsSetStmt, call.statement());
    // A constraint of a shard in this database that turns out to be violated has the name of its table's.
    with_logical_errors(run_standard, &call);
    if (!IsInTransactionBlock(call.is_top_level()))
        return true; // without effect; PostgreSQL has warned
    const char *mode = statement->deferred ? "DEFERRED" : "IMMEDIATE";
    std::pmr::vector<ConstraintCommand> commands;
    if (statement->constraints == NIL) {
        commands.push_back({kAllGroups, psprintf("SET CONSTRAINTS ALL %s", mode)});
    } else {
        std::pmr::vector<GroupShardList> groups;
        for (const ListCell &cell : cells(statement->constraints))
            append_named(groups, lfirst_node(RangeVar, &cell));
        for (const GroupShardList &group : groups) {
            const char *sql = psprintf("SET CONSTRAINTS %s %s", group.names->data, mode);
            if (is_local_group(group.group_id))
                (void)execute_locally(sql, {}, Access::Read, nullptr);
            else
                commands.push_back({group.group_id, sql});
        }
    }
    set_remote_constraints(commands);
    return true;
}

} // namespace citus
