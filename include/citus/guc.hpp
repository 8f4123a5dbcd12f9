/// The settings of the extension (prefix `citus`), as variables. Defined and registered in src/guc.cpp.
#pragma once

#include "citus/pg/prelude.hpp"

namespace citus::guc {

extern int shard_count;
extern int shard_replication_factor;
extern bool enable_ddl_propagation;
extern char *node_conninfo;
extern char *local_hostname;
extern int node_connection_timeout;                  ///< milliseconds
extern int recover_2pc_interval;                     ///< milliseconds, -1 off
extern int table_size_refresh_interval;              ///< milliseconds, -1 off
extern double distributed_deadlock_detection_factor; ///< times deadlock_timeout, -1 off
extern bool log_distributed_deadlock_detection;
extern bool enable_binary_protocol;
extern bool enable_local_execution;
extern bool explain_all_tasks;
extern bool log_remote_commands;
extern bool row_batches; ///< this session belongs to another node
extern int next_shard_id;
extern bool enable_manual_changes_to_shards;
extern bool override_table_visibility;
extern int multi_task_query_log_level;
extern int max_cached_conns_per_worker;
extern int max_intermediate_result_size; ///< kB, -1 no limit

enum MotionChoice : int { kMotionAuto, kMotionAlways, kMotionNever };
extern int motion; ///< MotionChoice
extern bool direct_motion;
extern bool enable_stat_counters;
extern int max_prepared_statements_per_connection; ///< 0: none
extern int max_query_templates;                    ///< 0: none
extern int max_shared_pool_size;
extern int local_shared_pool_size;
extern int max_adaptive_executor_pool_size;
extern int executor_slow_start_interval; ///< milliseconds
extern bool force_max_query_parallelization;
enum ModifyMode : int { kModifyParallel, kModifySequential };
extern int multi_shard_modify_mode;        ///< ModifyMode: writes have one connection per node in both
extern int max_client_connections;         ///< -1 without limit
extern int max_cached_connection_lifetime; ///< milliseconds, -1 without limit

void install();

} // namespace citus::guc
