#include "citus/transaction/commit_records.hpp"

#include "citus/catalog/metadata.hpp"

namespace citus {
namespace {

struct Columns {
    AttrNumber group_id, gid;

    explicit Columns(Relation relation)
        : group_id(get_attnum(RelationGetRelid(relation), "groupid")),
          gid(get_attnum(RelationGetRelid(relation), "gid")) {}
};

Relation open_records(LOCKMODE lock) {
    return table_open(extension_relation("pg_dist_transaction"), lock);
}

CommitRecord read_row(HeapTuple tuple, TupleDesc desc, const Columns &columns) {
    bool is_null;
    int32 group_id = DatumGetInt32(heap_getattr(tuple, columns.group_id, desc, &is_null));
    Datum gid = heap_getattr(tuple, columns.gid, desc, &is_null);
    return {group_id, TextDatumGetCString(gid)};
}

/// Calls visit(tuple) for each row visible now.
template <typename Visit>
void scan_records(Relation relation, Visit visit) {
    Snapshot snapshot = RegisterSnapshot(GetLatestSnapshot());
    SysScanDesc scan = systable_beginscan(relation, InvalidOid, false, snapshot, 0, nullptr);
    while (HeapTuple tuple = systable_getnext(scan))
        visit(tuple);
    systable_endscan(scan);
    UnregisterSnapshot(snapshot);
}

} // namespace

void insert_commit_record(int32 group_id, const char *gid) {
    Relation relation = open_records(RowExclusiveLock);
    TupleDesc desc = RelationGetDescr(relation);
    Columns columns(relation);
    auto *values = static_cast<Datum *>(palloc0(sizeof(Datum) * desc->natts));
    auto *nulls = static_cast<bool *>(palloc(sizeof(bool) * desc->natts));
    std::fill_n(nulls, desc->natts, true);
    values[columns.group_id - 1] = Int32GetDatum(group_id);
    values[columns.gid - 1] = CStringGetTextDatum(gid);
    nulls[columns.group_id - 1] = nulls[columns.gid - 1] = false;
    CatalogTupleInsert(relation, heap_form_tuple(desc, values, nulls));
    table_close(relation, NoLock);
}

std::pmr::vector<CommitRecord> read_commit_records() {
    std::pmr::vector<CommitRecord> records;
    Relation relation = open_records(AccessShareLock);
    Columns columns(relation);
    scan_records(relation, [&](HeapTuple tuple) {
        records.push_back(read_row(tuple, RelationGetDescr(relation), columns));
    });
    table_close(relation, AccessShareLock);
    return records;
}

void delete_commit_records(int32 group_id, const std::pmr::unordered_set<std::pmr::string> &gids) {
    if (gids.empty())
        return;
    Relation relation = open_records(RowExclusiveLock);
    Columns columns(relation);
    scan_records(relation, [&](HeapTuple tuple) {
        CommitRecord record = read_row(tuple, RelationGetDescr(relation), columns);
        if (record.group_id == group_id && gids.contains(record.gid))
            CatalogTupleDelete(relation, &tuple->t_self);
    });
    table_close(relation, NoLock);
}

} // namespace citus
