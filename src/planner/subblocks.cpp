#include "subblocks.hpp"

#include "citus/pg/walker.hpp"
#include "decorrelate.hpp"
#include "locus_facts.hpp"
#include "motion.hpp"
#include "pieces.hpp"
#include "pushdown.hpp"

namespace citus {

namespace {

// ---------------------------------------------------------------- which sub-selects

bool is_join(const Query *query) {
    int relations = 0;
    ListCell *cell;
    foreach (cell, query->rtable)
        relations += lfirst_node(RangeTblEntry, cell)->inFromCl;
    return relations > 1;
}

/// Whether the shards would send less, or in a better order, than when each table is scanned by itself. A
/// block that only joins and filters is left to the standard planner, which finds the conditions around it,
/// unless there can be none.
bool is_worth_it(const Query *query, bool stands_alone) {
    if (stands_alone && is_join(query))
        return true;
    return query->groupClause != NIL || query->hasAggs || query->distinctClause != NIL ||
           query->limitCount != nullptr || query->setOperations != nullptr || query->hasWindowFuncs ||
           query->sortClause != NIL;
}

/// The replacement of a sub-select, or nullptr.
Query *try_push_down(Query *query, bool stands_alone) {
    if (query->commandType != CMD_SELECT || query->hasModifyingCTE || !is_worth_it(query, stands_alone) ||
        !mentions_shards(reinterpret_cast<::Node *>(query), nullptr) || !is_self_contained(query))
        return nullptr;
    return push_down_somehow(query, analyze_statement(query));
}

// ---------------------------------------------------------------- the walk

bool replace_below(::Node *node, void *raw);

/// Replaces what *link points to, or looks below it. The caller's link is changed.
void replace_query(::Node **link, bool stands_alone, bool *replaced) {
    if (*link == nullptr || !IsA(*link, Query))
        return;
    if (Query *above = try_push_down(castNode(Query, *link), stands_alone); above != nullptr) {
        *link = reinterpret_cast<::Node *>(above);
        *replaced = true;
    } else if (push_down_pieces(castNode(Query, *link))) {
        *replaced = true;
    }
    decorrelate_block(castNode(Query, *link));
    walk_query(castNode(Query, *link), replace_below, replaced,
               QTW_EXAMINE_RTES_BEFORE | QTW_IGNORE_RT_SUBQUERIES | QTW_IGNORE_CTE_SUBQUERIES);
    ListCell *cell;
    foreach (cell, castNode(Query, *link)->cteList)
        replace_below(static_cast<::Node *>(lfirst(cell)), replaced);
}

/// Whether the standard planner plans the CTE by itself.
bool is_evaluated_apart(const CommonTableExpr *cte) {
    return cte->ctematerialized == CTEMaterializeAlways ||
           (cte->ctematerialized == CTEMaterializeDefault && cte->cterefcount > 1);
}

/// The SELECT of INSERT ... SELECT has nothing around it.
void replace_insert_source(Query *query, bool *replaced) {
    ListCell *cell;
    foreach (cell, query->rtable) {
        auto *rte = lfirst_node(RangeTblEntry, cell);
        if (rte->rtekind == RTE_SUBQUERY)
            replace_query(reinterpret_cast<::Node **>(&rte->subquery), true, replaced);
    }
}

bool replace_below(::Node *node, void *raw) {
    auto *replaced = static_cast<bool *>(raw);
    if (node == nullptr)
        return false;
    if (IsA(node, RangeTblEntry)) {
        auto *rte = castNode(RangeTblEntry, node);
        if (rte->rtekind == RTE_SUBQUERY)
            replace_query(reinterpret_cast<::Node **>(&rte->subquery), false, replaced);
        return false;
    }
    if (IsA(node, CommonTableExpr)) {
        auto *cte = castNode(CommonTableExpr, node);
        if (!cte->cterecursive)
            replace_query(&cte->ctequery, is_evaluated_apart(cte), replaced);
        return false;
    }
    if (IsA(node, SubLink)) {
        replace_below(castNode(SubLink, node)->testexpr, raw);
        replace_query(&castNode(SubLink, node)->subselect, true, replaced);
        return false;
    }
    return walk_children(node, replace_below, raw);
}

} // namespace

bool is_on_shards(const RangeTblEntry *rte) {
    if (rte->rtekind != RTE_RELATION)
        return false;
    const DistTable *table = find_dist_table(rte->relid);
    return table != nullptr && table->kind != TableKind::Local;
}

bool mentions_shards(::Node *node, void *) {
    if (node == nullptr)
        return false;
    if (IsA(node, RangeTblEntry))
        return is_on_shards(castNode(RangeTblEntry, node));
    if (IsA(node, Query))
        return walk_query(castNode(Query, node), mentions_shards, nullptr, QTW_EXAMINE_RTES_BEFORE);
    return walk_children(node, mentions_shards, nullptr);
}

bool is_self_contained(Query *query) {
    return !query_refers_outside(query, 0);
}

Query *push_down_somehow(const Query *query, const StatementLocus &locus) {
    Query *above = push_down(query, locus);
    if (above != nullptr || !locus.from.is(core::Place::Coordinator))
        return above;
    if (const Query *joins = as_joins(query); joins != nullptr) {
        const StatementLocus of_joins = analyze_statement(joins);
        above = push_down(joins, of_joins);
        if (above == nullptr && of_joins.from.is(core::Place::Coordinator))
            above = push_down_with_motions(joins);
        if (above != nullptr)
            return above;
    }
    return push_down_with_motions(query);
}

bool push_down_sub_blocks(Query *query) {
    bool replaced = false;
    decorrelate_block(query);
    if (query->commandType == CMD_INSERT)
        replace_insert_source(query, &replaced);
    walk_query(query, replace_below, &replaced,
               QTW_EXAMINE_RTES_BEFORE | QTW_IGNORE_RT_SUBQUERIES | QTW_IGNORE_CTE_SUBQUERIES);
    ListCell *cell;
    foreach (cell, query->cteList)
        replace_below(static_cast<::Node *>(lfirst(cell)), &replaced);
    return replaced;
}

} // namespace citus
