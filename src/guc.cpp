#include "citus/guc.hpp"

#include "citus/net/connect.hpp"
#include "citus/net/row_batches.hpp"

#include <climits>

namespace citus::guc {

int shard_count = 32;
int shard_replication_factor = 1;
bool enable_ddl_propagation = true;
char *node_conninfo = nullptr;
char *local_hostname = nullptr;
int node_connection_timeout = 30000;
int recover_2pc_interval = 60000;
int table_size_refresh_interval = 60000;
double distributed_deadlock_detection_factor = 2;
bool log_distributed_deadlock_detection = false;
bool enable_binary_protocol = true;
bool enable_local_execution = true;
bool explain_all_tasks = false;
bool log_remote_commands = false;
bool row_batches = false;
int next_shard_id = 0;
bool enable_manual_changes_to_shards = false;
bool override_table_visibility = true;
int multi_task_query_log_level = 0;
int max_cached_conns_per_worker = 1;
int max_intermediate_result_size = 1048576;
int motion = kMotionAuto;
bool direct_motion = true;
bool enable_stat_counters = false;
int max_prepared_statements_per_connection = 512;
int max_query_templates = 256;
int max_shared_pool_size = 0;
int local_shared_pool_size = 0;
int max_adaptive_executor_pool_size = 16;
int executor_slow_start_interval = 10;
bool force_max_query_parallelization = false;
int multi_shard_modify_mode = kModifyParallel;
int max_client_connections = -1;
int max_cached_connection_lifetime = 600000;

namespace {

constexpr int kHidden = GUC_NO_SHOW_ALL | GUC_NOT_IN_SAMPLE;

const config_enum_entry kLogLevels[] = {
    {"off", 0, false},         {"debug5", DEBUG5, false}, {"debug4", DEBUG4, false},
    {"debug3", DEBUG3, false}, {"debug2", DEBUG2, false}, {"debug1", DEBUG1, false},
    {"log", LOG, false},       {"notice", NOTICE, false}, {"warning", WARNING, false},
    {"error", ERROR, false},   {nullptr, 0, false},
};

const config_enum_entry kMotionChoices[] = {
    {"auto", kMotionAuto, false},
    {"always", kMotionAlways, false},
    {"never", kMotionNever, false},
    {nullptr, 0, false},
};

const config_enum_entry kModifyModes[] = {
    {"parallel", kModifyParallel, false},
    {"sequential", kModifySequential, false},
    {nullptr, 0, false},
};

void define_bool(const char *name, const char *text, bool *variable, GucContext context, int flags = 0) {
    DefineCustomBoolVariable(name, text, nullptr, variable, *variable, context, flags, nullptr, nullptr,
                             nullptr);
}

void define_int(const char *name, const char *text, int *variable, int min, int max, GucContext context,
                int flags = 0) {
    DefineCustomIntVariable(name, text, nullptr, variable, *variable, min, max, context, flags, nullptr,
                            nullptr, nullptr);
}

} // namespace

namespace {

/// The size in effect.
const char *show_max_shared_pool_size() {
    static char text[16];
    snprintf(text, sizeof(text), "%d", max_shared_pool_size == 0 ? MaxConnections : max_shared_pool_size);
    return text;
}

const char *show_local_shared_pool_size() {
    static char text[16];
    snprintf(text, sizeof(text), "%d",
             local_shared_pool_size == 0 ? std::max(MaxConnections / 2, 1) : local_shared_pool_size);
    return text;
}

} // namespace

void install() {
    define_int("citus.shard_count", "Number of shards of a new hash-distributed table.", &shard_count, 1,
               64000, PGC_USERSET);
    define_int("citus.shard_replication_factor",
               "Number of placements of each shard of a new distributed table.", &shard_replication_factor, 1,
               100, PGC_USERSET);
    define_bool("citus.enable_ddl_propagation", "Sends DDL on distributed tables to their shards.",
                &enable_ddl_propagation, PGC_USERSET, kHidden);
    DefineCustomStringVariable("citus.node_conninfo", "libpq options of the connections between nodes.",
                               nullptr, &node_conninfo, "sslmode=prefer", PGC_SIGHUP, GUC_SUPERUSER_ONLY,
                               check_node_conninfo, nullptr, nullptr);
    DefineCustomStringVariable("citus.local_hostname", "Host name under which this node connects to itself.",
                               nullptr, &local_hostname, "localhost", PGC_SUSET, 0, nullptr, nullptr,
                               nullptr);
    define_int("citus.node_connection_timeout", "Time limit for connecting to a node.",
               &node_connection_timeout, 10, 3600000, PGC_USERSET, GUC_UNIT_MS);
    define_int("citus.recover_2pc_interval",
               "Time between automatic recoveries of two-phase commits; -1 is off.", &recover_2pc_interval,
               -1, 604800000, PGC_SIGHUP, GUC_UNIT_MS);
    define_int("citus.table_size_refresh_interval",
               "Time between looks at the sizes of shards, for the planner's estimates; -1 is off.",
               &table_size_refresh_interval, -1, 604800000, PGC_SIGHUP, GUC_UNIT_MS);
    DefineCustomRealVariable(
        "citus.distributed_deadlock_detection_factor",
        "Distributed deadlocks are looked for within this many times deadlock_timeout; -1 is off.", nullptr,
        &distributed_deadlock_detection_factor, 2, -1, 1000, PGC_SIGHUP, 0, nullptr, nullptr, nullptr);
    define_bool("citus.log_distributed_deadlock_detection", "Logs each look for distributed deadlocks.",
                &log_distributed_deadlock_detection, PGC_SIGHUP, kHidden);
    define_bool("citus.enable_binary_protocol",
                "Transfers rows between nodes in binary where the types allow.", &enable_binary_protocol,
                PGC_USERSET);
    define_bool("citus.enable_local_execution", "Runs tasks on shards of this node in the same backend.",
                &enable_local_execution, PGC_USERSET);
    define_bool("citus.explain_all_tasks", "Shows every task in EXPLAIN.", &explain_all_tasks, PGC_USERSET);
    define_bool("citus.log_remote_commands", "Reports each command sent to another node.",
                &log_remote_commands, PGC_USERSET);
    DefineCustomBoolVariable("citus.row_batches",
                             "Sends rows in binary in batches, to another node of this extension.", nullptr,
                             &row_batches, false, PGC_BACKEND, kHidden | GUC_DISALLOW_IN_FILE, nullptr,
                             assign_row_batches, nullptr);
    define_int("citus.next_shard_id",
               "Fixes the next shard id in this session; 0 takes it from the sequence.", &next_shard_id, 0,
               INT_MAX, PGC_USERSET, kHidden);
    define_bool("citus.enable_manual_changes_to_shards", "Allows DROP and TRUNCATE of a shard by its name.",
                &enable_manual_changes_to_shards, PGC_USERSET, kHidden);
    define_bool("citus.override_table_visibility", "Hides shards from \\d and similar listings.",
                &override_table_visibility, PGC_USERSET, kHidden);
    DefineCustomEnumVariable(
        "citus.multi_task_query_log_level", "Level at which a query that runs on several shards is reported.",
        nullptr, &multi_task_query_log_level, 0, kLogLevels, PGC_USERSET, 0, nullptr, nullptr, nullptr);
    define_int("citus.max_cached_conns_per_worker", "Connections kept per node at the end of a transaction.",
               &max_cached_conns_per_worker, 0, INT_MAX, PGC_USERSET);
    define_int("citus.max_intermediate_result_size",
               "Size to which the moved rows of one part of a query may grow; -1 is no limit.",
               &max_intermediate_result_size, -1, INT_MAX, PGC_USERSET, GUC_UNIT_KB);
    DefineCustomEnumVariable("citus.motion",
                             "Whether rows are moved between nodes so that joins run where the data is.",
                             "auto: when it costs less than to bring all rows to this node.", &motion,
                             kMotionAuto, kMotionChoices, PGC_USERSET, 0, nullptr, nullptr, nullptr);
    define_bool("citus.direct_motion",
                "Workers send moved rows to each other, and not through the coordinator.", &direct_motion,
                PGC_USERSET);
    define_bool("citus.enable_stat_counters", "Adds this session's counters to those in citus_stat_counters.",
                &enable_stat_counters, PGC_SUSET);
    define_int("citus.max_prepared_statements_per_connection",
               "Commands kept prepared on each connection to another node; 0 prepares none.",
               &max_prepared_statements_per_connection, 0, 100000, PGC_USERSET);
    define_int("citus.max_query_templates",
               "Plans of single-shard statements kept for use with other constants; 0 keeps none.",
               &max_query_templates, 0, 100000, PGC_USERSET);
    DefineCustomIntVariable("citus.max_shared_pool_size",
                            "Connections from this server to each node, over all sessions.",
                            "0 stands for max_connections, -1 is no limit.", &max_shared_pool_size, 0, -1,
                            INT_MAX, PGC_SIGHUP, 0, nullptr, nullptr, show_max_shared_pool_size);
    DefineCustomIntVariable("citus.local_shared_pool_size",
                            "Connections from this server to itself, over all sessions.",
                            "0 stands for half of max_connections, -1 is no limit.", &local_shared_pool_size,
                            0, -1, INT_MAX, PGC_SIGHUP, 0, nullptr, nullptr, show_local_shared_pool_size);
    define_int("citus.max_adaptive_executor_pool_size",
               "Connections per node for one statement, and sessions at work up to which they are used.",
               &max_adaptive_executor_pool_size, 1, INT_MAX, PGC_USERSET);
    define_int("citus.executor_slow_start_interval",
               "Time after which a statement that still has tasks to send opens another connection.",
               &executor_slow_start_interval, 0, INT_MAX, PGC_USERSET, kHidden | GUC_UNIT_MS);
    define_bool("citus.force_max_query_parallelization", "Opens one connection per task of a query.",
                &force_max_query_parallelization, PGC_USERSET, kHidden);
    DefineCustomEnumVariable(
        "citus.multi_shard_modify_mode", "How writes and DDL of several shards of a node run.",
        "One after the other, over one connection per node, in either mode.", &multi_shard_modify_mode,
        kModifyParallel, kModifyModes, PGC_USERSET, 0, nullptr, nullptr, nullptr);
    define_int("citus.max_client_connections",
               "Connections of clients who are not superusers; -1 is no limit but max_connections.",
               &max_client_connections, -1, INT_MAX, PGC_SUSET);
    define_int("citus.max_cached_connection_lifetime",
               "Age at which a kept connection is closed at the end of a transaction; -1 is never.",
               &max_cached_connection_lifetime, -1, INT_MAX, PGC_USERSET, GUC_UNIT_MS);
}

} // namespace citus::guc
