#include "type_use.hpp"

#include "citus/ddl/dependencies.hpp"
#include "citus/guc.hpp"
#include "citus/pg/catalog_rows.hpp"
#include "citus/pg/list.hpp"
#include "utility_call.hpp"

extern "C" {
#include "catalog/dependency.h"
#include "catalog/pg_statistic_ext.h"
#include "parser/parse_type.h"
}

namespace citus {

namespace {

bool relation_uses(Oid relid, List **seen);

/// Whether a table in the metadata has a column of this type, or of one made of it.
bool type_is_used(Oid type, List **seen) {
    if (list_member_oid(*seen, type))
        return false;
    *seen = lappend_oid(*seen, type);
    bool used = false;
    for_each_dependent(TypeRelationId, type, [&](const FormData_pg_depend &row) {
        if (row.classid == RelationRelationId)
            used = used || relation_uses(row.objid, seen);
        else if (row.classid == TypeRelationId)
            used = used || type_is_used(row.objid, seen);
    });
    // Nothing says that a column has an array of the type but the column itself.
    const Oid array = get_array_type(type);
    return used || (OidIsValid(array) && type_is_used(array, seen));
}

bool relation_uses(Oid relid, List **seen) {
    if (get_rel_relkind(relid) == RELKIND_COMPOSITE_TYPE)
        return type_is_used(get_rel_type_id(relid), seen);
    return find_dist_table(relid) != nullptr;
}

/// The other nodes keep a type when the last table that used it goes. Such a copy would stay as it is while
/// the type changes here, and the next table would find it. Dropped, it comes again as the type is then.
void drop_unused_copies(Oid type) {
    if (!guc::enable_ddl_propagation)
        return;
    const char *name = format_type_be_qualified(type);
    const char kind = get_typtype(type);
    run_on_other_nodes(
        list_make1(psprintf("DROP %s %s", kind == TYPTYPE_DOMAIN ? "DOMAIN" : "TYPE", name)),
        psprintf("EXISTS (SELECT FROM pg_catalog.pg_type t WHERE t.oid OPERATOR(pg_catalog.=) "
                 "pg_catalog.to_regtype(%s)::pg_catalog.oid AND t.typtype OPERATOR(pg_catalog.=) '%c' AND "
                 "NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.refclassid OPERATOR(pg_catalog.=) "
                 "'pg_catalog.pg_type'::pg_catalog.regclass AND d.refobjid OPERATOR(pg_catalog.=) ANY "
                 "(ARRAY[t.oid, t.typarray]) AND d.deptype OPERATOR(pg_catalog.=) 'n'))",
                 quote_literal_cstr(name), kind));
}

Oid used_or_invalid(Oid type) {
    if (!OidIsValid(type) || type < FirstNormalObjectId)
        return InvalidOid;
    List *seen = NIL;
    if (all_dist_relations() != NIL && type_is_used(type, &seen))
        return type;
    if (!OidIsValid(getExtensionOfObject(TypeRelationId, type)))
        drop_unused_copies(type);
    return InvalidOid;
}

} // namespace

Oid find_used_type(const List *name) {
    return used_or_invalid(
        LookupTypeNameOid(nullptr, makeTypeNameFromNameList(const_cast<List *>(name)), true));
}

Oid find_used_row_type(const RangeVar *name) {
    const Oid relid = RangeVarGetRelid(name, NoLock, true);
    if (!OidIsValid(relid) || get_rel_relkind(relid) != RELKIND_COMPOSITE_TYPE)
        return InvalidOid;
    return used_or_invalid(get_rel_type_id(relid));
}

std::pmr::vector<int32> remote_groups_of_shards() {
    auto groups = groups_of_all_shards();
    std::erase_if(groups, [](int32 group_id) { return is_local_group(group_id); });
    return groups;
}

const char *type_exists(const char *type_name) {
    return psprintf("pg_catalog.to_regtype(%s) IS NOT NULL", quote_literal_cstr(type_name));
}

void send_type_command(const char *command, const char *type_name) {
    run_on_other_nodes(list_make1(pstrdup(command)), type_exists(type_name));
}

Oid dist_table_of_statistics(Oid statistics) {
    HeapTuple tuple = SearchSysCache1(STATEXTOID, ObjectIdGetDatum(statistics));
    if (!HeapTupleIsValid(tuple))
        return InvalidOid;
    const Oid table = reinterpret_cast<Form_pg_statistic_ext>(GETSTRUCT(tuple))->stxrelid;
    ReleaseSysCache(tuple);
    return find_dist_table(table) != nullptr ? table : InvalidOid;
}

} // namespace citus
