/// "Citus Insert": the plan node that inserts rows into the shards of a table.
///
/// planner/insert makes it in the place of a ModifyTable(INSERT). Its child gives full rows (defaults
/// applied); this node computes generated columns, checks NOT NULL, CHECK and view constraints as PostgreSQL
/// does, sends the rows to their shards and evaluates RETURNING. Planning, EXPLAIN without ANALYZE and
/// executor start never contact a node.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus {

/// What the planner found out. Survives copyObject inside the CustomScan.
struct InsertPlan {
    Oid relid = InvalidOid;
    bool can_set_tag = false;  ///< counts into the command tag; false: an auxiliary statement of WITH
    bool reads_target = false; ///< the statement also reads the table: no row is written before all are read
    bool others_read = false;  ///< parts of the statement that run after the INSERT read the table
    bool row_by_row =
        false; ///< functions that the statement calls may read the rows before: reading_functions.hpp
    OnConflictAction action = ONCONFLICT_NONE;
    List *columns = NIL;  ///< attribute numbers that are sent, in order
    List *fetched = NIL;  ///< attribute numbers that must come back from the shard (also system columns)
    List *arbiters = NIL; ///< Oids of the shell's arbiter indexes
    List *updated = NIL;  ///< attribute numbers that DO UPDATE sets
    char *column_text = nullptr;         ///< `(a, "B") OVERRIDING SYSTEM VALUE`, empty without columns
    char *one_row_text = nullptr;        ///< `($1, $2)`: the parameters of a statement for one row
    char *conflict_target = nullptr;     ///< `(a, lower(b)) WHERE ...`, empty for any conflict
    char *conflict_constraint = nullptr; ///< or the logical name of a constraint
    char *conflict_action = nullptr;     ///< `DO NOTHING` or `DO UPDATE SET ...`
    List *check_options = NIL;           ///< WithCheckOptions
    List *conflict_params = NIL;         ///< Exprs for $1..$n of conflict_action
    /// When DO UPDATE can't run on the shards: its target list and conditions as in the ModifyTable (Vars of
    /// the target and of INNER_VAR), and the columns of the existing row that they use.
    List *update_set = NIL;
    List *update_where = NIL;
    List *update_reads = NIL;
    List *update_sends = NIL; ///< columns of the new row that the shard gets: `updated`, or all for triggers

    bool updates_here() const { return update_set != NIL; }
};

/// The node for a finished ModifyTable (after setrefs).
CustomScan *make_insert_scan(const ModifyTable *modify, const InsertPlan &plan);

/// The plan of a node made by make_insert_scan.
InsertPlan insert_plan_of(const CustomScan *scan);

bool is_insert_scan(const Plan *plan);

void install_insert_scan();

} // namespace citus
