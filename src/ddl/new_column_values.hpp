/// Values of existing rows when a column is added or gets another type.
///
/// What is the same for all rows is evaluated here once and sent as a constant; a volatile default (nextval,
/// random) is evaluated per row by an UPDATE over the distributed table. Private to ddl/.
#pragma once

#include "citus/catalog/metadata.hpp"

namespace citus {

struct NewColumnValue {
    const char *default_text; ///< what shards put into existing rows; nullptr: NULL
    bool needs_update;        ///< fill_new_columns() gives them their values
};

/// For a column that the shell got just now.
NewColumnValue new_column_value(Relation relation, AttrNumber attno);

/// Sets the columns (int list of attnos) of all rows to their defaults.
void fill_new_columns(Oid relid, List *columns);

/// The expression of ALTER COLUMN ... TYPE ... USING for shards: qualified, its stable parts evaluated;
/// nullptr for a nullptr. Raises 0A000 for functions that shards can't run.
const char *conversion_text(const DistTable &table, ::Node *raw_expression);

} // namespace citus
