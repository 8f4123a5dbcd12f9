#include "distinct_sets.hpp"

#include "citus/pg/node.hpp"
#include "citus/pg/walker.hpp"
#include "aggregates.hpp"
#include "estimates.hpp"

extern "C" {
#include "catalog/pg_operator.h"
#include "nodes/makefuncs.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
}

namespace citus {

namespace {

/// GROUPING() takes no more.
constexpr int kMostColumns = 31;

bool is_subset(const List *part, const List *whole) {
    ListCell *cell;
    foreach (cell, part)
        if (!list_member(whole, lfirst(cell)))
            return false;
    return true;
}

List *arguments_of(const Aggref *aggregate) {
    List *arguments = NIL;
    ListCell *cell;
    foreach (cell, aggregate->args)
        arguments = lappend(arguments, lfirst_node(TargetEntry, cell)->expr);
    return arguments;
}

const SortGroupClause *clause_of(const Aggref *aggregate, const TargetEntry *argument) {
    ListCell *cell;
    foreach (cell, aggregate->aggdistinct)
        if (lfirst_node(SortGroupClause, cell)->tleSortGroupRef == argument->ressortgroupref)
            return lfirst_node(SortGroupClause, cell);
    return nullptr;
}

bool may_be_repeated(const List *exprs) {
    return !contain_volatile_functions(as_node(exprs)) && !checkExprHasSubLink(as_node(exprs));
}

/// Whether GROUPING() finds an expression among those grouped by, after both were printed and read again.
bool can_be_marked(::Node *expr) {
    return may_be_repeated(list_make1(expr)) && !bms_is_empty(pull_varnos(nullptr, expr)) &&
           exprType(expr) != RECORDOID;
}

Expr *both(Expr *left, Expr *right) {
    return left == nullptr ? right : reinterpret_cast<Expr *>(make_and_qual(as_node(left), as_node(right)));
}

Const *mark_constant() {
    return makeConst(INT4OID, -1, InvalidOid, sizeof(int32), Int32GetDatum(0), false, true);
}

Expr *equals_mark(::Node *mark, Const *value) {
    Expr *test = make_opclause(Int4EqualOperator, BOOLOID, false, reinterpret_cast<Expr *>(mark),
                               reinterpret_cast<Expr *>(value), InvalidOid, InvalidOid);
    set_opfuncid(reinterpret_cast<OpExpr *>(test));
    return test;
}

/// CASE WHEN condition THEN value END
Expr *only_when(Expr *condition, ::Node *value) {
    auto *branch = makeNode(CaseWhen);
    branch->expr = condition;
    branch->result = reinterpret_cast<Expr *>(value);
    branch->location = -1;
    auto *choice = makeNode(CaseExpr);
    choice->casetype = exprType(value);
    choice->casecollid = exprCollation(value);
    choice->args = list_make1(branch);
    choice->defresult =
        reinterpret_cast<Expr *>(makeNullConst(choice->casetype, exprTypmod(value), choice->casecollid));
    choice->location = -1;
    return reinterpret_cast<Expr *>(choice);
}

struct PartialFilter {
    Expr *test;
};

bool add_filter(::Node *node, void *raw) {
    if (node == nullptr)
        return false;
    if (!IsA(node, Aggref))
        return walk_children(node, add_filter, raw);
    auto *aggregate = castNode(Aggref, node);
    aggregate->aggfilter = both(aggregate->aggfilter, static_cast<PartialFilter *>(raw)->test);
    return false;
}

List *as_references(const Bitmapset *columns) {
    List *references = NIL;
    for (int column = -1; (column = bms_next_member(columns, column)) >= 0;)
        references = lappend_int(references, column);
    return references;
}

GroupingSet *grouping_set(const Bitmapset *columns) {
    return bms_is_empty(columns) ? makeGroupingSet(GROUPING_SET_EMPTY, NIL, -1)
                                 : makeGroupingSet(GROUPING_SET_SIMPLE, as_references(columns), -1);
}

/// What GROUPING(columns) is for rows of a set that has some of them.
int64 mark_of(const List *columns, const Bitmapset *own) {
    int64 mark = 0;
    ListCell *cell;
    foreach (cell, columns)
        mark = mark << 1 | (bms_is_member(lfirst_int(cell), own) ? 0 : 1);
    return mark;
}

} // namespace

bool DistinctSets::collect(::Node *node, void *raw) {
    if (node == nullptr || IsA(node, Query))
        return false;
    if (IsA(node, Aggref) && castNode(Aggref, node)->agglevelsup == 0 &&
        castNode(Aggref, node)->aggdistinct != NIL) {
        static_cast<DistinctSets *>(raw)->add(castNode(Aggref, node));
        return false;
    }
    return walk_children(node, collect, raw);
}

DistinctSets::DistinctSets(const Query *query, WorkerQuery *worker, bool separate)
    : worker_(worker), separate_(separate) {
    collect(as_node(query->targetList), this);
    collect(query->havingQual, this);
    if (!separate)
        return;
    auto *grouping = makeNode(GroupingFunc); // its arguments come with finish()
    grouping->location = -1;
    mark_ = worker->column(as_node(grouping), "grouping");
}

DistinctSets::Set *DistinctSets::set_of(const Aggref *aggregate) {
    const List *arguments = arguments_of(aggregate);
    for (Set &set : sets_)
        if (is_subset(arguments, set.arguments))
            return &set;
    return nullptr;
}

void DistinctSets::add(const Aggref *aggregate) {
    List *arguments = arguments_of(aggregate);
    Set *set = set_of(aggregate);
    for (Set &other : sets_)
        if (set == nullptr && is_subset(other.arguments, arguments)) {
            set = &other;
            set->arguments = arguments;
        }
    if (set == nullptr)
        set = &sets_.emplace_back(Set{.arguments = arguments});
    if (aggregate->aggfilter == nullptr)
        set->all_filtered = false;
    else
        set->filters = list_append_unique(set->filters, aggregate->aggfilter);
}

/// Rows that no aggregate of the set wants send no value: they make one group. Nor is the argument computed
/// for them, which it might not be fit for.
::Node *DistinctSets::value_sent(const Set &set, ::Node *argument) const {
    const Oid type = exprType(argument);
    // A domain may not allow NULL.
    if (!set.all_filtered || type == RECORDOID || getBaseType(type) != type || !may_be_repeated(set.filters))
        return argument;
    Expr *wanted = list_length(set.filters) == 1 ? static_cast<Expr *>(linitial(set.filters))
                                                 : makeBoolExpr(OR_EXPR, list_copy(set.filters), -1);
    return as_node(only_when(wanted, argument));
}

/// Whether a row that came is of this set.
Expr *DistinctSets::test_of(Set *set) {
    Const *value = mark_constant();
    set->tests = lappend(set->tests, value);
    return equals_mark(as_node(copy_of(mark_)), value);
}

::Node *DistinctSets::over_values(const Aggref *aggregate) {
    Set *set = set_of(aggregate);
    auto *result = copy_of(aggregate);
    ListCell *cell;
    foreach (cell, result->args) {
        auto *argument = lfirst_node(TargetEntry, cell);
        Var *column = worker_->group_column(value_sent(*set, as_node(argument->expr)), "distinct",
                                            clause_of(aggregate, argument));
        set->columns = bms_add_member(set->columns, column->varattno);
        argument->expr = reinterpret_cast<Expr *>(column);
    }
    if (aggregate->aggfilter != nullptr) {
        Var *column =
            worker_->group_column(as_node(aggregate->aggfilter), "filter", default_grouping(BOOLOID));
        set->columns = bms_add_member(set->columns, column->varattno);
        result->aggfilter = reinterpret_cast<Expr *>(column);
    }
    if (separate_)
        result->aggfilter = both(result->aggfilter, test_of(set));
    return as_node(result);
}

::Node *DistinctSets::over_partials(::Node *combined) {
    if (separate_) {
        PartialFilter filter{test_of(&partials_)};
        add_filter(combined, &filter);
    }
    return combined;
}

/// Partial results are computed for each set, and sent for one. Whether there are any.
bool DistinctSets::send_partials_once(int64 mark) {
    bool found = false;
    ListCell *cell;
    foreach (cell, worker_->query()->targetList) {
        auto *entry = lfirst_node(TargetEntry, cell);
        if (entry->ressortgroupref != 0 || entry->resno == mark_->varattno)
            continue;
        const auto *grouping = list_nth_node(TargetEntry, worker_->query()->targetList, mark_->varattno - 1);
        Const *value = mark_constant();
        value->constvalue = Int32GetDatum(static_cast<int32>(mark));
        entry->expr = only_when(equals_mark(as_node(copy_of(grouping->expr)), value), as_node(entry->expr));
        found = true;
    }
    return found;
}

/// Tells the sets' tests what they look for, and collects what is to be grouped by, each once.
void DistinctSets::set_marks(const List *columns, std::pmr::vector<Bitmapset *> *sets) {
    for (Set &set : sets_) {
        Bitmapset *own = own_columns(set);
        const auto is_same = [own](const Bitmapset *other) { return bms_equal(own, other); };
        if (std::none_of(sets->begin(), sets->end(), is_same))
            sets->push_back(own);
        ListCell *cell;
        foreach (cell, set.tests)
            lfirst_node(Const, cell)->constvalue = Int32GetDatum(static_cast<int32>(mark_of(columns, own)));
    }
    ListCell *cell;
    foreach (cell, partials_.tests)
        lfirst_node(Const, cell)->constvalue = Int32GetDatum(static_cast<int32>(mark_of(columns, nullptr)));
}

namespace {

/// What groups cost, in rows sent and taken in (0.1 to 0.3 microseconds, measured with integers).
struct GroupingCost {
    double input;   ///< rows read
    double senders; ///< statements that group them

    /// rows: those with a value; the others make one group.
    double of(double rows, double groups) const {
        constexpr double kInCache = 0.1, kBeyond = 0.7, kGroupsInCache = 10000;
        const double lookup = groups > kGroupsInCache ? kBeyond : kInCache;
        return rows * lookup + (input - rows) * kInCache + std::min(rows, senders * groups);
    }
};

} // namespace

bool DistinctSets::is_better_separate(const Query *query, double senders) const {
    List *exprs = get_sortgrouplist_exprs(query->groupClause, query->targetList);
    const Bitmapset *groups = exprs == NIL ? nullptr : bms_add_range(nullptr, 0, list_length(exprs) - 1);
    std::pmr::vector<int> first; // position of each set's first argument; its filters come behind the last
    for (const Set &set : sets_) {
        first.push_back(list_length(exprs));
        exprs = list_concat(list_concat(exprs, set.arguments), set.filters);
    }
    const InputEstimate input(query, exprs);
    const GroupingCost cost{input.rows(), senders};
    Bitmapset *all = bms_copy(groups);
    double separate = cost.of(input.rows(), input.groups(groups, input.rows())), without_value = 1;
    for (size_t i = 0; i < sets_.size(); i++) {
        const Set &set = sets_[i];
        const int end = first[i] + list_length(set.arguments);
        double unwanted = set.all_filtered ? 1 : 0;
        for (int filter = 0; set.all_filtered && filter < list_length(set.filters); filter++)
            unwanted *= 1 - input.share(end + filter);
        const Bitmapset *own = bms_add_range(bms_copy(groups), first[i], end - 1);
        const double rows = input.rows() * (1 - unwanted);
        separate += cost.of(rows, input.groups(own, rows));
        all = bms_add_members(all, own);
        without_value *= unwanted;
    }
    const double rows = input.rows() * (1 - without_value);
    return separate < cost.of(rows, input.groups(all, rows));
}

bool DistinctSets::finish() {
    Query *query = worker_->query();
    Bitmapset *all = nullptr;
    for (const Set &set : sets_)
        all = bms_add_members(all, own_columns(set));
    List *columns = as_references(all), *exprs = NIL;
    ListCell *cell;
    foreach (cell, columns) {
        auto *expr = as_node(list_nth_node(TargetEntry, query->targetList, lfirst_int(cell) - 1)->expr);
        if (!can_be_marked(expr))
            return false;
        exprs = lappend(exprs, copy_of(expr));
    }
    std::pmr::vector<Bitmapset *> sets;
    set_marks(columns, &sets);
    if (sets.size() < 2 || list_length(columns) > kMostColumns)
        return false;

    auto *grouping =
        castNode(GroupingFunc, list_nth_node(TargetEntry, query->targetList, mark_->varattno - 1)->expr);
    grouping->args = exprs;
    grouping->refs = columns;
    const auto is_empty = [](const Bitmapset *set) { return bms_is_empty(set); };
    if (send_partials_once(mark_of(columns, nullptr)) && std::none_of(sets.begin(), sets.end(), is_empty))
        sets.push_back(nullptr);
    List *each = NIL;
    for (const Bitmapset *set : sets)
        each = lappend(each, grouping_set(bms_union(groups_, set)));
    query->groupingSets = list_make1(makeGroupingSet(GROUPING_SET_SETS, each, -1));
    return true;
}

} // namespace citus
