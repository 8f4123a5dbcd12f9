/// run_command_on_*: any SQL command on nodes or shards, the result as text. Each command is a transaction of
/// its own on the node, except on this node, where it is part of the current one.
#include "citus/cluster/nodes.hpp"
#include "citus/net/connection.hpp"

extern "C" {
#include "parser/parser.h"
#include "tcop/utility.h"
#include "utils/array.h"

PG_FUNCTION_INFO_V1(run_commands);
PG_FUNCTION_INFO_V1(citus_check_connection_to_node);
}

namespace citus {

namespace {

struct Command {
    int32 group_id;
    const char *sql;
};

struct Outcome {
    bool success = false;
    const char *text = nullptr; ///< nullptr is NULL
};

std::pmr::vector<Command> read_commands(ArrayType *groups, ArrayType *texts) {
    Datum *group_values = nullptr, *text_values = nullptr;
    bool *group_nulls = nullptr, *text_nulls = nullptr;
    int group_count = 0, text_count = 0;
    deconstruct_array(groups, INT4OID, sizeof(int32), true, TYPALIGN_INT, &group_values, &group_nulls,
                      &group_count);
    deconstruct_array(texts, TEXTOID, -1, false, TYPALIGN_INT, &text_values, &text_nulls, &text_count);
    if (group_count != text_count)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%d groups for %d commands", group_count, text_count)));
    std::pmr::vector<Command> commands;
    for (int i = 0; i < group_count; i++) {
        if (group_nulls[i] || text_nulls[i])
            ereport(ERROR, (errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("command cannot be NULL")));
        commands.push_back({DatumGetInt32(group_values[i]), TextDatumGetCString(text_values[i])});
    }
    return commands;
}

/// What a command that returned rows, or did not, shows as its result.
Outcome outcome_of(List *rows, const char *tag) {
    if (rows == NIL)
        return {true, strncmp(tag, "SELECT", 6) == 0 ? "" : tag};
    if (list_length(rows) > 1)
        return {false, "expected a single row in query target"};
    auto *row = static_cast<List *>(linitial(rows));
    if (list_length(row) != 1)
        return {false, "expected a single column in query target"};
    auto *value = static_cast<String *>(linitial(row));
    return {true, value != nullptr ? strVal(value) : nullptr};
}

/// Runs a command through SPI, in the caller's memory context for what it returns. Raises its errors.
Outcome run_through_spi(const char *sql, MemoryContext caller) {
    List *statements = raw_parser(sql, RAW_PARSE_DEFAULT);
    const char *tag =
        statements != NIL ? GetCommandTagName(CreateCommandTag(llast_node(RawStmt, statements)->stmt)) : "";
    SPI_connect();
    const int code = SPI_execute(sql, false, 0);
    List *rows = NIL;
    const bool has_rows = code >= 0 && SPI_tuptable != nullptr && SPI_tuptable->tupdesc != nullptr;
    for (uint64 i = 0; has_rows && i < SPI_tuptable->numvals; i++) {
        List *row = NIL;
        for (int column = 1; column <= SPI_tuptable->tupdesc->natts; column++) {
            const char *value = SPI_getvalue(SPI_tuptable->vals[i], SPI_tuptable->tupdesc, column);
            ContextScope scope(caller);
            row = lappend(row, value != nullptr ? makeString(pstrdup(value)) : nullptr);
        }
        ContextScope scope(caller);
        rows = lappend(rows, row);
    }
    const uint64 processed = SPI_processed;
    SPI_finish();
    ContextScope scope(caller);
    if (code < 0)
        return {false, psprintf("ERROR:  %s", SPI_result_code_string(code))};
    switch (code) {
    case SPI_OK_INSERT:
        return outcome_of(rows, psprintf("%s 0 " UINT64_FORMAT, tag, processed));
    case SPI_OK_UPDATE:
    case SPI_OK_DELETE:
    case SPI_OK_MERGE:
        return outcome_of(rows, psprintf("%s " UINT64_FORMAT, tag, processed));
    default:
        return outcome_of(rows, tag);
    }
}

/// Runs a command in this backend; what it does is undone when it fails, and the failure is its outcome.
Outcome run_here(const char *sql) {
    // PG_CATCH must see the state of the moment of the error.
    volatile bool success = false;
    const char *volatile text = nullptr;
    MemoryContext caller = CurrentMemoryContext;
    ResourceOwner owner = CurrentResourceOwner;
    BeginInternalSubTransaction(nullptr);
    MemoryContextSwitchTo(caller);
    PG_TRY()
        ;
        {
            const Outcome outcome = run_through_spi(sql, caller);
            success = outcome.success;
            text = outcome.text;
            ReleaseCurrentSubTransaction();
            MemoryContextSwitchTo(caller);
            CurrentResourceOwner = owner;
        }
        PG_CATCH();
        {
            MemoryContextSwitchTo(caller);
            ErrorData *error = CopyErrorData();
            FlushErrorState();
            RollbackAndReleaseCurrentSubTransaction();
            MemoryContextSwitchTo(caller);
            CurrentResourceOwner = owner;
            // A cancelled statement ends; it is not the command that failed.
            if (error->sqlerrcode == ERRCODE_QUERY_CANCELED || error->sqlerrcode == ERRCODE_ADMIN_SHUTDOWN)
                ReThrowError(error);
            success = false;
            text = psprintf("ERROR:  %s", error->message);
        }
    PG_END_TRY();
    return {success, text};
}

Outcome remote_outcome(const ClusterNode &node, const AutonomousResult &result, bool warn) {
    if (!result.connected) {
        if (warn)
            ereport(WARNING,
                    (errcode(ERRCODE_CONNECTION_FAILURE),
                     errmsg("connection to the remote node %s:%d failed with the following error: %s",
                            node.name, node.port, result.message)));
        return {false, psprintf("failed to connect to %s:%d", node.name, node.port)};
    }
    if (!result.success)
        return {false, psprintf("ERROR:  %s", result.message)};
    return outcome_of(result.rows, result.message);
}

/// A command for another node.
struct RemoteCommand {
    size_t position; ///< in the commands and their outcomes
    const ClusterNode *node;
    const char *sql;
};

/// The commands that run together next: some per node, so that a node is not flooded with connections.
std::pmr::vector<RemoteCommand> next_wave(std::pmr::vector<RemoteCommand> &waiting, bool parallel) {
    constexpr int kConnectionsPerNode = 8;
    std::pmr::unordered_map<int32, int> started;
    std::pmr::vector<RemoteCommand> wave, rest;
    for (const RemoteCommand &command : waiting) {
        const bool fits = parallel ? started[command.node->group_id]++ < kConnectionsPerNode : wave.empty();
        (fits ? wave : rest).push_back(command);
    }
    waiting = std::move(rest);
    return wave;
}

void run_remote(std::span<const Command> commands, std::span<Outcome> outcomes, bool parallel, bool warn) {
    std::pmr::vector<RemoteCommand> waiting;
    for (size_t i = 0; i < commands.size(); i++) {
        if (is_local_group(commands[i].group_id))
            continue;
        const ClusterNode *node = find_primary_node(commands[i].group_id);
        if (node != nullptr)
            waiting.push_back({i, node, commands[i].sql});
        else
            outcomes[i].text = psprintf("no node for group %d", commands[i].group_id);
    }
    while (!waiting.empty()) {
        const auto wave = next_wave(waiting, parallel);
        std::pmr::vector<AutonomousCommand> batch;
        for (const RemoteCommand &command : wave)
            batch.push_back({command.node->name, command.node->port, command.sql});
        const auto results = run_autonomous_parallel(batch);
        for (size_t i = 0; i < results.size(); i++)
            outcomes[wave[i].position] = remote_outcome(*wave[i].node, results[i], warn);
    }
}

} // namespace

} // namespace citus

using namespace citus;

/// run_commands(groups int[], commands text[], parallel bool, warn bool) -> (ord, success, result), ord
/// from 1.
Datum run_commands(PG_FUNCTION_ARGS) {
    require_coordinator();
    InitMaterializedSRF(fcinfo, 0);
    auto *result = reinterpret_cast<ReturnSetInfo *>(fcinfo->resultinfo);
    if (PG_ARGISNULL(0) || PG_ARGISNULL(1))
        PG_RETURN_NULL(); // no target at all
    const auto commands = read_commands(PG_GETARG_ARRAYTYPE_P(0), PG_GETARG_ARRAYTYPE_P(1));
    const bool parallel = PG_ARGISNULL(2) || PG_GETARG_BOOL(2), warn = !PG_ARGISNULL(3) && PG_GETARG_BOOL(3);

    std::pmr::vector<Outcome> outcomes(commands.size());
    run_remote(commands, outcomes, parallel, warn);
    for (size_t i = 0; i < commands.size(); i++) {
        if (is_local_group(commands[i].group_id))
            outcomes[i] = run_here(commands[i].sql);
        std::array<Datum, 3> values{
            Int32GetDatum(static_cast<int32>(i) + 1), BoolGetDatum(outcomes[i].success),
            outcomes[i].text != nullptr ? CStringGetTextDatum(outcomes[i].text) : static_cast<Datum>(0)};
        std::array<bool, 3> nulls{false, false, outcomes[i].text == nullptr};
        tuplestore_putvalues(result->setResult, result->setDesc, values.data(), nulls.data());
    }
    PG_RETURN_NULL();
}

Datum citus_check_connection_to_node(PG_FUNCTION_ARGS) {
    const AutonomousResult result =
        run_autonomous(text_to_cstring(PG_GETARG_TEXT_PP(0)), PG_GETARG_INT32(1), "SELECT 1");
    if (!result.connected)
        ereport(WARNING, (errcode(ERRCODE_CONNECTION_FAILURE), errmsg("%s", result.message)));
    PG_RETURN_BOOL(result.connected && result.success);
}
