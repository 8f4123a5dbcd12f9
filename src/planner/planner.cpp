#include "citus/planner/planner.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/executor/table_triggers.hpp"
#include "citus/pg/counters.hpp"
#include "citus/planner/current_of.hpp"
#include "citus/planner/gather.hpp"
#include "citus/planner/insert.hpp"
#include "citus/planner/modify.hpp"
#include "citus/planner/partitioned.hpp"
#include "merge.hpp"
#include "motion.hpp"
#include "pieces.hpp"
#include "plan_templates.hpp"
#include "planned.hpp"
#include "pushdown_scan.hpp"
#include "route.hpp"
#include "subblocks.hpp"

extern "C" {
#include "jit/jit.h"
#include "optimizer/planner.h"
}

namespace citus {

namespace {

planner_hook_type previous_planner = nullptr;

/// A statement as it came to the hook.
struct Statement {
    Query *query;
    const char *text;
    int cursor_options;
    ParamListInfo params;
    bool fires_triggers = false; ///< so it goes through the nodes that know of triggers
};

PlannedStmt *next_planner(const Statement &statement, Query *query) {
    if (previous_planner != nullptr)
        return previous_planner(query, statement.text, statement.cursor_options, statement.params);
    return standard_planner(query, statement.text, statement.cursor_options, statement.params);
}

/// Route or push down; nullptr when neither is right.
PlannedStmt *plan_on_shards(const Statement &statement) {
    const Query *query = statement.query;
    if (statement.fires_triggers)
        return nullptr;
    if (query->commandType == CMD_MERGE)
        return plan_whole(query, analyze_merge(query));
    if (query->commandType != CMD_SELECT && query->commandType != CMD_UPDATE &&
        query->commandType != CMD_DELETE)
        return nullptr;
    const StatementLocus locus = analyze_statement(query);
    if (PlannedStmt *whole = plan_whole(query, locus); whole != nullptr)
        return whole;
    if (PlannedStmt *modify = modify_with_motions(query); modify != nullptr) {
        add_query_dependencies(modify, query);
        return modify;
    }
    Query *above = push_down_somehow(query, locus);
    if (above == nullptr)
        return nullptr;
    push_down_sub_blocks(above);
    hide_partitions(above);
    PlannedStmt *plan = strip_row_marks(next_planner(statement, above));
    add_query_dependencies(plan, query);
    return plan;
}

/// The standard planner over scans of single tables and over the results of sub-selects.
PlannedStmt *plan_gathered(const Statement &statement) {
    Query *query = statement.query;
    auto *original = static_cast<Query *>(copyObjectImpl(query));
    prepare_gathered_modify(query);
    const bool has_pieces = push_down_pieces(query);
    const bool replaced = push_down_sub_blocks(query) || has_pieces;
    hide_partitions(query);
    PlannedStmt *plan = next_planner(statement, query);
    plan = replace_modify_nodes(replace_insert_nodes(strip_row_marks(plan)));
    if (replaced)
        add_query_dependencies(plan, original);
    return plan;
}

/// Runs within with_fragments. Nothing is compiled: the costs, by which the server decides on that, are of
/// waiting for nodes for the most part (30 rows with a sub-select each: 12 ms of compiling, 5 of work).
PlannedStmt *plan_with_shards(void *raw) {
    const auto &statement = *static_cast<Statement *>(raw);
    count(Counter::Plans);
    PlannedStmt *plan = plan_on_shards(statement);
    if (plan == nullptr)
        plan = plan_gathered(statement);
    plan->jitFlags = PGJIT_NONE;
    return plan;
}

/// For plan_from_template().
PlannedStmt *plan_form(Query *query) {
    Statement statement{query, "", 0, nullptr};
    return with_fragments(
        [](void *raw) {
            const auto &form = *static_cast<Statement *>(raw);
            return form.query->commandType == CMD_INSERT ? plan_gathered(form) : plan_on_shards(form);
        },
        &statement);
}

PlannedStmt *plan_statement(Query *query, const char *text, int cursor_options, ParamListInfo params) {
    Statement statement{query, text, cursor_options, params};
    if (!mentions_shards(reinterpret_cast<::Node *>(query), nullptr) || LocalShellScope::active())
        return next_planner(statement, query);
    if (Query *shown = with_row_place(query, cursor_options); shown != nullptr) {
        statement.query = shown;
        PlannedStmt *plan = with_fragments(plan_with_shards, &statement);
        hide_row_place(plan);
        return plan;
    }
    statement.fires_triggers = changes_fire_triggers(query);
    if (!statement.fires_triggers)
        if (PlannedStmt *plan = plan_from_template(query, cursor_options, plan_form); plan != nullptr)
            return plan;
    return with_fragments(plan_with_shards, &statement);
}

} // namespace

void install_planner() {
    previous_planner = planner_hook;
    planner_hook = plan_statement;
    install_pushdown_scan();
    install_plan_templates();
}

} // namespace citus
