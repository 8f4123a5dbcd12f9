#include "route.hpp"

#include "citus/pg/node.hpp"
#include "citus/pg/walker.hpp"
#include "citus/planner/template.hpp"
#include "estimates.hpp"
#include "planned.hpp"

extern "C" {
#include "access/hash.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
}

namespace citus {

namespace {

using core::Locus;
using core::Place;

// ---------------------------------------------------------------- writes

/// Hash of a constant as a key of the table; nothing for NULL and for other types than the key's.
std::optional<int32> key_hash(const DistTable &table, const Expr *expr) {
    if (!IsA(expr, Const) || castNode(Const, as_node(expr))->constisnull)
        return std::nullopt;
    const auto *constant = castNode(Const, as_node(expr));
    const Oid type = getBaseType(constant->consttype);
    if (type == table.key_type)
        return hash_distribution_value(table, constant->constvalue, false);
    if (!OidIsValid(get_opfamily_proc(table.key_hash_opfamily, type, type, HASHSTANDARD_PROC)))
        return std::nullopt;
    return hash_distribution_value_of_type(table, type, constant->constvalue, false);
}

/// Whether `SET key = expr` leaves the row where it is: the key itself, or the value it is known to have.
bool keeps_key(const Query *query, const DistTable &table, const Expr *assigned, const List *prune_items) {
    if (IsA(assigned, Var)) {
        const Var *var = castNode(Var, as_node(assigned));
        return var->varno == query->resultRelation && var->varattno == table.key_attno &&
               var->varlevelsup == 0;
    }
    if (list_length(prune_items) != 1)
        return false;
    const PruneItem item = read_prune_item(linitial_node(List, prune_items));
    if (item.kind != PruneKind::Equal)
        return false;
    const Expr *value = expression_planner(static_cast<Expr *>(copyObjectImpl(assigned)));
    const auto new_hash = key_hash(table, value);
    return equal(item.expr, value) || (new_hash.has_value() && new_hash == key_hash(table, item.expr));
}

Oid target_of(const Query *query) {
    return rt_fetch(query->resultRelation, query->rtable)->relid;
}

bool changes_key(const Query *query, const List *prune_items) {
    if (query->commandType != CMD_UPDATE)
        return false;
    const DistTable *table = find_dist_table(target_of(query));
    if (table == nullptr || !table->has_key())
        return false;
    ListCell *cell;
    foreach (cell, query->targetList) {
        const auto *entry = lfirst_node(TargetEntry, cell);
        if (!entry->resjunk && entry->resno == table->key_attno &&
            !keeps_key(query, *table, entry->expr, prune_items))
            return true;
    }
    return false;
}

bool a_cte_changes_key(const Query *query) {
    ListCell *cell;
    foreach (cell, query->cteList) {
        const auto *cte = castNode(Query, lfirst_node(CommonTableExpr, cell)->ctequery);
        if (changes_key(cte, NIL))
            return true;
    }
    return false;
}

/// Whether running an UPDATE or DELETE at this locus changes each copy of each row in the same way.
bool target_fits(const Query *query, const Locus &rows, bool *writes_reference) {
    const DistTable *table = find_dist_table(target_of(query));
    if (table == nullptr)
        return false;
    switch (table->kind) {
    case TableKind::Distributed:
        return rows.is(Place::Hashed) || rows.is(Place::OneGroup);
    case TableKind::SingleShard:
        return rows.is(Place::OneGroup);
    case TableKind::Reference:
        *writes_reference = true;
        return rows.is(Place::Anywhere) && !rows.once;
    case TableKind::Local:
        break;
    }
    return false;
}

// ---------------------------------------------------------------- row marks

struct RowMarkSearch {
    bool found;
    bool on_reference;
    bool only_waits; ///< none of them says NOWAIT or SKIP LOCKED
};

bool find_row_marks(::Node *node, void *raw) {
    auto *search = static_cast<RowMarkSearch *>(raw);
    if (node == nullptr)
        return false;
    if (!IsA(node, Query))
        return walk_children(node, find_row_marks, raw);
    const auto *query = castNode(Query, node);
    ListCell *cell;
    foreach (cell, query->rowMarks) {
        const auto *mark = lfirst_node(RowMarkClause, cell);
        search->found = true;
        search->only_waits &= mark->waitPolicy == LockWaitBlock;
        const auto *rte = rt_fetch(mark->rti, query->rtable);
        const DistTable *table = rte->rtekind == RTE_RELATION ? find_dist_table(rte->relid) : nullptr;
        search->on_reference |= table != nullptr && table->kind == TableKind::Reference;
    }
    return walk_query(castNode(Query, node), find_row_marks, raw, 0);
}

bool needs_order_or_limit(const Query *query) {
    return query->sortClause != NIL || query->limitCount != nullptr || query->limitOffset != nullptr;
}

} // namespace

bool row_marks_fit(const Query *query, const Locus &rows, Fragment *fragment) {
    RowMarkSearch search{.found = false, .on_reference = false, .only_waits = true};
    find_row_marks(as_node(query), &search);
    fragment->locks_rows = search.found;
    fragment->lock_waits = search.found && search.only_waits;
    // All who lock a reference table's row must meet on the same copy; a shard group may be elsewhere.
    return !search.on_reference || rows.is(Place::Anywhere);
}

Fragment fragment_for(const StatementLocus &locus, const Locus &rows, CmdType command) {
    Fragment fragment;
    fragment.command = command;
    fragment.tier = rows.is(Place::Hashed) ? Tier::PushDown : Tier::Route;
    fragment.single_group = !rows.is(Place::Hashed);
    fragment.has_modifying_cte = locus.has_modifying_cte;
    if (rows.is(Place::Anywhere))
        return fragment;
    fragment.anchor = locus.anchor;
    fragment.prunes = locus.prunes;
    fragment.prune_items = locus.prune_items;
    return fragment;
}

bool relations_fit(const Fragment &fragment, const Locus &rows) {
    ListCell *cell;
    foreach (cell, fragment.slot_relations) {
        const DistTable *table = find_dist_table(lfirst_oid(cell));
        if (table == nullptr)
            return false;
        const bool is_there = !rows.is(Place::Anywhere) && table->colocation_id == rows.colocation;
        if (table->kind != TableKind::Reference && !is_there)
            return false;
    }
    return true;
}

PlannedStmt *plan_whole(const Query *query, const StatementLocus &locus) {
    const Locus &rows = locus.whole;
    if (rows.is(Place::Coordinator) || (rows.is(Place::Hashed) && needs_order_or_limit(query)))
        return nullptr;
    Fragment fragment = fragment_for(locus, rows, query->commandType);
    if (query->commandType == CMD_SELECT) {
        if (!row_marks_fit(query, rows, &fragment))
            return nullptr;
    } else if (!target_fits(query, rows, &fragment.writes_reference) ||
               changes_key(query, locus.prune_items)) {
        return nullptr;
    }
    if (a_cte_changes_key(query))
        return nullptr;
    fragment.has_result = query->commandType == CMD_SELECT || query->returningList != NIL;
    const bool runs_once = !rows.is(Place::Hashed) && !fragment.writes_reference;
    if (!set_user(&fragment, query) ||
        !fill_template(&fragment, query, runs_once ? ShipMode::OneGroup : ShipMode::PerShard) ||
        !relations_fit(fragment, rows))
        return nullptr;
    // The executor locks and finds the placements of what the text names first.
    if (fragment.writes_reference && linitial_oid(fragment.slot_relations) != target_of(query))
        return nullptr;
    PlannedStmt *plan = plan_of_fragment(query, fragment);
    // A statement for one shard group is not worth the look; its plan has no alternatives.
    if (rows.is(Place::Hashed) && query->commandType == CMD_SELECT) {
        const FragmentEstimate estimate = estimate_fragment(query, estimated_tasks(locus, rows), false);
        set_costs(plan->planTree, estimate);
    }
    return plan;
}

} // namespace citus
