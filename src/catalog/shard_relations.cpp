#include "citus/catalog/shard_relations.hpp"

#include "citus/guc.hpp"
#include "citus/pg/walker.hpp"

#include <charconv>

extern "C" {
#include "access/sysattr.h"
#include "access/transam.h"
#include "catalog/index.h"
#include "catalog/pg_proc.h"
#include "nodes/bitmapset.h"
#include "optimizer/planner.h"

PG_FUNCTION_INFO_V1(relation_is_a_known_shard);
PG_FUNCTION_INFO_V1(citus_table_is_visible);
}

namespace citus {

namespace {

planner_hook_type previous_planner = nullptr;

/// The number after the last `_` of a name, or 0.
int64 shard_id_in_name(std::string_view name) {
    const auto separator = name.rfind('_');
    if (separator == std::string_view::npos || separator + 1 == name.size())
        return 0;
    int64 id = 0;
    const auto [end, error] = std::from_chars(name.data() + separator + 1, name.data() + name.size(), id);
    return error == std::errc() && end == name.data() + name.size() ? id : 0;
}

/// Whether a relation of this name and schema is the local placement of the shard.
bool is_placement_here(int64 shard_id, const char *name, Oid schema) {
    int index = 0;
    const Oid logical = relation_of_shard(shard_id, &index);
    if (!OidIsValid(logical) || get_rel_namespace(logical) != schema)
        return false;
    const char *logical_name = get_rel_name(logical);
    const auto placements = require_dist_table(logical)->shards[static_cast<size_t>(index)].placements;
    return logical_name != nullptr && strcmp(shard_relation_name(logical_name, shard_id), name) == 0 &&
           std::any_of(placements.begin(), placements.end(),
                       [](const ShardPlacement &placement) { return is_local_group(placement.group_id); });
}

/// Views that applications ask for the tables there are.
bool is_list_of_tables(Oid view) {
    if (view >= FirstNormalObjectId || get_rel_relkind(view) != RELKIND_VIEW)
        return false;
    if (get_rel_namespace(view) != PG_CATALOG_NAMESPACE)
        return true; // of information_schema
    const char *name = get_rel_name(view);
    return strcmp(name, "pg_tables") == 0 || strcmp(name, "pg_indexes") == 0;
}

/// Whether a query block is the text of such a view: the rewriter leaves an entry for the view in it.
bool is_text_of_list(const Query *query) {
    ListCell *cell;
    foreach (cell, query->rtable) {
        const auto *entry = static_cast<const RangeTblEntry *>(lfirst(cell));
        if (entry->rtekind == RTE_RELATION && entry->relkind == RELKIND_VIEW &&
            is_list_of_tables(entry->relid))
            return true;
    }
    return false;
}

/// Whether a query reads pg_class or a list of tables, also in its sub-selects in FROM and its CTEs; not in
/// its expressions, since all queries come by here.
bool reads_pg_class(const Query *query) {
    ListCell *cell;
    foreach (cell, query->rtable) {
        const auto *entry = static_cast<const RangeTblEntry *>(lfirst(cell));
        if ((entry->rtekind == RTE_RELATION && entry->relid == RelationRelationId) ||
            (entry->rtekind == RTE_SUBQUERY && reads_pg_class(entry->subquery)))
            return true;
    }
    foreach (cell, query->cteList)
        if (reads_pg_class(castNode(Query, lfirst_node(CommonTableExpr, cell)->ctequery)))
            return true;
    return false;
}

/// A function of the extension in pg_catalog with one argument, or InvalidOid.
Oid own_function(const char *name, Oid argument) {
    return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name),
                           PointerGetDatum(buildoidvector(&argument, 1)),
                           ObjectIdGetDatum(PG_CATALOG_NAMESPACE));
}

/// What a query on pg_class is to see of shards.
struct Hiding {
    Oid is_visible;  ///< to call in place of pg_table_is_visible
    Oid is_shard;    ///< to filter pg_class itself by
    bool everywhere; ///< and not only below lists of tables
};

/// Filters each scan of pg_class in a query block. A security qual stays with its scan, whatever joins are
/// above.
void filter_pg_class(Query *query, Oid is_shard) {
    Index index = 0;
    ListCell *cell;
    foreach (cell, query->rtable) {
        auto *entry = static_cast<RangeTblEntry *>(lfirst(cell));
        index++;
        if (entry->rtekind != RTE_RELATION || entry->relid != RelationRelationId)
            continue;
        Var *oid = makeVar(index, Anum_pg_class_oid, OIDOID, -1, InvalidOid, 0);
        auto *call =
            makeFuncExpr(is_shard, BOOLOID, list_make1(oid), InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
        entry->securityQuals = lappend(entry->securityQuals, makeBoolExpr(NOT_EXPR, list_make1(call), -1));
        entry->selectedCols =
            bms_add_member(entry->selectedCols, Anum_pg_class_oid - FirstLowInvalidHeapAttributeNumber);
    }
}

bool hide_walker(::Node *node, void *context) {
    const auto &hiding = *static_cast<const Hiding *>(context);
    if (node == nullptr)
        return false;
    if (IsA(node, FuncExpr) && castNode(FuncExpr, node)->funcid == F_PG_TABLE_IS_VISIBLE)
        castNode(FuncExpr, node)->funcid = hiding.is_visible;
    if (!IsA(node, Query))
        return walk_children(node, hide_walker, context);
    auto *query = castNode(Query, node);
    Hiding here = hiding; // a list's text has sub-selects of its own
    here.everywhere |= is_text_of_list(query);
    if (OidIsValid(here.is_shard) && here.everywhere)
        filter_pg_class(query, here.is_shard);
    return walk_query(query, hide_walker, &here, 0);
}

/// Whether the first columns of a query are called so.
bool has_columns(const Query *query, std::span<const char *const> names) {
    if (list_length(query->targetList) < static_cast<int>(names.size()))
        return false;
    for (size_t i = 0; i < names.size(); i++) {
        const char *name = list_nth_node(TargetEntry, query->targetList, static_cast<int>(i))->resname;
        if (name == nullptr || strcmp(name, names[i]) != 0)
            return false;
    }
    return true;
}

/// The lists of psql's \dt, \di, \dp and the like. With a schema in their pattern they do not ask what is
/// visible.
bool is_list_of_psql(const Query *query) {
    static constexpr const char *names[] = {"Schema", "Name"};
    return has_columns(query, names);
}

/// pg_dump asks pg_class for what to dump: the logical tables, which give the rows of their shards.
bool is_pg_dump() {
    return application_name != nullptr && strcmp(application_name, "pg_dump") == 0;
}

PlannedStmt *plan_without_shards(Query *query, const char *text, int cursor_options, ParamListInfo params) {
    if (guc::override_table_visibility && reads_pg_class(query) && extension_is_ready()) {
        Hiding hiding{own_function("citus_table_is_visible", OIDOID),
                      own_function("relation_is_a_known_shard", REGCLASSOID),
                      is_pg_dump() || is_list_of_psql(query)};
        if (OidIsValid(hiding.is_visible))
            (void)hide_walker(reinterpret_cast<::Node *>(query), &hiding);
    }
    auto *next = previous_planner != nullptr ? previous_planner : standard_planner;
    return next(query, text, cursor_options, params);
}

} // namespace

int64 shard_of_relation(Oid relid) {
    if (relid < FirstNormalObjectId || !extension_is_ready())
        return 0;
    const char relkind = get_rel_relkind(relid);
    if (relkind == RELKIND_INDEX || relkind == RELKIND_PARTITIONED_INDEX)
        relid = IndexGetRelation(relid, true);
    else if (relkind != RELKIND_RELATION && relkind != RELKIND_PARTITIONED_TABLE)
        return 0;
    const char *name = get_rel_name(relid);
    if (name == nullptr)
        return 0;
    const int64 shard_id = shard_id_in_name(name);
    return shard_id > 0 && is_placement_here(shard_id, name, get_rel_namespace(relid)) ? shard_id : 0;
}

void install_shard_visibility() {
    previous_planner = planner_hook;
    planner_hook = plan_without_shards;
}

} // namespace citus

using namespace citus;

Datum relation_is_a_known_shard(PG_FUNCTION_ARGS) {
    PG_RETURN_BOOL(shard_of_relation(PG_GETARG_OID(0)) != 0);
}

Datum citus_table_is_visible(PG_FUNCTION_ARGS) {
    const Oid relid = PG_GETARG_OID(0);
    if (!SearchSysCacheExists1(RELOID, ObjectIdGetDatum(relid)))
        PG_RETURN_NULL();
    PG_RETURN_BOOL(RelationIsVisible(relid) && shard_of_relation(relid) == 0);
}
