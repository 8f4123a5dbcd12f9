-- EXPLAIN in all forms and formats. What a node measured comes from the one run of the statement.
SET citus.next_shard_id TO 7710000;
CREATE SCHEMA explains;
SET search_path TO explains;
SET client_min_messages TO warning;
CREATE TABLE d (k int, g int, t text);
SELECT create_distributed_table('d', 'k', shard_count := 4);
INSERT INTO d SELECT i, i % 10, 'x' FROM generate_series(1, 100) i;
CREATE TABLE c (k int, g int);
SELECT create_distributed_table('c', 'k', colocate_with := 'd');
ANALYZE d, c;
CREATE TABLE local_table (k int, g int);
INSERT INTO local_table VALUES (1, 1), (2, 2);
-- Lines with node addresses, sizes and orders that are not fixed are left out.
CREATE FUNCTION explain(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
    FOR line IN EXECUTE query LOOP
        CONTINUE WHEN line ~ '(Rows Removed|Tuple data|Tuples received|Buffers|Memory|Buckets)';
        line := regexp_replace(line, 'host=.*', 'host=...');
        line := regexp_replace(line, '_77100\d\d', '_N', 'g');
        RETURN NEXT regexp_replace(line, 'bytes=\d+', 'bytes=N');
    END LOOP;
END $$;
CREATE FUNCTION explain_json(query text) RETURNS jsonb LANGUAGE plpgsql AS $$
DECLARE plan jsonb;
BEGIN
    EXECUTE query INTO plan;
    RETURN plan;
END $$;
CREATE FUNCTION explain_text(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE plan text;
BEGIN
    EXECUTE query INTO plan;
    RETURN plan;
END $$;

SELECT explain('EXPLAIN (COSTS OFF) SELECT * FROM d WHERE k = 1');
SELECT explain('EXPLAIN (COSTS OFF) SELECT * FROM d WHERE k IN (1, 2, 3, 4, 5, 6)');
-- One statement for each node reads all of its shards: none is pruned.
SELECT count(*) FROM explain('EXPLAIN (COSTS OFF) SELECT g, count(*) FROM d GROUP BY g') line WHERE line ~ 'Shards Pruned';
SELECT line FROM explain('EXPLAIN (COSTS OFF) SELECT g, count(*) FROM d WHERE k IN (1, 2) GROUP BY g') line WHERE line ~ '(Shards Pruned|Task Count)';
SELECT explain('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT g FROM d WHERE k = 1');
SELECT explain('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, VERBOSE, BUFFERS, WAL, SETTINGS) SELECT g FROM d WHERE k = 1');
-- Writes run once.
SELECT explain('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF, WAL) UPDATE d SET g = g + 1 WHERE k = 1');
SELECT g FROM d WHERE k = 1;
SELECT explain('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) DELETE FROM d WHERE k = 2 RETURNING g');
SELECT count(*) FROM d;
SELECT explain('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) INSERT INTO c VALUES (1, 2)');
SELECT count(*) FROM c;
SELECT explain('EXPLAIN (COSTS OFF) INSERT INTO c SELECT k, g FROM d');
SELECT explain('EXPLAIN (COSTS OFF) UPDATE d SET g = 1');
SELECT explain('EXPLAIN (COSTS OFF) DELETE FROM d USING local_table l WHERE d.k = l.g');
SELECT count(*) FROM d;
BEGIN;
SELECT explain('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) DELETE FROM d WHERE g < 20 RETURNING 1') LIMIT 4;
ROLLBACK;
SELECT count(*) FROM d;
-- Commands around a query.
SELECT explain('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) CREATE TABLE made AS SELECT * FROM d WHERE k = 3');
SELECT count(*) FROM made;
SELECT explain('EXPLAIN (COSTS OFF) DECLARE cur CURSOR FOR SELECT * FROM d WHERE k = 3');
PREPARE q(int) AS SELECT g FROM d WHERE k = $1;
SELECT explain('EXPLAIN (COSTS OFF) EXECUTE q(3)');
SELECT explain('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE q(3)');
SET plan_cache_mode TO force_generic_plan;
SELECT explain('EXPLAIN (COSTS OFF) EXECUTE q(3)');
SELECT explain('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE q(3)');
SELECT explain('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) EXECUTE q(NULL)');
RESET plan_cache_mode;
-- A subquery that runs for each row shows its first run.
SELECT explain('EXPLAIN (COSTS OFF) SELECT (SELECT g FROM d WHERE d.k = l.k) FROM local_table l');
SELECT explain('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT (SELECT g FROM d WHERE d.k = l.k) FROM local_table l');
SELECT explain('EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT * FROM local_table WHERE g = 7 AND EXISTS (SELECT 1 FROM d WHERE d.g = local_table.k)');
-- Documents.
SELECT plan->0->'Plan'->'Distributed Query'->'Job'->>'Task Count' AS tasks,
    plan->0->'Plan'->'Distributed Query'->'Job'->>'Tasks Shown' AS shown,
    plan->0->'Plan'->'Distributed Query'->'Job'->'Tasks'->0->'Remote Plan'->0->0->'Plan'->>'Node Type' AS node,
    (plan->0->'Plan'->>'Plan Rows')::float8 AS rows
FROM explain_json('EXPLAIN (FORMAT json) SELECT * FROM d') plan;
SET citus.explain_all_tasks TO on;
SELECT jsonb_array_length(job->'Tasks') AS tasks, job ? 'Slowest Task' AS slowest, sum((task->>'Tuples received from node')::int) AS rows,
    count(task->'Remote Plan'->0->0->>'Execution Time') AS timed, sum((task->'Remote Plan'->0->0->'Plan'->>'Actual Rows')::int) AS actual
FROM explain_json('EXPLAIN (ANALYZE, FORMAT json) SELECT * FROM d') plan, LATERAL (SELECT plan->0->'Plan'->'Distributed Query'->'Job') j (job), jsonb_array_elements(job->'Tasks') task
GROUP BY 1, 2;
RESET citus.explain_all_tasks;
SELECT xmlexists('//*[local-name()="Relation-Name"]' PASSING (plan::xml)) FROM explain_text('EXPLAIN (ANALYZE, FORMAT xml, TIMING OFF, COSTS OFF) SELECT * FROM d WHERE k = 1') plan;
SELECT count(*) FROM explain_text('EXPLAIN (ANALYZE, FORMAT yaml, TIMING OFF, COSTS OFF, SUMMARY OFF) SELECT * FROM d WHERE k = 1') line WHERE line ~ 'Remote Plan:\s+- Plan:';
-- DISTINCT values of several columns go in grouping sets of their own, unless all of them at once are few.
CREATE TABLE many (k int, a int, b int);
SELECT create_distributed_table('many', 'k', shard_count := 4, colocate_with := 'none');
INSERT INTO many SELECT i, i * 7 % 50, i * 31 % 61 FROM generate_series(1, 3000) i;
ANALYZE many;
SELECT trim(line) FROM explain('EXPLAIN (COSTS OFF, VERBOSE) SELECT count(DISTINCT a), count(DISTINCT b), sum(k) FROM many') line WHERE line ~ 'GROUP BY';
SELECT trim(line) FROM explain('EXPLAIN (COSTS OFF, VERBOSE) SELECT count(DISTINCT a < 9), count(DISTINCT b < 9), sum(k) FROM many') line WHERE line ~ 'GROUP BY';
-- With auto_explain, nodes are not asked for plans.
LOAD 'auto_explain';
SET auto_explain.log_min_duration TO 0;
SET auto_explain.log_analyze TO on;
SELECT g FROM d WHERE k = 3;
UPDATE d SET t = 'y' WHERE k = 3;
BEGIN;
DECLARE cur CURSOR FOR SELECT k FROM d ORDER BY k;
FETCH 2 FROM cur;
COMMIT;
SET auto_explain.log_min_duration TO -1;

DROP SCHEMA explains CASCADE;
