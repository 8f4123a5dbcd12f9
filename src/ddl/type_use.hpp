/// Types that tables in the metadata use: what happens to them happens on the other nodes, too. Private to
/// ddl/.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// The type of that name when a table in the metadata uses it, also through other types; else InvalidOid.
/// Called before a change of the type: copies that no table uses any more are dropped on the other nodes.
Oid find_used_type(const List *name);

/// The same for a composite type that is written like a relation.
Oid find_used_row_type(const RangeVar *name);

/// Runs a command on all other nodes that know the type (qualified, quoted name).
void send_type_command(const char *command, const char *type_name);

/// An SQL condition.
const char *type_exists(const char *type_name);

/// The table in the metadata that a statistics object is about, or InvalidOid.
Oid dist_table_of_statistics(Oid statistics);

/// Groups of the other nodes that hold shards of any table.
std::pmr::vector<int32> remote_groups_of_shards();

} // namespace citus
