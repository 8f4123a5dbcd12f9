/// Statistics about the columns of a table on shards, for the planner: what ANALYZE does for a plain table.
///
/// A random sample of rows comes from the shards, each giving its share, and PostgreSQL's own functions make
/// pg_statistic and pg_statistic_ext_data of the shell from it. Called by ddl/ after the shards were
/// analyzed. Reads rows, never changes any.
#pragma once

#include "citus/catalog/metadata.hpp"

namespace citus {

/// Fills the statistics of some columns (String nodes; NIL: all, and those of index expressions) and the
/// figures in pg_class. The caller has ShareUpdateExclusiveLock on the relation and a snapshot.
void gather_statistics(Relation relation, List *columns);

} // namespace citus
