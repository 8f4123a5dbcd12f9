/// Triggers of distributed and reference tables. They run here, on the coordinator, where the whole database
/// is: what a trigger function reads or writes is what it would on plain tables, and TG_TABLE_NAME and its
/// like are those of the table. Shards have no triggers.
///
/// Who changes rows of such a table (Citus Insert, Citus Modify, COPY FROM) makes one TableTriggers per run
/// and calls it in the order of PostgreSQL: before_statement(), the row functions as rows come by,
/// after_statement(). AFTER triggers are queued with PostgreSQL's own and fire when those do. The planner
/// sends statements on tables with triggers that way only (changes_fire_triggers). What shards change
/// themselves (actions of foreign keys) fires nothing: ddl/ refuses triggers where that could be.
#pragma once

#include "citus/pg/prelude.hpp"

extern "C" {
#include "commands/trigger.h"
#include "nodes/execnodes.h"
}

namespace citus {

/// Whether a foreign key of a local table to this one is enforced here: by PostgreSQL's own triggers, whose
/// queries the planner sends to the shards. Not for partitioned tables.
bool enforces_keys_of_local_tables(Relation relation);

/// Whether a trigger of the user's own may fire for a command on the relation.
bool has_own_triggers(Relation relation, CmdType command);

/// Whether one of these, or one of a foreign key that is enforced here, may.
bool has_user_triggers(Relation relation, CmdType command);

/// Which of these must see each row. A transition table does, whatever the level of its trigger.
struct RowTriggers {
    bool before, after;
    bool any() const { return before || after; }
};
RowTriggers row_triggers(Relation relation, CmdType command);

/// Whether a statement changes rows of a table in the metadata that has triggers for it, also in WITH.
bool changes_fire_triggers(const Query *query);

/// Changes that are not a user's fire no triggers while one of these lives; an error ends it with its
/// (sub)transaction.
class NoTriggersScope {
public:
    NoTriggersScope();
    ~NoTriggersScope();
    NoTriggersScope(const NoTriggersScope &) = delete;
    NoTriggersScope &operator=(const NoTriggersScope &) = delete;

private:
    int old_level_;
};

void install_table_triggers();

class TriggerPartitions;
struct TriggerPartition;

/// Lives in the executor state's query context; owns palloc'd memory, and partitions until close(). The row
/// triggers of a partitioned table fire for its partitions, as in PostgreSQL.
class TableTriggers {
public:
    /// nullptr when nothing can fire.
    static TableTriggers *open(EState *estate, Relation relation, Index range_table_index, CmdType command);

    void before_statement();
    void after_statement();

    /// The trigger may change the row in the slot. False: the row is not inserted.
    bool before_insert(TupleTableSlot *row);
    /// For who has no other way to: computes the generated columns of a new row.
    void compute_generated(TupleTableSlot *row);
    /// Of the row as it will be in the table, with its generated columns.
    void after_insert(TupleTableSlot *row);

    bool before_update(HeapTuple old_row, TupleTableSlot *new_row);
    void after_update(HeapTuple old_row, TupleTableSlot *new_row);

    bool before_delete(HeapTuple old_row);
    void after_delete(HeapTuple old_row);

    /// Before the executor ends; not after an error.
    void close();

private:
    TableTriggers(EState *estate, Relation relation, Index range_table_index, CmdType command);

    EState *estate_;
    CmdType command_;
    bool before_move(TriggerPartition &from, HeapTuple old_row, TupleTableSlot *new_row);
    void after_move(const TriggerPartition &from, HeapTuple old_row, const TriggerPartition &to,
                    TupleTableSlot *new_row);

    ResultRelInfo *info_;
    TriggerPartitions *partitions_ = nullptr;
    TransitionCaptureState *transition_ = nullptr;
    bool statement_done_ = false;
};

} // namespace citus
