/// create_distributed_table() and create_reference_table().
#include "citus/catalog/writer.hpp"
#include "citus/cluster/distribute_partition.hpp"
#include "citus/cluster/nodes.hpp"
#include "citus/ddl/checks.hpp"
#include "citus/ddl/dependencies.hpp"
#include "citus/ddl/partitions.hpp"
#include "citus/guc.hpp"
#include "citus/pg/list.hpp"
#include "colocation.hpp"

#include "move_rows.hpp"
#include "table_checks.hpp"

extern "C" {
PG_FUNCTION_INFO_V1(create_distributed_table);
PG_FUNCTION_INFO_V1(create_reference_table);
}

namespace citus {

namespace {

constexpr int kMaxShardCount = 64000;
constexpr char kStreamingReplication = 's';
constexpr char kTwoPhaseReplication = 't';

void write_metadata(Oid relid, AttrNumber key, char replication_model, const TableLayout &layout) {
    insert_partition(relid, key, layout.colocation_id, replication_model);
    for (const PlannedShard &shard : layout.shards) {
        const int64 shard_id = next_shard_id();
        insert_shard(relid, shard_id, key != InvalidAttrNumber, shard.min_hash, shard.max_hash);
        for (const int32 group_id : shard.groups)
            insert_placement(relid, shard_id, group_id);
    }
    CommandCounterIncrement();
}

std::pmr::vector<int32> groups_of(const TableLayout &layout) {
    std::pmr::vector<int32> groups;
    for (const PlannedShard &shard : layout.shards) {
        for (const int32 group_id : shard.groups) {
            if (std::find(groups.begin(), groups.end(), group_id) == groups.end())
                groups.push_back(group_id);
        }
    }
    return groups;
}

/// The partitions (not the table itself), locked and checked.
void check_partitions(const List *tree) {
    for (const ListCell &cell : cells(tree)) {
        if (lfirst_oid(&cell) != linitial_oid(tree))
            relation_close(open_table_to_distribute(lfirst_oid(&cell), true), NoLock);
    }
}

/// Metadata of the table and its partitions; column is nullptr for tables without a key.
void write_metadata_of_tree(const List *tree, const char *column, char replication_model,
                            const TableLayout &layout) {
    for (const ListCell &cell : cells(tree)) {
        Relation relation = table_open(lfirst_oid(&cell), NoLock);
        const AttrNumber key = column != nullptr ? resolve_key(relation, column) : InvalidAttrNumber;
        table_close(relation, NoLock);
        write_metadata(lfirst_oid(&cell), key, replication_model, layout);
    }
    for (const ListCell &cell : cells(tree))
        check_constraints(lfirst_oid(&cell), CheckTime::Distribution);
}

void move_rows_of_tree(ShardDdl &ddl, const List *tree) {
    for (const ListCell &cell : cells(tree)) {
        Relation relation = table_open(lfirst_oid(&cell), NoLock);
        if (table_has_rows(relation)) {
            ddl.run();
            move_rows_to_shards(relation);
        }
        table_close(relation, NoLock);
    }
}

/// Metadata, shards and rows, in this order; the checks that need the metadata come right after it.
void distribute(Oid relid, const char *column, char replication_model, const TableLayout &layout) {
    const List *tree = partition_tree(relid, AccessExclusiveLock);
    check_partitions(tree);
    write_metadata_of_tree(tree, column, replication_model, layout);
    ShardDdl ddl;
    for (const ListCell &cell : cells(tree))
        add_dependencies(ddl, lfirst_oid(&cell), groups_of(layout));
    add_shards_of_tree(ddl, tree);
    move_rows_of_tree(ddl, tree);
    add_late_constraints(ddl, tree);
    add_key_names(ddl, tree);
    ddl.run();
}

struct Arguments {
    Oid relid;
    const char *column; ///< nullptr: a table of one shard
    const char *distribution_type;
    const char *colocate_with;
    int shard_count;
    bool shard_count_given;
};

void check_arguments(const Arguments &arguments) {
    if (strcmp(arguments.distribution_type, "hash") != 0)
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("distribution type \"%s\" is not supported", arguments.distribution_type),
                        errhint("Use \"hash\", the default.")));
    if (arguments.shard_count < 1 || arguments.shard_count > kMaxShardCount)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%d is outside the valid range for parameter \"shard_count\" (1 .. %d)",
                               arguments.shard_count, kMaxShardCount)));
    if (arguments.column == nullptr && arguments.shard_count_given && arguments.shard_count != 1)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("a table without a distribution column has exactly one shard"),
                        errhint("Leave out shard_count, or name a distribution column.")));
    if (guc::shard_replication_factor > 1)
        ereport(ERROR,
                (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                 errmsg("citus.shard_replication_factor above 1 is not supported"), errhint("Set it to 1.")));
}

void create_distributed(const Arguments &arguments) {
    require_coordinator();
    Relation relation = open_table_to_distribute(arguments.relid);
    check_arguments(arguments);
    LayoutRequest request{arguments.relid,
                          InvalidOid,
                          InvalidOid,
                          arguments.colocate_with,
                          arguments.shard_count,
                          arguments.shard_count_given};
    AttrNumber key = InvalidAttrNumber;
    if (arguments.column != nullptr) {
        key = resolve_key(relation, arguments.column);
        Form_pg_attribute column = TupleDescAttr(RelationGetDescr(relation), key - 1);
        request.key_type = getBaseType(column->atttypid);
        request.key_collation = column->attcollation;
    }
    ensure_local_node_registered();
    relation_close(relation, NoLock);
    distribute(arguments.relid, arguments.column, kStreamingReplication, plan_distributed_table(request));
}

/// The label of an enum value, or of its default.
const char *enum_label(Datum value) {
    return DatumGetCString(OidFunctionCall1(F_ENUM_OUT, value));
}

} // namespace

void distribute_partition(Oid relid) {
    const DistTable &parent = *require_dist_table(parent_of_partition(relid));
    const List *tree = partition_tree(relid, AccessExclusiveLock);
    for (const ListCell &cell : cells(tree))
        relation_close(open_table_to_distribute(lfirst_oid(&cell), true), NoLock);
    const char *column = parent.has_key() ? get_attname(parent.relid, parent.key_attno, false) : nullptr;
    const TableLayout layout = layout_like(parent);
    lock_colocation_groups();
    write_metadata_of_tree(tree, column,
                           parent.kind == TableKind::Reference ? kTwoPhaseReplication : kStreamingReplication,
                           layout);
    ShardDdl ddl;
    for (const ListCell &cell : cells(tree))
        add_dependencies(ddl, lfirst_oid(&cell), groups_of(layout));
    add_shards_of_tree(ddl, tree);
    // With its constraints the shard is attached as it is; else it would get them again, by other names.
    add_late_constraints(ddl, tree);
    add_attachment(ddl, relid);
    add_key_names(ddl, tree);
    move_rows_of_tree(ddl, tree);
    ddl.run();
}

} // namespace citus

Datum create_distributed_table(PG_FUNCTION_ARGS) {
    using namespace citus;
    // Not strict, because a NULL column has a meaning.
    if (PG_ARGISNULL(0) || PG_ARGISNULL(2) || PG_ARGISNULL(3))
        ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
                        errmsg("table_name, distribution_type and colocate_with must not be NULL")));
    const bool shard_count_given = !PG_ARGISNULL(4);
    create_distributed({PG_GETARG_OID(0), PG_ARGISNULL(1) ? nullptr : text_to_cstring(PG_GETARG_TEXT_PP(1)),
                        enum_label(PG_GETARG_DATUM(2)), text_to_cstring(PG_GETARG_TEXT_PP(3)),
                        shard_count_given ? PG_GETARG_INT32(4) : guc::shard_count, shard_count_given});
    PG_RETURN_VOID();
}

Datum create_reference_table(PG_FUNCTION_ARGS) {
    using namespace citus;
    require_coordinator();
    Relation relation = open_table_to_distribute(PG_GETARG_OID(0));
    ensure_local_node_registered();
    relation_close(relation, NoLock);
    distribute(PG_GETARG_OID(0), nullptr, kTwoPhaseReplication, plan_reference_table());
    PG_RETURN_VOID();
}
