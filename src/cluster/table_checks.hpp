/// Which relations can become distributed or reference tables. Used by the functions that make them.
#pragma once

#include "citus/catalog/metadata.hpp"

namespace citus {

/// Locks the relation until the end of the transaction and checks that it can be made a distributed or
/// reference table by the current user; partitions are allowed only where the caller takes care of their
/// parent. Raises 42501, 42809, 42P16, 0A000.
Relation open_table_to_distribute(Oid relid, bool partitions_allowed = false);

/// Opens and locks a table for its owner. Raises 42P01, 42501.
Relation open_own_table(Oid relid);

/// The attribute number of the distribution column. Raises 42703 (no such column), 42704 (type that can't be
/// hashed), 0A000 (generated column), 42P10 (system column).
AttrNumber resolve_key(Relation relation, const char *column);

} // namespace citus
