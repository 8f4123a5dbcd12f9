#include "citus/transaction/constraint_modes.hpp"

namespace citus {

namespace {

struct KeptCommand {
    KeptCommand *next;
    SubTransactionId id; ///< of the subtransaction in which it was said
    int32 group_id;
    char *sql;
};

/// In TopTransactionContext.
KeptCommand *first = nullptr;
KeptCommand **end = &first;

void keep(const ConstraintCommand &command) {
    auto *kept = static_cast<KeptCommand *>(MemoryContextAlloc(TopTransactionContext, sizeof(KeptCommand)));
    *kept = {nullptr, GetCurrentSubTransactionId(), command.group_id,
             MemoryContextStrdup(TopTransactionContext, command.sql)};
    *end = kept;
    end = &kept->next;
}

bool is_for(int32 group_id, const Connection *connection) {
    return group_id == kAllGroups || group_id == connection->group_id;
}

} // namespace

void set_remote_constraints(std::span<const ConstraintCommand> commands) {
    std::pmr::vector<Connection *> connections;
    for (Connection *connection = first_connection(); connection != nullptr; connection = connection->next) {
        if (!connection->transaction.open || connection->is_transient)
            continue;
        enlist_connection(connection, Access::Read);
        for (const ConstraintCommand &command : commands)
            if (is_for(command.group_id, connection))
                connection->queue(command.sql, nullptr, 0);
        connection->queue_sync();
        connection->send();
        connections.push_back(connection);
    }
    // Kept before they are answered: an error ends the (sub)transaction, and takes them along.
    for (const ConstraintCommand &command : commands)
        keep(command);
    drain_all(connections, 0, true);
}

void queue_constraint_commands(Connection *connection, SubTransactionId id) {
    for (const KeptCommand *kept = first; kept != nullptr; kept = kept->next)
        if (kept->id == id && is_for(kept->group_id, connection))
            connection->queue(kept->sql, nullptr, 0);
}

void constraint_subtransaction_committed(SubTransactionId id, SubTransactionId parent) {
    for (KeptCommand *kept = first; kept != nullptr; kept = kept->next)
        if (kept->id == id)
            kept->id = parent;
}

void constraint_subtransaction_aborted(SubTransactionId id) {
    KeptCommand **link = &first;
    while (*link != nullptr)
        if ((*link)->id == id)
            *link = (*link)->next;
        else
            link = &(*link)->next;
    end = link;
}

void forget_constraint_commands() {
    first = nullptr;
    end = &first;
}

} // namespace citus
