/// What a shell looks like at one moment, as far as its shards look the same, and the commands that make the
/// shards follow when it has changed.
///
/// Used by ALTER TABLE: names and definitions come from the catalogs after the statement ran on the shell, so
/// they are what PostgreSQL made of it. Reads catalogs only. Private to ddl/.
#pragma once

#include "citus/pg/prelude.hpp"

extern "C" {
#include "catalog/pg_constraint.h"
}

namespace citus {

struct ColumnShape {
    AttrNumber attno;
    const char *name;
    bool not_null;
    char generated;
    char storage;
    char compression;
    int statistics;
    List *options;  ///< of DefElem
    bool inherited; ///< from the table that this one is a partition of
};

struct ConstraintShape {
    Oid oid;
    char type;
    const char *name;
    const char *definition; ///< without NOT VALID and DEFERRABLE
    bool validated, deferrable, deferred;
    Oid index;      ///< of a key or an exclusion constraint
    Oid referenced; ///< table that a foreign key references
    bool inherited; ///< from the table that this one is a partition of

    bool is_key() const { return type == CONSTRAINT_PRIMARY || type == CONSTRAINT_UNIQUE; }
};

struct TableShape {
    Oid relid;
    bool partitioned;
    Oid owner;
    Oid access_method;
    char persistence;
    Oid clustered_index;
    const char *replica_identity;          ///< what follows REPLICA IDENTITY
    List *options;                         ///< of DefElem; those of the TOAST table have defnamespace toast
    std::pmr::vector<ColumnShape> columns; ///< existing ones, by attno
    std::pmr::vector<ConstraintShape> constraints;
    std::pmr::vector<std::pair<Oid, const char *>> indexes;
};

/// Reads the catalogs. The caller holds a lock on the table. Texts are qualified.
TableShape table_shape(Oid relid);

/// What the diff of two shapes can't know.
struct AlterDetails {
    bool cascade;          ///< something was dropped with CASCADE
    List *type_changes;    ///< subcommands (char *) of columns with a new type
    List *column_defaults; ///< for new columns: List of two, attno as Integer and the DEFAULT text
    List *filled_columns;  ///< attnos (int list) of new columns that get their values afterwards
    bool in_tree = false;  ///< one of a partitioned table and its partitions, which are changed together
};

/// ALTER TABLE subcommands (List of char *).
struct ShapeChange {
    List *subcommands; ///< to be run as one ALTER TABLE
    List *later;       ///< further subcommands that need the rows filled, as one ALTER TABLE
    List *commands;    ///< whole commands that follow the first
    List *referenced;  ///< Oids of tables that new foreign keys reference
    List *keys;        ///< in a tree: primary keys and unique constraints, for this table ONLY
    List *own;         ///< of a partitioned table: settings for this table ONLY, after the keys
};

ShapeChange shape_change(const TableShape &before, const TableShape &after, const AlterDetails &details);

/// `name = 'value', ...` / `name, ...` for what to SET and to RESET to get from one list of options to
/// another.
struct OptionChange {
    const char *set;   ///< nullptr: nothing
    const char *reset; ///< nullptr: nothing
};
OptionChange option_change(List *before, List *after);

/// reloptions of a relation as DefElems; with the TOAST table's for a table.
List *relation_option_list(Oid relid);

} // namespace citus
