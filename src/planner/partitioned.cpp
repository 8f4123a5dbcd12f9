#include "citus/planner/partitioned.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/core/shard_name.hpp"
#include "citus/pg/walker.hpp"

extern "C" {
#include "parser/parse_func.h"

PG_FUNCTION_INFO_V1(logical_table_of_shard);
}

namespace citus {

const char *const kPartitionColumn = "tableoid::pg_catalog.regclass::pg_catalog.text";

namespace {

bool hide_in_tree(::Node *node, void *context) {
    if (node == nullptr)
        return false;
    if (!IsA(node, Query))
        return walk_children(node, hide_in_tree, context);
    ListCell *cell;
    foreach (cell, castNode(Query, node)->rtable) {
        auto *rte = lfirst_node(RangeTblEntry, cell);
        if (rte->rtekind != RTE_RELATION || rte->relkind != RELKIND_PARTITIONED_TABLE || !rte->inh ||
            find_dist_table(rte->relid) == nullptr)
            continue;
        rte->relkind = RELKIND_RELATION;
        rte->inh = false;
    }
    return walk_query(castNode(Query, node), hide_in_tree, context, 0);
}

} // namespace

void hide_partitions(Query *query) {
    (void)hide_in_tree(reinterpret_cast<::Node *>(query), nullptr);
}

Expr *partition_oid(Expr *text) {
    List *name =
        list_make2(makeString(pstrdup("citus_internal")), makeString(pstrdup("logical_table_of_shard")));
    const Oid argument = TEXTOID;
    return reinterpret_cast<Expr *>(makeFuncExpr(LookupFuncName(name, 1, &argument, false), OIDOID,
                                                 list_make1(text), InvalidOid, InvalidOid,
                                                 COERCE_EXPLICIT_CALL));
}

Oid logical_table(const char *shard) {
    std::string_view name = shard;
    if (name.ends_with('"'))
        name.remove_suffix(1);
    const size_t digits = name.find_last_not_of("0123456789") + 1;
    const int64 shard_id = digits < name.size() ? strtoll(name.data() + digits, nullptr, 10) : 0;
    const Oid relid = shard_id > 0 ? relation_of_shard(shard_id) : InvalidOid;
    if (!OidIsValid(relid))
        ereport(ERROR,
                (errcode(ERRCODE_UNDEFINED_TABLE), errmsg("relation \"%s\" is not known as a shard", shard)));
    return relid;
}

} // namespace citus

Datum logical_table_of_shard(PG_FUNCTION_ARGS) {
    PG_RETURN_OID(citus::logical_table(text_to_cstring(PG_GETARG_TEXT_PP(0))));
}
