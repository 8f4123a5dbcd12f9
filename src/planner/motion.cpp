#include "motion.hpp"

#include "citus/core/motion_cost.hpp"
#include "citus/executor/fragment_scan.hpp"
#include "citus/executor/motion.hpp"
#include "citus/guc.hpp"
#include "citus/pg/node.hpp"
#include "citus/pg/walker.hpp"
#include "citus/planner/locus.hpp"
#include "citus/planner/partitioned.hpp"
#include "locus_terms.hpp"
#include "motion_block.hpp"
#include "pushdown.hpp"
#include "reduction.hpp"
#include "route.hpp"
#include "subblocks.hpp"

extern "C" {
#include "optimizer/optimizer.h"
#include "optimizer/planner.h"
#include "parser/parsetree.h"
}

namespace citus {

namespace {

using core::Place;

/// Plans in search of the cheapest that are tried at most.
constexpr int kMaxTrials = 10;
/// More relations than this are left to the standard planner.
constexpr size_t kMaxItems = 24;

// ---------------------------------------------------------------- which statements

bool is_unfit(::Node *node, void *) {
    if (node == nullptr)
        return false;
    if (IsA(node, Query)) {
        const auto *query = castNode(Query, node);
        return query->commandType != CMD_SELECT || query->rowMarks != NIL || query->hasModifyingCTE ||
               query->hasRecursive || walk_query(castNode(Query, node), is_unfit, nullptr, 0);
    }
    return walk_children(node, is_unfit, nullptr);
}

bool may_move(const Query *query) {
    if (query->commandType == CMD_UPDATE || query->commandType == CMD_DELETE) {
        const DistTable *target = find_dist_table(rt_fetch(query->resultRelation, query->rtable)->relid);
        return target != nullptr && target->has_key() && !query->hasModifyingCTE && !query->hasRecursive &&
               !walk_query(const_cast<Query *>(query), is_unfit, nullptr, 0) &&
               !contain_volatile_functions(as_node(query));
    }
    return !is_unfit(as_node(query), nullptr) && !contain_volatile_functions(as_node(query)) &&
           mentions_shards(as_node(query), nullptr);
}

/// The hash-distributed table with the most rows, at any level.
bool find_largest_table(::Node *node, void *raw) {
    if (node == nullptr)
        return false;
    if (!IsA(node, Query))
        return walk_children(node, find_largest_table, raw);
    auto *best = static_cast<std::pair<Oid, double> *>(raw);
    ListCell *cell;
    foreach (cell, castNode(Query, node)->rtable) {
        const auto *rte = lfirst_node(RangeTblEntry, cell);
        const DistTable *table = rte->rtekind == RTE_RELATION ? find_dist_table(rte->relid) : nullptr;
        if (table == nullptr || !table->has_key())
            continue;
        Relation relation = table_open(rte->relid, NoLock);
        const double rows = relation->rd_rel->reltuples;
        table_close(relation, NoLock);
        if (!OidIsValid(best->first) || rows > best->second)
            *best = {rte->relid, rows};
    }
    return walk_query(castNode(Query, node), find_largest_table, raw, 0);
}

int count_nodes(const DistTable &table) {
    std::pmr::vector<int32> groups;
    for (const Shard &shard : table.shards) {
        const int32 group = shard.placements.front().group_id;
        if (std::find(groups.begin(), groups.end(), group) == groups.end())
            groups.push_back(group);
    }
    return static_cast<int>(groups.size());
}

// ---------------------------------------------------------------- what gathering costs

/// What the scans of a gathered plan bring here, in rows.
double gathered_rows(const Plan *plan, double loops) {
    if (plan == nullptr)
        return 0;
    if (is_fragment_scan(plan)) {
        const double once = plan->plan_rows * core::gathered_row_cost(plan->plan_width) + 150;
        // Each time the shards look for the rows anew, maybe by reading all of them ...
        const double all_runs = loops > 1 ? loops * (once + plan->total_cost) : once;
        const WholeScan whole = whole_scan_of(reinterpret_cast<const CustomScan *>(plan));
        if (!whole.exists())
            return all_runs;
        // ... until that has cost as much as reading the whole (of a sub-select, the runs are not known).
        const double as_whole = whole.rows * core::gathered_row_cost(whole.width) + 150;
        return loops > 1 ? std::min(all_runs, 2 * as_whole) : std::max(once, as_whole);
    }
    double inner_loops = loops;
    if (IsA(plan, NestLoop) && reinterpret_cast<const NestLoop *>(plan)->nestParams != NIL)
        inner_loops *= std::max(1.0, outerPlan(plan)->plan_rows);
    double sum = gathered_rows(outerPlan(plan), loops) + gathered_rows(innerPlan(plan), inner_loops);
    const List *more = NIL;
    if (IsA(plan, SubqueryScan))
        sum += gathered_rows(reinterpret_cast<const SubqueryScan *>(plan)->subplan, loops);
    else if (IsA(plan, Append))
        more = reinterpret_cast<const Append *>(plan)->appendplans;
    else if (IsA(plan, MergeAppend))
        more = reinterpret_cast<const MergeAppend *>(plan)->mergeplans;
    ListCell *cell;
    foreach (cell, more)
        sum += gathered_rows(static_cast<const Plan *>(lfirst(cell)), loops);
    return sum;
}

struct GatherEstimate {
    double cost;
    double rows, width; ///< of the result
};

/// While the other tiers are asked what they would do.
bool is_estimating = false;

/// Does what the shards can do alone without motions; in place.
void push_down_without_motions(Query *query) {
    is_estimating = true;
    // clang-format off
    PG_TRY();
    {
        push_down_sub_blocks(query);
    }
    PG_FINALLY();
    {
        is_estimating = false;
    }
    PG_END_TRY();
    // clang-format on
}

/// The plan without motions.
GatherEstimate estimate_gather(const Query *query) {
    Query *copy = copy_of(query);
    push_down_without_motions(copy);
    const PlannedStmt *plan = standard_planner(copy, "", 0, nullptr);
    double cost = gathered_rows(plan->planTree, 1);
    ListCell *cell;
    foreach (cell, plan->subplans)
        cost += gathered_rows(static_cast<const Plan *>(lfirst(cell)), 1);
    return {cost, plan->planTree->plan_rows, static_cast<double>(plan->planTree->plan_width)};
}

/// Rows come here as for a SELECT, and each row that changes is sent back.
double cost_of_gathered_modify(const Query *query) {
    Query *select = copy_of(query);
    select->commandType = CMD_SELECT;
    select->resultRelation = 0;
    select->returningList = NIL;
    select->targetList = list_make1(
        makeTargetEntry(reinterpret_cast<Expr *>(makeBoolConst(true, false)), 1, pstrdup("changes"), false));
    const GatherEstimate gather = estimate_gather(select);
    return gather.cost + 2 * gather.rows;
}

// ---------------------------------------------------------------- ways to move

struct Proposal {
    double cost = 0;
    int colocation = 0;
    Oid anchor = InvalidOid;
    std::pmr::vector<PlannedMove> moves;
};

class Search {
public:
    explicit Search(const Query *query) : original_(query), block_(copy_of(query)) {}

    Query *run();
    /// Of an UPDATE or DELETE, when run() found a way.
    PlannedStmt *plan() const { return plan_; }

private:
    bool estimate(MotionItem *item);
    bool estimate_items();
    /// A way to bring rows together.
    struct Way {
        int base;               ///< the item whose shards the rest goes to; -1: all is hashed anew
        int wanted_class;       ///< of the expressions by which rows are hashed
        bool prefer_hash;       ///< even where a broadcast is cheaper
        bool moves_sublinks;    ///< sub-selects of conditions are made once and broadcast
        bool opens_sub_selects; ///< what is in sub-selects moves, where it can be hashed
        const DistTable *anchor;

        bool of_table() const { return base >= 0; }
    };

    void propose_all();
    void propose_ways(bool opens_sub_selects, bool moves_sublinks, bool prefer_hash,
                      std::span<const int> classes);
    void propose(const Way &way);
    bool is_opened(const Way &way, int item) const;
    bool is_visible(const Way &way, const MotionItem &item) const;
    bool is_neighbour(const Way &way, int item) const;
    bool is_known(const Proposal &proposal) const;
    bool leads_nowhere(const Proposal &proposal) const;
    const JoinExpression *key_for(const Way &way, int item) const;
    double cost_of(const MotionItem &item, const JoinExpression *key) const;
    bool is_looked_up(const MotionItem &item, const MotionItem &container) const;
    double cost_of_rescans(const MotionItem &item) const;
    Query *try_out(const Proposal &proposal);
    bool pays(const Proposal &proposal) const;
    List *pack(const Proposal &proposal, size_t i, Query *source, int key) const;

    const Query *original_;
    MotionBlock block_;
    int nodes_ = 1, tasks_ = 1;
    Oid largest_ = InvalidOid;
    std::pmr::vector<Proposal> proposals_;
    PlannedStmt *plan_ = nullptr;
};

/// Fills in what would be moved of the item. False when it can't be.
bool Search::estimate(MotionItem *item) {
    const Query *source = block_.source_of(*item);
    if (source == nullptr)
        return false;
    const PlannedStmt *plan = standard_planner(copy_of(source), "", 0, nullptr);
    item->rows = plan->planTree->plan_rows;
    item->width = plan->planTree->plan_width;
    return true;
}

bool Search::estimate_items() {
    std::pair<Oid, double> largest{InvalidOid, -1};
    find_largest_table(as_node(block_.query()), &largest);
    largest_ = largest.first;
    for (const MotionItem &item : block_.items())
        if (!OidIsValid(largest_) && item.table != nullptr && item.table->kind == TableKind::SingleShard)
            largest_ = item.table->relid;
    if (!OidIsValid(largest_))
        return false;
    nodes_ = count_nodes(*require_dist_table(largest_));
    tasks_ = static_cast<int>(require_dist_table(largest_)->shards.size());
    for (MotionItem &item : block_.items()) {
        if (!item.can_move)
            continue;
        if (!estimate(&item)) {
            item.can_move = false;
            continue;
        }
        // Worth the work on the shards when it leaves out half of the rows.
        const MotionItem plain = item;
        item.is_reduced = true;
        if (item.table == nullptr || item.block != 0 ||
            implied_conditions(block_.query(), item.varno) == NIL || !estimate(&item) ||
            item.rows > plain.rows / 2)
            item = plain;
    }
    return true;
}

/// The expression of the item that decides where its rows go, or nullptr.
const JoinExpression *Search::key_for(const Way &way, int item) const {
    if (way.wanted_class < 0)
        return nullptr;
    for (const JoinExpression &each : block_.join_expressions())
        if (each.item == item && each.equal_class == way.wanted_class && has_motion_hash(each.type) &&
            (!way.of_table() || hash_family_of_type(each.type) == way.anchor->key_hash_opfamily))
            return &each;
    return nullptr;
}

double Search::cost_of(const MotionItem &item, const JoinExpression *key) const {
    const core::MovedRows moved{item.rows, item.width, item.is_hashed()};
    return key == nullptr ? core::broadcast_cost(moved, nodes_, tasks_)
                          : core::repartition_cost(moved, nodes_);
}

/// Whether an expression of the item has to equal one of the rows around the sub-select.
bool Search::is_looked_up(const MotionItem &item, const MotionItem &container) const {
    const auto items = block_.items();
    for (const JoinExpression &inner : block_.join_expressions())
        for (const JoinExpression &outer : block_.join_expressions())
            if (&items[static_cast<size_t>(inner.item)] == &item && outer.equal_class == inner.equal_class &&
                items[static_cast<size_t>(outer.item)].block == container.block)
                return true;
    return false;
}

/// What it costs that the rows are read for each row around the sub-select they are in.
double Search::cost_of_rescans(const MotionItem &item) const {
    const auto items = block_.items();
    double cost = 0;
    for (int at = block_.container_of(item); at >= 0;) {
        const MotionItem &container = items[static_cast<size_t>(at)];
        double outer_rows = 0;
        for (const MotionItem &around : items)
            if (around.block == container.block && around.varno != 0)
                outer_rows = std::max(outer_rows, around.rows);
        if (container.runs_per_row)
            cost += is_looked_up(item, container) ? core::lookup_cost(outer_rows, item.rows, tasks_)
                                                  : core::rescan_cost(outer_rows, item.rows, tasks_);
        at = block_.container_of(container);
    }
    return cost;
}

/// Whether a sub-select stays, and what is in it moves: when that can be hashed as the rest is.
bool Search::is_opened(const Way &way, int number) const {
    const auto items = block_.items();
    const int inner = items[static_cast<size_t>(number)].inner_block;
    if (!way.opens_sub_selects || inner < 0)
        return false;
    for (size_t i = 0; i < items.size(); i++)
        if (const auto at = static_cast<int>(i);
            items[i].block == inner &&
            (at == way.base || is_opened(way, at) || (items[i].can_move && key_for(way, at) != nullptr)))
            return true;
    return false;
}

bool Search::is_visible(const Way &way, const MotionItem &item) const {
    const int container = block_.container_of(item);
    return container < 0 ||
           (is_opened(way, container) && is_visible(way, block_.items()[static_cast<size_t>(container)]));
}

/// Whether the item's rows are already where they are wanted.
bool Search::is_neighbour(const Way &way, int number) const {
    const MotionItem &item = block_.items()[static_cast<size_t>(number)];
    return way.of_table() && way.wanted_class >= 0 && item.is_hashed() && item.may_stay &&
           item.table->colocation_id == way.anchor->colocation_id &&
           block_.class_of_column(number, item.table->key_attno) == way.wanted_class;
}

void Search::propose(const Way &way) {
    Proposal proposal;
    const auto items = block_.items();
    proposal.anchor = way.anchor->relid;
    proposal.colocation = way.of_table() ? way.anchor->colocation_id : -1;
    if (way.of_table() && !is_visible(way, items[static_cast<size_t>(way.base)]))
        return;
    for (size_t i = 0; i < items.size(); i++) {
        const MotionItem &item = items[i];
        const auto number = static_cast<int>(i);
        const bool stays = item.sublink >= 0 && (!way.moves_sublinks || !item.can_move);
        if (number == way.base || !is_visible(way, item) || is_opened(way, number) || stays)
            continue;
        const JoinExpression *key = key_for(way, number);
        if (is_neighbour(way, number) ||
            (item.is_everywhere && !(way.prefer_hash && key != nullptr && item.can_move)))
            continue;
        if (!item.can_move)
            return;
        if (key != nullptr && !way.prefer_hash && cost_of(item, nullptr) < cost_of(item, key))
            key = nullptr;
        proposal.moves.push_back({number, key});
        proposal.cost += cost_of(item, key) + cost_of_rescans(item);
    }
    const auto hashes = [](const PlannedMove &move) { return move.key != nullptr; };
    const bool none_hashed = std::none_of(proposal.moves.begin(), proposal.moves.end(), hashes);
    if (proposal.moves.empty() || proposal.moves.size() > kMaxMotions || (!way.of_table() && none_hashed))
        return;
    proposal.cost += core::motion_overhead(static_cast<int>(proposal.moves.size()), nodes_);
    if (!is_known(proposal) && !leads_nowhere(proposal))
        proposals_.push_back(proposal);
}

/// The source of the only relation of a query that does nothing but read it is the same query again: to plan
/// it would come here without end.
bool Search::leads_nowhere(const Proposal &proposal) const {
    const auto items = block_.items();
    const Query *query = block_.query();
    const auto is_on_top = [](const MotionItem &item) { return item.block == 0; };
    const bool only_reads = !query->hasAggs && query->groupClause == NIL && query->groupingSets == NIL &&
                            query->distinctClause == NIL && !query->hasWindowFuncs;
    return only_reads && std::count_if(items.begin(), items.end(), is_on_top) == 1 &&
           is_on_top(items[static_cast<size_t>(proposal.moves.front().item)]);
}

/// Different ways can come to the same.
bool Search::is_known(const Proposal &proposal) const {
    const auto same_move = [](const PlannedMove &a, const PlannedMove &b) {
        return a.item == b.item && a.key == b.key;
    };
    return std::any_of(proposals_.begin(), proposals_.end(), [&](const Proposal &known) {
        return known.anchor == proposal.anchor && known.colocation == proposal.colocation &&
               std::equal(known.moves.begin(), known.moves.end(), proposal.moves.begin(),
                          proposal.moves.end(), same_move);
    });
}

void Search::propose_ways(bool opens_sub_selects, bool moves_sublinks, bool prefer_hash,
                          std::span<const int> classes) {
    const auto items = block_.items();
    for (size_t i = 0; i < items.size(); i++) {
        const MotionItem &item = items[i];
        if (item.table == nullptr || !item.may_stay || item.table->kind == TableKind::Reference)
            continue;
        const auto number = static_cast<int>(i);
        const int wanted = item.is_hashed() ? block_.class_of_column(number, item.table->key_attno) : -1;
        propose({number, wanted, prefer_hash, moves_sublinks, opens_sub_selects, item.table});
    }
    // A single shard has no hash ranges to divide rows by.
    if (!require_dist_table(largest_)->has_key())
        return;
    for (const int wanted : classes)
        propose({-1, wanted, prefer_hash, moves_sublinks, opens_sub_selects, require_dist_table(largest_)});
}

void Search::propose_all() {
    std::pmr::vector<int> classes;
    for (const JoinExpression &each : block_.join_expressions())
        if (std::find(classes.begin(), classes.end(), each.equal_class) == classes.end())
            classes.push_back(each.equal_class);
    for (const bool opens_sub_selects : {false, true})
        for (const bool moves_sublinks : {false, true})
            for (const bool prefer_hash : {false, true})
                propose_ways(opens_sub_selects, moves_sublinks, prefer_hash, classes);
    std::stable_sort(proposals_.begin(), proposals_.end(),
                     [](const Proposal &a, const Proposal &b) { return a.cost < b.cost; });
}

List *Search::pack(const Proposal &proposal, size_t i, Query *source, int key) const {
    const PlannedMove &move = proposal.moves[i];
    Motion motion;
    motion.from = block_.name_of(block_.items()[static_cast<size_t>(move.item)]);
    motion.key = move.key == nullptr ? 0 : key;
    motion.source = planner(source, "", 0, nullptr);
    return motion.pack();
}

Query *Search::try_out(const Proposal &proposal) {
    std::pmr::vector<Query *> sources;
    std::pmr::vector<int> numbers, keys;
    Query *moved =
        block_.rewrite(proposal.moves, proposal.colocation, proposal.anchor, &sources, &numbers, &keys);
    if (moved == nullptr)
        return nullptr;
    const StatementLocus locus = analyze_statement(moved);
    const bool on_shards = locus.from.is(Place::Hashed) || locus.from.is(Place::OneGroup);
    if (!on_shards || !OidIsValid(locus.anchor))
        return nullptr;
    for (size_t i = 0; i < sources.size(); i++) {
        const Query *shown = copy_of(sources[i]); // planning changes its own
        set_motion(numbers[i], pack(proposal, i, sources[i], keys[i]), shown);
    }
    if (original_->commandType == CMD_SELECT)
        return push_down(moved, locus);
    plan_ = plan_whole(moved, locus);
    return plan_ != nullptr ? moved : nullptr;
}

bool Search::pays(const Proposal &proposal) const {
    if (guc::motion == guc::kMotionAlways)
        return true;
    if (original_->commandType != CMD_SELECT)
        return proposal.cost < cost_of_gathered_modify(original_);
    const GatherEstimate gather = estimate_gather(original_);
    const bool condenses = original_->hasAggs || original_->groupClause != NIL ||
                           original_->distinctClause != NIL || original_->limitCount != nullptr;
    const double result = condenses ? 0 : gather.rows * core::gathered_row_cost(gather.width);
    return proposal.cost + result < gather.cost;
}

Query *Search::run() {
    const auto items = block_.items();
    const bool joins = std::any_of(items.begin(), items.end(), [](const MotionItem &item) {
        return item.can_move && (item.table != nullptr || !item.is_everywhere);
    });
    if (items.size() < 2 || items.size() > kMaxItems || !joins || !estimate_items())
        return nullptr;
    propose_all();
    int trials = 0;
    for (const Proposal &proposal : proposals_) {
        if (trials == 0 && !pays(proposal))
            return nullptr;
        if (trials++ == kMaxTrials)
            return nullptr;
        if (Query *above = try_out(proposal); above != nullptr)
            return trials == 1 || pays(proposal) ? above : nullptr;
    }
    return nullptr;
}

} // namespace

double gather_cost(const Query *query) {
    Query *copy = copy_of(query);
    hide_partitions(copy);
    return estimate_gather(copy).cost;
}

PlannedStmt *modify_with_motions(const Query *query) {
    if (guc::motion == guc::kMotionNever ||
        (query->commandType != CMD_UPDATE && query->commandType != CMD_DELETE) || !may_move(query))
        return nullptr;
    Search search(query);
    return search.run() != nullptr ? search.plan() : nullptr;
}

Query *push_down_with_motions(const Query *query) {
    if (guc::motion == guc::kMotionNever || is_estimating || query->commandType != CMD_SELECT ||
        !may_move(query))
        return nullptr;
    Search search(query);
    return search.run();
}

} // namespace citus
