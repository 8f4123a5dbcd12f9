/// pg_cancel_backend() and pg_terminate_backend() by global process id: here or on the process's node.
#include "citus/catalog/metadata.hpp"
#include "citus/monitor/global_pid.hpp"
#include "citus/net/connection.hpp"

#include <climits>

extern "C" {
#include "nodes/value.h"

PG_FUNCTION_INFO_V1(citus_cancel_backend);
PG_FUNCTION_INFO_V1(citus_terminate_backend);
}

namespace citus {

namespace {

const ClusterNode *require_node_of(int64 gpid) {
    const int64 node_id = node_of_global_pid(gpid);
    for (const ClusterNode &node : all_nodes())
        if (node.node_id == node_id)
            return &node;
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                    errmsg("no node has the id " INT64_FORMAT " of the global process id " INT64_FORMAT,
                           node_id, gpid),
                    errhint("See the column global_pid of citus_stat_activity.")));
}

/// Process ids without a node, and those of this one, are of this server.
bool is_here(int64 gpid) {
    const int64 node = node_of_global_pid(gpid);
    return node == 0 || node == local_node_id();
}

bool run_on_its_node(int64 gpid, const char *sql) {
    const ClusterNode *node = require_node_of(gpid);
    const AutonomousResult result = run_autonomous(node->name, node->port, sql);
    if (!result.connected)
        ereport(ERROR, (errcode(ERRCODE_CONNECTION_FAILURE), errmsg("%s", result.message)));
    if (!result.success)
        ereport(ERROR, (errcode(MAKE_SQLSTATE(result.sqlstate[0], result.sqlstate[1], result.sqlstate[2],
                                              result.sqlstate[3], result.sqlstate[4])),
                        errmsg("%s", result.message),
                        errcontext("while executing command on %s:%d", node->name, node->port)));
    auto *value = static_cast<String *>(linitial(static_cast<List *>(linitial(result.rows))));
    return value != nullptr && strcmp(strVal(value), "t") == 0;
}

void check_pid(int64 gpid) {
    if (gpid <= 0)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("global process id must be greater than zero, but is " INT64_FORMAT, gpid)));
}

} // namespace

} // namespace citus

using namespace citus;

extern "C" Datum citus_cancel_backend(PG_FUNCTION_ARGS) {
    const int64 gpid = PG_GETARG_INT64(0);
    check_pid(gpid);
    const int pid = pid_of_global_pid(gpid);
    if (is_here(gpid))
        return DirectFunctionCall1(pg_cancel_backend, Int32GetDatum(pid));
    PG_RETURN_BOOL(run_on_its_node(gpid, psprintf("SELECT pg_catalog.pg_cancel_backend(%d)", pid)));
}

extern "C" Datum citus_terminate_backend(PG_FUNCTION_ARGS) {
    const int64 gpid = PG_GETARG_INT64(0), timeout = PG_GETARG_INT64(1);
    check_pid(gpid);
    const int pid = pid_of_global_pid(gpid);
    if (is_here(gpid))
        return DirectFunctionCall2(pg_terminate_backend, Int32GetDatum(pid), Int64GetDatum(timeout));
    PG_RETURN_BOOL(run_on_its_node(
        gpid, psprintf("SELECT pg_catalog.pg_terminate_backend(%d, " INT64_FORMAT ")", pid, timeout)));
}
