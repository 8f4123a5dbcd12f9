/// CREATE OR REPLACE FUNCTION and ALTER FUNCTION, for functions that shards use.
#include "citus/ddl/dependencies.hpp"
#include "citus/pg/catalog_rows.hpp"
#include "citus/pg/list.hpp"
#include "type_use.hpp"
#include "utility_call.hpp"

extern "C" {
#include "catalog/index.h"
#include "catalog/pg_attrdef.h"
#include "catalog/pg_constraint.h"
#include "catalog/pg_proc.h"
#include "parser/parse_func.h"
}

namespace citus {

namespace {

/// The table whose shards hold a copy of the object: an index, a constraint, the value of a generated column.
Oid table_of_object(Oid class_id, Oid object_id) {
    if (class_id == AttrDefaultRelationId)
        return GetAttrDefaultColumnAddress(object_id).objectId;
    if (class_id == ConstraintRelationId) {
        HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(object_id));
        if (!HeapTupleIsValid(tuple))
            return InvalidOid;
        const Oid relid = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple))->conrelid;
        ReleaseSysCache(tuple);
        return relid;
    }
    if (class_id != RelationRelationId)
        return InvalidOid;
    const char kind = get_rel_relkind(object_id);
    return kind == RELKIND_INDEX || kind == RELKIND_PARTITIONED_INDEX ? IndexGetRelation(object_id, true)
                                                                      : object_id;
}

/// Whether a shard has something that calls the function.
bool is_used_by_shards(Oid function) {
    bool used = false;
    for_each_dependent(ProcedureRelationId, function, [&](const FormData_pg_depend &row) {
        const Oid table = table_of_object(row.classid, row.objid);
        used = used || (OidIsValid(table) && find_dist_table(table) != nullptr);
    });
    return used;
}

void send_function(Oid function) {
    if (!OidIsValid(function) || !is_used_by_shards(function))
        return;
    const int level = pin_search_path();
    ShardDdl ddl;
    for (const int32 group_id : remote_groups_of_shards())
        ddl.on_group(group_id, function_commands(function), function_differs(function));
    unpin_search_path(level);
    ddl.run();
}

/// The function that CREATE FUNCTION has just made or replaced.
Oid created_function(const CreateFunctionStmt *statement) {
    auto *name = makeNode(ObjectWithArgs);
    name->objname = statement->funcname;
    name->objfuncargs = statement->parameters;
    for (const ListCell &cell : cells(statement->parameters)) {
        const auto *parameter = lfirst_node(FunctionParameter, &cell);
        if (parameter->mode != FUNC_PARAM_OUT && parameter->mode != FUNC_PARAM_TABLE)
            name->objargs = lappend(name->objargs, parameter->argType);
    }
    return LookupFuncWithArgs(OBJECT_FUNCTION, name, true);
}

} // namespace

bool handle_create_function(UtilityCall &call) {
    const auto *statement = castNode(CreateFunctionStmt, call.statement());
    if (!statement->replace || statement->is_procedure || all_dist_relations() == NIL)
        return false;
    call.run();
    send_function(created_function(castNode(CreateFunctionStmt, call.statement())));
    return true;
}

bool handle_alter_function(UtilityCall &call) {
    auto *statement = castNode(AlterFunctionStmt, call.statement());
    if (statement->objtype == OBJECT_PROCEDURE || all_dist_relations() == NIL)
        return false;
    const Oid function = LookupFuncWithArgs(statement->objtype, statement->func, true);
    call.run();
    send_function(function);
    return true;
}

} // namespace citus
