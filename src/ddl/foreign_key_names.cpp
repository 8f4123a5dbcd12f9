/// Names of the foreign keys that PostgreSQL derives by itself on partitioned tables: for each partition of
/// the referenced table, and for each partition of the referencing one. On shards it would choose names that
/// have nothing to do with those of the shells, by which users know them (SET CONSTRAINTS, messages).
#include "citus/ddl/partitions.hpp"
#include "citus/ddl/shard_definition.hpp"
#include "citus/pg/list.hpp"
#include "shard_renaming.hpp"

extern "C" {
#include "catalog/pg_constraint.h"
#include "utils/inval.h"
}

namespace citus {

namespace {

/// The statements for apply_shard_ddl(), which no server ever runs. Both have six texts: schema and table of
/// the key, its name, schema and name of another table, name of another key.
constexpr char kToPartition[] = "name_key_to_partition"; ///< that table is referenced; the key it stems from
constexpr char kOfPartition[] = "name_key_of_partition"; ///< that table is the parent; the parent's key

FormData_pg_constraint constraint_row(Oid oid) {
    HeapTuple tuple = SearchSysCache1(CONSTROID, ObjectIdGetDatum(oid));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for constraint %u", oid);
    const FormData_pg_constraint row = *reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple));
    ReleaseSysCache(tuple);
    return row;
}

/// The key of the same table that a key to a partition stems from, over all levels.
FormData_pg_constraint stem_key(FormData_pg_constraint row) {
    while (is_key_to_partition(row))
        row = constraint_row(row.conparentid);
    return row;
}

/// The foreign keys that stem from others, for which `wanted` holds, in the order of their creation.
template <typename Wanted>
std::pmr::vector<FormData_pg_constraint> derived_keys(const Wanted &wanted) {
    std::pmr::vector<FormData_pg_constraint> keys;
    Relation catalog = table_open(ConstraintRelationId, AccessShareLock);
    SysScanDesc scan = systable_beginscan(catalog, InvalidOid, false, nullptr, 0, nullptr);
    for (HeapTuple tuple; HeapTupleIsValid(tuple = systable_getnext(scan));) {
        auto *form = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple));
        if (form->contype == CONSTRAINT_FOREIGN && OidIsValid(form->conparentid) && wanted(*form))
            keys.push_back(*form);
    }
    systable_endscan(scan);
    table_close(catalog, AccessShareLock);
    std::sort(keys.begin(), keys.end(), [](const auto &a, const auto &b) { return a.oid < b.oid; });
    return keys;
}

char *naming_call(const char *function, const FormData_pg_constraint &key, Oid other_table,
                  const FormData_pg_constraint &other_key) {
    const auto schema = [](Oid relid) {
        return quote_literal_cstr(get_namespace_name(get_rel_namespace(relid)));
    };
    const auto table = [](Oid relid) { return quote_literal_cstr(get_rel_name(relid)); };
    return psprintf("CALL %s(%s, %s, %s, %s, %s, %s)", function, schema(key.conrelid), table(key.conrelid),
                    quote_literal_cstr(NameStr(key.conname)), schema(other_table), table(other_table),
                    quote_literal_cstr(NameStr(other_key.conname)));
}

// ---------------------------------------------------------------- on a node

[[noreturn]] void refuse_call() {
    ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("not a statement for shards")));
}

const char *text_argument(const List *arguments, int position) {
    auto *argument = static_cast<::Node *>(list_nth(arguments, position));
    if (!IsA(argument, A_Const) || castNode(A_Const, argument)->isnull ||
        !IsA(&castNode(A_Const, argument)->val, String))
        refuse_call();
    return strVal(&castNode(A_Const, argument)->val);
}

const ShardName &shard_argument(const ShardRenaming &renaming, const List *arguments, int position) {
    const char *schema = text_argument(arguments, position);
    const char *name = text_argument(arguments, position + 1);
    for (const ShardName &entry : renaming.names)
        if (strcmp(entry.written_schema, schema) == 0 && strcmp(entry.written_name, name) == 0)
            return entry;
    refuse_call();
}

Oid relation_of(const ShardName &shard) {
    const Oid schema = get_namespace_oid(shard.schema, true);
    return OidIsValid(schema) ? get_relname_relid(shard.shard_name, schema) : InvalidOid;
}

/// The key of this logical name on a shard.
Oid key_of_shard(const ShardName &shard, const char *name) {
    const char *id = strrchr(shard.shard_name, '_');
    const Oid relid = relation_of(shard);
    if (id == nullptr || !OidIsValid(relid))
        return InvalidOid;
    return get_relation_constraint_oid(relid, shard_relation_name(name, strtoll(id + 1, nullptr, 10)), true);
}

/// A key is named by the owner of one of its tables.
void check_owner(const FormData_pg_constraint &key) {
    if (!pg_class_ownercheck(key.conrelid, GetUserId()) && !pg_class_ownercheck(key.confrelid, GetUserId()))
        aclcheck_error(ACLCHECK_NOT_OWNER, OBJECT_TABLE, get_rel_name(key.conrelid));
}

} // namespace

void add_key_names(ShardDdl &ddl, const List *tree, int32 only_group) {
    const auto concerns_tree = [&](const FormData_pg_constraint &key) {
        return list_member_oid(tree, key.conrelid) || list_member_oid(tree, key.confrelid);
    };
    for (const FormData_pg_constraint &key : derived_keys(concerns_tree)) {
        const bool to_partition = is_key_to_partition(key);
        const FormData_pg_constraint other = to_partition ? stem_key(key) : constraint_row(key.conparentid);
        const Oid other_table = to_partition ? key.confrelid : other.conrelid;
        if (find_dist_table(key.conrelid) == nullptr || find_dist_table(other_table) == nullptr)
            continue;
        ddl.on_shards(
            key.conrelid,
            list_make1(naming_call(to_partition ? kToPartition : kOfPartition, key, other_table, other)),
            list_make1_oid(other_table), {}, nullptr, only_group);
    }
}

void name_key_of_shard(const CallStmt *statement, const ShardRenaming &renaming) {
    const FuncCall *call = statement->funccall;
    const char *function = strVal(llast(call->funcname));
    const bool to_partition = strcmp(function, kToPartition) == 0;
    if (list_length(call->funcname) != 1 || list_length(call->args) != 6 ||
        (!to_partition && strcmp(function, kOfPartition) != 0))
        refuse_call();
    const ShardName &table = shard_argument(renaming, call->args, 0);
    const ShardName &other = shard_argument(renaming, call->args, 3);
    const char *name = shard_relation_name(text_argument(call->args, 2), renaming.shard_id);
    const Oid relid = relation_of(table), other_relid = relation_of(other);
    const Oid other_key = key_of_shard(to_partition ? table : other, text_argument(call->args, 5));
    if (!OidIsValid(relid) || !OidIsValid(other_relid) || !OidIsValid(other_key) ||
        OidIsValid(get_relation_constraint_oid(relid, name, true)))
        return;
    const auto is_meant = [&](const FormData_pg_constraint &key) {
        if (key.conrelid != relid || is_key_to_partition(key) != to_partition)
            return false;
        return to_partition ? key.confrelid == other_relid && stem_key(key).oid == other_key
                            : key.conparentid == other_key;
    };
    for (const FormData_pg_constraint &key : derived_keys(is_meant)) {
        check_owner(key);
        RenameConstraintById(key.oid, name);
        CacheInvalidateRelcacheByRelid(relid);
        CommandCounterIncrement();
        return;
    }
}

} // namespace citus
