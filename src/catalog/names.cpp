/// Names of shards, as the server's encoding and hash function make them.
#include "citus/catalog/metadata.hpp"
#include "citus/core/shard_name.hpp"

extern "C" {
#include "common/hashfn.h"
#include "mb/pg_wchar.h"
}

namespace citus {

char *shard_relation_name(const char *logical_name, int64 shard_id) {
    const core::NameFunctions functions{hash_bytes, pg_mbcliplen};
    return copy_cstring(core::shard_object_name(logical_name, shard_id, functions));
}

char *qualified_shard_name(Oid relid, int64 shard_id) {
    const char *name = get_rel_name(relid);
    if (name == nullptr)
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("relation with OID %u does not exist", relid)));
    return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)),
                                      shard_relation_name(name, shard_id));
}

} // namespace citus
