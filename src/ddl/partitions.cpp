#include "citus/ddl/partitions.hpp"

#include "citus/ddl/shard_definition.hpp"
#include "citus/pg/list.hpp"

extern "C" {
#include "catalog/index.h"
#include "catalog/partition.h"
#include "catalog/pg_inherits.h"
#include "utils/fmgrprotos.h"
#include "utils/ruleutils.h"
}

namespace citus {

namespace {

/// `FOR VALUES ...` or `DEFAULT`.
char *partition_bound(Oid partition) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(partition));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for relation %u", partition);
    bool is_null = true;
    const Datum bound = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_relpartbound, &is_null);
    if (is_null)
        elog(ERROR, "relation %u has no partition bound", partition);
    const int level = pin_search_path();
    char *definition =
        TextDatumGetCString(DirectFunctionCall2(pg_get_expr, bound, ObjectIdGetDatum(partition)));
    unpin_search_path(level);
    ReleaseSysCache(tuple);
    return definition;
}

} // namespace

bool is_partitioned(Oid relid) {
    return get_rel_relkind(relid) == RELKIND_PARTITIONED_TABLE;
}

Oid parent_of_partition(Oid relid) {
    return get_rel_relispartition(relid) ? get_partition_parent(relid, true) : InvalidOid;
}

List *partition_tree(Oid relid, LOCKMODE lock) {
    return is_partitioned(relid) ? find_all_inheritors(relid, lock, nullptr) : list_make1_oid(relid);
}

List *bottom_up(const List *tree) {
    List *reversed = NIL;
    for (int i = list_length(tree) - 1; i >= 0; i--)
        reversed = lappend_oid(reversed, list_nth_oid(tree, i));
    return reversed;
}

void add_attachment(ShardDdl &ddl, Oid partition, int32 only_group) {
    const Oid parent = parent_of_partition(partition);
    ddl.on_shards(
        partition,
        list_make1(psprintf("ALTER TABLE %s ATTACH PARTITION %s %s", qualified_relation_name(parent),
                            qualified_relation_name(partition), partition_bound(partition))),
        list_make1_oid(parent), {}, nullptr, only_group);
}

void add_index_attachments(ShardDdl &ddl, Oid index, int32 only_group) {
    if (get_rel_relkind(index) != RELKIND_PARTITIONED_INDEX)
        return;
    for (const ListCell &cell : cells(find_inheritance_children(index, AccessShareLock)))
        ddl.on_shards(
            IndexGetRelation(index, false),
            list_make1(psprintf("ALTER INDEX %s ATTACH PARTITION %s", qualified_relation_name(index),
                                qualified_relation_name(lfirst_oid(&cell)))),
            list_make2_oid(index, lfirst_oid(&cell)), {}, nullptr, only_group);
}

void add_shards_of_tree(ShardDdl &ddl, const List *tree, int32 only_group) {
    for (const ListCell &cell : cells(tree)) {
        ddl.on_shards(lfirst_oid(&cell), shard_table_commands(lfirst_oid(&cell)), NIL, {}, nullptr,
                      only_group);
        if (lfirst_oid(&cell) != linitial_oid(tree))
            add_attachment(ddl, lfirst_oid(&cell), only_group);
    }
    // Indexes come with their own names: made by PostgreSQL for a partition, they would get others.
    for (const ListCell &cell : cells(bottom_up(tree))) {
        const Oid relid = lfirst_oid(&cell);
        ddl.on_shards(relid, shard_create_commands(relid), NIL, {}, nullptr, only_group);
        if (!is_partitioned(relid))
            continue;
        Relation relation = table_open(relid, NoLock);
        for (const ListCell &index : cells(RelationGetIndexList(relation)))
            add_index_attachments(ddl, lfirst_oid(&index), only_group);
        table_close(relation, NoLock);
    }
}

void add_late_constraints(ShardDdl &ddl, const List *tree, int32 only_group) {
    for (const ListCell &cell : cells(bottom_up(tree))) {
        List *referenced = NIL;
        List *commands = shard_late_commands(lfirst_oid(&cell), &referenced);
        ddl.on_shards(lfirst_oid(&cell), commands, referenced, {}, nullptr, only_group);
    }
}

} // namespace citus
