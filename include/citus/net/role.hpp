/// Whose rights a connection uses: see src/net/role.cpp.
///
/// Called by net/ and transaction/ only.
#pragma once

#include "citus/net/wire.hpp"

namespace citus {

/// The user a connection logs in as when tasks are to run as this role: the session's user where he may
/// become the role himself, otherwise the extension's owner.
Oid login_user_for(Oid role);

/// Whether a role has LOGIN.
bool can_log_in(Oid role);

/// The name of such a user. Valid until the next call.
const char *name_of_login_user(Oid role);

/// Queues the change of role that the next command of the connection needs (connection->wanted_role).
void assume_role(Connection *connection);

/// On the node: the role assumed in this transaction ends with it. Called before commit and before PREPARE.
void leave_assumed_role();
/// The same after an abort, when PostgreSQL has restored the user already.
void forget_assumed_role();

} // namespace citus
