#include "citus/executor/explain.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/executor/machine_share.hpp"
#include "citus/executor/short_planning.hpp"
#include "citus/executor/task_capture.hpp"
#include "citus/guc.hpp"

extern "C" {
#include "commands/dbcommands.h"
#include "nodes/nodeFuncs.h"
#include "postmaster/postmaster.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
}

namespace citus {

namespace {

const char *node_text(int32 group_id) {
    const ClusterNode *node = find_primary_node(group_id);
    const char *database = get_database_name(MyDatabaseId);
    if (node == nullptr && is_local_group(group_id))
        return psprintf("host=localhost port=%d dbname=%s", PostPortNumber, database);
    if (node == nullptr)
        return psprintf("group=%d dbname=%s", group_id, database);
    return psprintf("host=%s port=%d dbname=%s", node->name, node->port, database);
}

const char *format_name(const ExplainState *es) {
    switch (es->format) {
    case EXPLAIN_FORMAT_TEXT:
        return "TEXT";
    case EXPLAIN_FORMAT_XML:
        return "XML";
    case EXPLAIN_FORMAT_JSON:
        return "JSON";
    case EXPLAIN_FORMAT_YAML:
        return "YAML";
    }
    return "TEXT";
}

/// Asks a node for its plan of a statement; one String per line (text) or one with all of it (other formats).
List *remote_plan(const TaskReport &report, const Task &task, const ExplainState *es) {
    const char *on_off[] = {"off", "on"};
    const char *sql =
        psprintf("EXPLAIN (VERBOSE %s, COSTS %s, SETTINGS %s, SUMMARY off, FORMAT %s) %s",
                 on_off[es->verbose], on_off[es->costs], on_off[es->settings], format_name(es), task.sql);
    const Task explain_task{task.group_id, task.anchor_shard_id, sql};
    TupleDesc desc = CreateTemplateTupleDesc(1);
    Oid type = TEXTOID;
    if (es->format == EXPLAIN_FORMAT_XML)
        type = XMLOID;
    else if (es->format == EXPLAIN_FORMAT_JSON)
        type = JSONOID;
    TupleDescInitEntry(desc, 1, "QUERY PLAN", type, -1, 0);
    TupleTableSlot *slot = MakeSingleTupleTableSlot(desc, &TTSOpsVirtual);
    TaskStream *stream = TaskStream::open(
        CurrentMemoryContext, {{&explain_task, 1}, report.params, Access::Read, desc, report.run_as});
    List *lines = NIL;
    while (stream->next(slot)) {
        bool is_null;
        const Datum line = slot_getattr(slot, 1, &is_null);
        if (!is_null) // text, xml and json are all plain varlena text
            lines = lappend(lines, makeString(text_to_cstring(DatumGetTextPP(line))));
    }
    stream->close();
    ExecDropSingleTupleTableSlot(slot);
    return lines;
}

void append_text_plan(List *lines, ExplainState *es) {
    for (int i = 0; i < list_length(lines); i++) {
        appendStringInfoSpaces(es->str, es->indent * 2);
        appendStringInfoString(es->str, i == 0 ? "->  " : "    ");
        appendStringInfoString(es->str, strVal(list_nth(lines, i)));
        appendStringInfoChar(es->str, '\n');
    }
}

/// Puts the node's own document into ours, indented as deep as we are.
void append_document(List *lines, ExplainState *es) {
    const bool json = es->format == EXPLAIN_FORMAT_JSON;
    ExplainOpenGroup("Remote Plan", "Remote Plan", false, es);
    ListCell *cell;
    foreach (cell, lines) {
        char *rest = strVal(lfirst(cell));
        char *line;
        if (json && linitial_int(es->grouping_stack) != 0)
            appendStringInfoChar(es->str, ',');
        if (json)
            linitial_int(es->grouping_stack) = 1;
        while ((line = strsep(&rest, "\n")) != nullptr) {
            if (es->format != EXPLAIN_FORMAT_XML || line != strVal(lfirst(cell)))
                appendStringInfoChar(es->str, '\n');
            appendStringInfoSpaces(es->str, es->indent * 2);
            appendStringInfoString(es->str, line);
        }
        if (es->format == EXPLAIN_FORMAT_XML)
            appendStringInfoChar(es->str, '\n');
    }
    ExplainCloseGroup("Remote Plan", "Remote Plan", false, es);
}

void append_plan(List *lines, ExplainState *es) {
    if (es->format == EXPLAIN_FORMAT_TEXT)
        append_text_plan(lines, es);
    else
        append_document(lines, es);
}

/// What a task of EXPLAIN ANALYZE did; false when nothing is known of its plan.
bool explain_measure(const TaskMeasure &measure, ExplainState *es) {
    const CapturedPlan *plan = captured_plan(measure.capture);
    if (plan == nullptr)
        return false;
    if (es->format != EXPLAIN_FORMAT_TEXT) {
        append_plan(list_make1(makeString(pstrdup(plan->text))), es);
        return true;
    }
    List *lines = NIL;
    char *rest = pstrdup(plan->text);
    while (char *line = strsep(&rest, "\n"))
        lines = lappend(lines, makeString(line));
    append_plan(lines, es);
    return true;
}

void explain_task(const TaskReport &report, size_t index, ExplainState *es) {
    const Task &task = report.tasks[index];
    const TaskMeasure *measure = index < report.measures.size() ? &report.measures[index] : nullptr;
    const bool text = es->format == EXPLAIN_FORMAT_TEXT;
    if (text) {
        appendStringInfoSpaces(es->str, es->indent * 2);
        appendStringInfoString(es->str, "->  Task\n");
        es->indent += 3;
    } else {
        ExplainOpenGroup("Task", nullptr, true, es);
    }
    if (es->verbose)
        ExplainPropertyText("Query", without_machine_remark(without_planning_remark(task.sql)), es);
    if (measure != nullptr && measure->rows) {
        ExplainPropertyUInteger("Tuples received from node", nullptr, *measure->rows, es);
        ExplainPropertyText("Tuple data received from node", psprintf(UINT64_FORMAT " bytes", measure->bytes),
                            es);
    }
    ExplainPropertyText("Node", node_text(task.group_id), es);
    if (measure != nullptr && explain_measure(*measure, es))
        ; // as it ran
    else if (!in_explain() || (es->analyze && !report.never_executed))
        ; // nodes are asked only while somebody waits for the answer
    else if (!report.params_known)
        ExplainPropertyText("Remote Plan", "depends on values of the running query", es);
    else
        append_plan(remote_plan(report, task, es), es);
    if (text)
        es->indent -= 3;
    else
        ExplainCloseGroup("Task", nullptr, true, es);
}

} // namespace

namespace {

double execution_ms(const TaskMeasure &measure) {
    const CapturedPlan *plan = captured_plan(measure.capture);
    return plan != nullptr ? plan->execution_ms : 0;
}

/// The task whose plan is shown when only one is: the one that took longest.
size_t slowest_task(const TaskReport &report) {
    const auto slowest = std::max_element(
        report.measures.begin(), report.measures.end(),
        [](const TaskMeasure &a, const TaskMeasure &b) { return execution_ms(a) < execution_ms(b); });
    return slowest == report.measures.end() ? 0 : static_cast<size_t>(slowest - report.measures.begin());
}

void explain_times(const TaskReport &report, ExplainState *es) {
    if (report.measures.size() < 2 || !es->timing)
        return;
    double total = 0;
    for (const TaskMeasure &measure : report.measures)
        total += execution_ms(measure);
    ExplainPropertyFloat("Slowest Task", "ms", execution_ms(report.measures[slowest_task(report)]), 3, es);
    ExplainPropertyFloat("Average Task", "ms", total / static_cast<double>(report.measures.size()), 3, es);
}

} // namespace

const char *tier_name(Tier tier) {
    switch (tier) {
    case Tier::Route:
        return "Route";
    case Tier::PushDown:
        return "Push Down";
    case Tier::Gather:
        return "Gather";
    }
    return "?";
}

void explain_merge_keys(const List *merge_keys, const List *columns, ExplainState *es) {
    List *shown = NIL;
    ListCell *cell;
    foreach (cell, merge_keys) {
        const MergeKey key = unpack_merge_key(lfirst_node(List, cell));
        const auto *entry = list_nth_node(TargetEntry, columns, key.column - 1);
        const Oid type = exprType(reinterpret_cast<::Node *>(entry->expr));
        const TypeCacheEntry *cache = lookup_type_cache(type, TYPECACHE_LT_OPR | TYPECACHE_GT_OPR);
        StringInfo text = makeStringInfo();
        appendStringInfoString(text, quote_identifier(entry->resname));
        const bool descending = key.sort_operator == cache->gt_opr;
        if (descending)
            appendStringInfoString(text, " DESC");
        else if (key.sort_operator != cache->lt_opr)
            appendStringInfo(text, " USING %s", get_opname(key.sort_operator));
        if (key.nulls_first != descending)
            appendStringInfoString(text, key.nulls_first ? " NULLS FIRST" : " NULLS LAST");
        shown = lappend(shown, text->data);
    }
    if (shown != NIL)
        ExplainPropertyList("Merge Key", shown, es);
}

void explain_tasks(const TaskReport &report, ExplainState *es) {
    ExplainOpenGroup("Distributed Query", "Distributed Query", true, es);
    ExplainOpenGroup("Job", "Job", true, es);
    ExplainPropertyText("Tier", report.tier, es);
    ExplainPropertyInteger("Task Count", nullptr, static_cast<int64>(report.tasks.size()), es);
    if (report.pruned_shards > 0)
        ExplainPropertyInteger("Shards Pruned", nullptr, report.pruned_shards, es);
    explain_times(report, es);
    if (report.received_bytes)
        ExplainPropertyText("Tuple data received from nodes",
                            psprintf(UINT64_FORMAT " bytes", *report.received_bytes), es);
    const bool all = guc::explain_all_tasks || report.tasks.size() <= 1;
    ExplainPropertyText("Tasks Shown", all ? "All" : psprintf("One of %zu", report.tasks.size()), es);
    ExplainOpenGroup("Tasks", "Tasks", false, es);
    if (!all)
        explain_task(report, slowest_task(report), es);
    for (size_t i = 0; all && i < report.tasks.size(); i++)
        explain_task(report, i, es);
    ExplainCloseGroup("Tasks", "Tasks", false, es);
    ExplainCloseGroup("Job", "Job", true, es);
    ExplainCloseGroup("Distributed Query", "Distributed Query", true, es);
}

} // namespace citus
