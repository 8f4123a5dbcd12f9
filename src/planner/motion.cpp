#include "motion.hpp"

#include "citus/core/motion_cost.hpp"
#include "citus/executor/fragment_scan.hpp"
#include "citus/executor/motion.hpp"
#include "citus/guc.hpp"
#include "citus/pg/walker.hpp"
#include "citus/planner/locus.hpp"
#include "citus/planner/partitioned.hpp"
#include "locus_terms.hpp"
#include "motion_block.hpp"
#include "pushdown.hpp"
#include "reduction.hpp"
#include "subblocks.hpp"

extern "C" {
#include "optimizer/optimizer.h"
#include "optimizer/planner.h"
#include "parser/parsetree.h"
}

namespace citus {

namespace {

using core::Place;

::Node *as_node(const void *node) {
    return const_cast<::Node *>(static_cast<const ::Node *>(node));
}

template <typename T>
T *copy_of(const T *node) {
    return static_cast<T *>(copyObjectImpl(node));
}

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
    return query->setOperations == nullptr && !is_unfit(as_node(query), nullptr) &&
           !contain_volatile_functions(as_node(query)) && mentions_shards(as_node(query), nullptr);
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
    if (is_fragment_scan(plan))
        return loops * (plan->plan_rows * core::gathered_row_cost(plan->plan_width) + 150);
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

GatherEstimate estimate_gather(const Query *query) {
    const PlannedStmt *plan = standard_planner(copy_of(query), "", 0, nullptr);
    double cost = gathered_rows(plan->planTree, 1);
    ListCell *cell;
    foreach (cell, plan->subplans)
        cost += gathered_rows(static_cast<const Plan *>(lfirst(cell)), 1);
    return {cost, plan->planTree->plan_rows, static_cast<double>(plan->planTree->plan_width)};
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

private:
    bool estimate(MotionItem *item);
    bool estimate_items();
    void propose_all();
    void propose(int base, int wanted_class, bool prefer_hash, bool move_sublinks);
    const JoinExpression *key_for(const MotionItem &item, int wanted_class, const DistTable &anchor,
                                  bool of_table) const;
    double cost_of(const MotionItem &item, const JoinExpression *key) const;
    Query *try_out(const Proposal &proposal);
    bool pays(const Proposal &proposal) const;
    List *pack(const Proposal &proposal, size_t i, Query *source, int key) const;
    const char *name_of(const MotionItem &item) const;

    const Query *original_;
    MotionBlock block_;
    int nodes_ = 1, tasks_ = 1;
    Oid largest_ = InvalidOid;
    std::pmr::vector<Proposal> proposals_;
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
        if (item.table == nullptr || implied_conditions(block_.query(), item.varno) == NIL || !estimate(&item) ||
            item.rows > plain.rows / 2)
            item = plain;
    }
    return true;
}

/// The expression of the item that decides where its rows go, or nullptr.
const JoinExpression *Search::key_for(const MotionItem &item, int wanted_class, const DistTable &anchor,
                                      bool of_table) const {
    if (item.varno == 0 || wanted_class < 0)
        return nullptr;
    for (const JoinExpression &each : block_.join_expressions())
        if (each.varno == item.varno && each.equal_class == wanted_class && has_motion_hash(each.type) &&
            (!of_table || hash_family_of_type(each.type) == anchor.key_hash_opfamily))
            return &each;
    return nullptr;
}

double Search::cost_of(const MotionItem &item, const JoinExpression *key) const {
    const core::MovedRows moved{item.rows, item.width, item.is_hashed()};
    return key == nullptr ? core::broadcast_cost(moved, nodes_, tasks_)
                          : core::repartition_cost(moved, nodes_);
}

/// base: the item whose shards the rest goes to, or -1 when all that joins on the class is hashed anew.
void Search::propose(int base, int wanted_class, bool prefer_hash, bool move_sublinks) {
    Proposal proposal;
    const auto items = block_.items();
    const bool of_table = base >= 0;
    const DistTable *anchor =
        of_table ? items[static_cast<size_t>(base)].table : require_dist_table(largest_);
    proposal.anchor = anchor->relid;
    proposal.colocation = of_table ? anchor->colocation_id : -1;
    for (size_t i = 0; i < items.size(); i++) {
        const MotionItem &item = items[i];
        if (static_cast<int>(i) == base || (item.sublink >= 0 && !move_sublinks))
            continue;
        const JoinExpression *key = key_for(item, wanted_class, *anchor, of_table);
        const bool is_neighbour = of_table && item.is_hashed() && item.may_stay &&
                                  item.table->colocation_id == anchor->colocation_id &&
                                  block_.class_of_column(item.varno, item.table->key_attno) == wanted_class &&
                                  wanted_class >= 0;
        if (is_neighbour || (item.is_everywhere && !(prefer_hash && key != nullptr && item.can_move)))
            continue;
        if (!item.can_move)
            return;
        if (key != nullptr && !prefer_hash && cost_of(item, nullptr) < cost_of(item, key))
            key = nullptr;
        proposal.moves.push_back({static_cast<int>(i), key});
        proposal.cost += cost_of(item, key);
    }
    const auto hashes = [](const PlannedMove &move) { return move.key != nullptr; };
    const bool none_hashed = std::none_of(proposal.moves.begin(), proposal.moves.end(), hashes);
    if (proposal.moves.empty() || proposal.moves.size() > kMaxMotions || (!of_table && none_hashed))
        return;
    proposal.cost += core::motion_overhead(static_cast<int>(proposal.moves.size()), nodes_);
    proposals_.push_back(proposal);
}

void Search::propose_all() {
    const auto items = block_.items();
    std::pmr::vector<int> classes;
    for (const JoinExpression &each : block_.join_expressions())
        if (std::find(classes.begin(), classes.end(), each.equal_class) == classes.end())
            classes.push_back(each.equal_class);
    for (const bool move_sublinks : {false, true}) {
        for (const bool prefer_hash : {false, true}) {
            for (size_t i = 0; i < items.size(); i++) {
                const MotionItem &item = items[i];
                if (item.table == nullptr || !item.may_stay || item.table->kind == TableKind::Reference)
                    continue;
                const int wanted =
                    item.is_hashed() ? block_.class_of_column(item.varno, item.table->key_attno) : -1;
                propose(static_cast<int>(i), wanted, prefer_hash, move_sublinks);
            }
            for (const int wanted : classes)
                propose(-1, wanted, prefer_hash, move_sublinks);
        }
    }
    std::stable_sort(proposals_.begin(), proposals_.end(),
                     [](const Proposal &a, const Proposal &b) { return a.cost < b.cost; });
}

const char *Search::name_of(const MotionItem &item) const {
    if (item.varno == 0)
        return "sub-select";
    const auto *rte = rt_fetch(item.varno, block_.query()->rtable);
    return rte->alias != nullptr ? rte->alias->aliasname : rte->eref->aliasname;
}

List *Search::pack(const Proposal &proposal, size_t i, Query *source, int key) const {
    const PlannedMove &move = proposal.moves[i];
    Motion motion;
    motion.from = name_of(const_cast<Search *>(this)->block_.items()[static_cast<size_t>(move.item)]);
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
    return push_down(moved, locus);
}

bool Search::pays(const Proposal &proposal) const {
    if (guc::motion == guc::kMotionAlways)
        return true;
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

Query *push_down_with_motions(const Query *query) {
    if (guc::motion == guc::kMotionNever || !may_move(query))
        return nullptr;
    Search search(query);
    return search.run();
}

} // namespace citus
