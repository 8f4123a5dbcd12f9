/// create_distributed_table() and create_reference_table().
#include "citus/catalog/writer.hpp"
#include "citus/cluster/nodes.hpp"
#include "citus/ddl/checks.hpp"
#include "citus/ddl/dependencies.hpp"
#include "citus/ddl/shard_definition.hpp"
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

/// Metadata, shards and rows, in this order; the checks that need the metadata come right after it.
void distribute(Relation relation, AttrNumber key, char replication_model, const TableLayout &layout) {
    const Oid relid = RelationGetRelid(relation);
    write_metadata(relid, key, replication_model, layout);
    check_constraints(relid, CheckTime::Distribution);

    ShardDdl ddl;
    add_dependencies(ddl, relid, groups_of(layout));
    ddl.on_shards(relid, shard_create_commands(relid));
    const bool has_rows = table_has_rows(relation);
    List *referenced = NIL;
    List *late_commands = shard_late_commands(relid, &referenced);
    if (has_rows) {
        ddl.run();
        move_rows_to_shards(relation);
    }
    ddl.on_shards(relid, late_commands, referenced);
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
    distribute(relation, key, kStreamingReplication, plan_distributed_table(request));
    relation_close(relation, NoLock);
}

/// The label of an enum value, or of its default.
const char *enum_label(Datum value) {
    return DatumGetCString(OidFunctionCall1(F_ENUM_OUT, value));
}

} // namespace

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
    distribute(relation, InvalidAttrNumber, kTwoPhaseReplication, plan_reference_table());
    relation_close(relation, NoLock);
    PG_RETURN_VOID();
}
