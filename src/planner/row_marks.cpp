#include "citus/catalog/metadata.hpp"
#include "citus/planner/gather.hpp"

extern "C" {
#include "parser/parsetree.h"
}

namespace citus {

namespace {

bool is_on_shards(const PlannedStmt *statement, Index rti) {
    const RangeTblEntry *rte = rt_fetch(rti, statement->rtable);
    if (rte->rtekind != RTE_RELATION)
        return false;
    const DistTable *table = find_dist_table(rte->relid);
    return table != nullptr && table->kind != TableKind::Local;
}

/// Only marks of relations whose rows are here.
List *local_marks(const PlannedStmt *statement, List *marks) {
    List *kept = NIL;
    ListCell *cell;
    foreach (cell, marks)
        if (!is_on_shards(statement, lfirst_node(PlanRowMark, cell)->rti))
            kept = lappend(kept, lfirst(cell));
    return kept;
}

bool locks_any(const List *marks) {
    ListCell *cell;
    foreach (cell, marks)
        if (lfirst_node(PlanRowMark, cell)->strength != LCS_NONE)
            return true;
    return false;
}

void strip_node(const PlannedStmt *statement, Plan **plan);

void strip_list(const PlannedStmt *statement, List *plans) {
    ListCell *cell;
    foreach (cell, plans)
        strip_node(statement, reinterpret_cast<Plan **>(&lfirst(cell)));
}

void strip_node(const PlannedStmt *statement, Plan **link) {
    Plan *plan = *link;
    if (plan == nullptr)
        return;
    strip_node(statement, &plan->lefttree);
    strip_node(statement, &plan->righttree);
    switch (nodeTag(plan)) {
    case T_Append:
        strip_list(statement, reinterpret_cast<Append *>(plan)->appendplans);
        break;
    case T_MergeAppend:
        strip_list(statement, reinterpret_cast<MergeAppend *>(plan)->mergeplans);
        break;
    case T_SubqueryScan:
        strip_node(statement, &reinterpret_cast<SubqueryScan *>(plan)->subplan);
        break;
    case T_CustomScan:
        strip_list(statement, reinterpret_cast<CustomScan *>(plan)->custom_plans);
        break;
    case T_ModifyTable: {
        auto *modify = reinterpret_cast<ModifyTable *>(plan);
        modify->rowMarks = local_marks(statement, modify->rowMarks);
        break;
    }
    case T_LockRows: {
        auto *lock = reinterpret_cast<LockRows *>(plan);
        lock->rowMarks = local_marks(statement, lock->rowMarks);
        if (!locks_any(lock->rowMarks))
            *link = plan->lefttree; // its rows are those of its child
        break;
    }
    default:
        break;
    }
}

} // namespace

PlannedStmt *strip_row_marks(PlannedStmt *statement) {
    if (statement->rowMarks == NIL)
        return statement;
    List *kept = local_marks(statement, statement->rowMarks);
    if (list_length(kept) == list_length(statement->rowMarks))
        return statement;
    strip_node(statement, &statement->planTree);
    strip_list(statement, statement->subplans);
    statement->rowMarks = kept;
    return statement;
}

} // namespace citus
