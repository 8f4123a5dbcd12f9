#include "citus/executor/task_capture.hpp"

#include "citus/net/connection.hpp"

extern "C" {
#include "access/parallel.h"
#include "commands/explain.h"
#include "optimizer/planner.h"
#include "tcop/utility.h"
}

namespace citus {

namespace {

constexpr std::string_view kRemark = "/*citus explain ";

/// What the statement on the coordinator asks for, and what came back for it.
struct Request {
    bool analyze = false;
    bool verbose = false, costs = true, buffers = false, wal = false, settings = false;
    std::optional<bool> timing, summary;
    int format = EXPLAIN_FORMAT_TEXT;
    MemoryContext memory;
    int first_number = 0;
    List *plans = NIL; ///< CapturedPlan or NULL, by number
};

Request *request = nullptr; ///< of the EXPLAIN that runs in this backend
/// No number comes twice: a statement may end before all of its tasks have, and their plans then arrive while
/// another one runs.
int next_number = 0;

// ---------------------------------------------------------------- the node that runs the task

/// The remark of a task.
struct Remark {
    int number;
    int verbose, costs, buffers, wal, settings, timing, summary, format;
};

bool read_remark(const char *sql, Remark *remark) {
    return sql != nullptr && strncmp(sql, kRemark.data(), kRemark.size()) == 0 &&
           sscanf(sql + kRemark.size(), "%d %d %d %d %d %d %d %d %d", &remark->number, &remark->verbose,
                  &remark->costs, &remark->buffers, &remark->wal, &remark->settings, &remark->timing,
                  &remark->summary, &remark->format) == 9;
}

planner_hook_type previous_planner = nullptr;
ExecutorStart_hook_type previous_start = nullptr;
ExecutorRun_hook_type previous_run = nullptr;
ProcessUtility_hook_type previous_utility = nullptr;
double last_planning_ms = 0;

double milliseconds_since(instr_time start) {
    instr_time now;
    INSTR_TIME_SET_CURRENT(now);
    INSTR_TIME_SUBTRACT(now, start);
    return INSTR_TIME_GET_MILLISEC(now);
}

PlannedStmt *measure_planning(Query *query, const char *text, int options, ParamListInfo params) {
    Remark remark;
    instr_time start;
    const bool measured = read_remark(text, &remark);
    if (measured)
        INSTR_TIME_SET_CURRENT(start);
    PlannedStmt *plan = previous_planner != nullptr ? previous_planner(query, text, options, params)
                                                    : standard_planner(query, text, options, params);
    if (measured)
        last_planning_ms = milliseconds_since(start);
    return plan;
}

void start_executor(QueryDesc *query, int eflags) {
    Remark remark;
    if (!(eflags & EXEC_FLAG_EXPLAIN_ONLY) && read_remark(query->sourceText, &remark)) {
        query->instrument_options |= remark.timing != 0 ? INSTRUMENT_TIMER : INSTRUMENT_ROWS;
        query->instrument_options |= remark.buffers != 0 ? INSTRUMENT_BUFFERS : 0;
        query->instrument_options |= remark.wal != 0 ? INSTRUMENT_WAL : 0;
    }
    if (previous_start != nullptr)
        previous_start(query, eflags);
    else
        standard_ExecutorStart(query, eflags);
}

const char *explain_run(QueryDesc *query, const Remark &remark, double execution_ms) {
    ExplainState *es = NewExplainState();
    es->analyze = true;
    es->verbose = remark.verbose != 0;
    es->costs = remark.costs != 0;
    es->buffers = remark.buffers != 0;
    es->wal = remark.wal != 0;
    es->settings = remark.settings != 0;
    es->timing = remark.timing != 0;
    es->summary = remark.summary != 0;
    es->format = static_cast<ExplainFormat>(remark.format);
    ExplainBeginOutput(es);
    ExplainOpenGroup("Query", nullptr, true, es);
    ExplainPrintPlan(es, query);
    if (es->summary) {
        ExplainPropertyFloat("Planning Time", "ms", last_planning_ms, 3, es);
        ExplainPropertyFloat("Execution Time", "ms", execution_ms, 3, es);
    }
    ExplainCloseGroup("Query", nullptr, true, es);
    ExplainEndOutput(es);
    while (es->str->len > 0 && es->str->data[es->str->len - 1] == '\n')
        es->str->data[--es->str->len] = '\0';
    return es->str->data;
}

/// Where the plan of a task of the EXPLAIN that runs goes; nullptr for all others.
ListCell *place_of(int number) {
    const int index = request == nullptr ? -1 : number - request->first_number;
    return index >= 0 && index < list_length(request->plans) ? list_nth_cell(request->plans, index) : nullptr;
}

void store_plan(int number, double planning_ms, double execution_ms, const char *text) {
    ListCell *place = place_of(number);
    if (place == nullptr)
        return;
    ContextScope scope(request->memory);
    auto *plan = static_cast<CapturedPlan *>(palloc(sizeof(CapturedPlan)));
    *plan = {planning_ms, execution_ms, pstrdup(text)};
    lfirst(place) = plan;
}

/// A task of this backend's own statement runs here; any other came over a connection.
void report_plan(int number, double execution_ms, const char *text) {
    if (request != nullptr)
        return store_plan(number, last_planning_ms, execution_ms, text);
    ereport(INFO, (errcode(kCapturedPlanState),
                   errmsg_internal("%d %.3f %.3f\n%s", number, last_planning_ms, execution_ms, text)));
}

void run_executor(QueryDesc *query, ScanDirection direction, uint64 count, bool once) {
    Remark remark;
    const bool captures = count == 0 && !IsParallelWorker() && query->estate->es_instrument != 0 &&
                          !(query->estate->es_top_eflags & EXEC_FLAG_EXPLAIN_ONLY) &&
                          read_remark(query->sourceText, &remark);
    instr_time start;
    if (captures)
        INSTR_TIME_SET_CURRENT(start);
    if (previous_run != nullptr)
        previous_run(query, direction, count, once);
    else
        standard_ExecutorRun(query, direction, count, once);
    if (captures) {
        const double execution_ms = milliseconds_since(start);
        ContextScope scope(query->estate->es_query_cxt);
        report_plan(remark.number, execution_ms, explain_run(query, remark, execution_ms));
        last_planning_ms = 0;
    }
}

// ---------------------------------------------------------------- the coordinator

/// A message of a node with the plan of a task: NUMBER PLANNING EXECUTION, newline, plan.
void take_message(const char *message) {
    int number, length = 0;
    double planning, execution;
    if (sscanf(message, "%d %lf %lf%n", &number, &planning, &execution, &length) == 3 &&
        message[length] == '\n')
        store_plan(number, planning, execution, message + length + 1);
}

int read_format(const DefElem *option) {
    const char *name = defGetString(const_cast<DefElem *>(option));
    if (strcmp(name, "xml") == 0)
        return EXPLAIN_FORMAT_XML;
    if (strcmp(name, "json") == 0)
        return EXPLAIN_FORMAT_JSON;
    return strcmp(name, "yaml") == 0 ? EXPLAIN_FORMAT_YAML : EXPLAIN_FORMAT_TEXT;
}

/// The options of an EXPLAIN. What is wrong with them PostgreSQL says itself.
Request read_request(const ExplainStmt *statement) {
    Request read;
    read.memory = CurrentMemoryContext;
    if (next_number > INT_MAX / 2)
        next_number = 0;
    read.first_number = next_number;
    ListCell *cell;
    foreach (cell, statement->options) {
        auto *option = lfirst_node(DefElem, cell);
        const std::string_view name = option->defname;
        if (name == "analyze")
            read.analyze = defGetBoolean(option);
        else if (name == "verbose")
            read.verbose = defGetBoolean(option);
        else if (name == "costs")
            read.costs = defGetBoolean(option);
        else if (name == "buffers")
            read.buffers = defGetBoolean(option);
        else if (name == "wal")
            read.wal = defGetBoolean(option);
        else if (name == "settings")
            read.settings = defGetBoolean(option);
        else if (name == "timing")
            read.timing = defGetBoolean(option);
        else if (name == "summary")
            read.summary = defGetBoolean(option);
        else if (name == "format")
            read.format = read_format(option);
    }
    return read;
}

void pass_on(PlannedStmt *planned, const char *text, bool read_only_tree, ProcessUtilityContext context,
             ParamListInfo params, QueryEnvironment *environment, DestReceiver *destination,
             QueryCompletion *completion) {
    const auto next = previous_utility != nullptr ? previous_utility : standard_ProcessUtility;
    next(planned, text, read_only_tree, context, params, environment, destination, completion);
}

void watch_explain(PlannedStmt *planned, const char *text, bool read_only_tree, ProcessUtilityContext context,
                   ParamListInfo params, QueryEnvironment *environment, DestReceiver *destination,
                   QueryCompletion *completion) {
    if (!IsA(planned->utilityStmt, ExplainStmt))
        return pass_on(planned, text, read_only_tree, context, params, environment, destination, completion);
    Request own = read_request(castNode(ExplainStmt, planned->utilityStmt));
    Request *const outer = request;
    request = &own;
    // clang-format off
    PG_TRY();
    {
        pass_on(planned, text, read_only_tree, context, params, environment, destination, completion);
    }
    PG_FINALLY();
    {
        request = outer;
    }
    PG_END_TRY();
    // clang-format on
}

} // namespace

bool in_explain() {
    return request != nullptr;
}

bool captures_plans() {
    return request != nullptr && request->analyze;
}

const char *with_capture(const char *sql, int *number) {
    ContextScope scope(request->memory);
    *number = next_number++;
    // An EXPLAIN within this one may have taken some.
    while (request->first_number + list_length(request->plans) <= *number)
        request->plans = lappend(request->plans, nullptr);
    return psprintf("%s%d %d %d %d %d %d %d %d %d*/ %s", kRemark.data(), *number, request->verbose,
                    request->costs, request->buffers, request->wal, request->settings,
                    request->timing.value_or(true), request->summary.value_or(true), request->format, sql);
}

bool has_capture(const char *sql) {
    return strncmp(sql, kRemark.data(), kRemark.size()) == 0;
}

const CapturedPlan *captured_plan(int number) {
    const ListCell *place = place_of(number);
    return place != nullptr ? static_cast<const CapturedPlan *>(lfirst(place)) : nullptr;
}

void install_task_capture() {
    previous_planner = planner_hook;
    planner_hook = measure_planning;
    previous_start = ExecutorStart_hook;
    ExecutorStart_hook = start_executor;
    previous_run = ExecutorRun_hook;
    ExecutorRun_hook = run_executor;
    previous_utility = ProcessUtility_hook;
    ProcessUtility_hook = watch_explain;
    captured_plan_hook = take_message;
}

} // namespace citus
