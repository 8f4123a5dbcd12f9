/// Names of shards, as the server's encoding and hash function make them.
#include "citus/catalog/metadata.hpp"
#include "citus/core/shard_name.hpp"
#include "cache.hpp"

extern "C" {
#include "common/hashfn.h"
#include "mb/pg_wchar.h"
#include "utils/inval.h"
}

namespace citus {

char *shard_relation_name(const char *logical_name, int64 shard_id) {
    const core::NameFunctions functions{hash_bytes, pg_mbcliplen};
    return copy_cstring(core::shard_object_name(logical_name, shard_id, functions));
}

namespace {

/// Qualified names of the shards of cached tables, which every statement on a shard needs. They change with
/// the table's name and its schema's.
struct KnownNames {
    explicit KnownNames(std::pmr::memory_resource *resource) : by_shard(resource) {}
    struct Name {
        Oid relid;
        const char *text;
    };
    std::pmr::unordered_map<int64, Name> by_shard;
    uint64 tables_then = 0, schemas_then = 0;
};

KnownNames *known_names = nullptr;
MemoryContext names_context = nullptr;
uint64 schema_changes = 0;

void schema_changed(Datum, int, uint32) {
    schema_changes++;
}

KnownNames &get_known_names() {
    if (known_names != nullptr && known_names->tables_then == table_changes() &&
        known_names->schemas_then == schema_changes)
        return *known_names;
    if (names_context == nullptr) {
        names_context =
            AllocSetContextCreate(cache::root_context(), "citus shard names", ALLOCSET_DEFAULT_SIZES);
        CacheRegisterSyscacheCallback(NAMESPACEOID, schema_changed, 0);
    }
    known_names = nullptr;
    MemoryContextReset(names_context);
    auto *resource = make_in<MemoryContextResource>(names_context, names_context);
    known_names = make_in<KnownNames>(names_context, resource);
    known_names->tables_then = table_changes();
    known_names->schemas_then = schema_changes;
    return *known_names;
}

char *make_qualified_name(Oid relid, int64 shard_id) {
    const char *name = get_rel_name(relid);
    if (name == nullptr)
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("relation with OID %u does not exist", relid)));
    return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
                                      shard_relation_name(name, shard_id));
}

} // namespace

char *qualified_shard_name(Oid relid, int64 shard_id) {
    // A table that is not cached would not be heard of when it is renamed.
    if (find_dist_table(relid) == nullptr)
        return make_qualified_name(relid, shard_id);
    KnownNames &known = get_known_names();
    const auto found = known.by_shard.find(shard_id);
    if (found != known.by_shard.end() && found->second.relid == relid)
        return pstrdup(found->second.text);
    const uint64 tables_before = table_changes(), schemas_before = schema_changes;
    char *name = make_qualified_name(relid, shard_id);
    if (tables_before == table_changes() && schemas_before == schema_changes)
        known.by_shard.insert_or_assign(shard_id,
                                        KnownNames::Name{relid, MemoryContextStrdup(names_context, name)});
    return name;
}

} // namespace citus
