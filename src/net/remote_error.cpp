#include "citus/net/remote_error.hpp"

#include "citus/core/shard_names.hpp"
#include "citus/pg/catalog_rows.hpp"

extern "C" {
#include "access/htup_details.h"
#include "catalog/index.h"
#include "libpq-fe.h"
}

namespace citus {

namespace {

/// Whether a relation has an index or a constraint of this name.
bool is_name_of_part(Oid relid, const char *name) {
    Oid index = get_relname_relid(name, get_rel_namespace(relid));
    if (OidIsValid(index) && IndexGetRelation(index, true) == relid)
        return true;
    return OidIsValid(get_relation_constraint_oid(relid, name, true));
}

/// The names a clipped shard name may stand for: the table, its indexes, its constraints.
List *names_of_relation(Oid relid) {
    List *names = list_make1(get_rel_name(relid));
    Relation relation = try_relation_open(relid, AccessShareLock);
    if (relation == nullptr)
        return names;
    List *indexes = RelationGetIndexList(relation);
    ListCell *cell;
    foreach (cell, indexes)
        names = lappend(names, get_rel_name(lfirst_oid(cell)));
    relation_close(relation, NoLock);

    for_each_constraint(relid, [&](const FormData_pg_constraint &row) {
        names = lappend(names, pstrdup(NameStr(row.conname)));
    });
    return names;
}

/// The look-up the core's name mapping asks for each candidate.
bool find_logical_name(void *, std::string_view stem, bool clipped, int64_t shard_id,
                       std::string_view physical, std::pmr::string &logical) {
    const Oid relid = relation_of_shard(shard_id);
    if (!OidIsValid(relid))
        return false;
    const char *table = get_rel_name(relid);
    if (table == nullptr)
        return false;
    const char *name = copy_cstring(stem);
    if (stem == table || is_name_of_part(relid, name)) {
        logical = stem;
        return true;
    }
    if (!clipped)
        return false;
    ListCell *cell;
    foreach (cell, names_of_relation(relid)) {
        const char *candidate = static_cast<const char *>(lfirst(cell));
        if (candidate != nullptr && physical == shard_relation_name(candidate, shard_id)) {
            logical = candidate;
            return true;
        }
    }
    return false;
}

/// A field of the error, with logical names, or nullptr.
const char *field(const PGresult *result, int code) {
    const char *value = PQresultErrorField(result, static_cast<char>(code));
    return value == nullptr ? nullptr : with_logical_names(value, code == PG_DIAG_MESSAGE_DETAIL);
}

/// A SCHEMA/TABLE/... field, which is a bare name.
void set_field(int code, const PGresult *result) {
    const char *value = PQresultErrorField(result, static_cast<char>(code));
    if (value == nullptr)
        return;
    err_generic_string(code, with_logical_names(value, false));
}

/// A type's name as this session would print it in place of the qualified name that a server with the search
/// path pg_catalog printed.
const char *with_visible_type(const char *message, const char *schema, const char *type) {
    if (schema == nullptr || type == nullptr || !IsTransactionState())
        return message;
    const Oid schema_oid = get_namespace_oid(schema, true);
    const Oid type_oid = OidIsValid(schema_oid)
                             ? GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid, CStringGetDatum(type),
                                               ObjectIdGetDatum(schema_oid))
                             : InvalidOid;
    if (!OidIsValid(type_oid))
        return message;
    const char *qualified = quote_qualified_identifier(schema, type);
    const char *found = strstr(message, qualified);
    if (found == nullptr)
        return message;
    return psprintf("%.*s%s%s", static_cast<int>(found - message), message, format_type_be(type_oid),
                    found + strlen(qualified));
}

} // namespace

int sqlstate_of(const PGresult *result) {
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (state == nullptr || strlen(state) != 5)
        return ERRCODE_CONNECTION_FAILURE;
    return MAKE_SQLSTATE(state[0], state[1], state[2], state[3], state[4]);
}

char *with_logical_names(const char *text, bool is_detail) {
    if (!IsTransactionState() || strpbrk(text, "0123456789") == nullptr)
        return pstrdup(text);
    const std::pmr::string mapped = core::map_shard_names(text, is_detail, find_logical_name, nullptr);
    return copy_cstring(mapped);
}

char *connection_error_text(PGconn *pg) {
    const char *text = pg == nullptr ? nullptr : PQerrorMessage(pg);
    if (text == nullptr || *text == '\0')
        return pstrdup("connection not open");
    return copy_cstring(core::short_connection_error(text));
}

char *remote_error_text(const Connection *connection, const PGresult *result) {
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    return text != nullptr ? with_logical_names(text, false) : connection_error_text(connection->pg);
}

void raise_remote_error(const Connection *connection, const PGresult *result) {
    const char *message = field(result, PG_DIAG_MESSAGE_PRIMARY);
    if (message == nullptr)
        raise_connection_error(connection, PQresultErrorMessage(result));
    message = with_visible_type(message, PQresultErrorField(result, PG_DIAG_SCHEMA_NAME),
                                PQresultErrorField(result, PG_DIAG_DATATYPE_NAME));
    const char *detail = field(result, PG_DIAG_MESSAGE_DETAIL);
    const char *hint = field(result, PG_DIAG_MESSAGE_HINT);
    const char *remote_context = field(result, PG_DIAG_CONTEXT);
    // Lines of a shard's COPY are not those of the user's.
    if (remote_context != nullptr && strncmp(remote_context, "COPY ", 5) == 0)
        remote_context = nullptr;
    ereport(ERROR, (errcode(sqlstate_of(result)), errmsg_internal("%s", message),
                    detail != nullptr ? errdetail_internal("%s", detail) : 0,
                    hint != nullptr ? errhint("%s", hint) : 0,
                    remote_context != nullptr ? errcontext("%s", remote_context) : 0,
                    errcontext("while executing command on %s", connection->address()),
                    (set_field(PG_DIAG_SCHEMA_NAME, result), set_field(PG_DIAG_TABLE_NAME, result),
                     set_field(PG_DIAG_COLUMN_NAME, result), set_field(PG_DIAG_DATATYPE_NAME, result),
                     set_field(PG_DIAG_CONSTRAINT_NAME, result), 0)));
    pg_unreachable();
}

void raise_connection_error(const Connection *connection, const char *reason) {
    const std::pmr::string text(core::short_connection_error(reason));
    const char *no_role = psprintf("role \"%s\" does not exist", connection->user);
    if (text.find(no_role) != std::pmr::string::npos)
        ereport(ERROR,
                (errcode(ERRCODE_CONNECTION_FAILURE),
                 errmsg("connection to the remote node %s@%s failed with the following error: %s",
                        connection->user, connection->address(), text.c_str()),
                 errhint("The role was made where this database's extension did not see it. A role with "
                         "the CREATEROLE privilege can send it to the nodes with ALTER ROLE %s.",
                         quote_identifier(connection->user))));
    ereport(ERROR,
            (errcode(ERRCODE_CONNECTION_FAILURE),
             errmsg("connection to the remote node %s@%s failed with the following error: %s",
                    connection->user, connection->address(), text.c_str()),
             errhint("Check that the server runs, that it accepts connections from this one (pg_hba.conf), "
                     "and that a password is found (.pgpass, citus.node_conninfo or pg_dist_authinfo).")));
    pg_unreachable();
}

namespace {

/// Errors about data and names. Others (out of memory, internal ones) may come from states in which no
/// look-up is safe, and do not speak of shards.
bool speaks_of_shards(int sqlstate) {
    switch (ERRCODE_TO_CATEGORY(sqlstate)) {
    case MAKE_SQLSTATE('2', '2', '0', '0', '0'):
    case MAKE_SQLSTATE('2', '3', '0', '0', '0'):
    case MAKE_SQLSTATE('4', '2', '0', '0', '0'):
    case MAKE_SQLSTATE('4', '4', '0', '0', '0'):
    case MAKE_SQLSTATE('P', '0', '0', '0', '0'):
        return true;
    default:
        return false;
    }
}

void map_field(char *&text, bool is_detail) {
    if (text != nullptr)
        text = with_logical_names(text, is_detail);
}

void map_error(ErrorData *error) {
    map_field(error->message, false);
    if (error->message != nullptr)
        error->message =
            const_cast<char *>(with_visible_type(error->message, error->schema_name, error->datatype_name));
    map_field(error->detail, true);
    map_field(error->hint, false);
    map_field(error->context, false);
    map_field(error->table_name, false);
    map_field(error->constraint_name, false);
    // Positions are those of the shard's SQL.
    error->cursorpos = error->internalpos = 0;
    error->internalquery = nullptr;
}

/// Of an error that was caught; goes on with it. settings: a nest level of settings to be undone first, so
/// that the names are those that the session sees; 0: none.
[[noreturn]] void rethrow_with_logical_names(MemoryContext context, int settings) {
    MemoryContextSwitchTo(context);
    ErrorData *error = CopyErrorData();
    if (!speaks_of_shards(error->sqlerrcode))
        PG_RE_THROW();
    FlushErrorState();
    if (settings != 0)
        AtEOXact_GUC(false, settings);
    map_error(error);
    ReThrowError(error);
}

} // namespace

void as_on_a_shard(void (*work)(void *argument), void *argument) {
    MemoryContext context = CurrentMemoryContext;
    // A setting, not an override: what runs may have settings of its own (the path of a DDL command).
    const int settings = NewGUCNestLevel();
    (void)set_config_option("search_path", "pg_catalog", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE, true, 0,
                            false);
    // clang-format off
    PG_TRY();
    {
        work(argument);
    }
    PG_CATCH();
    {
        rethrow_with_logical_names(context, settings);
    }
    PG_END_TRY();
    // clang-format on
    AtEOXact_GUC(true, settings);
}

void with_logical_errors(void (*work)(void *argument), void *argument) {
    MemoryContext context = CurrentMemoryContext;
    // clang-format off
    PG_TRY();
    {
        work(argument);
    }
    PG_CATCH();
    {
        rethrow_with_logical_names(context, 0);
    }
    PG_END_TRY();
    // clang-format on
}

} // namespace citus
