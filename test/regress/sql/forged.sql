-- Functions that everyone may call, with arguments that only our own code should write: clean errors, no crash.
\set VERBOSITY sqlstate
SELECT citus_internal.apply_shard_ddl('{SELECT 1}', '{}', '{}', '');
SELECT citus_internal.apply_shard_ddl('{CALL x()}', '{}', '{}', '');
SELECT citus_internal.apply_shard_ddl('{EXPLAIN SELECT 1}', '{}', '{}', '');
SELECT citus_internal.apply_shard_ddl('{CREATE TABLE x AS SELECT 1}', '{}', '{}', '');
SELECT citus_internal.apply_shard_ddl('{COMMIT}', '{}', '{}', '');
SELECT citus_internal.apply_shard_ddl('{CALL x()}', '{a,b,c,d,0}', '{1}', '');
SELECT citus_internal.apply_shard_ddl('{DROP FUNCTION f(int)}', '{a,b,c,d,0}', '{1}', '');
SELECT citus_internal.apply_shard_ddl('{DROP TABLE b}', '{a,b,c,d,-1}', '{1}', '');
SELECT citus_internal.partial_agg(0::oid, 1);
SELECT citus_internal.combine_agg(0::oid, 'x', 1);
SELECT citus_internal.combine_agg('sum(bigint)'::regprocedure::oid, '\x00', NULL::numeric);
SELECT citus_internal.combine_agg('sum(bigint)'::regprocedure::oid,
    '\x0000000000000001000000018000000000000000000000000001', NULL::numeric);
SELECT citus_internal.motion_partition(1, 1, 7, '{0}', '{0}', 0, '{}', '{SELECT 1}');
SELECT citus_internal.run_commands('{0}', '{}', true, true);
