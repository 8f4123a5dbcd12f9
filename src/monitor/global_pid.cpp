#include "citus/monitor/global_pid.hpp"

#include "citus/catalog/metadata.hpp"

namespace citus {

int64 local_node_id() {
    static int64 known = kUnregisteredNode;
    if (!IsTransactionState() || !extension_is_ready())
        return known;
    const ClusterNode *node = find_primary_node(local_group_id());
    known = node != nullptr ? node->node_id : kUnregisteredNode;
    return known;
}

int64 global_pid_in_application_name(const char *name) {
    for (const char *prefix : {"citus_internal gpid=", "citus_run_command gpid="})
        if (name != nullptr && strncmp(name, prefix, strlen(prefix)) == 0)
            return strtoll(name + strlen(prefix), nullptr, 10);
    return 0;
}

} // namespace citus
