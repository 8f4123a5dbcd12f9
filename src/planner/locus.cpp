#include "citus/planner/locus.hpp"

#include "citus/pg/node.hpp"
#include "citus/pg/walker.hpp"
#include "citus/planner/pruning.hpp"
#include "locus_facts.hpp"
#include "motion_entry.hpp"

extern "C" {
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
}

namespace citus {

namespace {

using core::Context;
using core::Equivalences;
using core::JoinKind;
using core::Locus;
using core::Output;
using core::Place;
using core::Terms;

/// The loci of the steps of one query block.
struct Steps {
    Locus from, sublinks, grouped, windowed, distinct, whole;
};

bool find_sublinks(::Node *node, void *found) {
    if (node == nullptr || IsA(node, Query))
        return false;
    if (IsA(node, SubLink)) {
        auto *list = static_cast<List **>(found);
        *list = lappend(*list, node);
        return find_sublinks(castNode(SubLink, node)->testexpr, found);
    }
    return walk_children(node, find_sublinks, found);
}

List *sublinks_in(void *expr) {
    List *found = NIL;
    find_sublinks(as_node(expr), &found);
    return found;
}

class Analyzer {
public:
    StatementLocus run(const Query *query);

private:
    Block *make_block(Query *query, Block *parent, const Equivalences &outer_facts);
    static Block *block_of_subquery(void *raw, Block *block, RangeTblEntry *rte);

    Steps analyze(Block *block, const Equivalences &facts);
    Steps analyze_steps(Block *block, const Equivalences &facts, Locus from);
    Output output_of(Block *block, const Equivalences &outer_facts);
    Output select_output(Block *block, const Locus &locus, const Equivalences &facts);

    Locus from_item(Block *block, ::Node *item, const Equivalences &facts);
    Locus from_list(Block *block, FromExpr *from, const Equivalences &facts);
    Locus join_item(Block *block, JoinExpr *join, const Equivalences &facts);
    Locus inner_join(Block *block, JoinExpr *join, const Equivalences &facts);
    Locus range_table_entry(Block *block, int varno, const Equivalences &facts);
    Output subquery_output(Block *block, RangeTblEntry *rte, const Equivalences &facts);
    Locus relation(Block *block, int varno, const RangeTblEntry *rte);
    Locus moved_rows(Block *block, int varno, const MotionPlace &place);
    Locus pinned(Block *block, const Locus &locus, const Equivalences &facts);
    Locus rows_of(Block *block, int varno, const Output &output);
    Output cte(Block *block, const RangeTblEntry *rte);
    Output cte_output(Block *owner, CommonTableExpr *cte);

    Locus add_sublinks(Block *block, Locus locus, void *expr, const Equivalences &facts);
    Locus add_condition(Block *block, Locus locus, ::Node *condition, const Equivalences &facts);
    Locus add_own_conditions(Block *block, Locus locus, ::Node *jointree, const Equivalences &facts);
    Locus add_semi_join(Block *block, const Locus &locus, SubLink *sublink, const Equivalences &facts);
    struct SemiJoinMatch {
        core::Term left;
        size_t column; ///< of the sub-select
    };
    std::optional<SemiJoinMatch> semi_join_match(Block *block, ::Node *test);
    Output sublink_output(Block *block, const SubLink *sublink, const Equivalences &facts);

    Output set_operation(Block *block, ::Node *node, List *column_types, const Equivalences &facts);
    Locus group_by(Block *block, const Locus &locus, List *clauses, const Equivalences &facts);

    List *find_key_columns(Block *block, const Equivalences &facts, const Locus &from);
    void find_pruning(Block *block, const Equivalences &facts, StatementLocus *result);
    Locus with_modifying_ctes(Block *block, Locus locus, bool *found);
    Locus insert_of_values(Block *block);

    FactCollector collector() { return {&terms_, block_of_subquery, this}; }
    Context context_of(Block *block, const Equivalences &facts) { return {facts, block->externals}; }
    void note_anchor(const DistTable &table);

    struct CteState {
        CommonTableExpr *cte;
        bool in_progress;
        Output output;
    };

    TermTable terms_;
    std::pmr::vector<std::pair<RangeTblEntry *, Block *>> subquery_blocks_;
    std::pmr::vector<CteState> ctes_;
    std::pmr::vector<std::pair<int, Oid>> anchors_; ///< a table of each co-location group
    int next_block_ = 0;
};

// ---------------------------------------------------------------- blocks

Block *Analyzer::make_block(Query *query, Block *parent, const Equivalences &outer_facts) {
    simplify_block(query);
    return make_in<Block>(CurrentMemoryContext, Block{query, parent, outer_facts, {}, next_block_++});
}

Block *Analyzer::block_of_subquery(void *raw, Block *block, RangeTblEntry *rte) {
    auto *self = static_cast<Analyzer *>(raw);
    for (const auto &[known, found] : self->subquery_blocks_)
        if (known == rte)
            return found;
    self->subquery_blocks_.emplace_back(rte, self->make_block(rte->subquery, block, block->outer_facts));
    return self->subquery_blocks_.back().second;
}

Output coordinator_output(const List *columns) {
    const auto count = static_cast<size_t>(list_length(columns));
    return {Locus::coordinator(), std::pmr::vector<bool>(count, false), std::pmr::vector<bool>(count, false)};
}

/// Which output columns of a block are keys of its rows.
Output Analyzer::select_output(Block *block, const Locus &locus, const Equivalences &facts) {
    Output output{locus, {}, {}};
    const Query *query = block->query;
    const List *columns = query->commandType == CMD_SELECT ? query->targetList : query->returningList;
    ListCell *cell;
    foreach (cell, columns) {
        const auto *entry = lfirst_node(TargetEntry, cell);
        if (entry->resjunk)
            continue;
        const bool is_column = query->groupingSets == NIL && IsA(strip_relabels(as_node(entry->expr)), Var);
        const auto term = is_column ? terms_.column_expression(block, as_node(entry->expr)) : std::nullopt;
        output.keys.push_back(term.has_value() && facts.contains_class_of(locus.keys, *term));
        output.weak_keys.push_back(term.has_value() && facts.contains_class_of(locus.weak_keys, *term));
    }
    return output;
}

Output Analyzer::output_of(Block *block, const Equivalences &outer_facts) {
    Query *query = block->query;
    if (query->commandType == CMD_INSERT)
        return select_output(block, insert_of_values(block), outer_facts);
    if (query->commandType != CMD_SELECT && query->commandType != CMD_UPDATE &&
        query->commandType != CMD_DELETE)
        return coordinator_output(query->returningList);
    Equivalences facts = outer_facts;
    if (query->setOperations != nullptr) {
        auto *top = castNode(SetOperationStmt, query->setOperations);
        Output output = set_operation(block, query->setOperations, top->colTypes, facts);
        output.locus = analyze_steps(block, facts, output.locus).whole;
        return output;
    }
    collector().collect(block, as_node(query->jointree), &facts);
    return select_output(block, analyze(block, facts).whole, facts);
}

/// INSERT ... VALUES of one row: the group of its key. Anything else is not for one group.
Locus Analyzer::insert_of_values(Block *block) {
    const Query *query = block->query;
    const auto *rte = rt_fetch(query->resultRelation, query->rtable);
    const DistTable *table = find_dist_table(rte->relid);
    if (table == nullptr || query->jointree->fromlist != NIL || query->cteList != NIL || query->hasSubLinks)
        return Locus::coordinator();
    note_anchor(*table);
    if (table->kind == TableKind::SingleShard)
        return Locus::one_group(table->colocation_id, terms_.single_shard_group(block, table->colocation_id));
    if (table->kind != TableKind::Distributed)
        return Locus::coordinator();
    ListCell *cell;
    foreach (cell, query->targetList) {
        const auto *entry = lfirst_node(TargetEntry, cell);
        if (entry->resno != table->key_attno)
            continue;
        const auto term = terms_.column_expression(block, as_node(entry->expr));
        if (term.has_value() && getBaseType(exprType(as_node(entry->expr))) == table->key_type)
            return Locus::one_group(table->colocation_id, *term);
    }
    return Locus::coordinator();
}

// ---------------------------------------------------------------- FROM

void Analyzer::note_anchor(const DistTable &table) {
    for (const auto &[colocation, relid] : anchors_)
        if (colocation == table.colocation_id)
            return;
    anchors_.emplace_back(table.colocation_id, table.relid);
}

Locus Analyzer::relation(Block *block, int varno, const RangeTblEntry *rte) {
    const DistTable *table = find_dist_table(rte->relid);
    if (table == nullptr || rte->securityQuals != NIL)
        return Locus::coordinator();
    switch (table->kind) {
    case TableKind::Distributed:
        note_anchor(*table);
        return Locus::hashed(table->colocation_id, terms_.column(block, varno, table->key_attno));
    case TableKind::SingleShard:
        note_anchor(*table);
        return Locus::one_group(table->colocation_id, terms_.single_shard_group(block, table->colocation_id));
    case TableKind::Reference:
        return Locus::anywhere(rte->tablesample != nullptr);
    case TableKind::Local:
        break;
    }
    return Locus::coordinator();
}

/// Rows that a motion puts where the algebra wants them.
Locus Analyzer::moved_rows(Block *block, int varno, const MotionPlace &place) {
    if (place.is_broadcast)
        return Locus::anywhere();
    const auto known = [&](const auto &anchor) { return anchor.first == place.colocation; };
    if (std::none_of(anchors_.begin(), anchors_.end(), known))
        anchors_.emplace_back(place.colocation, place.anchor);
    return Locus::hashed(place.colocation, terms_.column(block, varno, static_cast<AttrNumber>(place.key)));
}

/// Among moved rows a value does not tell the shard: it is hashed as the key of no table.
Locus Analyzer::pinned(Block *block, const Locus &locus, const Equivalences &facts) {
    if (locus.colocation >= 0)
        return core::pinned(locus, context_of(block, facts));
    Terms columns;
    for (const core::Term term : block->externals)
        if (terms_.value_of(term) == nullptr && !terms_.is_null_value(term))
            columns.push_back(term);
    return core::pinned(locus, {facts, columns});
}

/// The locus of a subquery or CTE, its key columns named as columns of the range table entry.
Locus Analyzer::rows_of(Block *block, int varno, const Output &output) {
    Locus locus = output.locus;
    locus.keys.clear();
    locus.weak_keys.clear();
    for (size_t i = 0; i < output.keys.size(); i++) {
        const auto column = [&] { return terms_.column(block, varno, static_cast<AttrNumber>(i + 1)); };
        if (output.keys[i])
            locus.keys.push_back(column());
        else if (output.weak_keys[i])
            locus.weak_keys.push_back(column());
    }
    return locus;
}

Output Analyzer::subquery_output(Block *block, RangeTblEntry *rte, const Equivalences &facts) {
    Block *inner = block_of_subquery(this, block, rte);
    inner->outer_facts = facts;
    return output_of(inner, facts);
}

Locus Analyzer::range_table_entry(Block *block, int varno, const Equivalences &facts) {
    auto *rte = rt_fetch(varno, block->query->rtable);
    switch (rte->rtekind) {
    case RTE_RELATION:
        return relation(block, varno, rte);
    case RTE_SUBQUERY:
        if (rte->security_barrier)
            return Locus::coordinator();
        return rows_of(block, varno, subquery_output(block, rte, facts));
    case RTE_CTE:
        return rows_of(block, varno, cte(block, rte));
    case RTE_FUNCTION:
        if (const int number = motion_number(rte); number >= 0)
            return moved_rows(block, varno, motion_place(number));
        return add_sublinks(block, Locus::anywhere(contain_volatile_functions(as_node(rte->functions))),
                            rte->functions, facts);
    case RTE_VALUES:
        return add_sublinks(block, Locus::anywhere(contain_volatile_functions(as_node(rte->values_lists))),
                            rte->values_lists, facts);
    case RTE_RESULT:
        return Locus::anywhere();
    default:
        return Locus::coordinator();
    }
}

Locus Analyzer::inner_join(Block *block, JoinExpr *expr, const Equivalences &facts) {
    const Locus left = from_item(block, expr->larg, facts);
    const Locus right = from_item(block, expr->rarg, facts);
    return core::join(JoinKind::Inner, left, right, context_of(block, facts));
}

/// Sublinks in the conditions of a piece of a jointree, those of outer joins in it excepted.
Locus Analyzer::add_own_conditions(Block *block, Locus locus, ::Node *jointree, const Equivalences &facts) {
    ListCell *cell;
    foreach (cell, strong_conditions(jointree))
        locus = add_condition(block, locus, as_node(lfirst(cell)), facts);
    return locus;
}

Locus Analyzer::join_item(Block *block, JoinExpr *expr, const Equivalences &facts) {
    if (expr->jointype == JOIN_INNER)
        return inner_join(block, expr, facts);
    if (expr->jointype != JOIN_LEFT && expr->jointype != JOIN_FULL)
        return Locus::coordinator();
    const bool is_full = expr->jointype == JOIN_FULL;
    const auto collect = collector();
    Equivalences left_facts = facts, right_facts = facts;
    collect.collect(block, expr->larg, &left_facts);
    collect.collect(block, expr->rarg, &right_facts);
    // What holds for a pair of rows that meet.
    Equivalences match = left_facts;
    collect.collect(block, expr->rarg, &match);
    ListCell *cell;
    foreach (cell, conjuncts_of(expr->quals))
        collect.add_condition(block, as_node(lfirst(cell)), nullptr, &match);

    Locus left = from_item(block, expr->larg, left_facts);
    if (is_full)
        left = add_own_conditions(block, left, expr->larg, left_facts);
    // Rows of the right side of a left join matter only where they meet a left row.
    const Equivalences &of_right = is_full ? right_facts : match;
    const Locus right =
        add_own_conditions(block, from_item(block, expr->rarg, of_right), expr->rarg, of_right);
    Locus joined =
        core::join(is_full ? JoinKind::Full : JoinKind::Left, left, right, context_of(block, match));
    joined = add_sublinks(block, joined, expr->quals, match);
    return contain_volatile_functions(expr->quals) ? core::with_volatile(joined) : joined;
}

Locus Analyzer::from_item(Block *block, ::Node *item, const Equivalences &facts) {
    if (IsA(item, FromExpr))
        return from_list(block, castNode(FromExpr, item), facts);
    if (IsA(item, JoinExpr))
        return join_item(block, castNode(JoinExpr, item), facts);
    const Locus locus = range_table_entry(block, castNode(RangeTblRef, item)->rtindex, facts);
    return pinned(block, locus, facts);
}

/// Joins the items of a FROM list in whatever order keeps them on the shards.
Locus Analyzer::from_list(Block *block, FromExpr *from, const Equivalences &facts) {
    std::pmr::vector<Locus> items;
    ListCell *cell;
    foreach (cell, from->fromlist)
        items.push_back(from_item(block, as_node(lfirst(cell)), facts));
    if (items.empty())
        return Locus::anywhere();
    Locus result = items.front();
    items.erase(items.begin());
    while (!items.empty()) {
        const auto joined_with = [&](const Locus &item) {
            return core::join(JoinKind::Inner, result, item, context_of(block, facts));
        };
        const auto next = std::find_if(items.begin(), items.end(), [&](const Locus &item) {
            return !joined_with(item).is(Place::Coordinator);
        });
        if (next == items.end())
            return Locus::coordinator();
        result = joined_with(*next);
        items.erase(next);
    }
    return result;
}

// ---------------------------------------------------------------- CTEs

Output Analyzer::cte_output(Block *owner, CommonTableExpr *cte) {
    Block *block = make_block(castNode(Query, cte->ctequery), owner, owner->outer_facts);
    Output output = output_of(block, owner->outer_facts);
    // The rows of one round may meet those of another shard in the next.
    if (cte->cterecursive && output.locus.is(Place::Hashed))
        output.locus = Locus::coordinator();
    return output;
}

Output Analyzer::cte(Block *block, const RangeTblEntry *rte) {
    Block *owner = block;
    for (Index level = 0; level < rte->ctelevelsup && owner != nullptr; level++)
        owner = owner->parent;
    CommonTableExpr *found = nullptr;
    ListCell *cell;
    if (owner != nullptr)
        foreach (cell, owner->query->cteList)
            if (strcmp(lfirst_node(CommonTableExpr, cell)->ctename, rte->ctename) == 0)
                found = lfirst_node(CommonTableExpr, cell);
    if (found == nullptr)
        return coordinator_output(rte->coltypes);
    for (const CteState &state : ctes_)
        if (state.cte == found) {
            if (!state.in_progress)
                return state.output;
            const auto columns = static_cast<size_t>(list_length(rte->coltypes));
            return {Locus::anywhere(), std::pmr::vector<bool>(columns, false),
                    std::pmr::vector<bool>(columns, false)};
        }
    ctes_.push_back({found, true, {}});
    const size_t position = ctes_.size() - 1;
    const Output output = cte_output(owner, found);
    ctes_[position].output = output;
    ctes_[position].in_progress = false;
    return output;
}

/// Whether a table's rows have one copy, so that a write to one group is all of the write.
bool is_in_one_place(Oid relid) {
    const DistTable *table = find_dist_table(relid);
    return table != nullptr &&
           (table->kind == TableKind::Distributed || table->kind == TableKind::SingleShard);
}

/// CTEs that write run once whether they are used or not: they must all be in the group of the statement.
Locus Analyzer::with_modifying_ctes(Block *block, Locus locus, bool *found) {
    ListCell *cell;
    foreach (cell, block->query->cteList) {
        auto *expr = lfirst_node(CommonTableExpr, cell);
        const auto *query = castNode(Query, expr->ctequery);
        if (query->commandType == CMD_SELECT)
            continue;
        *found = true;
        if (!is_in_one_place(rt_fetch(query->resultRelation, query->rtable)->relid))
            return Locus::coordinator();
        RangeTblEntry reference{};
        reference.ctename = expr->ctename;
        reference.coltypes = expr->ctecoltypes;
        const Locus written = cte(block, &reference).locus;
        if (!written.is(Place::OneGroup))
            return Locus::coordinator();
        locus = core::join(JoinKind::Inner, locus, written, context_of(block, block->outer_facts));
    }
    return locus;
}

// ---------------------------------------------------------------- sub-selects in expressions

Output Analyzer::sublink_output(Block *block, const SubLink *sublink, const Equivalences &facts) {
    auto *query = castNode(Query, sublink->subselect);
    return output_of(make_block(query, block, facts), facts);
}

Locus Analyzer::add_sublinks(Block *block, Locus locus, void *expr, const Equivalences &facts) {
    ListCell *cell;
    foreach (cell, sublinks_in(expr)) {
        const Locus sub = sublink_output(block, lfirst_node(SubLink, cell), facts).locus;
        locus = core::with_sublink(locus, sub, context_of(block, facts));
    }
    return locus;
}

/// `column IN (SELECT ...)` as a condition that rows must meet.
Locus Analyzer::add_semi_join(Block *block, const Locus &locus, SubLink *sublink, const Equivalences &facts) {
    const Output sub = sublink_output(block, sublink, facts);
    Locus best = core::with_sublink(locus, sub.locus, context_of(block, facts));
    ListCell *cell;
    foreach (cell, conjuncts_of(sublink->testexpr)) {
        if (!best.is(Place::Coordinator))
            break;
        const auto match = semi_join_match(block, as_node(lfirst(cell)));
        if (!match.has_value())
            continue;
        const bool is_key = sub.keys[match->column] || sub.weak_keys[match->column];
        best = core::with_semi_join(locus, sub.locus, match->left, is_key, context_of(block, facts));
    }
    return best;
}

/// `column = <column of the sub-select>` where equal values hash alike.
std::optional<Analyzer::SemiJoinMatch> Analyzer::semi_join_match(Block *block, ::Node *test) {
    if (!IsA(test, OpExpr) || list_length(castNode(OpExpr, test)->args) != 2)
        return std::nullopt;
    const auto *op = castNode(OpExpr, test);
    ::Node *left = strip_relabels(as_node(linitial(op->args)));
    ::Node *right = strip_relabels(as_node(lsecond(op->args)));
    if (!IsA(left, Var) || castNode(Var, left)->varlevelsup != 0 || !IsA(right, Param) ||
        castNode(Param, right)->paramkind != PARAM_SUBLINK)
        return std::nullopt;
    const Oid family = equality_family(op->opno, exprType(left), exprType(right), op->inputcollid);
    const auto term = terms_.expression(block, left, family);
    if (!term.has_value())
        return std::nullopt;
    return SemiJoinMatch{*term, static_cast<size_t>(castNode(Param, right)->paramid - 1)};
}

Locus Analyzer::add_condition(Block *block, Locus locus, ::Node *condition, const Equivalences &facts) {
    const bool is_in = IsA(condition, SubLink) && castNode(SubLink, condition)->subLinkType == ANY_SUBLINK;
    if (is_in && sublinks_in(castNode(SubLink, condition)->testexpr) == NIL)
        locus = add_semi_join(block, locus, castNode(SubLink, condition), facts);
    else
        locus = add_sublinks(block, locus, condition, facts);
    return contain_volatile_functions(condition) ? core::with_volatile(locus) : locus;
}

// ---------------------------------------------------------------- set operations

core::SetOperation operation_of(const SetOperationStmt *statement) {
    switch (statement->op) {
    case SETOP_INTERSECT:
        return statement->all ? core::SetOperation::IntersectAll : core::SetOperation::Intersect;
    case SETOP_EXCEPT:
        return statement->all ? core::SetOperation::ExceptAll : core::SetOperation::Except;
    default:
        return statement->all ? core::SetOperation::UnionAll : core::SetOperation::Union;
    }
}

Output Analyzer::set_operation(Block *block, ::Node *node, List *column_types, const Equivalences &facts) {
    if (IsA(node, SetOperationStmt)) {
        auto *statement = castNode(SetOperationStmt, node);
        const Output left = set_operation(block, statement->larg, statement->colTypes, facts);
        const Output right = set_operation(block, statement->rarg, statement->colTypes, facts);
        Output combined = core::combine(operation_of(statement), left, right, context_of(block, facts));
        for (size_t i = 0; i < combined.keys.size(); i++)
            if (list_nth_oid(statement->colTypes, static_cast<int>(i)) !=
                list_nth_oid(column_types, static_cast<int>(i)))
                combined.keys[i] = combined.weak_keys[i] = false;
        return combined;
    }
    auto *rte = rt_fetch(castNode(RangeTblRef, node)->rtindex, block->query->rtable);
    Output output = subquery_output(block, rte, facts);
    size_t i = 0;
    ListCell *cell;
    foreach (cell, rte->subquery->targetList) {
        const auto *entry = lfirst_node(TargetEntry, cell);
        if (entry->resjunk)
            continue;
        // A column that the set operation converts may hash differently afterwards.
        if (exprType(as_node(entry->expr)) != list_nth_oid(column_types, static_cast<int>(i)))
            output.keys[i] = output.weak_keys[i] = false;
        i++;
    }
    return output;
}

// ---------------------------------------------------------------- the steps above FROM

Locus Analyzer::group_by(Block *block, const Locus &locus, List *clauses, const Equivalences &facts) {
    Terms columns;
    ListCell *cell;
    foreach (cell, clauses) {
        auto *entry = get_sortgroupclause_tle(lfirst_node(SortGroupClause, cell), block->query->targetList);
        if (!IsA(strip_relabels(as_node(entry->expr)), Var))
            continue;
        const auto term = terms_.column_expression(block, as_node(entry->expr));
        if (term.has_value())
            columns.push_back(*term);
    }
    return core::grouped(locus, columns, context_of(block, facts));
}

/// The only relation, subquery, ... in FROM, or nullptr.
const RangeTblEntry *only_relation(const Query *query) {
    if (list_length(query->jointree->fromlist) != 1 || !IsA(linitial(query->jointree->fromlist), RangeTblRef))
        return nullptr;
    return rt_fetch(linitial_node(RangeTblRef, query->jointree->fromlist)->rtindex, query->rtable);
}

const Query *cte_query(const Query *query, const char *name) {
    ListCell *cell;
    foreach (cell, query->cteList)
        if (strcmp(lfirst_node(CommonTableExpr, cell)->ctename, name) == 0)
            return castNode(Query, lfirst_node(CommonTableExpr, cell)->ctequery);
    return nullptr;
}

/// Aggregates whose result depends on the order of their input, or on which of equal values comes first.
bool is_order_dependent(::Node *node, void *) {
    if (node == nullptr || IsA(node, Query))
        return false;
    if (IsA(node, Aggref)) {
        static constexpr std::string_view kStable[] = {"count", "sum",      "avg",     "min",     "max",
                                                       "every", "bool_and", "bool_or", "bit_and", "bit_or"};
        const char *name = get_func_name(castNode(Aggref, node)->aggfnoid);
        const bool stable =
            name != nullptr && std::find(std::begin(kStable), std::end(kStable), name) != std::end(kStable);
        const Oid type = castNode(Aggref, node)->aggtype;
        return !stable || type == FLOAT4OID || type == FLOAT8OID;
    }
    return walk_children(node, is_order_dependent, nullptr);
}

Steps Analyzer::analyze_steps(Block *block, const Equivalences &facts, Locus from) {
    Query *query = block->query;
    Steps steps;
    steps.from = from;

    Locus locus = from;
    for (void *expr : {static_cast<void *>(query->targetList), static_cast<void *>(query->havingQual),
                       static_cast<void *>(query->limitCount), static_cast<void *>(query->limitOffset),
                       static_cast<void *>(query->windowClause), static_cast<void *>(query->returningList)}) {
        locus = add_sublinks(block, locus, expr, facts);
        if (contain_volatile_functions(as_node(expr)))
            locus = core::with_volatile(locus);
    }
    steps.sublinks = locus;

    if (query->groupingSets != NIL)
        locus = core::grouped(locus, {}, context_of(block, facts));
    else if (query->groupClause != NIL || query->hasAggs || query->havingQual != nullptr)
        locus = group_by(block, locus, query->groupClause, facts);
    if (query->hasAggs && locus.is(Place::Anywhere) &&
        (is_order_dependent(as_node(query->targetList), nullptr) ||
         is_order_dependent(query->havingQual, nullptr)))
        locus.once = true;
    steps.grouped = locus;

    if (query->hasWindowFuncs) {
        ListCell *cell;
        foreach (cell, query->windowClause)
            locus = group_by(block, locus, lfirst_node(WindowClause, cell)->partitionClause, facts);
        locus = locus.is(Place::Anywhere) ? core::limited(locus) : locus;
    }
    steps.windowed = locus;

    if (query->distinctClause != NIL)
        locus = group_by(block, locus, query->distinctClause, facts);
    if (query->hasDistinctOn && locus.is(Place::Anywhere))
        locus = core::limited(locus);
    steps.distinct = locus;

    const bool is_limited = query->limitCount != nullptr || query->limitOffset != nullptr;
    steps.whole = is_limited ? core::limited(locus) : locus;
    return steps;
}

/// Whether the rows of a query come in an order that it asks for.
bool is_sorted(const Query *query) {
    if (query->sortClause != NIL)
        return true;
    if (query->hasAggs || query->groupClause != NIL || query->distinctClause != NIL ||
        query->setOperations != nullptr)
        return false;
    const RangeTblEntry *only = only_relation(query);
    return only != nullptr && only->rtekind == RTE_SUBQUERY && is_sorted(only->subquery);
}

} // namespace

bool shows_input_order(const Query *query) {
    const RangeTblEntry *only = only_relation(query);
    if (only == nullptr)
        return false;
    const Query *input = only->rtekind == RTE_SUBQUERY ? only->subquery : nullptr;
    if (only->rtekind == RTE_CTE && only->ctelevelsup == 0)
        input = cte_query(query, only->ctename);
    if (input == nullptr || !is_sorted(input))
        return false;
    if (query->hasAggs)
        return is_order_dependent(as_node(query->targetList), nullptr) ||
               is_order_dependent(query->havingQual, nullptr);
    return query->hasWindowFuncs ||
           (query->sortClause == NIL && query->groupClause == NIL && query->distinctClause == NIL);
}

namespace {

Steps Analyzer::analyze(Block *block, const Equivalences &facts) {
    FromExpr *from = block->query->jointree;
    Locus locus = from_list(block, from, facts);
    if (locus.is(Place::Hashed) && shows_input_order(block->query))
        locus = Locus::coordinator();
    return analyze_steps(block, facts, add_own_conditions(block, locus, as_node(from), facts));
}

// ---------------------------------------------------------------- the statement

/// One-group statements name their shard by a value; hashed ones may still say which shards matter.
void Analyzer::find_pruning(Block *block, const Equivalences &facts, StatementLocus *result) {
    // Over reference tables only, a sub-select may be what ties the statement to a group.
    const Locus &locus = result->from.is(Place::Anywhere) ? result->sublinks : result->from;
    if (locus.is(Place::OneGroup)) {
        for (const core::Term pin : locus.pins) {
            Expr *value = terms_.value_of(pin);
            if (value == nullptr && !terms_.is_null_value(pin))
                continue;
            result->prunes = true;
            result->prune_items =
                list_make1(value == nullptr ? make_prune_item(PruneKind::IsNull, nullptr)
                                            : make_prune_item(PruneKind::Equal, expression_planner(value)));
            return;
        }
        return;
    }
    if (!locus.is(Place::Hashed) || block->query->setOperations != nullptr)
        return;
    auto *jointree = as_node(block->query->jointree);
    const Relids strong = strong_relations(jointree);
    for (int index = -1; (index = bms_next_member(strong, index)) >= 0;) {
        const auto *rte = rt_fetch(index, block->query->rtable);
        const DistTable *table = rte->rtekind == RTE_RELATION ? find_dist_table(rte->relid) : nullptr;
        if (table == nullptr || table->colocation_id != locus.colocation || !table->has_key() ||
            !facts.contains_class_of(locus.keys, terms_.column(block, index, table->key_attno)))
            continue;
        List *own = NIL;
        ListCell *cell;
        foreach (cell, strong_conditions(jointree)) {
            const Relids used = pull_varnos(nullptr, as_node(lfirst(cell)));
            if (bms_membership(used) == BMS_SINGLETON && bms_is_member(index, used) &&
                sublinks_in(lfirst(cell)) == NIL)
                own = lappend(own, lfirst(cell));
        }
        if (find_prune_items(*table, static_cast<Index>(index), own, &result->prune_items)) {
            result->prunes = true;
            result->anchor = table->relid;
            return;
        }
    }
}

bool has_distinct_aggregate(::Node *node, void *) {
    if (node == nullptr || IsA(node, Query))
        return false;
    return (IsA(node, Aggref) && castNode(Aggref, node)->aggdistinct != NIL) ||
           walk_children(node, has_distinct_aggregate, nullptr);
}

List *Analyzer::find_key_columns(Block *block, const Equivalences &facts, const Locus &from) {
    List *found = NIL;
    if (!from.is(Place::Hashed))
        return NIL;
    constexpr int kEverywhere = PVC_RECURSE_AGGREGATES | PVC_RECURSE_WINDOWFUNCS | PVC_RECURSE_PLACEHOLDERS;
    List *used = list_concat(pull_var_clause(as_node(block->query->targetList), kEverywhere),
                             pull_var_clause(block->query->havingQual, kEverywhere));
    ListCell *cell;
    foreach (cell, used) {
        const auto term = terms_.column_expression(block, as_node(lfirst(cell)));
        if (term.has_value() &&
            (facts.contains_class_of(from.keys, *term) || facts.contains_class_of(from.weak_keys, *term)))
            found = lappend(found, lfirst(cell));
    }
    return found;
}

StatementLocus Analyzer::run(const Query *query) {
    StatementLocus result;
    auto *copy = static_cast<Query *>(copyObjectImpl(query));
    Block *block = make_block(copy, nullptr, {});
    Equivalences facts;
    Steps steps;
    if (copy->setOperations != nullptr) {
        auto *top = castNode(SetOperationStmt, copy->setOperations);
        steps = analyze_steps(block, facts,
                              set_operation(block, copy->setOperations, top->colTypes, facts).locus);
    } else {
        collector().collect(block, as_node(copy->jointree), &facts);
        steps = analyze(block, facts);
    }
    Locus *all[] = {&steps.from,     &steps.sublinks, &steps.grouped,
                    &steps.windowed, &steps.distinct, &steps.whole};
    for (Locus *step : all)
        *step = with_modifying_ctes(block, *step, &result.has_modifying_cte);
    result.from = steps.from;
    result.sublinks = steps.sublinks;
    result.grouped = steps.grouped;
    result.windowed = steps.windowed;
    result.distinct = steps.distinct;
    result.whole = steps.whole;
    // Only aggregates over DISTINCT values ask for them.
    if (query->hasAggs && query->setOperations == nullptr &&
        (has_distinct_aggregate(as_node(query->targetList), nullptr) ||
         has_distinct_aggregate(query->havingQual, nullptr)))
        result.key_columns = find_key_columns(block, facts, steps.from);
    const Locus &located = result.from.is(Place::Anywhere) ? result.sublinks : result.from;
    for (const auto &[colocation, relid] : anchors_)
        if (colocation == located.colocation && !located.is(Place::Anywhere))
            result.anchor = relid;
    find_pruning(block, facts, &result);
    return result;
}

} // namespace

StatementLocus analyze_statement(const Query *query) {
    Analyzer analyzer;
    return analyzer.run(query);
}

} // namespace citus
