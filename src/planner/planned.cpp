#include "planned.hpp"

#include "citus/executor/fragment_scan.hpp"
#include "citus/pg/walker.hpp"
#include "motion_entry.hpp"

extern "C" {
#include "optimizer/optimizer.h"
#include "optimizer/planner.h"
}

namespace citus {

namespace {

/// A copy of a range table entry with what permission checks and locks need, and nothing else.
RangeTblEntry *bare_entry(const RangeTblEntry *rte) {
    auto *copy = makeNode(RangeTblEntry);
    *copy = *rte;
    copy->tablesample = nullptr;
    copy->securityQuals = NIL;
    copy->inh = false;
    return copy;
}

/// Collects the relations of all levels; that includes views, which the rewriter left behind for this
/// purpose.
bool collect_relations(::Node *node, void *raw) {
    if (node == nullptr)
        return false;
    if (!IsA(node, Query))
        return walk_children(node, collect_relations, raw);
    auto *rtable = static_cast<List **>(raw);
    ListCell *cell;
    foreach (cell, castNode(Query, node)->rtable) {
        const auto *rte = lfirst_node(RangeTblEntry, cell);
        if (rte->rtekind == RTE_RELATION)
            *rtable = lappend(*rtable, bare_entry(rte));
    }
    return walk_query(castNode(Query, node), collect_relations, raw, 0);
}

List *relations_of(const Query *query) {
    List *rtable = NIL;
    collect_relations(const_cast<::Node *>(reinterpret_cast<const ::Node *>(query)), &rtable);
    return rtable;
}

/// A range table entry that stands for the rows of the shards: EXPLAIN finds the column names in it.
RangeTblEntry *result_entry(const List *outputs) {
    List *names = NIL;
    ListCell *cell;
    foreach (cell, outputs) {
        const auto *entry = lfirst_node(TargetEntry, cell);
        if (!entry->resjunk)
            names =
                lappend(names, makeString(pstrdup(entry->resname != nullptr ? entry->resname : "?column?")));
    }
    auto *rte = makeNode(RangeTblEntry);
    rte->rtekind = RTE_RESULT;
    rte->eref = makeAlias("shards", names);
    return rte;
}

List *result_tlist(const List *outputs, Index varno) {
    List *tlist = NIL;
    ListCell *cell;
    foreach (cell, outputs) {
        const auto *entry = lfirst_node(TargetEntry, cell);
        if (entry->resjunk)
            continue;
        auto *expr = reinterpret_cast<::Node *>(entry->expr);
        const auto resno = static_cast<AttrNumber>(list_length(tlist) + 1);
        Var *var =
            makeVar(static_cast<int>(varno), resno, exprType(expr), exprTypmod(expr), exprCollation(expr), 0);
        TargetEntry *copy = flatCopyTargetEntry(const_cast<TargetEntry *>(entry));
        copy->expr = reinterpret_cast<Expr *>(var);
        copy->resno = resno;
        copy->ressortgroupref = 0;
        tlist = lappend(tlist, copy);
    }
    return tlist;
}

// ---------------------------------------------------------------- users

struct Users {
    std::pmr::vector<Oid> named; ///< InvalidOid for whoever runs the statement
    bool names_current = false;
};

/// The users in whose name the tables on shards are read or written.
bool collect_users(::Node *node, void *raw) {
    auto *users = static_cast<Users *>(raw);
    if (node == nullptr)
        return false;
    if (!IsA(node, Query))
        return walk_children(node, collect_users, raw);
    ListCell *cell;
    foreach (cell, castNode(Query, node)->rtable) {
        const auto *rte = lfirst_node(RangeTblEntry, cell);
        if (rte->rtekind != RTE_RELATION || find_dist_table(rte->relid) == nullptr)
            continue;
        const bool is_current = rte->checkAsUser == GetUserId();
        users->names_current |= is_current;
        const Oid user = is_current ? InvalidOid : rte->checkAsUser;
        if (std::find(users->named.begin(), users->named.end(), user) == users->named.end())
            users->named.push_back(user);
    }
    return walk_query(castNode(Query, node), collect_users, raw, 0);
}

Users users_of(const Query *query) {
    Users users;
    collect_users(const_cast<::Node *>(reinterpret_cast<const ::Node *>(query)), &users);
    return users;
}

/// Finds the strength of a lock in the query or in a part of it.
bool find_lock(::Node *node, void *raw) {
    if (node == nullptr)
        return false;
    if (!IsA(node, Query))
        return walk_children(node, find_lock, raw);
    const auto *query = castNode(Query, node);
    if (query->rowMarks == NIL)
        return walk_query(castNode(Query, node), find_lock, raw, 0);
    *static_cast<LockClauseStrength *>(raw) = linitial_node(RowMarkClause, query->rowMarks)->strength;
    return true;
}

/// FOR UPDATE: the plan has no node that locks, but errors and cursors look at its marks.
void note_row_marks(PlannedStmt *statement, const Query *query) {
    LockClauseStrength strength = LCS_NONE;
    if (query->commandType != CMD_SELECT || statement->rowMarks != NIL ||
        !find_lock(const_cast<::Node *>(reinterpret_cast<const ::Node *>(query)), &strength))
        return;
    auto *mark = makeNode(PlanRowMark);
    mark->rti = mark->prti = 1;
    mark->isParent = true; // the executor skips it
    mark->strength = strength;
    mark->markType = ROW_MARK_REFERENCE;
    mark->allMarkTypes = 1 << ROW_MARK_REFERENCE;
    statement->rowMarks = list_make1(mark);
}

void add_dependencies(PlannedStmt *statement, const Query *query) {
    note_row_marks(statement, query);
    List *relations = NIL;
    List *items = NIL;
    bool has_row_security = false;
    extract_query_dependencies(const_cast<::Node *>(reinterpret_cast<const ::Node *>(query)), &relations,
                               &items, &has_row_security);
    statement->relationOids = list_concat_unique_oid(statement->relationOids, relations);
    statement->invalItems = list_concat(statement->invalItems, items);
    // A view's owner who runs the statement needs no other connection than for his own tables.
    statement->dependsOnRole |= has_row_security || users_of(query).names_current;
}

} // namespace

bool set_user(Fragment *fragment, const Query *query) {
    const Users users = users_of(query);
    if (users.named.size() > 1)
        return false;
    fragment->run_as = users.named.empty() ? InvalidOid : users.named.front();
    return true;
}

PlannedStmt *plan_of_fragment(const Query *query, const Fragment &fragment) {
    auto *statement = makeNode(PlannedStmt);
    statement->commandType = query->commandType;
    statement->queryId = query->queryId;
    statement->hasReturning = query->returningList != NIL;
    statement->hasModifyingCTE = query->hasModifyingCTE;
    statement->canSetTag = query->canSetTag;
    statement->stmt_location = query->stmt_location;
    statement->stmt_len = query->stmt_len;

    const List *outputs = query->commandType == CMD_SELECT ? query->targetList : query->returningList;
    statement->rtable = lappend(relations_of(query), result_entry(outputs));
    const auto varno = static_cast<Index>(list_length(statement->rtable));
    CustomScan *scan = make_fragment_plan(fragment, result_tlist(outputs, varno));
    scan->custom_relids = bms_make_singleton(static_cast<int>(varno));
    statement->planTree = &scan->scan.plan;
    add_dependencies(statement, query);
    return statement;
}

void add_query_dependencies(PlannedStmt *statement, const Query *query) {
    statement->rtable = list_concat(statement->rtable, relations_of(query));
    add_dependencies(statement, query);
}

} // namespace citus
