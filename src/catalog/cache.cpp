#include "cache.hpp"

extern "C" {
#include "catalog/pg_namespace_d.h"
#include "commands/extension.h"
#include "utils/syscache.h"
}

namespace citus {

namespace {

enum class ExtensionState { Unknown, Missing, Present };

ExtensionState state = ExtensionState::Unknown;
cache::ExtensionOids oids;
uint64 change_count = 0;
MemoryContext cache_context = nullptr;
MemoryContext retired_context = nullptr;

void forget_everything() {
    state = ExtensionState::Unknown;
    cache::forget_table(InvalidOid);
    cache::forget_nodes();
}

/// Relcache callback: must neither allocate nor raise. A change of pg_dist_partition itself stands for a
/// change of unknown extent: its trigger fired, or the extension was dropped.
void relation_changed(Datum, Oid relid) {
    change_count++;
    if (state == ExtensionState::Missing)
        state = ExtensionState::Unknown; // it may have been created
    if (state == ExtensionState::Unknown || !OidIsValid(relid) || relid == oids.partition)
        forget_everything();
    else if (relid == oids.node || relid == oids.local_group)
        cache::forget_nodes();
    else
        cache::forget_table(relid);
}

void transaction_ended(XactEvent event, void *) {
    switch (event) {
    case XACT_EVENT_COMMIT:
    case XACT_EVENT_ABORT:
    case XACT_EVENT_PREPARE:
    case XACT_EVENT_PARALLEL_COMMIT:
    case XACT_EVENT_PARALLEL_ABORT:
        if (retired_context->firstchild != nullptr)
            MemoryContextDeleteChildren(retired_context);
        break;
    default:
        break;
    }
}

/// Looks the extension up. Relations are looked for first: the syscache remembers that they do not exist,
/// while pg_extension would be scanned.
ExtensionState look_up_extension() {
    oids.partition = get_relname_relid("pg_dist_partition", PG_CATALOG_NAMESPACE);
    if (!OidIsValid(oids.partition))
        return ExtensionState::Missing;
    oids.extension = get_extension_oid("citus", true);
    oids.node = get_relname_relid("pg_dist_node", PG_CATALOG_NAMESPACE);
    oids.local_group = get_relname_relid("pg_dist_local_group", PG_CATALOG_NAMESPACE);
    return OidIsValid(oids.extension) && OidIsValid(oids.node) && OidIsValid(oids.local_group)
               ? ExtensionState::Present
               : ExtensionState::Missing;
}

} // namespace

namespace cache {

MemoryContext root_context() {
    return cache_context;
}
uint64 changes() {
    return change_count;
}
const ExtensionOids &extension_oids() {
    return oids;
}

void retire(MemoryContext context) {
    MemoryContextSetParent(context, retired_context);
}

} // namespace cache

bool extension_is_ready() {
    if (!IsTransactionState() || !OidIsValid(MyDatabaseId) || IsBinaryUpgrade)
        return false;
    while (state == ExtensionState::Unknown) {
        // A change that arrives during the look-up may have come too late for it: look again.
        const uint64 before = change_count;
        const ExtensionState found = look_up_extension();
        if (change_count == before)
            state = found;
    }
    if (state != ExtensionState::Present)
        return false;
    return !(creating_extension && CurrentExtensionObject == oids.extension);
}

Oid extension_relation(const char *name) {
    const Oid relid = get_relname_relid(name, PG_CATALOG_NAMESPACE);
    if (!OidIsValid(relid))
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("relation \"pg_catalog.%s\" does not exist", name),
                 errhint("Run CREATE EXTENSION citus in this database, or ALTER EXTENSION citus UPDATE.")));
    return relid;
}

void invalidate_table(Oid relid) {
    // A relation that was dropped cannot be announced any more; then everything is read anew.
    const bool exists = SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid));
    CacheInvalidateRelcacheByRelid(exists ? relid : extension_relation("pg_dist_partition"));
}

void invalidate_nodes() {
    CacheInvalidateRelcacheByRelid(extension_relation("pg_dist_node"));
}

void install_metadata_cache() {
    cache_context = AllocSetContextCreate(TopMemoryContext, "citus metadata", ALLOCSET_DEFAULT_SIZES);
    retired_context = AllocSetContextCreate(cache_context, "citus retired metadata", ALLOCSET_SMALL_SIZES);
    CacheRegisterRelcacheCallback(relation_changed, static_cast<Datum>(0));
    RegisterXactCallback(transaction_ended, nullptr);
}

} // namespace citus
