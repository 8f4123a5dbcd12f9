#include "shard_guard.hpp"

#include "citus/catalog/shard_relations.hpp"
#include "citus/guc.hpp"

namespace citus {

void refuse_change_of_shard(const RangeVar *name) {
    if (guc::enable_manual_changes_to_shards)
        return;
    const Oid relid = RangeVarGetRelid(name, NoLock, true);
    const int64 shard_id = OidIsValid(relid) ? shard_of_relation(relid) : 0;
    if (shard_id == 0)
        return;
    const char *table = get_rel_name(relation_of_shard(shard_id));
    ereport(ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
             errmsg("cannot modify \"%s\" because it is a shard of a distributed table", name->relname),
             errhint("Use the distributed table \"%s\" instead.", table)));
}

} // namespace citus
