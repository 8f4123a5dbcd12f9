/// The subcommands of ALTER TABLE as SQL for shards. Used by alter_table.cpp only.
#pragma once

#include "citus/catalog/metadata.hpp"

namespace citus {

/// Raises 0A000 (or what is documented) when a subcommand must not be used on a distributed table.
void check_alter_command(const DistTable &table, const AlterTableCmd *command);

/// `DROP COLUMN c`, `ALTER COLUMN c TYPE t USING ...`: the subcommand for shards, written before it runs on the
/// shell; nullptr when it concerns the shell alone, or is written after it has run (new columns and new
/// constraints). relation: the shell, locked.
char *alter_command_text(Relation relation, const AlterTableCmd *command);

} // namespace citus
