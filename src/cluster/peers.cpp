#include "peers.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/net/connection.hpp"

namespace citus {

namespace {

std::pmr::vector<ClusterNode> active_workers() {
    std::pmr::vector<ClusterNode> workers;
    for (const ClusterNode &node : all_nodes())
        if (node.role == NodeRole::Primary && node.is_active && !is_local_group(node.group_id))
            workers.push_back(node);
    return workers;
}

} // namespace

void tell_workers_of_each_other() {
    const auto workers = active_workers();
    StringInfoData hosts, ports;
    initStringInfo(&hosts);
    initStringInfo(&ports);
    for (const ClusterNode &worker : workers) {
        const char *comma = hosts.len == 0 ? "" : ", ";
        appendStringInfo(&hosts, "%s%s", comma, quote_literal_cstr(worker.name));
        appendStringInfo(&ports, "%s%d", comma, worker.port);
    }
    const char *sql = psprintf(
        "SELECT citus_internal.set_peers(ARRAY[%s]::pg_catalog.text[], ARRAY[%s]::pg_catalog.int4[])",
        hosts.data, ports.data);
    std::pmr::vector<AutonomousCommand> commands;
    for (const ClusterNode &worker : workers)
        commands.push_back({worker.name, worker.port, sql});
    for (const AutonomousResult &result : run_autonomous_parallel(commands))
        if (!result.success)
            ereport(DEBUG1, (errmsg_internal("a worker was not told of the others: %s", result.message)));
}

} // namespace citus
