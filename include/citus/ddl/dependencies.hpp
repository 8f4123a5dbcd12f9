/// Objects that a table's shards need on their nodes: the schema; the types, collations and extensions of its
/// columns; the functions of its indexes, constraints and generated columns, and the extensions of their
/// operator classes. They are created where they are missing; what exists is taken to be the same, except
/// functions, which are made the same.
///
/// Called before shards are created. What the text of a function's body names is not carried over, nor are
/// operators and operator classes outside of extensions: a shard that needs one that is missing fails with
/// the worker's error.
#pragma once

#include "citus/ddl/shard_ddl.hpp"

namespace citus {

/// Adds the commands that create what the table needs on a group's node.
void add_dependencies(ShardDdl &ddl, Oid relid, std::span<const int32> groups);

/// Adds the commands that create a schema, with its owner and privileges.
void add_schema(ShardDdl &ddl, Oid schema, std::span<const int32> groups);

/// Adds the commands that create what a type needs, and the type.
void add_type(ShardDdl &ddl, Oid type, std::span<const int32> groups);

/// Adds the commands that create what an object (an index, a constraint) calls or is made of.
void add_parts(ShardDdl &ddl, Oid class_id, Oid object_id, std::span<const int32> groups);

/// The CHECK constraints of a domain (List of Oid).
List *constraints_of_domain(Oid type);

/// An expression: the function of the same schema, name and arguments on a node, NULL where it has none.
const char *function_there(Oid function);

/// A condition for ShardDdl::on_group: whether a node lacks the function, or has another one by its name.
const char *function_differs(Oid function);

/// The commands (List of char *) that make a function what it is here.
List *function_commands(Oid function);

} // namespace citus
