-- ===== Views =====
-- All in pg_catalog, so that they are found under any search_path, and no DROP SCHEMA takes them along.

-- What kind of table a row of pg_dist_partition describes.
CREATE FUNCTION citus_internal.table_type(method "char", replication_model "char", colocation_id int) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
    SELECT CASE WHEN method = 'h' THEN 'distributed'
                WHEN replication_model = 't' THEN 'reference'
                WHEN colocation_id <> 0 THEN 'distributed'
                ELSE 'local' END;
END;
COMMENT ON FUNCTION citus_internal.table_type("char", "char", int) IS 'kind of a table in the metadata';

CREATE VIEW citus.citus_shards AS
SELECT p.logicalrelid AS table_name, s.shardid, pg_catalog.shard_name(p.logicalrelid, s.shardid) AS shard_name,
       citus_internal.table_type(p.partmethod, p.repmodel, p.colocationid) AS citus_table_type,
       p.colocationid AS colocation_id, n.nodename, n.nodeport, z.size AS shard_size
FROM pg_catalog.pg_dist_partition p
JOIN pg_catalog.pg_dist_shard s USING (logicalrelid)
JOIN pg_catalog.pg_dist_placement l USING (shardid)
JOIN pg_catalog.pg_dist_node n ON n.groupid = l.groupid AND n.noderole = 'primary' AND n.isactive
LEFT JOIN citus_internal.placement_sizes() z ON z.shardid = s.shardid AND z.groupid = l.groupid
JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid
WHERE l.shardstate = 1
ORDER BY s.shardid, n.nodeid;
COMMENT ON VIEW citus.citus_shards IS 'all placements of all shards';

CREATE VIEW citus.citus_tables AS
SELECT p.logicalrelid AS table_name,
       citus_internal.table_type(p.partmethod, p.repmodel, p.colocationid) AS citus_table_type,
       coalesce(pg_catalog.column_to_column_name(p.logicalrelid, p.partkey), '<none>') AS distribution_column,
       p.colocationid AS colocation_id,
       pg_size_pretty(coalesce(z.size, 0)::bigint) AS table_size,
       (SELECT count(*) FROM pg_catalog.pg_dist_shard s WHERE s.logicalrelid = p.logicalrelid) AS shard_count,
       pg_get_userbyid(c.relowner) AS table_owner,
       a.amname AS access_method
FROM pg_catalog.pg_dist_partition p
JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid
LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam
LEFT JOIN (SELECT s.logicalrelid, sum(x.size) AS size
           FROM citus_internal.placement_sizes() x JOIN pg_catalog.pg_dist_shard s USING (shardid)
           GROUP BY s.logicalrelid) z USING (logicalrelid)
WHERE pg_has_role(c.relowner, 'USAGE')
   OR has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
   OR has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
ORDER BY p.logicalrelid::text;
COMMENT ON VIEW citus.citus_tables IS 'all distributed, reference and managed local tables';

CREATE VIEW citus.citus_nodes AS
SELECT nodename, nodeport, CASE WHEN groupid = 0 THEN 'coordinator' ELSE 'worker' END AS role, isactive AS active
FROM pg_catalog.pg_dist_node;
COMMENT ON VIEW citus.citus_nodes IS 'all nodes';

CREATE VIEW citus.pg_dist_shard_placement AS
SELECT l.shardid, l.shardstate, l.shardlength, n.nodename, n.nodeport, l.placementid
FROM pg_catalog.pg_dist_placement l
JOIN pg_catalog.pg_dist_node n ON n.groupid = l.groupid AND n.noderole = 'primary';
COMMENT ON VIEW citus.pg_dist_shard_placement IS 'placements with the address of their node';

-- No name here may be one of a column of pg_dist_shard or pg_dist_placement: it is made to be joined with them.
CREATE VIEW citus.pg_dist_logical_replication_conf AS
SELECT s.shardid AS objid, pg_catalog.column_to_column_name(p.logicalrelid, p.partkey) AS colname,
       (count(*) OVER (PARTITION BY p.logicalrelid))::int AS shardcount
FROM pg_catalog.pg_dist_partition p JOIN pg_catalog.pg_dist_shard s USING (logicalrelid)
WHERE p.partmethod = 'h';
COMMENT ON VIEW citus.pg_dist_logical_replication_conf IS 'distribution column and shard count of each shard';

CREATE VIEW citus.time_partitions AS
SELECT i.inhparent::regclass AS parent_table, a.attname AS partition_column, c.oid::regclass AS partition,
       b.bounds[1] AS from_value, b.bounds[2] AS to_value, m.amname AS access_method
FROM pg_catalog.pg_partitioned_table p
JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
JOIN pg_catalog.pg_inherits i ON i.inhparent = p.partrelid
JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam
CROSS JOIN LATERAL regexp_match(pg_get_expr(c.relpartbound, c.oid),
                                $re$^FOR VALUES FROM \('?([^']*?)'?\) TO \('?([^']*?)'?\)$$re$) AS b (bounds)
WHERE p.partstrat = 'r' AND p.partnatts = 1 AND b.bounds IS NOT NULL
  AND a.atttypid IN ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype)
ORDER BY i.inhparent::regclass::text, b.bounds[1];
COMMENT ON VIEW citus.time_partitions IS 'partitions by ranges of one date or time column';

CREATE VIEW citus.citus_stat_activity AS SELECT * FROM pg_catalog.citus_stat_activity();
COMMENT ON VIEW citus.citus_stat_activity IS 'what the backends of all nodes do';

CREATE VIEW citus.citus_dist_stat_activity AS
SELECT * FROM pg_catalog.citus_stat_activity() WHERE NOT is_worker_query;
COMMENT ON VIEW citus.citus_dist_stat_activity IS
'what the sessions of all nodes do, without the backends that work for them';

CREATE VIEW citus.citus_locks AS SELECT * FROM pg_catalog.citus_locks();
COMMENT ON VIEW citus.citus_locks IS 'locks on all nodes';

CREATE VIEW citus.citus_lock_waits AS
WITH waits AS MATERIALIZED (
    SELECT DISTINCT waiting_global_pid, blocking_global_pid FROM citus_internal.global_blocked_processes()),
activity AS MATERIALIZED (
    SELECT * FROM pg_catalog.citus_stat_activity()
    WHERE NOT is_worker_query AND EXISTS (SELECT FROM waits))
SELECT w.global_pid AS waiting_gpid, b.global_pid AS blocking_gpid, w.query AS blocked_statement,
       b.query AS current_statement_in_blocking_process, w.nodeid AS waiting_nodeid, b.nodeid AS blocking_nodeid
FROM waits
JOIN activity w ON w.global_pid = waits.waiting_global_pid
JOIN activity b ON b.global_pid = waits.blocking_global_pid;
COMMENT ON VIEW citus.citus_lock_waits IS 'which statement waits for which session, over all nodes';

CREATE VIEW citus.citus_stat_counters AS
SELECT d.oid, d.datname AS name, coalesce(c.connection_establishment_succeeded, 0) AS connection_establishment_succeeded,
       coalesce(c.connection_establishment_failed, 0) AS connection_establishment_failed,
       coalesce(c.connection_reused, 0) AS connection_reused,
       coalesce(c.query_execution_single_shard, 0) AS query_execution_single_shard,
       coalesce(c.query_execution_multi_shard, 0) AS query_execution_multi_shard, c.stats_reset
FROM pg_catalog.pg_database d LEFT JOIN pg_catalog.citus_stat_counters() c ON c.database_id = d.oid;
COMMENT ON VIEW citus.citus_stat_counters IS 'connections and statements counted in each database';

ALTER VIEW citus.citus_stat_counters SET SCHEMA pg_catalog;
GRANT SELECT ON pg_catalog.citus_stat_counters TO PUBLIC;
ALTER VIEW citus.citus_shards SET SCHEMA pg_catalog;
ALTER VIEW citus.citus_stat_activity SET SCHEMA pg_catalog;
ALTER VIEW citus.citus_dist_stat_activity SET SCHEMA pg_catalog;
ALTER VIEW citus.citus_locks SET SCHEMA pg_catalog;
ALTER VIEW citus.citus_lock_waits SET SCHEMA pg_catalog;
ALTER VIEW citus.citus_tables SET SCHEMA pg_catalog;
ALTER VIEW citus.citus_nodes SET SCHEMA pg_catalog;
ALTER VIEW citus.pg_dist_shard_placement SET SCHEMA pg_catalog;
ALTER VIEW citus.pg_dist_logical_replication_conf SET SCHEMA pg_catalog;
ALTER VIEW citus.time_partitions SET SCHEMA pg_catalog;
GRANT SELECT ON pg_catalog.citus_shards, pg_catalog.citus_tables, pg_catalog.citus_nodes,
    pg_catalog.pg_dist_shard_placement, pg_catalog.pg_dist_logical_replication_conf,
    pg_catalog.time_partitions, pg_catalog.citus_stat_activity, pg_catalog.citus_dist_stat_activity,
    pg_catalog.citus_locks, pg_catalog.citus_lock_waits TO PUBLIC;

