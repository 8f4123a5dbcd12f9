/// SET CONSTRAINTS, carried to the nodes: to connections whose transaction is open at once, to those that open
/// later behind their BEGIN, or behind the savepoint in which it was said.
///
/// ddl/set_constraints.cpp says what was set; enlist.cpp sends it where a transaction or a savepoint begins.
#pragma once

#include "citus/net/wire.hpp"

namespace citus {

/// For a node, or for all (kAllGroups). `sql` is copied.
constexpr int32 kAllGroups = -1;
struct ConstraintCommand {
    int32 group_id;
    const char *sql;
};

/// Sends the commands to open connections and waits for them, since a constraint that becomes immediate may be
/// violated; and keeps them for connections that open later in this (sub)transaction.
void set_remote_constraints(std::span<const ConstraintCommand> commands);

/// Queues what was said in a subtransaction (TopSubTransactionId: outside of any).
void queue_constraint_commands(Connection *connection, SubTransactionId id);

void constraint_subtransaction_committed(SubTransactionId id, SubTransactionId parent);
void constraint_subtransaction_aborted(SubTransactionId id);
void forget_constraint_commands();

} // namespace citus
