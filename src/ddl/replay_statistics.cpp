/// CREATE STATISTICS and ALTER STATISTICS ... SET STATISTICS.
#include "citus/ddl/dependencies.hpp"
#include "citus/pg/list.hpp"
#include "type_use.hpp"
#include "utility_call.hpp"

extern "C" {
#include "catalog/pg_statistic_ext.h"
#include "utils/ruleutils.h"
}

namespace citus {

namespace {

List *statistics_of(Oid relid) {
    Relation relation = table_open(relid, ShareUpdateExclusiveLock);
    List *statistics = list_copy(RelationGetStatExtList(relation));
    table_close(relation, NoLock);
    return statistics;
}

Oid schema_of_statistics(Oid statistics) {
    HeapTuple tuple = SearchSysCache1(STATEXTOID, ObjectIdGetDatum(statistics));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for statistics object %u", statistics);
    const Oid schema = reinterpret_cast<Form_pg_statistic_ext>(GETSTRUCT(tuple))->stxnamespace;
    ReleaseSysCache(tuple);
    return schema;
}

char *statistics_definition(Oid statistics) {
    const int level = pin_search_path();
    char *definition = pg_get_statisticsobjdef_string(statistics);
    unpin_search_path(level);
    return definition;
}

} // namespace

bool handle_create_statistics(UtilityCall &call) {
    auto *statement = castNode(CreateStatsStmt, call.statement());
    if (list_length(statement->relations) != 1 || !IsA(linitial(statement->relations), RangeVar))
        return false; // PostgreSQL's error
    const Oid relid = find_dist_relation(linitial_node(RangeVar, statement->relations));
    if (!OidIsValid(relid))
        return false;
    require_owner(relid);
    const List *before = statistics_of(relid);
    call.run();
    ShardDdl ddl;
    for (const ListCell &cell : cells(list_difference_oid(statistics_of(relid), before))) {
        add_schema(ddl, schema_of_statistics(lfirst_oid(&cell)),
                   groups_of_shards(*require_dist_table(relid)));
        ddl.on_shards(relid, list_make1(statistics_definition(lfirst_oid(&cell))));
    }
    ddl.run();
    return true;
}

bool handle_alter_statistics(UtilityCall &call) {
    auto *statement = castNode(AlterStatsStmt, call.statement());
    const Oid statistics = get_statistics_object_oid(statement->defnames, true);
    const Oid relid = OidIsValid(statistics) ? dist_table_of_statistics(statistics) : InvalidOid;
    if (!OidIsValid(relid))
        return false;
    call.run();
    ShardDdl ddl;
    ddl.on_shards(relid,
                  list_make1(psprintf("ALTER STATISTICS %s SET STATISTICS %d",
                                      qualified_statistics_name(statistics), statement->stxstattarget)));
    ddl.run();
    return true;
}

} // namespace citus
