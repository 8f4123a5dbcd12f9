/// Reading and writing rows of the extension's catalogs, columns addressed by name.
///
/// Called by catalog/ and cluster/ only. Sees what catalog scans see: everything committed and the own
/// transaction up to the last CommandCounterIncrement(). Never uses SPI, never checks permissions.
#pragma once

#include "citus/catalog/metadata.hpp"

namespace citus {

/// A catalog that is open, with its columns by name. Not closing it on error is harmless: the transaction
/// does.
class CatalogTable {
public:
    CatalogTable(const char *name, LOCKMODE lock) : lock_(lock) {
        relation_ = table_open(extension_relation(name), lock);
    }
    /// Releases a reader's lock at once; a writer's stays until the end of the transaction.
    ~CatalogTable() { table_close(relation_, lock_ == AccessShareLock ? AccessShareLock : NoLock); }
    CatalogTable(const CatalogTable &) = delete;
    CatalogTable &operator=(const CatalogTable &) = delete;

    Relation relation() const { return relation_; }
    TupleDesc descriptor() const { return RelationGetDescr(relation_); }

    /// Attribute number of a column; raises when there is no such column.
    AttrNumber column(const char *name) const;

private:
    Relation relation_;
    LOCKMODE lock_;
};

/// Conditions `column = value` that are ANDed; at most as many as the scans here need.
class ScanKeys {
public:
    explicit ScanKeys(const CatalogTable &table) : table_(table) {}
    ScanKeys &equal_int4(const char *column, int32 value) {
        return add(column, F_INT4EQ, Int32GetDatum(value));
    }
    ScanKeys &equal_int8(const char *column, int64 value) {
        return add(column, F_INT8EQ, Int64GetDatum(value));
    }
    ScanKeys &equal_oid(const char *column, Oid value) {
        return add(column, F_OIDEQ, ObjectIdGetDatum(value));
    }
    ScanKeys &equal_text(const char *column, const char *value) {
        return add(column, F_TEXTEQ, CStringGetTextDatum(value));
    }
    int count() const { return count_; }
    ScanKey keys() { return keys_; }

private:
    ScanKeys &add(const char *column, RegProcedure procedure, Datum value);

    const CatalogTable &table_;
    ScanKeyData keys_[4];
    int count_ = 0;
};

/// One row of a scan. Values are valid while the scan stands on it.
class CatalogRow {
public:
    CatalogRow(HeapTuple tuple, TupleDesc descriptor) : tuple_(tuple), descriptor_(descriptor) {}

    HeapTuple tuple() const { return tuple_; }
    Datum value(AttrNumber column, bool *is_null) const {
        return heap_getattr(tuple_, column, descriptor_, is_null);
    }
    bool is_null(AttrNumber column) const { return heap_attisnull(tuple_, column, descriptor_); }
    /// The value of a column that is NOT NULL; raises when it is null nevertheless.
    Datum value(AttrNumber column) const;

private:
    HeapTuple tuple_;
    TupleDesc descriptor_;
};

/// Calls visit(const CatalogRow &) -> bool for each row that fulfils the keys, until it returns false. index:
/// name of the index to use, or nullptr for a scan of the whole table. snapshot: nullptr for a fresh one.
template <typename Visit>
void scan_catalog(const CatalogTable &table, const char *index, ScanKeys &keys, Visit visit,
                  Snapshot snapshot = nullptr) {
    const Oid index_oid = index != nullptr ? extension_relation(index) : InvalidOid;
    SysScanDesc scan = systable_beginscan(table.relation(), index_oid, OidIsValid(index_oid), snapshot,
                                          keys.count(), keys.keys());
    while (HeapTuple tuple = systable_getnext(scan)) {
        if (!visit(CatalogRow(tuple, table.descriptor())))
            break;
    }
    systable_endscan(scan);
}

/// A row to be inserted, or the columns of a row to be updated. Columns that are not set are NULL, or stay as
/// they are.
class CatalogValues {
public:
    explicit CatalogValues(const CatalogTable &table);
    CatalogValues &set(const char *column, Datum value);
    CatalogValues &set_text(const char *column, const char *value) {
        return set(column, CStringGetTextDatum(value));
    }
    CatalogValues &set_null(const char *column);
    void insert();
    void update(HeapTuple old);

private:
    const CatalogTable &table_;
    Datum *values_;
    bool *nulls_;
    bool *replaced_;
};

} // namespace citus
