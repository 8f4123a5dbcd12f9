#include "citus/catalog/writer.hpp"

#include "citus/catalog/rows.hpp"
#include "citus/guc.hpp"

extern "C" {
#include "catalog/pg_extension_d.h"
#include "commands/extension.h"
#include "commands/sequence.h"
}

namespace citus {

namespace {

int64 next_value(const char *sequence) {
    return nextval_internal(extension_relation(sequence), false);
}

/// A table in the metadata depends on the extension, so that DROP EXTENSION says what it would take along.
ObjectAddress extension_address() {
    return ObjectAddress{ExtensionRelationId, get_extension_oid("citus", false), 0};
}

void delete_matching(const CatalogTable &catalog, const char *index, ScanKeys &keys) {
    scan_catalog(catalog, index, keys, [&](const CatalogRow &row) {
        HeapTuple tuple = row.tuple();
        CatalogTupleDelete(catalog.relation(), &tuple->t_self);
        return true;
    });
}

} // namespace

int64 next_shard_id() {
    if (guc::next_shard_id > 0)
        return guc::next_shard_id++;
    return next_value("pg_dist_shardid_seq");
}

int64 next_placement_id() {
    return next_value("pg_dist_placement_placementid_seq");
}

int32 next_colocation_id() {
    return static_cast<int32>(next_value("pg_dist_colocationid_seq"));
}

void insert_partition(Oid relid, AttrNumber key_attno, int32 colocation_id, char replication_model) {
    const CatalogTable catalog("pg_dist_partition", RowExclusiveLock);
    CatalogValues row(catalog);
    row.set("logicalrelid", ObjectIdGetDatum(relid))
        .set("colocationid", Int32GetDatum(colocation_id))
        .set("repmodel", CharGetDatum(replication_model))
        .set("autoconverted", BoolGetDatum(false));
    if (key_attno != InvalidAttrNumber) {
        Oid type = InvalidOid, collation = InvalidOid;
        int32 typmod = -1;
        get_atttypetypmodcoll(relid, key_attno, &type, &typmod, &collation);
        row.set("partmethod", CharGetDatum('h'))
            .set_text("partkey", nodeToString(makeVar(1, key_attno, type, typmod, collation, 0)));
    } else {
        row.set("partmethod", CharGetDatum('n'));
    }
    row.insert();

    const ObjectAddress table{RelationRelationId, relid, 0}, extension = extension_address();
    recordDependencyOn(&table, &extension, DEPENDENCY_NORMAL);
    invalidate_table(relid);
}

void delete_partition(Oid relid) {
    const CatalogTable catalog("pg_dist_partition", RowExclusiveLock);
    ScanKeys keys(catalog);
    delete_matching(catalog, "pg_dist_partition_logical_relid_index", keys.equal_oid("logicalrelid", relid));
    // Visible at once: when the table is being dropped, its own deletion looks for the same rows.
    if (deleteDependencyRecordsForSpecific(RelationRelationId, relid, DEPENDENCY_NORMAL, ExtensionRelationId,
                                           extension_address().objectId) > 0)
        CommandCounterIncrement();
    invalidate_table(relid);
}

void insert_shard(Oid relid, int64 shard_id, bool has_range, int32 min_hash, int32 max_hash) {
    const CatalogTable catalog("pg_dist_shard", RowExclusiveLock);
    CatalogValues row(catalog);
    row.set("logicalrelid", ObjectIdGetDatum(relid))
        .set("shardid", Int64GetDatum(shard_id))
        .set("shardstorage", CharGetDatum('t'));
    if (has_range)
        row.set_text("shardminvalue", psprintf("%d", min_hash))
            .set_text("shardmaxvalue", psprintf("%d", max_hash));
    row.insert();
    invalidate_table(relid);
}

void delete_shard(Oid relid, int64 shard_id) {
    const CatalogTable catalog("pg_dist_shard", RowExclusiveLock);
    ScanKeys keys(catalog);
    delete_matching(catalog, "pg_dist_shard_shardid_index", keys.equal_int8("shardid", shard_id));
    invalidate_table(relid);
}

void insert_placement(Oid relid, int64 shard_id, int32 group_id) {
    constexpr int32 kActive = 1;
    const CatalogTable catalog("pg_dist_placement", RowExclusiveLock);
    CatalogValues(catalog)
        .set("placementid", Int64GetDatum(next_placement_id()))
        .set("shardid", Int64GetDatum(shard_id))
        .set("shardstate", Int32GetDatum(kActive))
        .set("shardlength", Int64GetDatum(0))
        .set("groupid", Int32GetDatum(group_id))
        .insert();
    invalidate_table(relid);
}

void delete_placement(Oid relid, int64 placement_id) {
    const CatalogTable catalog("pg_dist_placement", RowExclusiveLock);
    ScanKeys keys(catalog);
    delete_matching(catalog, "pg_dist_placement_placementid_index",
                    keys.equal_int8("placementid", placement_id));
    invalidate_table(relid);
}

void insert_colocation_group(int32 colocation_id, int shard_count, int replication_factor, Oid key_type,
                             Oid key_collation) {
    const CatalogTable catalog("pg_dist_colocation", RowExclusiveLock);
    CatalogValues(catalog)
        .set("colocationid", Int32GetDatum(colocation_id))
        .set("shardcount", Int32GetDatum(shard_count))
        .set("replicationfactor", Int32GetDatum(replication_factor))
        .set("distributioncolumntype", ObjectIdGetDatum(key_type))
        .set("distributioncolumncollation", ObjectIdGetDatum(key_collation))
        .insert();
}

int32 find_colocation_group(int shard_count, int replication_factor, Oid key_type, Oid key_collation) {
    int32 found = 0;
    const CatalogTable catalog("pg_dist_colocation", AccessShareLock);
    const AttrNumber id = catalog.column("colocationid");
    ScanKeys keys(catalog);
    keys.equal_int4("shardcount", shard_count)
        .equal_int4("replicationfactor", replication_factor)
        .equal_oid("distributioncolumntype", key_type)
        .equal_oid("distributioncolumncollation", key_collation);
    scan_catalog(catalog, "pg_dist_colocation_configuration_index", keys, [&](const CatalogRow &row) {
        const int32 colocation_id = DatumGetInt32(row.value(id));
        found = found == 0 ? colocation_id : std::min(found, colocation_id);
        return true;
    });
    return found;
}

void delete_colocation_group(int32 colocation_id) {
    const CatalogTable catalog("pg_dist_colocation", RowExclusiveLock);
    ScanKeys keys(catalog);
    delete_matching(catalog, "pg_dist_colocation_pkey", keys.equal_int4("colocationid", colocation_id));
}

} // namespace citus
