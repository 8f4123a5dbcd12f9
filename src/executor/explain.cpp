#include "citus/executor/explain.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/guc.hpp"

extern "C" {
#include "commands/dbcommands.h"
#include "postmaster/postmaster.h"
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

void explain_task(const TaskReport &report, const Task &task, ExplainState *es) {
    const bool text = es->format == EXPLAIN_FORMAT_TEXT;
    if (text) {
        appendStringInfoSpaces(es->str, es->indent * 2);
        appendStringInfoString(es->str, "->  Task\n");
        es->indent += 3;
    } else {
        ExplainOpenGroup("Task", nullptr, true, es);
    }
    if (es->verbose)
        ExplainPropertyText("Query", task.sql, es);
    ExplainPropertyText("Node", node_text(task.group_id), es);
    if (!report.params_known) {
        ExplainPropertyText("Remote Plan", "depends on values of the running query", es);
    } else {
        List *lines = remote_plan(report, task, es);
        if (text)
            append_text_plan(lines, es);
        else
            append_document(lines, es);
    }
    if (text)
        es->indent -= 3;
    else
        ExplainCloseGroup("Task", nullptr, true, es);
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

void explain_tasks(const TaskReport &report, ExplainState *es) {
    ExplainOpenGroup("Distributed Query", "Distributed Query", true, es);
    ExplainOpenGroup("Job", "Job", true, es);
    ExplainPropertyText("Tier", report.tier, es);
    ExplainPropertyInteger("Task Count", nullptr, static_cast<int64>(report.tasks.size()), es);
    if (report.received_bytes)
        ExplainPropertyText("Tuple data received from nodes",
                            psprintf(UINT64_FORMAT " bytes", *report.received_bytes), es);
    const bool all = guc::explain_all_tasks || report.tasks.size() <= 1;
    ExplainPropertyText("Tasks Shown", all ? "All" : psprintf("One of %zu", report.tasks.size()), es);
    ExplainOpenGroup("Tasks", "Tasks", false, es);
    for (const Task &task : all ? report.tasks : report.tasks.first(1))
        explain_task(report, task, es);
    ExplainCloseGroup("Tasks", "Tasks", false, es);
    ExplainCloseGroup("Job", "Job", true, es);
    ExplainCloseGroup("Distributed Query", "Distributed Query", true, es);
}

} // namespace citus
