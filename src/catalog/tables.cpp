/// The cache of distributed tables: how they are distributed, their shards and placements.
#include "citus/catalog/rows.hpp"
#include "citus/core/partkey.hpp"
#include "cache.hpp"

extern "C" {
#include "access/hash.h"
#include "access/transam.h"
#include "utils/typcache.h"
}

namespace citus {

namespace {

/// What is known of a relation; table is nullptr for one that is not in the metadata.
struct CachedTable {
    MemoryContext context = nullptr;
    const DistTable *table = nullptr;
};

struct ShardLocation {
    Oid relid;
    int index;
};

/// Created on first use in the cache's context; both maps hold no memory of another context.
struct Maps {
    explicit Maps(std::pmr::memory_resource *resource) : tables(resource), shards(resource) {}
    std::pmr::unordered_map<Oid, CachedTable> tables;
    /// Where a shard was seen last. Only a hint: checked against the table's entry on each use.
    std::pmr::unordered_map<int64, ShardLocation> shards;
};
Maps *maps = nullptr;
uint64 forgotten_tables = 0;

Maps &get_maps() {
    if (maps == nullptr) {
        auto *resource = make_in<MemoryContextResource>(cache::root_context(), cache::root_context());
        maps = make_in<Maps>(cache::root_context(), resource);
    }
    return *maps;
}

void read_key(DistTable &table, const char *partkey) {
    const auto attno = core::parse_partkey(partkey);
    if (!attno)
        ereport(ERROR,
                (errcode(ERRCODE_DATA_CORRUPTED),
                 errmsg("unexpected distribution column of table %u in pg_dist_partition", table.relid)));
    table.key_attno = static_cast<AttrNumber>(*attno);
    if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(table.relid)))
        return; // just dropped: only its shards are of interest
    Oid type = InvalidOid;
    int32 typmod = -1;
    get_atttypetypmodcoll(table.relid, table.key_attno, &type, &typmod, &table.key_collation);
    table.key_type = getBaseType(type);

    TypeCacheEntry *entry = lookup_type_cache(table.key_type, TYPECACHE_HASH_OPFAMILY | TYPECACHE_HASH_PROC);
    if (!OidIsValid(entry->hash_opf) || !OidIsValid(entry->hash_proc))
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_OBJECT),
                 errmsg("data type %s has no default hash operator class", format_type_be(table.key_type))));
    table.key_hash_opfamily = entry->hash_opf;
    table.key_hash = static_cast<FmgrInfo *>(palloc0(sizeof(FmgrInfo)));
    fmgr_info_cxt(entry->hash_proc, table.key_hash, CurrentMemoryContext);
}

TableKind kind_of(Oid relid, char method, char replication_model, int32 colocation_id) {
    if (method == 'h')
        return TableKind::Distributed;
    if (method == 'n' && replication_model == 't')
        return TableKind::Reference;
    if (method == 'n')
        return colocation_id != 0 ? TableKind::SingleShard : TableKind::Local;
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("table %u has the unsupported distribution method \"%c\"", relid, method)));
}

int32 parse_bound(const CatalogRow &row, AttrNumber column) {
    bool is_null = false;
    const Datum value = row.value(column, &is_null);
    return is_null ? 0 : pg_strtoint32(TextDatumGetCString(value));
}

std::span<const ShardPlacement> read_placements(const CatalogTable &catalog, int64 shard_id,
                                                Snapshot snapshot) {
    constexpr int32 kActive = 1;
    std::pmr::vector<ShardPlacement> placements;
    ScanKeys keys(catalog);
    keys.equal_int8("shardid", shard_id);
    const AttrNumber id = catalog.column("placementid"), group = catalog.column("groupid"),
                     state = catalog.column("shardstate");
    scan_catalog(
        catalog, "pg_dist_placement_shardid_groupid_unique_index", keys,
        [&](const CatalogRow &row) {
            if (DatumGetInt32(row.value(state)) == kActive)
                placements.push_back({DatumGetInt64(row.value(id)), DatumGetInt32(row.value(group))});
            return true;
        },
        snapshot);
    std::sort(placements.begin(), placements.end(),
              [](const auto &a, const auto &b) { return a.group_id < b.group_id; });
    auto *copy = static_cast<ShardPlacement *>(
        palloc(std::max<size_t>(placements.size(), 1) * sizeof(ShardPlacement)));
    std::copy(placements.begin(), placements.end(), copy);
    return {copy, placements.size()};
}

std::span<const Shard> read_shards(Oid relid, Snapshot snapshot) {
    std::pmr::vector<Shard> shards;
    {
        const CatalogTable catalog("pg_dist_shard", AccessShareLock);
        const AttrNumber id = catalog.column("shardid"), low = catalog.column("shardminvalue"),
                         high = catalog.column("shardmaxvalue");
        ScanKeys keys(catalog);
        keys.equal_oid("logicalrelid", relid);
        scan_catalog(
            catalog, "pg_dist_shard_logical_relid_index", keys,
            [&](const CatalogRow &row) {
                shards.push_back(
                    {DatumGetInt64(row.value(id)), parse_bound(row, low), parse_bound(row, high), {}});
                return true;
            },
            snapshot);
    }
    std::sort(shards.begin(), shards.end(), [](const auto &a, const auto &b) {
        return a.min_hash != b.min_hash ? a.min_hash < b.min_hash : a.shard_id < b.shard_id;
    });
    const CatalogTable placements("pg_dist_placement", AccessShareLock);
    for (Shard &shard : shards)
        shard.placements = read_placements(placements, shard.shard_id, snapshot);
    auto *copy = static_cast<Shard *>(palloc(std::max<size_t>(shards.size(), 1) * sizeof(Shard)));
    std::uninitialized_copy(shards.begin(), shards.end(), copy);
    return {copy, shards.size()};
}

/// Reads a table's metadata into the current memory context; nullptr when it has none. All rows are read with
/// one snapshot, so that a change committed meanwhile is seen as a whole or not at all.
const DistTable *read_table(Oid relid) {
    Snapshot snapshot = RegisterSnapshot(GetCatalogSnapshot(cache::extension_oids().partition));
    DistTable *table = nullptr;
    {
        const CatalogTable catalog("pg_dist_partition", AccessShareLock);
        ScanKeys keys(catalog);
        keys.equal_oid("logicalrelid", relid);
        scan_catalog(
            catalog, "pg_dist_partition_logical_relid_index", keys,
            [&](const CatalogRow &row) {
                table = make_in<DistTable>(CurrentMemoryContext);
                table->relid = relid;
                table->colocation_id = DatumGetInt32(row.value(catalog.column("colocationid")));
                table->kind =
                    kind_of(relid, DatumGetChar(row.value(catalog.column("partmethod"))),
                            DatumGetChar(row.value(catalog.column("repmodel"))), table->colocation_id);
                bool has_no_key = true;
                const Datum key = row.value(catalog.column("partkey"), &has_no_key);
                if (!has_no_key)
                    read_key(*table, TextDatumGetCString(key));
                return false;
            },
            snapshot);
    }
    if (table != nullptr)
        table->shards = read_shards(relid, snapshot);
    UnregisterSnapshot(snapshot);
    return table;
}

const DistTable *load_table(Oid relid) {
    for (;;) {
        const uint64 before = cache::changes();
        MemoryContext context =
            AllocSetContextCreate(CurrentMemoryContext, "citus table metadata", ALLOCSET_SMALL_SIZES);
        const DistTable *table = nullptr;
        {
            ContextScope scope(context);
            table = read_table(relid);
        }
        if (cache::changes() != before) {
            // Some change arrived while we read; perhaps it was this table's.
            MemoryContextDelete(context);
            CHECK_FOR_INTERRUPTS();
            if (!extension_is_ready())
                return nullptr;
            continue;
        }
        if (table == nullptr) {
            MemoryContextDelete(context);
            context = nullptr;
        }
        get_maps().tables.insert_or_assign(relid, CachedTable{context, table});
        if (context != nullptr)
            MemoryContextSetParent(context, cache::root_context());
        return table;
    }
}

void retire(CachedTable &cached) {
    if (cached.context != nullptr)
        cache::retire(cached.context);
}

/// Position of a shard in the table's entry, or -1.
int position_of_shard(const DistTable &table, int64 shard_id) {
    for (size_t i = 0; i < table.shards.size(); i++) {
        if (table.shards[i].shard_id == shard_id)
            return static_cast<int>(i);
    }
    return -1;
}

/// The relation of a shard as the catalog has it, or InvalidOid.
Oid read_relation_of_shard(int64 shard_id) {
    Oid relid = InvalidOid;
    const CatalogTable catalog("pg_dist_shard", AccessShareLock);
    ScanKeys keys(catalog);
    keys.equal_int8("shardid", shard_id);
    scan_catalog(catalog, "pg_dist_shard_shardid_index", keys, [&](const CatalogRow &row) {
        relid = DatumGetObjectId(row.value(catalog.column("logicalrelid")));
        return false;
    });
    return relid;
}

List *read_relations(const int32 *colocation_id) {
    List *relations = NIL;
    const CatalogTable catalog("pg_dist_partition", AccessShareLock);
    const AttrNumber relid = catalog.column("logicalrelid");
    ScanKeys keys(catalog);
    if (colocation_id != nullptr)
        keys.equal_int4("colocationid", *colocation_id);
    scan_catalog(catalog, colocation_id != nullptr ? "pg_dist_partition_colocationid_index" : nullptr, keys,
                 [&](const CatalogRow &row) {
                     relations = lappend_oid(relations, DatumGetObjectId(row.value(relid)));
                     return true;
                 });
    list_sort(relations, list_oid_cmp);
    return relations;
}

} // namespace

uint64 table_changes() {
    return forgotten_tables;
}

void cache::forget_table(Oid relid) {
    if (maps == nullptr)
        return;
    if (OidIsValid(relid)) {
        const auto found = maps->tables.find(relid);
        if (found == maps->tables.end())
            return;
        forgotten_tables += found->second.table != nullptr;
        retire(found->second);
        maps->tables.erase(found);
        return;
    }
    forgotten_tables++;
    for (auto &[unused, cached] : maps->tables)
        retire(cached);
    maps->tables.clear();
    maps->shards.clear();
}

const DistTable *find_dist_table(Oid relid) {
    if (relid < FirstNormalObjectId || !extension_is_ready())
        return nullptr;
    if (maps != nullptr) {
        const auto found = maps->tables.find(relid);
        if (found != maps->tables.end())
            return found->second.table;
    }
    return load_table(relid);
}

const DistTable *require_dist_table(Oid relid) {
    const DistTable *table = find_dist_table(relid);
    if (table == nullptr) {
        const char *name = get_rel_name(relid);
        ereport(ERROR, (errcode(ERRCODE_INVALID_TABLE_DEFINITION),
                        name != nullptr ? errmsg("relation %s is not distributed", name)
                                        : errmsg("relation with OID %u does not exist", relid)));
    }
    return table;
}

Oid relation_of_shard(int64 shard_id, int *shard_index) {
    if (!extension_is_ready())
        return InvalidOid;
    Maps &known = get_maps();
    if (const auto hint = known.shards.find(shard_id); hint != known.shards.end()) {
        const ShardLocation location = hint->second;
        const DistTable *table = find_dist_table(location.relid);
        if (table != nullptr && static_cast<size_t>(location.index) < table->shards.size() &&
            table->shards[static_cast<size_t>(location.index)].shard_id == shard_id) {
            if (shard_index != nullptr)
                *shard_index = location.index;
            return location.relid;
        }
        known.shards.erase(shard_id);
    }
    const Oid relid = read_relation_of_shard(shard_id);
    const DistTable *table = OidIsValid(relid) ? find_dist_table(relid) : nullptr;
    const int index = table != nullptr ? position_of_shard(*table, shard_id) : -1;
    if (index < 0)
        return InvalidOid;
    known.shards.insert_or_assign(shard_id, ShardLocation{relid, index});
    if (shard_index != nullptr)
        *shard_index = index;
    return relid;
}

List *all_dist_relations() {
    return extension_is_ready() ? read_relations(nullptr) : NIL;
}

List *relations_in_colocation_group(int32 colocation_id) {
    return extension_is_ready() ? read_relations(&colocation_id) : NIL;
}

int32 hash_distribution_value(const DistTable &table, Datum value, bool is_null) {
    if (is_null)
        return 0;
    return DatumGetInt32(FunctionCall1Coll(table.key_hash, table.key_collation, value));
}

int32 hash_distribution_value_of_type(const DistTable &table, Oid value_type, Datum value, bool is_null) {
    if (is_null)
        return 0;
    const Oid type = getBaseType(value_type);
    if (type == table.key_type)
        return hash_distribution_value(table, value, false);
    TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_HASH_OPFAMILY | TYPECACHE_HASH_PROC_FINFO);
    if (entry->hash_opf != table.key_hash_opfamily || !OidIsValid(entry->hash_proc_finfo.fn_oid))
        elog(ERROR, "values of type %s do not hash like the distribution column of type %s",
             format_type_be(type), format_type_be(table.key_type));
    return DatumGetInt32(FunctionCall1Coll(&entry->hash_proc_finfo, table.key_collation, value));
}

int shard_index_for_hash(const DistTable &table, int32 hash) {
    const auto shards = table.shards;
    if (!table.has_key() && !shards.empty())
        return 0;
    const auto above =
        std::upper_bound(shards.begin(), shards.end(), hash,
                         [](int32 value, const Shard &shard) { return value < shard.min_hash; });
    if (above == shards.begin() || hash > (above - 1)->max_hash)
        ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
                        errmsg("could not find a shard of relation %s for the hash value %d",
                               get_rel_name(table.relid), hash)));
    return static_cast<int>(above - shards.begin()) - 1;
}

} // namespace citus
