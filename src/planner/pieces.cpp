#include "pieces.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/pg/node.hpp"
#include "citus/pg/walker.hpp"
#include "citus/planner/locus.hpp"
#include "flatten.hpp"
#include "locus_facts.hpp"
#include "motion.hpp"
#include "pushdown.hpp"
#include "subblocks.hpp"
#include "worker_query.hpp"

extern "C" {
#include "nodes/pathnodes.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
}

namespace citus {

namespace {

using core::Place;

/// More relations than this are left alone: each pair is looked at.
constexpr int kMaxRelations = 20;

// ---------------------------------------------------------------- which tables

/// A table whose rows are needed as columns only: it is not changed, locked, sampled or hidden by policies.
bool may_be_part(const Query *query, int varno) {
    const auto *rte = rt_fetch(varno, query->rtable);
    return varno != query->resultRelation && is_on_shards(rte) && rte->tablesample == nullptr &&
           rte->securityQuals == NIL;
}

bool is_reference(const Query *query, int varno) {
    return find_dist_table(rt_fetch(varno, query->rtable)->relid)->kind == TableKind::Reference;
}

Relids tables_of(const Query *query) {
    Relids tables = nullptr;
    ListCell *cell;
    foreach (cell, query->jointree->fromlist)
        if (IsA(lfirst(cell), RangeTblRef) && may_be_part(query, lfirst_node(RangeTblRef, cell)->rtindex))
            tables = bms_add_member(tables, lfirst_node(RangeTblRef, cell)->rtindex);
    return tables;
}

/// The conditions between these relations alone.
List *conditions_within(const Query *query, Relids relations) {
    List *found = NIL;
    ListCell *cell;
    foreach (cell, conjuncts_of(query->jointree->quals)) {
        auto *condition = as_node(lfirst(cell));
        if (checkExprHasSubLink(condition) || contain_volatile_functions(condition) ||
            contain_vars_of_level(condition, 1) ||
            !bms_is_subset(pull_varnos(nullptr, condition), relations) ||
            bms_is_empty(pull_varnos(nullptr, condition)))
            continue;
        found = lappend(found, condition);
    }
    return found;
}

bool are_joined(const Query *query, Relids relations, int other) {
    ListCell *cell;
    foreach (cell, conditions_within(query, bms_add_member(bms_copy(relations), other))) {
        const Relids used = pull_varnos(nullptr, as_node(lfirst(cell)));
        if (IsA(lfirst(cell), OpExpr) && bms_is_member(other, used) && bms_overlap(used, relations))
            return true;
    }
    return false;
}

// ---------------------------------------------------------------- a piece as a query

struct Columns {
    Relids relations;
    Index level = 0;
    List *vars = NIL; ///< as the block sees them, once each
    bool as_row = false;
};

bool note_columns(::Node *node, void *raw) {
    auto *columns = static_cast<Columns *>(raw);
    if (node == nullptr)
        return false;
    if (IsA(node, Var)) {
        const auto *var = castNode(Var, node);
        if (var->varlevelsup != columns->level || !bms_is_member(var->varno, columns->relations))
            return false;
        columns->as_row |= var->varattno <= 0;
        columns->vars = list_append_unique(columns->vars, var_at_level(var, 0));
        return false;
    }
    if (IsA(node, Query)) {
        columns->level++;
        walk_query(castNode(Query, node), note_columns, raw, QTW_IGNORE_JOINALIASES);
        columns->level--;
        return false;
    }
    return walk_children(node, note_columns, raw);
}

struct Renumbering {
    Relids relations;
};

/// Numbers the relations of a piece from 1.
::Node *renumber(::Node *node, int level, void *raw) {
    const Relids relations = static_cast<Renumbering *>(raw)->relations;
    if (!is_var_of_block(node, level))
        return nullptr;
    Var *var = var_at_level(castNode(Var, node), level);
    var->varno = bms_member_index(relations, var->varno) + 1;
    var->varnosyn = 0;
    var->varattnosyn = 0;
    return as_node(var);
}

struct Reading {
    Relids relations;
    const List *vars;
    int varno;
};

/// Columns of the relations become columns of the piece; called on a whole query, whose own level is 1.
::Node *read_piece(::Node *node, int level, void *raw) {
    const auto *reading = static_cast<Reading *>(raw);
    if (level == 0 || !is_var_of_block(node, level - 1) ||
        !bms_is_member(castNode(Var, node)->varno, reading->relations))
        return nullptr;
    Var *own = var_at_level(castNode(Var, node), 0);
    int number = 0;
    ListCell *cell;
    foreach (cell, reading->vars)
        if (equal(lfirst(cell), own))
            number = foreach_current_index(cell) + 1;
    return as_node(makeVar(reading->varno, static_cast<AttrNumber>(number), own->vartype, own->vartypmod,
                           own->varcollid, static_cast<Index>(level - 1)));
}

const char *column_name(const Query *query, const Var *var) {
    return strVal(list_nth(rt_fetch(var->varno, query->rtable)->eref->colnames, var->varattno - 1));
}

/// SELECT the columns FROM the relations WHERE the conditions.
Query *select_piece(const Query *query, Relids relations, List *vars, List *conditions) {
    auto *select = makeNode(Query);
    select->commandType = CMD_SELECT;
    select->canSetTag = true;
    select->hasRowSecurity = query->hasRowSecurity;
    select->jointree = makeFromExpr(NIL, nullptr);
    for (int varno = -1; (varno = bms_next_member(relations, varno)) >= 0;) {
        select->rtable = lappend(select->rtable, copyObjectImpl(rt_fetch(varno, query->rtable)));
        auto *reference = makeNode(RangeTblRef);
        reference->rtindex = list_length(select->rtable);
        select->jointree->fromlist = lappend(select->jointree->fromlist, reference);
    }
    Renumbering renumbering{relations};
    select->jointree->quals =
        replace_in(as_node(make_ands_explicit(list_copy(conditions))), renumber, &renumbering);
    ListCell *cell;
    foreach (cell, vars) {
        const auto *var = lfirst_node(Var, cell);
        auto *expr = reinterpret_cast<Expr *>(renumber(as_node(var), 0, &renumbering));
        select->targetList =
            lappend(select->targetList,
                    makeTargetEntry(expr, static_cast<AttrNumber>(foreach_current_index(cell) + 1),
                                    pstrdup(column_name(query, var)), false));
    }
    return select;
}

RangeTblEntry *entry_of(Query *select) {
    auto *rte = makeNode(RangeTblEntry);
    rte->rtekind = RTE_SUBQUERY;
    rte->subquery = select;
    rte->inFromCl = true;
    rte->eref = makeAlias("joined", NIL);
    ListCell *cell;
    foreach (cell, select->targetList)
        rte->eref->colnames =
            lappend(rte->eref->colnames, makeString(pstrdup(lfirst_node(TargetEntry, cell)->resname)));
    return rte;
}

/// The block without the relations, and their join, as the shards make it, in their place. nullptr when they
/// can't.
Query *with_piece(const Query *query, Relids relations) {
    auto *copy = static_cast<Query *>(copyObjectImpl(query));
    List *conditions = conditions_within(copy, relations);
    List *kept = NIL, *items = NIL;
    ListCell *cell;
    foreach (cell, conjuncts_of(copy->jointree->quals))
        if (!list_member_ptr(conditions, lfirst(cell)))
            kept = lappend(kept, lfirst(cell));
    foreach (cell, copy->jointree->fromlist)
        if (!IsA(lfirst(cell), RangeTblRef) ||
            !bms_is_member(lfirst_node(RangeTblRef, cell)->rtindex, relations))
            items = lappend(items, lfirst(cell));
    copy->jointree = makeFromExpr(items, kept == NIL ? nullptr : as_node(make_ands_explicit(kept)));
    Columns columns{relations};
    walk_query(copy, note_columns, &columns, QTW_IGNORE_JOINALIASES);
    if (columns.as_row)
        return nullptr;
    Query *select = select_piece(copy, relations, columns.vars, conditions);
    const StatementLocus locus = analyze_statement(select);
    Query *above = push_down(select, locus);
    if (above == nullptr)
        return nullptr;
    Reading reading{relations, columns.vars, list_length(copy->rtable) + 1};
    copy = castNode(Query, replace_in(as_node(copy), read_piece, &reading));
    for (int varno = -1; (varno = bms_next_member(relations, varno)) >= 0;) {
        auto *unused = makeNode(RangeTblEntry);
        unused->rtekind = RTE_RESULT;
        unused->eref = makeAlias("unused", NIL);
        lfirst(list_nth_cell(copy->rtable, varno - 1)) = unused;
    }
    // The columns keep the names they have there.
    ListCell *sent, *named;
    forboth(sent, above->targetList, named, select->targetList) lfirst_node(TargetEntry, sent)->resname =
        pstrdup(lfirst_node(TargetEntry, named)->resname);
    copy->rtable = lappend(copy->rtable, entry_of(above));
    auto *reference = makeNode(RangeTblRef);
    reference->rtindex = reading.varno;
    copy->jointree->fromlist = lappend(copy->jointree->fromlist, reference);
    return copy;
}

// ---------------------------------------------------------------- the search

bool is_on_shards_together(const Query *query, Relids relations) {
    const Query *select = select_piece(query, relations, NIL, conditions_within(query, relations));
    const core::Locus locus = analyze_statement(select).from;
    return locus.is(Place::Hashed) || locus.is(Place::OneGroup);
}

/// The tables that can be joined with the first one where it is.
Relids grow(const Query *query, int first, Relids tables) {
    Relids piece = bms_make_singleton(first);
    for (bool grows = true; grows;) {
        grows = false;
        for (int other = -1; (other = bms_next_member(tables, other)) >= 0;) {
            if (bms_is_member(other, piece) || !are_joined(query, piece, other))
                continue;
            const Relids larger = bms_add_member(bms_copy(piece), other);
            if (!is_on_shards_together(query, larger))
                continue;
            piece = larger;
            grows = true;
        }
    }
    return piece;
}

bool may_have_pieces(Query *query) {
    return (query->commandType == CMD_SELECT || query->commandType == CMD_UPDATE ||
            query->commandType == CMD_DELETE) &&
           query->setOperations == nullptr && query->rowMarks == NIL && !query->hasModifyingCTE &&
           query->jointree->fromlist != NIL && list_length(query->rtable) >= 3 &&
           list_length(query->rtable) <= kMaxRelations && is_self_contained(query);
}

bool has_lateral(const Query *query) {
    ListCell *cell;
    foreach (cell, query->rtable)
        if (lfirst_node(RangeTblEntry, cell)->lateral)
            return true;
    return false;
}

} // namespace

bool push_down_pieces(Query *query) {
    if (!may_have_pieces(query) || has_lateral(query))
        return false;
    auto *best = static_cast<Query *>(copyObjectImpl(query));
    merge_inner_joins(best);
    Relids tables = tables_of(best);
    bool found = false;
    double cost = -1;
    for (int varno = -1; (varno = bms_next_member(tables, varno)) >= 0;) {
        if (is_reference(best, varno))
            continue;
        const Relids piece = grow(best, varno, tables);
        if (bms_num_members(piece) < 2)
            continue;
        Query *rewritten = with_piece(best, piece);
        if (rewritten == nullptr)
            continue;
        if (cost < 0)
            cost = gather_cost(best);
        const double new_cost = gather_cost(rewritten);
        if (new_cost >= cost)
            continue;
        best = rewritten;
        cost = new_cost;
        found = true;
        tables = bms_del_members(tables, piece);
    }
    if (found)
        *query = *best;
    return found;
}

} // namespace citus
