-- variants: distributed reference mixed single onenode partitioned
-- Aggregates over DISTINCT values of several columns, whose values the shards send in sets of their own: enough rows and values that this is chosen.
CREATE TABLE m (k int, g int, a int, b int, n numeric, t text, v varchar(12), d date, f float8, bo boolean, w int);
CREATE TABLE h (a int, label text, PRIMARY KEY (a));
-- distribute: create_distributed_table('m', 'k')
-- distribute: create_reference_table('h')
INSERT INTO m SELECT x, CASE WHEN x % 13 <> 0 THEN x % 4 END, CASE WHEN x % 11 <> 0 THEN x * 7 % 61 END, x * 31 % 83, x * 5 % 47 / 4.0, CASE WHEN x % 9 <> 0 THEN 'text ' || x % 53 END, 'v' || x * 3 % 37, date '2026-01-01' + x * 11 % 59, x % 16 / 4.0, CASE WHEN x % 10 <> 0 THEN x % 3 = 0 END, x % 1000 FROM generate_series(1, 6000) AS x;
INSERT INTO h SELECT x, 'label ' || x % 5 FROM generate_series(0, 60) AS x;
ANALYZE m;
ANALYZE h;
SELECT count(DISTINCT a), count(DISTINCT b) FROM m;
SELECT count(DISTINCT a), count(DISTINCT b), count(DISTINCT t), sum(w), count(*), avg(n), min(v), max(d) FROM m;
SELECT g, count(DISTINCT a), count(DISTINCT b), sum(w), count(*), avg(f) FROM m GROUP BY g ORDER BY g;
SELECT g, bo, count(DISTINCT t), array_agg(DISTINCT v), string_agg(DISTINCT t, ',' ORDER BY t), sum(DISTINCT n) FROM m GROUP BY g, bo ORDER BY g, bo;
SELECT count(DISTINCT a), count(DISTINCT b) FROM m WHERE k < 0;
SELECT count(DISTINCT a), count(DISTINCT b), count(*), sum(w), avg(n), max(t) FROM m WHERE k < 0;
SELECT g, count(DISTINCT a), count(DISTINCT b), count(*) FROM m WHERE k < 0 GROUP BY g;
SELECT count(DISTINCT a), count(DISTINCT b) FROM m HAVING count(DISTINCT t) > 1;
SELECT g FROM m GROUP BY g HAVING count(DISTINCT a) > 3 AND count(DISTINCT b) > 3 AND sum(w) > 10 ORDER BY count(DISTINCT t) DESC, g;
-- Filters: of all aggregates of a set, of some, several over the same column, of rows whose argument fails.
SELECT count(DISTINCT a) FILTER (WHERE w < 50), count(DISTINCT b) FILTER (WHERE w > 900), count(*) FROM m;
SELECT count(DISTINCT a) FILTER (WHERE bo), count(DISTINCT a) FILTER (WHERE w > 900), count(DISTINCT a), count(DISTINCT b) FROM m;
SELECT g, count(DISTINCT a) FILTER (WHERE bo), count(DISTINCT a) FILTER (WHERE w > 900), count(DISTINCT b) FILTER (WHERE NOT bo), count(*) FILTER (WHERE bo) FROM m GROUP BY g ORDER BY g;
SELECT array_agg(DISTINCT a) FILTER (WHERE w < 50), array_agg(DISTINCT v) FILTER (WHERE w > 950), array_agg(DISTINCT t) FILTER (WHERE false) FROM m;
SELECT array_agg(DISTINCT a) FILTER (WHERE w < 0), count(DISTINCT b) FILTER (WHERE bo IS NULL), sum(w) FROM m;
SELECT count(DISTINCT 100 / f) FILTER (WHERE f <> 0) FROM m;
SELECT count(DISTINCT 100 / (a - 1)) FILTER (WHERE a <> 1), count(DISTINCT 100 / (b - 1)) FILTER (WHERE b <> 1), sum(w) FROM m;
SELECT g, count(DISTINCT 100 / (a - 1)) FILTER (WHERE a > 1), array_agg(DISTINCT b) FILTER (WHERE b < 9) FROM m GROUP BY g ORDER BY g;
SELECT count(DISTINCT a) FILTER (WHERE bo), count(DISTINCT a) FILTER (WHERE g = 1), count(DISTINCT a) FILTER (WHERE w < 9), count(*) FROM m;
-- any-error
SELECT count(DISTINCT 100 / (a - 1)), count(DISTINCT b) FROM m;
-- Sets that are part of each other, of the groups, expressions, constants, rows, the key.
SELECT a, count(DISTINCT a), count(DISTINCT b), count(DISTINCT t) FROM m GROUP BY a ORDER BY a;
SELECT g, count(DISTINCT g), count(DISTINCT a), count(DISTINCT b) FROM m GROUP BY g ORDER BY g;
SELECT g, a % 2, count(DISTINCT a % 2), count(DISTINCT a), count(DISTINCT b + 1), max(a + b) FROM m GROUP BY g, a % 2 ORDER BY 1, 2;
SELECT count(DISTINCT a), count(DISTINCT a + 1), count(DISTINCT a + b), count(DISTINCT upper(t)), count(DISTINCT b) FROM m;
SELECT count(DISTINCT a), count(DISTINCT 1), count(DISTINCT b), count(DISTINCT NULL), count(DISTINCT 'x'::text) FROM m;
SELECT count(DISTINCT (a, g)), count(DISTINCT b), count(DISTINCT t) FROM m;
SELECT corr(DISTINCT a, b), count(DISTINCT a), count(DISTINCT b), count(DISTINCT t) FROM m;
SELECT count(DISTINCT k), count(DISTINCT a), count(DISTINCT b) FROM m;
SELECT sum(DISTINCT a), avg(DISTINCT a), max(DISTINCT a), sum(DISTINCT b), count(DISTINCT t COLLATE "C"), count(DISTINCT t) FROM m;
SELECT count(DISTINCT d), count(DISTINCT extract(month FROM d)), count(DISTINCT v), count(DISTINCT v::text), min(f) FROM m;
SELECT count(DISTINCT CASE WHEN a > 30 THEN 'high' ELSE 'low' END), count(DISTINCT b), count(DISTINCT coalesce(t, 'none')) FROM m;
SELECT count(DISTINCT a) + count(DISTINCT b) * 2 - sum(w), count(DISTINCT a)::numeric / count(DISTINCT b) FROM m;
-- Partial results of all kinds beside them.
-- approximate
SELECT count(DISTINCT a), count(DISTINCT b), stddev(w), variance(n), corr(w, f), bool_and(bo), bit_or(w), avg(w), avg(n), avg(f), count(t), sum(n), sum(w::bigint) FROM m;
-- approximate
SELECT g, count(DISTINCT a), count(DISTINCT b), stddev(w), avg(n), count(t), sum(w::bigint) FILTER (WHERE bo) FROM m GROUP BY g ORDER BY g;
SELECT count(DISTINCT a), count(DISTINCT b), percentile_disc(0.5) WITHIN GROUP (ORDER BY w), array_agg(DISTINCT g) FROM m;
-- Grouping sets, DISTINCT, windows, sub-selects, joins, CTEs and parameters around them.
SELECT g, bo, grouping(g, bo), count(DISTINCT a), count(DISTINCT b), sum(w) FROM m GROUP BY CUBE (g, bo) ORDER BY 3, 1, 2;
SELECT g, count(DISTINCT a), count(DISTINCT b), count(*) FROM m GROUP BY ROLLUP (g) HAVING count(DISTINCT t) > 2 ORDER BY g;
SELECT DISTINCT count(DISTINCT a), count(DISTINCT b) FROM m GROUP BY w % 10 ORDER BY 1, 2;
SELECT g, rank() OVER (ORDER BY count(DISTINCT a), g), sum(count(DISTINCT b)) OVER () FROM m GROUP BY g ORDER BY g;
SELECT * FROM (SELECT g, count(DISTINCT a) AS x, count(DISTINCT b) AS y FROM m GROUP BY g) s WHERE x > 1 ORDER BY g;
SELECT h.label, count(DISTINCT m.a), count(DISTINCT m.b), count(DISTINCT m.t), sum(m.w) FROM m JOIN h ON h.a = m.a GROUP BY h.label ORDER BY h.label;
SELECT h.label, count(DISTINCT m.g), count(DISTINCT m.b), count(DISTINCT m.t), count(*) FROM m LEFT JOIN h ON h.a = m.a GROUP BY h.label ORDER BY h.label;
SELECT h.a, h.label, count(DISTINCT m.v), count(DISTINCT m.b) FROM m JOIN h ON h.a = m.a GROUP BY h.a ORDER BY h.a LIMIT 7;
WITH c AS (SELECT a AS x, b AS y, g FROM m WHERE bo) SELECT g, count(DISTINCT x), count(DISTINCT y) FROM c GROUP BY g ORDER BY g;
SELECT (SELECT count(DISTINCT a) + count(DISTINCT b) FROM m), (SELECT max(a) FROM h);
PREPARE p(int) AS SELECT count(DISTINCT a) FILTER (WHERE w < $1), count(DISTINCT a + $1), count(DISTINCT b), sum(w) FROM m WHERE w < $1 * 10;
EXECUTE p(50);
EXECUTE p(7);
DEALLOCATE p;
SELECT count(*) FILTER (WHERE x > 0) FROM (SELECT count(DISTINCT a) FILTER (WHERE a > random() * 1000) AS x, count(DISTINCT b) FROM m) s;
-- SELECT DISTINCT of what several shards have.
SELECT DISTINCT a FROM m ORDER BY a;
SELECT DISTINCT g, bo FROM m ORDER BY g DESC NULLS LAST, bo;
SELECT DISTINCT a % 3 AS x, 'y' AS y, upper(t) FROM m WHERE w < 300 ORDER BY 3, 1;
SELECT DISTINCT t FROM m ORDER BY t OFFSET 5;
SELECT DISTINCT t FROM m ORDER BY t DESC LIMIT 3;
SELECT DISTINCT k % 2, g FROM m WHERE k < 0;
SELECT DISTINCT h.label, m.g FROM m JOIN h ON h.a = m.a ORDER BY 1, 2;
SELECT DISTINCT (a, g) FROM m WHERE w < 100 ORDER BY 1;
SELECT DISTINCT m.a, (SELECT max(label) FROM h WHERE h.a = m.a) FROM m ORDER BY 1;
SELECT DISTINCT generate_series(1, g) FROM m ORDER BY 1;
SELECT count(*), sum(a) FROM (SELECT DISTINCT a, b FROM m) s;
SELECT count(*) FROM m WHERE a IN (SELECT DISTINCT b FROM m WHERE bo);
SELECT count(*) FROM h WHERE NOT EXISTS (SELECT 1 FROM m WHERE m.b = h.a AND m.w < 20);
SELECT a FROM m WHERE w < 9 UNION SELECT DISTINCT b FROM m WHERE w < 9 ORDER BY 1;
SELECT DISTINCT max(a) FROM m GROUP BY b % 5 ORDER BY 1;
SELECT DISTINCT g, sum(w) OVER (PARTITION BY g) FROM m ORDER BY 1, 2;
-- A domain without NULLs beside a filter.
CREATE DOMAIN code AS int NOT NULL CHECK (VALUE >= 0);
CREATE TABLE coded (k int, c code, b int, w int);
-- distribute: create_distributed_table('coded', 'k')
INSERT INTO coded SELECT x, x % 40, x % 37, x FROM generate_series(1, 2000) AS x;
ANALYZE coded;
SELECT count(DISTINCT c) FILTER (WHERE w < 30) FROM coded;
SELECT count(DISTINCT c) FILTER (WHERE w < 30), count(DISTINCT b) FILTER (WHERE w > 1990), max(c) FROM coded;
SELECT c, count(DISTINCT b), count(DISTINCT w % 7), min(c) FROM coded GROUP BY c ORDER BY c LIMIT 4;
