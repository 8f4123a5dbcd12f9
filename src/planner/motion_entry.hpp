/// Moved rows as a range table entry: what the algebra, the templates and the rewriter know of them.
///
/// The entry is a call of citus_internal.motion_entry(n) with a column definition list; in the SQL of a shard
/// it becomes citus_internal.read_motion(id, bucket). Made by motion.cpp, within with_fragments.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// Where the rows of a motion will be.
struct MotionPlace {
    bool is_broadcast;
    int key;        ///< column whose hash chose the shard; 0 for a broadcast
    int colocation; ///< of the shards; negative: only motions are hashed so, values do not tell the shard
    Oid anchor;     ///< a table with these shards
};

/// Numbers a motion within the statement that is planned. packed (executor/motion.hpp) may come later, and
/// with it the query whose rows move, for estimates.
int add_motion(const MotionPlace &place);
void set_motion(int number, List *packed, const Query *source);

/// The motion that an entry reads, or a negative number.
int motion_number(const RangeTblEntry *rte);
const MotionPlace &motion_place(int number);
List *packed_motion(int number);

/// Puts the queries whose rows move in the place of the entries that read them. For estimates only.
void show_motion_sources(Query *query);

/// Whether the statement in planning has any.
bool has_motions();

/// Whether this query, at any level, reads moved rows.
bool reads_motions(Query *query);

bool is_motion_entry_function(Oid function);
Oid motion_entry_function();

/// The motions of the statement in planning; for with_fragments, which keeps those of an outer one.
List *exchange_motions(List *motions);

} // namespace citus
