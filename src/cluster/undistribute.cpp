/// undistribute_table() and truncate_local_data_after_distributing_table().
#include "citus/cluster/distribute.hpp"
#include "citus/cluster/nodes.hpp"
#include "citus/ddl/partitions.hpp"
#include "citus/ddl/shard_definition.hpp"
#include "citus/pg/list.hpp"
#include "move_rows.hpp"
#include "table_checks.hpp"

extern "C" {
#include "catalog/pg_constraint.h"
#include "commands/tablecmds.h"

PG_FUNCTION_INFO_V1(undistribute_table);
PG_FUNCTION_INFO_V1(truncate_local_data_after_distributing_table);
}

namespace citus {

namespace {

/// Tables in the metadata that a foreign key connects with this one. *outgoing tells whether this one is the
/// referencing side of the first of them.
List *connected_tables(Oid relid, bool *outgoing) {
    List *tables = NIL;
    Relation catalog = table_open(ConstraintRelationId, AccessShareLock);
    SysScanDesc scan = systable_beginscan(catalog, InvalidOid, false, nullptr, 0, nullptr);
    while (HeapTuple tuple = systable_getnext(scan)) {
        auto *form = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple));
        if (form->contype != CONSTRAINT_FOREIGN || OidIsValid(form->conparentid) ||
            form->conrelid == form->confrelid || (form->conrelid != relid && form->confrelid != relid) ||
            find_dist_table(form->conrelid) == nullptr)
            continue;
        if (tables == NIL)
            *outgoing = form->conrelid == relid;
        tables = list_append_unique_oid(tables, form->conrelid == relid ? form->confrelid : form->conrelid);
    }
    systable_endscan(scan);
    table_close(catalog, AccessShareLock);
    return tables;
}

/// The table and, with cascade, all that foreign keys connect with it, directly or not.
List *tables_to_undistribute(Oid relid, bool cascade) {
    List *tables = list_make1_oid(relid);
    for (int i = 0; i < list_length(tables); i++) {
        bool outgoing = false;
        List *connected = connected_tables(list_nth_oid(tables, i), &outgoing);
        if (connected != NIL && !cascade)
            ereport(ERROR,
                    (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                     errmsg("cannot complete operation because table %s %s a foreign key",
                            get_rel_name(relid), outgoing ? "has" : "is referenced by"),
                     errhint("Use cascade option to undistribute all the relations involved in a foreign key "
                             "relationship with %s by executing SELECT undistribute_table($$%s$$, "
                             "cascade_via_foreign_keys=>true)",
                             qualified_relation_name(relid), qualified_relation_name(relid))));
        tables = list_concat_unique_oid(tables, connected);
    }
    return tables;
}

/// Locks the table; raises when it is not in the metadata, or somebody else's.
const DistTable *lock_table(Oid relid) {
    Relation relation = open_own_table(relid);
    const DistTable *table = find_dist_table(relid);
    if (table == nullptr)
        ereport(ERROR, (errcode(ERRCODE_INVALID_TABLE_DEFINITION),
                        errmsg("cannot undistribute table because the table is not distributed"),
                        errdetail("\"%s\" is a local table.", RelationGetRelationName(relation))));
    CheckTableNotInUse(relation, "undistribute_table");
    relation_close(relation, NoLock);
    return table;
}

void undistribute(Oid relid, bool cascade) {
    require_coordinator();
    lock_table(relid);
    if (OidIsValid(parent_of_partition(relid)))
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("cannot undistribute table because it is a partition"),
                        errdetail("\"%s\" is a partition of \"%s\".", get_rel_name(relid),
                                  get_rel_name(parent_of_partition(relid))),
                        errhint("Undistribute the partitioned table, or detach the partition first.")));
    List *tables = NIL;
    for (const ListCell &cell : cells(tables_to_undistribute(relid, cascade)))
        tables = list_concat_unique_oid(tables, partition_tree(lfirst_oid(&cell), AccessExclusiveLock));
    for (const ListCell &cell : cells(tables))
        lock_table(lfirst_oid(&cell));
    DoomedShards doomed;
    for (const ListCell &cell : cells(tables)) {
        Relation relation = table_open(lfirst_oid(&cell), NoLock);
        ereport(NOTICE, (errmsg("moving the data of %s", qualified_relation_name(lfirst_oid(&cell)))));
        if (!is_partitioned(lfirst_oid(&cell)))
            copy_rows_to_shell(relation);
        table_close(relation, NoLock);
        doomed.take(*require_dist_table(lfirst_oid(&cell)));
    }
    doomed.drop();
}

} // namespace

} // namespace citus

Datum undistribute_table(PG_FUNCTION_ARGS) {
    citus::undistribute(PG_GETARG_OID(0), PG_GETARG_BOOL(1));
    PG_RETURN_VOID();
}

/// Distribution itself leaves nothing behind in the shell; this serves scripts that call it.
Datum truncate_local_data_after_distributing_table(PG_FUNCTION_ARGS) {
    using namespace citus;
    const Oid relid = PG_GETARG_OID(0);
    require_coordinator();
    Relation relation = open_own_table(relid);
    require_dist_table(relid);
    if (table_has_rows(relation)) {
        CheckTableNotInUse(relation, "truncate_local_data_after_distributing_table");
        empty_shell(relation);
    }
    relation_close(relation, NoLock);
    PG_RETURN_VOID();
}
