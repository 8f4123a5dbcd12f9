#include "pushdown.hpp"

#include "citus/pg/node.hpp"
#include "citus/pg/walker.hpp"
#include "aggregates.hpp"
#include "distinct_sets.hpp"
#include "locus_terms.hpp"

extern "C" {
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/fmgroids.h"
#include "utils/typcache.h"
}

namespace citus {

namespace {

using core::Locus;
using core::Place;

bool is_local_to_shards(const Locus &locus) {
    return locus.is(Place::Hashed) || locus.is(Place::OneGroup);
}

/// What the sub-selects left in the coordinator's query tell about it.
void note_sublinks(Query *above) {
    above->hasSubLinks = checkExprHasSubLink(as_node(above->targetList)) ||
                         checkExprHasSubLink(above->havingQual) || checkExprHasSubLink(above->limitCount) ||
                         checkExprHasSubLink(above->limitOffset) ||
                         checkExprHasSubLink(as_node(above->windowClause));
}

// ---------------------------------------------------------------- the whole block on the shards

bool is_referenced(const TargetEntry *entry, List *clauses) {
    return entry->ressortgroupref != 0 &&
           get_sortgroupref_clause_noerr(entry->ressortgroupref, clauses) != nullptr;
}

/// Keeps ORDER BY and DISTINCT columns that are not in the output: the coordinator needs them, too.
void show_sort_columns(Query *worker) {
    ListCell *cell;
    foreach (cell, worker->targetList) {
        auto *entry = lfirst_node(TargetEntry, cell);
        if (entry->resjunk &&
            (is_referenced(entry, worker->sortClause) || is_referenced(entry, worker->distinctClause)))
            entry->resjunk = false;
    }
}

/// The target list over the rows of the worker query; the same entries, as columns.
List *columns_above(const List *original, const List *worker) {
    List *tlist = NIL;
    int column = 0;
    for (int i = 0; i < list_length(worker); i++) {
        const auto *sent = list_nth_node(TargetEntry, worker, i);
        if (sent->resjunk)
            continue;
        column++;
        auto *entry = flatCopyTargetEntry(list_nth_node(TargetEntry, original, i));
        auto *expr = as_node(entry->expr);
        entry->expr = reinterpret_cast<Expr *>(makeVar(1, static_cast<AttrNumber>(column), exprType(expr),
                                                       exprTypmod(expr), exprCollation(expr), 0));
        entry->resno = static_cast<AttrNumber>(column);
        tlist = lappend(tlist, entry);
    }
    return tlist;
}

/// Beyond this a LIMIT is none; two of them add up without overflow.
constexpr int64 kUnlimited = int64{1} << 62;

Expr *bigint(int64 value) {
    return reinterpret_cast<Expr *>(
        makeConst(INT8OID, -1, InvalidOid, sizeof(int64), Int64GetDatum(value), false, FLOAT8PASSBYVAL));
}

/// The expression, but at most kUnlimited; NULL, which means no limit, becomes kUnlimited.
Expr *bounded(Expr *expr) {
    auto *least = makeNode(MinMaxExpr);
    least->minmaxtype = INT8OID;
    least->op = IS_LEAST;
    least->args = list_make2(expr, bigint(kUnlimited));
    least->location = -1;
    return reinterpret_cast<Expr *>(least);
}

Expr *or_zero(Expr *expr) {
    auto *coalesce = makeNode(CoalesceExpr);
    coalesce->coalescetype = INT8OID;
    coalesce->args = list_make2(expr, bigint(0));
    coalesce->location = -1;
    return reinterpret_cast<Expr *>(coalesce);
}

bool can_run_twice(::Node *expr) {
    return expr == nullptr || (!contain_volatile_functions(expr) && !checkExprHasSubLink(expr));
}

/// Each shard sends at most the rows that LIMIT and OFFSET together could take from it.
void push_limit(Query *worker) {
    auto *limit = reinterpret_cast<Expr *>(worker->limitCount);
    auto *offset = reinterpret_cast<Expr *>(worker->limitOffset);
    worker->limitOffset = nullptr;
    if (limit == nullptr || offset == nullptr)
        return;
    FuncExpr *sum = makeFuncExpr(F_INT8PL, INT8OID, list_make2(bounded(limit), bounded(or_zero(offset))),
                                 InvalidOid, InvalidOid, COERCE_EXPLICIT_CALL);
    worker->limitCount = eval_const_expressions(nullptr, as_node(sum));
}

/// Like push_whole_block, for ORDER BY ... LIMIT ... FOR UPDATE: the scan gives rows in order, each locked
/// when it is wanted.
Query *push_locked_block(const Query *query, const StatementLocus &locus) {
    if (!locus.windowed.is(Place::Hashed))
        return nullptr;
    std::optional<RowLock> lock = only_row_lock(query);
    if (!lock.has_value())
        return nullptr;
    Query *worker = copy_of(query);
    show_sort_columns(worker);
    Query *above = copy_of(query);
    above->targetList = columns_above(query->targetList, worker->targetList);
    above->sortClause = NIL;
    note_sublinks(above);
    const bool is_known = can_run_twice(query->limitCount) && can_run_twice(query->limitOffset);
    if (is_known)
        push_limit(worker);
    lock->wanted = is_known ? reinterpret_cast<Expr *>(worker->limitCount) : bigint(kUnknownLimit);
    worker->limitCount = worker->limitOffset = nullptr;
    worker->rowMarks = NIL;
    worker->hasForUpdate = false;
    WorkerQuery sent(worker);
    sent.lock_row_by_row(*lock);
    return sent.finish(locus, locus.windowed, false, above) ? above : nullptr;
}

Query *push_whole_block(const Query *query, const StatementLocus &locus) {
    if (query->rowMarks != NIL && query->limitCount != nullptr)
        if (Query *above = push_locked_block(query, locus); above != nullptr)
            return above;
    Query *worker = copy_of(query);
    const bool has_limit = worker->limitCount != nullptr || worker->limitOffset != nullptr;
    // A set-returning function is expanded after the sort: the rows of one call stay together.
    if (query->hasTargetSRFs && query->sortClause != NIL)
        return nullptr;
    show_sort_columns(worker);
    const bool pushes_limit = worker->limitCount != nullptr && can_run_twice(worker->limitCount) &&
                              can_run_twice(worker->limitOffset);
    // Rows that are not returned should not be locked. Where each shard stops at the limit, it locks at most
    // as many as the statement may return.
    if (has_limit && !pushes_limit && query->rowMarks != NIL)
        return nullptr;
    if (pushes_limit) {
        push_limit(worker);
    } else {
        worker->limitCount = worker->limitOffset = nullptr;
        worker->limitOption = LIMIT_OPTION_COUNT;
        if (!worker->hasDistinctOn)
            worker->sortClause = NIL;
    }

    Query *above = copy_of(query);
    above->targetList = columns_above(query->targetList, worker->targetList);
    above->groupClause = above->groupingSets = above->windowClause = NIL;
    above->havingQual = nullptr;
    above->hasAggs = above->hasWindowFuncs = above->hasTargetSRFs = false;
    if (is_local_to_shards(locus.distinct)) {
        above->distinctClause = NIL;
        above->hasDistinctOn = false;
    }
    note_sublinks(above);
    WorkerQuery sent(worker);
    sent.merge_per_node();
    const bool repeats = query->distinctClause != NIL && !is_local_to_shards(locus.distinct);
    return sent.finish(locus, locus.windowed, repeats, above) ? above : nullptr;
}

// ---------------------------------------------------------------- groups built on the shards

struct GroupMapping {
    WorkerQuery *worker;
    const Query *query;
    bool is_disjoint = false; ///< no value of an aggregate over DISTINCT values is on two shards
    DistinctSets *sets = nullptr;
    bool failed = false;
};

::Node *fail(GroupMapping *mapping, ::Node *node) {
    mapping->failed = true;
    return node;
}

/// The clause that groups by this expression, as seen from the block itself.
const SortGroupClause *group_clause_of(const Query *query, ::Node *expr) {
    ListCell *cell;
    foreach (cell, query->groupClause) {
        auto *clause = lfirst_node(SortGroupClause, cell);
        if (equal(get_sortgroupclause_expr(clause, query->targetList), expr))
            return clause;
    }
    return nullptr;
}

Var *group_by(GroupMapping *mapping, ::Node *expr, const char *name, const SortGroupClause *clause) {
    Var *column = mapping->worker->group_column(expr, name, clause);
    mapping->sets->keep(column);
    return column;
}

/// A column that is not grouped by, but depends on those that are (a primary key): it makes no more groups.
::Node *dependent_column(Var *var, int level, GroupMapping *mapping) {
    Var *own = var_at_level(var, 0);
    const SortGroupClause *clause = group_clause_of(mapping->query, as_node(own));
    if (clause == nullptr) {
        if (!OidIsValid(lookup_type_cache(var->vartype, TYPECACHE_EQ_OPR)->eq_opr) ||
            !OidIsValid(lookup_type_cache(var->vartype, TYPECACHE_LT_OPR)->lt_opr))
            return fail(mapping, as_node(var));
        clause = default_grouping(var->vartype);
    }
    return as_node(var_at_level(group_by(mapping, as_node(own), "column", clause), level));
}

::Node *aggregate_above(const Aggref *aggregate, GroupMapping *mapping) {
    if (aggregate->aggdistinct != NIL && !mapping->is_disjoint)
        return mapping->sets->over_values(aggregate);
    return mapping->sets->over_partials(split_aggregate(aggregate, mapping->worker));
}

::Node *map_to_groups(::Node *node, int level, void *raw) {
    auto *mapping = static_cast<GroupMapping *>(raw);
    if (mapping->failed)
        return node;
    if (level == 0 && !IsA(node, List)) {
        const SortGroupClause *clause = group_clause_of(mapping->query, node);
        if (clause != nullptr)
            return as_node(group_by(mapping, node, "column", clause));
    }
    if (is_var_of_block(node, level))
        return dependent_column(castNode(Var, node), level, mapping);
    if (IsA(node, Aggref) && castNode(Aggref, node)->agglevelsup == static_cast<Index>(level)) {
        if (level > 0 || !can_split(castNode(Aggref, node)))
            return fail(mapping, node);
        return aggregate_above(castNode(Aggref, node), mapping);
    }
    return nullptr;
}

bool is_grouped(const Query *query) {
    return query->groupClause != NIL || query->hasAggs || query->havingQual != nullptr;
}

/// Whether an aggregate of the block is over DISTINCT values that several shards may have.
struct DistinctValues {
    const Query *query;
    const List *key_columns;
};

bool may_overlap(::Node *node, void *raw) {
    if (node == nullptr || IsA(node, Query))
        return false;
    const auto *values = static_cast<DistinctValues *>(raw);
    if (!IsA(node, Aggref) || castNode(Aggref, node)->aggdistinct == NIL)
        return walk_children(node, may_overlap, raw);
    const auto *aggregate = castNode(Aggref, node);
    if (!can_split_disjoint(aggregate))
        return true;
    auto *argument = as_node(copy_of(linitial_node(TargetEntry, aggregate->args)->expr));
    ::Node *column = strip_relabels(flatten_join_alias_vars(const_cast<Query *>(values->query), argument));
    // A cast may bring another equality along.
    const Oid equality = linitial_node(SortGroupClause, aggregate->aggdistinct)->eqop;
    return !list_member(values->key_columns, column) ||
           !op_in_opfamily(equality, hash_family_of_type(exprType(column)));
}

/// Not with grouping sets, whose smaller sets would count the values of their parts several times.
bool has_disjoint_values(const Query *query, const StatementLocus &locus) {
    DistinctValues values{query, locus.key_columns};
    return locus.key_columns != NIL && query->groupingSets == NIL &&
           !may_overlap(as_node(query->targetList), &values) && !may_overlap(query->havingQual, &values);
}

/// The two queries of a block whose groups are built on the shards.
struct GroupedBlock {
    WorkerQuery worker;
    Query *above;
    size_t distinct_sets = 0;
};

/// The shards group by all columns that GROUP BY names; grouping sets are made of these groups here.
/// separate: see DistinctSets; nothing when it is no better.
std::optional<GroupedBlock> split_groups(const Query *query, const StatementLocus &locus, bool separate) {
    GroupedBlock block{WorkerQuery::input_of(query), copy_of(query)};
    DistinctSets sets(query, &block.worker, separate);
    GroupMapping mapping{&block.worker, query, !separate && has_disjoint_values(query, locus), &sets};
    block.distinct_sets = mapping.is_disjoint ? 0 : sets.count();
    // Grouping columns come first, so that they exist even when nothing mentions them.
    ListCell *cell;
    foreach (cell, query->groupClause) {
        auto *clause = lfirst_node(SortGroupClause, cell);
        const auto *entry = get_sortgroupclause_tle(clause, query->targetList);
        group_by(&mapping, as_node(entry->expr), entry->resname != nullptr ? entry->resname : "column",
                 clause);
    }
    Query *above = block.above;
    above->targetList =
        reinterpret_cast<List *>(replace_in(as_node(above->targetList), map_to_groups, &mapping));
    above->havingQual = replace_in(above->havingQual, map_to_groups, &mapping);
    if (mapping.failed || (separate && !sets.finish()))
        return std::nullopt;
    Query *sent = block.worker.query();
    sent->hasAggs = contain_aggs_of_level(as_node(sent->targetList), 0);
    if (!is_local_to_shards(locus.sublinks) && checkExprHasSubLink(as_node(sent->targetList)))
        return std::nullopt;
    // Without groups and aggregates each shard would send all its rows.
    above->hasAggs =
        contain_aggs_of_level(as_node(above->targetList), 0) || contain_aggs_of_level(above->havingQual, 0);
    note_sublinks(above);
    block.worker.group_per_node();
    if (separate && !sets.is_better_separate(query, block.worker.senders(locus, locus.from)))
        return std::nullopt;
    return block;
}

Query *push_groups(const Query *query, const StatementLocus &locus) {
    auto block = split_groups(query, locus, false);
    if (!block.has_value())
        return nullptr;
    if (block->distinct_sets > 1)
        if (auto separate = split_groups(query, locus, true); separate.has_value())
            block = separate;
    return block->worker.finish(locus, locus.from, true, block->above) ? block->above : nullptr;
}

/// SELECT DISTINCT written with GROUP BY, so that a node sends a row once, whichever of its shards have it;
/// nullptr when it is not the same. With a LIMIT the shards can stop early instead.
const Query *distinct_as_groups(const Query *query, const StatementLocus &locus) {
    if (query->distinctClause == NIL || query->hasDistinctOn || is_local_to_shards(locus.distinct) ||
        is_grouped(query) || query->hasWindowFuncs || query->hasTargetSRFs ||
        query->setOperations != nullptr || query->rowMarks != NIL || query->limitCount != nullptr ||
        contain_volatile_functions(as_node(query->targetList)))
        return nullptr;
    Query *groups = copy_of(query);
    groups->groupClause = groups->distinctClause;
    groups->distinctClause = NIL;
    return groups;
}

// ---------------------------------------------------------------- rows pulled to the coordinator

const char *column_name(const Query *query, const Var *var) {
    const auto *rte = rt_fetch(var->varno, query->rtable);
    if (var->varattno <= 0 || var->varattno > list_length(rte->eref->colnames))
        return rte->eref->aliasname;
    return strVal(list_nth(rte->eref->colnames, var->varattno - 1));
}

::Node *map_to_columns(::Node *node, int level, void *raw) {
    auto *mapping = static_cast<GroupMapping *>(raw);
    if (!is_var_of_block(node, level))
        return nullptr;
    Var *own = var_at_level(castNode(Var, node), 0);
    return as_node(
        var_at_level(mapping->worker->column(as_node(own), column_name(mapping->query, own)), level));
}

Query *pull_rows(const Query *query, const StatementLocus &locus) {
    if (query->setOperations != nullptr)
        return nullptr;
    // As for the whole block: with a LIMIT above, rows would be locked that are not returned.
    if (query->rowMarks != NIL && (query->limitCount != nullptr || query->limitOffset != nullptr))
        return nullptr;
    WorkerQuery worker = WorkerQuery::input_of(query);
    GroupMapping mapping{&worker, query};
    Query *above = copy_of(query);
    above->targetList =
        reinterpret_cast<List *>(replace_in(as_node(above->targetList), map_to_columns, &mapping));
    above->havingQual = replace_in(above->havingQual, map_to_columns, &mapping);
    note_sublinks(above);
    worker.merge_per_node();
    return worker.finish(locus, locus.from, false, above) ? above : nullptr;
}

} // namespace

Query *push_down(const Query *query, const StatementLocus &locus) {
    if (query->commandType != CMD_SELECT || query->hasModifyingCTE)
        return nullptr;
    Query *above = nullptr;
    if (const Query *groups = distinct_as_groups(query, locus);
        groups != nullptr && is_local_to_shards(locus.from))
        above = push_groups(groups, locus);
    if (above == nullptr && is_local_to_shards(locus.windowed))
        above = push_whole_block(query, locus);
    if (above == nullptr && is_local_to_shards(locus.from)) {
        if (is_grouped(query) && query->setOperations == nullptr)
            above = push_groups(query, locus);
        if (above == nullptr)
            above = pull_rows(query, locus);
    }
    return above;
}

} // namespace citus
