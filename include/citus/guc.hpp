/// The settings of the extension (prefix `citus`), as variables. Defined and registered in src/guc.cpp.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus::guc {

extern int shard_count;
extern int shard_replication_factor;
extern bool enable_ddl_propagation;
extern char *node_conninfo;
extern char *local_hostname;
extern int node_connection_timeout;      ///< milliseconds
extern int recover_2pc_interval;         ///< milliseconds, -1 off
extern double distributed_deadlock_detection_factor; ///< times deadlock_timeout, -1 off
extern bool log_distributed_deadlock_detection;
extern int table_size_refresh_interval;  ///< milliseconds, -1 off
extern bool enable_binary_protocol;
extern bool enable_local_execution;
extern bool explain_all_tasks;
extern bool log_remote_commands;
extern int next_shard_id;
extern bool enable_manual_changes_to_shards;
extern bool override_table_visibility;
extern int multi_task_query_log_level;
extern int max_cached_conns_per_worker;

void install();

} // namespace citus::guc
