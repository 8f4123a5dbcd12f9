/// The rows an INSERT is about: from the child plan, with generated columns computed and constraints checked.
///
/// Used by insert_scan.cpp only. Never contacts a node by itself (the child plan may).
#pragma once

#include "citus/executor/insert_scan.hpp"
#include "citus/executor/table_triggers.hpp"
#include "citus/pg/memory.hpp"

extern "C" {
#include "nodes/execnodes.h"
#include "utils/tuplestore.h"
}

namespace citus {

class InsertSource {
public:
    InsertSource(const InsertPlan &plan, PlanState *child, PlanState *parent, Relation relation,
                 Index target);

    /// The next row, all columns, valid until the next call; nullptr at the end. Raises what PostgreSQL
    /// raises for a row that breaks NOT NULL, CHECK or a view's or policy's check.
    TupleTableSlot *next();

    /// Reads the child to its end now; next() goes on with what was read.
    void read_all();

    /// Starts over with the rows that read_all() has read.
    void rewind();

    /// Triggers that see each row; nullptr for none.
    void set_triggers(TableTriggers *triggers) { triggers_ = triggers; }

    PlanState *child() const { return child_; }

    bool at_end() const { return child_done_ && !from_store_; }

    /// Whether next() may raise because of a constraint, and whether an error is such a one.
    bool checks_constraints() const { return checks_ && !from_store_ && triggers_ == nullptr; }
    bool failed_constraint(const ErrorData *error) const;

    /// The target with its check options.
    ResultRelInfo *target() { return target_; }

    void close();

private:
    TupleTableSlot *read_child();
    bool next_of_child();
    void store_child();
    bool next_of_triggers();
    void check(TupleTableSlot *row);

    PlanState *child_;
    PlanState *parent_;
    Relation relation_;
    ResultRelInfo *target_;
    TableTriggers *triggers_ = nullptr;
    TupleTableSlot *row_slot_;
    TupleTableSlot *stored_slot_ = nullptr;
    TupleTableSlot *untouched_slot_ = nullptr;
    Tuplestorestate *store_ = nullptr;
    Tuplestorestate *untouched_ = nullptr; ///< the child's rows, before triggers have seen them
    bool checks_;
    bool may_conflict_; ///< whether a row is inserted is known later
    bool checks_view_;  ///< a row that meets a conflict is not judged by the view
    bool child_done_ = false;
    bool from_store_ = false;
};

} // namespace citus
