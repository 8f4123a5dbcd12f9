#include "alter_commands.hpp"

#include "citus/ddl/shard_ddl.hpp"
#include "citus/pg/list.hpp"
#include "constants.hpp"

extern "C" {
#include "catalog/pg_constraint.h"
#include "catalog/pg_inherits.h"
#include "optimizer/optimizer.h"
#include "parser/parse_collate.h"
#include "parser/parse_expr.h"
#include "parser/parse_relation.h"
#include "parser/parse_type.h"
#include "utils/ruleutils.h"
}

namespace citus {

namespace {

[[noreturn]] void refuse_subcommand(const char *what) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED), errmsg("alter table command is currently unsupported"),
                    errdetail("%s is not supported for distributed tables and reference tables.", what),
                    errhint("Make the table local first with undistribute_table(), or leave this subcommand out.")));
}

[[noreturn]] void refuse_key_change(const DistTable &table, const char *what) {
    ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                    errmsg("cannot execute ALTER TABLE command involving partition column"),
                    errdetail("%s of the distribution column \"%s\" of table \"%s\" would move rows between shards.",
                              what, get_attname(table.relid, table.key_attno, false), get_rel_name(table.relid))));
}

bool is_key(const DistTable &table, const char *column) {
    return table.has_key() && column != nullptr && get_attnum(table.relid, column) == table.key_attno;
}

/// varchar(10) to varchar(20): no value changes, so none changes its shard.
bool only_lengthens(const DistTable &table, const ColumnDef *definition) {
    Oid type = InvalidOid, old_type = InvalidOid, collation = InvalidOid;
    int32 typmod = -1, old_typmod = -1;
    typenameTypeIdAndMod(nullptr, definition->typeName, &type, &typmod);
    get_atttypetypmodcoll(table.relid, table.key_attno, &old_type, &old_typmod, &collation);
    if (definition->raw_default != nullptr || definition->collClause != nullptr || type != old_type)
        return false;
    return typmod == old_typmod || typmod == -1 ||
           (type == VARCHAROID && old_typmod != -1 && typmod > old_typmod);
}

const char *cascade(const AlterTableCmd *command) {
    return command->behavior == DROP_CASCADE ? " CASCADE" : "";
}

const char *if_exists(const AlterTableCmd *command) {
    return command->missing_ok ? "IF EXISTS " : "";
}

/// `(a='1', toast.b='2')`; without values for RESET.
char *options_text(const List *options, bool with_values) {
    StringInfoData out;
    initStringInfo(&out);
    appendStringInfoChar(&out, '(');
    for (const ListCell &cell : cells(options)) {
        auto *option = lfirst_node(DefElem, &cell);
        if (out.len > 1)
            appendStringInfoString(&out, ", ");
        if (option->defnamespace != nullptr)
            appendStringInfo(&out, "%s.", quote_identifier(option->defnamespace));
        appendStringInfoString(&out, quote_identifier(option->defname));
        if (with_values && option->arg != nullptr)
            appendStringInfo(&out, "=%s", quote_literal_cstr(defGetString(option)));
    }
    appendStringInfoChar(&out, ')');
    return out.data;
}

/// A column may be meant by its number (of an index).
char *column_text(const AlterTableCmd *command) {
    return command->name != nullptr ? psprintf("COLUMN %s", quote_identifier(command->name))
                                    : psprintf("COLUMN %d", command->num);
}

/// The USING expression, with every name resolved here.
char *using_text(Relation relation, const ColumnDef *definition) {
    ParseState *parse = make_parsestate(nullptr);
    ParseNamespaceItem *item =
        addRangeTableEntryForRelation(parse, relation, AccessShareLock, nullptr, false, true);
    addNSItemToQuery(parse, item, false, true, true);
    ::Node *expression = transformExpr(parse, static_cast<::Node *>(copyObject(definition->raw_default)),
                                       EXPR_KIND_ALTER_COL_TRANSFORM);
    assign_expr_collations(parse, expression);
    free_parsestate(parse);
    if (contain_volatile_functions(expression))
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("volatile functions are not supported in ALTER COLUMN TYPE ... USING on "
                               "distributed tables"),
                        errhint("Add a column, fill it with UPDATE, and drop the old one.")));
    // now() and the like have one value for the whole statement, on all nodes.
    expression = evaluate_stable_parts(expression);
    const int level = pin_search_path();
    List *context = deparse_context_for(RelationGetRelationName(relation), RelationGetRelid(relation));
    char *text = deparse_expression(expression, context, false, false);
    unpin_search_path(level);
    return text;
}

char *type_change_text(Relation relation, const AlterTableCmd *command) {
    auto *definition = castNode(ColumnDef, command->def);
    Oid type = InvalidOid;
    int32 typmod = -1;
    typenameTypeIdAndMod(nullptr, definition->typeName, &type, &typmod);
    const Oid collation = definition->collClause != nullptr
                              ? get_collation_oid(definition->collClause->collname, false)
                              : InvalidOid;
    StringInfoData out;
    initStringInfo(&out);
    const int level = pin_search_path();
    appendStringInfo(&out, "ALTER COLUMN %s TYPE %s", quote_identifier(command->name),
                     format_type_with_typemod(type, typmod));
    if (OidIsValid(collation))
        appendStringInfo(&out, " COLLATE %s", generate_collation_name(collation));
    unpin_search_path(level);
    if (definition->raw_default != nullptr)
        appendStringInfo(&out, " USING %s", using_text(relation, definition));
    return out.data;
}

char *replica_identity_text(const ReplicaIdentityStmt *statement) {
    switch (statement->identity_type) {
    case REPLICA_IDENTITY_FULL:
        return pstrdup("REPLICA IDENTITY FULL");
    case REPLICA_IDENTITY_NOTHING:
        return pstrdup("REPLICA IDENTITY NOTHING");
    case REPLICA_IDENTITY_INDEX:
        return psprintf("REPLICA IDENTITY USING INDEX %s", quote_identifier(statement->name));
    default:
        return pstrdup("REPLICA IDENTITY DEFAULT");
    }
}

char *alter_constraint_text(const Constraint *constraint) {
    return psprintf("ALTER CONSTRAINT %s %s %s", quote_identifier(constraint->conname),
                    constraint->deferrable ? "DEFERRABLE" : "NOT DEFERRABLE",
                    constraint->initdeferred ? "INITIALLY DEFERRED" : "INITIALLY IMMEDIATE");
}

/// ADD CONSTRAINT ... USING INDEX: the shards' indexes are there already. Other new constraints are written
/// when the shell has them.
char *add_constraint_text(const Constraint *constraint) {
    if (constraint->indexname == nullptr)
        return nullptr;
    const char *name = constraint->conname != nullptr ? constraint->conname : constraint->indexname;
    return psprintf("ADD CONSTRAINT %s %s USING INDEX %s%s%s", quote_identifier(name),
                    constraint->contype == CONSTR_PRIMARY ? "PRIMARY KEY" : "UNIQUE",
                    quote_identifier(constraint->indexname), constraint->deferrable ? " DEFERRABLE" : "",
                    constraint->initdeferred ? " INITIALLY DEFERRED" : "");
}

char *owner_text(const AlterTableCmd *command) {
    return psprintf("OWNER TO %s",
                    quote_identifier(GetUserNameFromId(get_rolespec_oid(command->newowner, false), false)));
}

} // namespace

void check_alter_command(const DistTable &table, const AlterTableCmd *command) {
    switch (command->subtype) {
    case AT_DropColumn:
        if (is_key(table, command->name))
            refuse_key_change(table, "Dropping");
        return;
    case AT_AlterColumnType:
        if (is_key(table, command->name) && !only_lengthens(table, castNode(ColumnDef, command->def)))
            refuse_key_change(table, "Changing the type");
        return;
    case AT_EnableTrig:
    case AT_EnableAlwaysTrig:
    case AT_EnableReplicaTrig:
    case AT_DisableTrig:
    case AT_EnableTrigAll:
    case AT_DisableTrigAll:
    case AT_EnableTrigUser:
    case AT_DisableTrigUser:
        ereport(ERROR, (errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
                        errmsg("triggers are not supported on %s tables",
                               table.kind == TableKind::Reference ? "reference" : "distributed")));
    case AT_AddInherit:
    case AT_DropInherit:
        refuse_subcommand("INHERIT");
    case AT_AddOf:
    case AT_DropOf:
        refuse_subcommand("OF");
    case AT_SetTableSpace:
        refuse_subcommand("SET TABLESPACE");
    case AT_AttachPartition:
    case AT_DetachPartition:
    case AT_DetachPartitionFinalize:
        refuse_subcommand("A partition");
    case AT_AddColumn:
    case AT_ColumnDefault:
    case AT_DropNotNull:
    case AT_SetNotNull:
    case AT_DropExpression:
    case AT_SetStatistics:
    case AT_SetOptions:
    case AT_ResetOptions:
    case AT_SetStorage:
    case AT_SetCompression:
    case AT_AddConstraint:
    case AT_AlterConstraint:
    case AT_ValidateConstraint:
    case AT_DropConstraint:
    case AT_ChangeOwner:
    case AT_ClusterOn:
    case AT_DropCluster:
    case AT_SetLogged:
    case AT_SetUnLogged:
    case AT_DropOids:
    case AT_SetAccessMethod:
    case AT_SetRelOptions:
    case AT_ResetRelOptions:
    case AT_ReplicaIdentity:
    case AT_EnableRule:
    case AT_EnableAlwaysRule:
    case AT_EnableReplicaRule:
    case AT_DisableRule:
    case AT_EnableRowSecurity:
    case AT_DisableRowSecurity:
    case AT_ForceRowSecurity:
    case AT_NoForceRowSecurity:
    case AT_AddIdentity:
    case AT_SetIdentity:
    case AT_DropIdentity:
        return;
    default:
        refuse_subcommand("This subcommand");
    }
}

char *alter_command_text(Relation relation, const AlterTableCmd *command) {
    const char *column = column_text(command);
    switch (command->subtype) {
    case AT_DropColumn:
        return psprintf("DROP COLUMN %s%s%s", if_exists(command), quote_identifier(command->name),
                        cascade(command));
    case AT_DropNotNull:
        return psprintf("ALTER %s DROP NOT NULL", column);
    case AT_SetNotNull:
        return psprintf("ALTER %s SET NOT NULL", column);
    case AT_DropExpression:
        return psprintf("ALTER %s DROP EXPRESSION%s", column, command->missing_ok ? " IF EXISTS" : "");
    case AT_SetStatistics:
        return psprintf("ALTER %s SET STATISTICS %d", column, intVal(command->def));
    case AT_SetOptions:
        return psprintf("ALTER %s SET %s", column, options_text(castNode(List, command->def), true));
    case AT_ResetOptions:
        return psprintf("ALTER %s RESET %s", column, options_text(castNode(List, command->def), false));
    case AT_SetStorage:
        return psprintf("ALTER %s SET STORAGE %s", column, strVal(command->def));
    case AT_SetCompression:
        return psprintf("ALTER %s SET COMPRESSION %s", column, quote_identifier(strVal(command->def)));
    case AT_AlterColumnType:
        return type_change_text(relation, command);
    case AT_AddConstraint:
        return add_constraint_text(castNode(Constraint, command->def));
    case AT_AlterConstraint:
        return alter_constraint_text(castNode(Constraint, command->def));
    case AT_ValidateConstraint:
        return psprintf("VALIDATE CONSTRAINT %s", quote_identifier(command->name));
    case AT_DropConstraint:
        return psprintf("DROP CONSTRAINT %s%s%s", if_exists(command), quote_identifier(command->name),
                        cascade(command));
    case AT_ChangeOwner:
        return owner_text(command);
    case AT_ClusterOn:
        return psprintf("CLUSTER ON %s", quote_identifier(command->name));
    case AT_DropCluster:
        return pstrdup("SET WITHOUT CLUSTER");
    case AT_SetLogged:
        return pstrdup("SET LOGGED");
    case AT_SetUnLogged:
        return pstrdup("SET UNLOGGED");
    case AT_SetAccessMethod:
        return psprintf("SET ACCESS METHOD %s", quote_identifier(command->name));
    case AT_SetRelOptions:
        return psprintf("SET %s", options_text(castNode(List, command->def), true));
    case AT_ResetRelOptions:
        return psprintf("RESET %s", options_text(castNode(List, command->def), false));
    case AT_ReplicaIdentity:
        return replica_identity_text(castNode(ReplicaIdentityStmt, command->def));
    default: // defaults, identity, rules and row security are the coordinator's business
        return nullptr;
    }
}

} // namespace citus
