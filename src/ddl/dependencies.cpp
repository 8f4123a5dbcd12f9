#include "citus/ddl/dependencies.hpp"

#include "citus/ddl/roles.hpp"
#include "citus/ddl/shard_definition.hpp"
#include "citus/pg/catalog_rows.hpp"
#include "citus/pg/list.hpp"

extern "C" {
#include "catalog/pg_attrdef.h"
#include "catalog/pg_collation.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_depend.h"
#include "catalog/pg_enum.h"
#include "catalog/pg_extension.h"
#include "catalog/pg_opclass.h"
#include "catalog/pg_operator.h"
#include "catalog/pg_opfamily.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_range.h"
#include "commands/extension.h"
#include "utils/regproc.h"
#include "utils/ruleutils.h"
#include "utils/typcache.h"
}

namespace citus {

namespace {

/// Walks what a table needs, each object once, and what an object itself needs before it.
class Walk {
public:
    Walk(ShardDdl &ddl, std::span<const int32> groups) : ddl_(ddl), groups_(groups) {}

    void schema(Oid schema);
    void type(Oid type);
    void collation(Oid collation);
    /// What an index, a constraint or a generated column calls or is made of.
    void parts_of(Oid class_id, Oid object_id);
    void needs_of_table(Oid relid);

    /// To be called before the commands run.
    void create_roles() const { create_needed_roles(roles_); }

private:
    bool seen(Oid class_id, Oid object_id);
    void roles_of_table(Oid relid);
    /// Whether the object came with an extension, which is created in its place.
    bool from_extension(Oid class_id, Oid object_id);
    void add(const char *condition, List *commands);
    void enum_type(Oid type, const char *name);
    void composite_type(Oid type, const char *name);
    void domain_type(Oid type, const char *name);
    void range_type(Oid type, const char *name);
    void create_type(Oid type, char kind);
    void function(Oid function);

    ShardDdl &ddl_;
    std::span<const int32> groups_;
    std::pmr::vector<std::pair<Oid, Oid>> seen_;
    std::pmr::vector<Oid> roles_; ///< that the objects name
};

const char *owner_name(Oid role) {
    return quote_identifier(GetUserNameFromId(role, false));
}

Oid schema_of_extension(Oid extension) {
    Oid schema = InvalidOid;
    Relation catalog = table_open(ExtensionRelationId, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_extension_oid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(extension));
    SysScanDesc scan = systable_beginscan(catalog, ExtensionOidIndexId, true, nullptr, 1, &key);
    if (HeapTuple tuple = systable_getnext(scan))
        schema = reinterpret_cast<Form_pg_extension>(GETSTRUCT(tuple))->extnamespace;
    systable_endscan(scan);
    table_close(catalog, AccessShareLock);
    return schema;
}

bool Walk::seen(Oid class_id, Oid object_id) {
    const std::pair<Oid, Oid> object{class_id, object_id};
    if (std::find(seen_.begin(), seen_.end(), object) != seen_.end())
        return true;
    seen_.push_back(object);
    add_roles_of(&roles_, class_id, object_id);
    return false;
}

void Walk::roles_of_table(Oid relid) {
    add_roles_of(&roles_, RelationRelationId, relid);
    add_roles_of_policies(&roles_, relid);
}

void Walk::add(const char *condition, List *commands) {
    for (const int32 group_id : groups_)
        ddl_.on_group(group_id, commands, condition);
}

bool Walk::from_extension(Oid class_id, Oid object_id) {
    const Oid extension = getExtensionOfObject(class_id, object_id);
    if (!OidIsValid(extension))
        return false;
    if (seen(ExtensionRelationId, extension))
        return true;
    const char *name = get_extension_name(extension);
    const Oid schema_id = schema_of_extension(extension);
    schema(schema_id);
    add(psprintf("NOT EXISTS (SELECT FROM pg_catalog.pg_extension WHERE extname OPERATOR(pg_catalog.=) %s)",
                 quote_literal_cstr(name)),
        list_make1(psprintf("CREATE EXTENSION %s SCHEMA %s", quote_identifier(name),
                            quote_identifier(get_namespace_name(schema_id)))));
    return true;
}

void Walk::schema(Oid schema) {
    if (schema == PG_CATALOG_NAMESPACE || schema == PG_PUBLIC_NAMESPACE || seen(NamespaceRelationId, schema))
        return;
    HeapTuple tuple = SearchSysCache1(NAMESPACEOID, ObjectIdGetDatum(schema));
    if (!HeapTupleIsValid(tuple))
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_SCHEMA), errmsg("schema with OID %u does not exist", schema)));
    auto *form = reinterpret_cast<Form_pg_namespace>(GETSTRUCT(tuple));
    const char *name = quote_identifier(NameStr(form->nspname));
    // Created for the owner: who distributes a table may lack the right to give it away, so only when needed.
    List *commands = list_make1(form->nspowner == GetUserId() ? psprintf("CREATE SCHEMA %s", name)
                                                              : psprintf("CREATE SCHEMA %s AUTHORIZATION %s",
                                                                         name, owner_name(form->nspowner)));
    bool is_null = true;
    const Datum acl = SysCacheGetAttr(NAMESPACEOID, tuple, Anum_pg_namespace_nspacl, &is_null);
    if (!is_null)
        commands = list_concat(commands, grant_commands(DatumGetAclPCopy(acl), psprintf("SCHEMA %s", name),
                                                        nullptr, form->nspowner, ACL_ALL_RIGHTS_SCHEMA));
    ReleaseSysCache(tuple);
    add(psprintf("pg_catalog.to_regnamespace(%s) IS NULL", quote_literal_cstr(name)), commands);
}

void Walk::collation(Oid collation) {
    if (!OidIsValid(collation) || collation < FirstNormalObjectId || seen(CollationRelationId, collation) ||
        from_extension(CollationRelationId, collation))
        return;
    HeapTuple tuple = SearchSysCache1(COLLOID, ObjectIdGetDatum(collation));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for collation %u", collation);
    auto *form = reinterpret_cast<Form_pg_collation>(GETSTRUCT(tuple));
    schema(form->collnamespace);
    const char *name =
        quote_qualified_identifier(get_namespace_name(form->collnamespace), NameStr(form->collname));
    StringInfoData command;
    initStringInfo(&command);
    appendStringInfo(&command, "CREATE COLLATION %s (provider = %s, deterministic = %s", name,
                     form->collprovider == COLLPROVIDER_ICU ? "icu" : "libc",
                     form->collisdeterministic ? "true" : "false");
    static constexpr std::pair<AttrNumber, const char *> kTexts[] = {
        {Anum_pg_collation_collcollate, "lc_collate"},
        {Anum_pg_collation_collctype, "lc_ctype"},
        {Anum_pg_collation_colliculocale, "locale"},
    };
    for (const auto &[column, option] : kTexts) {
        bool is_null = true;
        const Datum value = SysCacheGetAttr(COLLOID, tuple, column, &is_null);
        if (!is_null)
            appendStringInfo(&command, ", %s = %s", option, quote_literal_cstr(TextDatumGetCString(value)));
    }
    appendStringInfoChar(&command, ')');
    ReleaseSysCache(tuple);
    add(psprintf("pg_catalog.to_regcollation(%s) IS NULL", quote_literal_cstr(name)),
        list_make1(command.data));
}

List *owner_commands(Oid type, const char *keyword, const char *name) {
    HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
    const Oid owner = reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple))->typowner;
    ReleaseSysCache(tuple);
    return owner == GetUserId()
               ? NIL
               : list_make1(psprintf("ALTER %s %s OWNER TO %s", keyword, name, owner_name(owner)));
}

const char *missing_type(const char *name) {
    return psprintf("pg_catalog.to_regtype(%s) IS NULL", quote_literal_cstr(name));
}

void Walk::enum_type(Oid type, const char *name) {
    StringInfoData command;
    initStringInfo(&command);
    appendStringInfo(&command, "CREATE TYPE %s AS ENUM (", name);
    Relation catalog = table_open(EnumRelationId, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_enum_enumtypid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(type));
    Relation index = index_open(EnumTypIdSortOrderIndexId, AccessShareLock);
    SysScanDesc scan = systable_beginscan_ordered(catalog, index, nullptr, 1, &key);
    const char *separator = "";
    while (HeapTuple tuple = systable_getnext_ordered(scan, ForwardScanDirection)) {
        const char *label = NameStr(reinterpret_cast<Form_pg_enum>(GETSTRUCT(tuple))->enumlabel);
        appendStringInfo(&command, "%s%s", separator, quote_literal_cstr(label));
        separator = ", ";
    }
    systable_endscan_ordered(scan);
    index_close(index, AccessShareLock);
    table_close(catalog, AccessShareLock);
    appendStringInfoChar(&command, ')');
    add(missing_type(name), lcons(command.data, owner_commands(type, "TYPE", name)));
}

void Walk::composite_type(Oid type, const char *name) {
    StringInfoData command;
    initStringInfo(&command);
    appendStringInfo(&command, "CREATE TYPE %s AS (", name);
    TupleDesc descriptor = lookup_rowtype_tupdesc_copy(type, -1);
    const char *separator = "";
    for (int i = 0; i < descriptor->natts; i++) {
        Form_pg_attribute column = TupleDescAttr(descriptor, i);
        if (column->attisdropped)
            continue;
        this->type(column->atttypid);
        collation(column->attcollation);
        appendStringInfo(&command, "%s%s %s", separator, quote_identifier(NameStr(column->attname)),
                         format_type_with_typemod(column->atttypid, column->atttypmod));
        if (OidIsValid(column->attcollation) && column->attcollation != get_typcollation(column->atttypid))
            appendStringInfo(&command, " COLLATE %s", generate_collation_name(column->attcollation));
        separator = ", ";
    }
    appendStringInfoChar(&command, ')');
    add(missing_type(name), lcons(command.data, owner_commands(type, "TYPE", name)));
}

/// Objects of one kind that belong to another: rows of a catalog with its Oid in a column.
List *owned_objects(Oid catalog_id, AttrNumber owner_column, AttrNumber oid_column, Oid index, Oid owner) {
    List *found = NIL;
    Relation catalog = table_open(catalog_id, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, owner_column, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(owner));
    SysScanDesc scan = systable_beginscan(catalog, index, true, nullptr, 1, &key);
    while (HeapTuple tuple = systable_getnext(scan)) {
        bool is_null = false;
        found = lappend_oid(
            found, DatumGetObjectId(heap_getattr(tuple, oid_column, RelationGetDescr(catalog), &is_null)));
    }
    systable_endscan(scan);
    table_close(catalog, AccessShareLock);
    return found;
}

} // namespace

List *constraints_of_domain(Oid type) {
    return owned_objects(ConstraintRelationId, Anum_pg_constraint_contypid, Anum_pg_constraint_oid,
                         ConstraintTypidIndexId, type);
}

namespace {

List *constraints_of_table(Oid relid) {
    return owned_objects(ConstraintRelationId, Anum_pg_constraint_conrelid, Anum_pg_constraint_oid,
                         ConstraintRelidTypidNameIndexId, relid);
}

/// The valid constraints of a domain, by name as PostgreSQL checks them, for CREATE DOMAIN; those that are
/// not valid as commands of their own.
List *append_domain_constraints(StringInfo command, Oid type, const char *name) {
    List *not_valid = NIL;
    for_each_domain_constraint(type, [&](const FormData_pg_constraint &row) {
        const Datum definition = DirectFunctionCall1(pg_get_constraintdef, ObjectIdGetDatum(row.oid));
        const char *clause = psprintf("CONSTRAINT %s %s", quote_identifier(NameStr(row.conname)),
                                      TextDatumGetCString(definition));
        if (row.convalidated)
            appendStringInfo(command, " %s", clause);
        else
            not_valid = lappend(not_valid, psprintf("ALTER DOMAIN %s ADD %s", name, clause));
    });
    return not_valid;
}

void Walk::domain_type(Oid type, const char *name) {
    HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
    auto *form = reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple));
    this->type(form->typbasetype);
    collation(form->typcollation);
    StringInfoData command;
    initStringInfo(&command);
    appendStringInfo(&command, "CREATE DOMAIN %s AS %s", name,
                     format_type_with_typemod(form->typbasetype, form->typtypmod));
    if (OidIsValid(form->typcollation) && form->typcollation != get_typcollation(form->typbasetype))
        appendStringInfo(&command, " COLLATE %s", generate_collation_name(form->typcollation));
    if (form->typnotnull)
        appendStringInfoString(&command, " NOT NULL");
    ReleaseSysCache(tuple);
    for (const ListCell &cell : cells(constraints_of_domain(type)))
        parts_of(ConstraintRelationId, lfirst_oid(&cell));
    List *not_valid = append_domain_constraints(&command, type, name);
    add(missing_type(name),
        lcons(command.data, list_concat(not_valid, owner_commands(type, "DOMAIN", name))));
}

void Walk::range_type(Oid type, const char *name) {
    HeapTuple tuple = SearchSysCache1(RANGETYPE, ObjectIdGetDatum(type));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for range type %u", type);
    const FormData_pg_range form = *reinterpret_cast<Form_pg_range>(GETSTRUCT(tuple));
    ReleaseSysCache(tuple);
    // Functions are not carried over.
    if (form.rngsubdiff >= FirstNormalObjectId || OidIsValid(form.rngcanonical))
        ereport(ERROR,
                (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                 errmsg("cannot create type %s on other nodes because it has functions of its own", name),
                 errhint("Create the type on each node, then repeat the command.")));
    this->type(form.rngsubtype);
    collation(form.rngcollation);
    StringInfoData command;
    initStringInfo(&command);
    appendStringInfo(&command, "CREATE TYPE %s AS RANGE (SUBTYPE = %s, SUBTYPE_OPCLASS = %s", name,
                     format_type_be_qualified(form.rngsubtype), generate_opclass_name(form.rngsubopc));
    if (OidIsValid(form.rngcollation))
        appendStringInfo(&command, ", COLLATION = %s", generate_collation_name(form.rngcollation));
    if (OidIsValid(form.rngsubdiff))
        appendStringInfo(&command, ", SUBTYPE_DIFF = %s",
                         quote_qualified_identifier(get_namespace_name(get_func_namespace(form.rngsubdiff)),
                                                    get_func_name(form.rngsubdiff)));
    appendStringInfo(&command, ", MULTIRANGE_TYPE_NAME = %s)", format_type_be_qualified(form.rngmultitypid));
    add(missing_type(name), lcons(command.data, owner_commands(type, "TYPE", name)));
}

void Walk::create_type(Oid type, char kind) {
    const char *name = format_type_be_qualified(type);
    switch (kind) {
    case TYPTYPE_ENUM:
        return enum_type(type, name);
    case TYPTYPE_COMPOSITE:
        return composite_type(type, name);
    case TYPTYPE_DOMAIN:
        return domain_type(type, name);
    case TYPTYPE_RANGE:
        return range_type(type, name);
    case TYPTYPE_MULTIRANGE: // comes with its range
        return this->type(get_multirange_range(type));
    default:
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("cannot create base type %s on other nodes", name),
                        errhint("Put the type into an extension that is installed on all nodes.")));
    }
}

void Walk::type(Oid type) {
    const Oid element = get_element_type(type);
    if (OidIsValid(element))
        return this->type(element);
    if (type < FirstNormalObjectId || seen(TypeRelationId, type) || from_extension(TypeRelationId, type))
        return;
    HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for type %u", type);
    const FormData_pg_type form = *reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple));
    ReleaseSysCache(tuple);
    schema(form.typnamespace);
    create_type(type, form.typtype);
}

void Walk::parts_of(Oid class_id, Oid object_id) {
    for_each_dependency(class_id, object_id, [&](const FormData_pg_depend &row) {
        if (row.refobjid < FirstNormalObjectId)
            return;
        if (row.refclassid == ProcedureRelationId)
            function(row.refobjid);
        else if (row.refclassid == TypeRelationId)
            type(row.refobjid);
        else if (row.refclassid == CollationRelationId)
            collation(row.refobjid);
        else if (row.refclassid == OperatorClassRelationId || row.refclassid == OperatorRelationId ||
                 row.refclassid == OperatorFamilyRelationId)
            from_extension(row.refclassid, row.refobjid); // a user's own must be on the nodes already
    });
}

/// Functions are taken along as they are here, in place of others of the name.
void Walk::function(Oid function) {
    if (function < FirstNormalObjectId || seen(ProcedureRelationId, function) ||
        from_extension(ProcedureRelationId, function) || get_func_prokind(function) == PROKIND_AGGREGATE)
        return;
    parts_of(ProcedureRelationId, function);
    schema(get_func_namespace(function));
    add(function_differs(function), function_commands(function));
}

} // namespace

const char *function_there(Oid function) {
    // to_regprocedure() of PostgreSQL 15 raises an error where a type of an argument is missing.
    Oid *types = nullptr;
    int count = 0;
    get_func_signature(function, &types, &count);
    StringInfoData known;
    initStringInfo(&known);
    for (int i = 0; i < count; i++) {
        if (types[i] >= FirstNormalObjectId)
            appendStringInfo(&known, " AND pg_catalog.to_regtype(%s) IS NOT NULL",
                             quote_literal_cstr(format_type_be_qualified(types[i])));
    }
    return psprintf("CASE WHEN true%s THEN pg_catalog.to_regprocedure(%s) END", known.data,
                    quote_literal_cstr(format_procedure_qualified(function)));
}

const char *function_differs(Oid function) {
    return psprintf(
        "(SELECT pg_catalog.pg_get_functiondef(p) IS DISTINCT FROM %s FROM (SELECT %s AS p) AS s)",
        quote_literal_cstr(
            TextDatumGetCString(DirectFunctionCall1(pg_get_functiondef, ObjectIdGetDatum(function)))),
        function_there(function));
}

List *function_commands(Oid function) {
    // What its body names need not be there when it is created.
    List *commands =
        list_make2(pstrdup("SET LOCAL check_function_bodies TO off"),
                   TextDatumGetCString(DirectFunctionCall1(pg_get_functiondef, ObjectIdGetDatum(function))));
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for function %u", function);
    const Oid owner = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple))->proowner;
    ReleaseSysCache(tuple);
    if (owner != GetUserId())
        commands = lappend(commands, psprintf("ALTER ROUTINE %s OWNER TO %s",
                                              format_procedure_qualified(function), owner_name(owner)));
    return commands;
}

namespace {

/// What a table is made of. It is itself created by others, with its owner and privileges.
void Walk::needs_of_table(Oid relid) {
    Relation relation = table_open(relid, AccessShareLock);
    schema(RelationGetNamespace(relation));
    for (int i = 0; i < RelationGetNumberOfAttributes(relation); i++) {
        Form_pg_attribute column = TupleDescAttr(RelationGetDescr(relation), i);
        if (column->attisdropped)
            continue;
        type(column->atttypid);
        collation(column->attcollation);
        if (column->attgenerated != '\0')
            parts_of(AttrDefaultRelationId, GetAttrDefaultOid(relid, column->attnum));
    }
    for (const ListCell &cell : cells(constraints_of_table(relid)))
        parts_of(ConstraintRelationId, lfirst_oid(&cell));
    for (const ListCell &cell : cells(RelationGetIndexList(relation)))
        parts_of(RelationRelationId, lfirst_oid(&cell));
    parts_of(RelationRelationId, relid); // the partition key
    table_close(relation, NoLock);
    roles_of_table(relid);
}

/// Adds what the walk finds; the roles that are named there exist on all nodes before the commands run.
template <typename Start>
void add_by_walk(ShardDdl &ddl, std::span<const int32> groups, Start start) {
    const int level = pin_search_path();
    Walk walk(ddl, groups);
    start(walk);
    walk.create_roles();
    unpin_search_path(level);
}

} // namespace

void add_dependencies(ShardDdl &ddl, Oid relid, std::span<const int32> groups) {
    add_by_walk(ddl, groups, [=](Walk &walk) { walk.needs_of_table(relid); });
}

void add_schema(ShardDdl &ddl, Oid schema, std::span<const int32> groups) {
    add_by_walk(ddl, groups, [=](Walk &walk) { walk.schema(schema); });
}

void add_parts(ShardDdl &ddl, Oid class_id, Oid object_id, std::span<const int32> groups) {
    add_by_walk(ddl, groups, [=](Walk &walk) { walk.parts_of(class_id, object_id); });
}

void add_type(ShardDdl &ddl, Oid type, std::span<const int32> groups) {
    add_by_walk(ddl, groups, [=](Walk &walk) { walk.type(type); });
}

} // namespace citus
