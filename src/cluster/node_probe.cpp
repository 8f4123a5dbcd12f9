#include "node_probe.hpp"

#include "citus/core/gid.hpp"
#include "citus/net/connection.hpp"
#include "citus/transaction/shared_state.hpp"

extern "C" {
#include "access/xlog.h"
#include "commands/dbcommands.h"
}

namespace citus {

namespace {

/// Answered by any PostgreSQL server, with or without the extension; one row of text.
constexpr const char *kProbe = R"(
SELECT (SELECT system_identifier FROM pg_catalog.pg_control_system()) OPERATOR(pg_catalog.||) '/' OPERATOR(pg_catalog.||)
       pg_catalog.date_part('epoch', pg_catalog.pg_postmaster_start_time()),
       pg_catalog.pg_is_in_recovery(),
       pg_catalog.current_setting('citus.shard_count', true) IS NOT NULL,
       (SELECT default_version FROM pg_catalog.pg_available_extensions WHERE name OPERATOR(pg_catalog.=) 'citus'),
       (SELECT extversion FROM pg_catalog.pg_extension WHERE extname OPERATOR(pg_catalog.=) 'citus'),
       (SELECT pg_catalog.concat_ws(' ', pg_catalog.getdatabaseencoding(), datlocprovider, datcollate, datctype,
                                    pg_catalog.to_jsonb(d) OPERATOR(pg_catalog.->>) 'daticulocale',
                                    pg_catalog.to_jsonb(d) OPERATOR(pg_catalog.->>) 'datlocale')
        FROM pg_catalog.pg_database d WHERE datname OPERATOR(pg_catalog.=) pg_catalog.current_database()))";

/// Answered by a server with the extension.
constexpr const char *kMembership = R"(
SELECT (SELECT groupid FROM pg_catalog.pg_dist_local_group),
       (SELECT metadata OPERATOR(pg_catalog.->>) 'cluster_id' FROM pg_catalog.pg_dist_node_metadata),
       EXISTS (SELECT FROM pg_catalog.pg_dist_node) OR EXISTS (SELECT FROM pg_catalog.pg_dist_partition))";

struct Probe {
    const char *identity; ///< names the running server, whatever its address
    bool in_recovery;
    bool preloaded;
    const char *available; ///< version of the extension that CREATE EXTENSION would create, or nullptr
    const char *installed; ///< version of the extension in the database, or nullptr
    const char *locale;    ///< encoding and collation of the database
};

struct Membership {
    int32 group;
    const char *cluster_id; ///< nullptr when not part of a cluster
    bool coordinates;       ///< has nodes or distributed tables of its own
};

/// A value of an answer, or nullptr for NULL.
const char *text_of(List *row, int column) {
    if (column >= list_length(row))
        elog(ERROR, "unexpected answer to a query about a node");
    auto *value = static_cast<String *>(list_nth(row, column));
    return value != nullptr ? strVal(value) : nullptr;
}

/// A value of an answer that is never NULL.
const char *required(List *row, int column) {
    const char *text = text_of(row, column);
    if (text == nullptr)
        elog(ERROR, "unexpected NULL in the answer to a query about a node");
    return text;
}

bool bool_of(List *row, int column) {
    return required(row, column)[0] == 't';
}

Probe probe_of(List *row) {
    return {text_of(row, 0), bool_of(row, 1), bool_of(row, 2),
            text_of(row, 3), text_of(row, 4), text_of(row, 5)};
}

[[noreturn]] void raise_unreachable(const char *message) {
    ereport(
        ERROR,
        (errcode(ERRCODE_CONNECTION_FAILURE), errmsg("%s", message),
         errhint(
             "The server must run there, accept connections from this node (listen_addresses, pg_hba.conf), "
             "and have a database named \"%s\". A password is taken from pg_dist_authinfo or .pgpass.",
             get_database_name(MyDatabaseId))));
}

/// The first row of a query's answer on another server; raises what went wrong.
List *ask(const char *name, int port, const char *sql) {
    const AutonomousResult result = run_autonomous(name, port, sql);
    if (!result.connected)
        raise_unreachable(result.message);
    if (!result.success) {
        const char *state = result.sqlstate;
        ereport(ERROR,
                (errcode(MAKE_SQLSTATE(state[0], state[1], state[2], state[3], state[4])),
                 errmsg("%s", result.message), errcontext("while executing command on %s:%d", name, port)));
    }
    return result.rows != NIL ? linitial_node(List, result.rows) : NIL;
}

/// The first row of a query's answer on this server.
List *ask_here(const char *sql) {
    List *row = NIL;
    MemoryContext caller = CurrentMemoryContext;
    SPI_connect();
    if (SPI_execute(sql, true, 1) != SPI_OK_SELECT || SPI_processed != 1)
        elog(ERROR, "unexpected answer to a query about this node");
    for (int column = 1; column <= SPI_tuptable->tupdesc->natts; column++) {
        const char *value = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, column);
        ContextScope scope(caller);
        row = lappend(row, value != nullptr ? makeString(pstrdup(value)) : nullptr);
    }
    SPI_finish();
    return row;
}

/// Names of locales differ in spelling only: en_US.utf8, en_US.UTF-8.
bool same_locale(std::string_view a, std::string_view b) {
    const auto normal = [](std::string_view text) {
        std::pmr::string out;
        for (const char c : text) {
            if (c != '-')
                out.push_back(pg_ascii_tolower(static_cast<unsigned char>(c)));
        }
        return out;
    };
    return normal(a) == normal(b);
}

void check_version(const char *name, int port, const char *there, const char *here) {
    if (strcmp(there, here) != 0)
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                 errmsg("node at %s:%d has version %s of the extension citus, but this node has version %s",
                        name, port, there, here),
                 errhint("Install the same version on both, and run ALTER EXTENSION citus UPDATE.")));
}

void check_server(const char *name, int port, const Probe &node, const Probe &self) {
    if (strcmp(node.identity, self.identity) == 0)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("node at %s:%d is the coordinator itself", name, port),
                        errhint("To let the coordinator be part of the cluster by this address, run SELECT "
                                "citus_set_coordinator_host('%s', %d).",
                                name, port)));
    if (node.in_recovery)
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("node at %s:%d is a standby, and cannot be a worker", name, port),
                        errhint("Add its primary, or register it with citus_add_secondary_node().")));
    if (node.installed == nullptr && node.available == nullptr)
        ereport(ERROR, (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                        errmsg("citus is not installed on the node at %s:%d", name, port),
                        errhint("Install citus on that server, add it to shared_preload_libraries in its "
                                "postgresql.conf, and restart it.")));
    if (!node.preloaded)
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                 errmsg("citus is not loaded on the node at %s:%d", name, port),
                 errhint("Add citus to shared_preload_libraries in postgresql.conf of that server, and "
                         "restart it.")));
    check_version(name, port, node.installed != nullptr ? node.installed : node.available, self.installed);
    if (!same_locale(node.locale, self.locale))
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                 errmsg("the database on the node at %s:%d has another encoding or collation", name, port),
                 errdetail("There: %s. Here: %s.", node.locale, self.locale),
                 errhint("Create the database \"%s\" there with the encoding and collation it has here.",
                         get_database_name(MyDatabaseId))));
}

void check_membership(const char *name, int port, int32 own_group) {
    List *row = ask(name, port, kMembership);
    const Membership node{pg_strtoint32(required(row, 0)), text_of(row, 1), bool_of(row, 2)};
    if (node.coordinates)
        ereport(
            ERROR,
            (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
             errmsg("node at %s:%d coordinates a cluster of its own", name, port),
             errhint("Remove its nodes and distributed tables, or drop and create the extension there.")));
    if (node.group == kCoordinatorGroupId || node.group == own_group)
        return;
    if (node.cluster_id == nullptr || strcmp(node.cluster_id, own_cluster_id()) != 0)
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                 errmsg("node at %s:%d is part of another cluster", name, port),
                 errhint("Remove it there with citus_remove_node(). If that cluster is gone, run SELECT "
                         "citus_internal.leave_cluster() on the node.")));
    // This cluster's own: perhaps it was removed while it could not be reached, and comes back.
    if (const ClusterNode *known = find_primary_node(node.group))
        ereport(ERROR, (errcode(ERRCODE_DUPLICATE_OBJECT),
                        errmsg("node at %s:%d is already part of the cluster, as %s:%d", name, port,
                               known->name, known->port),
                        errhint("To change its address, run SELECT citus_update_node(%d, '%s', %d).",
                                known->node_id, name, port)));
}

/// Ends what this coordinator prepared on a server that is no node of the cluster: a crash while it was being
/// added left it behind, recovery does not look there, and its locks would make us wait for ever.
void roll_back_leftovers(const char *name, int port) {
    const AutonomousResult listed =
        run_autonomous(name, port,
                       psprintf("SELECT gid FROM pg_catalog.pg_prepared_xacts WHERE database = %s",
                                quote_literal_cstr(get_database_name(MyDatabaseId))));
    const auto undecided = transactions_being_decided();
    ListCell *cell;
    foreach (cell, listed.rows) {
        const char *text = required(static_cast<List *>(lfirst(cell)), 0);
        const auto gid = core::parse_gid(text);
        if (!gid || gid->group != local_group_id() ||
            std::find(undecided.begin(), undecided.end(), gid->transaction) != undecided.end())
            continue;
        (void)run_autonomous(name, port, psprintf("ROLLBACK PREPARED %s", quote_literal_cstr(text)));
    }
}

} // namespace

void check_address(const char *name, int port) {
    if (name[0] == '\0')
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("node name must not be empty")));
    if (port < 1 || port > 65535)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("%d is outside the valid range for a port (1 .. 65535)", port)));
}

void prepare_worker(const char *name, int port, int32 own_group) {
    const Probe node = probe_of(ask(name, port, kProbe));
    const Probe self = probe_of(ask_here(kProbe));
    check_server(name, port, node, self);
    if (node.installed == nullptr) {
        ask(name, port, "CREATE EXTENSION IF NOT EXISTS citus");
        ereport(NOTICE, (errmsg("created the extension citus in database \"%s\" on the node at %s:%d",
                                get_database_name(MyDatabaseId), name, port)));
    }
    check_membership(name, port, own_group);
    if (own_group < 0)
        roll_back_leftovers(name, port);
}

bool can_connect(const char *name, int port, const char **reason) {
    const AutonomousResult result = run_autonomous(name, port, "SELECT 1");
    *reason = result.message;
    return result.connected;
}

void check_is_this_server(const char *name, int port) {
    const AutonomousResult result = run_autonomous(name, port, kProbe);
    if (!result.connected || !result.success) {
        ereport(WARNING,
                (errmsg("could not make sure that %s:%d is this server: %s", name, port, result.message)));
        return;
    }
    const Probe node = probe_of(linitial_node(List, result.rows)), self = probe_of(ask_here(kProbe));
    if (strcmp(node.identity, self.identity) != 0)
        ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE),
                        errmsg("the server at %s:%d is not this coordinator", name, port)));
}

const char *own_cluster_id() {
    return psprintf(UINT64_FORMAT "/%u", GetSystemIdentifier(), MyDatabaseId);
}

} // namespace citus
