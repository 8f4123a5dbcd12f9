/// What a table's constraints must fulfil so that shards enforce them as one table would.
///
/// Called after a change of the metadata or of the shell, before anything is sent to shards; an error undoes
/// the change with the transaction. Reads catalogs only.
#pragma once

#include "citus/catalog/metadata.hpp"

namespace citus {

/// When a check runs; PostgreSQL users know some errors by another text there.
enum class CheckTime { Distribution, Alter };

/// Unique indexes and exclusion constraints of a hash-distributed table contain its key. Raises 0A000.
void check_unique_indexes(const DistTable &table);

/// Foreign keys from and to the relation (also a local one) connect tables whose shards can enforce them.
/// Raises 0A000 or 42P16.
void check_foreign_keys(Oid relid, CheckTime time);

/// Triggers of the relation are of a kind that can run on the coordinator. Raises 0A000.
void check_triggers(Oid relid);

/// Indexes and foreign keys, for a relation that may be local.
void check_constraints(Oid relid, CheckTime time);

} // namespace citus
