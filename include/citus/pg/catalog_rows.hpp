/// Rows of a system catalog that are found by Oids. For columns of fixed size only: what may be NULL or long
/// is not part of the C struct.
#pragma once

#include "citus/pg/prelude.hpp"

extern "C" {
#include "access/genam.h"
#include "access/table.h"
#include "catalog/indexing.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_shdepend.h"
#include "miscadmin.h"
#include "utils/fmgroids.h"
}

namespace citus {

struct OidKey {
    AttrNumber column;
    Oid value;
};

/// Calls take(const Form &) for each row with these values, in the order of the index, whose first columns
/// they are. It must not keep the row.
template <typename Form, typename Take>
void for_each_row(Oid catalog_id, Oid index, std::initializer_list<OidKey> wanted, Take take) {
    constexpr size_t kMaxKeys = 4;
    ScanKeyData keys[kMaxKeys];
    int count = 0;
    Assert(wanted.size() <= kMaxKeys);
    for (const OidKey &key : wanted)
        ScanKeyInit(&keys[count++], key.column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(key.value));
    Relation catalog = table_open(catalog_id, AccessShareLock);
    SysScanDesc scan = systable_beginscan(catalog, index, true, nullptr, count, keys);
    while (HeapTuple tuple = systable_getnext(scan))
        take(*reinterpret_cast<const Form *>(GETSTRUCT(tuple)));
    systable_endscan(scan);
    table_close(catalog, AccessShareLock);
}

/// The constraints of a table, by name.
template <typename Take>
void for_each_constraint(Oid relid, Take take) {
    for_each_row<FormData_pg_constraint>(ConstraintRelationId, ConstraintRelidTypidNameIndexId,
                                         {{Anum_pg_constraint_conrelid, relid}}, take);
}

/// Those of a domain.
template <typename Take>
void for_each_domain_constraint(Oid type, Take take) {
    for_each_row<FormData_pg_constraint>(ConstraintRelationId, ConstraintTypidIndexId,
                                         {{Anum_pg_constraint_contypid, type}}, take);
}

/// What an object depends on (rows of pg_depend).
template <typename Take>
void for_each_dependency(Oid class_id, Oid object_id, Take take) {
    for_each_row<FormData_pg_depend>(DependRelationId, DependDependerIndexId,
                                     {{Anum_pg_depend_classid, class_id}, {Anum_pg_depend_objid, object_id}},
                                     take);
}

/// What depends on an object.
template <typename Take>
void for_each_dependent(Oid class_id, Oid object_id, Take take) {
    for_each_row<FormData_pg_depend>(
        DependRelationId, DependReferenceIndexId,
        {{Anum_pg_depend_refclassid, class_id}, {Anum_pg_depend_refobjid, object_id}}, take);
}

/// The roles and other shared objects that an object of this database names (rows of pg_shdepend).
template <typename Take>
void for_each_shared_dependency(Oid class_id, Oid object_id, Take take) {
    for_each_row<FormData_pg_shdepend>(SharedDependRelationId, SharedDependDependerIndexId,
                                       {{Anum_pg_shdepend_dbid, MyDatabaseId},
                                        {Anum_pg_shdepend_classid, class_id},
                                        {Anum_pg_shdepend_objid, object_id}},
                                       take);
}

} // namespace citus
