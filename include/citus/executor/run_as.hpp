/// Whose connections a statement uses on the nodes.
///
/// A table that is reached through a view is accessed with the rights of the view's owner. The owner's
/// connection is another one than the user's, though: what one has written in this transaction, the other
/// does not see. So the owner's is used only where the user's own rights do not do.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// Rights on a table with which a user changes and locks its rows himself.
constexpr AclMode kRightsToChange = ACL_SELECT | ACL_UPDATE | ACL_DELETE;

/// The user for TaskSet::run_as: InvalidOid (the current user) when run_as is invalid or when the current
/// user may do all of `needed` (ACL_SELECT, ...) on all relations himself and no row-level security tells the
/// two apart; else run_as.
Oid effective_user(Oid run_as, const List *relations, AclMode needed);

} // namespace citus
