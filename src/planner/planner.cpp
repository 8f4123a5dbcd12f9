#include "citus/planner/planner.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/pg/walker.hpp"
#include "citus/planner/gather.hpp"
#include "citus/planner/insert.hpp"
#include "citus/planner/modify.hpp"
#include "planned.hpp"
#include "pushdown.hpp"
#include "pushdown_scan.hpp"
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

/// A statement as it came to the hook.
struct Statement {
    Query *query;
    const char *text;
    int cursor_options;
    ParamListInfo params;
};

PlannedStmt *next_planner(const Statement &statement, Query *query) {
    if (previous_planner != nullptr)
        return previous_planner(query, statement.text, statement.cursor_options, statement.params);
    return standard_planner(query, statement.text, statement.cursor_options, statement.params);
}

/// Route or push down; nullptr when neither is right. Runs within with_fragments.
PlannedStmt *plan_on_shards(void *raw) {
    const auto &statement = *static_cast<Statement *>(raw);
    const Query *query = statement.query;
    if (query->commandType != CMD_SELECT && query->commandType != CMD_UPDATE &&
        query->commandType != CMD_DELETE)
        return nullptr;
    const StatementLocus locus = analyze_statement(query);
    if (PlannedStmt *whole = plan_whole(query, locus); whole != nullptr)
        return whole;
    Query *above = push_down(query, locus);
    if (above == nullptr)
        return nullptr;
    PlannedStmt *plan = strip_row_marks(next_planner(statement, above));
    add_query_dependencies(plan, query);
    return plan;
}

void refuse_merge(const Query *query) {
    if (query->commandType != CMD_MERGE || !is_on_shards(rt_fetch(query->resultRelation, query->rtable)))
        return;
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("MERGE into a distributed or reference table is not supported"),
                    errhint("Use INSERT ... ON CONFLICT, or UPDATE and INSERT in one transaction.")));
}

PlannedStmt *plan_gathered(const Statement &statement) {
    refuse_merge(statement.query);
    prepare_gathered_modify(statement.query);
    PlannedStmt *plan = next_planner(statement, statement.query);
    return replace_modify_nodes(replace_insert_nodes(strip_row_marks(plan)));
}

PlannedStmt *plan_statement(Query *query, const char *text, int cursor_options, ParamListInfo params) {
    Statement statement{query, text, cursor_options, params};
    if (!mentions_shards(reinterpret_cast<::Node *>(query), nullptr) || LocalShellScope::active())
        return next_planner(statement, query);
    PlannedStmt *plan = with_fragments(plan_on_shards, &statement);
    return plan != nullptr ? plan : plan_gathered(statement);
}

} // namespace

void install_planner() {
    previous_planner = planner_hook;
    planner_hook = plan_statement;
    install_pushdown_scan();
}

} // namespace citus
