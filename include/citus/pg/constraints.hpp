/// The constraints of a table, row by row of pg_constraint. Used wherever their names or kinds are copied,
/// renamed or compared.
#pragma once

#include "citus/pg/prelude.hpp"

extern "C" {
#include "access/genam.h"
#include "access/table.h"
#include "catalog/pg_constraint.h"
#include "utils/fmgroids.h"
}

namespace citus {

/// Calls take(const FormData_pg_constraint &) for each, in the order of names. It must not keep the row.
template <typename Take> void for_each_constraint(Oid relid, Take take) {
    Relation catalog = table_open(ConstraintRelationId, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_constraint_conrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
    SysScanDesc scan = systable_beginscan(catalog, ConstraintRelidTypidNameIndexId, true, nullptr, 1, &key);
    while (HeapTuple tuple = systable_getnext(scan))
        take(*reinterpret_cast<const FormData_pg_constraint *>(GETSTRUCT(tuple)));
    systable_endscan(scan);
    table_close(catalog, AccessShareLock);
}

} // namespace citus
