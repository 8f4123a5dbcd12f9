-- What the planner knows of tables on shards: sizes, statistics of columns, estimates.
SET citus.next_shard_id TO 7700000;
CREATE SCHEMA statistics;
SET search_path TO statistics;
SET client_min_messages TO warning;
-- An estimate and the truth, and whether one is at most twice the other.
CREATE FUNCTION check_estimate(query text, OUT estimated float8, OUT actual bigint, OUT good bool)
LANGUAGE plpgsql AS $$
DECLARE plan json;
BEGIN
    EXECUTE 'EXPLAIN (FORMAT json) ' || query INTO plan;
    estimated := (plan->0->'Plan'->>'Plan Rows')::float8;
    EXECUTE 'SELECT count(*) FROM (' || query || ' OFFSET 0) q' INTO actual;
    good := greatest(estimated, 1) <= 2 * greatest(actual, 1) AND greatest(actual, 1) <= 2 * greatest(estimated, 1);
END $$;
CREATE FUNCTION size_of(name text, OUT reltuples real, OUT has_pages bool) LANGUAGE sql AS
$$ SELECT reltuples, relpages > 1 FROM pg_class WHERE oid = name::regclass $$;

-- Sizes are known without ANALYZE.
CREATE TABLE filled (k int, v int);
INSERT INTO filled SELECT i, i % 10 FROM generate_series(1, 3000) i;
SELECT create_distributed_table('filled', 'k', shard_count := 4);
SELECT * FROM size_of('filled');
INSERT INTO filled SELECT i, i % 10 FROM generate_series(1, 2000) i;
SELECT * FROM size_of('filled');
INSERT INTO filled VALUES (1, 1);
SELECT * FROM size_of('filled');
TRUNCATE filled;
SELECT * FROM size_of('filled');
\copy filled from program 'seq -f "%.0f,1" 1 1500' with csv
SELECT * FROM size_of('filled');

CREATE TABLE d (k int PRIMARY KEY, g int, u int, dropped text, "Mixed t" text, wide text, j jsonb, a int[]);
ALTER TABLE d DROP COLUMN dropped;
SELECT create_distributed_table('d', 'k', shard_count := 4);
INSERT INTO d SELECT i, nullif(i % 20, 0), i % 500, 'v' || i % 37,
    CASE WHEN i % 10 = 0 THEN (SELECT string_agg(md5((i * 100 + x)::text), '') FROM generate_series(1, 60) x) END,
    jsonb_build_object('a', i % 7), ARRAY[i % 3, i % 5] FROM generate_series(1, 10000) i;
CREATE TABLE c (k int, p int, x int);
SELECT create_distributed_table('c', 'k', colocate_with := 'd');
INSERT INTO c SELECT i % 5000, i % 300, i % 11 FROM generate_series(1, 20000) i;
CREATE TABLE r (id int PRIMARY KEY, name text);
SELECT create_reference_table('r');
INSERT INTO r SELECT i, 'n' || i FROM generate_series(1, 100) i;
CREATE INDEX d_sum ON d ((g + u));
CREATE STATISTICS d_both ON g, u FROM d;
ANALYZE d, c, r;
SELECT relname, reltuples, relpages > 0 AS has_pages FROM pg_class
WHERE relname IN ('d', 'c', 'r') AND relnamespace = 'statistics'::regnamespace ORDER BY 1;
SELECT tablename, attname, round(null_frac::numeric, 2) AS null_frac, n_distinct,
    most_common_vals IS NOT NULL AS mcv, histogram_bounds IS NOT NULL AS histogram, avg_width > 100 AS wide
FROM pg_stats WHERE schemaname = 'statistics' ORDER BY 1, 2;
SELECT n_distinct, dependencies FROM pg_stats_ext WHERE statistics_name = 'd_both';

SELECT query, e.good, CASE WHEN NOT e.good THEN e::text END AS bad FROM (VALUES
    ('SELECT * FROM d WHERE g = 5'),
    ('SELECT * FROM d WHERE g IS NULL'),
    ('SELECT * FROM d WHERE k BETWEEN 100 AND 2000'),
    ('SELECT * FROM d WHERE u < 100 AND g = 7'),
    ('SELECT * FROM d WHERE "Mixed t" = ''v5'' OR g = 3'),
    ('SELECT * FROM d WHERE k IN (1, 2, 3)'),
    ('SELECT * FROM d WHERE g + u = 30'),
    ('SELECT g FROM d GROUP BY g'),
    ('SELECT u, count(*) FROM d GROUP BY u'),
    ('SELECT k, count(*) FROM c GROUP BY k'),
    ('SELECT DISTINCT "Mixed t" FROM d'),
    ('SELECT count(*) FROM d'),
    ('SELECT * FROM d JOIN c USING (k)'),
    ('SELECT * FROM d JOIN c ON d.u = c.p'),
    ('SELECT * FROM d JOIN c ON d.k = c.p WHERE d.g = 3'),
    ('SELECT * FROM d JOIN r ON d.g = r.id'),
    ('SELECT * FROM d WHERE k IN (SELECT k FROM c WHERE x = 3)'),
    ('SELECT * FROM (SELECT k, count(*) n FROM c GROUP BY k) s JOIN d ON d.k = s.k'),
    ('SELECT * FROM (SELECT p, count(*) n FROM c GROUP BY p) s JOIN d ON d.k = s.p'),
    ('SELECT * FROM d ORDER BY u LIMIT 10'),
    ('SELECT d.g, c.x, sum(c.p) FROM d JOIN c USING (k) GROUP BY 1, 2')
) queries (query), LATERAL check_estimate(query) e;

-- In a transaction, its own changes count; a column list keeps the other columns.
BEGIN;
DELETE FROM c WHERE x < 5;
ANALYZE c (x);
SELECT attname, n_distinct FROM pg_stats WHERE schemaname = 'statistics' AND tablename = 'c' AND attname IN ('x', 'p') ORDER BY 1;
ROLLBACK;
SELECT attname, n_distinct FROM pg_stats WHERE schemaname = 'statistics' AND tablename = 'c' AND attname IN ('x', 'p') ORDER BY 1;
ANALYZE c;
-- All forms, and what they refuse.
ANALYZE;
VACUUM ANALYZE;
VACUUM d;
SELECT * FROM size_of('d');
ANALYZE d (k, k);
ANALYZE d (nothing);
ANALYZE (SKIP_LOCKED) d;
CREATE ROLE statistics_user;
GRANT USAGE ON SCHEMA statistics TO statistics_user;
SET ROLE statistics_user;
ANALYZE d;
VACUUM ANALYZE d;
RESET ROLE;
ALTER TABLE d ALTER COLUMN u SET (n_distinct = 77);
SET client_min_messages TO error; -- the statistics object needs both columns
ANALYZE d (u);
SET client_min_messages TO warning;
SELECT n_distinct FROM pg_stats WHERE schemaname = 'statistics' AND tablename = 'd' AND attname = 'u';
-- An empty table is known to be empty, but not believed to stay so.
TRUNCATE c;
ANALYZE c;
SELECT * FROM size_of('c');
-- The look that the maintenance daemon takes: what autovacuum puts there goes away.
UPDATE pg_class SET reltuples = 0, relpages = 0 WHERE oid = 'd'::regclass;
SELECT * FROM size_of('d');
ALTER SYSTEM SET citus.table_size_refresh_interval TO 100;
SELECT pg_reload_conf();
DO $$ BEGIN
    FOR i IN 1..200 LOOP
        PERFORM pg_sleep(0.1);
        EXIT WHEN (SELECT reltuples FROM pg_class WHERE oid = 'd'::regclass) > 0;
    END LOOP;
END $$;
ALTER SYSTEM RESET citus.table_size_refresh_interval;
SELECT pg_reload_conf();
SELECT * FROM size_of('d');

DROP SCHEMA statistics CASCADE;
DROP ROLE statistics_user;
