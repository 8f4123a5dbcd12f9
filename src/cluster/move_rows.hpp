/// Rows between a shell table and its shards.
#pragma once

#include "citus/catalog/metadata.hpp"

namespace citus {

/// Whether the shell itself holds a row that is visible to a new snapshot.
bool table_has_rows(Relation relation);

/// Copies the rows of a locked shell to its shards, then empties the shell. Reports the progress with NOTICEs
/// and in pg_stat_progress_copy.
void move_rows_to_shards(Relation relation);

/// Copies the rows of all shards (of one placement of a reference table) into the shell, which is empty.
void copy_rows_to_shell(Relation relation);

/// Fills the copy of a reference table in one group from the copy in another one.
void copy_rows_to_placement(Relation relation, int32 from_group, int32 to_group);

/// Empties a locked shell, within the transaction; triggers and foreign keys don't notice.
void empty_shell(Relation relation);

} // namespace citus
