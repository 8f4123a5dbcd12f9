-- ===== Transactions (src/transaction) =====
CREATE FUNCTION pg_catalog.recover_prepared_transactions() RETURNS int
LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$recover_prepared_transactions$$;
COMMENT ON FUNCTION pg_catalog.recover_prepared_transactions() IS
'finish two-phase commits that a failure left behind; the maintenance daemon does it by itself';
REVOKE ALL ON FUNCTION pg_catalog.recover_prepared_transactions() FROM PUBLIC;
CREATE FUNCTION citus_internal.start_maintenance_daemon() RETURNS void
LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$citus_start_maintenance_daemon$$;
REVOKE ALL ON FUNCTION citus_internal.start_maintenance_daemon() FROM PUBLIC;
SELECT citus_internal.start_maintenance_daemon();

-- Distributed deadlocks: who waits for whom on this server. waiting_gpid and blocking_gpid say for which session of
-- the cluster a backend works, blocking_xid which prepared transaction blocks.
CREATE FUNCTION citus_internal.local_wait_edges(OUT waiting_pid int, OUT waiting_gpid bigint, OUT since timestamptz,
    OUT blocking_pid int, OUT blocking_gpid bigint, OUT blocking_xid xid) RETURNS SETOF record
LANGUAGE C STRICT VOLATILE AS 'MODULE_PATHNAME', $$citus_local_wait_edges$$;
COMMENT ON FUNCTION citus_internal.local_wait_edges() IS 'who waits for whom on this server';

CREATE FUNCTION pg_catalog.check_distributed_deadlocks() RETURNS bool
LANGUAGE C STRICT VOLATILE AS 'MODULE_PATHNAME', $$citus_check_distributed_deadlocks$$;
COMMENT ON FUNCTION pg_catalog.check_distributed_deadlocks() IS
'look for distributed deadlocks now; it also happens by itself';
REVOKE ALL ON FUNCTION pg_catalog.check_distributed_deadlocks() FROM PUBLIC;

CREATE FUNCTION citus_internal.distributed_transactions(OUT pid int, OUT transaction_number bigint,
    OUT started timestamptz) RETURNS SETOF record
LANGUAGE C STRICT VOLATILE AS 'MODULE_PATHNAME', $$citus_distributed_transactions$$;
COMMENT ON FUNCTION citus_internal.distributed_transactions() IS
'distributed transactions that sessions of this server began';

-- A backend that works for a session of another node knows that session; the transaction's number is known there.
CREATE FUNCTION pg_catalog.get_all_active_transactions(OUT datid oid, OUT process_id int,
    OUT initiator_node_identifier int, OUT worker_query bool, OUT transaction_number bigint,
    OUT transaction_stamp timestamptz, OUT global_pid bigint)
RETURNS SETOF record LANGUAGE sql STRICT VOLATILE BEGIN ATOMIC
    SELECT a.datid, a.pid, (SELECT l.groupid FROM pg_catalog.pg_dist_local_group l), false, t.transaction_number,
           t.started, pg_catalog.citus_calculate_gpid(citus_internal.own_nodeid(), a.pid)
    FROM citus_internal.distributed_transactions() t JOIN pg_catalog.pg_stat_activity a USING (pid)
    UNION ALL
    SELECT a.datid, a.pid, 0, true, NULL, a.xact_start, citus_internal.worker_gpid(a.application_name)
    FROM pg_catalog.pg_stat_activity a
    WHERE a.application_name LIKE 'citus\_internal gpid=%' AND a.xact_start IS NOT NULL AND a.pid <> pg_backend_pid();
END;
COMMENT ON FUNCTION pg_catalog.get_all_active_transactions() IS 'distributed transactions on this node';

CREATE FUNCTION pg_catalog.get_global_active_transactions(OUT datid oid, OUT process_id int,
    OUT initiator_node_identifier int, OUT worker_query bool, OUT transaction_number bigint,
    OUT transaction_stamp timestamptz, OUT global_pid bigint)
RETURNS SETOF record LANGUAGE sql STRICT VOLATILE BEGIN ATOMIC
    WITH here AS MATERIALIZED (SELECT * FROM pg_catalog.get_all_active_transactions())
    SELECT * FROM here
    UNION ALL
    SELECT r.datid, r.process_id, r.initiator_node_identifier, r.worker_query,
           coalesce(r.transaction_number, h.transaction_number), coalesce(h.transaction_stamp, r.transaction_stamp),
           r.global_pid
    FROM (SELECT array_agg(n.groupid ORDER BY n.nodeid) AS groups, array_agg(n.nodeid ORDER BY n.nodeid) AS nodes,
                 array_agg('SELECT coalesce(json_agg(r), ''[]'')'
                           ' FROM pg_catalog.get_all_active_transactions() r'::text) AS commands
          FROM pg_catalog.pg_dist_node n
          WHERE n.isactive AND n.noderole = 'primary'
            AND n.groupid <> (SELECT l.groupid FROM pg_catalog.pg_dist_local_group l)
          HAVING count(*) > 0) t
    CROSS JOIN LATERAL citus_internal.run_commands(t.groups, t.commands, true, true) AS c
    CROSS JOIN LATERAL json_to_recordset(c.result::json) AS r (datid oid, process_id int,
        initiator_node_identifier int, worker_query bool, transaction_number bigint, transaction_stamp timestamptz,
        global_pid bigint)
    LEFT JOIN here h ON h.global_pid = r.global_pid AND NOT h.worker_query
    WHERE c.success;
END;
COMMENT ON FUNCTION pg_catalog.get_global_active_transactions() IS 'distributed transactions on all nodes';

CREATE FUNCTION citus_internal.local_blocked_processes(OUT waiting_global_pid bigint, OUT waiting_pid int,
    OUT waiting_node_id int, OUT waiting_transaction_num bigint, OUT waiting_transaction_stamp timestamptz,
    OUT blocking_global_pid bigint, OUT blocking_pid int, OUT blocking_node_id int, OUT blocking_transaction_num bigint,
    OUT blocking_transaction_stamp timestamptz, OUT blocking_transaction_waiting bool)
RETURNS SETOF record LANGUAGE sql VOLATILE BEGIN ATOMIC
    WITH edges AS MATERIALIZED (SELECT DISTINCT e.waiting_pid, e.waiting_gpid, e.blocking_pid, e.blocking_gpid
                                FROM citus_internal.local_wait_edges() e),
    transactions AS MATERIALIZED (SELECT * FROM pg_catalog.get_all_active_transactions())
    SELECT e.waiting_gpid, e.waiting_pid, w.initiator_node_identifier, w.transaction_number, w.transaction_stamp,
           e.blocking_gpid, e.blocking_pid, b.initiator_node_identifier, b.transaction_number, b.transaction_stamp,
           EXISTS (SELECT FROM edges x WHERE x.waiting_pid = e.blocking_pid)
    FROM edges e
    LEFT JOIN transactions w ON w.process_id = e.waiting_pid
    LEFT JOIN transactions b ON b.process_id = e.blocking_pid;
END;
COMMENT ON FUNCTION citus_internal.local_blocked_processes() IS 'who waits for a lock on this server, and for whom';

CREATE FUNCTION citus_internal.global_blocked_processes(OUT waiting_global_pid bigint, OUT waiting_pid int,
    OUT waiting_node_id int, OUT waiting_transaction_num bigint, OUT waiting_transaction_stamp timestamptz,
    OUT blocking_global_pid bigint, OUT blocking_pid int, OUT blocking_node_id int, OUT blocking_transaction_num bigint,
    OUT blocking_transaction_stamp timestamptz, OUT blocking_transaction_waiting bool)
RETURNS SETOF record LANGUAGE sql VOLATILE BEGIN ATOMIC
    SELECT coalesce(e.waiting_global_pid, pg_catalog.citus_calculate_gpid(citus_internal.own_nodeid(), e.waiting_pid)),
           e.waiting_pid, e.waiting_node_id, e.waiting_transaction_num, e.waiting_transaction_stamp,
           coalesce(e.blocking_global_pid,
                    pg_catalog.citus_calculate_gpid(citus_internal.own_nodeid(), e.blocking_pid)),
           e.blocking_pid, e.blocking_node_id, e.blocking_transaction_num, e.blocking_transaction_stamp,
           e.blocking_transaction_waiting
    FROM citus_internal.local_blocked_processes() e
    UNION ALL
    SELECT coalesce(e.waiting_global_pid, pg_catalog.citus_calculate_gpid(t.nodes[c.ord], e.waiting_pid)),
           e.waiting_pid, e.waiting_node_id, e.waiting_transaction_num, e.waiting_transaction_stamp,
           coalesce(e.blocking_global_pid, pg_catalog.citus_calculate_gpid(t.nodes[c.ord], e.blocking_pid)),
           e.blocking_pid, e.blocking_node_id, e.blocking_transaction_num, e.blocking_transaction_stamp,
           e.blocking_transaction_waiting
    FROM (SELECT array_agg(n.groupid ORDER BY n.nodeid) AS groups, array_agg(n.nodeid ORDER BY n.nodeid) AS nodes,
                 array_agg('SELECT coalesce(json_agg(r), ''[]'')'
                           ' FROM citus_internal.local_blocked_processes() r'::text) AS commands
          FROM pg_catalog.pg_dist_node n
          WHERE n.isactive AND n.noderole = 'primary'
            AND n.groupid <> (SELECT l.groupid FROM pg_catalog.pg_dist_local_group l)
          HAVING count(*) > 0) t
    CROSS JOIN LATERAL citus_internal.run_commands(t.groups, t.commands, true, true) AS c
    CROSS JOIN LATERAL json_to_recordset(c.result::json) AS e (waiting_global_pid bigint, waiting_pid int,
        waiting_node_id int, waiting_transaction_num bigint, waiting_transaction_stamp timestamptz,
        blocking_global_pid bigint, blocking_pid int, blocking_node_id int, blocking_transaction_num bigint,
        blocking_transaction_stamp timestamptz, blocking_transaction_waiting bool)
    WHERE c.success;
END;
COMMENT ON FUNCTION citus_internal.global_blocked_processes() IS 'who waits for a lock on any node, and for whom';

-- Gives the rest of the transaction another role's rights, without a way back for what runs in it. Only for the
-- connections between nodes; it checks itself that the session's user may.
CREATE FUNCTION citus_internal.run_as(role text, token bigint) RETURNS void
LANGUAGE C STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_run_as$$;
COMMENT ON FUNCTION citus_internal.run_as(text, bigint) IS 'used by connections between nodes';

-- The reads of a statement see one snapshot on each node, also where they are several commands.
CREATE FUNCTION citus_internal.use_snapshot(statement bigint, oldest bigint) RETURNS void
LANGUAGE C STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_use_snapshot$$;
COMMENT ON FUNCTION citus_internal.use_snapshot(bigint, bigint) IS 'used by connections between nodes';

-- Locks the newest version of a row that a query of the same statement has found, and returns it.
CREATE FUNCTION citus_internal.lock_row(table_row anyelement, row_ctid tid, row_table oid, strength int, wait_policy int)
RETURNS SETOF anyelement
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 1 AS 'MODULE_PATHNAME', $$citus_lock_row$$;
COMMENT ON FUNCTION citus_internal.lock_row(anyelement, tid, oid, int, int) IS 'used by connections between nodes';

-- Where the row is that a cursor of this session is positioned on: what WHERE CURRENT OF becomes.
CREATE FUNCTION citus_internal.cursor_ctid(cursor_name text, table_id oid) RETURNS tid
LANGUAGE C STRICT STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_cursor_ctid$$;
CREATE FUNCTION citus_internal.cursor_key(key_type anyelement, cursor_name text, table_id oid) RETURNS anyelement
LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_cursor_key$$;
CREATE FUNCTION citus_internal.latest_ctid(shard regclass, row_ctid tid) RETURNS tid
LANGUAGE C STRICT STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_latest_ctid$$;
COMMENT ON FUNCTION citus_internal.latest_ctid(regclass, tid) IS 'used by connections between nodes';
COMMENT ON FUNCTION citus_internal.cursor_ctid(text, oid) IS 'used inside plans';
COMMENT ON FUNCTION citus_internal.cursor_key(anyelement, text, oid) IS 'used inside plans';

-- ===== Counters (src/monitor) =====
CREATE FUNCTION pg_catalog.citus_stat_counters(database_id oid DEFAULT 0, OUT database_id oid,
    OUT connection_establishment_succeeded bigint, OUT connection_establishment_failed bigint,
    OUT connection_reused bigint, OUT query_execution_single_shard bigint, OUT query_execution_multi_shard bigint,
    OUT stats_reset timestamptz) RETURNS SETOF record
LANGUAGE C STRICT VOLATILE AS 'MODULE_PATHNAME', $$citus_stat_counters$$;
COMMENT ON FUNCTION pg_catalog.citus_stat_counters(oid) IS
'connections and statements counted in each database (0: all) while citus.enable_stat_counters is on';
CREATE FUNCTION pg_catalog.citus_stat_messages(database_id oid DEFAULT 0, OUT database_id oid, OUT parses bigint,
    OUT prepared_executions bigint, OUT round_trips bigint, OUT plans bigint, OUT template_hits bigint,
    OUT local_plans bigint, OUT local_plan_hits bigint, OUT commits_with_write bigint, OUT evictions bigint,
    OUT stats_reset timestamptz) RETURNS SETOF record
LANGUAGE C STRICT VOLATILE AS 'MODULE_PATHNAME', $$citus_stat_messages$$;
COMMENT ON FUNCTION pg_catalog.citus_stat_messages(oid) IS
'messages to other nodes and plans counted in each database (0: all) while citus.enable_stat_counters is on';
CREATE FUNCTION pg_catalog.citus_session_counters(OUT name text, OUT value bigint) RETURNS SETOF record
LANGUAGE C STRICT VOLATILE AS 'MODULE_PATHNAME', $$citus_session_counters$$;
COMMENT ON FUNCTION pg_catalog.citus_session_counters() IS
'what this session has counted since its start: messages to other nodes, plans, connections';
CREATE FUNCTION pg_catalog.citus_stat_counters_reset(database_oid oid DEFAULT 0) RETURNS void
LANGUAGE C STRICT VOLATILE AS 'MODULE_PATHNAME', $$citus_stat_counters_reset$$;
COMMENT ON FUNCTION pg_catalog.citus_stat_counters_reset(oid) IS
'set the counters of a database (0: the current one) to zero';
REVOKE ALL ON FUNCTION pg_catalog.citus_stat_counters_reset(oid) FROM PUBLIC;

