/// ALTER TABLE and ALTER INDEX with subcommands.
#include "citus/cluster/distribute_partition.hpp"
#include "citus/ddl/checks.hpp"
#include "citus/ddl/dependencies.hpp"
#include "citus/ddl/partitions.hpp"
#include "citus/ddl/roles.hpp"
#include "citus/ddl/shard_definition.hpp"
#include "citus/pg/list.hpp"
#include "citus/planner/gather.hpp"
#include "new_column_values.hpp"
#include "table_shape.hpp"
#include "type_use.hpp"
#include "utility_call.hpp"

extern "C" {
#include "catalog/dependency.h"
#include "catalog/pg_constraint.h"
#include "commands/tablecmds.h"
#include "nodes/value.h"
#include "utils/ruleutils.h"
}

namespace citus {

namespace {

enum class Treatment {
    Compared,  ///< the shards follow the difference of the shell before and after
    ShellOnly, ///< means nothing for shards
    Refused,
};

struct SubcommandKind {
    AlterTableType type;
    Treatment treatment;
};

constexpr SubcommandKind kSubcommands[] = {
    {AT_AddColumn, Treatment::Compared},
    {AT_DropColumn, Treatment::Compared},
    {AT_AlterColumnType, Treatment::Compared},
    {AT_ColumnDefault, Treatment::ShellOnly},
    {AT_AddIdentity, Treatment::ShellOnly},
    {AT_SetIdentity, Treatment::ShellOnly},
    {AT_DropIdentity, Treatment::ShellOnly},
    {AT_DropNotNull, Treatment::Compared},
    {AT_SetNotNull, Treatment::Compared},
    {AT_DropExpression, Treatment::Compared},
    {AT_SetStatistics, Treatment::Compared},
    {AT_SetOptions, Treatment::Compared},
    {AT_ResetOptions, Treatment::Compared},
    {AT_SetStorage, Treatment::Compared},
    {AT_SetCompression, Treatment::Compared},
    {AT_AddConstraint, Treatment::Compared},
    {AT_AddIndex, Treatment::Compared},
    {AT_AddIndexConstraint, Treatment::Compared},
    {AT_AlterConstraint, Treatment::Compared},
    {AT_ValidateConstraint, Treatment::Compared},
    {AT_DropConstraint, Treatment::Compared},
    {AT_ChangeOwner, Treatment::Compared},
    {AT_ClusterOn, Treatment::Compared},
    {AT_DropCluster, Treatment::Compared},
    {AT_SetLogged, Treatment::Compared},
    {AT_SetUnLogged, Treatment::Compared},
    {AT_DropOids, Treatment::ShellOnly},
    {AT_SetAccessMethod, Treatment::Compared},
    {AT_SetRelOptions, Treatment::Compared},
    {AT_ResetRelOptions, Treatment::Compared},
    {AT_ReplicaIdentity, Treatment::Compared},
    // Policies apply on the coordinator.
    {AT_EnableRowSecurity, Treatment::ShellOnly},
    {AT_DisableRowSecurity, Treatment::ShellOnly},
    {AT_ForceRowSecurity, Treatment::ShellOnly},
    {AT_NoForceRowSecurity, Treatment::ShellOnly},
    {AT_EnableRule, Treatment::ShellOnly},
    {AT_EnableAlwaysRule, Treatment::ShellOnly},
    {AT_EnableReplicaRule, Treatment::ShellOnly},
    {AT_DisableRule, Treatment::ShellOnly},
    // Triggers fire on the coordinator; those of foreign keys, which ALL includes, on the shards.
    {AT_EnableTrig, Treatment::ShellOnly},
    {AT_EnableAlwaysTrig, Treatment::ShellOnly},
    {AT_EnableReplicaTrig, Treatment::ShellOnly},
    {AT_DisableTrig, Treatment::ShellOnly},
    {AT_EnableTrigAll, Treatment::ShellOnly},
    {AT_DisableTrigAll, Treatment::ShellOnly},
    {AT_EnableTrigUser, Treatment::ShellOnly},
    {AT_DisableTrigUser, Treatment::ShellOnly},
};

Treatment treatment_of(AlterTableType type) {
    for (const SubcommandKind &kind : kSubcommands) {
        if (kind.type == type)
            return kind.treatment;
    }
    return Treatment::Refused;
}

[[noreturn]] void refuse_subcommand() {
    ereport(ERROR,
            (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("alter table command is currently unsupported"),
             errdetail("Inheritance, partitions, typed tables and tablespaces are not supported for "
                       "tables that are spread over nodes."),
             errhint("Use undistribute_table() first when the table can be a local one.")));
}

bool changes_key(const DistTable &table, const AlterTableCmd *command) {
    return (command->subtype == AT_DropColumn || command->subtype == AT_AlterColumnType) && table.has_key() &&
           get_attnum(table.relid, command->name) == table.key_attno;
}

void check_subcommand(const DistTable &table, const AlterTableCmd *command) {
    const Treatment treatment = treatment_of(command->subtype);
    if (treatment == Treatment::Refused)
        refuse_subcommand();
    if (changes_key(table, command))
        refuse("cannot execute ALTER TABLE command involving partition column",
               "Use undistribute_table(), alter the column, then distribute the table again.");
}

bool drops_with_cascade(const AlterTableStmt *statement) {
    for (const ListCell &cell : cells(statement->cmds)) {
        if (lfirst_node(AlterTableCmd, &cell)->behavior == DROP_CASCADE)
            return true;
    }
    return false;
}

struct TypeChange {
    AttrNumber attno;
    const char *conversion; ///< text of USING, nullptr without
};

std::pmr::vector<TypeChange> type_changes(const DistTable &table, const AlterTableStmt *statement) {
    std::pmr::vector<TypeChange> changes;
    for (const ListCell &cell : cells(statement->cmds)) {
        auto *command = lfirst_node(AlterTableCmd, &cell);
        if (command->subtype != AT_AlterColumnType)
            continue;
        // PostgreSQL complains about a column that does not exist.
        const AttrNumber attno = get_attnum(table.relid, command->name);
        if (attno != InvalidAttrNumber)
            changes.push_back(
                {attno, conversion_text(table, castNode(ColumnDef, command->def)->raw_default)});
    }
    return changes;
}

List *type_change_commands(Relation relation, std::span<const TypeChange> changes) {
    List *commands = NIL;
    for (const TypeChange &change : changes) {
        Form_pg_attribute column = TupleDescAttr(RelationGetDescr(relation), change.attno - 1);
        if (column->attisdropped)
            continue;
        StringInfoData out;
        initStringInfo(&out);
        appendStringInfo(&out, "ALTER COLUMN %s TYPE %s", quote_identifier(NameStr(column->attname)),
                         format_type_with_typemod(column->atttypid, column->atttypmod));
        if (OidIsValid(column->attcollation) && column->attcollation != get_typcollation(column->atttypid))
            appendStringInfo(&out, " COLLATE %s", generate_collation_name(column->attcollation));
        if (change.conversion != nullptr)
            appendStringInfo(&out, " USING %s", change.conversion);
        commands = lappend(commands, out.data);
    }
    return commands;
}

const ColumnDef *added_column(const AlterTableStmt *statement, const char *name) {
    for (const ListCell &cell : cells(statement->cmds)) {
        auto *command = lfirst_node(AlterTableCmd, &cell);
        if (command->subtype == AT_AddColumn && strcmp(castNode(ColumnDef, command->def)->colname, name) == 0)
            return castNode(ColumnDef, command->def);
    }
    return nullptr;
}

/// Whether ADD COLUMN itself says what the rows that exist get.
bool has_value(const ColumnDef *column) {
    if (column->raw_default != nullptr || column->identity != '\0')
        return true;
    for (const ListCell &cell : cells(column->constraints)) {
        const ConstrType type = lfirst_node(Constraint, &cell)->contype;
        if (type == CONSTR_DEFAULT || type == CONSTR_IDENTITY)
            return true;
    }
    const char *type =
        list_length(column->typeName->names) == 1 ? strVal(linitial(column->typeName->names)) : "";
    return strstr(type, "serial") == type || strstr(type, "bigserial") == type ||
           strstr(type, "smallserial") == type;
}

/// A default that another subcommand gives to a new column is for rows to come: those that exist get NULL.
bool gets_default_later(const AlterTableStmt *statement, const char *name) {
    for (const ListCell &cell : cells(statement->cmds)) {
        auto *command = lfirst_node(AlterTableCmd, &cell);
        if ((command->subtype != AT_ColumnDefault && command->subtype != AT_AddIdentity) ||
            strcmp(command->name, name) != 0)
            continue;
        const ColumnDef *added = added_column(statement, name);
        if (added != nullptr && has_value(added))
            refuse("cannot add a column with one default and give it another one in the same statement",
                   "Use two statements.");
        return true;
    }
    return false;
}

/// Columns that a statement added: how their existing rows get values.
void describe_new_columns(const AlterTableStmt *statement, const TableShape &before, const TableShape &after,
                          Relation relation, AlterDetails &details) {
    for (const ColumnShape &column : after.columns) {
        const bool is_old = std::any_of(before.columns.begin(), before.columns.end(),
                                        [&](const ColumnShape &old) { return old.attno == column.attno; });
        if (is_old || column.generated != '\0' || gets_default_later(statement, column.name))
            continue;
        const NewColumnValue value = new_column_value(relation, column.attno);
        if (value.needs_update)
            details.filled_columns = lappend_int(details.filled_columns, column.attno);
        else if (value.default_text != nullptr)
            details.column_defaults =
                lappend(details.column_defaults,
                        list_make2(makeInteger(column.attno), makeString(pstrdup(value.default_text))));
    }
}

char *alter_table(Oid relid, List *subcommands, bool only = false) {
    StringInfoData out;
    initStringInfo(&out);
    appendStringInfo(&out, "ALTER TABLE %s%s ", only ? "ONLY " : "", qualified_relation_name(relid));
    const char *separator = "";
    for (const ListCell &cell : cells(subcommands)) {
        appendStringInfo(&out, "%s%s", separator, static_cast<const char *>(lfirst(&cell)));
        separator = ", ";
    }
    return out.data;
}

bool brings_dependencies(const AlterTableStmt *statement) {
    for (const ListCell &cell : cells(statement->cmds)) {
        const AlterTableType type = lfirst_node(AlterTableCmd, &cell)->subtype;
        if (type == AT_AddColumn || type == AT_AlterColumnType || type == AT_AddConstraint)
            return true;
    }
    return false;
}

/// One of the tables that a statement changes, and what its shards have to do.
struct TableChange {
    Oid relid;
    TableShape before, after;
    ShapeChange change;
};

/// Whether the table had the index before.
bool had_index(const TableChange &table, Oid index) {
    return std::any_of(table.before.indexes.begin(), table.before.indexes.end(),
                       [&](const auto &old) { return old.first == index; });
}

/// Keys and other indexes with the names that they have here, and as parts of the parent's.
void add_keys(ShardDdl &ddl, const TableChange &table) {
    if (table.change.keys != NIL)
        ddl.on_shards(table.relid, list_make1(alter_table(table.relid, table.change.keys, true)));
    for (const auto &[index, name] : table.after.indexes)
        if (!had_index(table, index))
            add_index_attachments(ddl, index);
    if (table.change.own != NIL)
        ddl.on_shards(table.relid, list_make1(alter_table(table.relid, table.change.own, true)));
}

/// Indexes that a table got by becoming a partition.
void add_new_indexes(ShardDdl &ddl, const TableChange &table) {
    for (const auto &[index, name] : table.after.indexes) {
        if (had_index(table, index))
            continue;
        const Oid constraint = get_index_constraint(index);
        ddl.on_shards(table.relid, OidIsValid(constraint) ? shard_constraint_commands(constraint)
                                                          : shard_index_commands(index));
        add_index_attachments(ddl, index);
    }
}

/// What partitions have of their own, after their parent has passed on what it has, and the keys.
void add_changes_of_tree(ShardDdl &ddl, std::span<const TableChange> tables) {
    for (const TableChange &table : tables.subspan(1)) {
        List *commands = NIL;
        if (table.change.subcommands != NIL)
            commands = list_make1(alter_table(table.relid, table.change.subcommands, true));
        ddl.on_shards(table.relid, list_concat(commands, table.change.commands), table.change.referenced);
    }
    for (size_t i = tables.size(); i > 0; i--)
        add_keys(ddl, tables[i - 1]);
}

/// Shards have no triggers but those of foreign keys, which ALL means, too.
List *foreign_key_switches(Oid relid, const AlterTableStmt *statement) {
    List *commands = NIL;
    for (const ListCell &cell : cells(statement->cmds)) {
        const AlterTableType type = lfirst_node(AlterTableCmd, &cell)->subtype;
        if (type == AT_EnableTrigAll || type == AT_DisableTrigAll)
            commands =
                lappend(commands, psprintf("ALTER TABLE %s %s TRIGGER ALL", qualified_relation_name(relid),
                                           type == AT_EnableTrigAll ? "ENABLE" : "DISABLE"));
    }
    return commands;
}

bool changes_owner(const AlterTableStmt *statement) {
    const auto all = cells(statement->cmds);
    return std::any_of(all.begin(), all.end(), [](const ListCell &cell) {
        return lfirst_node(AlterTableCmd, &cell)->subtype == AT_ChangeOwner;
    });
}

void send_change(const DistTable &table, const AlterTableStmt *statement, std::span<const TableChange> tables,
                 bool only, List *filled_columns) {
    const ShapeChange &change = tables.front().change;
    ShardDdl ddl;
    if (changes_owner(statement)) // to a role that the nodes may not know
        create_roles_of(RelationRelationId, list_make1_oid(table.relid));
    if (brings_dependencies(statement))
        add_dependencies(ddl, table.relid, groups_of_shards(table));
    List *commands = NIL;
    if (change.subcommands != NIL)
        commands = list_make1(alter_table(table.relid, change.subcommands, only));
    commands = list_concat(commands, change.commands);
    commands = list_concat(commands, foreign_key_switches(table.relid, statement));
    ddl.on_shards(table.relid, commands, change.referenced);
    if (filled_columns != NIL) {
        ddl.run();
        fill_new_columns(table.relid, filled_columns);
    }
    if (change.later != NIL)
        ddl.on_shards(table.relid, list_make1(alter_table(table.relid, change.later, only)),
                      change.referenced);
    add_changes_of_tree(ddl, tables);
    List *tree = NIL;
    for (const TableChange &changed : tables)
        tree = lappend_oid(tree, changed.relid);
    add_key_names(ddl, tree);
    ddl.run();
}

bool is_foreign_key(const Constraint *constraint) {
    return constraint->contype == CONSTR_FOREIGN;
}

/// Whether PostgreSQL may check rows of the shell by queries of its own.
bool may_check_foreign_keys(const AlterTableCmd *command) {
    switch (command->subtype) {
    case AT_AlterColumnType:
    case AT_ValidateConstraint:
        return true;
    case AT_AddConstraint:
        return is_foreign_key(castNode(Constraint, command->def));
    case AT_AddColumn:
        for (const ListCell &cell : cells(castNode(ColumnDef, command->def)->constraints)) {
            if (is_foreign_key(lfirst_node(Constraint, &cell)))
                return true;
        }
        return false;
    default:
        return false;
    }
}

/// The checks of foreign keys that PostgreSQL runs as queries see an empty table: shards check their rows.
void run_on_shell(UtilityCall &call, const AlterTableStmt *statement) {
    const bool checks =
        std::any_of(cells(statement->cmds).begin(), cells(statement->cmds).end(), [](const ListCell &cell) {
            return may_check_foreign_keys(lfirst_node(AlterTableCmd, &cell));
        });
    if (!checks)
        return call.run();
    LocalShellScope scope;
    call.run();
}

void alter_dist_table(UtilityCall &call, const AlterTableStmt *statement, const DistTable &table) {
    for (const ListCell &cell : cells(statement->cmds))
        check_subcommand(table, lfirst_node(AlterTableCmd, &cell));
    const bool only = is_partitioned(table.relid) && !statement->relation->inh;
    const List *tree = only ? list_make1_oid(table.relid)
                            : partition_tree(table.relid, AlterTableGetLockLevel(statement->cmds));
    std::pmr::vector<TableChange> changes;
    for (const ListCell &cell : cells(tree))
        changes.push_back({lfirst_oid(&cell), table_shape(lfirst_oid(&cell)), {}, {}});
    const auto conversions = type_changes(table, statement);
    run_on_shell(call, statement);
    for (TableChange &change : changes) {
        check_constraints(change.relid, CheckTime::Alter);
        change.after = table_shape(change.relid);
    }

    const TableShape &before = changes.front().before, &after = changes.front().after;
    AlterDetails details{drops_with_cascade(statement), NIL, NIL, NIL};
    details.in_tree = is_partitioned(table.relid);
    Relation relation = table_open(table.relid, NoLock);
    describe_new_columns(statement, before, after, relation, details);
    const int level = pin_search_path();
    details.type_changes = type_change_commands(relation, conversions);
    unpin_search_path(level);
    table_close(relation, NoLock);
    changes.front().change = shape_change(before, after, details);
    const AlterDetails of_partitions{details.cascade, NIL, NIL, NIL, true};
    for (TableChange &change : std::span(changes).subspan(1))
        change.change = shape_change(change.before, change.after, of_partitions);
    send_change(table, statement, changes, only, details.filled_columns);
}

// ---------------------------------------------------------------- partitions

const PartitionCmd *partition_command(const AlterTableStmt *statement, AlterTableType type) {
    auto *command = linitial_node(AlterTableCmd, statement->cmds);
    return command->subtype == type ? castNode(PartitionCmd, command->def) : nullptr;
}

void check_attachable(const DistTable &parent, const DistTable &partition) {
    const bool same_key =
        !parent.has_key() ||
        (partition.has_key() && strcmp(get_attname(parent.relid, parent.key_attno, false),
                                       get_attname(partition.relid, partition.key_attno, false)) == 0);
    if (parent.kind == partition.kind && parent.colocation_id == partition.colocation_id && same_key)
        return;
    ereport(
        ERROR,
        (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
         errmsg("cannot attach \"%s\" to \"%s\" because they are not distributed alike",
                get_rel_name(partition.relid), get_rel_name(parent.relid)),
         errdetail("A partition has the distribution column of its parent and is co-located with it."),
         errhint(
             "Use undistribute_table() on \"%s\" first: a local table is distributed when it is attached.",
             get_rel_name(partition.relid))));
}

/// A table that has shards becomes a partition: they get the indexes that they lack, and are attached.
void attach_distributed(UtilityCall &call, const DistTable &parent, const DistTable &partition) {
    check_attachable(parent, partition);
    const Oid relid = partition.relid;
    const List *tree = partition_tree(relid, AccessExclusiveLock);
    std::pmr::vector<TableChange> changes;
    for (const ListCell &cell : cells(tree))
        changes.push_back({lfirst_oid(&cell), table_shape(lfirst_oid(&cell)), {}, {}});
    {
        LocalShellScope scope;
        call.run();
    }
    ShardDdl ddl;
    for (size_t i = changes.size(); i > 0; i--) {
        TableChange &change = changes[i - 1];
        change.after = table_shape(change.relid);
        add_new_indexes(ddl, change);
    }
    add_attachment(ddl, relid);
    add_key_names(ddl, tree);
    ddl.run();
}

void attach_partition(UtilityCall &call, const DistTable &parent, const PartitionCmd *command) {
    const Oid relid = RangeVarGetRelid(command->name, AccessExclusiveLock, true);
    if (OidIsValid(relid)) {
        if (const DistTable *partition = find_dist_table(relid))
            return attach_distributed(call, parent, *partition);
    }
    call.run();
    distribute_partition(relid);
}

void detach_partition(UtilityCall &call, const DistTable &parent, const PartitionCmd *command) {
    if (command->concurrent)
        refuse("DETACH PARTITION CONCURRENTLY is not supported on distributed tables",
               "Use DETACH PARTITION without CONCURRENTLY.");
    const char *sql = nullptr;
    const Oid relid = RangeVarGetRelid(command->name, AccessExclusiveLock, true);
    if (OidIsValid(relid))
        sql = psprintf("ALTER TABLE %s DETACH PARTITION %s", qualified_relation_name(parent.relid),
                       qualified_relation_name(relid));
    call.run();
    if (find_dist_table(relid) == nullptr)
        return;
    ShardDdl ddl;
    ddl.on_shards(relid, list_make1(const_cast<char *>(sql)), list_make1_oid(parent.relid));
    add_key_names(ddl, partition_tree(relid, NoLock));
    ddl.run();
}

/// Whether the statement was one about partitions.
bool alter_partitions(UtilityCall &call, const AlterTableStmt *statement, const DistTable &table) {
    if (const PartitionCmd *attach = partition_command(statement, AT_AttachPartition))
        attach_partition(call, table, attach);
    else if (const PartitionCmd *detach = partition_command(statement, AT_DetachPartition))
        detach_partition(call, table, detach);
    else
        return false;
    return true;
}

// ---------------------------------------------------------------- statements about other relations

bool is_dist_name(::Node *node) {
    return node != nullptr && IsA(node, RangeVar) && OidIsValid(find_dist_relation(castNode(RangeVar, node)));
}

/// A local table that would become parent, child or partition of one in the metadata.
void check_local_subcommand(const AlterTableCmd *command) {
    const bool joins = (command->subtype == AT_AddInherit && is_dist_name(command->def)) ||
                       (command->subtype == AT_AttachPartition &&
                        OidIsValid(find_dist_relation(castNode(PartitionCmd, command->def)->name)));
    if (joins)
        refuse("non-distributed tables cannot inherit distributed tables",
               "Use undistribute_table() first when the table can be a local one.");
}

bool references_dist_table(const AlterTableCmd *command) {
    if (command->def == nullptr)
        return false;
    if (IsA(command->def, Constraint))
        return OidIsValid(find_dist_relation(castNode(Constraint, command->def)->pktable));
    if (!IsA(command->def, ColumnDef))
        return false;
    for (const ListCell &cell : cells(castNode(ColumnDef, command->def)->constraints)) {
        if (OidIsValid(find_dist_relation(lfirst_node(Constraint, &cell)->pktable)))
            return true;
    }
    return false;
}

bool alter_local_table(UtilityCall &call, const AlterTableStmt *statement, Oid relid) {
    bool references = false;
    const Oid parent = parent_of_partition(relid);
    if (OidIsValid(parent) && find_dist_table(parent) != nullptr)
        return false; // part of CREATE TABLE ... PARTITION OF, which checks the whole
    for (const ListCell &cell : cells(statement->cmds)) {
        auto *command = lfirst_node(AlterTableCmd, &cell);
        check_local_subcommand(command);
        references = references || references_dist_table(command);
    }
    if (!references)
        return false;
    call.run();
    check_foreign_keys(relid, CheckTime::Alter);
    return true;
}

// ---------------------------------------------------------------- indexes

struct IndexShape {
    List *options;
    std::pmr::vector<int> statistics; ///< by column
};

IndexShape index_shape(Oid index_id) {
    IndexShape shape{relation_option_list(index_id), {}};
    Relation index = index_open(index_id, AccessShareLock);
    for (int i = 0; i < RelationGetNumberOfAttributes(index); i++)
        shape.statistics.push_back(TupleDescAttr(RelationGetDescr(index), i)->attstattarget);
    index_close(index, AccessShareLock);
    return shape;
}

void alter_dist_index(UtilityCall &call, const AlterTableStmt *statement, const DistTable &table, Oid index) {
    if (const PartitionCmd *attach = partition_command(statement, AT_AttachPartition)) {
        call.run();
        const Oid part = RangeVarGetRelid(attach->name, NoLock, false);
        ShardDdl ddl;
        ddl.on_shards(table.relid,
                      list_make1(psprintf("ALTER INDEX %s ATTACH PARTITION %s",
                                          qualified_relation_name(index), qualified_relation_name(part))),
                      list_make2_oid(index, part));
        return ddl.run();
    }
    for (const ListCell &cell : cells(statement->cmds)) {
        if (treatment_of(lfirst_node(AlterTableCmd, &cell)->subtype) == Treatment::Refused)
            refuse_subcommand();
    }
    const IndexShape before = index_shape(index);
    call.run();
    const IndexShape after = index_shape(index);
    const char *name = qualified_relation_name(index);
    List *commands = NIL;
    const OptionChange options = option_change(before.options, after.options);
    if (options.set != nullptr)
        commands = lappend(commands, psprintf("ALTER INDEX %s SET (%s)", name, options.set));
    if (options.reset != nullptr)
        commands = lappend(commands, psprintf("ALTER INDEX %s RESET (%s)", name, options.reset));
    for (size_t i = 0; i < after.statistics.size(); i++) {
        if (before.statistics[i] != after.statistics[i])
            commands = lappend(commands, psprintf("ALTER INDEX %s ALTER COLUMN %zu SET STATISTICS %d", name,
                                                  i + 1, after.statistics[i]));
    }
    ShardDdl ddl;
    ddl.on_shards(table.relid, commands, list_make1_oid(index));
    ddl.run();
}

} // namespace

bool handle_alter_table(UtilityCall &call) {
    auto *statement = castNode(AlterTableStmt, call.statement());
    Oid table_of_index = InvalidOid;
    const Oid relid = RangeVarGetRelid(statement->relation, NoLock, true);
    if (!OidIsValid(relid))
        return false;
    if (OidIsValid(find_used_row_type(statement->relation)))
        refuse("cannot alter the attributes of a composite type that distributed tables use",
               "Create a new type, and change the columns with ALTER TABLE ... TYPE ... USING.");
    const Oid index = find_dist_index(statement->relation, &table_of_index);
    if (!OidIsValid(index) && find_dist_table(relid) == nullptr)
        return alter_local_table(call, statement, relid);
    // The lock and the checks of name, kind and owner that ALTER TABLE itself begins with.
    const Oid locked = AlterTableLookupRelation(statement, AlterTableGetLockLevel(statement->cmds));
    if (!OidIsValid(locked))
        return false;
    if (OidIsValid(index))
        alter_dist_index(call, statement, *require_dist_table(table_of_index), locked);
    else if (!alter_partitions(call, statement, *require_dist_table(locked)))
        alter_dist_table(call, statement, *require_dist_table(locked));
    return true;
}

} // namespace citus
