#include "merge.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/pg/node.hpp"
#include "flatten.hpp"
#include "subblocks.hpp"

extern "C" {
#include "optimizer/optimizer.h"
#include "parser/parsetree.h"
#include "rewrite/rewriteManip.h"
#include "utils/typcache.h"
}

namespace citus {

namespace {

using core::Place;

StatementLocus nowhere() {
    StatementLocus locus;
    locus.from = locus.whole = core::Locus::coordinator();
    return locus;
}

/// The source joined with the target, as a SELECT of nothing.
StatementLocus analyze_join(const Query *query, JoinType type, ::Node *condition) {
    auto *select = static_cast<Query *>(copyObjectImpl(query));
    select->commandType = CMD_SELECT;
    select->mergeActionList = select->targetList = NIL;
    const int target = std::exchange(select->resultRelation, 0);
    auto *reference = makeNode(RangeTblRef);
    reference->rtindex = target;
    rt_fetch(target, select->rtable)->inFromCl = true;
    ::Node *source = as_one_item(select, select->jointree->fromlist);
    JoinExpr *join =
        new_join(select, type, source, as_node(reference), list_make1(copyObjectImpl(condition)));
    select->jointree = makeFromExpr(list_make1(join), nullptr);
    return analyze_statement(select);
}

/// `target's key = the value that an INSERT gives it`, or nullptr.
::Node *key_condition(const Query *query, const DistTable &table, const MergeAction *action) {
    ListCell *cell;
    foreach (cell, action->targetList) {
        const auto *entry = lfirst_node(TargetEntry, cell);
        if (entry->resno != table.key_attno)
            continue;
        const TypeCacheEntry *type = lookup_type_cache(table.key_type, TYPECACHE_EQ_OPR);
        Oid key_type, collation;
        int32 typmod;
        get_atttypetypmodcoll(table.relid, table.key_attno, &key_type, &typmod, &collation);
        if (!OidIsValid(type->eq_opr) || exprType(as_node(entry->expr)) != key_type ||
            key_type != table.key_type)
            return nullptr;
        Var *key = makeVar(query->resultRelation, table.key_attno, key_type, typmod, collation, 0);
        Expr *test = make_opclause(type->eq_opr, BOOLOID, false, reinterpret_cast<Expr *>(key),
                                   static_cast<Expr *>(copyObjectImpl(entry->expr)), InvalidOid, collation);
        set_opfuncid(reinterpret_cast<OpExpr *>(test));
        return as_node(test);
    }
    return nullptr;
}

/// Whether the rows that an INSERT makes belong where their source rows are.
bool stays_there(const Query *query, const DistTable &table, const MergeAction *action,
                 const StatementLocus &merged) {
    if (!table.has_key())
        return true;
    ::Node *condition = key_condition(query, table, action);
    if (condition == nullptr || contain_volatile_functions(condition))
        return false;
    const StatementLocus inserted = analyze_join(query, JOIN_INNER, condition);
    if (inserted.from.place != merged.from.place || inserted.from.colocation != merged.from.colocation)
        return false;
    return merged.from.is(Place::Hashed) ||
           (inserted.prunes && merged.prunes && equal(inserted.prune_items, merged.prune_items));
}

bool sets_key(const DistTable &table, const MergeAction *action) {
    ListCell *cell;
    if (table.has_key() && action->commandType == CMD_UPDATE)
        foreach (cell, action->targetList)
            if (lfirst_node(TargetEntry, cell)->resno == table.key_attno)
                return true;
    return false;
}

bool joins_or_filters_only(const Query *query) {
    return query->cteList == NIL && !query->hasModifyingCTE && query->withCheckOptions == NIL &&
           !checkExprHasSubLink(as_node(query->mergeActionList)) && query->jointree->fromlist != NIL &&
           query->jointree->quals != nullptr;
}

} // namespace

StatementLocus analyze_merge(const Query *query) {
    const RangeTblEntry *rte = rt_fetch(query->resultRelation, query->rtable);
    if (!is_on_shards(rte) || rte->securityQuals != NIL || !joins_or_filters_only(query))
        return nowhere();
    const DistTable &table = *require_dist_table(rte->relid);
    bool inserts = false;
    ListCell *cell;
    foreach (cell, query->mergeActionList) {
        const auto *action = lfirst_node(MergeAction, cell);
        inserts |= !action->matched;
        if (sets_key(table, action))
            return nowhere();
    }
    const StatementLocus merged =
        analyze_join(query, inserts ? JOIN_LEFT : JOIN_INNER, query->jointree->quals);
    if (merged.from.is(Place::Coordinator) || merged.from.once)
        return nowhere();
    foreach (cell, query->mergeActionList) {
        const auto *action = lfirst_node(MergeAction, cell);
        if (action->commandType == CMD_INSERT && !stays_there(query, table, action, merged))
            return nowhere();
    }
    return merged;
}

} // namespace citus
