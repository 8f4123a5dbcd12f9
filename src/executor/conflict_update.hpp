/// The DO UPDATE of an ON CONFLICT clause whose expressions can't run on a shard.
///
/// Used by insert_sender.cpp: the shard has locked the existing row and returned it; this computes the new
/// one. Evaluates WHERE and SET once per conflict, as PostgreSQL does. Never contacts a node by itself.
#pragma once

#include "citus/executor/insert_scan.hpp"
#include "citus/executor/tasks.hpp"

namespace citus {

class ConflictUpdate {
public:
    ConflictUpdate(const InsertPlan &plan, Relation relation, PlanState *parent, ResultRelInfo *target);

    /// The existing row, to be filled by the caller: a virtual slot of the table's type.
    TupleTableSlot *existing() { return existing_; }

    /// The new row, or nullptr when WHERE says no. excluded: the row that was to be inserted. Valid until the
    /// next call.
    TupleTableSlot *new_row(TupleTableSlot *excluded);

    /// `UPDATE shard SET ... WHERE ctid = $n` for the columns of plan.update_sends, and its parameters.
    const char *sql(const char *shard, const char *returning) const;
    TaskParams params(TupleTableSlot *new_row, Datum ctid, Datum partition) const;

private:
    const InsertPlan &plan_;
    EState *estate_;
    ResultRelInfo *target_; ///< with policies that judge the existing row
    ExprContext *econtext_;
    TupleTableSlot *existing_;
    TupleTableSlot *new_;
    ProjectionInfo *projection_;
    ExprState *filter_;
};

} // namespace citus
