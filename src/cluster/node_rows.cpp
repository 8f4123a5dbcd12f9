#include "node_rows.hpp"

#include "citus/catalog/rows.hpp"

extern "C" {
#include "commands/sequence.h"
}

namespace citus {

namespace {

/// Makes a change of pg_dist_node visible to what follows in this transaction.
void nodes_changed() {
    invalidate_nodes();
    CommandCounterIncrement();
}

/// Updates the row of a node; set(CatalogValues &) says which columns.
template <typename Set>
void update_node(int32 node_id, Set set) {
    const CatalogTable catalog("pg_dist_node", RowExclusiveLock);
    ScanKeys keys(catalog);
    scan_catalog(catalog, "pg_dist_node_pkey", keys.equal_int4("nodeid", node_id),
                 [&](const CatalogRow &row) {
                     CatalogValues values(catalog);
                     set(values);
                     values.update(row.tuple());
                     return false;
                 });
    nodes_changed();
}

} // namespace

void lock_nodes_for_change() {
    LockRelationOid(extension_relation("pg_dist_node"), ExclusiveLock);
}

void lock_nodes_for_placement() {
    LockRelationOid(extension_relation("pg_dist_node"), RowShareLock);
}

const ClusterNode *find_node_by_address(const char *name, int port) {
    for (const ClusterNode &node : all_nodes()) {
        if (node.port == port && strcmp(node.name, name) == 0)
            return &node;
    }
    return nullptr;
}

const ClusterNode *find_node_by_id(int32 node_id) {
    for (const ClusterNode &node : all_nodes()) {
        if (node.node_id == node_id)
            return &node;
    }
    return nullptr;
}

const ClusterNode *require_node_by_address(const char *name, int port) {
    const ClusterNode *node = find_node_by_address(name, port);
    if (node == nullptr)
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_OBJECT), errmsg("node at \"%s:%d\" does not exist", name, port)));
    return node;
}

int32 insert_node(const NewNode &node) {
    const auto node_id =
        static_cast<int32>(nextval_internal(extension_relation("pg_dist_node_nodeid_seq"), false));
    {
        // Only the coordinator has metadata.
        const bool has_metadata = node.group_id == kCoordinatorGroupId;
        NameData cluster;
        namestrcpy(&cluster, node.cluster);
        const CatalogTable catalog("pg_dist_node", RowExclusiveLock);
        CatalogValues(catalog)
            .set("nodeid", Int32GetDatum(node_id))
            .set("groupid", Int32GetDatum(node.group_id))
            .set_text("nodename", node.name)
            .set("nodeport", Int32GetDatum(node.port))
            .set_text("noderack", "default")
            .set("hasmetadata", BoolGetDatum(has_metadata))
            .set("isactive", BoolGetDatum(node.is_active))
            .set("noderole", ObjectIdGetDatum(node.role))
            .set("nodecluster", NameGetDatum(&cluster))
            .set("metadatasynced", BoolGetDatum(has_metadata))
            .set("shouldhaveshards", BoolGetDatum(node.should_have_shards))
            .set("nodeisclone", BoolGetDatum(false))
            .set("nodeprimarynodeid", Int32GetDatum(0))
            .insert();
    }
    nodes_changed();
    return node_id;
}

void delete_node(int32 node_id) {
    const CatalogTable catalog("pg_dist_node", RowExclusiveLock);
    ScanKeys keys(catalog);
    scan_catalog(catalog, "pg_dist_node_pkey", keys.equal_int4("nodeid", node_id),
                 [&](const CatalogRow &row) {
                     CatalogTupleDelete(catalog.relation(), &row.tuple()->t_self);
                     return false;
                 });
    nodes_changed();
}

void set_node_address(int32 node_id, const char *name, int port) {
    update_node(node_id, [&](CatalogValues &values) {
        values.set_text("nodename", name).set("nodeport", Int32GetDatum(port));
    });
}

void set_node_active(int32 node_id, bool is_active) {
    update_node(node_id, [&](CatalogValues &values) { values.set("isactive", BoolGetDatum(is_active)); });
}

void set_node_should_have_shards(int32 node_id, bool value) {
    update_node(node_id, [&](CatalogValues &values) { values.set("shouldhaveshards", BoolGetDatum(value)); });
}

int32 next_group_id() {
    for (;;) {
        const auto group =
            static_cast<int32>(nextval_internal(extension_relation("pg_dist_groupid_seq"), false));
        // An id that was given explicitly may lie ahead of the sequence.
        const auto nodes = all_nodes();
        if (std::none_of(nodes.begin(), nodes.end(),
                         [&](const ClusterNode &node) { return node.group_id == group; }))
            return group;
    }
}

Oid node_role_value(const char *label) {
    const Oid type = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum("noderole"),
                                     ObjectIdGetDatum(PG_CATALOG_NAMESPACE));
    return DatumGetObjectId(OidFunctionCall2(F_ENUM_IN, CStringGetDatum(label), ObjectIdGetDatum(type)));
}

std::pmr::vector<PlacedShard> shards_of_group(int32 group_id) {
    std::pmr::vector<PlacedShard> shards;
    {
        const CatalogTable catalog("pg_dist_placement", AccessShareLock);
        const AttrNumber shard_id = catalog.column("shardid"), placement_id = catalog.column("placementid");
        ScanKeys keys(catalog);
        scan_catalog(catalog, "pg_dist_placement_groupid_index", keys.equal_int4("groupid", group_id),
                     [&](const CatalogRow &row) {
                         shards.push_back({InvalidOid, DatumGetInt64(row.value(shard_id)),
                                           DatumGetInt64(row.value(placement_id))});
                         return true;
                     });
    }
    for (PlacedShard &shard : shards)
        shard.relid = relation_of_shard(shard.shard_id);
    std::sort(shards.begin(), shards.end(), [](const PlacedShard &a, const PlacedShard &b) {
        return a.relid != b.relid ? a.relid < b.relid : a.shard_id < b.shard_id;
    });
    return shards;
}

} // namespace citus
