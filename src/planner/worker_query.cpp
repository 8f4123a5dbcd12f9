#include "worker_query.hpp"

#include "citus/pg/walker.hpp"
#include "citus/planner/template.hpp"
#include "planned.hpp"
#include "route.hpp"

extern "C" {
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
}

namespace citus {

WorkerQuery WorkerQuery::input_of(const Query *query) {
    auto *input = makeNode(Query);
    input->commandType = CMD_SELECT;
    input->canSetTag = true;
    input->rtable = query->rtable;
    input->jointree = query->jointree;
    input->cteList = query->cteList;
    input->rowMarks = query->rowMarks;
    input->hasForUpdate = query->hasForUpdate;
    input->hasRecursive = query->hasRecursive;
    input->hasSubLinks = query->hasSubLinks;
    input->hasRowSecurity = query->hasRowSecurity;
    return WorkerQuery(input);
}

TargetEntry *WorkerQuery::entry_for(::Node *expr, const char *name) {
    ListCell *cell;
    foreach (cell, query_->targetList)
        if (equal(lfirst_node(TargetEntry, cell)->expr, expr))
            return lfirst_node(TargetEntry, cell);
    const auto number = static_cast<AttrNumber>(list_length(query_->targetList) + 1);
    auto *copy = static_cast<Expr *>(copyObjectImpl(expr));
    query_->targetList = lappend(query_->targetList, makeTargetEntry(copy, number, pstrdup(name), false));
    return llast_node(TargetEntry, query_->targetList);
}

Var *WorkerQuery::column(::Node *expr, const char *name) {
    const TargetEntry *entry = entry_for(expr, name);
    return makeVar(1, entry->resno, exprType(expr), exprTypmod(expr), exprCollation(expr), 0);
}

Var *WorkerQuery::group_column(::Node *expr, const char *name, const SortGroupClause *how) {
    TargetEntry *entry = entry_for(expr, name);
    if (entry->ressortgroupref == 0) {
        entry->ressortgroupref = static_cast<Index>(entry->resno);
        auto *clause = static_cast<SortGroupClause *>(copyObjectImpl(how));
        clause->tleSortGroupRef = entry->ressortgroupref;
        query_->groupClause = lappend(query_->groupClause, clause);
    }
    return makeVar(1, entry->resno, exprType(expr), exprTypmod(expr), exprCollation(expr), 0);
}

bool WorkerQuery::finish(const StatementLocus &locus, const core::Locus &rows, bool repeats_groups,
                         Query *above) {
    Fragment fragment = fragment_for(locus, rows, CMD_SELECT);
    if (!row_marks_fit(query_, rows, &fragment.locks_rows))
        return false;
    // Rows without columns can't be sent.
    if (query_->targetList == NIL)
        column(reinterpret_cast<::Node *>(
                   makeConst(INT4OID, -1, InvalidOid, sizeof(int32), Int32GetDatum(1), false, true)),
               "one");
    const ShipMode mode = rows.is(core::Place::Hashed) ? ShipMode::PerShard : ShipMode::OneGroup;
    if (!set_user(&fragment, query_) || !fill_template(&fragment, query_, mode) ||
        !relations_fit(fragment, rows))
        return false;
    std::pmr::vector<FragmentColumn> columns;
    ListCell *cell;
    foreach (cell, query_->targetList) {
        const auto *entry = lfirst_node(TargetEntry, cell);
        auto *expr = reinterpret_cast<::Node *>(entry->expr);
        if (!entry->resjunk)
            columns.push_back({entry->resname != nullptr ? entry->resname : "column", exprType(expr),
                               exprTypmod(expr), exprCollation(expr)});
    }
    const FragmentEstimate estimate = estimate_fragment(query_, estimated_tasks(locus, rows), repeats_groups);
    replace_from(above, make_fragment_entry(fragment, columns, estimate));
    return true;
}

void replace_from(Query *above, RangeTblEntry *fragment) {
    auto *reference = makeNode(RangeTblRef);
    reference->rtindex = 1;
    above->rtable = list_make1(fragment);
    above->jointree = makeFromExpr(list_make1(reference), nullptr);
    above->rowMarks = NIL;
    above->hasForUpdate = false;
    above->setOperations = nullptr;
    above->hasRowSecurity = false;
    above->constraintDeps = NIL;
    if (!above->hasSubLinks) {
        above->cteList = NIL;
        above->hasRecursive = false;
    }
}

namespace {

struct ReplaceState {
    Replacement replace;
    void *context;
    int level;
};

::Node *replace_node(::Node *node, void *raw) {
    auto *state = static_cast<ReplaceState *>(raw);
    if (node == nullptr)
        return nullptr;
    if (::Node *replacement = state->replace(node, state->level, state->context); replacement != nullptr)
        return replacement;
    if (!IsA(node, Query))
        return mutate_children(node, replace_node, raw);
    state->level++;
    Query *result = query_tree_mutator(
        castNode(Query, node), reinterpret_cast<::Node *(*)()>(reinterpret_cast<void (*)()>(replace_node)),
        raw, 0);
    state->level--;
    return reinterpret_cast<::Node *>(result);
}

} // namespace

::Node *replace_in(::Node *expr, Replacement replace, void *context) {
    ReplaceState state{replace, context, 0};
    return replace_node(expr, &state);
}

Var *var_at_level(const Var *var, int level) {
    auto *copy = static_cast<Var *>(copyObjectImpl(var));
    copy->varlevelsup = static_cast<Index>(level);
    return copy;
}

} // namespace citus
