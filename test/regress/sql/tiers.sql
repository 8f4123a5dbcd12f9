-- Which tier a statement gets, on how many shards it runs, and what they are asked: the shapes that must not be
-- gathered, and those that must be.
SET client_min_messages TO warning;
SET citus.motion TO never; -- see the case motion
ALTER SEQUENCE pg_catalog.pg_dist_shardid_seq RESTART 700000;
CREATE TABLE a (k bigint, x int, t text, n numeric, PRIMARY KEY (k));
CREATE TABLE b (k bigint, y int, t text);
CREATE TABLE c (k int, z int);
CREATE TABLE r (id int PRIMARY KEY, name text);
CREATE TABLE l (id int, v int);
SELECT create_distributed_table('a', 'k', shard_count := 4, colocate_with := 'none');
SELECT create_distributed_table('b', 'k', colocate_with := 'a');
SELECT create_distributed_table('c', 'k', shard_count := 4);
SELECT create_reference_table('r');

-- One line per scan of shards: tier, tasks and the SQL of the first one.
CREATE FUNCTION tiers(statement text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE 'EXPLAIN (VERBOSE, COSTS OFF, FORMAT json) ' || statement INTO plan;
    RETURN QUERY
        WITH RECURSIVE nodes AS (
            SELECT plan -> 0 -> 'Plan' AS node, 1 AS position
            UNION ALL
            SELECT child.value, position + 1 FROM nodes, json_array_elements(node -> 'Plans') child
        )
        SELECT format('%s, %s: %s', job ->> 'Tier', job ->> 'Task Count',
                      regexp_replace(job -> 'Tasks' -> 0 ->> 'Query', '\s+', ' ', 'g'))
        FROM nodes, LATERAL (SELECT node -> 'Distributed Query' -> 'Job') j(job)
        WHERE job IS NOT NULL ORDER BY position, 1;
END $$;

-- Route.
SELECT tiers('SELECT * FROM a WHERE k = 1');
SELECT tiers('SELECT * FROM a WHERE k = 1::smallint AND x > 3');
SELECT tiers('SELECT * FROM a WHERE k IS NULL');
SELECT tiers('SELECT x, count(*) FROM a JOIN b USING (k) WHERE b.k = 1 GROUP BY x ORDER BY 2 LIMIT 1');
SELECT tiers('SELECT * FROM a LEFT JOIN b ON a.k = b.k LEFT JOIN r ON r.id = a.x WHERE a.k = 1');
SELECT tiers('SELECT * FROM r LEFT JOIN a ON a.x = r.id AND a.k = 1');
SELECT tiers('SELECT * FROM (SELECT k, row_number() OVER (PARTITION BY k) FROM a) s WHERE k = 1');
SELECT tiers('WITH s AS (SELECT * FROM a WHERE k = 1) SELECT * FROM s, b WHERE b.k = 1');
SELECT tiers('SELECT x FROM a WHERE k = 1 UNION SELECT y FROM b WHERE k = 1');
SELECT tiers('SELECT random(), now() IS NULL FROM a WHERE k = 1');
SELECT tiers('SELECT * FROM r ORDER BY id LIMIT 1');
SELECT tiers('SELECT x FROM a WHERE k = 1 FOR UPDATE');
SELECT tiers('UPDATE a SET x = x + 1 WHERE k = 1 RETURNING *');
SELECT tiers('UPDATE a SET k = 1, x = 2 WHERE k = 1');
SELECT tiers('UPDATE a SET k = 2 WHERE k = 1');
SELECT tiers('DELETE FROM a USING b WHERE a.k = b.k AND b.k = 1');
SELECT tiers('WITH d AS (DELETE FROM a WHERE k = 1 RETURNING *) SELECT count(*) FROM d');
SELECT tiers('UPDATE r SET name = upper(name) WHERE id = 1');
PREPARE p(bigint) AS SELECT x FROM a WHERE k = $1;
SET plan_cache_mode TO force_generic_plan;
SELECT tiers('EXECUTE p(1)');
SELECT tiers('EXECUTE p(NULL)');
RESET plan_cache_mode;

-- Push down.
SELECT tiers('SELECT * FROM a WHERE x = 3');
SELECT tiers('SELECT * FROM a WHERE k IN (1, 2)');
SELECT tiers('SELECT * FROM a WHERE k = 1 OR k = 2');
SELECT tiers('SELECT * FROM a ORDER BY n DESC LIMIT 2 OFFSET 3');
SELECT tiers('SELECT count(*), sum(x), avg(n), min(t), count(DISTINCT x) FROM a');
SELECT tiers('SELECT k, count(*) FROM b GROUP BY k HAVING count(*) > 2 ORDER BY 2 LIMIT 3');
SELECT tiers('SELECT y, sum(x) FROM a JOIN b USING (k) WHERE n > 0 GROUP BY y');
SELECT tiers('SELECT stddev(n), array_agg(x) FROM a');
SELECT tiers('SELECT variance(n) FROM a');
SELECT tiers('SELECT x, count(*) FROM a GROUP BY ROLLUP (x)');
SELECT tiers('SELECT DISTINCT x FROM a');
SELECT tiers('SELECT k, rank() OVER (PARTITION BY k ORDER BY y) FROM b');
SELECT tiers('SELECT k, rank() OVER (ORDER BY y) FROM b');
SELECT tiers('SELECT * FROM a FULL JOIN b ON a.k = b.k');
SELECT tiers('SELECT * FROM a JOIN r ON r.id = a.x');
SELECT tiers('SELECT k FROM a UNION SELECT k FROM b');
SELECT tiers('SELECT k FROM a EXCEPT SELECT id FROM r');
SELECT tiers('SELECT * FROM a WHERE k IN (SELECT k FROM b WHERE y = 1)');
SELECT tiers('SELECT id FROM r WHERE id IN (SELECT k FROM a)');
SELECT tiers('SELECT x, (SELECT max(y) FROM b WHERE b.k = a.k) FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.k = a.k)');
SELECT tiers('SELECT * FROM a, LATERAL (SELECT y FROM b WHERE b.k = a.k ORDER BY y LIMIT 1) s');
SELECT tiers('SELECT a.x FROM a JOIN (SELECT k, count(*) AS c FROM b GROUP BY k) s USING (k) WHERE c > 1');
SELECT tiers('WITH s AS MATERIALIZED (SELECT k FROM b) SELECT * FROM a JOIN s USING (k)');
SELECT tiers('UPDATE a SET x = 0 FROM b WHERE a.k = b.k');
SELECT tiers('DELETE FROM a WHERE x = 3');

-- Gather, with what is worth it done on the shards.
SELECT tiers('SELECT a.x FROM a JOIN b ON a.x = b.y');
SELECT tiers('SELECT a.x FROM a JOIN c ON a.k = c.k');
SELECT tiers('SELECT r.id, a.x FROM r LEFT JOIN a ON a.k = r.id');
SELECT tiers('SELECT k FROM a UNION ALL SELECT id FROM r');
SELECT tiers('SELECT * FROM r FULL JOIN a ON a.x = r.id AND a.k = 1');
SELECT tiers('SELECT * FROM a WHERE k NOT IN (SELECT k FROM b)');
SELECT tiers('SELECT avg(c) FROM (SELECT x, count(*) AS c FROM a GROUP BY x) s');
SELECT tiers('SELECT * FROM l JOIN (SELECT x, sum(n) AS n FROM a GROUP BY x) s ON s.x = l.id');
SELECT tiers('SELECT array_agg(n) FROM (SELECT n FROM a ORDER BY n) s');
SELECT tiers('SELECT * FROM a WHERE n > (SELECT avg(n) FROM a)');
SELECT tiers('INSERT INTO l SELECT a.x, b.y FROM a JOIN b USING (k)');

-- Cached plans see what changes.
PREPARE q AS SELECT count(*) FROM a WHERE k = 1;
EXECUTE q;
INSERT INTO a VALUES (1, 1);
EXECUTE q;
ALTER TABLE a ADD COLUMN extra int;
EXECUTE q;
SELECT undistribute_table('c');
SELECT tiers('SELECT * FROM a JOIN c ON a.k = c.k');

-- Not supported, and said so.
SELECT * FROM citus_internal.fragment_scan(0) AS f(x int);
SELECT citus_internal.partial_agg(2154, t) FROM a;
DROP TABLE a, b, c, r, l;
DROP FUNCTION tiers;
