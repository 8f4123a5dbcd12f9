/// How many rows and pages a table on shards has, kept in pg_class of its shell.
///
/// The shell is empty, but the planner and tools look at its reltuples and relpages. Called after ANALYZE and
/// VACUUM, by the maintenance daemon, and by whoever has written many rows. Never takes a lock for longer
/// than the write of the figures, and never waits for one.
#pragma once

#include "citus/catalog/metadata.hpp"

namespace citus {

struct ShardFigures {
    double rows;
    double pages;
};

/// Figures of each shard of a table, by its position, one placement of each.
using TableFigures = std::pmr::vector<ShardFigures>;

ShardFigures sum_of(const TableFigures &figures);

/// `(VALUES (i, schema, name), ...) s (i, schema, name)` joined with pg_class c, of the table's shards whose
/// first placement is in the group; nullptr when it has none there.
const char *shards_as_relations(const DistTable &table, int32 group_id);

/// The groups that hold the first placements of a table's shards.
std::pmr::vector<int32> first_groups(const DistTable &table);

/// Asks the nodes, on the session's own connections, for the sizes of now; rows as the last ANALYZE or VACUUM
/// of each shard saw them, scaled to its size.
TableFigures read_figures(Relation relation, const DistTable &table);

/// Stores figures in the shell's pg_class, at once and for good, also when the transaction fails later. With
/// `wait` the caller has ShareUpdateExclusiveLock on the relation, else nothing happens when somebody else
/// has it. A table with no rows at all counts as one page, so that it differs from one that nobody has
/// counted.
void store_figures(Relation relation, ShardFigures total, bool is_locked);

/// Adds rows that were written just now; does nothing when they are few.
void count_written_rows(Oid relid, uint64 rows);

/// One look at all tables of the database: figures that are far off are set right. Never raises because of a
/// node that does not answer.
void refresh_all_figures();

/// Whether pg_class says how many rows the shell's shards have.
bool has_figures(Relation relation);

} // namespace citus
