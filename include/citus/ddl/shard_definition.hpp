/// What a shard of a table looks like: the commands that create it, with logical names, made from the
/// catalogs after the shell.
///
/// Called by cluster/ when shards are created and by ddl/ when a statement added something to the shell.
/// Never runs anything.
#pragma once

#include "citus/pg/prelude.hpp"

extern "C" {
#include "catalog/pg_constraint.h"
}

namespace citus {

/// CREATE TABLE with columns and CHECK constraints, and the settings of columns. List of char *.
List *shard_table_commands(Oid relid);

/// What follows: indexes, other constraints but foreign keys, statistics objects, replica identity, owner and
/// privileges. Those of a partitioned table are for itself ONLY. List of char *.
List *shard_create_commands(Oid relid);

/// What is added when the shards hold their rows: foreign keys and constraints that are NOT VALID. List of
/// char *; *referenced gets the Oids of the tables that the foreign keys reference.
List *shard_late_commands(Oid relid, List **referenced);

/// `ALTER TABLE ... ADD CONSTRAINT ...` for one constraint (any type), and what marks its index.
List *shard_constraint_commands(Oid constraint_id);

/// `CREATE INDEX ...` for one index that belongs to no constraint, and what marks it.
List *shard_index_commands(Oid index_id);

/// The definition of one column: `name type COLLATE ... GENERATED ... NOT NULL`, without a default; NOT NULL
/// only when wanted.
char *shard_column_definition(Relation relation, AttrNumber attno, bool with_not_null = true);

/// ALTER TABLE commands for settings of a column that CREATE TABLE and ADD COLUMN can't give.
List *shard_column_settings(Relation relation, AttrNumber attno);

/// `ALTER TABLE ... REPLICA IDENTITY ...`; nullptr for the default one.
char *shard_replica_identity_command(Relation relation);

/// GRANTs of an access control list for an object that has the privileges of a new one. object: e.g.
/// `SCHEMA s`; column: quoted name or nullptr; owner_rights: what an owner has without any GRANT.
List *grant_commands(const Acl *acl, const char *object, const char *column, Oid owner, AclMode owner_rights);

/// Whether a foreign key row only says that the key also leads to a partition of the referenced table.
bool is_key_to_partition(const FormData_pg_constraint &form);

/// Schema-qualified and quoted name of a relation.
char *qualified_relation_name(Oid relid);

} // namespace citus
