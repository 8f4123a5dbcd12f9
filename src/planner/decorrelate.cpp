#include "decorrelate.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/pg/node.hpp"
#include "citus/pg/walker.hpp"
#include "citus/planner/locus.hpp"
#include "aggregates.hpp"
#include "flatten.hpp"
#include "locus_facts.hpp"
#include "motion.hpp"
#include "reduction.hpp"
#include "subblocks.hpp"

extern "C" {
#include "access/genam.h"
#include "access/stratnum.h"
#include "access/table.h"
#include "access/transam.h"
#include "catalog/pg_aggregate.h"
#include "optimizer/clauses.h"
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/fmgroids.h"
#include "utils/rel.h"
#include "utils/relcache.h"
#include "utils/typcache.h"
}

namespace citus {

namespace {

// ---------------------------------------------------------------- what may be rewritten

/// Aggregates that are NULL without any input.
bool is_null_without_input(const Aggref *aggregate) {
    static constexpr std::string_view kNames[] = {
        "sum",      "avg",     "min",        "max",       "stddev",   "stddev_pop", "stddev_samp",
        "variance", "var_pop", "var_samp",   "bool_and",  "bool_or",  "every",      "bit_and",
        "bit_or",   "bit_xor", "string_agg", "array_agg", "json_agg", "jsonb_agg"};
    const char *name =
        aggregate->aggfnoid < FirstNormalObjectId ? get_func_name(aggregate->aggfnoid) : nullptr;
    return name != nullptr && std::find(std::begin(kNames), std::end(kNames), name) != std::end(kNames);
}

bool is_null_over_nothing(::Node *expr);

bool any_is_null(List *args) {
    ListCell *cell;
    foreach (cell, args)
        if (is_null_over_nothing(as_node(lfirst(cell))))
            return true;
    return false;
}

/// Whether an expression over aggregates is NULL when no row is aggregated. Only what can't fail for groups
/// that nobody asks for: no division, no casts that check a range.
bool is_null_over_nothing(::Node *expr) {
    if (IsA(expr, Aggref))
        return is_null_without_input(castNode(Aggref, expr));
    if (IsA(expr, RelabelType))
        return is_null_over_nothing(as_node(castNode(RelabelType, expr)->arg));
    if (IsA(expr, OpExpr)) {
        const auto *op = castNode(OpExpr, expr);
        const char *name = op->opno < FirstNormalObjectId ? get_opname(op->opno) : nullptr;
        const bool is_safe = name != nullptr && strlen(name) == 1 && strchr("+-*", name[0]) != nullptr;
        return is_safe && op_strict(op->opno) && any_is_null(op->args);
    }
    return false;
}

bool has_only_harmless_parts(::Node *node, void *) {
    if (node == nullptr)
        return false;
    switch (nodeTag(node)) {
    case T_Aggref:
    case T_Const:
    case T_Param:
        return false;
    case T_OpExpr:
    case T_RelabelType:
    case T_List:
        return walk_children(node, has_only_harmless_parts, nullptr);
    case T_FuncExpr: {
        // Widening casts, as in 0.2 * avg(integer).
        const auto *call = castNode(FuncExpr, node);
        const Oid from = list_length(call->args) == 1 ? exprType(as_node(linitial(call->args))) : InvalidOid;
        const bool widens = (call->funcresulttype == NUMERICOID || call->funcresulttype == FLOAT8OID) &&
                            (from == INT2OID || from == INT4OID || from == INT8OID);
        return !widens || walk_children(node, has_only_harmless_parts, nullptr);
    }
    default:
        return true;
    }
}

bool is_count(::Node *expr) {
    return IsA(expr, Aggref) &&
           (castNode(Aggref, expr)->aggfnoid == F_COUNT_ || castNode(Aggref, expr)->aggfnoid == F_COUNT_ANY);
}

/// The value an aggregate expression has without input: NULL, 0 for count, the last part of COALESCE.
/// nullptr when it can't be told, or when it could be taken for the value of a group.
Const *value_over_nothing(::Node *expr) {
    if (is_count(expr))
        return makeConst(INT8OID, -1, InvalidOid, sizeof(int64), Int64GetDatum(0), false, FLOAT8PASSBYVAL);
    if (IsA(expr, CoalesceExpr)) {
        const auto *coalesce = castNode(CoalesceExpr, expr);
        auto *value = as_node(linitial(coalesce->args));
        ::Node *otherwise = eval_const_expressions(nullptr, copy_of(as_node(llast(coalesce->args))));
        const bool is_constant = list_length(coalesce->args) == 2 && IsA(otherwise, Const) &&
                                 !castNode(Const, otherwise)->constisnull;
        return is_constant && is_null_over_nothing(value) && !has_only_harmless_parts(value, nullptr)
                   ? castNode(Const, otherwise)
                   : nullptr;
    }
    if (!is_null_over_nothing(expr) || has_only_harmless_parts(expr, nullptr))
        return nullptr;
    return makeNullConst(exprType(expr), exprTypmod(expr), exprCollation(expr));
}

/// One aggregated value from FROM and WHERE, and nothing else.
bool is_single_aggregate(const Query *query) {
    if (query->commandType != CMD_SELECT || !query->hasAggs || query->setOperations != nullptr ||
        query->groupClause != NIL || query->groupingSets != NIL || query->havingQual != nullptr ||
        query->hasWindowFuncs || query->hasTargetSRFs || query->distinctClause != NIL || query->hasSubLinks ||
        query->limitCount != nullptr || query->limitOffset != nullptr || query->cteList != NIL ||
        query->rowMarks != NIL || list_length(query->targetList) != 1)
        return false;
    auto *value = as_node(linitial_node(TargetEntry, query->targetList)->expr);
    if (value_over_nothing(value) == nullptr)
        return false;
    return !contain_volatile_functions(as_node(const_cast<Query *>(query)));
}

// ---------------------------------------------------------------- the correlation

/// `inner = outer`, as it stands in the sub-select.
struct Correlation {
    OpExpr *condition;
    bool inner_is_left;

    ::Node *inner() const { return as_node(list_nth(condition->args, inner_is_left ? 0 : 1)); }
    ::Node *outer() const { return as_node(list_nth(condition->args, inner_is_left ? 1 : 0)); }
};

bool is_deterministic(Oid collation) {
    return !OidIsValid(collation) || get_collation_isdeterministic(collation);
}

/// Whether values that are equal in the sense of the operator are one group.
bool groups_alike(const Correlation &correlation) {
    const Oid type = exprType(correlation.inner());
    const TypeCacheEntry *entry =
        lookup_type_cache(type, TYPECACHE_BTREE_OPFAMILY | TYPECACHE_EQ_OPR | TYPECACHE_LT_OPR);
    return OidIsValid(entry->btree_opf) && OidIsValid(entry->eq_opr) && OidIsValid(entry->lt_opr) &&
           get_op_opfamily_strategy(correlation.condition->opno, entry->btree_opf) == BTEqualStrategyNumber &&
           op_strict(correlation.condition->opno) && is_deterministic(correlation.condition->inputcollid) &&
           is_deterministic(exprCollation(correlation.inner()));
}

std::optional<Correlation> read_correlation(::Node *condition) {
    if (!IsA(condition, OpExpr) || list_length(castNode(OpExpr, condition)->args) != 2 ||
        contain_subplans(condition))
        return std::nullopt;
    auto *op = castNode(OpExpr, condition);
    for (const bool inner_is_left : {true, false}) {
        const Correlation correlation{op, inner_is_left};
        const bool separate =
            contain_vars_of_level(correlation.inner(), 0) && !contain_vars_of_level(correlation.inner(), 1) &&
            contain_vars_of_level(correlation.outer(), 1) && !contain_vars_of_level(correlation.outer(), 0);
        if (separate && groups_alike(correlation))
            return correlation;
    }
    return std::nullopt;
}

/// Takes the conditions with the outer query out of WHERE. False when some can't be taken.
bool take_correlations(Query *sub, std::pmr::vector<Correlation> *taken) {
    List *kept = NIL;
    ListCell *cell;
    foreach (cell, conjuncts_of(sub->jointree->quals)) {
        auto *condition = as_node(lfirst(cell));
        if (!contain_vars_of_level(condition, 1)) {
            kept = lappend(kept, condition);
            continue;
        }
        const auto correlation = read_correlation(condition);
        if (!correlation.has_value())
            return false;
        taken->push_back(*correlation);
    }
    sub->jointree->quals = as_node(kept == NIL ? nullptr : make_ands_explicit(kept));
    return !taken->empty() && is_self_contained(sub);
}

// ---------------------------------------------------------------- the join

/// Adds a grouping column to the sub-select; its number.
AttrNumber group_by(Query *sub, ::Node *expr) {
    const auto number = static_cast<AttrNumber>(list_length(sub->targetList) + 1);
    auto *entry =
        makeTargetEntry(reinterpret_cast<Expr *>(copy_of(expr)), number, psprintf("g%d", number), false);
    entry->ressortgroupref = static_cast<Index>(number);
    SortGroupClause *clause = default_grouping(exprType(expr));
    clause->tleSortGroupRef = entry->ressortgroupref;
    sub->targetList = lappend(sub->targetList, entry);
    sub->groupClause = lappend(sub->groupClause, clause);
    return number;
}

Var *column_of(int varno, const Query *sub, AttrNumber number) {
    auto *expr = as_node(list_nth_node(TargetEntry, sub->targetList, number - 1)->expr);
    return makeVar(varno, number, exprType(expr), exprTypmod(expr), exprCollation(expr), 0);
}

RangeTblEntry *entry_of(Query *sub) {
    auto *rte = makeNode(RangeTblEntry);
    rte->rtekind = RTE_SUBQUERY;
    rte->subquery = sub;
    rte->alias = makeAlias("groups", NIL);
    rte->eref = makeAlias("groups", NIL);
    rte->inFromCl = true;
    ListCell *cell;
    foreach (cell, sub->targetList) {
        auto *entry = lfirst_node(TargetEntry, cell);
        if (entry->resname == nullptr)
            entry->resname = pstrdup("v");
        rte->eref->colnames = lappend(rte->eref->colnames, makeString(pstrdup(entry->resname)));
    }
    return rte;
}

void join_left(Query *query, int varno, List *conditions) {
    auto *reference = makeNode(RangeTblRef);
    reference->rtindex = varno;
    ::Node *rest = as_one_item(query, query->jointree->fromlist);
    query->jointree->fromlist = list_make1(new_join(query, JOIN_LEFT, rest, as_node(reference), conditions));
}

/// The condition with the outer query seen from that query, its inner side replaced.
OpExpr *condition_with(const Correlation &correlation, void *inner) {
    auto *condition = copy_of(correlation.condition);
    IncrementVarSublevelsUp(as_node(condition), -1, 1);
    lfirst(list_nth_cell(condition->args, correlation.inner_is_left ? 0 : 1)) = inner;
    return condition;
}

// ---------------------------------------------------------------- only the groups that are asked for

/// The expressions of the outer query, as it sees them, when all are of one relation; its number, or 0.
int outer_expressions(const std::pmr::vector<Correlation> &correlations, List **exprs) {
    int varno = 0;
    for (const Correlation &correlation : correlations) {
        auto *outer = copy_of(correlation.outer());
        IncrementVarSublevelsUp(outer, -1, 1);
        const int only = only_relation(outer);
        if (only == 0 || (varno != 0 && varno != only))
            return 0;
        varno = only;
        *exprs = lappend(*exprs, outer);
    }
    return varno;
}

bool runs_on_shards(const Query *query) {
    return !analyze_statement(query).from.is(core::Place::Coordinator) ||
           push_down_with_motions(query) != nullptr;
}

/// Leaves out, below the groups, rows of groups that no row of the outer relation has: what the outer query
/// demands of that relation is demanded here, too. Nothing changes when the shards could not do it.
void restrict_groups(const Query *query, Query *sub, const std::pmr::vector<Correlation> &correlations) {
    List *exprs = NIL;
    const int varno = outer_expressions(correlations, &exprs);
    Query *rows = varno == 0 ? nullptr : restricted_rows(query, varno, exprs);
    if (rows == nullptr)
        return;
    List *tests = NIL;
    for (size_t i = 0; i < correlations.size(); i++) {
        auto *test = test_with_column(correlations[i].condition, !correlations[i].inner_is_left, rows,
                                      static_cast<int>(i + 1));
        if (test == nullptr)
            return;
        tests = lappend(tests, test);
    }
    Query *restricted = copy_of(sub);
    restricted->hasSubLinks = true;
    List *conditions = conjuncts_of(restricted->jointree->quals);
    restricted->jointree->quals =
        as_node(make_ands_explicit(lappend(list_copy(conditions), in_sublink(rows, tests))));
    if (runs_on_shards(restricted))
        *sub = *restricted;
}

/// A copy of a sub-select over shards that gives a value and has this form, its correlations taken out; or
/// nullptr.
Query *without_correlations(const SubLink *sublink, bool (*has_form)(const Query *),
                            std::pmr::vector<Correlation> *correlations) {
    if (sublink->subLinkType != EXPR_SUBLINK || !has_form(castNode(Query, sublink->subselect)) ||
        !mentions_shards(sublink->subselect, nullptr))
        return nullptr;
    auto *sub = copy_of(castNode(Query, sublink->subselect));
    return take_correlations(sub, correlations) ? sub : nullptr;
}

/// The value of the sub-select as a column of a new join of the query, or nullptr.
::Node *as_join(Query *query, const SubLink *sublink) {
    std::pmr::vector<Correlation> correlations;
    Query *sub = without_correlations(sublink, is_single_aggregate, &correlations);
    if (sub == nullptr)
        return nullptr;
    auto *without_rows =
        copy_of(value_over_nothing(as_node(linitial_node(TargetEntry, sub->targetList)->expr)));
    sub->sortClause = NIL;
    restrict_groups(query, sub, correlations);
    const int varno = list_length(query->rtable) + 1;
    List *conditions = NIL;
    for (const Correlation &correlation : correlations) {
        const AttrNumber number = group_by(sub, correlation.inner());
        conditions = lappend(conditions, condition_with(correlation, column_of(varno, sub, number)));
    }
    query->rtable = lappend(query->rtable, entry_of(sub));
    join_left(query, varno, conditions);
    Var *value = column_of(varno, sub, 1);
    if (without_rows->constisnull)
        return as_node(value);
    // The value of a group is not NULL where that of no rows isn't.
    auto *coalesce = makeNode(CoalesceExpr);
    coalesce->coalescetype = value->vartype;
    coalesce->coalescecollid = value->varcollid;
    coalesce->args = list_make2(value, without_rows);
    coalesce->location = -1;
    return as_node(coalesce);
}

// ---------------------------------------------------------------- EXISTS

/// A sub-select of which only matters whether it has rows.
bool may_become_set(const Query *query) {
    return query->commandType == CMD_SELECT && query->setOperations == nullptr && !query->hasAggs &&
           query->groupClause == NIL && query->groupingSets == NIL && query->havingQual == nullptr &&
           !query->hasWindowFuncs && !query->hasTargetSRFs && query->limitCount == nullptr &&
           query->limitOffset == nullptr && query->cteList == NIL && query->rowMarks == NIL &&
           query->jointree->fromlist != NIL &&
           !contain_volatile_functions(as_node(const_cast<Query *>(query)));
}

/// The sub-select of an EXISTS as the set of values that the outer query compares, and the comparisons.
Query *set_of(const SubLink *sublink, std::pmr::vector<Correlation> *correlations) {
    if (sublink->subLinkType != EXISTS_SUBLINK || !may_become_set(castNode(Query, sublink->subselect)) ||
        !mentions_shards(sublink->subselect, nullptr))
        return nullptr;
    auto *sub = copy_of(castNode(Query, sublink->subselect));
    sub->targetList = sub->sortClause = sub->distinctClause = NIL;
    sub->hasDistinctOn = false;
    if (!take_correlations(sub, correlations))
        return nullptr;
    for (const Correlation &correlation : *correlations) {
        const auto number = static_cast<AttrNumber>(list_length(sub->targetList) + 1);
        sub->targetList =
            lappend(sub->targetList, makeTargetEntry(reinterpret_cast<Expr *>(copy_of(correlation.inner())),
                                                     number, psprintf("c%d", number), false));
    }
    return sub;
}

/// EXISTS as IN.
::Node *as_in(const SubLink *sublink) {
    std::pmr::vector<Correlation> correlations;
    Query *sub = set_of(sublink, &correlations);
    if (sub == nullptr)
        return nullptr;
    List *conditions = NIL;
    for (size_t i = 0; i < correlations.size(); i++) {
        OpExpr *test = test_with_column(correlations[i].condition, correlations[i].inner_is_left, sub,
                                        static_cast<int>(i + 1));
        if (test == nullptr)
            return nullptr;
        IncrementVarSublevelsUp(as_node(test), -1, 1);
        conditions = lappend(conditions, test);
    }
    return as_node(in_sublink(sub, conditions));
}

/// EXISTS as a join with the set of values, each once: whether that finds something.
::Node *as_found(Query *query, const SubLink *sublink, NullTestType type) {
    std::pmr::vector<Correlation> correlations;
    Query *sub = set_of(sublink, &correlations);
    if (sub == nullptr)
        return nullptr;
    const int varno = list_length(query->rtable) + 1;
    List *conditions = NIL;
    ListCell *cell;
    foreach (cell, sub->targetList) {
        auto *entry = lfirst_node(TargetEntry, cell);
        entry->ressortgroupref = static_cast<Index>(entry->resno);
        SortGroupClause *clause = default_grouping(exprType(as_node(entry->expr)));
        clause->tleSortGroupRef = entry->ressortgroupref;
        sub->distinctClause = lappend(sub->distinctClause, clause);
        conditions = lappend(conditions, condition_with(correlations[static_cast<size_t>(entry->resno) - 1],
                                                        column_of(varno, sub, entry->resno)));
    }
    query->rtable = lappend(query->rtable, entry_of(sub));
    join_left(query, varno, conditions);
    // The comparisons are strict: where there was a match, the value is none.
    auto *test = makeNode(NullTest);
    test->nulltesttype = type;
    test->arg = reinterpret_cast<Expr *>(column_of(varno, sub, 1));
    test->location = -1;
    return as_node(test);
}

void replace_exists(Query *query) {
    List *conditions = NIL;
    ListCell *cell;
    foreach (cell, conjuncts_of(query->jointree->quals)) {
        auto *condition = as_node(lfirst(cell));
        ::Node *replacement = nullptr;
        if (IsA(condition, SubLink))
            replacement = as_in(castNode(SubLink, condition));
        else if (IsA(condition, BoolExpr) && castNode(BoolExpr, condition)->boolop == NOT_EXPR &&
                 IsA(linitial(castNode(BoolExpr, condition)->args), SubLink))
            replacement =
                as_found(query, linitial_node(SubLink, castNode(BoolExpr, condition)->args), IS_NULL);
        conditions = lappend(conditions, replacement != nullptr ? replacement : condition);
    }
    query->jointree->quals = conditions == NIL ? nullptr : as_node(make_ands_explicit(conditions));
}

// ---------------------------------------------------------------- the first row

bool is_one(::Node *limit) {
    if (limit == nullptr)
        return false;
    ::Node *value = eval_const_expressions(nullptr, copy_of(limit));
    return IsA(value, Const) && !castNode(Const, value)->constisnull &&
           DatumGetInt64(castNode(Const, value)->constvalue) == 1;
}

/// `SELECT value FROM ... ORDER BY ... LIMIT 1`.
bool takes_first_row(const Query *query) {
    return query->commandType == CMD_SELECT && query->sortClause != NIL && is_one(query->limitCount) &&
           query->limitOffset == nullptr && query->limitOption == LIMIT_OPTION_COUNT &&
           query->setOperations == nullptr && !query->hasAggs && query->groupClause == NIL &&
           query->groupingSets == NIL && query->havingQual == nullptr && !query->hasWindowFuncs &&
           !query->hasTargetSRFs && query->distinctClause == NIL && query->cteList == NIL &&
           query->rowMarks == NIL && query->jointree->fromlist != NIL &&
           !contain_volatile_functions(as_node(const_cast<Query *>(query)));
}

/// The value of the first row for each value of the correlation, as a column of a new join, or nullptr.
::Node *as_first_row(Query *query, const SubLink *sublink) {
    std::pmr::vector<Correlation> correlations;
    Query *sub = without_correlations(sublink, takes_first_row, &correlations);
    if (sub == nullptr)
        return nullptr;
    sub->limitCount = nullptr;
    Index next_reference = 0;
    ListCell *cell;
    foreach (cell, sub->targetList) {
        auto *entry = lfirst_node(TargetEntry, cell);
        next_reference = std::max(next_reference, entry->ressortgroupref);
        entry->resjunk = false;
    }
    const int varno = list_length(query->rtable) + 1;
    List *conditions = NIL, *keys = NIL;
    for (const Correlation &correlation : correlations) {
        const auto number = static_cast<AttrNumber>(list_length(sub->targetList) + 1);
        auto *entry = makeTargetEntry(reinterpret_cast<Expr *>(copy_of(correlation.inner())), number,
                                      psprintf("g%d", number), false);
        entry->ressortgroupref = ++next_reference;
        sub->targetList = lappend(sub->targetList, entry);
        SortGroupClause *clause = default_grouping(exprType(correlation.inner()));
        clause->tleSortGroupRef = entry->ressortgroupref;
        keys = lappend(keys, clause);
        conditions = lappend(conditions, condition_with(correlation, column_of(varno, sub, number)));
    }
    sub->distinctClause = keys;
    sub->hasDistinctOn = true;
    sub->sortClause = list_concat(copy_of(keys), sub->sortClause);
    restrict_groups(query, sub, correlations);
    query->rtable = lappend(query->rtable, entry_of(sub));
    join_left(query, varno, conditions);
    return as_node(column_of(varno, sub, 1));
}

::Node *replace_sublinks(::Node *node, void *raw) {
    if (node == nullptr || IsA(node, Query))
        return node;
    if (IsA(node, SubLink)) {
        auto *query = static_cast<Query *>(raw);
        const auto *sublink = castNode(SubLink, node);
        ::Node *value = as_join(query, sublink);
        if (value == nullptr)
            value = as_first_row(query, sublink);
        if (value == nullptr)
            value = as_found(query, sublink, IS_NOT_NULL);
        if (value != nullptr)
            return value;
    }
    return mutate_children(node, replace_sublinks, raw);
}

// ---------------------------------------------------------------- when it is worth it

/// Whether a column by itself identifies rows of its table.
bool is_unique(Oid relid, AttrNumber column) {
    Relation relation = table_open(relid, NoLock);
    bool found = false;
    List *indexes = RelationGetIndexList(relation);
    ListCell *cell;
    foreach (cell, indexes) {
        Relation index = index_open(lfirst_oid(cell), AccessShareLock);
        const Form_pg_index form = index->rd_index;
        found |= form->indisunique && form->indnkeyatts == 1 && form->indkey.values[0] == column;
        index_close(index, AccessShareLock);
    }
    list_free(indexes);
    table_close(relation, NoLock);
    return found;
}

bool names_one_row(const Query *query, ::Node *column, ::Node *value) {
    if (!IsA(column, Var) || castNode(Var, column)->varlevelsup != 0 ||
        castNode(Var, column)->varattno <= 0 || contain_vars_of_level(value, 0) || contain_subplans(value))
        return false;
    const auto *rte = rt_fetch(castNode(Var, column)->varno, query->rtable);
    return rte->rtekind == RTE_RELATION && is_unique(rte->relid, castNode(Var, column)->varattno);
}

/// For one outer row, one look at its own group is cheaper than all groups.
bool has_few_rows(const Query *query) {
    ListCell *cell;
    foreach (cell, conjuncts_of(query->jointree->quals)) {
        auto *condition = as_node(lfirst(cell));
        if (!IsA(condition, OpExpr) || list_length(castNode(OpExpr, condition)->args) != 2)
            continue;
        ::Node *left = strip_relabels(as_node(linitial(castNode(OpExpr, condition)->args)));
        ::Node *right = strip_relabels(as_node(lsecond(castNode(OpExpr, condition)->args)));
        if (names_one_row(query, left, right) || names_one_row(query, right, left))
            return true;
    }
    return false;
}

/// Whether the block shows the order of the rows of a sub-select, which a join might lose.
bool may_show_order(const Query *query) {
    ListCell *cell;
    foreach (cell, query->rtable) {
        const auto *rte = lfirst_node(RangeTblEntry, cell);
        if (rte->rtekind == RTE_CTE || (rte->rtekind == RTE_SUBQUERY && rte->subquery->sortClause != NIL))
            return query->sortClause == NIL || query->hasAggs || query->hasWindowFuncs;
    }
    return false;
}

} // namespace

namespace {

bool may_be_rewritten(const Query *query) {
    return query->commandType == CMD_SELECT && query->hasSubLinks && query->setOperations == nullptr &&
           query->rowMarks == NIL && query->jointree->fromlist != NIL && !has_few_rows(query) &&
           !may_show_order(query);
}

/// [NOT] EXISTS that rows must meet: the standard planner makes a join of it, with an index on the other side
/// where few rows are looked up.
bool is_exists(::Node *condition) {
    if (IsA(condition, BoolExpr) && castNode(BoolExpr, condition)->boolop == NOT_EXPR)
        condition = as_node(linitial(castNode(BoolExpr, condition)->args));
    return IsA(condition, SubLink) && castNode(SubLink, condition)->subLinkType == EXISTS_SUBLINK;
}

} // namespace

void decorrelate_block(Query *query) {
    if (!may_be_rewritten(query))
        return;
    List *conditions = NIL;
    ListCell *cell;
    foreach (cell, conjuncts_of(query->jointree->quals)) {
        auto *condition = as_node(lfirst(cell));
        conditions =
            lappend(conditions, is_exists(condition) ? condition : replace_sublinks(condition, query));
    }
    query->jointree->quals = conditions == NIL ? nullptr : as_node(make_ands_explicit(conditions));
    // Above groups there is no row to join with; below a LIMIT few rows are looked at.
    if (query->groupClause == NIL && query->groupingSets == NIL && !query->hasAggs &&
        !query->hasWindowFuncs && query->limitCount == nullptr && query->limitOffset == nullptr)
        query->targetList = reinterpret_cast<List *>(replace_sublinks(as_node(query->targetList), query));
}

Query *as_joins(const Query *query) {
    if (query->commandType != CMD_SELECT || query->setOperations != nullptr || query->rowMarks != NIL ||
        query->jointree->fromlist == NIL)
        return nullptr;
    auto *copy = copy_of(query);
    bool changed = flatten_block(copy);
    if (may_be_rewritten(copy)) {
        const int relations = list_length(copy->rtable);
        const auto *before = copy_of(copy->jointree);
        replace_exists(copy);
        decorrelate_block(copy);
        changed |= list_length(copy->rtable) > relations || !equal(before, copy->jointree);
        flatten_block(copy);
    }
    return changed ? copy : nullptr;
}

} // namespace citus
