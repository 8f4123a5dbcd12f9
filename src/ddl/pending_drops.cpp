#include "pending_drops.hpp"

#include "citus/ddl/dependencies.hpp"
#include "citus/ddl/shard_definition.hpp"
#include "citus/guc.hpp"
#include "citus/pg/catalog_rows.hpp"
#include "citus/pg/list.hpp"

extern "C" {
#include "catalog/dependency.h"
#include "catalog/index.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_statistic_ext.h"
#include "commands/extension.h"
#include "utils/regproc.h"
}

namespace citus {

void DropCollector::take_table(const DistTable &table) {
    ContextScope scope(context_);
    const Oid relid = table.relid;
    doomed_.take(table);
    parts_.erase(
        std::remove_if(parts_.begin(), parts_.end(), [&](const Part &part) { return part.relid == relid; }),
        parts_.end());
}

void DropCollector::take_part(Oid relid, const char *command, Oid index) {
    ContextScope scope(context_);
    auto *ddl = make_in<ShardDdl>(context_);
    // Rendered now: the names can't be looked up when the part is gone.
    ddl->on_shards(relid, list_make1(const_cast<char *>(command)),
                   OidIsValid(index) ? list_make1_oid(index) : NIL);
    parts_.push_back({relid, ddl});
}

void DropCollector::take_object(const char *command, const char *condition) {
    add_for_all_nodes(objects_, command, condition);
}

void DropCollector::take_schema(const char *command, const char *condition) {
    add_for_all_nodes(schemas_, command, condition);
}

void DropCollector::add_for_all_nodes(ShardDdl &ddl, const char *command, const char *condition) {
    ContextScope scope(context_);
    for (const ClusterNode &node : all_nodes()) {
        if (node.role == NodeRole::Primary && node.is_active && !is_local_group(node.group_id))
            ddl.on_group(node.group_id, list_make1(const_cast<char *>(command)), condition);
    }
}

void DropCollector::send() {
    ShardDdl ddl;
    for (const Part &part : parts_)
        ddl.append(*part.ddl);
    parts_.clear();
    ddl.run();
    doomed_.drop();
    objects_.run();
    // Apart, because their conditions must see what is gone.
    schemas_.run();
}

namespace {

DropCollector *current = nullptr;
/// The extension's catalogs are being dropped: nothing can be looked up any more.
bool extension_is_going = false;
object_access_hook_type next_hook = nullptr;

/// Runs collect(DropCollector &) on the statement's collector, or on one of its own that is sent at once.
template <typename Collect>
void collect_drop(Collect collect) {
    if (current != nullptr)
        return collect(*current);
    DropCollector own;
    collect(own);
    own.send();
}

void relation_dropped(Oid relid) {
    switch (get_rel_relkind(relid)) {
    case RELKIND_RELATION:
    case RELKIND_PARTITIONED_TABLE:
        if (const DistTable *table = find_dist_table(relid))
            collect_drop([&](DropCollector &drops) { drops.take_table(*table); });
        return;
    case RELKIND_PARTITIONED_INDEX:
    case RELKIND_INDEX: {
        if (get_rel_relispartition(relid))
            return; // goes with the index of the parent, or with its table
        const Oid table = IndexGetRelation(relid, true);
        // The index of a constraint goes with it.
        if (OidIsValid(table) && !OidIsValid(get_index_constraint(relid)) &&
            find_dist_table(table) != nullptr)
            collect_drop([&](DropCollector &drops) {
                drops.take_part(table,
                                psprintf("DROP INDEX IF EXISTS %s CASCADE", qualified_relation_name(relid)),
                                relid);
            });
        return;
    }
    default:
        return;
    }
}

bool is_inherited_column(Oid relid, AttrNumber attno) {
    HeapTuple tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid), Int16GetDatum(attno));
    if (!HeapTupleIsValid(tuple))
        return false;
    const bool inherited = reinterpret_cast<Form_pg_attribute>(GETSTRUCT(tuple))->attinhcount > 0;
    ReleaseSysCache(tuple);
    return inherited;
}

void column_dropped(Oid relid, AttrNumber attno) {
    const DistTable *table = find_dist_table(relid);
    // What a partition has from its parent goes with it.
    if (table == nullptr || is_inherited_column(relid, attno))
        return;
    if (table->key_attno == attno)
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("cannot drop the distribution column \"%s\" of table \"%s\"",
                               get_attname(relid, attno, false), get_rel_name(relid)),
                        errhint("Drop the table, or make it local first with undistribute_table().")));
    collect_drop([&](DropCollector &drops) {
        drops.take_part(relid, psprintf("ALTER TABLE IF EXISTS %s DROP COLUMN IF EXISTS %s CASCADE",
                                        qualified_relation_name(relid),
                                        quote_identifier(get_attname(relid, attno, false))));
    });
}

void constraint_dropped(Oid constraint_id) {
    HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(constraint_id));
    if (!HeapTupleIsValid(tuple))
        return;
    auto *form = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple));
    const Oid relid = form->conrelid;
    const char *name = pstrdup(NameStr(form->conname));
    const bool inherited = form->coninhcount > 0 || OidIsValid(form->conparentid);
    ReleaseSysCache(tuple);
    if (!OidIsValid(relid) || inherited || find_dist_table(relid) == nullptr)
        return;
    collect_drop([&](DropCollector &drops) {
        drops.take_part(relid, psprintf("ALTER TABLE IF EXISTS %s DROP CONSTRAINT IF EXISTS %s CASCADE",
                                        qualified_relation_name(relid), quote_identifier(name)));
    });
}

void statistics_dropped(Oid statistics) {
    HeapTuple tuple = SearchSysCache1(STATEXTOID, ObjectIdGetDatum(statistics));
    if (!HeapTupleIsValid(tuple))
        return;
    auto *form = reinterpret_cast<Form_pg_statistic_ext>(GETSTRUCT(tuple));
    const Oid relid = form->stxrelid;
    const char *name =
        quote_qualified_identifier(get_namespace_name(form->stxnamespace), NameStr(form->stxname));
    ReleaseSysCache(tuple);
    if (find_dist_table(relid) != nullptr)
        collect_drop([&](DropCollector &drops) {
            drops.take_part(relid, psprintf("DROP STATISTICS IF EXISTS %s", name));
        });
}

/// Schemas and types exist on other nodes only where tables needed them. What else a worker keeps in a
/// schema keeps the schema.
void schema_dropped(Oid schema) {
    const char *name = quote_identifier(get_namespace_name(schema));
    const char *literal = quote_literal_cstr(name);
    collect_drop([&](DropCollector &drops) {
        drops.take_schema(
            psprintf("DROP SCHEMA IF EXISTS %s", name),
            psprintf(
                "pg_catalog.to_regnamespace(%s) IS NOT NULL AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend "
                "WHERE refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_namespace'::pg_catalog.regclass AND "
                "refobjid OPERATOR(pg_catalog.=) pg_catalog.to_regnamespace(%s)::pg_catalog.oid)",
                literal, literal));
    });
}

void type_dropped(Oid type) {
    HeapTuple tuple = SearchSysCache1(TYPEOID, ObjectIdGetDatum(type));
    if (!HeapTupleIsValid(tuple))
        return;
    const FormData_pg_type form = *reinterpret_cast<Form_pg_type>(GETSTRUCT(tuple));
    ReleaseSysCache(tuple);
    // Row types of tables, arrays and multiranges go with what they belong to. The relation of a composite
    // type is gone by now; that of a table is not.
    const char relkind = form.typtype == TYPTYPE_COMPOSITE ? get_rel_relkind(form.typrelid) : '\0';
    const bool own_object =
        form.typtype == TYPTYPE_ENUM || form.typtype == TYPTYPE_DOMAIN || form.typtype == TYPTYPE_RANGE ||
        (form.typtype == TYPTYPE_COMPOSITE && (relkind == '\0' || relkind == RELKIND_COMPOSITE_TYPE));
    if (!own_object)
        return;
    const char *name =
        quote_qualified_identifier(get_namespace_name(form.typnamespace), NameStr(form.typname));
    collect_drop([&](DropCollector &drops) {
        drops.take_object(
            psprintf("DROP %s IF EXISTS %s", form.typtype == TYPTYPE_DOMAIN ? "DOMAIN" : "TYPE", name),
            // The name may be another type's there: that of an array.
            psprintf("(SELECT typtype FROM pg_catalog.pg_type WHERE oid OPERATOR(pg_catalog.=) "
                     "pg_catalog.to_regtype(%s)::pg_catalog.oid) OPERATOR(pg_catalog.=) '%c'",
                     quote_literal_cstr(name), form.typtype));
    });
}

/// Constructors of range types go with their type.
bool is_part_of_type(Oid function) {
    bool found = false;
    for_each_dependency(ProcedureRelationId, function, [&](const FormData_pg_depend &row) {
        found = found || row.deptype == DEPENDENCY_INTERNAL;
    });
    return found;
}

/// A copy on another node goes when it is one, and nothing there uses it any more. Only functions that never
/// change their result are part of indexes and generated columns; a copy of another kind stays behind, which
/// does no harm.
void function_dropped(Oid function) {
    HeapTuple tuple = SearchSysCache1(PROCOID, ObjectIdGetDatum(function));
    if (!HeapTupleIsValid(tuple))
        return;
    auto *form = reinterpret_cast<Form_pg_proc>(GETSTRUCT(tuple));
    const bool may_have_copies = form->provolatile == PROVOLATILE_IMMUTABLE &&
                                 form->prokind == PROKIND_FUNCTION &&
                                 !isTempOrTempToastNamespace(form->pronamespace);
    ReleaseSysCache(tuple);
    if (!may_have_copies || OidIsValid(getExtensionOfObject(ProcedureRelationId, function)) ||
        is_part_of_type(function))
        return;
    const int level = pin_search_path();
    const char *name = format_procedure_qualified(function);
    const char *condition = psprintf(
        "NOT %s AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend WHERE refclassid OPERATOR(pg_catalog.=) "
        "'pg_catalog.pg_proc'::pg_catalog.regclass AND refobjid OPERATOR(pg_catalog.=) (%s)::pg_catalog.oid)",
        function_differs(function), function_there(function));
    unpin_search_path(level);
    collect_drop(
        [&](DropCollector &drops) { drops.take_object(psprintf("DROP FUNCTION %s", name), condition); });
}

void on_object_access(ObjectAccessType access, Oid class_id, Oid object_id, int sub_id, void *argument) {
    if (next_hook != nullptr)
        next_hook(access, class_id, object_id, sub_id, argument);
    if (access != OAT_DROP || extension_is_going || applying_shard_ddl() || !extension_is_ready())
        return;
    if (class_id == RelationRelationId && get_rel_namespace(object_id) == PG_CATALOG_NAMESPACE) {
        extension_is_going = true;
        return;
    }
    if (local_group_id() != kCoordinatorGroupId)
        return;
    switch (class_id) {
    case RelationRelationId:
        if (sub_id == 0)
            relation_dropped(object_id);
        else
            column_dropped(object_id, static_cast<AttrNumber>(sub_id));
        break;
    case ConstraintRelationId:
        constraint_dropped(object_id);
        break;
    case StatisticExtRelationId:
        statistics_dropped(object_id);
        break;
    case NamespaceRelationId:
        if (guc::enable_ddl_propagation && !isTempOrTempToastNamespace(object_id))
            schema_dropped(object_id);
        break;
    case TypeRelationId:
        if (guc::enable_ddl_propagation && sub_id == 0)
            type_dropped(object_id);
        break;
    case ProcedureRelationId:
        if (guc::enable_ddl_propagation)
            function_dropped(object_id);
        break;
    default:
        break;
    }
}

} // namespace

DropCollector *set_drop_collector(DropCollector *collector) {
    extension_is_going = false;
    return std::exchange(current, collector);
}

void install_drop_hook() {
    next_hook = object_access_hook;
    object_access_hook = on_object_access;
}

} // namespace citus
