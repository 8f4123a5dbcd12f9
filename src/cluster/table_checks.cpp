#include "table_checks.hpp"

#include "citus/catalog/shard_relations.hpp"
#include "citus/ddl/checks.hpp"

extern "C" {
#include "catalog/catalog.h"
#include "catalog/partition.h"
#include "catalog/pg_am.h"
#include "catalog/pg_inherits.h"
#include "commands/tablecmds.h"
#include "utils/typcache.h"
}

namespace citus {

namespace {

void check_kind(Relation relation) {
    const char *name = RelationGetRelationName(relation);
    switch (relation->rd_rel->relkind) {
    case RELKIND_RELATION:
    case RELKIND_PARTITIONED_TABLE:
        return;
    case RELKIND_FOREIGN_TABLE:
        ereport(ERROR,
                (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("foreign tables cannot be distributed"),
                 errdetail("\"%s\" is a foreign table.", name)));
    default:
        ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                        errmsg("%s is not a regular, foreign or partitioned table", name)));
    }
}

void check_inheritance(Relation relation, bool partitions_allowed) {
    const char *name = RelationGetRelationName(relation);
    if (relation->rd_rel->relispartition && !partitions_allowed)
        ereport(ERROR,
                (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("distributing partitions is not supported"),
                 errdetail("\"%s\" is a partition.", name),
                 errhint("Distribute the partitioned table \"%s\": its partitions go with it.",
                         get_rel_name(get_partition_parent(RelationGetRelid(relation), true)))));
    if (relation->rd_rel->relispartition || relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
        return;
    if (has_subclass(RelationGetRelid(relation)) || has_superclass(RelationGetRelid(relation)))
        ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                        errmsg("%s is not a regular, foreign or partitioned table", name),
                        errdetail("Tables that inherit from others, or that others inherit from, cannot be "
                                  "distributed.")));
}

/// The row type of a table does not exist on other nodes.
void check_column_types(Relation relation) {
    for (int i = 0; i < RelationGetNumberOfAttributes(relation); i++) {
        Form_pg_attribute column = TupleDescAttr(RelationGetDescr(relation), i);
        if (column->attisdropped)
            continue;
        const Oid element = get_base_element_type(column->atttypid);
        const Oid row = get_typ_typrelid(OidIsValid(element) ? element : getBaseType(column->atttypid));
        if (OidIsValid(row) && get_rel_relkind(row) != RELKIND_COMPOSITE_TYPE)
            ereport(
                ERROR,
                (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                 errmsg("cannot distribute relation \"%s\" because column \"%s\" has the row type of a table",
                        RelationGetRelationName(relation), NameStr(column->attname)),
                 errhint("Use a type made with CREATE TYPE.")));
    }
}

void check_storage(Relation relation) {
    if (relation->rd_rel->relpersistence == RELPERSISTENCE_TEMP)
        ereport(ERROR,
                (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("cannot distribute a temporary table")));
    if (IsCatalogRelation(relation) || IsCatalogNamespace(RelationGetNamespace(relation)))
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("cannot create a citus table from a catalog table")));
}

} // namespace

Relation open_own_table(Oid relid) {
    Relation relation = try_relation_open(relid, AccessExclusiveLock);
    if (relation == nullptr)
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("relation with OID %u does not exist", relid)));
    if (!citus_is_class_owner(relid, GetUserId()))
        aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE, RelationGetRelationName(relation));
    return relation;
}

Relation open_table_to_distribute(Oid relid, bool partitions_allowed) {
    Relation relation = open_own_table(relid);
    check_storage(relation);
    check_kind(relation);
    if (find_dist_table(relid) != nullptr)
        ereport(ERROR, (errcode(ERRCODE_INVALID_TABLE_DEFINITION),
                        errmsg("table \"%s\" is already distributed", RelationGetRelationName(relation))));
    if (shard_of_relation(relid) != 0)
        ereport(ERROR, (errcode(ERRCODE_WRONG_OBJECT_TYPE),
                        errmsg("relation \"%s\" is a shard relation", RelationGetRelationName(relation)),
                        errhint("Distribute an ordinary table.")));
    check_inheritance(relation, partitions_allowed);
    check_triggers(relid);
    check_column_types(relation);
    // Its rows will be moved: no open cursor or pending trigger may rely on them.
    CheckTableNotInUse(relation, "create_distributed_table");
    return relation;
}

AttrNumber resolve_key(Relation relation, const char *column) {
    const Oid relid = RelationGetRelid(relation);
    const char *table = RelationGetRelationName(relation);
    const AttrNumber attno = get_attnum(relid, column);
    if (attno == InvalidAttrNumber)
        ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                        errmsg("column \"%s\" of relation \"%s\" does not exist", column, table)));
    if (attno < 0)
        ereport(ERROR,
                (errcode(ERRCODE_INVALID_COLUMN_REFERENCE), errmsg("cannot distribute relation: %s", table),
                 errdetail("System column \"%s\" cannot be the distribution column.", column)));
    Form_pg_attribute attribute = TupleDescAttr(RelationGetDescr(relation), attno - 1);
    if (attribute->attgenerated != '\0')
        ereport(ERROR,
                (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("cannot distribute relation: %s", table),
                 errdetail("Distribution column must not use GENERATED ALWAYS AS (...) STORED.")));
    const Oid type = getBaseType(attribute->atttypid);
    // The type cache also looks at the elements of arrays, ranges and composite types.
    const TypeCacheEntry *entry = lookup_type_cache(type, TYPECACHE_HASH_PROC);
    if (!OidIsValid(GetDefaultOpClass(type, HASH_AM_OID)) || !OidIsValid(entry->hash_proc))
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_OBJECT),
                 errmsg("data type %s has no default operator class for specified partition method",
                        format_type_be(attribute->atttypid)),
                 errdetail("Column \"%s\" cannot be the distribution column, because values of its type "
                           "cannot be hashed.",
                           column)));
    return attno;
}

} // namespace citus
