#include "citus/ddl/shard_definition.hpp"

#include "citus/ddl/shard_ddl.hpp"
#include "citus/pg/catalog_rows.hpp"
#include "citus/pg/list.hpp"

extern "C" {
#include "access/reloptions.h"
#include "access/toast_compression.h"
#include "catalog/pg_am.h"
#include "catalog/pg_index.h"
#include "catalog/pg_statistic_ext.h"
#include "commands/tablecmds.h"
#include "utils/ruleutils.h"
}

namespace citus {

namespace {

/// ` WITH (a=1, b='x')` for an array of reloptions; prefix is put before each name (`toast.`).
/// Options named pg_... are the server's own book-keeping (15.20 keeps pg_attver in every column): not
/// copied.
void append_options(StringInfo out, Datum options, const char *prefix, bool *first) {
    for (const ListCell &cell : cells(untransformRelOptions(options))) {
        auto *option = castNode(DefElem, lfirst(&cell));
        if (strncmp(option->defname, "pg_", 3) == 0)
            continue;
        appendStringInfo(out, "%s%s%s=%s", *first ? "" : ", ", prefix, quote_identifier(option->defname),
                         quote_literal_cstr(option->arg != nullptr ? defGetString(option) : "true"));
        *first = false;
    }
}

Datum relation_options(Oid relid, bool *is_null) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for relation %u", relid);
    Datum options = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_reloptions, is_null);
    if (!*is_null)
        options = PointerGetDatum(DatumGetArrayTypePCopy(options));
    ReleaseSysCache(tuple);
    return options;
}

void append_storage_options(StringInfo out, Relation relation) {
    bool first = true, is_null = false;
    StringInfoData list;
    initStringInfo(&list);
    Datum options = relation_options(RelationGetRelid(relation), &is_null);
    if (!is_null)
        append_options(&list, options, "", &first);
    if (OidIsValid(relation->rd_rel->reltoastrelid)) {
        options = relation_options(relation->rd_rel->reltoastrelid, &is_null);
        if (!is_null)
            append_options(&list, options, "toast.", &first);
    }
    if (!first)
        appendStringInfo(out, " WITH (%s)", list.data);
}

/// Text of an expression over the columns of one table, as CREATE TABLE takes it.
char *expression_text(Relation relation, ::Node *expression) {
    List *context = deparse_context_for(RelationGetRelationName(relation), RelationGetRelid(relation));
    return deparse_expression(expression, context, false, false);
}

::Node *stored_default(Relation relation, AttrNumber attno) {
    const TupleConstr *constraints = RelationGetDescr(relation)->constr;
    for (int i = 0; constraints != nullptr && i < constraints->num_defval; i++) {
        if (constraints->defval[i].adnum == attno)
            return static_cast<::Node *>(stringToNode(constraints->defval[i].adbin));
    }
    elog(ERROR, "default expression not found for attribute %d of relation \"%s\"", attno,
         RelationGetRelationName(relation));
}

/// What follows the constraint's name: `CHECK (...)`, `FOREIGN KEY ...`, NOT VALID included.
char *constraint_definition(Oid constraint_id) {
    return TextDatumGetCString(DirectFunctionCall1(pg_get_constraintdef, ObjectIdGetDatum(constraint_id)));
}

struct ConstraintRow {
    Oid oid;
    char type;
    bool validated;
    Oid referenced;
    Oid index;
    NameData name;
    bool inherited; ///< from the table that this one is a partition of
};

/// The constraints of a table in the order of their creation.
std::pmr::vector<ConstraintRow> constraints_of(Oid relid) {
    std::pmr::vector<ConstraintRow> rows;
    for_each_constraint(relid, [&](const FormData_pg_constraint &row) {
        if (!is_key_to_partition(row))
            rows.push_back({row.oid, row.contype, row.convalidated, row.confrelid, row.conindid, row.conname,
                            row.coninhcount > 0});
    });
    std::sort(rows.begin(), rows.end(),
              [](const ConstraintRow &a, const ConstraintRow &b) { return a.oid < b.oid; });
    return rows;
}

bool is_early(const ConstraintRow &row) {
    return row.type != CONSTRAINT_FOREIGN && row.validated;
}

char *create_table_command(Relation relation) {
    StringInfoData out;
    initStringInfo(&out);
    const bool unlogged = relation->rd_rel->relpersistence == RELPERSISTENCE_UNLOGGED;
    appendStringInfo(&out, "CREATE %sTABLE %s (", unlogged ? "UNLOGGED " : "",
                     qualified_relation_name(RelationGetRelid(relation)));
    const char *separator = "";
    for (int i = 0; i < RelationGetNumberOfAttributes(relation); i++) {
        if (TupleDescAttr(RelationGetDescr(relation), i)->attisdropped)
            continue;
        appendStringInfo(&out, "%s%s", separator, shard_column_definition(relation, i + 1));
        separator = ", ";
    }
    for (const ConstraintRow &row : constraints_of(RelationGetRelid(relation))) {
        if (row.type != CONSTRAINT_CHECK || !row.validated)
            continue;
        appendStringInfo(&out, "%sCONSTRAINT %s %s", separator, quote_identifier(NameStr(row.name)),
                         constraint_definition(row.oid));
        separator = ", ";
    }
    appendStringInfoChar(&out, ')');
    if (relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE)
        appendStringInfo(&out, " PARTITION BY %s",
                         TextDatumGetCString(DirectFunctionCall1(
                             pg_get_partkeydef, ObjectIdGetDatum(RelationGetRelid(relation)))));
    if (relation->rd_rel->relam != HEAP_TABLE_AM_OID && OidIsValid(relation->rd_rel->relam))
        appendStringInfo(&out, " USING %s", quote_identifier(get_am_name(relation->rd_rel->relam)));
    append_storage_options(&out, relation);
    return out.data;
}

/// Settings of an index that its definition does not contain.
List *index_settings(Oid index_id) {
    List *commands = NIL;
    Relation index = relation_open(index_id, AccessShareLock);
    for (int i = 0; i < RelationGetNumberOfAttributes(index); i++) {
        const int target = TupleDescAttr(RelationGetDescr(index), i)->attstattarget;
        if (target >= 0)
            commands = lappend(commands, psprintf("ALTER INDEX %s ALTER COLUMN %d SET STATISTICS %d",
                                                  qualified_relation_name(index_id), i + 1, target));
    }
    if (index->rd_index->indisclustered)
        commands = lappend(commands, psprintf("ALTER TABLE %s CLUSTER ON %s",
                                              qualified_relation_name(index->rd_index->indrelid),
                                              quote_identifier(RelationGetRelationName(index))));
    relation_close(index, AccessShareLock);
    return commands;
}

List *statistics_commands(Relation relation) {
    List *commands = NIL;
    for (const ListCell &cell : cells(RelationGetStatExtList(relation))) {
        const Oid statistics = lfirst_oid(&cell);
        commands = lappend(commands, pg_get_statisticsobjdef_string(statistics));
        HeapTuple tuple = SearchSysCache1(STATEXTOID, ObjectIdGetDatum(statistics));
        if (!HeapTupleIsValid(tuple))
            elog(ERROR, "cache lookup failed for statistics object %u", statistics);
        auto *form = reinterpret_cast<Form_pg_statistic_ext>(GETSTRUCT(tuple));
        if (form->stxstattarget >= 0)
            commands =
                lappend(commands, psprintf("ALTER STATISTICS %s SET STATISTICS %d",
                                           quote_qualified_identifier(get_namespace_name(form->stxnamespace),
                                                                      NameStr(form->stxname)),
                                           form->stxstattarget));
        ReleaseSysCache(tuple);
    }
    return commands;
}

Datum catalog_value(int cache, Datum key1, Datum key2, AttrNumber column, bool *is_null) {
    HeapTuple tuple = SearchSysCache2(cache, key1, key2);
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed");
    Datum value = SysCacheGetAttr(cache, tuple, column, is_null);
    if (!*is_null)
        value = PointerGetDatum(DatumGetArrayTypePCopy(value));
    ReleaseSysCache(tuple);
    return value;
}

const char *right_name(AclMode right) {
    static constexpr std::pair<AclMode, const char *> kNames[] = {
        {ACL_INSERT, "INSERT"},   {ACL_SELECT, "SELECT"},     {ACL_UPDATE, "UPDATE"},
        {ACL_DELETE, "DELETE"},   {ACL_TRUNCATE, "TRUNCATE"}, {ACL_REFERENCES, "REFERENCES"},
        {ACL_TRIGGER, "TRIGGER"}, {ACL_USAGE, "USAGE"},       {ACL_CREATE, "CREATE"},
    };
    for (const auto &[mode, name] : kNames) {
        if (mode == right)
            return name;
    }
    elog(ERROR, "unexpected privilege %u", static_cast<unsigned>(right));
}

char *grant_text(AclMode rights, const char *object, const char *column, const char *grantee,
                 bool with_option) {
    StringInfoData out;
    initStringInfo(&out);
    appendStringInfoString(&out, "GRANT ");
    const char *separator = "";
    for (int bit = 0; bit < N_ACL_RIGHTS; bit++) {
        const AclMode right = AclMode{1} << bit;
        if ((rights & right) == 0)
            continue;
        appendStringInfo(&out, "%s%s", separator, right_name(right));
        if (column != nullptr)
            appendStringInfo(&out, " (%s)", column);
        separator = ", ";
    }
    appendStringInfo(&out, " ON %s TO %s%s", object, grantee, with_option ? " WITH GRANT OPTION" : "");
    return out.data;
}

List *owner_and_grant_commands(Relation relation) {
    const Oid relid = RelationGetRelid(relation);
    const char *name = qualified_relation_name(relid);
    const Oid owner = relation->rd_rel->relowner;
    List *commands = NIL;
    if (owner != GetUserId())
        commands = lappend(commands, psprintf("ALTER TABLE %s OWNER TO %s", name,
                                              quote_identifier(GetUserNameFromId(owner, false))));
    char *object = psprintf("TABLE %s", name);
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
    bool is_null = true;
    Datum acl = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_relacl, &is_null);
    if (!is_null)
        commands = list_concat(
            commands, grant_commands(DatumGetAclPCopy(acl), object, nullptr, owner, ACL_ALL_RIGHTS_RELATION));
    ReleaseSysCache(tuple);
    for (int i = 0; i < RelationGetNumberOfAttributes(relation); i++) {
        Form_pg_attribute column = TupleDescAttr(RelationGetDescr(relation), i);
        if (column->attisdropped)
            continue;
        acl = catalog_value(ATTNUM, ObjectIdGetDatum(relid), Int16GetDatum(column->attnum),
                            Anum_pg_attribute_attacl, &is_null);
        if (!is_null)
            commands =
                list_concat(commands, grant_commands(DatumGetAclP(acl), object,
                                                     quote_identifier(NameStr(column->attname)), owner, 0));
    }
    return commands;
}

} // namespace

bool is_key_to_partition(const FormData_pg_constraint &form) {
    if (form.contype != CONSTRAINT_FOREIGN || !OidIsValid(form.conparentid))
        return false;
    HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(form.conparentid));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for constraint %u", form.conparentid);
    const bool same_table = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple))->conrelid == form.conrelid;
    ReleaseSysCache(tuple);
    return same_table;
}

char *qualified_relation_name(Oid relid) {
    const char *name = get_rel_name(relid);
    if (name == nullptr)
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("relation with OID %u does not exist", relid)));
    return quote_qualified_identifier(get_namespace_name(get_rel_namespace(relid)), name);
}

List *grant_commands(const Acl *acl, const char *object, const char *column, Oid owner,
                     AclMode owner_rights) {
    List *commands = NIL;
    const char *owner_name = quote_identifier(GetUserNameFromId(owner, false));
    const AclItem *items = ACL_DAT(acl);
    AclMode held_by_owner = 0;
    for (int i = 0; i < ACL_NUM(acl); i++) {
        if (items[i].ai_grantee == owner)
            held_by_owner |= ACLITEM_GET_PRIVS(items[i]);
    }
    if ((owner_rights & ~held_by_owner) != 0)
        commands = lappend(commands, psprintf("REVOKE ALL ON %s FROM %s", object, owner_name));
    else if (owner_rights != 0)
        held_by_owner = owner_rights; // as it is without any GRANT
    for (int i = 0; i < ACL_NUM(acl); i++) {
        if (items[i].ai_grantee == owner && commands == NIL && held_by_owner == owner_rights)
            continue;
        const char *grantee = items[i].ai_grantee == ACL_ID_PUBLIC
                                  ? "PUBLIC"
                                  : quote_identifier(GetUserNameFromId(items[i].ai_grantee, false));
        const AclMode with_option = ACLITEM_GET_GOPTIONS(items[i]);
        const AclMode plain = ACLITEM_GET_PRIVS(items[i]) & ~with_option;
        if (plain != 0)
            commands = lappend(commands, grant_text(plain, object, column, grantee, false));
        // An owner has all grant options without being granted any.
        if (with_option != 0)
            commands = lappend(
                commands, grant_text(with_option, object, column, grantee, items[i].ai_grantee != owner));
    }
    return commands;
}

char *shard_column_definition(Relation relation, AttrNumber attno, bool with_not_null) {
    Form_pg_attribute column = TupleDescAttr(RelationGetDescr(relation), attno - 1);
    StringInfoData out;
    initStringInfo(&out);
    appendStringInfo(&out, "%s %s", quote_identifier(NameStr(column->attname)),
                     format_type_with_typemod(column->atttypid, column->atttypmod));
    if (CompressionMethodIsValid(column->attcompression))
        appendStringInfo(&out, " COMPRESSION %s", GetCompressionMethodName(column->attcompression));
    if (OidIsValid(column->attcollation) && column->attcollation != get_typcollation(column->atttypid))
        appendStringInfo(&out, " COLLATE %s", generate_collation_name(column->attcollation));
    if (column->attgenerated == ATTRIBUTE_GENERATED_STORED)
        appendStringInfo(&out, " GENERATED ALWAYS AS (%s) STORED",
                         expression_text(relation, stored_default(relation, attno)));
    if (column->attnotnull && with_not_null)
        appendStringInfoString(&out, " NOT NULL");
    return out.data;
}

List *shard_column_settings(Relation relation, AttrNumber attno) {
    Form_pg_attribute column = TupleDescAttr(RelationGetDescr(relation), attno - 1);
    const char *only = relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE ? "ONLY " : "";
    const char *table = psprintf("%s%s", only, qualified_relation_name(RelationGetRelid(relation)));
    const char *name = quote_identifier(NameStr(column->attname));
    List *commands = NIL;
    if (column->attstorage != get_typstorage(column->atttypid)) {
        const char *storage = column->attstorage == TYPSTORAGE_PLAIN      ? "PLAIN"
                              : column->attstorage == TYPSTORAGE_EXTERNAL ? "EXTERNAL"
                              : column->attstorage == TYPSTORAGE_MAIN     ? "MAIN"
                                                                          : "EXTENDED";
        commands = lappend(commands,
                           psprintf("ALTER TABLE %s ALTER COLUMN %s SET STORAGE %s", table, name, storage));
    }
    if (column->attstattarget >= 0)
        commands = lappend(commands, psprintf("ALTER TABLE %s ALTER COLUMN %s SET STATISTICS %d", table, name,
                                              column->attstattarget));
    bool is_null = true, first = true;
    Datum options = catalog_value(ATTNUM, ObjectIdGetDatum(RelationGetRelid(relation)), Int16GetDatum(attno),
                                  Anum_pg_attribute_attoptions, &is_null);
    StringInfoData list;
    initStringInfo(&list);
    if (!is_null)
        append_options(&list, options, "", &first);
    if (!first)
        commands =
            lappend(commands, psprintf("ALTER TABLE %s ALTER COLUMN %s SET (%s)", table, name, list.data));
    return commands;
}

char *shard_replica_identity_command(Relation relation) {
    const char *table = qualified_relation_name(RelationGetRelid(relation));
    switch (relation->rd_rel->relreplident) {
    case REPLICA_IDENTITY_FULL:
        return psprintf("ALTER TABLE %s REPLICA IDENTITY FULL", table);
    case REPLICA_IDENTITY_NOTHING:
        return psprintf("ALTER TABLE %s REPLICA IDENTITY NOTHING", table);
    case REPLICA_IDENTITY_INDEX: {
        const Oid index = RelationGetReplicaIndex(relation);
        return !OidIsValid(index) ? nullptr
                                  : psprintf("ALTER TABLE %s REPLICA IDENTITY USING INDEX %s", table,
                                             quote_identifier(get_rel_name(index)));
    }
    default:
        return nullptr;
    }
}

List *shard_index_commands(Oid index_id) {
    const int level = pin_search_path();
    // The SQL function writes ONLY for a partitioned table: its partitions' indexes come on their own.
    char *definition =
        get_rel_relkind(index_id) == RELKIND_PARTITIONED_INDEX
            ? TextDatumGetCString(DirectFunctionCall1(pg_get_indexdef, ObjectIdGetDatum(index_id)))
            : pg_get_indexdef_string(index_id);
    List *commands = list_make1(definition);
    commands = list_concat(commands, index_settings(index_id));
    unpin_search_path(level);
    return commands;
}

List *shard_constraint_commands(Oid constraint_id) {
    const int level = pin_search_path();
    char *command = pg_get_constraintdef_command(constraint_id);
    // For a foreign key this is InvalidOid: the index that it uses is the referenced table's.
    const Oid index = get_constraint_index(constraint_id);
    constexpr std::string_view kAlter = "ALTER TABLE ";
    // The indexes of the partitions are made, and attached, by commands of their own.
    if (OidIsValid(index) && get_rel_relkind(index) == RELKIND_PARTITIONED_INDEX)
        command = psprintf("ALTER TABLE ONLY %s", command + kAlter.size());
    List *commands = list_make1(command);
    if (OidIsValid(index))
        commands = list_concat(commands, index_settings(index));
    unpin_search_path(level);
    return commands;
}

List *shard_table_commands(Oid relid) {
    const int level = pin_search_path();
    Relation relation = table_open(relid, AccessShareLock);
    List *commands = list_make1(create_table_command(relation));
    for (int i = 0; i < RelationGetNumberOfAttributes(relation); i++) {
        if (!TupleDescAttr(RelationGetDescr(relation), i)->attisdropped)
            commands = list_concat(commands, shard_column_settings(relation, i + 1));
    }
    table_close(relation, NoLock);
    unpin_search_path(level);
    return commands;
}

List *shard_create_commands(Oid relid) {
    const int level = pin_search_path();
    Relation relation = table_open(relid, AccessShareLock);
    List *commands = NIL;
    for (const ConstraintRow &row : constraints_of(relid)) {
        if (is_early(row) && row.type != CONSTRAINT_CHECK && row.type != CONSTRAINT_TRIGGER)
            commands = list_concat(commands, shard_constraint_commands(row.oid));
    }
    for (const ListCell &cell : cells(RelationGetIndexList(relation))) {
        // An index of a partitioned table is invalid as long as partitions lack theirs.
        const bool is_usable = get_index_isvalid(lfirst_oid(&cell)) ||
                               get_rel_relkind(lfirst_oid(&cell)) == RELKIND_PARTITIONED_INDEX;
        if (!OidIsValid(get_index_constraint(lfirst_oid(&cell))) && is_usable)
            commands = list_concat(commands, shard_index_commands(lfirst_oid(&cell)));
    }
    if (char *identity = shard_replica_identity_command(relation))
        commands = lappend(commands, identity);
    commands = list_concat(commands, statistics_commands(relation));
    commands = list_concat(commands, owner_and_grant_commands(relation));
    table_close(relation, NoLock);
    unpin_search_path(level);
    return commands;
}

List *shard_late_commands(Oid relid, List **referenced) {
    List *commands = NIL;
    *referenced = NIL;
    for (const ConstraintRow &row : constraints_of(relid)) {
        // A CHECK constraint reaches the partitions through their parent.
        if (is_early(row) || (row.type != CONSTRAINT_FOREIGN && row.inherited))
            continue;
        commands = list_concat(commands, shard_constraint_commands(row.oid));
        if (row.type == CONSTRAINT_FOREIGN)
            *referenced = list_append_unique_oid(*referenced, row.referenced);
    }
    return commands;
}

} // namespace citus
