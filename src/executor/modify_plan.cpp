#include "citus/executor/modify_batch.hpp"

#include "citus/executor/modify_scan.hpp"

extern "C" {
#include "access/sysattr.h"
#include "catalog/pg_constraint.h"
#include "optimizer/optimizer.h"
}

namespace citus {

namespace {

AttrNumber find_junk_column(const List *tlist, const char *name) {
    ListCell *cell;
    foreach (cell, tlist) {
        const auto *entry = lfirst_node(TargetEntry, cell);
        if (entry->resjunk && entry->resname != nullptr && strcmp(entry->resname, name) == 0)
            return entry->resno;
    }
    return InvalidAttrNumber;
}

AttrNumber junk_column(const List *tlist, const char *name) {
    if (const AttrNumber resno = find_junk_column(tlist, name); resno != InvalidAttrNumber)
        return resno;
    elog(ERROR, "the plan of a distributed modification lacks the column \"%s\"", name);
}

PlanColumn plan_column(Relation relation, AttrNumber resno, AttrNumber attno) {
    Oid type, collation;
    int32 typmod;
    get_atttypetypmodcoll(RelationGetRelid(relation), attno, &type, &typmod, &collation);
    PlanColumn column{};
    column.resno = resno;
    column.attno = attno;
    Oid output;
    bool is_varlena;
    getTypeOutputInfo(type, &output, &is_varlena);
    fmgr_info(output, &column.output);
    // Not typmod 0: bpchar without one would become character(1).
    column.type_name =
        format_type_extended(type, typmod, FORMAT_TYPE_TYPEMOD_GIVEN | FORMAT_TYPE_FORCE_QUALIFY);
    column.name = quote_identifier(get_attname(RelationGetRelid(relation), attno, false));
    return column;
}

std::span<PlanColumn> column_array(size_t count) {
    return {static_cast<PlanColumn *>(palloc0(sizeof(PlanColumn) * (count + 1))), count};
}

/// The row type of what a shard's statement returns: an ordinal number, then these columns.
TupleDesc describe_columns(Relation relation, const List *attributes) {
    TupleDesc desc = CreateTemplateTupleDesc(list_length(attributes) + 1);
    TupleDescInitEntry(desc, 1, "ord", INT4OID, -1, 0);
    for (int i = 0; i < list_length(attributes); i++) {
        const auto position = static_cast<AttrNumber>(i + 2);
        Oid type, collation;
        int32 typmod;
        get_atttypetypmodcoll(RelationGetRelid(relation),
                              static_cast<AttrNumber>(list_nth_int(attributes, i)), &type, &typmod,
                              &collation);
        if (list_nth_int(attributes, i) == TableOidAttributeNumber)
            type = TEXTOID; // the partition's name, kPartitionColumn
        TupleDescInitEntry(desc, position, nullptr, type, typmod, 0);
        TupleDescInitEntryCollation(desc, position, collation);
    }
    return desc;
}

} // namespace

ModifyPlan::ModifyPlan(CmdType operation, Relation relation, Index target, const List *child_tlist,
                       const List *update_columns, List *wanted)
    : operation(operation), table(require_dist_table(RelationGetRelid(relation))) {
    returns_rows = wanted != NIL;
    tid_resno_ = junk_column(child_tlist, "ctid");
    key_resno_ = table->has_key() ? junk_column(child_tlist, kShardKeyColumn) : InvalidAttrNumber;
    new_key_resno_ = InvalidAttrNumber;
    old_row_resno = find_junk_column(child_tlist, kOldRowColumn);
    find_identity(relation, child_tlist);
    if (operation == CMD_UPDATE)
        find_changes(relation, child_tlist, update_columns);
    find_returned(relation, target, wanted);
    if (new_key_resno_ != InvalidAttrNumber)
        find_movable(relation);
}

void ModifyPlan::find_changes(Relation relation, const List *child_tlist, const List *update_columns) {
    changes = column_array(static_cast<size_t>(list_length(update_columns)));
    size_t next = 0;
    ListCell *cell;
    foreach (cell, child_tlist) {
        const auto *entry = lfirst_node(TargetEntry, cell);
        if (entry->resjunk)
            continue;
        const auto attno = static_cast<AttrNumber>(list_nth_int(update_columns, static_cast<int>(next)));
        changes[next++] = plan_column(relation, entry->resno, attno);
        if (attno == table->key_attno)
            new_key_resno_ = entry->resno;
    }
}

void ModifyPlan::find_identity(Relation relation, const List *child_tlist) {
    const RowIdentity how = row_identity(RelationGetRelid(relation));
    const List *columns = how.columns;
    is_replicated = how.is_replicated;
    by_image = how.by_image;
    if (!is_replicated) {
        identity = column_array(static_cast<size_t>(1 + list_length(columns)));
        identity[0] = plan_column(relation, tid_resno_, SelfItemPointerAttributeNumber);
        if (columns != NIL)
            identity[1] =
                plan_column(relation, junk_column(child_tlist, psprintf("%s%d", kIdentityColumn, 1)),
                            TableOidAttributeNumber);
        return;
    }
    identity = column_array(static_cast<size_t>(list_length(columns)));
    for (int i = 0; i < list_length(columns); i++)
        identity[static_cast<size_t>(i)] =
            plan_column(relation, junk_column(child_tlist, psprintf("%s%d", kIdentityColumn, i + 1)),
                        static_cast<AttrNumber>(list_nth_int(columns, i)));
}

void ModifyPlan::find_returned(Relation relation, Index target, List *wanted) {
    Bitmapset *used = nullptr;
    pull_varattnos(reinterpret_cast<::Node *>(wanted), target, &used);
    bool whole_row = bms_is_member(InvalidAttrNumber - FirstLowInvalidHeapAttributeNumber, used);
    ListCell *cell;
    foreach (cell, wanted)
        whole_row |= IsA(lfirst(cell), WithCheckOption); // its error shows the row
    const TupleDesc desc = RelationGetDescr(relation);
    const auto is_used = [&](AttrNumber attno) {
        return bms_is_member(attno - FirstLowInvalidHeapAttributeNumber, used);
    };
    if (is_used(SelfItemPointerAttributeNumber))
        returned = lappend_int(returned, SelfItemPointerAttributeNumber);
    if (is_used(TableOidAttributeNumber) && relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
        returned = lappend_int(returned, TableOidAttributeNumber);
    for (AttrNumber attno = 1; attno <= desc->natts; attno++)
        if (!TupleDescAttr(desc, attno - 1)->attisdropped && (whole_row || is_used(attno)))
            returned = lappend_int(returned, attno);

    result_desc = describe_columns(relation, returned);
}

void ModifyPlan::find_movable(Relation relation) {
    List *attributes = NIL;
    const TupleDesc desc = RelationGetDescr(relation);
    for (AttrNumber attno = 1; attno <= desc->natts; attno++) {
        const FormData_pg_attribute *attribute = TupleDescAttr(desc, attno - 1);
        if (!attribute->attisdropped && attribute->attgenerated == '\0')
            attributes = lappend_int(attributes, attno);
    }
    moved = column_array(static_cast<size_t>(list_length(attributes)));
    for (size_t i = 0; i < moved.size(); i++) {
        const auto attno = static_cast<AttrNumber>(list_nth_int(attributes, static_cast<int>(i)));
        auto change = std::find_if(changes.begin(), changes.end(),
                                   [&](const PlanColumn &column) { return column.attno == attno; });
        moved[i] = plan_column(relation, change == changes.end() ? InvalidAttrNumber : change->resno, attno);
    }
    moved_desc = describe_columns(relation, attributes);
}

TargetRow ModifyPlan::read_target(TupleTableSlot *row) const {
    bool is_null;
    const Datum tid = slot_getattr(row, tid_resno_, &is_null);
    if (is_null)
        elog(ERROR, "ctid of a row to change is NULL");
    TargetRow target{0, 0, reinterpret_cast<ItemPointer>(DatumGetPointer(tid)), InvalidOid};
    if (!is_replicated && identity.size() > 1)
        target.partition = DatumGetObjectId(slot_getattr(row, identity[1].resno, &is_null));
    if (key_resno_ == InvalidAttrNumber)
        return target;
    const Datum key = slot_getattr(row, key_resno_, &is_null);
    target.shard_index = shard_index_for_hash(*table, hash_distribution_value(*table, key, is_null));
    target.new_shard_index = target.shard_index;
    if (new_key_resno_ != InvalidAttrNumber) {
        const Datum new_key = slot_getattr(row, new_key_resno_, &is_null);
        target.new_shard_index =
            shard_index_for_hash(*table, hash_distribution_value(*table, new_key, is_null));
    }
    return target;
}

static bool acts(char action) {
    return action != FKCONSTR_ACTION_NOACTION && action != FKCONSTR_ACTION_RESTRICT;
}

/// A row that moves is deleted on one shard and inserted on another. What other tables do when a row is
/// deleted (ON DELETE CASCADE, SET ...) is not what they do when it changes.
void check_move(const ModifyPlan &plan) {
    Relation constraints = table_open(ConstraintRelationId, AccessShareLock);
    SysScanDesc scan = systable_beginscan(constraints, InvalidOid, false, nullptr, 0, nullptr);
    while (HeapTuple tuple = systable_getnext(scan)) {
        const auto *constraint = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple));
        if (constraint->contype != CONSTRAINT_FOREIGN || constraint->confrelid != plan.table->relid ||
            !(acts(constraint->confdeltype) || acts(constraint->confupdtype)))
            continue;
        ereport(
            ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
             errmsg("cannot move rows of table \"%s\" to other shards", get_rel_name(plan.table->relid)),
             errdetail("The foreign key \"%s\" of table \"%s\" acts on %s rows, and a new value of the "
                       "distribution column \"%s\" means that the row is deleted on its shard.",
                       NameStr(constraint->conname), get_rel_name(constraint->conrelid),
                       acts(constraint->confdeltype) ? "deleted" : "changed",
                       get_attname(plan.table->relid, plan.table->key_attno, false)),
             errhint(
                 "Insert a row with the new value, change the referencing rows, and delete the old row.")));
    }
    systable_endscan(scan);
    table_close(constraints, AccessShareLock);
}

bool TargetRowSet::add(const TargetRow &row) {
    const uint64 number = (static_cast<uint64>(row.shard_index) << 48) |
                          (static_cast<uint64>(ItemPointerGetBlockNumberNoCheck(row.tid)) << 16) |
                          ItemPointerGetOffsetNumberNoCheck(row.tid);
    return rows_.insert({number, row.partition}).second;
}

} // namespace citus
