#include "citus/ddl/checks.hpp"

#include "citus/executor/table_triggers.hpp"
#include "citus/pg/catalog_rows.hpp"
#include "citus/pg/list.hpp"

extern "C" {
#include "access/stratnum.h"
#include "catalog/pg_am.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_index.h"
#include "catalog/pg_trigger.h"
#include "rewrite/rewriteHandler.h"
#include "utils/array.h"
}

namespace citus {

namespace {

/// Whether equal values of this index column are in one shard: it is the key, compared as hashing compares.
bool compares_like_key(const DistTable &table, Relation index, int column, Oid equality) {
    if (index->rd_index->indkey.values[column] != table.key_attno)
        return false;
    const Oid collation = index->rd_indcollation[column];
    if (OidIsValid(collation) && collation != table.key_collation &&
        !get_collation_isdeterministic(collation))
        return false;
    return OidIsValid(equality) && op_in_opfamily(equality, table.key_hash_opfamily);
}

Oid equality_of_index(Relation index, int column) {
    return get_opfamily_member(index->rd_opfamily[column], index->rd_opcintype[column],
                               index->rd_opcintype[column], BTEqualStrategyNumber);
}

bool exclusion_contains_key(const DistTable &table, Relation index) {
    Oid *operators = nullptr, *procedures = nullptr;
    uint16 *strategies = nullptr;
    RelationGetExclusionInfo(index, &operators, &procedures, &strategies);
    for (int i = 0; i < index->rd_index->indnkeyatts; i++) {
        if (compares_like_key(table, index, i, operators[i]))
            return true;
    }
    return false;
}

bool index_contains_key(const DistTable &table, Relation index) {
    if (index->rd_index->indisexclusion)
        return exclusion_contains_key(table, index);
    for (int i = 0; i < index->rd_index->indnkeyatts; i++) {
        if (compares_like_key(table, index, i, equality_of_index(index, i)))
            return true;
    }
    return false;
}

[[noreturn]] void refuse_unique_index(const DistTable &table, Relation index) {
    const char *key = get_attname(table.relid, table.key_attno, false);
    if (!OidIsValid(get_index_constraint(RelationGetRelid(index))))
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("creating unique indexes on non-partition columns is currently unsupported"),
                        errdetail("Unique index \"%s\" does not contain the distribution column \"%s\".",
                                  RelationGetRelationName(index), key)));
    ereport(
        ERROR,
        (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
         errmsg("cannot create constraint on \"%s\"", get_rel_name(table.relid)),
         errdetail("Distributed relations cannot have UNIQUE, EXCLUDE, or PRIMARY KEY constraints that do "
                   "not include the partition column (with an equality operator if EXCLUDE)."),
         errhint("Add the distribution column \"%s\" to constraint \"%s\", or distribute the table by one "
                 "of its columns.",
                 key, RelationGetRelationName(index))));
}

/// One foreign key, as it is in pg_constraint.
struct ForeignKey {
    Oid from, to;
    char on_update, on_delete;
    std::span<const AttrNumber> from_columns, to_columns;
    std::span<const AttrNumber> set_on_delete; ///< empty: all
    NameData name;
};

std::span<const AttrNumber> column_array(HeapTuple tuple, Relation catalog, AttrNumber column) {
    bool is_null = false;
    const Datum value = heap_getattr(tuple, column, RelationGetDescr(catalog), &is_null);
    if (is_null)
        return {};
    ArrayType *array = DatumGetArrayTypePCopy(value);
    return {reinterpret_cast<const AttrNumber *>(ARR_DATA_PTR(array)),
            static_cast<size_t>(ARR_DIMS(array)[0])};
}

void append_foreign_keys(std::pmr::vector<ForeignKey> &keys, Relation catalog, Oid relid, AttrNumber column,
                         Oid index) {
    ScanKeyData key;
    ScanKeyInit(&key, column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
    SysScanDesc scan = systable_beginscan(catalog, index, OidIsValid(index), nullptr, 1, &key);
    while (HeapTuple tuple = systable_getnext(scan)) {
        auto *form = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple));
        // Rows that stand for partitions say what their parent's row says.
        if (form->contype != CONSTRAINT_FOREIGN || OidIsValid(form->conparentid))
            continue;
        // A key onto the own table is found in both scans.
        if (column == Anum_pg_constraint_confrelid && form->conrelid == relid)
            continue;
        keys.push_back({form->conrelid, form->confrelid, form->confupdtype, form->confdeltype,
                        column_array(tuple, catalog, Anum_pg_constraint_conkey),
                        column_array(tuple, catalog, Anum_pg_constraint_confkey),
                        column_array(tuple, catalog, Anum_pg_constraint_confdelsetcols), form->conname});
    }
    systable_endscan(scan);
}

std::pmr::vector<ForeignKey> foreign_keys_of(Oid relid) {
    std::pmr::vector<ForeignKey> keys;
    Relation catalog = table_open(ConstraintRelationId, AccessShareLock);
    append_foreign_keys(keys, catalog, relid, Anum_pg_constraint_conrelid, ConstraintRelidTypidNameIndexId);
    append_foreign_keys(keys, catalog, relid, Anum_pg_constraint_confrelid, InvalidOid);
    table_close(catalog, AccessShareLock);
    return keys;
}

[[noreturn]] void refuse_not_colocated(const ForeignKey &key) {
    ereport(ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
             errmsg("cannot create foreign key constraint since relations are not colocated or not "
                    "referencing a reference table"),
             errdetail("A distributed table can only have foreign keys that reference co-located "
                       "distributed tables or reference tables (constraint \"%s\" from \"%s\" to \"%s\").",
                       NameStr(key.name), get_rel_name(key.from), get_rel_name(key.to))));
}

[[noreturn]] void refuse_local_target(const ForeignKey &key, CheckTime time) {
    if (time == CheckTime::Alter)
        refuse_not_colocated(key);
    const char *to = get_rel_name(key.to);
    ereport(ERROR,
            (errcode(ERRCODE_INVALID_TABLE_DEFINITION),
             errmsg("referenced table \"%s\" must be a distributed table or a reference table", to),
             errdetail("Shards can check constraint \"%s\" only when the rows that it references are on "
                       "their nodes.",
                       NameStr(key.name)),
             errhint("Distribute \"%s\" first with create_distributed_table(), or replicate it to all "
                     "nodes with create_reference_table().",
                     to)));
}

[[noreturn]] void refuse_distributed_target() {
    ereport(ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
             errmsg("cannot create foreign key constraint since foreign keys from reference tables to "
                    "distributed tables are not supported")));
}

bool contains(std::span<const AttrNumber> columns, AttrNumber column) {
    return std::find(columns.begin(), columns.end(), column) != columns.end();
}

/// Actions that would change the distribution column of the referencing row. When the key is paired with the
/// referenced table's, ON UPDATE CASCADE gives it a value that is on the same shard: an UPDATE that moves a
/// row to another one is refused when it runs.
void check_actions(const DistTable &from, const ForeignKey &key, bool pairs_keys) {
    if (!from.has_key() || !contains(key.from_columns, from.key_attno))
        return;
    const bool sets_on_delete =
        (key.on_delete == FKCONSTR_ACTION_SETNULL || key.on_delete == FKCONSTR_ACTION_SETDEFAULT) &&
        (key.set_on_delete.empty() || contains(key.set_on_delete, from.key_attno));
    const bool sets_on_update = (key.on_update == FKCONSTR_ACTION_CASCADE && !pairs_keys) ||
                                key.on_update == FKCONSTR_ACTION_SETNULL ||
                                key.on_update == FKCONSTR_ACTION_SETDEFAULT;
    if (!sets_on_delete && !sets_on_update)
        return;
    ereport(ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("cannot create foreign key constraint"),
             errdetail("The %s action of constraint \"%s\" would change the distribution column \"%s\".",
                       sets_on_delete ? "ON DELETE SET NULL or SET DEFAULT"
                                      : "ON UPDATE CASCADE, SET NULL or SET DEFAULT",
                       NameStr(key.name), get_attname(from.relid, from.key_attno, false))));
}

/// Shards have no column defaults, so they can set none but NULL.
void check_set_default(const ForeignKey &key) {
    const bool on_delete = key.on_delete == FKCONSTR_ACTION_SETDEFAULT;
    if (!on_delete && key.on_update != FKCONSTR_ACTION_SETDEFAULT)
        return;
    Relation relation = table_open(key.from, AccessShareLock);
    for (const AttrNumber column : key.from_columns) {
        if (build_column_default(relation, column) != nullptr)
            ereport(
                ERROR,
                (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("cannot create foreign key constraint"),
                 errdetail("Constraint \"%s\" would set column \"%s\" to a default that only the coordinator "
                           "knows.",
                           NameStr(key.name), get_attname(key.from, column, false)),
                 errhint("Use SET NULL or CASCADE, or drop the default of the column.")));
    }
    table_close(relation, NoLock);
}

void check_key_positions(const DistTable &from, const DistTable &to, const ForeignKey &key) {
    for (size_t i = 0; i < key.from_columns.size(); i++) {
        if (key.from_columns[i] == from.key_attno && key.to_columns[i] == to.key_attno)
            return;
    }
    ereport(ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("cannot create foreign key constraint"),
             errdetail("A foreign key of a distributed table is supported in two cases: it references a "
                       "reference table, or it references a co-located table and pairs the distribution "
                       "columns of both (here \"%s\" and \"%s\").",
                       get_attname(from.relid, from.key_attno, false),
                       get_attname(to.relid, to.key_attno, false))));
}

/// Rows that a foreign key changes or deletes are changed on shards, where no trigger fires.
void check_triggers_and_actions(const ForeignKey &key) {
    const bool deletes = key.on_delete == FKCONSTR_ACTION_CASCADE;
    const bool updates =
        key.on_update != FKCONSTR_ACTION_NOACTION && key.on_update != FKCONSTR_ACTION_RESTRICT;
    const bool sets = key.on_delete == FKCONSTR_ACTION_SETNULL || key.on_delete == FKCONSTR_ACTION_SETDEFAULT;
    Relation relation = table_open(key.from, AccessShareLock);
    if ((deletes && has_own_triggers(relation, CMD_DELETE)) ||
        ((updates || sets) && has_own_triggers(relation, CMD_UPDATE)))
        ereport(ERROR,
                (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                 errmsg("table \"%s\" cannot have triggers for rows that foreign key \"%s\" changes",
                        get_rel_name(key.from), NameStr(key.name)),
                 errdetail("The actions of foreign keys run on shards, and triggers on the coordinator."),
                 errhint("Use ON DELETE RESTRICT or NO ACTION.")));
    table_close(relation, NoLock);
}

/// Whether shards change rows of the table by themselves, for a foreign key of it.
bool has_actions_on_shards(Oid relid) {
    bool found = false;
    for_each_constraint(relid, [&](const FormData_pg_constraint &row) {
        const auto acts = [](char action) {
            return action != FKCONSTR_ACTION_NOACTION && action != FKCONSTR_ACTION_RESTRICT;
        };
        found |= row.contype == CONSTRAINT_FOREIGN && (acts(row.confdeltype) || acts(row.confupdtype)) &&
                 find_dist_table(row.confrelid) != nullptr;
    });
    return found;
}

/// Why changes of the referenced table could leave rows of the local table without theirs; nullptr: they cannot.
const char *hole_in_local_key(const ForeignKey &key) {
    Relation to = table_open(key.to, AccessShareLock);
    const bool is_enforced = enforces_keys_of_local_tables(to);
    table_close(to, NoLock);
    if (!is_enforced)
        return "The referenced table is partitioned.";
    if (has_actions_on_shards(key.to))
        return "The actions of foreign keys of the referenced table change its rows on shards.";
    return nullptr;
}

/// A foreign key of a local table: PostgreSQL checks it here, with queries that go to the shards.
void check_key_of_local_table(const ForeignKey &key, Oid changed, CheckTime time) {
    const char *hole = hole_in_local_key(key);
    if (hole == nullptr)
        return;
    if (time == CheckTime::Alter && changed == key.from)
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("cannot create foreign key \"%s\" of local table \"%s\" to distributed table \"%s\"",
                               NameStr(key.name), get_rel_name(key.from), get_rel_name(key.to)),
                        errdetail("%s", hole),
                        errhint("Distribute \"%s\" first, then add the foreign key.", get_rel_name(key.from))));
    // Tables that reference each other are distributed one after the other, the referenced one first.
    ereport(NOTICE,
            (errmsg("foreign key \"%s\" of local table \"%s\" is not enforced for all changes of \"%s\" until "
                    "\"%s\" is distributed, too",
                    NameStr(key.name), get_rel_name(key.from), get_rel_name(key.to), get_rel_name(key.from)),
             errdetail("%s", hole)));
}

void check_foreign_key(const ForeignKey &key, Oid changed, CheckTime time) {
    const DistTable *from = find_dist_table(key.from), *to = find_dist_table(key.to);
    if (from == nullptr && to == nullptr)
        return;
    if (to == nullptr)
        refuse_local_target(key, time);
    if (from == nullptr)
        return check_key_of_local_table(key, changed, time);
    check_set_default(key);
    check_triggers_and_actions(key);
    if (to->kind == TableKind::Reference)
        return check_actions(*from, key, false);
    if (from->kind == TableKind::Reference)
        refuse_distributed_target();
    if (from->colocation_id != to->colocation_id || from->kind != to->kind)
        refuse_not_colocated(key);
    if (from->has_key()) {
        check_key_positions(*from, *to, key);
        check_actions(*from, key, true);
    }
}

[[noreturn]] void refuse_trigger(const char *table, const Trigger &trigger, const char *detail) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("trigger \"%s\" of table \"%s\" is not supported on distributed tables",
                           trigger.tgname, table),
                    errdetail("%s", detail)));
}

void check_trigger(Relation relation, const Trigger &trigger) {
    const char *table = RelationGetRelationName(relation);
    // A statement on the partitioned table knows its triggers.
    if (relation->rd_rel->relispartition && TRIGGER_FOR_ROW(trigger.tgtype) && !trigger.tgisclone)
        refuse_trigger(table, trigger, "A partition has row triggers from the partitioned table only.");
    if (trigger.tgdeferrable)
        refuse_trigger(table, trigger,
                       "Triggers that are deferrable need the rows in the coordinator's own table.");
    if (TRIGGER_FOR_TRUNCATE(trigger.tgtype) && !TRIGGER_FOR_BEFORE(trigger.tgtype))
        refuse_trigger(table, trigger, "Shards are emptied after the triggers of TRUNCATE have run.");
}

} // namespace

void check_triggers(Oid relid) {
    Relation relation = table_open(relid, NoLock);
    const TriggerDesc *triggers = relation->trigdesc;
    for (int i = 0; triggers != nullptr && i < triggers->numtriggers; i++)
        if (!triggers->triggers[i].tgisinternal)
            check_trigger(relation, triggers->triggers[i]);
    table_close(relation, NoLock);
}

void check_unique_indexes(const DistTable &table) {
    if (!table.has_key())
        return;
    Relation relation = table_open(table.relid, AccessShareLock);
    for (const ListCell &cell : cells(RelationGetIndexList(relation))) {
        Relation index = index_open(lfirst_oid(&cell), AccessShareLock);
        if ((index->rd_index->indisunique || index->rd_index->indisexclusion) &&
            !index_contains_key(table, index))
            refuse_unique_index(table, index);
        index_close(index, AccessShareLock);
    }
    table_close(relation, NoLock);
}

void check_foreign_keys(Oid relid, CheckTime time) {
    for (const ForeignKey &key : foreign_keys_of(relid))
        check_foreign_key(key, relid, time);
}

void check_constraints(Oid relid, CheckTime time) {
    if (const DistTable *table = find_dist_table(relid))
        check_unique_indexes(*table);
    check_foreign_keys(relid, time);
}

} // namespace citus
