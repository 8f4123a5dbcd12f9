#include "shard_renaming.hpp"

#include "citus/catalog/metadata.hpp"
#include "citus/pg/catalog_rows.hpp"
#include "citus/pg/list.hpp"

extern "C" {
#include "catalog/index.h"
#include "catalog/pg_inherits.h"
#include "commands/tablecmds.h"
#include "tcop/utility.h"
#include "utils/inval.h"
}

namespace citus {

namespace {

const ShardName *find_name(const ShardRenaming &renaming, const char *schema, const char *name) {
    for (const ShardName &entry : renaming.names) {
        if (strcmp(entry.written_schema, schema != nullptr ? schema : "") == 0 &&
            strcmp(entry.written_name, name) == 0)
            return &entry;
    }
    return nullptr;
}

void rename_range_var(const ShardRenaming &renaming, RangeVar *relation) {
    if (relation == nullptr)
        return;
    if (const ShardName *entry = find_name(renaming, relation->schemaname, relation->relname)) {
        relation->schemaname = pstrdup(entry->schema);
        relation->relname = pstrdup(entry->shard_name);
        relation->catalogname = nullptr;
    }
}

/// `table.column` and `schema.table.column` in an expression.
void rename_column_ref(const ShardRenaming &renaming, ColumnRef *column) {
    const int length = list_length(column->fields);
    if (length == 2 && IsA(linitial(column->fields), String)) {
        for (const ShardName &entry : renaming.names) {
            if (entry.is_target && strcmp(entry.written_name, strVal(linitial(column->fields))) == 0)
                linitial(column->fields) = makeString(pstrdup(entry.shard_name));
        }
    } else if (length == 3) {
        const ShardName *entry =
            find_name(renaming, strVal(linitial(column->fields)), strVal(lsecond(column->fields)));
        if (entry != nullptr) {
            linitial(column->fields) = makeString(pstrdup(entry->schema));
            lsecond(column->fields) = makeString(pstrdup(entry->shard_name));
        }
    }
}

bool rename_in_expression(::Node *node, void *context);

bool walk_raw(::Node *node, void *context) {
    using Callback = bool (*)();
    return raw_expression_tree_walker(
        node, reinterpret_cast<Callback>(reinterpret_cast<void (*)()>(rename_in_expression)), context);
}

bool rename_in_expression(::Node *node, void *context) {
    const auto &renaming = *static_cast<const ShardRenaming *>(context);
    if (node == nullptr)
        return false;
    if (IsA(node, RangeVar)) {
        rename_range_var(renaming, castNode(RangeVar, node));
        return false;
    }
    if (IsA(node, ColumnRef)) {
        rename_column_ref(renaming, castNode(ColumnRef, node));
        return false;
    }
    return walk_raw(node, context);
}

void rename_expression(const ShardRenaming &renaming, ::Node *expression) {
    (void)rename_in_expression(expression, const_cast<ShardRenaming *>(&renaming));
}

[[noreturn]] void refuse_statement(::Node *statement) {
    ereport(ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("cannot run a statement of type %s on shards",
                                                            GetCommandTagName(CreateCommandTag(statement)))));
}

void add_suffix(const ShardRenaming &renaming, char *&name) {
    if (name != nullptr)
        name = shard_relation_name(name, renaming.shard_id);
}

struct NamedConstraint {
    Oid oid;
    char type;
    const char *name;
};

std::pmr::vector<NamedConstraint> named_constraints(Oid relid) {
    std::pmr::vector<NamedConstraint> constraints;
    for_each_constraint(relid, [&](const FormData_pg_constraint &row) {
        constraints.push_back({row.oid, row.contype, pstrdup(NameStr(row.conname))});
    });
    return constraints;
}

/// The number that a name ends in after an underscore, or 0.
int64 trailing_id(std::string_view name) {
    const size_t digits = name.find_last_not_of("0123456789") + 1;
    if (digits == 0 || digits >= name.size() || name[digits - 1] != '_')
        return 0;
    return strtoll(name.data() + digits, nullptr, 10);
}

std::string_view stem(std::string_view name) {
    return trailing_id(name) == 0 ? name : name.substr(0, name.find_last_of('_'));
}

/// The constraint of this logical name that the table has from a parent: it ends in that one's shard id.
char *constraint_of_parent(Oid relid, const char *name) {
    for (const NamedConstraint &constraint : named_constraints(relid)) {
        const int64 id = trailing_id(constraint.name);
        if (id != 0 && strcmp(shard_relation_name(name, id), constraint.name) == 0)
            return pstrdup(constraint.name);
    }
    return nullptr;
}

/// A constraint that exists. A CHECK constraint that is older than the distribution kept its name.
void rename_existing_constraint(const ShardRenaming &renaming, RangeVar *table, char *&name) {
    const Oid relid = RangeVarGetRelid(table, NoLock, true);
    char *suffixed = shard_relation_name(name, renaming.shard_id);
    if (!OidIsValid(relid) || OidIsValid(get_relation_constraint_oid(relid, suffixed, true))) {
        name = suffixed;
    } else if (!OidIsValid(get_relation_constraint_oid(relid, name, true))) {
        char *inherited = constraint_of_parent(relid, name);
        name = inherited != nullptr ? inherited : suffixed;
    }
}

/// When PostgreSQL builds the index of a partitioned table anew, it gives those of the partitions names of
/// its own: the one on the table of the wanted name's shard gets the wanted name. True for an index.
bool adopt_rebuilt_index(RangeVar *parent, RangeVar *wanted) {
    const Oid parent_id = RangeVarGetRelid(parent, NoLock, true);
    if (!OidIsValid(parent_id) || get_rel_relkind(parent_id) != RELKIND_PARTITIONED_INDEX)
        return false;
    if (OidIsValid(RangeVarGetRelid(wanted, NoLock, true)))
        return true;
    for (const ListCell &cell : cells(find_inheritance_children(parent_id, AccessExclusiveLock))) {
        const Oid index = lfirst_oid(&cell);
        if (trailing_id(get_rel_name(IndexGetRelation(index, false))) != trailing_id(wanted->relname))
            continue;
        RenameRelationInternal(index, wanted->relname, true, true);
        CommandCounterIncrement();
        break;
    }
    return true;
}

/// A partition has constraints that end in the shard id of its parent. One becomes the same as the other in
/// the names of CHECK constraints, which is how PostgreSQL knows that a partition has them.
void adopt_check_names(RangeVar *parent, RangeVar *partition) {
    const Oid parent_id = RangeVarGetRelid(parent, NoLock, true);
    const Oid partition_id = RangeVarGetRelid(partition, AccessExclusiveLock, true);
    if (!OidIsValid(parent_id) || !OidIsValid(partition_id))
        return;
    for (const NamedConstraint &wanted : named_constraints(parent_id)) {
        if (wanted.type != CONSTRAINT_CHECK ||
            OidIsValid(get_relation_constraint_oid(partition_id, wanted.name, true)))
            continue;
        for (const NamedConstraint &own : named_constraints(partition_id)) {
            if (own.type != CONSTRAINT_CHECK || stem(own.name) != stem(wanted.name))
                continue;
            RenameConstraintById(own.oid, wanted.name);
            CacheInvalidateRelcacheByRelid(partition_id);
            CommandCounterIncrement();
            break;
        }
    }
}

/// A constraint that ALTER TABLE adds. The index that it takes over keeps a name of its own kind.
void rename_new_constraint(const ShardRenaming &renaming, Constraint *constraint) {
    if (constraint->conname == nullptr && constraint->indexname != nullptr)
        constraint->conname = pstrdup(constraint->indexname);
    add_suffix(renaming, constraint->conname);
    add_suffix(renaming, constraint->indexname);
    constraint->indexspace = nullptr;
    rename_range_var(renaming, constraint->pktable);
    rename_expression(renaming, constraint->raw_expr);
    rename_expression(renaming, constraint->where_clause);
    rename_expression(renaming, reinterpret_cast<::Node *>(constraint->exclusions));
}

void rename_column_definition(const ShardRenaming &renaming, ColumnDef *column) {
    rename_expression(renaming, column->raw_default);
    for (const ListCell &cell : cells(column->constraints)) {
        auto *constraint = lfirst_node(Constraint, &cell);
        rename_range_var(renaming, constraint->pktable);
        rename_expression(renaming, constraint->raw_expr);
    }
}

void rename_alter_command(const ShardRenaming &renaming, RangeVar *table, AlterTableCmd *command) {
    switch (command->subtype) {
    case AT_DropConstraint:
    case AT_ValidateConstraint:
        rename_existing_constraint(renaming, table, command->name);
        break;
    case AT_AlterConstraint:
        rename_existing_constraint(renaming, table, castNode(Constraint, command->def)->conname);
        break;
    case AT_AddConstraint:
        rename_new_constraint(renaming, castNode(Constraint, command->def));
        break;
    case AT_AttachPartition:
    case AT_DetachPartition:
        rename_range_var(renaming, castNode(PartitionCmd, command->def)->name);
        if (command->subtype == AT_AttachPartition &&
            !adopt_rebuilt_index(table, castNode(PartitionCmd, command->def)->name))
            adopt_check_names(table, castNode(PartitionCmd, command->def)->name);
        break;
    case AT_ClusterOn:
        add_suffix(renaming, command->name);
        break;
    case AT_ReplicaIdentity:
        add_suffix(renaming, castNode(ReplicaIdentityStmt, command->def)->name);
        break;
    default:
        if (command->def != nullptr && IsA(command->def, ColumnDef))
            rename_column_definition(renaming, castNode(ColumnDef, command->def));
        else if (command->subtype == AT_ColumnDefault)
            rename_expression(renaming, command->def);
        break;
    }
}

void rename_alter_table(const ShardRenaming &renaming, AlterTableStmt *statement) {
    rename_range_var(renaming, statement->relation);
    for (const ListCell &cell : cells(statement->cmds))
        rename_alter_command(renaming, statement->relation, lfirst_node(AlterTableCmd, &cell));
}

void rename_create(const ShardRenaming &renaming, CreateStmt *statement) {
    rename_range_var(renaming, statement->relation);
    for (const ListCell &cell : cells(statement->tableElts)) {
        auto *element = static_cast<::Node *>(lfirst(&cell));
        if (IsA(element, ColumnDef))
            rename_column_definition(renaming, castNode(ColumnDef, element));
        else if (IsA(element, Constraint))
            rename_expression(renaming, castNode(Constraint, element)->raw_expr);
    }
}

void rename_index(const ShardRenaming &renaming, IndexStmt *statement) {
    rename_range_var(renaming, statement->relation);
    add_suffix(renaming, statement->idxname);
    statement->tableSpace = nullptr;
    rename_expression(renaming, reinterpret_cast<::Node *>(statement->indexParams));
    rename_expression(renaming, statement->whereClause);
}

/// A name as a list of Strings: `schema.name` or `name`.
void rename_name_list(const ShardRenaming &renaming, List *&names) {
    const char *schema = list_length(names) == 2 ? strVal(linitial(names)) : nullptr;
    if (const ShardName *entry = find_name(renaming, schema, strVal(llast(names))))
        names = list_make2(makeString(pstrdup(entry->schema)), makeString(pstrdup(entry->shard_name)));
}

void rename_statistics(const ShardRenaming &renaming, CreateStatsStmt *statement) {
    llast(statement->defnames) =
        makeString(shard_relation_name(strVal(llast(statement->defnames)), renaming.shard_id));
    for (const ListCell &cell : cells(statement->relations))
        rename_expression(renaming, static_cast<::Node *>(lfirst(&cell)));
    for (const ListCell &cell : cells(statement->exprs))
        rename_expression(renaming, lfirst_node(StatsElem, &cell)->expr);
}

/// Statistics objects are not in the list of names: the last part of theirs gets the shard's id.
void suffix_name_list(const ShardRenaming &renaming, List *names) {
    llast(names) = makeString(shard_relation_name(strVal(llast(names)), renaming.shard_id));
}

/// Whether the objects of a DROP are names of relations, or of statistics objects.
bool drops_names(const DropStmt *statement) {
    switch (statement->removeType) {
    case OBJECT_TABLE:
    case OBJECT_INDEX:
    case OBJECT_STATISTIC_EXT:
        return true;
    default:
        return false;
    }
}

void rename_drop(const ShardRenaming &renaming, DropStmt *statement) {
    if (!drops_names(statement))
        refuse_statement(reinterpret_cast<::Node *>(statement));
    for (ListCell *cell = list_head(statement->objects); cell != nullptr;
         cell = lnext(statement->objects, cell)) {
        auto *names = lfirst_node(List, cell);
        if (statement->removeType == OBJECT_STATISTIC_EXT)
            suffix_name_list(renaming, names);
        else
            rename_name_list(renaming, names);
        lfirst(cell) = names;
    }
}

void rename_rename(const ShardRenaming &renaming, RenameStmt *statement) {
    rename_range_var(renaming, statement->relation);
    switch (statement->renameType) {
    case OBJECT_TABCONSTRAINT:
        rename_existing_constraint(renaming, statement->relation, statement->subname);
        add_suffix(renaming, statement->newname);
        break;
    case OBJECT_TABLE:
    case OBJECT_INDEX:
        add_suffix(renaming, statement->newname);
        break;
    case OBJECT_STATISTIC_EXT:
        suffix_name_list(renaming, castNode(List, statement->object));
        add_suffix(renaming, statement->newname);
        break;
    default: // a column
        break;
    }
}

void rename_grant(const ShardRenaming &renaming, GrantStmt *statement) {
    for (const ListCell &cell : cells(statement->objects)) {
        if (IsA(lfirst(&cell), RangeVar))
            rename_range_var(renaming, lfirst_node(RangeVar, &cell));
    }
}

} // namespace

void rename_for_shard(::Node *statement, const ShardRenaming &renaming) {
    switch (nodeTag(statement)) {
    case T_CreateStmt:
        return rename_create(renaming, castNode(CreateStmt, statement));
    case T_AlterTableStmt:
        return rename_alter_table(renaming, castNode(AlterTableStmt, statement));
    case T_IndexStmt:
        return rename_index(renaming, castNode(IndexStmt, statement));
    case T_CreateStatsStmt:
        return rename_statistics(renaming, castNode(CreateStatsStmt, statement));
    case T_AlterStatsStmt:
        return suffix_name_list(renaming, castNode(AlterStatsStmt, statement)->defnames);
    case T_DropStmt:
        return rename_drop(renaming, castNode(DropStmt, statement));
    case T_RenameStmt:
        return rename_rename(renaming, castNode(RenameStmt, statement));
    case T_GrantStmt:
        return rename_grant(renaming, castNode(GrantStmt, statement));
    case T_AlterObjectSchemaStmt:
        return rename_range_var(renaming, castNode(AlterObjectSchemaStmt, statement)->relation);
    case T_ClusterStmt:
        rename_range_var(renaming, castNode(ClusterStmt, statement)->relation);
        return add_suffix(renaming, castNode(ClusterStmt, statement)->indexname);
    case T_ReindexStmt:
        return rename_range_var(renaming, castNode(ReindexStmt, statement)->relation);
    default:
        refuse_statement(statement);
    }
}

} // namespace citus
