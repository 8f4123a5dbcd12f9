#include "citus/catalog/shard_relations.hpp"

#include "citus/guc.hpp"

#include <charconv>

extern "C" {
#include "access/transam.h"
#include "catalog/index.h"
#include "catalog/pg_proc.h"
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

bool reads_pg_class(const Query *query) {
    ListCell *cell;
    foreach (cell, query->rtable) {
        const auto *entry = static_cast<const RangeTblEntry *>(lfirst(cell));
        if (entry->rtekind == RTE_RELATION && entry->relid == RelationRelationId)
            return true;
    }
    return false;
}

Oid own_visibility_function() {
    Oid argument = OIDOID;
    return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum("citus_table_is_visible"),
                           PointerGetDatum(buildoidvector(&argument, 1)),
                           ObjectIdGetDatum(PG_CATALOG_NAMESPACE));
}

/// context: Oid of the function to call in place of pg_table_is_visible.
bool replace_visibility_walker(::Node *node, void *context) {
    if (node == nullptr)
        return false;
    if (IsA(node, FuncExpr) && castNode(FuncExpr, node)->funcid == F_PG_TABLE_IS_VISIBLE)
        castNode(FuncExpr, node)->funcid = *static_cast<Oid *>(context);
    // Before PostgreSQL 16 walkers are declared without their arguments.
    using Callback = bool (*)();
    const auto callback = reinterpret_cast<Callback>(reinterpret_cast<void (*)()>(replace_visibility_walker));
    if (IsA(node, Query))
        return query_tree_walker(castNode(Query, node), callback, context, 0);
    return expression_tree_walker(node, callback, context);
}

PlannedStmt *plan_without_shards(Query *query, const char *text, int cursor_options, ParamListInfo params) {
    if (guc::override_table_visibility && reads_pg_class(query) && extension_is_ready()) {
        Oid function = own_visibility_function();
        if (OidIsValid(function))
            (void)replace_visibility_walker(reinterpret_cast<::Node *>(query), &function);
    }
    auto *next = previous_planner != nullptr ? previous_planner : standard_planner;
    return next(query, text, cursor_options, params);
}

} // namespace

int64 shard_of_relation(Oid relid) {
    if (relid < FirstNormalObjectId || !extension_is_ready())
        return 0;
    const char relkind = get_rel_relkind(relid);
    if (relkind == RELKIND_INDEX)
        relid = IndexGetRelation(relid, true);
    else if (relkind != RELKIND_RELATION)
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
