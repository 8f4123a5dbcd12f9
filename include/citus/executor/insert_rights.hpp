/// With whose rights rows are put into shards.
///
/// Called by INSERT and COPY after PostgreSQL checked the user's rights on the logical table. A shard knows
/// less: that a view's owner inserts, or that a column which the user may not set got its default.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// The user to act as on the nodes, or InvalidOid for the current one. check_as: the view's owner, or
/// InvalidOid. columns: attribute numbers that the shards get. further: other rights that are needed
/// (ACL_SELECT, ...). may_switch: no other statement of the transaction can read the rows through the user's
/// own connection.
Oid user_for_insert(Oid relid, Oid check_as, const List *columns, AclMode further, bool may_switch);

} // namespace citus
