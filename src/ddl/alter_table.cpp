/// ALTER TABLE: on the shell first, then on all shards in the same transaction.
#include "alter_commands.hpp"
#include "citus/ddl/checks.hpp"
#include "citus/ddl/dependencies.hpp"
#include "citus/ddl/shard_definition.hpp"
#include "citus/pg/list.hpp"
#include "constants.hpp"
#include "handlers.hpp"
#include "pending_drops.hpp"

extern "C" {
#include "catalog/index.h"
#include "catalog/pg_constraint.h"
#include "commands/tablecmds.h"
#include "optimizer/optimizer.h"
#include "rewrite/rewriteHandler.h"
#include "utils/ruleutils.h"
}

namespace citus {

namespace {

struct ConstraintState {
    Oid oid;
    Oid index;      ///< of a primary key, unique or exclusion constraint
    Oid referenced; ///< of a foreign key
    NameData name;
    bool goes_with_statement; ///< is dropped by it, so one of this name is new afterwards
};

/// What the shell had before the statement.
struct TableState {
    int attribute_count;
    std::pmr::vector<ConstraintState> constraints;
    List *indexes;
};

bool uses_column(HeapTuple tuple, Relation catalog, std::span<const AttrNumber> columns) {
    bool is_null = false;
    const Datum value =
        heap_getattr(tuple, Anum_pg_constraint_conkey, RelationGetDescr(catalog), &is_null);
    if (is_null)
        return false;
    ArrayType *array = DatumGetArrayTypeP(value);
    const auto *keys = reinterpret_cast<const AttrNumber *>(ARR_DATA_PTR(array));
    return std::any_of(keys, keys + ARR_DIMS(array)[0], [&](AttrNumber key) {
        return std::find(columns.begin(), columns.end(), key) != columns.end();
    });
}

/// Columns and constraints that the statement names to be dropped.
struct Dropped {
    std::pmr::vector<AttrNumber> columns;
    std::pmr::vector<std::string_view> constraints;

    Dropped(Oid relid, const AlterTableStmt *statement) {
        for (const ListCell &cell : cells(statement->cmds)) {
            auto *command = lfirst_node(AlterTableCmd, &cell);
            if (command->subtype == AT_DropColumn)
                columns.push_back(get_attnum(relid, command->name));
            else if (command->subtype == AT_DropConstraint)
                constraints.push_back(command->name);
        }
    }
};

std::pmr::vector<ConstraintState> read_constraints(Oid relid, const Dropped *dropped) {
    std::pmr::vector<ConstraintState> states;
    Relation catalog = table_open(ConstraintRelationId, AccessShareLock);
    ScanKeyData key;
    ScanKeyInit(&key, Anum_pg_constraint_conrelid, BTEqualStrategyNumber, F_OIDEQ, ObjectIdGetDatum(relid));
    SysScanDesc scan = systable_beginscan(catalog, ConstraintRelidTypidNameIndexId, true, nullptr, 1, &key);
    while (HeapTuple tuple = systable_getnext(scan)) {
        auto *form = reinterpret_cast<Form_pg_constraint>(GETSTRUCT(tuple));
        ConstraintState state{form->oid, InvalidOid, form->confrelid, form->conname, false};
        if (form->contype != CONSTRAINT_FOREIGN)
            state.index = form->conindid;
        if (dropped != nullptr)
            state.goes_with_statement =
                uses_column(tuple, catalog, dropped->columns) ||
                std::find(dropped->constraints.begin(), dropped->constraints.end(), NameStr(form->conname)) !=
                    dropped->constraints.end();
        states.push_back(state);
    }
    systable_endscan(scan);
    table_close(catalog, AccessShareLock);
    std::sort(states.begin(), states.end(),
              [](const ConstraintState &a, const ConstraintState &b) { return a.oid < b.oid; });
    return states;
}

TableState read_state(Relation relation, const AlterTableStmt *statement) {
    const Dropped dropped(RelationGetRelid(relation), statement);
    return {RelationGetNumberOfAttributes(relation), read_constraints(RelationGetRelid(relation), &dropped),
            list_copy(RelationGetIndexList(relation))};
}

/// Whether a constraint of the shell was added by the statement. One that a change of a column's type built
/// anew has another Oid, too, but its name was there before.
bool is_new(const TableState &before, const ConstraintState &now) {
    if (OidIsValid(now.index) && list_member_oid(before.indexes, now.index))
        return false; // there before, or ADD CONSTRAINT ... USING INDEX, whose text was written before
    return std::none_of(before.constraints.begin(), before.constraints.end(), [&](const ConstraintState &old) {
        return old.oid == now.oid ||
               (!old.goes_with_statement && strcmp(NameStr(old.name), NameStr(now.name)) == 0);
    });
}

/// The commands for shards that a statement gives rise to.
struct ShardChanges {
    List *subcommands = NIL;       ///< of one ALTER TABLE
    List *column_settings = NIL;   ///< whole commands that follow it
    List *backfilled = NIL;        ///< names of new columns that UPDATE fills, one value per row
    List *not_null_later = NIL;    ///< those of them that are NOT NULL
    List *constraint_commands = NIL;
    List *referenced = NIL;        ///< tables of new foreign keys
    bool needs_types = false;
};

/// The value that existing rows get in a new column, as a constant; nullptr for NULL. *per_row is set when
/// each row has a value of its own.
::Node *value_of_new_column(Relation relation, AttrNumber attno, bool *per_row) {
    ::Node *expression = build_column_default(relation, attno);
    *per_row = expression != nullptr && contain_volatile_functions(expression);
    if (expression == nullptr || *per_row)
        return nullptr;
    expression = evaluate_stable_parts(expression);
    if (!IsA(expression, Const))
        expression = reinterpret_cast<::Node *>(
            evaluate_expr(reinterpret_cast<Expr *>(expression), exprType(expression), exprTypmod(expression),
                          exprCollation(expression)));
    return castNode(Const, expression)->constisnull ? nullptr : expression;
}

void add_column(ShardChanges &changes, Relation relation, AttrNumber attno) {
    Form_pg_attribute column = TupleDescAttr(RelationGetDescr(relation), attno - 1);
    const char *name = quote_identifier(NameStr(column->attname));
    const char *table = qualified_relation_name(RelationGetRelid(relation));
    bool per_row = false;
    ::Node *value =
        column->attgenerated != '\0' ? nullptr : value_of_new_column(relation, attno, &per_row);
    char *definition = shard_column_definition(relation, attno, !per_row);
    if (value != nullptr) {
        definition = psprintf("%s DEFAULT %s", definition, deparse_expression(value, NIL, false, false));
        changes.column_settings = lappend(changes.column_settings,
                                          psprintf("ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT", table, name));
    }
    changes.subcommands = lappend(changes.subcommands, psprintf("ADD COLUMN %s", definition));
    changes.column_settings = list_concat(changes.column_settings, shard_column_settings(relation, attno));
    if (per_row) {
        changes.backfilled = lappend(changes.backfilled, const_cast<char *>(name));
        if (column->attnotnull)
            changes.not_null_later =
                lappend(changes.not_null_later,
                        psprintf("ALTER TABLE %s ALTER COLUMN %s SET NOT NULL", table, name));
    }
    changes.needs_types = true;
}

/// What the shell has now and had not before.
void collect_additions(ShardChanges &changes, Relation relation, const TableState &before) {
    const int level = pin_search_path();
    for (int i = before.attribute_count; i < RelationGetNumberOfAttributes(relation); i++) {
        if (!TupleDescAttr(RelationGetDescr(relation), i)->attisdropped)
            add_column(changes, relation, static_cast<AttrNumber>(i + 1));
    }
    unpin_search_path(level);
    for (const ConstraintState &state : read_constraints(RelationGetRelid(relation), nullptr)) {
        if (!is_new(before, state))
            continue;
        changes.constraint_commands =
            list_concat(changes.constraint_commands, shard_constraint_commands(state.oid));
        if (OidIsValid(state.referenced))
            changes.referenced = list_append_unique_oid(changes.referenced, state.referenced);
    }
}

void check_can_backfill(Relation relation) {
    if (relation->rd_rel->relforcerowsecurity)
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("cannot add a column with a volatile default to distributed table \"%s\" while "
                               "row security is forced on it",
                               RelationGetRelationName(relation))));
    if (relation->rd_rules != nullptr)
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("cannot add a column with a volatile default to distributed table \"%s\" because "
                               "it has rules",
                               RelationGetRelationName(relation))));
}

/// Fills new columns whose default has a value for each row (nextval(), random()), on the coordinator.
void backfill(Oid relid, const List *columns) {
    StringInfoData sql;
    initStringInfo(&sql);
    appendStringInfo(&sql, "UPDATE %s SET ", qualified_relation_name(relid));
    const char *separator = "";
    for (const ListCell &cell : cells(columns)) {
        appendStringInfo(&sql, "%s%s = DEFAULT", separator, static_cast<const char *>(lfirst(&cell)));
        separator = ", ";
    }
    if (SPI_connect() != SPI_OK_CONNECT)
        elog(ERROR, "SPI_connect failed");
    if (SPI_execute(sql.data, false, 0) != SPI_OK_UPDATE)
        elog(ERROR, "could not fill new columns");
    SPI_finish();
}

char *join_subcommands(Oid relid, const List *subcommands) {
    StringInfoData sql;
    initStringInfo(&sql);
    appendStringInfo(&sql, "ALTER TABLE %s ", qualified_relation_name(relid));
    const char *separator = "";
    for (const ListCell &cell : cells(subcommands)) {
        appendStringInfo(&sql, "%s%s", separator, static_cast<const char *>(lfirst(&cell)));
        separator = ", ";
    }
    return sql.data;
}

void send_changes(Oid relid, const ShardChanges &changes) {
    ShardDdl ddl;
    if (changes.needs_types)
        add_dependencies(ddl, relid, groups_with_shards(*require_dist_table(relid)));
    if (changes.subcommands != NIL)
        ddl.on_shards(relid, list_make1(join_subcommands(relid, changes.subcommands)));
    ddl.on_shards(relid, changes.column_settings);
    if (changes.backfilled != NIL) {
        ddl.run();
        backfill(relid, changes.backfilled);
    }
    ddl.on_shards(relid, changes.not_null_later);
    ddl.on_shards(relid, changes.constraint_commands, changes.referenced);
    ddl.run();
}

/// Runs the statement; drops of the table's parts are sent by this handler.
void run_on_shell(const UtilityCall &call, Oid relid) {
    const Oid outer = set_table_with_handled_parts(relid);
    PG_TRY();
    {
        call.run();
    }
    PG_FINALLY();
    {
        (void)set_table_with_handled_parts(outer);
    }
    PG_END_TRY();
    CommandCounterIncrement();
}

void alter_distributed_table(const UtilityCall &call, AlterTableStmt *statement, const DistTable &table) {
    const Oid relid = table.relid;
    ShardChanges changes;
    Relation relation = table_open(relid, NoLock);
    for (const ListCell &cell : cells(statement->cmds)) {
        auto *command = lfirst_node(AlterTableCmd, &cell);
        check_alter_command(table, command);
        if (char *text = alter_command_text(relation, command))
            changes.subcommands = lappend(changes.subcommands, text);
        changes.needs_types = changes.needs_types || command->subtype == AT_AlterColumnType;
    }
    const TableState before = read_state(relation, statement);
    table_close(relation, NoLock);

    run_on_shell(call, relid);

    relation = table_open(relid, NoLock);
    check_constraints(relid, CheckTime::Alter);
    collect_additions(changes, relation, before);
    if (changes.backfilled != NIL)
        check_can_backfill(relation);
    table_close(relation, NoLock);
    send_changes(relid, changes);
}

/// ALTER INDEX SET / RESET / ALTER COLUMN ... SET STATISTICS.
void alter_distributed_index(const UtilityCall &call, AlterTableStmt *statement, Oid index, Oid relid) {
    StringInfoData sql;
    initStringInfo(&sql);
    appendStringInfo(&sql, "ALTER INDEX %s ", qualified_relation_name(index));
    Relation relation = table_open(relid, AccessShareLock);
    const char *separator = "";
    for (const ListCell &cell : cells(statement->cmds)) {
        auto *command = lfirst_node(AlterTableCmd, &cell);
        const bool supported = command->subtype == AT_SetRelOptions || command->subtype == AT_ResetRelOptions ||
                               command->subtype == AT_SetStatistics;
        if (!supported)
            ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                            errmsg("alter index command is currently unsupported"),
                            errdetail("Indexes of distributed tables can be changed with SET, RESET, RENAME and "
                                      "ALTER COLUMN ... SET STATISTICS.")));
        appendStringInfo(&sql, "%s%s", separator, alter_command_text(relation, command));
        separator = ", ";
    }
    table_close(relation, NoLock);
    call.run();
    ShardDdl ddl;
    ddl.on_shards(relid, list_make1(sql.data), list_make1_oid(index));
    ddl.run();
}

/// A local table must not become the parent or the child of a distributed one.
void check_local_alter(const AlterTableStmt *statement) {
    for (const ListCell &cell : cells(statement->cmds)) {
        auto *command = lfirst_node(AlterTableCmd, &cell);
        const RangeVar *other = nullptr;
        if (command->subtype == AT_AddInherit)
            other = castNode(RangeVar, command->def);
        else if (command->subtype == AT_AttachPartition)
            other = castNode(PartitionCmd, command->def)->name;
        if (other != nullptr && dist_table_named(other) != nullptr)
            ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                            errmsg(command->subtype == AT_AddInherit
                                       ? "non-distributed tables cannot inherit distributed tables"
                                       : "distributed tables cannot be partitions"),
                            errdetail("\"%s\" is a distributed table or a reference table.", other->relname)));
    }
}

} // namespace

void handle_alter_table(const UtilityCall &call, AlterTableStmt *statement) {
    const bool may_be_table = statement->objtype == OBJECT_TABLE || statement->objtype == OBJECT_INDEX;
    if (!may_be_table || !has_dist_tables())
        return call.run();
    const Oid relid = AlterTableLookupRelation(statement, AlterTableGetLockLevel(statement->cmds));
    if (!OidIsValid(relid))
        return call.run();
    if (get_rel_relkind(relid) == RELKIND_INDEX) {
        const Oid table = IndexGetRelation(relid, false);
        if (find_dist_table(table) != nullptr)
            return alter_distributed_index(call, statement, relid, table);
        return call.run();
    }
    if (const DistTable *table = find_dist_table(relid))
        return alter_distributed_table(call, statement, *table);
    check_local_alter(statement);
    call.run();
    CommandCounterIncrement();
    check_foreign_keys(relid, CheckTime::Alter);
}

} // namespace citus
