#include "citus/planner/planner.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/pg/walker.hpp"
#include "citus/planner/gather.hpp"
#include "citus/planner/insert.hpp"
#include "citus/planner/modify.hpp"
#include "route.hpp"

extern "C" {
#include "optimizer/planner.h"
#include "parser/parsetree.h"
}

namespace citus {

namespace {

planner_hook_type previous_planner = nullptr;

bool is_on_shards(const RangeTblEntry *rte) {
    if (rte->rtekind != RTE_RELATION)
        return false;
    const DistTable *table = find_dist_table(rte->relid);
    return table != nullptr && table->kind != TableKind::Local;
}

/// Whether any level of a query names a table that is on shards.
bool mentions_shards(::Node *node, void *) {
    if (node == nullptr)
        return false;
    if (IsA(node, RangeTblEntry))
        return is_on_shards(castNode(RangeTblEntry, node));
    if (IsA(node, Query))
        return walk_query(castNode(Query, node), mentions_shards, nullptr, QTW_EXAMINE_RTES_BEFORE);
    return walk_children(node, mentions_shards, nullptr);
}

PlannedStmt *next_planner(Query *query, const char *text, int cursor_options, ParamListInfo params) {
    if (previous_planner != nullptr)
        return previous_planner(query, text, cursor_options, params);
    return standard_planner(query, text, cursor_options, params);
}

/// Route or push down; nullptr when neither is right.
PlannedStmt *plan_on_shards(const Query *query) {
    if (query->commandType != CMD_SELECT && query->commandType != CMD_UPDATE && query->commandType != CMD_DELETE)
        return nullptr;
    const StatementLocus locus = analyze_statement(query);
    return plan_whole(query, locus);
}

void refuse_merge(const Query *query) {
    if (query->commandType != CMD_MERGE)
        return;
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("MERGE with distributed or reference tables is not supported"),
                    errhint("Use INSERT ... ON CONFLICT, or UPDATE and INSERT in one transaction.")));
}

PlannedStmt *plan_gathered(Query *query, const char *text, int cursor_options, ParamListInfo params) {
    refuse_merge(query);
    prepare_gathered_modify(query);
    PlannedStmt *statement = next_planner(query, text, cursor_options, params);
    return replace_modify_nodes(replace_insert_nodes(strip_row_marks(statement)));
}

PlannedStmt *plan_statement(Query *query, const char *text, int cursor_options, ParamListInfo params) {
    if (!mentions_shards(reinterpret_cast<::Node *>(query), nullptr) || LocalShellScope::active())
        return next_planner(query, text, cursor_options, params);
    PlannedStmt *statement = plan_on_shards(query);
    return statement != nullptr ? statement : plan_gathered(query, text, cursor_options, params);
}

} // namespace

void install_planner() {
    previous_planner = planner_hook;
    planner_hook = plan_statement;
}

} // namespace citus
