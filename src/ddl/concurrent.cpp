#include "concurrent.hpp"

#include "citus/net/connection.hpp"
#include "citus/net/remote_error.hpp"

namespace citus {

namespace {

struct PendingNode {
    const char *host;
    int port;
    std::pmr::vector<const char *> commands;
};

std::pmr::vector<PendingNode> by_node(std::span<const ShardCommand> commands) {
    std::pmr::vector<PendingNode> nodes;
    for (const ShardCommand &command : commands) {
        const ClusterNode *node = find_primary_node(command.group_id);
        if (node == nullptr)
            elog(ERROR, "no primary node for group %d", command.group_id);
        auto found = std::find_if(nodes.begin(), nodes.end(), [&](const PendingNode &candidate) {
            return candidate.port == node->port && strcmp(candidate.host, node->name) == 0;
        });
        if (found == nodes.end())
            found = nodes.insert(nodes.end(), {pstrdup(node->name), node->port, {}});
        found->commands.push_back(command.sql);
    }
    return nodes;
}

CommandFailure *make_failure(const AutonomousResult &result, const AutonomousCommand &command) {
    auto *failure = static_cast<CommandFailure *>(palloc0(sizeof(CommandFailure)));
    strlcpy(failure->sqlstate, result.sqlstate, sizeof(failure->sqlstate));
    failure->message = with_logical_names(result.message, false);
    failure->node = psprintf("%s:%d", command.host, command.port);
    return failure;
}

} // namespace

void restart_transaction() {
    MemoryContext context = CurrentMemoryContext;
    while (ActiveSnapshotSet())
        PopActiveSnapshot();
    CommitTransactionCommand();
    StartTransactionCommand();
    MemoryContextSwitchTo(context);
}

CommandFailure *run_outside_transaction(std::span<const ShardCommand> commands) {
    const auto nodes = by_node(commands);
    restart_transaction();
    // One command per node at a time.
    for (size_t round = 0;; round++) {
        std::pmr::vector<AutonomousCommand> batch;
        for (const PendingNode &node : nodes) {
            if (round < node.commands.size())
                batch.push_back({node.host, node.port, node.commands[round]});
        }
        if (batch.empty())
            return nullptr;
        CHECK_FOR_INTERRUPTS();
        const auto results = run_autonomous_parallel(batch);
        for (size_t i = 0; i < results.size(); i++) {
            if (!results[i].success)
                return make_failure(results[i], batch[i]);
        }
    }
}

void raise_failure(const CommandFailure &failure, const char *hint) {
    const char *state = failure.sqlstate;
    ereport(ERROR, (errcode(MAKE_SQLSTATE(state[0], state[1], state[2], state[3], state[4])),
                    errmsg("%s", failure.message), hint != nullptr ? errhint("%s", hint) : 0,
                    errcontext("while executing command on %s", failure.node)));
}

} // namespace citus
