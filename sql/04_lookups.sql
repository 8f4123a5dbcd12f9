-- ===== Look-ups and sizes (src/catalog, src/monitor) =====

CREATE FUNCTION pg_catalog.citus_version() RETURNS text LANGUAGE C STRICT STABLE
AS 'MODULE_PATHNAME', $$citus_version$$;
COMMENT ON FUNCTION pg_catalog.citus_version() IS 'version of citus and of PostgreSQL';

CREATE FUNCTION pg_catalog.get_shard_id_for_distribution_column(table_name regclass,
    distribution_value "any" DEFAULT NULL)
RETURNS bigint LANGUAGE C STABLE AS 'MODULE_PATHNAME', $$get_shard_id_for_distribution_column$$;
COMMENT ON FUNCTION pg_catalog.get_shard_id_for_distribution_column(regclass, "any")
IS 'id of the shard that holds the rows with a value in the distribution column';

CREATE FUNCTION pg_catalog.worker_hash(value "any") RETURNS int LANGUAGE C STRICT STABLE
AS 'MODULE_PATHNAME', $$worker_hash$$;
COMMENT ON FUNCTION pg_catalog.worker_hash("any") IS 'hash by which a value is routed to a shard';

CREATE FUNCTION pg_catalog.shard_name(object_name regclass, shard_id bigint, skip_qualify_public bool DEFAULT true)
RETURNS text LANGUAGE C STRICT STABLE AS 'MODULE_PATHNAME', $$shard_name$$;
COMMENT ON FUNCTION pg_catalog.shard_name(regclass, bigint, bool) IS 'name of a shard of a table or index';

CREATE FUNCTION pg_catalog.column_to_column_name(table_name regclass, column_var_text text)
RETURNS text LANGUAGE C STRICT STABLE AS 'MODULE_PATHNAME', $$column_to_column_name$$;
COMMENT ON FUNCTION pg_catalog.column_to_column_name(regclass, text) IS 'name of the column in pg_dist_partition.partkey';

CREATE FUNCTION pg_catalog.column_name_to_column(table_name regclass, column_name text)
RETURNS text LANGUAGE C STRICT STABLE AS 'MODULE_PATHNAME', $$column_name_to_column$$;
COMMENT ON FUNCTION pg_catalog.column_name_to_column(regclass, text) IS 'form of a column in pg_dist_partition.partkey';

CREATE FUNCTION pg_catalog.relation_is_a_known_shard(regclass) RETURNS bool LANGUAGE C STRICT STABLE
AS 'MODULE_PATHNAME', $$relation_is_a_known_shard$$;
COMMENT ON FUNCTION pg_catalog.relation_is_a_known_shard(regclass)
IS 'whether a relation of this server is a shard, or an index of one';

CREATE FUNCTION pg_catalog.citus_table_is_visible(oid) RETURNS bool LANGUAGE C STRICT STABLE COST 10
AS 'MODULE_PATHNAME', $$citus_table_is_visible$$;
COMMENT ON FUNCTION pg_catalog.citus_table_is_visible(oid) IS 'is the table visible, and not a shard?';

CREATE FUNCTION pg_catalog.distributed_tables_colocated(table1 regclass, table2 regclass) RETURNS bool
LANGUAGE sql STABLE BEGIN ATOMIC
    SELECT coalesce((SELECT a.colocationid <> 0 AND a.colocationid = b.colocationid
                     FROM pg_catalog.pg_dist_partition a, pg_catalog.pg_dist_partition b
                     WHERE a.logicalrelid = table1 AND b.logicalrelid = table2), false);
END;
COMMENT ON FUNCTION pg_catalog.distributed_tables_colocated(regclass, regclass)
IS 'whether two tables are in one co-location group';

-- Sizes on disk, over all placements.
CREATE FUNCTION pg_catalog.citus_table_size(logicalrelid regclass) RETURNS bigint LANGUAGE C STRICT
AS 'MODULE_PATHNAME', $$citus_table_size$$;
COMMENT ON FUNCTION pg_catalog.citus_table_size(regclass) IS 'disk space of a distributed table without its indexes';

CREATE FUNCTION pg_catalog.citus_relation_size(logicalrelid regclass) RETURNS bigint LANGUAGE C STRICT
AS 'MODULE_PATHNAME', $$citus_relation_size$$;
COMMENT ON FUNCTION pg_catalog.citus_relation_size(regclass)
IS 'disk space of the main part of a distributed table, or of an index on one';

CREATE FUNCTION pg_catalog.citus_total_relation_size(logicalrelid regclass, fail_on_error bool DEFAULT true)
RETURNS bigint LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$citus_total_relation_size$$;
COMMENT ON FUNCTION pg_catalog.citus_total_relation_size(regclass, bool)
IS 'disk space of a distributed table with its indexes';

CREATE FUNCTION citus_internal.placement_sizes(OUT shardid bigint, OUT groupid int, OUT size bigint)
RETURNS SETOF record LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$placement_sizes$$;
COMMENT ON FUNCTION citus_internal.placement_sizes() IS 'disk space of each placement, NULL where it is not known';

CREATE FUNCTION pg_catalog.citus_shard_sizes(OUT shard_id int, OUT size bigint) RETURNS SETOF record
LANGUAGE sql STRICT BEGIN ATOMIC
    SELECT shardid::int, size FROM citus_internal.placement_sizes();
END;
COMMENT ON FUNCTION pg_catalog.citus_shard_sizes() IS 'disk space of each shard';

-- Commands on nodes and shards.
CREATE FUNCTION citus_internal.run_commands(groups int[], commands text[], parallel bool, warn bool,
    OUT ord int, OUT success bool, OUT result text)
RETURNS SETOF record LANGUAGE C AS 'MODULE_PATHNAME', $$run_commands$$;
COMMENT ON FUNCTION citus_internal.run_commands(int[], text[], bool, bool) IS 'run one command on each of some nodes';

CREATE FUNCTION citus_internal.table_placements(table_name regclass, OUT shard_index int, OUT groupid int,
    OUT nodename text, OUT nodeport int, OUT shardid bigint, OUT shard_name text)
RETURNS SETOF record LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$table_placements$$;
COMMENT ON FUNCTION citus_internal.table_placements(regclass) IS 'the placements of a table';

CREATE FUNCTION citus_internal.colocated_placements(table_name1 regclass, table_name2 regclass, OUT shard_index int,
    OUT groupid int, OUT nodename text, OUT nodeport int, OUT shardid1 bigint, OUT shard_name1 text,
    OUT shardid2 bigint, OUT shard_name2 text)
RETURNS SETOF record LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$colocated_placements$$;
COMMENT ON FUNCTION citus_internal.colocated_placements(regclass, regclass)
IS 'the placements of two co-located tables, side by side';

CREATE FUNCTION pg_catalog.run_command_on_workers(command text, parallel bool DEFAULT true,
    OUT nodename text, OUT nodeport int, OUT success bool, OUT result text)
RETURNS SETOF record LANGUAGE sql BEGIN ATOMIC
    WITH targets AS MATERIALIZED (
        SELECT n.nodename, n.nodeport, n.groupid, row_number() OVER (ORDER BY n.nodeid) AS ord
        FROM pg_catalog.pg_dist_node n
        WHERE n.isactive AND n.noderole = 'primary' AND n.groupid <> 0)
    SELECT t.nodename, t.nodeport, r.success, r.result
    FROM citus_internal.run_commands((SELECT array_agg(groupid ORDER BY ord) FROM targets),
                                     (SELECT array_agg(command ORDER BY ord) FROM targets), parallel, false) r
    JOIN targets t USING (ord) ORDER BY r.ord;
END;
COMMENT ON FUNCTION pg_catalog.run_command_on_workers(text, bool) IS 'run a command on all workers';

CREATE FUNCTION pg_catalog.run_command_on_coordinator(command text,
    give_warning_for_connection_errors bool DEFAULT false, OUT nodeid int, OUT success bool, OUT result text)
RETURNS SETOF record LANGUAGE sql BEGIN ATOMIC
    SELECT pg_catalog.citus_coordinator_nodeid(), r.success, r.result
    FROM citus_internal.run_commands(ARRAY[0], ARRAY[command], false, give_warning_for_connection_errors) r;
END;
COMMENT ON FUNCTION pg_catalog.run_command_on_coordinator(text, bool) IS 'run a command on the coordinator';

CREATE FUNCTION pg_catalog.run_command_on_all_nodes(command text, parallel bool DEFAULT true,
    give_warning_for_connection_errors bool DEFAULT false, OUT nodeid int, OUT success bool, OUT result text)
RETURNS SETOF record LANGUAGE sql BEGIN ATOMIC
    WITH nodes AS MATERIALIZED (
        SELECT pg_catalog.citus_coordinator_nodeid() AS nodeid, 0 AS groupid
        UNION ALL
        SELECT n.nodeid, n.groupid FROM pg_catalog.pg_dist_node n
        WHERE n.isactive AND n.noderole = 'primary' AND n.groupid <> 0),
    targets AS MATERIALIZED (
        SELECT n.nodeid, n.groupid, row_number() OVER (ORDER BY n.nodeid) AS ord FROM nodes n)
    SELECT t.nodeid, r.success, r.result
    FROM citus_internal.run_commands((SELECT array_agg(groupid ORDER BY ord) FROM targets),
                                     (SELECT array_agg(command ORDER BY ord) FROM targets), parallel,
                                     give_warning_for_connection_errors) r
    JOIN targets t USING (ord) ORDER BY r.ord;
END;
COMMENT ON FUNCTION pg_catalog.run_command_on_all_nodes(text, bool, bool) IS 'run a command on all nodes';

CREATE FUNCTION pg_catalog.run_command_on_placements(table_name regclass, command text, parallel bool DEFAULT true,
    OUT nodename text, OUT nodeport int, OUT shardid bigint, OUT success bool, OUT result text)
RETURNS SETOF record LANGUAGE sql BEGIN ATOMIC
    WITH targets AS MATERIALIZED (
        SELECT p.*, format(command, p.shard_name) AS command,
               row_number() OVER (ORDER BY p.shardid, p.groupid) AS ord
        FROM citus_internal.table_placements(table_name) p)
    SELECT t.nodename, t.nodeport, t.shardid, r.success, r.result
    FROM citus_internal.run_commands((SELECT array_agg(groupid ORDER BY ord) FROM targets),
                                     (SELECT array_agg(t.command ORDER BY ord) FROM targets t), parallel, false) r
    JOIN targets t USING (ord) ORDER BY r.ord;
END;
COMMENT ON FUNCTION pg_catalog.run_command_on_placements(regclass, text, bool)
IS 'run a command on each placement of a table; %s stands for its name';

CREATE FUNCTION pg_catalog.run_command_on_shards(table_name regclass, command text, parallel bool DEFAULT true,
    OUT shardid bigint, OUT success bool, OUT result text)
RETURNS SETOF record LANGUAGE sql BEGIN ATOMIC
    WITH targets AS MATERIALIZED (
        SELECT p.*, format(command, p.shard_name) AS command, row_number() OVER (ORDER BY p.shardid) AS ord
        FROM (SELECT DISTINCT ON (a.shardid) a.* FROM citus_internal.table_placements(table_name) a
              ORDER BY a.shardid, a.groupid) p)
    SELECT t.shardid, r.success, r.result
    FROM citus_internal.run_commands((SELECT array_agg(groupid ORDER BY ord) FROM targets),
                                     (SELECT array_agg(t.command ORDER BY ord) FROM targets t), parallel, false) r
    JOIN targets t USING (ord) ORDER BY r.ord;
END;
COMMENT ON FUNCTION pg_catalog.run_command_on_shards(regclass, text, bool)
IS 'run a command on each shard of a table; %s stands for its name';

CREATE FUNCTION pg_catalog.run_command_on_colocated_placements(table_name1 regclass, table_name2 regclass,
    command text, parallel bool DEFAULT true,
    OUT nodename text, OUT nodeport int, OUT shardid1 bigint, OUT shardid2 bigint, OUT success bool, OUT result text)
RETURNS SETOF record LANGUAGE sql BEGIN ATOMIC
    WITH targets AS MATERIALIZED (
        SELECT p.*, format(command, p.shard_name1, p.shard_name2) AS command,
               row_number() OVER (ORDER BY p.shardid1, p.groupid) AS ord
        FROM citus_internal.colocated_placements(table_name1, table_name2) p)
    SELECT t.nodename, t.nodeport, t.shardid1, t.shardid2, r.success, r.result
    FROM citus_internal.run_commands((SELECT array_agg(groupid ORDER BY ord) FROM targets),
                                     (SELECT array_agg(t.command ORDER BY ord) FROM targets t), parallel, false) r
    JOIN targets t USING (ord) ORDER BY r.ord;
END;
COMMENT ON FUNCTION pg_catalog.run_command_on_colocated_placements(regclass, regclass, text, bool)
IS 'run a command on each pair of placements of two co-located tables; two %s stand for their names';

CREATE FUNCTION pg_catalog.citus_check_connection_to_node(nodename text, nodeport int DEFAULT 5432)
RETURNS bool LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$citus_check_connection_to_node$$;
COMMENT ON FUNCTION pg_catalog.citus_check_connection_to_node(text, int) IS 'whether this node can connect to another';

CREATE FUNCTION pg_catalog.citus_check_cluster_node_health(OUT from_nodename text, OUT from_nodeport int,
    OUT to_nodename text, OUT to_nodeport int, OUT result bool)
RETURNS SETOF record LANGUAGE sql STRICT BEGIN ATOMIC
    WITH nodes AS MATERIALIZED (
        SELECT * FROM pg_catalog.pg_dist_node WHERE isactive AND noderole = 'primary'),
    targets AS MATERIALIZED (
        SELECT f.groupid, f.nodename AS f_name, f.nodeport AS f_port, t.nodename AS t_name, t.nodeport AS t_port,
               format('SELECT pg_catalog.citus_check_connection_to_node(%L, %s)', t.nodename, t.nodeport) AS command,
               row_number() OVER (ORDER BY f.nodeid, t.nodeid) AS ord
        FROM nodes f CROSS JOIN nodes t)
    SELECT t.f_name, t.f_port, t.t_name, t.t_port, CASE WHEN r.success THEN r.result::bool ELSE false END
    FROM citus_internal.run_commands((SELECT array_agg(groupid ORDER BY ord) FROM targets),
                                     (SELECT array_agg(command ORDER BY ord) FROM targets), true, false) r
    JOIN targets t USING (ord) ORDER BY r.ord;
END;
COMMENT ON FUNCTION pg_catalog.citus_check_cluster_node_health()
IS 'whether each node can connect to each node';

-- Global process ids: node id and process id in one number.
CREATE FUNCTION pg_catalog.citus_calculate_gpid(nodeid int, pid int) RETURNS bigint
LANGUAGE sql STRICT IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
    SELECT nodeid::bigint * 10000000000 + pid;
END;
COMMENT ON FUNCTION pg_catalog.citus_calculate_gpid(int, int) IS 'global process id of a process of a node';

CREATE FUNCTION pg_catalog.citus_backend_gpid() RETURNS bigint LANGUAGE sql STRICT STABLE BEGIN ATOMIC
    SELECT pg_catalog.citus_calculate_gpid(
        coalesce((SELECT n.nodeid FROM pg_catalog.pg_dist_node n JOIN pg_catalog.pg_dist_local_group USING (groupid)
                  WHERE n.noderole = 'primary'), 99999999), pg_backend_pid());
END;
COMMENT ON FUNCTION pg_catalog.citus_backend_gpid() IS 'global process id of this session';

CREATE FUNCTION pg_catalog.citus_nodeid_for_gpid(global_pid bigint) RETURNS int
LANGUAGE sql STRICT IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
    SELECT (global_pid / 10000000000)::int;
END;
COMMENT ON FUNCTION pg_catalog.citus_nodeid_for_gpid(bigint) IS 'node id in a global process id';

CREATE FUNCTION pg_catalog.citus_pid_for_gpid(global_pid bigint) RETURNS int
LANGUAGE sql STRICT IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
    SELECT (global_pid % 10000000000)::int;
END;
COMMENT ON FUNCTION pg_catalog.citus_pid_for_gpid(bigint) IS 'process id in a global process id';

-- Who is doing what, on all nodes. A function local_*() tells it of the server it runs on; the others ask all nodes
-- (a server that knows no nodes: itself), and warn of one that does not answer. worker_gpid: the session for which a
-- backend works.
CREATE FUNCTION citus_internal.worker_gpid(application_name text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
    SELECT substring(application_name FROM '^citus_(?:internal|run_command) gpid=(\d{1,18})$')::bigint;
END;
COMMENT ON FUNCTION citus_internal.worker_gpid(text) IS 'for which session a backend between nodes works';

CREATE FUNCTION citus_internal.own_nodeid() RETURNS int LANGUAGE sql STABLE BEGIN ATOMIC
    SELECT pg_catalog.citus_nodeid_for_gpid(pg_catalog.citus_backend_gpid());
END;
COMMENT ON FUNCTION citus_internal.own_nodeid() IS 'id of this node, 99999999 without one';

CREATE FUNCTION citus_internal.local_stat_activity(OUT worker_gpid bigint,
    OUT datid oid, OUT datname name, OUT pid int, OUT leader_pid int,
    OUT usesysid oid, OUT usename name, OUT application_name text, OUT client_addr inet,
    OUT client_hostname text, OUT client_port int, OUT backend_start timestamptz, OUT xact_start timestamptz,
    OUT query_start timestamptz, OUT state_change timestamptz, OUT wait_event_type text, OUT wait_event text,
    OUT state text, OUT backend_xid xid, OUT backend_xmin xid, OUT query_id bigint,
    OUT query text, OUT backend_type text)
RETURNS SETOF record LANGUAGE sql VOLATILE BEGIN ATOMIC
    SELECT citus_internal.worker_gpid(a.application_name),
           a.datid, a.datname, a.pid, a.leader_pid, a.usesysid, a.usename, a.application_name, a.client_addr,
           a.client_hostname, a.client_port, a.backend_start, a.xact_start, a.query_start, a.state_change,
           a.wait_event_type, a.wait_event, a.state, a.backend_xid, a.backend_xmin, a.query_id, a.query,
           a.backend_type
    FROM pg_catalog.pg_stat_activity a
    WHERE NOT (a.pid = pg_backend_pid() AND citus_internal.worker_gpid(a.application_name) IS NOT NULL);
END;
COMMENT ON FUNCTION citus_internal.local_stat_activity() IS 'pg_stat_activity of this server';

CREATE FUNCTION pg_catalog.citus_stat_activity(OUT global_pid bigint, OUT nodeid int, OUT is_worker_query bool,
    OUT datid oid, OUT datname name, OUT pid int, OUT leader_pid int,
    OUT usesysid oid, OUT usename name, OUT application_name text, OUT client_addr inet,
    OUT client_hostname text, OUT client_port int, OUT backend_start timestamptz, OUT xact_start timestamptz,
    OUT query_start timestamptz, OUT state_change timestamptz, OUT wait_event_type text, OUT wait_event text,
    OUT state text, OUT backend_xid xid, OUT backend_xmin xid, OUT query_id bigint,
    OUT query text, OUT backend_type text)
RETURNS SETOF record LANGUAGE sql VOLATILE BEGIN ATOMIC
    SELECT coalesce(a.worker_gpid, pg_catalog.citus_calculate_gpid(citus_internal.own_nodeid(), a.pid)),
           citus_internal.own_nodeid(), a.worker_gpid IS NOT NULL,
           a.datid, a.datname, a.pid, a.leader_pid, a.usesysid, a.usename, a.application_name, a.client_addr,
           a.client_hostname, a.client_port, a.backend_start, a.xact_start, a.query_start, a.state_change,
           a.wait_event_type, a.wait_event, a.state, a.backend_xid, a.backend_xmin, a.query_id, a.query,
           a.backend_type
    FROM citus_internal.local_stat_activity() a
    UNION ALL
    SELECT coalesce(a.worker_gpid, pg_catalog.citus_calculate_gpid(t.nodes[c.ord], a.pid)), t.nodes[c.ord],
           a.worker_gpid IS NOT NULL,
           a.datid, a.datname, a.pid, a.leader_pid, a.usesysid, a.usename, a.application_name, a.client_addr,
           a.client_hostname, a.client_port, a.backend_start, a.xact_start, a.query_start, a.state_change,
           a.wait_event_type, a.wait_event, a.state, a.backend_xid, a.backend_xmin, a.query_id, a.query,
           a.backend_type
    FROM (SELECT array_agg(n.groupid ORDER BY n.nodeid) AS groups, array_agg(n.nodeid ORDER BY n.nodeid) AS nodes,
                 array_agg('SELECT coalesce(json_agg(r), ''[]'')'
                           ' FROM citus_internal.local_stat_activity() r'::text) AS commands
          FROM pg_catalog.pg_dist_node n
          WHERE n.isactive AND n.noderole = 'primary'
            AND n.groupid <> (SELECT l.groupid FROM pg_catalog.pg_dist_local_group l)
          HAVING count(*) > 0) t
    CROSS JOIN LATERAL citus_internal.run_commands(t.groups, t.commands, true, true) AS c
    CROSS JOIN LATERAL json_to_recordset(c.result::json) AS a (worker_gpid bigint,
        datid oid, datname name, pid int, leader_pid int, usesysid oid, usename name,
    application_name text, client_addr inet, client_hostname text, client_port int, backend_start timestamptz,
    xact_start timestamptz, query_start timestamptz, state_change timestamptz, wait_event_type text, wait_event text,
    state text, backend_xid xid, backend_xmin xid, query_id bigint, query text, backend_type text)
    WHERE c.success;
END;
COMMENT ON FUNCTION pg_catalog.citus_stat_activity() IS 'pg_stat_activity of all nodes';

CREATE FUNCTION citus_internal.local_locks(OUT worker_gpid bigint,
    OUT locktype text, OUT database oid, OUT relation oid, OUT relation_name text,
    OUT page int, OUT tuple smallint, OUT virtualxid text, OUT transactionid xid,
    OUT classid oid, OUT objid oid, OUT objsubid smallint, OUT virtualtransaction text,
    OUT pid int, OUT mode text, OUT granted bool, OUT fastpath bool,
    OUT waitstart timestamptz)
RETURNS SETOF record LANGUAGE sql VOLATILE BEGIN ATOMIC
    SELECT citus_internal.worker_gpid(a.application_name), l.locktype, l.database, l.relation,
           (SELECT r.oid::regclass::text FROM pg_catalog.pg_class r WHERE r.oid = l.relation
              AND l.database IN (0, (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database()))),
           l.page, l.tuple, l.virtualxid, l.transactionid, l.classid, l.objid, l.objsubid, l.virtualtransaction,
           l.pid, l.mode, l.granted, l.fastpath, l.waitstart
    FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    WHERE NOT (l.pid IS NOT DISTINCT FROM pg_backend_pid()
               AND citus_internal.worker_gpid(a.application_name) IS NOT NULL);
END;
COMMENT ON FUNCTION citus_internal.local_locks() IS 'pg_locks of this server';

CREATE FUNCTION pg_catalog.citus_locks(OUT global_pid bigint, OUT nodeid int,
    OUT locktype text, OUT database oid, OUT relation oid, OUT relation_name text,
    OUT page int, OUT tuple smallint, OUT virtualxid text, OUT transactionid xid,
    OUT classid oid, OUT objid oid, OUT objsubid smallint, OUT virtualtransaction text,
    OUT pid int, OUT mode text, OUT granted bool, OUT fastpath bool,
    OUT waitstart timestamptz)
RETURNS SETOF record LANGUAGE sql VOLATILE BEGIN ATOMIC
    SELECT coalesce(l.worker_gpid, pg_catalog.citus_calculate_gpid(citus_internal.own_nodeid(), l.pid)),
           citus_internal.own_nodeid(),
           l.locktype, l.database, l.relation, l.relation_name, l.page, l.tuple, l.virtualxid, l.transactionid,
           l.classid, l.objid, l.objsubid, l.virtualtransaction, l.pid, l.mode, l.granted, l.fastpath,
           l.waitstart
    FROM citus_internal.local_locks() l
    UNION ALL
    SELECT coalesce(l.worker_gpid, pg_catalog.citus_calculate_gpid(t.nodes[c.ord], l.pid)), t.nodes[c.ord],
           l.locktype, l.database, l.relation, l.relation_name, l.page, l.tuple, l.virtualxid, l.transactionid,
           l.classid, l.objid, l.objsubid, l.virtualtransaction, l.pid, l.mode, l.granted, l.fastpath,
           l.waitstart
    FROM (SELECT array_agg(n.groupid ORDER BY n.nodeid) AS groups, array_agg(n.nodeid ORDER BY n.nodeid) AS nodes,
                 array_agg('SELECT coalesce(json_agg(r), ''[]'') FROM citus_internal.local_locks() r'::text) AS commands
          FROM pg_catalog.pg_dist_node n
          WHERE n.isactive AND n.noderole = 'primary'
            AND n.groupid <> (SELECT l.groupid FROM pg_catalog.pg_dist_local_group l)
          HAVING count(*) > 0) t
    CROSS JOIN LATERAL citus_internal.run_commands(t.groups, t.commands, true, true) AS c
    CROSS JOIN LATERAL json_to_recordset(c.result::json) AS l (worker_gpid bigint,
        locktype text, database oid, relation oid, relation_name text, page int, tuple smallint, virtualxid
        text,
    transactionid xid, classid oid, objid oid, objsubid smallint, virtualtransaction text, pid int, mode text,
    granted bool, fastpath bool, waitstart timestamptz)
    WHERE c.success;
END;
COMMENT ON FUNCTION pg_catalog.citus_locks() IS 'pg_locks of all nodes';

CREATE FUNCTION pg_catalog.pg_cancel_backend(global_pid bigint) RETURNS bool
LANGUAGE C STRICT VOLATILE AS 'MODULE_PATHNAME', $$citus_cancel_backend$$;
COMMENT ON FUNCTION pg_catalog.pg_cancel_backend(bigint) IS 'cancel the current query of a process of any node';
CREATE FUNCTION pg_catalog.pg_terminate_backend(global_pid bigint, timeout bigint DEFAULT 0) RETURNS bool
LANGUAGE C STRICT VOLATILE AS 'MODULE_PATHNAME', $$citus_terminate_backend$$;
COMMENT ON FUNCTION pg_catalog.pg_terminate_backend(bigint, bigint) IS 'terminate a process of any node';

