-- variants: distributed reference mixed onenode
-- Joins on columns that are not the key: rows move between the nodes (citus.motion). Every kind of join, NULL keys, skew, empty sides, keys of different types, expressions as keys, several motions in a statement.
CREATE TABLE a (k int, x int, y bigint, t text, v numeric);
CREATE TABLE b (k bigint, x smallint, y int, t varchar(20), v numeric, bp char(6));
CREATE TABLE c (k int, x int, t text);
CREATE TABLE e (k int, x int, t text);
CREATE TABLE l (id int, t text);
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE m (k int, x int, mo mood, arr int[], d date, ts timestamptz, j jsonb, u uuid, f float8);
-- distribute: create_distributed_table('a', 'k')
-- distribute: create_distributed_table('b', 'k', colocate_with => 'none')
-- distribute: create_distributed_table('c', 'k', colocate_with => 'a')
-- distribute: create_distributed_table('e', 'k', colocate_with => 'a')
-- distribute: create_distributed_table('m', 'k', colocate_with => 'none', shard_count => 8)
INSERT INTO a SELECT i, CASE WHEN i % 7 <> 0 THEN i * 3 % 100 END, i % 40, CASE WHEN i % 5 <> 0 THEN 'v' || i % 30 END, i FROM generate_series(1, 300) i;
INSERT INTO b SELECT i, CASE WHEN i % 11 <> 0 THEN i * 7 % 150 END, CASE WHEN i % 3 = 0 THEN 1 ELSE i % 60 END, CASE WHEN i % 4 <> 0 THEN 'v' || i % 45 END, i * 2, 'v' || i % 45 FROM generate_series(1, 250) i;
INSERT INTO c SELECT i % 50, i % 80, 'v' || i % 20 FROM generate_series(1, 120) i;
INSERT INTO l SELECT i, 'v' || i FROM generate_series(1, 40) i;
INSERT INTO m SELECT i, i % 25, (ARRAY['sad', 'ok', 'happy', NULL])[1 + i % 4]::mood, ARRAY[i % 3, i], date '2026-01-01' + i % 30, timestamptz '2026-01-01 00:00+00' + i * interval '1 hour', jsonb_build_object('x', i % 5), md5((i % 9)::text)::uuid, i / 4.0 FROM generate_series(1, 100) i;
-- distribute: set_config('citus.motion', 'always', false)
SELECT count(*), sum(a.v), sum(b.v) FROM a JOIN b ON a.x = b.x;
SELECT count(*), sum(a.v), sum(b.v) FROM a LEFT JOIN b ON a.x = b.x;
SELECT count(*), sum(a.v), sum(b.v) FROM a RIGHT JOIN b ON a.x = b.x;
SELECT count(*), sum(a.v), sum(b.v) FROM a FULL JOIN b ON a.x = b.x;
SELECT count(*), sum(a.v), sum(b.v) FROM a FULL JOIN b USING (x);
SELECT x, count(*), sum(a.v), sum(b.v) FROM a FULL JOIN b USING (x) GROUP BY x ORDER BY x LIMIT 20;
SELECT count(*), sum(a.v) FROM a NATURAL JOIN c;
SELECT count(*), sum(a.v), sum(b.v) FROM a JOIN b ON a.x = b.k;
SELECT count(*), sum(a.v), sum(b.v) FROM a LEFT JOIN b ON a.x = b.k;
SELECT count(*), sum(a.v), sum(b.v) FROM a RIGHT JOIN b ON a.x = b.k;
SELECT count(*), sum(a.v), sum(b.v) FROM a FULL JOIN b ON a.x = b.k;
SELECT count(*), sum(a.v), sum(b.v) FROM a JOIN b ON a.k = b.y;
SELECT count(*), sum(a.v), sum(b.v) FROM a LEFT JOIN b ON a.k = b.y;
SELECT count(*), sum(a.v), sum(b.v) FROM a RIGHT JOIN b ON a.k = b.y;
SELECT count(*), sum(a.v), sum(b.v) FROM a JOIN b ON a.k = b.k;
SELECT count(*), sum(a.v), sum(b.v) FROM a FULL JOIN b ON a.k = b.k;
SELECT count(*), sum(a.v) FROM a JOIN b ON a.t = b.t;
SELECT count(*), sum(a.v) FROM a LEFT JOIN b ON a.t = b.t;
SELECT count(*), sum(a.v) FROM a FULL JOIN b ON a.t = b.t;
SELECT count(*), sum(a.v) FROM a JOIN b ON a.t = b.bp;
SELECT count(*), sum(a.v) FROM a JOIN b ON a.t = b.bp::text;
SELECT count(*), sum(a.v) FROM a JOIN b ON a.v = b.v;
SELECT count(*), sum(a.v) FROM a JOIN b ON a.v = b.y;
SELECT count(*), sum(a.v) FROM a JOIN b ON a.x + 1 = b.y;
SELECT count(*), sum(a.v) FROM a JOIN b ON a.x + 1 = b.y - 2 AND a.t = b.t;
SELECT count(*), sum(a.v) FROM a LEFT JOIN b ON a.x + 1 = b.y * 2;
SELECT count(*), sum(a.v) FROM a JOIN b ON lower(a.t) = upper(b.t);
SELECT count(*), sum(a.v) FROM a JOIN b ON upper(a.t) = upper(b.t) WHERE a.v > 20 AND b.v < 400;
SELECT count(*), sum(a.v) FROM a LEFT JOIN b ON a.x = b.x AND b.v < 100 AND a.v > 50 WHERE a.y < 30;
SELECT count(*), sum(a.v) FROM a LEFT JOIN b ON a.x = b.x WHERE b.v IS NULL;
SELECT count(*), sum(a.v) FROM a LEFT JOIN b ON a.x = b.x WHERE b.v > 5;
SELECT a.k, b.k FROM a JOIN b ON a.x = b.x WHERE a.k = 5 ORDER BY 1, 2;
SELECT a.k, b.k FROM a LEFT JOIN b ON a.x = b.x WHERE a.k IN (5, 7, 14) ORDER BY 1, 2;
SELECT a.k, b.k FROM a JOIN b ON a.x = b.k WHERE b.k = 30 ORDER BY 1, 2;
SELECT a.k, b.k FROM a JOIN b ON a.x = b.y WHERE a.x = 30 ORDER BY 1, 2;
SELECT a.k, b.k FROM a JOIN b ON a.t = b.t WHERE a.t = 'v3' ORDER BY 1, 2;
-- Empty sides, cross joins, other conditions than equality.
SELECT count(*), sum(a.v) FROM a JOIN e ON a.x = e.x;
SELECT count(*), sum(a.v), count(e.k) FROM a LEFT JOIN e ON a.x = e.x;
SELECT count(*), sum(a.v), count(e.k) FROM e LEFT JOIN a ON a.x = e.x;
SELECT count(*), sum(a.v), count(e.k) FROM e FULL JOIN a ON a.x = e.x;
SELECT count(*) FROM a, b WHERE a.k < 20 AND b.k < 10;
SELECT count(*) FROM a, b WHERE a.x < b.x AND a.k < 30;
SELECT count(*) FROM a LEFT JOIN b ON a.x < b.x AND a.k < 30;
SELECT count(*) FROM a JOIN b ON a.x = b.x OR a.y = b.y;
SELECT count(*) FROM a JOIN b ON a.x IS NOT DISTINCT FROM b.x;
SELECT count(*) FROM a a1 JOIN a a2 ON a1.x = a2.y;
SELECT count(*), sum(a1.v) FROM a a1 LEFT JOIN a a2 ON a1.x = a2.k;
-- Three and more.
SELECT count(*), sum(a.v) FROM a JOIN b ON a.x = b.x JOIN c ON b.y = c.x;
SELECT count(*), sum(a.v) FROM a JOIN b ON a.x = b.x JOIN c ON a.k = c.k;
SELECT count(*), sum(a.v) FROM a JOIN b ON a.x = b.x LEFT JOIN c ON a.x = c.x;
SELECT count(*), sum(a.v) FROM a LEFT JOIN (b JOIN c ON b.y = c.x) ON a.x = b.x;
SELECT count(*), sum(a.v) FROM (a LEFT JOIN b ON a.x = b.x) LEFT JOIN c ON c.x = a.x;
SELECT count(*), sum(a.v) FROM (a FULL JOIN b ON a.x = b.x) FULL JOIN c ON c.x = a.x;
SELECT count(*), sum(a.v) FROM a JOIN c ON a.k = c.k JOIN b ON b.x = c.x JOIN l ON l.id = b.y;
SELECT count(*), sum(a.v) FROM a JOIN l ON a.x = l.id;
SELECT count(*), sum(a.v) FROM l LEFT JOIN a ON a.x = l.id;
SELECT count(*), sum(a.v) FROM l FULL JOIN a ON a.t = l.t;
SELECT l.t, count(*), sum(b.v) FROM l JOIN a ON a.t = l.t JOIN b ON b.x = a.x GROUP BY l.t ORDER BY l.t;
-- What is above the join.
SELECT a.y, count(*), sum(b.v), avg(b.v), min(b.t), max(a.t) FROM a JOIN b ON a.x = b.x GROUP BY a.y ORDER BY a.y;
SELECT a.x, count(*), sum(b.v) FROM a JOIN b ON a.x = b.x GROUP BY a.x ORDER BY a.x;
SELECT a.x, count(DISTINCT b.y), string_agg(b.t, ',' ORDER BY b.t, b.k) FROM a JOIN b ON a.x = b.x GROUP BY a.x HAVING count(*) > 3 ORDER BY a.x;
SELECT DISTINCT a.y, b.y FROM a JOIN b ON a.x = b.x ORDER BY 1, 2 LIMIT 30;
SELECT DISTINCT ON (a.x) a.x, b.k FROM a JOIN b ON a.x = b.x ORDER BY a.x, b.k, a.k;
SELECT a.k, b.k, rank() OVER (PARTITION BY a.x ORDER BY b.k, a.k) FROM a JOIN b ON a.x = b.x ORDER BY 1, 2 LIMIT 40;
SELECT a.k, a.t, b.k, b.t FROM a JOIN b ON a.x = b.x ORDER BY a.k, b.k LIMIT 15 OFFSET 3;
SELECT a.y, b.y, grouping(a.y), count(*) FROM a JOIN b ON a.x = b.x GROUP BY ROLLUP (a.y, b.y) ORDER BY 1, 2, 3 LIMIT 40;
SELECT a.k, b FROM a JOIN b ON a.x = b.x WHERE a.k < 10 ORDER BY 1, b.k;
SELECT count(*) FROM a JOIN b ON a.x = b.x UNION ALL SELECT count(*) FROM a JOIN c ON a.x = c.x ORDER BY 1;
-- Semi and anti joins, sub-selects.
SELECT count(*), sum(v) FROM a WHERE x IN (SELECT x FROM b);
SELECT count(*), sum(v) FROM a WHERE x IN (SELECT y FROM b WHERE v > 100);
SELECT count(*), sum(v) FROM a WHERE k IN (SELECT y FROM b);
SELECT count(*), sum(v) FROM a WHERE x NOT IN (SELECT x FROM b);
SELECT count(*), sum(v) FROM a WHERE x NOT IN (SELECT x FROM b WHERE x IS NOT NULL);
SELECT count(*), sum(v) FROM a WHERE (x, t) IN (SELECT y, t FROM b);
SELECT count(*), sum(v) FROM a WHERE x = ANY (SELECT y FROM b) AND y > ALL (SELECT x FROM c WHERE k < 3 AND x < 20);
SELECT count(*), sum(v) FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.y = 59);
SELECT count(*), sum(v) FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.y = 599);
SELECT count(*), sum(v) FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.y = a.x);
SELECT count(*), sum(v) FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.y = a.x);
SELECT count(*), sum(v) FROM a WHERE v > (SELECT avg(v) FROM b);
SELECT count(*), sum(v) FROM a WHERE v = (SELECT v FROM b);
SELECT count(*), sum(v) FROM a WHERE v = (SELECT v FROM b WHERE false);
SELECT count(*), sum(v) FROM a WHERE ARRAY[x] = ARRAY(SELECT x FROM b WHERE k = 3);
SELECT k, (SELECT max(v) FROM b) FROM a WHERE x IN (SELECT y FROM b) ORDER BY k LIMIT 5;
SELECT a.k, s.n FROM a JOIN (SELECT y, count(*) AS n FROM b GROUP BY y) s ON s.y = a.x ORDER BY a.k;
SELECT a.k, s.k FROM a JOIN (SELECT * FROM b ORDER BY v DESC LIMIT 10) s ON s.x = a.x ORDER BY 1, 2;
SELECT a.k, s.k FROM a LEFT JOIN (SELECT * FROM b ORDER BY v DESC LIMIT 10) s ON s.x = a.x ORDER BY 1, 2 LIMIT 40;
SELECT count(*), sum(s.n) FROM (SELECT y, count(*) AS n FROM b GROUP BY y) s LEFT JOIN a ON s.y = a.x;
SELECT count(*) FROM (SELECT a.x, b.y FROM a JOIN b ON a.x = b.x) s JOIN c ON s.y = c.x;
SELECT count(*) FROM (SELECT k, count(*) n FROM a GROUP BY k) s JOIN b ON s.n = b.k;
SELECT s.n, count(*) FROM (SELECT a.x, count(*) n FROM a JOIN b ON a.x = b.x GROUP BY a.x) s GROUP BY s.n ORDER BY 1;
WITH w AS MATERIALIZED (SELECT x, sum(v) s FROM a GROUP BY x) SELECT count(*), sum(s) FROM w JOIN b ON w.x = b.x JOIN w w2 ON w2.x = b.y;
WITH w AS (SELECT * FROM a WHERE v > 10) SELECT count(*), sum(w1.v) FROM w w1 JOIN w w2 ON w1.x = w2.y;
WITH w AS (SELECT x FROM b WHERE v < 200) SELECT count(*) FROM a WHERE x IN (SELECT x FROM w) AND y IN (SELECT x FROM w);
SELECT count(*) FROM a JOIN b ON a.x = b.x JOIN generate_series(1, 3) g ON g < a.y;
SELECT count(*) FROM a CROSS JOIN LATERAL (SELECT * FROM b WHERE b.x = a.x ORDER BY b.k LIMIT 2) s;
SELECT a.k, r.random IS NOT NULL FROM a JOIN b ON a.x = b.k CROSS JOIN (SELECT random()) r WHERE a.k < 5 ORDER BY 1;
SELECT count(*) FROM a JOIN b ON a.x = b.x WHERE now() > '2000-01-01' AND a.t <> current_user;
-- Types that are not built in, and all that is not a plain number.
SELECT m.mo, count(*), max(m.mo) FROM m JOIN a ON m.x = a.x GROUP BY m.mo ORDER BY m.mo;
SELECT m.k, m.mo, m.arr, m.d, m.ts, m.j, m.u, m.f FROM m JOIN a ON m.x = a.x WHERE a.k < 30 ORDER BY m.k, a.k;
SELECT count(*) FROM m m1 JOIN m m2 ON m1.mo = m2.mo;
SELECT count(*), min(m2.arr) FROM m m1 JOIN m m2 ON m1.arr = m2.arr;
SELECT count(*), min(m2.d) FROM m m1 JOIN m m2 ON m1.d = m2.d;
SELECT count(*), min(m2.ts) FROM m m1 JOIN m m2 ON m1.ts = m2.ts;
SELECT count(*) FROM m m1 JOIN m m2 ON m1.j = m2.j;
SELECT count(*) FROM m m1 JOIN m m2 ON m1.u = m2.u;
SELECT count(*) FROM m m1 JOIN m m2 ON m1.f = m2.f;
SELECT count(*) FROM m m1 JOIN a ON m1.f = a.x;
