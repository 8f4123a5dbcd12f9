#include "citus/catalog/rows.hpp"

namespace citus {

AttrNumber CatalogTable::column(const char *name) const {
    const TupleDesc descriptor = RelationGetDescr(relation_);
    for (int i = 0; i < descriptor->natts; i++) {
        const Form_pg_attribute attribute = TupleDescAttr(descriptor, i);
        if (!attribute->attisdropped && strcmp(NameStr(attribute->attname), name) == 0)
            return attribute->attnum;
    }
    ereport(ERROR, (errcode(ERRCODE_UNDEFINED_COLUMN),
                    errmsg("column \"%s\" of relation \"%s\" does not exist", name,
                           RelationGetRelationName(relation_)),
                    errhint("Run ALTER EXTENSION citus UPDATE.")));
}

ScanKeys &ScanKeys::add(const char *column, RegProcedure procedure, Datum value) {
    Assert(count_ < static_cast<int>(lengthof(keys_)));
    ScanKeyInit(&keys_[count_++], table_.column(column), BTEqualStrategyNumber, procedure, value);
    return *this;
}

Datum CatalogRow::value(AttrNumber column) const {
    bool is_null = false;
    const Datum result = heap_getattr(tuple_, column, descriptor_, &is_null);
    if (is_null)
        ereport(ERROR, (errcode(ERRCODE_DATA_CORRUPTED),
                        errmsg("unexpected null value in column \"%s\" of the metadata",
                               NameStr(TupleDescAttr(descriptor_, column - 1)->attname))));
    return result;
}

CatalogValues::CatalogValues(const CatalogTable &table) : table_(table) {
    const auto columns = static_cast<size_t>(table.descriptor()->natts);
    values_ = static_cast<Datum *>(palloc0(columns * sizeof(Datum)));
    nulls_ = static_cast<bool *>(palloc(columns * sizeof(bool)));
    replaced_ = static_cast<bool *>(palloc0(columns * sizeof(bool)));
    std::fill_n(nulls_, columns, true);
}

CatalogValues &CatalogValues::set(const char *column, Datum value) {
    const int i = table_.column(column) - 1;
    values_[i] = value;
    nulls_[i] = false;
    replaced_[i] = true;
    return *this;
}

CatalogValues &CatalogValues::set_null(const char *column) {
    const int i = table_.column(column) - 1;
    nulls_[i] = true;
    replaced_[i] = true;
    return *this;
}

void CatalogValues::insert() {
    HeapTuple tuple = heap_form_tuple(table_.descriptor(), values_, nulls_);
    CatalogTupleInsert(table_.relation(), tuple);
    heap_freetuple(tuple);
}

void CatalogValues::update(HeapTuple old) {
    HeapTuple tuple = heap_modify_tuple(old, table_.descriptor(), values_, nulls_, replaced_);
    CatalogTupleUpdate(table_.relation(), &old->t_self, tuple);
    heap_freetuple(tuple);
}

} // namespace citus
