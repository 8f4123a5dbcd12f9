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

/// Whether a trigger of the user's own (not one of a foreign key) may fire for a command on the relation.
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

/// Lives in the executor state's query context; owns palloc'd memory only.
class TableTriggers {
public:
    /// nullptr when nothing can fire.
    static TableTriggers *open(EState *estate, Relation relation, Index range_table_index, CmdType command);

    void before_statement();
    void after_statement();

    /// The trigger may change the row in the slot. False: the row is not inserted.
    bool before_insert(TupleTableSlot *row);
    /// Of the row as it will be in the table, with its generated columns.
    void after_insert(TupleTableSlot *row);

    bool before_update(HeapTuple old_row, TupleTableSlot *new_row);
    void after_update(HeapTuple old_row, TupleTableSlot *new_row);

    bool before_delete(HeapTuple old_row);
    void after_delete(HeapTuple old_row);

private:
    TableTriggers(EState *estate, Relation relation, Index range_table_index, CmdType command);

    EState *estate_;
    CmdType command_;
    ResultRelInfo *info_;
    TransitionCaptureState *transition_ = nullptr;
    bool statement_done_ = false;
};

} // namespace citus
