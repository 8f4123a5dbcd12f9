#include "motion_block.hpp"

#include "citus/pg/node.hpp"
#include "citus/pg/walker.hpp"
#include "flatten.hpp"
#include "locus_facts.hpp"
#include "reduction.hpp"
#include "worker_query.hpp"

extern "C" {
#include "access/transam.h"
#include "optimizer/optimizer.h"
#include "parser/parse_relation.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
}

namespace citus {

// ---------------------------------------------------------------- sources

namespace {

/// The parts of a condition without those in the list; nullptr when nothing is left.
::Node *without(::Node *quals, const List *removed) {
    List *left = NIL;
    ListCell *cell;
    foreach (cell, conjuncts_of(quals))
        if (!list_member_ptr(removed, lfirst(cell)))
            left = lappend(left, lfirst(cell));
    return left == NIL ? nullptr : as_node(make_ands_explicit(left));
}

void remove_conditions(::Node *node, const List *removed) {
    if (IsA(node, JoinExpr)) {
        auto *join = castNode(JoinExpr, node);
        join->quals = without(join->quals, removed);
        remove_conditions(join->larg, removed);
        remove_conditions(join->rarg, removed);
    } else if (IsA(node, FromExpr)) {
        auto *from = castNode(FromExpr, node);
        from->quals = without(from->quals, removed);
        ListCell *cell;
        foreach (cell, from->fromlist)
            remove_conditions(as_node(lfirst(cell)), removed);
    }
}

/// Conditions of left joins on the side that is not preserved.
List *conditions_of_nullable(::Node *node, int varno) {
    List *result = NIL;
    ListCell *cell;
    if (IsA(node, JoinExpr)) {
        auto *join = castNode(JoinExpr, node);
        result =
            list_concat(conditions_of_nullable(join->larg, varno), conditions_of_nullable(join->rarg, varno));
        if (join->jointype == JOIN_LEFT && bms_is_member(varno, strong_relations(join->rarg)))
            result = list_concat(result, conjuncts_of(join->quals));
    } else if (IsA(node, FromExpr)) {
        foreach (cell, castNode(FromExpr, node)->fromlist)
            result = list_concat(result, conditions_of_nullable(as_node(lfirst(cell)), varno));
    }
    return result;
}

/// The conditions that only look at this relation and may be applied before it is joined.
List *own_conditions(const Query *query, int varno) {
    auto *jointree = as_node(query->jointree);
    List *candidates = conditions_of_nullable(jointree, varno);
    if (bms_is_member(varno, strong_relations(jointree)))
        candidates = list_concat(candidates, strong_conditions(jointree));
    List *own = NIL;
    ListCell *cell;
    foreach (cell, candidates)
        if (only_relation(as_node(lfirst(cell))) == varno && !has_outer_columns(as_node(lfirst(cell))))
            own = lappend(own, lfirst(cell));
    return own;
}

/// The output of a source, and where each column of the relation went.
struct SourceColumns {
    bool of_table = false;
    List *tlist = NIL;
    std::pmr::vector<int> column_of; ///< by attribute number; 0: not sent
};

/// of_table: a table on shards has the column, so that its type exists on the nodes.
bool can_travel(Oid type, bool of_table) {
    if (type >= FirstNormalObjectId && !of_table)
        return false;
    type = getBaseType(type);
    const Oid element = get_element_type(type);
    if (OidIsValid(element))
        return can_travel(element, of_table);
    const char kind = get_typtype(type);
    if (kind == TYPTYPE_COMPOSITE)
        return get_rel_relkind(get_typ_typrelid(type)) == RELKIND_COMPOSITE_TYPE;
    return kind != TYPTYPE_PSEUDO && type != UNKNOWNOID;
}

bool add_column(SourceColumns *columns, Expr *expr) {
    if (!can_travel(exprType(as_node(expr)), columns->of_table))
        return false;
    const auto number = static_cast<AttrNumber>(list_length(columns->tlist) + 1);
    columns->tlist = lappend(columns->tlist, makeTargetEntry(expr, number, psprintf("c%d", number), false));
    return true;
}

int count_columns(const RangeTblEntry *rte) {
    return list_length(rte->eref->colnames);
}

/// A column of a relation, sub-select or CTE that is number 1 of its query.
Expr *column_of_entry(const RangeTblEntry *rte, int attno) {
    Oid type, collation;
    int32 typmod;
    if (rte->rtekind == RTE_RELATION) {
        get_atttypetypmodcoll(rte->relid, static_cast<AttrNumber>(attno), &type, &typmod, &collation);
    } else if (rte->rtekind == RTE_SUBQUERY) {
        auto *expr =
            as_node(get_tle_by_resno(rte->subquery->targetList, static_cast<AttrNumber>(attno))->expr);
        type = exprType(expr);
        typmod = exprTypmod(expr);
        collation = exprCollation(expr);
    } else {
        type = list_nth_oid(rte->coltypes, attno - 1);
        typmod = list_nth_int(rte->coltypmods, attno - 1);
        collation = list_nth_oid(rte->colcollations, attno - 1);
    }
    return reinterpret_cast<Expr *>(makeVar(1, static_cast<AttrNumber>(attno), type, typmod, collation, 0));
}

bool select_columns(const RangeTblEntry *rte, const Bitmapset *used, List *extras, int varno,
                    SourceColumns *columns) {
    const int count = count_columns(rte);
    columns->column_of.assign(static_cast<size_t>(count + list_length(extras)) + 1, 0);
    for (int attno = 1; attno <= count; attno++) {
        if (!bms_is_member(attno, used))
            continue;
        if (!add_column(columns, column_of_entry(rte, attno)))
            return false;
        columns->column_of[static_cast<size_t>(attno)] = list_length(columns->tlist);
    }
    ListCell *cell;
    foreach (cell, extras) {
        auto *expr = copy_of(static_cast<::Node *>(lfirst(cell)));
        ChangeVarNodes(expr, varno, 1, 0);
        if (!add_column(columns, reinterpret_cast<Expr *>(expr)))
            return false;
        columns->column_of[static_cast<size_t>(count + 1 + foreach_current_index(cell))] =
            list_length(columns->tlist);
    }
    if (columns->tlist == NIL)
        return add_column(columns, reinterpret_cast<Expr *>(makeBoolConst(true, false)));
    return true;
}

Query *source_query(const Query *query, RangeTblEntry *rte, List *conditions, int varno,
                    const SourceColumns &columns) {
    auto *source = makeNode(Query);
    source->commandType = CMD_SELECT;
    source->canSetTag = true;
    rte->inFromCl = true;
    source->rtable = list_make1(rte);
    ChangeVarNodes(as_node(rte->securityQuals), varno, 1, 0);
    auto *quals = conditions == NIL ? nullptr : copy_of(as_node(make_ands_explicit(list_copy(conditions))));
    if (quals != nullptr)
        ChangeVarNodes(quals, varno, 1, 0);
    auto *reference = makeNode(RangeTblRef);
    reference->rtindex = 1;
    source->jointree = makeFromExpr(list_make1(reference), quals);
    source->targetList = columns.tlist;
    source->cteList = copy_of(query->cteList);
    source->hasRowSecurity = query->hasRowSecurity;
    source->hasSubLinks =
        (quals != nullptr && checkExprHasSubLink(quals)) || checkExprHasSubLink(as_node(rte->securityQuals));
    return source;
}

/// A query over the moved rows that looks like the relation: the same columns in the same places.
Query *reading_query(int number, const SourceColumns &columns) {
    auto *function = makeNode(RangeTblFunction);
    auto *argument = makeConst(INT4OID, -1, InvalidOid, sizeof(int32), Int32GetDatum(number), false, true);
    FuncExpr *call = makeFuncExpr(motion_entry_function(), RECORDOID, list_make1(argument), InvalidOid,
                                  InvalidOid, COERCE_EXPLICIT_CALL);
    call->funcretset = true;
    function->funcexpr = reinterpret_cast<::Node *>(call);
    function->funccolcount = list_length(columns.tlist);
    ListCell *cell;
    foreach (cell, columns.tlist) {
        const auto *entry = lfirst_node(TargetEntry, cell);
        auto *expr = as_node(entry->expr);
        function->funccolnames = lappend(function->funccolnames, makeString(pstrdup(entry->resname)));
        function->funccoltypes = lappend_oid(function->funccoltypes, exprType(expr));
        function->funccoltypmods = lappend_int(function->funccoltypmods, exprTypmod(expr));
        function->funccolcollations = lappend_oid(function->funccolcollations, exprCollation(expr));
    }
    auto *rte = makeNode(RangeTblEntry);
    rte->rtekind = RTE_FUNCTION;
    rte->functions = list_make1(function);
    rte->eref = makeAlias("moved", list_copy(function->funccolnames));
    rte->inFromCl = true;

    auto *query = makeNode(Query);
    query->commandType = CMD_SELECT;
    query->canSetTag = true;
    query->rtable = list_make1(rte);
    auto *reference = makeNode(RangeTblRef);
    reference->rtindex = 1;
    query->jointree = makeFromExpr(list_make1(reference), nullptr);
    for (size_t i = 1; i < columns.column_of.size(); i++) {
        const int column = columns.column_of[i];
        Expr *expr;
        if (column == 0) {
            expr = reinterpret_cast<Expr *>(makeNullConst(INT4OID, -1, InvalidOid));
        } else {
            auto *sent = as_node(list_nth_node(TargetEntry, columns.tlist, column - 1)->expr);
            expr = reinterpret_cast<Expr *>(makeVar(1, static_cast<AttrNumber>(column), exprType(sent),
                                                    exprTypmod(sent), exprCollation(sent), 0));
        }
        query->targetList = lappend(
            query->targetList, makeTargetEntry(expr, static_cast<AttrNumber>(i), psprintf("a%zu", i), false));
    }
    // Nothing of it is used but its rows.
    if (query->targetList == NIL)
        query->targetList = list_make1(makeTargetEntry(
            reinterpret_cast<Expr *>(makeNullConst(INT4OID, -1, InvalidOid)), 1, pstrdup("a1"), false));
    return query;
}

/// Turns a relation of a block into the sub-select that reads its moved rows.
void become_subquery(RangeTblEntry *rte, Query *reading) {
    List *names = NIL;
    ListCell *cell;
    foreach (cell, reading->targetList)
        names = lappend(names, makeString(pstrdup(lfirst_node(TargetEntry, cell)->resname)));
    RangeTblEntry fresh{};
    fresh.type = T_RangeTblEntry;
    fresh.rtekind = RTE_SUBQUERY;
    fresh.subquery = reading;
    fresh.inFromCl = true;
    fresh.eref = makeAlias(rte->eref->aliasname, names);
    *rte = fresh;
}

struct ExpressionReplacement {
    ::Node *expr;
    Var *var;
};

::Node *replace_expression(::Node *node, int level, void *raw) {
    const auto *replacement = static_cast<ExpressionReplacement *>(raw);
    return level == 0 && equal(node, replacement->expr) ? copy_of(as_node(replacement->var)) : nullptr;
}

void drop_cte_reference(Query *query, const RangeTblEntry *rte) {
    ListCell *cell;
    if (rte->rtekind == RTE_CTE)
        foreach (cell, query->cteList)
            if (strcmp(lfirst_node(CommonTableExpr, cell)->ctename, rte->ctename) == 0)
                lfirst_node(CommonTableExpr, cell)->cterefcount--;
}

bool count_cte_uses(::Node *node, void *raw) {
    if (node == nullptr)
        return false;
    if (IsA(node, RangeTblEntry)) {
        if (castNode(RangeTblEntry, node)->rtekind == RTE_CTE)
            *static_cast<int *>(raw) += 1;
        return false;
    }
    if (IsA(node, Query))
        return walk_query(castNode(Query, node), count_cte_uses, raw, QTW_EXAMINE_RTES_BEFORE);
    return walk_children(node, count_cte_uses, raw);
}

/// WITH is left out when nothing in FROM, WHERE or the output uses it any more.
void drop_unused_ctes(Query *query) {
    int uses = 0;
    walk_query(query, count_cte_uses, &uses, QTW_EXAMINE_RTES_BEFORE | QTW_IGNORE_CTE_SUBQUERIES);
    if (uses == 0)
        query->cteList = NIL;
}

RangeTblEntry *subquery_entry(Query *query) {
    auto *rte = makeNode(RangeTblEntry);
    rte->rtekind = RTE_SUBQUERY;
    rte->subquery = query;
    List *names = NIL;
    ListCell *cell;
    foreach (cell, query->targetList)
        if (const auto *entry = lfirst_node(TargetEntry, cell); !entry->resjunk)
            names = lappend(names, makeString(pstrdup(entry->resname != nullptr ? entry->resname : "c")));
    rte->eref = makeAlias("sub", names);
    rte->inFromCl = true;
    return rte;
}

Bitmapset *all_columns(const RangeTblEntry *rte) {
    const int count = count_columns(rte);
    return count == 0 ? nullptr : bms_add_range(nullptr, 1, count);
}

/// EXISTS needs to know of one row only.
void limit_to_one_row(Query *query) {
    if (query->limitCount != nullptr || query->limitOffset != nullptr)
        return;
    query->limitOption = LIMIT_OPTION_COUNT;
    query->limitCount =
        as_node(makeConst(INT8OID, -1, InvalidOid, sizeof(int64), Int64GetDatum(1), false, FLOAT8PASSBYVAL));
}

} // namespace

Query *MotionBlock::source_of(const MotionItem &item) const {
    std::pmr::vector<Query *> sources;
    std::pmr::vector<int> numbers, keys;
    const PlannedMove move{static_cast<int>(&item - items_.data())};
    return rewrite({&move, 1}, 0, InvalidOid, &sources, &numbers, &keys) == nullptr ? nullptr : sources[0];
}

/// Removes the conditions that go with the rows of a move from the copy. A key that is an expression becomes
/// a column more.
void MotionBlock::take_conditions(Query *copy, const PlannedMove &move, List **conditions,
                                  List **extras) const {
    const MotionItem &item = items_[static_cast<size_t>(move.item)];
    if (item.varno == 0)
        return;
    Query *block = block_in(copy, item.block);
    *conditions = own_conditions(block, item.varno);
    remove_conditions(as_node(block->jointree), *conditions);
    if (item.is_reduced)
        *conditions = list_concat(list_copy(*conditions), implied_conditions(query_, item.varno));
    if (move.key == nullptr || IsA(move.key->expr, Var))
        return;
    *extras = list_make1(move.key->expr);
    const auto attno = static_cast<AttrNumber>(count_columns(rt_fetch(item.varno, block->rtable)) + 1);
    ExpressionReplacement replacement{move.key->expr,
                                      makeVar(item.varno, attno, exprType(move.key->expr),
                                              exprTypmod(move.key->expr), exprCollation(move.key->expr), 0)};
    block->jointree =
        castNode(FromExpr, replace_in(as_node(block->jointree), replace_expression, &replacement));
}

Query *MotionBlock::rewrite(std::span<const PlannedMove> moves, int colocation, Oid anchor,
                            std::pmr::vector<Query *> *sources, std::pmr::vector<int> *numbers,
                            std::pmr::vector<int> *keys) const {
    Query *copy = copy_of(query_);
    // First all conditions and expressions that leave, so that the columns they use need not be sent.
    std::pmr::vector<List *> conditions(moves.size(), NIL), extras(moves.size(), NIL);
    for (size_t i = 0; i < moves.size(); i++)
        take_conditions(copy, moves[i], &conditions[i], &extras[i]);
    for (size_t i = 0; i < moves.size(); i++) {
        const PlannedMove &move = moves[i];
        const MotionItem &item = items_[static_cast<size_t>(move.item)];
        Query *block = block_in(copy, item.block);
        SourceColumns columns;
        Query *source;
        SubLink *sublink = nullptr;
        RangeTblEntry *target = nullptr;
        if (item.varno != 0) {
            target = rt_fetch(item.varno, block->rtable);
            columns.of_table = item.table != nullptr;
            if (!select_columns(target, use_of(block, item.varno).columns, extras[i], item.varno, &columns))
                return nullptr;
            source = source_query(block, copy_of(target), conditions[i], item.varno, columns);
        } else {
            sublink = list_nth_node(SubLink, sublinks_of(block), item.sublink);
            RangeTblEntry *sub = subquery_entry(copy_of(castNode(Query, sublink->subselect)));
            const bool only_exists = sublink->subLinkType == EXISTS_SUBLINK;
            if (!select_columns(sub, only_exists ? nullptr : all_columns(sub), NIL, 1, &columns))
                return nullptr;
            source = source_query(block, sub, NIL, 1, columns);
            if (only_exists)
                limit_to_one_row(source);
        }
        drop_unused_ctes(source);
        int key = 0;
        if (move.key != nullptr)
            key = IsA(move.key->expr, Var)
                      ? columns.column_of[static_cast<size_t>(castNode(Var, move.key->expr)->varattno)]
                      : list_length(columns.tlist);
        if (move.key != nullptr && key == 0)
            return nullptr;
        const int number = add_motion({move.key == nullptr, key, colocation, anchor});
        Query *reading = reading_query(number, columns);
        if (sublink != nullptr) {
            sublink->subselect = as_node(reading);
        } else {
            drop_cte_reference(block, target);
            become_subquery(target, reading);
        }
        sources->push_back(source);
        numbers->push_back(number);
        keys->push_back(key);
    }
    for (const PlannedMove &move : moves) {
        Query *block = block_in(copy, items_[static_cast<size_t>(move.item)].block);
        drop_unused_ctes(block);
        rebuild_joins(block);
    }
    drop_unused_ctes(copy);
    rebuild_joins(copy);
    return copy;
}

} // namespace citus
