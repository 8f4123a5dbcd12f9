/// Library entry: the table of contents of what the extension hooks into.
#include "citus/catalog/metadata.hpp"
#include "citus/catalog/shard_relations.hpp"
#include "citus/ddl/utility_hook.hpp"
#include "citus/executor/cursor_rows.hpp"
#include "citus/executor/deferred_checks.hpp"
#include "citus/executor/fragment_scan.hpp"
#include "citus/executor/machine_share.hpp"
#include "citus/executor/merge_scan.hpp"
#include "citus/executor/modify_scan.hpp"
#include "citus/executor/motion_inbox.hpp"
#include "citus/executor/moved_rows_scan.hpp"
#include "citus/executor/short_planning.hpp"
#include "citus/executor/table_triggers.hpp"
#include "citus/executor/task_capture.hpp"
#include "citus/guc.hpp"
#include "citus/net/client_limit.hpp"
#include "citus/net/greeting.hpp"
#include "citus/net/pool.hpp"
#include "citus/pg/counters.hpp"
#include "citus/pg/memory.hpp"
#include "citus/planner/gather.hpp"
#include "citus/planner/insert.hpp"
#include "citus/planner/planner.hpp"
#include "citus/transaction/deadlock_detector.hpp"
#include "citus/transaction/fault.hpp"
#include "citus/transaction/fence.hpp"
#include "citus/transaction/maintenance_daemon.hpp"
#include "citus/transaction/remote_transaction.hpp"
#include "citus/transaction/shared_state.hpp"
#include "citus/transaction/write_turns.hpp"

extern "C" {
PG_MODULE_MAGIC;

PGDLLEXPORT void _PG_init(void);
}

void _PG_init(void) {
    if (!process_shared_preload_libraries_in_progress)
        ereport(ERROR,
                (errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
                 errmsg("Citus can only be loaded via shared_preload_libraries"),
                 errhint("Add citus to the shared_preload_libraries setting in postgresql.conf and restart "
                         "the server.")));
    citus::install_memory_resource();
    citus::guc::install();
    citus::install_metadata_cache();
    citus::raise_max_prepared_transactions();
    citus::install_shared_state();
    citus::install_counters();
    citus::install_pool();
    citus::install_greeting();
    citus::install_client_limit();
    citus::install_transaction_callbacks();
    citus::install_deadlock_detector();
    citus::install_fence();
    citus::install_write_turns();
    citus::install_fault_points();
    citus::install_maintenance_daemon();
    citus::install_task_capture();
    citus::install_machine_share();
    citus::install_short_planning();
    citus::install_fragment_scan();
    citus::install_cursor_rows();
    citus::install_deferred_checks();
    citus::install_motion_store();
    citus::install_motion_inboxes();
    citus::install_motion_peers();
    citus::install_moved_rows_scan();
    citus::install_planner();
    citus::install_gather();
    citus::install_insert();
    citus::install_modify_scan();
    citus::install_table_triggers();
    citus::install_merge_scan();
    citus::install_utility_hook();
    citus::install_shard_visibility(); // after the planner, whose hook it calls
    MarkGUCPrefixReserved("citus");
}
