#include "table_shape.hpp"

#include "citus/ddl/shard_ddl.hpp"
#include "citus/ddl/shard_definition.hpp"
#include "citus/pg/catalog_rows.hpp"
#include "citus/pg/list.hpp"

extern "C" {
#include "access/reloptions.h"
#include "access/toast_compression.h"
#include "catalog/pg_index.h"
#include "commands/tablecmds.h"
#include "nodes/value.h"
#include "utils/ruleutils.h"
}

namespace citus {

namespace {

/// The options of a column that a user can set. There may be others that the server keeps for itself.
List *column_options(Oid relid, AttrNumber attno) {
    HeapTuple tuple = SearchSysCache2(ATTNUM, ObjectIdGetDatum(relid), Int16GetDatum(attno));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for attribute %d of relation %u", attno, relid);
    bool is_null = true;
    const Datum value = SysCacheGetAttr(ATTNUM, tuple, Anum_pg_attribute_attoptions, &is_null);
    List *options = NIL;
    if (!is_null) {
        for (const ListCell &cell :
             cells(untransformRelOptions(PointerGetDatum(DatumGetArrayTypePCopy(value))))) {
            auto *option = lfirst_node(DefElem, &cell);
            if (strcmp(option->defname, "n_distinct") == 0 ||
                strcmp(option->defname, "n_distinct_inherited") == 0)
                options = lappend(options, option);
        }
    }
    ReleaseSysCache(tuple);
    return options;
}

List *class_options(Oid relid) {
    HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relid));
    if (!HeapTupleIsValid(tuple))
        elog(ERROR, "cache lookup failed for relation %u", relid);
    bool is_null = true;
    const Datum options = SysCacheGetAttr(RELOID, tuple, Anum_pg_class_reloptions, &is_null);
    List *list = is_null ? NIL : untransformRelOptions(PointerGetDatum(DatumGetArrayTypePCopy(options)));
    ReleaseSysCache(tuple);
    return list;
}

/// A definition without what ALTER CONSTRAINT and VALIDATE can change, which comes at its end.
const char *base_definition(const char *definition) {
    std::string_view text = definition;
    for (const std::string_view suffix : {" NOT VALID", " INITIALLY DEFERRED", " DEFERRABLE"}) {
        if (text.ends_with(suffix))
            text.remove_suffix(suffix.size());
    }
    return pnstrdup(text.data(), text.size());
}

void read_constraints(TableShape &shape) {
    for_each_constraint(shape.relid, [&](const FormData_pg_constraint &row) {
        if (is_key_to_partition(row))
            return;
        const Datum definition = DirectFunctionCall1(pg_get_constraintdef, ObjectIdGetDatum(row.oid));
        shape.constraints.push_back({row.oid, row.contype, pstrdup(NameStr(row.conname)),
                                     base_definition(TextDatumGetCString(definition)), row.convalidated,
                                     row.condeferrable, row.condeferred,
                                     row.contype == CONSTRAINT_FOREIGN ? InvalidOid : row.conindid,
                                     row.confrelid, row.coninhcount > 0});
    });
    std::sort(shape.constraints.begin(), shape.constraints.end(),
              [](const ConstraintShape &a, const ConstraintShape &b) { return a.oid < b.oid; });
}

void read_columns(TableShape &shape, Relation relation) {
    for (int i = 0; i < RelationGetNumberOfAttributes(relation); i++) {
        Form_pg_attribute column = TupleDescAttr(RelationGetDescr(relation), i);
        if (column->attisdropped)
            continue;
        shape.columns.push_back({column->attnum, pstrdup(NameStr(column->attname)), column->attnotnull,
                                 column->attgenerated, column->attstorage, column->attcompression,
                                 column->attstattarget, column_options(shape.relid, column->attnum),
                                 column->attinhcount > 0});
    }
}

void read_indexes(TableShape &shape, Relation relation) {
    for (const ListCell &cell : cells(RelationGetIndexList(relation))) {
        const Oid index = lfirst_oid(&cell);
        shape.indexes.emplace_back(index, get_rel_name(index));
        if (get_index_isclustered(index))
            shape.clustered_index = index;
    }
}

const char *replica_identity(Relation relation) {
    switch (relation->rd_rel->relreplident) {
    case REPLICA_IDENTITY_FULL:
        return "FULL";
    case REPLICA_IDENTITY_NOTHING:
        return "NOTHING";
    case REPLICA_IDENTITY_INDEX: {
        const Oid index = RelationGetReplicaIndex(relation);
        // Without the index, PostgreSQL treats it as NOTHING.
        return OidIsValid(index) ? psprintf("USING INDEX %s", quote_identifier(get_rel_name(index)))
                                 : "NOTHING";
    }
    default:
        return "DEFAULT";
    }
}

const ColumnShape *find_column(const TableShape &shape, AttrNumber attno) {
    for (const ColumnShape &column : shape.columns) {
        if (column.attno == attno)
            return &column;
    }
    return nullptr;
}

const ConstraintShape *find_constraint(const TableShape &shape, const char *name) {
    for (const ConstraintShape &constraint : shape.constraints) {
        if (strcmp(constraint.name, name) == 0)
            return &constraint;
    }
    return nullptr;
}

/// Whether shards can get from one to the other without dropping it.
bool is_same_constraint(const ConstraintShape &a, const ConstraintShape &b) {
    const bool flags_match = a.deferrable == b.deferrable && a.deferred == b.deferred;
    return a.type == b.type && strcmp(a.definition, b.definition) == 0 && a.validated <= b.validated &&
           (flags_match || a.type == CONSTRAINT_FOREIGN);
}

const char *storage_name(char storage) {
    switch (storage) {
    case TYPSTORAGE_PLAIN:
        return "PLAIN";
    case TYPSTORAGE_EXTERNAL:
        return "EXTERNAL";
    case TYPSTORAGE_MAIN:
        return "MAIN";
    default:
        return "EXTENDED";
    }
}

/// Collects the subcommands of the difference, in the order of ShapeChange.
class Differ {
public:
    Differ(const TableShape &before, const TableShape &after, const AlterDetails &details)
        : before_(before), after_(after), details_(details) {}

    ShapeChange run() {
        change_.subcommands = NIL;
        dropped_constraints();
        dropped_columns();
        change_.subcommands = list_concat(change_.subcommands, details_.type_changes);
        relation_ = table_open(after_.relid, NoLock);
        for (const ColumnShape &column : after_.columns) {
            if (const ColumnShape *old = find_column(before_, column.attno))
                changed_column(*old, column);
            else if (!column.inherited)
                new_column(column);
        }
        table_close(relation_, NoLock);
        for (const ConstraintShape &constraint : after_.constraints)
            constraint_change(constraint);
        table_settings();
        return change_;
    }

private:
    const char *behavior() const { return details_.cascade ? " CASCADE" : ""; }
    void add(char *subcommand) { change_.subcommands = lappend(change_.subcommands, subcommand); }
    /// A setting that partitions do not take over.
    void add_own(char *subcommand) {
        List *&list = after_.partitioned ? change_.own : change_.subcommands;
        list = lappend(list, subcommand);
    }
    void add_key(char *subcommand) {
        if (details_.in_tree)
            change_.keys = lappend(change_.keys, subcommand);
        else
            add_later(subcommand);
    }
    void add_setting_later(char *subcommand) {
        if (details_.in_tree)
            change_.own = lappend(change_.own, subcommand);
        else
            add_later(subcommand);
    }
    void add_later(char *subcommand) {
        List *&list = details_.filled_columns != NIL ? change_.later : change_.subcommands;
        list = lappend(list, subcommand);
    }

    void dropped_constraints() {
        for (const ConstraintShape &constraint : before_.constraints) {
            if (constraint.inherited)
                continue; // the command for the parent takes it along
            const ConstraintShape *now = find_constraint(after_, constraint.name);
            if (now == nullptr || !is_same_constraint(constraint, *now))
                add(psprintf("DROP CONSTRAINT %s%s", quote_identifier(constraint.name), behavior()));
        }
    }

    /// Generated columns first: a column that they use would take them with it.
    void dropped_columns() {
        for (const bool generated : {true, false}) {
            for (const ColumnShape &column : before_.columns) {
                if (!column.inherited && (column.generated != '\0') == generated &&
                    find_column(after_, column.attno) == nullptr)
                    add(psprintf("DROP COLUMN %s%s", quote_identifier(column.name), behavior()));
            }
        }
    }

    void new_column(const ColumnShape &column) {
        const bool filled = list_member_int(details_.filled_columns, column.attno);
        const char *name = quote_identifier(column.name);
        char *definition = shard_column_definition(relation_, column.attno, !filled);
        const char *default_text = nullptr;
        for (const ListCell &cell : cells(details_.column_defaults)) {
            auto *entry = lfirst_node(List, &cell);
            if (intVal(linitial(entry)) == column.attno)
                default_text = strVal(lsecond(entry));
        }
        if (default_text == nullptr) {
            add(psprintf("ADD COLUMN %s", definition));
        } else {
            add(psprintf("ADD COLUMN %s DEFAULT %s", definition, default_text));
            // It was for the rows that are there: rows to come arrive with all their values.
            change_.commands =
                lappend(change_.commands, psprintf("ALTER TABLE %s ALTER COLUMN %s DROP DEFAULT",
                                                   qualified_relation_name(after_.relid), name));
        }
        if (filled && column.not_null)
            add_later(psprintf("ALTER COLUMN %s SET NOT NULL", name));
        change_.commands = list_concat(change_.commands, shard_column_settings(relation_, column.attno));
    }

    void changed_column(const ColumnShape &old, const ColumnShape &column) {
        const char *name = quote_identifier(column.name);
        if (old.generated != '\0' && column.generated == '\0' && !column.inherited)
            add(psprintf("ALTER COLUMN %s DROP EXPRESSION", name));
        if (old.not_null != column.not_null)
            add(psprintf("ALTER COLUMN %s %s NOT NULL", name, column.not_null ? "SET" : "DROP"));
        if (old.storage != column.storage)
            add_own(psprintf("ALTER COLUMN %s SET STORAGE %s", name, storage_name(column.storage)));
        if (old.compression != column.compression)
            add_own(psprintf("ALTER COLUMN %s SET COMPRESSION %s", name,
                             CompressionMethodIsValid(column.compression)
                                 ? GetCompressionMethodName(column.compression)
                                 : "default"));
        if (old.statistics != column.statistics)
            add_own(psprintf("ALTER COLUMN %s SET STATISTICS %d", name, column.statistics));
        const OptionChange options = option_change(old.options, column.options);
        if (options.set != nullptr)
            add_own(psprintf("ALTER COLUMN %s SET (%s)", name, options.set));
        if (options.reset != nullptr)
            add_own(psprintf("ALTER COLUMN %s RESET (%s)", name, options.reset));
    }

    /// The name that an index had before a constraint took it over.
    const char *adopted_index(const ConstraintShape &constraint) const {
        for (const auto &[index, name] : before_.indexes) {
            if (index == constraint.index)
                return name;
        }
        return nullptr;
    }

    static const char *flags(const ConstraintShape &constraint) {
        return psprintf("%s%s", constraint.deferrable ? " DEFERRABLE" : "",
                        constraint.deferred ? " INITIALLY DEFERRED" : "");
    }

    void new_constraint(const ConstraintShape &constraint) {
        const char *name = quote_identifier(constraint.name);
        if (const char *index = adopted_index(constraint))
            add_key(psprintf("ADD CONSTRAINT %s %s USING INDEX %s%s", name,
                             constraint.type == CONSTRAINT_PRIMARY ? "PRIMARY KEY" : "UNIQUE",
                             quote_identifier(index), flags(constraint)));
        else if (constraint.is_key())
            add_key(psprintf("ADD CONSTRAINT %s %s%s", name, constraint.definition, flags(constraint)));
        else
            add_later(psprintf("ADD CONSTRAINT %s %s%s%s", name, constraint.definition, flags(constraint),
                               constraint.validated ? "" : " NOT VALID"));
        if (constraint.type == CONSTRAINT_FOREIGN)
            change_.referenced = list_append_unique_oid(change_.referenced, constraint.referenced);
    }

    void constraint_change(const ConstraintShape &constraint) {
        const ConstraintShape *old = find_constraint(before_, constraint.name);
        // CHECK and foreign keys come, and change, with those of the parent.
        if (constraint.inherited && (old != nullptr || !constraint.is_key()))
            return;
        if (old == nullptr || !is_same_constraint(*old, constraint))
            return new_constraint(constraint);
        const char *name = quote_identifier(constraint.name);
        if (!old->validated && constraint.validated)
            add_later(psprintf("VALIDATE CONSTRAINT %s", name));
        if (old->deferrable != constraint.deferrable || old->deferred != constraint.deferred)
            add_later(psprintf("ALTER CONSTRAINT %s %sDEFERRABLE INITIALLY %s", name,
                               constraint.deferrable ? "" : "NOT ",
                               constraint.deferred ? "DEFERRED" : "IMMEDIATE"));
    }

    void table_settings() {
        const OptionChange options = option_change(before_.options, after_.options);
        if (options.set != nullptr)
            add_own(psprintf("SET (%s)", options.set));
        if (options.reset != nullptr)
            add_own(psprintf("RESET (%s)", options.reset));
        if (before_.persistence != after_.persistence)
            add_own(pstrdup(after_.persistence == RELPERSISTENCE_UNLOGGED ? "SET UNLOGGED" : "SET LOGGED"));
        if (before_.access_method != after_.access_method)
            add_own(psprintf("SET ACCESS METHOD %s", quote_identifier(get_am_name(after_.access_method))));
        if (before_.clustered_index != after_.clustered_index)
            add_setting_later(
                OidIsValid(after_.clustered_index)
                    ? psprintf("CLUSTER ON %s", quote_identifier(get_rel_name(after_.clustered_index)))
                    : pstrdup("SET WITHOUT CLUSTER"));
        if (strcmp(before_.replica_identity, after_.replica_identity) != 0)
            add_setting_later(psprintf("REPLICA IDENTITY %s", after_.replica_identity));
        if (before_.owner != after_.owner)
            add_setting_later(
                psprintf("OWNER TO %s", quote_identifier(GetUserNameFromId(after_.owner, false))));
    }

    const TableShape &before_;
    const TableShape &after_;
    const AlterDetails &details_;
    Relation relation_ = nullptr;
    ShapeChange change_{};
};

const DefElem *find_option(List *options, const DefElem *wanted) {
    for (const ListCell &cell : cells(options)) {
        auto *option = lfirst_node(DefElem, &cell);
        const char *space = option->defnamespace != nullptr ? option->defnamespace : "";
        const char *wanted_space = wanted->defnamespace != nullptr ? wanted->defnamespace : "";
        if (strcmp(option->defname, wanted->defname) == 0 && strcmp(space, wanted_space) == 0)
            return option;
    }
    return nullptr;
}

const char *option_value(const DefElem *option) {
    return option->arg != nullptr ? defGetString(const_cast<DefElem *>(option)) : "true";
}

void append_option_name(StringInfo out, const DefElem *option) {
    if (out->len > 0)
        appendStringInfoString(out, ", ");
    if (option->defnamespace != nullptr)
        appendStringInfo(out, "%s.", quote_identifier(option->defnamespace));
    appendStringInfoString(out, quote_identifier(option->defname));
}

} // namespace

OptionChange option_change(List *before, List *after) {
    StringInfo set = makeStringInfo(), reset = makeStringInfo();
    for (const ListCell &cell : cells(after)) {
        auto *option = lfirst_node(DefElem, &cell);
        const DefElem *old = find_option(before, option);
        if (old != nullptr && strcmp(option_value(old), option_value(option)) == 0)
            continue;
        append_option_name(set, option);
        appendStringInfo(set, " = %s", quote_literal_cstr(option_value(option)));
    }
    for (const ListCell &cell : cells(before)) {
        auto *option = lfirst_node(DefElem, &cell);
        if (find_option(after, option) == nullptr)
            append_option_name(reset, option);
    }
    return {set->len > 0 ? set->data : nullptr, reset->len > 0 ? reset->data : nullptr};
}

List *relation_option_list(Oid relid) {
    List *options = class_options(relid);
    Relation relation = relation_open(relid, NoLock);
    const Oid toast = relation->rd_rel->reltoastrelid;
    relation_close(relation, NoLock);
    if (OidIsValid(toast)) {
        List *toast_options = class_options(toast);
        for (const ListCell &cell : cells(toast_options))
            lfirst_node(DefElem, &cell)->defnamespace = pstrdup("toast");
        options = list_concat(options, toast_options);
    }
    return options;
}

TableShape table_shape(Oid relid) {
    const int level = pin_search_path();
    Relation relation = table_open(relid, NoLock);
    TableShape shape{};
    shape.relid = relid;
    shape.partitioned = relation->rd_rel->relkind == RELKIND_PARTITIONED_TABLE;
    shape.owner = relation->rd_rel->relowner;
    shape.access_method = relation->rd_rel->relam;
    shape.persistence = relation->rd_rel->relpersistence;
    shape.options = relation_option_list(relid);
    shape.replica_identity = replica_identity(relation);
    read_columns(shape, relation);
    read_constraints(shape);
    read_indexes(shape, relation);
    table_close(relation, NoLock);
    unpin_search_path(level);
    return shape;
}

ShapeChange shape_change(const TableShape &before, const TableShape &after, const AlterDetails &details) {
    const int level = pin_search_path();
    const ShapeChange change = Differ(before, after, details).run();
    unpin_search_path(level);
    return change;
}

} // namespace citus
