/// Changes of objects that are not tables - schemas, types, statistics - and that other nodes have copies of.
/// Used by the handlers.
#pragma once

#include "handlers.hpp"

namespace citus {

/// ALTER SCHEMA / TYPE / DOMAIN ... RENAME.
void rename_node_object(const UtilityCall &call, const RenameStmt *statement);
/// ALTER TYPE / DOMAIN ... SET SCHEMA.
void move_node_object(const UtilityCall &call, const AlterObjectSchemaStmt *statement);
/// ALTER STATISTICS ... RENAME / SET SCHEMA.
void rename_statistics(const UtilityCall &call, const RenameStmt *statement);
void move_statistics(const UtilityCall &call, const AlterObjectSchemaStmt *statement);

/// SQL conditions: the object exists on the node.
const char *schema_exists(const char *quoted_name);
const char *type_exists(const char *quoted_name);

} // namespace citus
