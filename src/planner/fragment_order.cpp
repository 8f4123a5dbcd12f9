#include "fragment_order.hpp"

#include "citus/pg/search_path.hpp"
#include "worker_query.hpp"

extern "C" {
#include "access/transam.h"
#include "optimizer/optimizer.h"
#include "optimizer/tlist.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/typcache.h"
}

namespace citus {

namespace {

/// An expression without casts that leave the bytes and the order of the values as they are.
const ::Node *without_relabels(const ::Node *expr, Oid collation) {
    while (expr != nullptr && IsA(expr, RelabelType) && exprCollation(expr) == collation)
        expr = reinterpret_cast<const ::Node *>(reinterpret_cast<const RelabelType *>(expr)->arg);
    return expr;
}

/// The operator by which a pathkey sorts values of this member's type; not a user's, which the nodes may not
/// know.
Oid operator_of(const PathKey *key, Oid type) {
    const Oid found = get_opfamily_member(key->pk_opfamily, type, type, static_cast<int16>(key->pk_strategy));
    return found < FirstNormalObjectId ? found : InvalidOid;
}

std::optional<MergeKey> key_of(const RelOptInfo *rel, const PathKey *pathkey) {
    const EquivalenceClass *ec = pathkey->pk_eclass;
    if (ec->ec_has_volatile)
        return std::nullopt;
    ListCell *cell;
    foreach (cell, ec->ec_members) {
        const auto *member = lfirst_node(EquivalenceMember, cell);
        const auto *var = reinterpret_cast<const Var *>(
            without_relabels(reinterpret_cast<const ::Node *>(member->em_expr), ec->ec_collation));
        if (!IsA(var, Var) || static_cast<Index>(var->varno) != rel->relid || var->varattno <= 0 ||
            var->varlevelsup != 0 || var->varcollid != ec->ec_collation)
            continue;
        if (const Oid op = operator_of(pathkey, member->em_datatype); OidIsValid(op))
            return MergeKey{var->varattno, op, ec->ec_collation, pathkey->pk_nulls_first};
    }
    return std::nullopt;
}

/// ORDER BY of the columns' positions.
std::pmr::string order_clause(const List *keys, const List *types) {
    std::pmr::string text;
    ListCell *cell;
    foreach (cell, keys) {
        const MergeKey key = unpack_merge_key(lfirst_node(List, cell));
        const Oid type = list_nth_oid(types, key.column - 1);
        const TypeCacheEntry *cache = lookup_type_cache(type, TYPECACHE_LT_OPR | TYPECACHE_GT_OPR);
        text += text.empty() ? " ORDER BY " : ", ";
        text += psprintf("%d", key.column);
        const bool descending = key.sort_operator == cache->gt_opr;
        if (descending)
            text += " DESC";
        else if (key.sort_operator != cache->lt_opr)
            text += psprintf(" USING OPERATOR(pg_catalog.%s)", get_opname(key.sort_operator));
        if (key.nulls_first != descending)
            text += key.nulls_first ? " NULLS FIRST" : " NULLS LAST";
    }
    return text;
}

} // namespace

List *merge_keys_of(const Query *query) {
    List *keys = NIL;
    ListCell *cell;
    foreach (cell, query->sortClause) {
        auto *clause = lfirst_node(SortGroupClause, cell);
        const TargetEntry *entry = get_sortgroupclause_tle(clause, query->targetList);
        if (entry->resjunk || clause->sortop >= FirstNormalObjectId)
            return NIL;
        int column = 0; // among those that are sent
        for (int i = 0; i < entry->resno; i++)
            column += !list_nth_node(TargetEntry, query->targetList, i)->resjunk;
        const MergeKey key{static_cast<AttrNumber>(column), clause->sortop,
                           exprCollation(reinterpret_cast<::Node *>(entry->expr)), clause->nulls_first};
        keys = lappend(keys, pack_merge_key(key));
    }
    return keys;
}

List *merge_keys_for(const RelOptInfo *rel, List *pathkeys) {
    List *keys = NIL;
    ListCell *cell;
    foreach (cell, pathkeys) {
        const auto key = key_of(rel, lfirst_node(PathKey, cell));
        if (!key.has_value())
            break;
        keys = lappend(keys, pack_merge_key(*key));
    }
    return keys;
}

bool sort_fragment(Fragment *fragment, const FragmentOrder &order, List *keys, List *types) {
    if (!order.is_free && (order.per_node == nullptr || !fill_per_node(fragment, order.per_node)))
        return false;
    List *parts = list_copy(fragment->text_parts);
    std::pmr::string text(strVal(llast(parts)));
    text += order_clause(keys, types);
    lfirst(list_tail(parts)) = makeString(copy_cstring(text));
    fragment->text_parts = parts;
    fragment->merge_keys = keys;
    return true;
}

} // namespace citus
