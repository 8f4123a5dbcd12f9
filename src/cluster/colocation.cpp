#include "colocation.hpp"

#include "citus/catalog/writer.hpp"
#include "citus/cluster/nodes.hpp"
#include "citus/core/hash_ranges.hpp"
#include "citus/pg/list.hpp"

extern "C" {
#include "utils/varlena.h"
}

namespace citus {

namespace {

constexpr int kReplicationFactor = 1;
constexpr int kReferenceReplicationFactor = -1; ///< a copy on every node, however many there are

Oid relation_named(const char *name) {
    List *names = textToQualifiedNameList(cstring_to_text(name));
    const Oid relid = RangeVarGetRelid(makeRangeVarFromNameList(names), NoLock, false);
    require_dist_table(relid);
    return relid;
}

[[noreturn]] void refuse_colocation(Oid relid, Oid other, const char *detail) {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("cannot colocate tables %s and %s", get_rel_name(other), get_rel_name(relid)),
                    errdetail("%s for %s and %s.", detail, get_rel_name(other), get_rel_name(relid))));
}

void check_colocatable(const LayoutRequest &request, const DistTable &other) {
    const TableKind wanted = OidIsValid(request.key_type) ? TableKind::Distributed : TableKind::SingleShard;
    if (other.kind != wanted)
        refuse_colocation(request.relid, other.relid, "Distribution methods don't match");
    if (other.has_key() && other.key_type != request.key_type)
        refuse_colocation(request.relid, other.relid, "Distribution column types don't match");
    if (other.has_key() && other.key_collation != request.key_collation)
        refuse_colocation(request.relid, other.relid, "Distribution column collations don't match");
}

std::pmr::vector<PlannedShard> round_robin(int shard_count) {
    const auto groups = groups_for_new_shards();
    std::pmr::vector<PlannedShard> shards;
    for (const core::HashRange &range : core::split_hash_space(shard_count))
        shards.push_back({range.min, range.max, {groups[shards.size() % groups.size()]}});
    return shards;
}

int32 new_group(const LayoutRequest &request, int shard_count) {
    const int32 id = next_colocation_id();
    insert_colocation_group(id, shard_count, kReplicationFactor, request.key_type, request.key_collation);
    return id;
}

/// A table without a distribution column goes to one node, another one for each group.
TableLayout plan_single_shard_group(const LayoutRequest &request) {
    const int32 id = new_group(request, 1);
    const auto groups = groups_for_new_shards();
    return {id, {{0, 0, {groups[static_cast<uint32>(id) % groups.size()]}}}};
}

} // namespace

TableLayout layout_like(const DistTable &other) {
    TableLayout layout{other.colocation_id, {}};
    for (const Shard &shard : other.shards) {
        PlannedShard planned{shard.min_hash, shard.max_hash, {}};
        for (const ShardPlacement &placement : shard.placements)
            planned.groups.push_back(placement.group_id);
        layout.shards.push_back(planned);
    }
    return layout;
}

void lock_colocation_groups() {
    LockRelationOid(extension_relation("pg_dist_colocation"), ShareRowExclusiveLock);
}

TableLayout plan_distributed_table(const LayoutRequest &request) {
    const bool none = pg_strcasecmp(request.colocate_with, "none") == 0;
    const bool by_default = pg_strcasecmp(request.colocate_with, "default") == 0;
    lock_colocation_groups();
    if (!none && !by_default) {
        if (request.shard_count_given)
            ereport(ERROR,
                    (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                     errmsg("Cannot use colocate_with with a table and shard_count at the same time")));
        const DistTable *other = require_dist_table(relation_named(request.colocate_with));
        check_colocatable(request, *other);
        return layout_like(*other);
    }
    if (!OidIsValid(request.key_type))
        return plan_single_shard_group(request);

    int32 id = none ? 0
                    : find_colocation_group(request.shard_count, kReplicationFactor, request.key_type,
                                            request.key_collation);
    List *members = id != 0 ? relations_in_colocation_group(id) : NIL;
    if (members != NIL)
        return layout_like(*require_dist_table(linitial_oid(members)));
    if (id == 0)
        id = new_group(request, request.shard_count);
    return {id, round_robin(request.shard_count)};
}

TableLayout plan_reference_table() {
    lock_colocation_groups();
    int32 id = find_colocation_group(1, kReferenceReplicationFactor, InvalidOid, InvalidOid);
    if (id == 0) {
        id = next_colocation_id();
        insert_colocation_group(id, 1, kReferenceReplicationFactor, InvalidOid, InvalidOid);
    }
    return {id, {{0, 0, groups_for_reference_tables()}}};
}

} // namespace citus
