/// DROP of what belongs to tables in the metadata but is no table: indexes and statistics objects.
#include "citus/ddl/shard_definition.hpp"
#include "citus/pg/list.hpp"
#include "concurrent.hpp"
#include "shard_guard.hpp"
#include "type_use.hpp"
#include "utility_call.hpp"

extern "C" {
#include "catalog/dependency.h"
#include "catalog/pg_statistic_ext.h"
#include "commands/extension.h"
#include "commands/tablecmds.h"
}

namespace citus {

namespace {

const char *behavior(const DropStmt *statement) {
    return statement->behavior == DROP_CASCADE ? " CASCADE" : "";
}

bool drop_indexes(UtilityCall &call, DropStmt *statement) {
    ShardDdl ddl;
    bool found = false;
    for (const ListCell &cell : cells(statement->objects)) {
        Oid table = InvalidOid;
        const Oid index = find_dist_index(makeRangeVarFromNameList(lfirst_node(List, &cell)), &table);
        if (!OidIsValid(index))
            continue;
        require_owner(index);
        found = true;
        // Shards may lack one that CREATE INDEX CONCURRENTLY could not finish.
        ddl.on_shards(table,
                      list_make1(psprintf("DROP INDEX IF EXISTS %s%s", qualified_relation_name(index),
                                          behavior(statement))),
                      list_make1_oid(index));
    }
    if (!found)
        return false;
    if (statement->concurrent && list_length(statement->objects) == 1 &&
        statement->behavior != DROP_CASCADE) {
        Oid table = InvalidOid;
        const Oid index =
            find_dist_index(makeRangeVarFromNameList(linitial_node(List, statement->objects)), &table);
        if (!OidIsValid(get_index_constraint(index))) {
            drop_index_concurrently(call, table, index);
            return true;
        }
    }
    call.run(); // which refuses what is not possible concurrently
    ddl.run();
    return true;
}

bool drop_statistics(UtilityCall &call, DropStmt *statement) {
    ShardDdl ddl;
    bool found = false;
    for (const ListCell &cell : cells(statement->objects)) {
        const Oid statistics = get_statistics_object_oid(lfirst_node(List, &cell), true);
        const Oid table = OidIsValid(statistics) ? dist_table_of_statistics(statistics) : InvalidOid;
        if (!OidIsValid(table))
            continue;
        found = true;
        ddl.on_shards(table,
                      list_make1(psprintf("DROP STATISTICS %s", qualified_statistics_name(statistics))));
    }
    if (!found)
        return false;
    call.run();
    ddl.run();
    return true;
}

bool drop_extension(const DropStmt *statement) {
    for (const ListCell &cell : cells(statement->objects)) {
        if (strcmp(strVal(lfirst(&cell)), "citus") == 0 && all_dist_relations() != NIL)
            ereport(ERROR,
                    (errcode(ERRCODE_DEPENDENT_OBJECTS_STILL_EXIST),
                     errmsg("cannot drop extension citus because distributed tables exist"),
                     errhint("Drop these tables, or use undistribute_table() for each of them, first.")));
    }
    return false;
}

} // namespace

char *qualified_statistics_name(Oid statistics) {
    HeapTuple tuple = SearchSysCache1(STATEXTOID, ObjectIdGetDatum(statistics));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for statistics object %u", statistics);
    auto *form = reinterpret_cast<Form_pg_statistic_ext>(GETSTRUCT(tuple));
    char *name = quote_qualified_identifier(get_namespace_name(form->stxnamespace), NameStr(form->stxname));
    ReleaseSysCache(tuple);
    return name;
}

bool handle_drop(UtilityCall &call) {
    auto *statement = castNode(DropStmt, call.statement());
    switch (statement->removeType) {
    case OBJECT_TABLE:
        for (const ListCell &cell : cells(statement->objects))
            refuse_change_of_shard(makeRangeVarFromNameList(lfirst_node(List, &cell)));
        return false;
    case OBJECT_INDEX:
        return drop_indexes(call, statement);
    case OBJECT_STATISTIC_EXT:
        return drop_statistics(call, statement);
    case OBJECT_EXTENSION:
        return drop_extension(statement);
    default:
        return false;
    }
}

} // namespace citus
