-- variants: distributed mixed onenode
-- Rows that move into sub-selects: semi and anti joins, correlated ones, LATERAL, set operations, groups, distinct rows and windows on columns that are no key. NULL keys, empty sides, keys of different types.
CREATE TABLE a (k int, x int, y bigint, t text, v numeric, bp char(6));
CREATE TABLE b (k bigint, x smallint, y int, t varchar(20), v numeric, bp char(8));
CREATE TABLE c (k int, x bigint, t text);
CREATE TABLE e (k int, x int, t text);
-- distribute: create_distributed_table('a', 'k')
-- distribute: create_distributed_table('b', 'k', colocate_with => 'none')
-- distribute: create_distributed_table('c', 'k', colocate_with => 'a')
-- distribute: create_distributed_table('e', 'k', colocate_with => 'none')
INSERT INTO a SELECT i, CASE WHEN i % 7 <> 0 THEN i * 3 % 100 END, i % 40, CASE WHEN i % 5 <> 0 THEN 'v' || i % 30 END, i % 60, 'v' || i % 20 FROM generate_series(1, 300) i;
INSERT INTO b SELECT i, CASE WHEN i % 11 <> 0 THEN i * 7 % 150 END, CASE WHEN i % 3 = 0 THEN 1 ELSE i % 60 END, CASE WHEN i % 4 <> 0 THEN 'v' || i % 45 END, i % 80, 'v' || i % 45 FROM generate_series(1, 250) i;
INSERT INTO c SELECT i % 50, i % 80, 'v' || i % 20 FROM generate_series(1, 120) i;
-- distribute: set_config('citus.motion', 'always', false)
-- Semi and anti joins.
SELECT count(*), sum(v) FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.x = a.x);
SELECT count(*), sum(v) FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.x = a.x);
SELECT count(*), sum(v) FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.x = a.x AND b.v > a.v);
SELECT count(*), sum(v) FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.x = a.x AND b.v > a.v AND b.k > 20);
SELECT count(*), sum(v) FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.x = a.x AND a.y > 10);
SELECT count(*), sum(v) FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.x = a.k);
SELECT count(*), sum(v) FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.k = a.x);
SELECT count(*), sum(v) FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.k = a.y AND b.t = a.t);
SELECT count(*), sum(v) FROM a WHERE EXISTS (SELECT 1 FROM e WHERE e.x = a.x);
SELECT count(*), sum(v) FROM a WHERE NOT EXISTS (SELECT 1 FROM e WHERE e.x = a.x);
SELECT count(*), sum(x) FROM e WHERE NOT EXISTS (SELECT 1 FROM a WHERE a.x = e.x);
SELECT count(*), sum(v) FROM a WHERE x IN (SELECT x FROM b);
SELECT count(*), sum(v) FROM a WHERE x IN (SELECT k FROM b WHERE v > 30);
SELECT count(*), sum(v) FROM a WHERE x NOT IN (SELECT x FROM b);
SELECT count(*), sum(v) FROM a WHERE x NOT IN (SELECT x FROM b WHERE x IS NOT NULL);
SELECT count(*), sum(v) FROM a WHERE x NOT IN (SELECT x FROM e);
SELECT count(*), sum(v) FROM a WHERE (x, t) IN (SELECT y, t FROM b);
SELECT count(*), sum(v) FROM a WHERE (x, v) IN (SELECT x, max(v) FROM b GROUP BY x);
SELECT count(*), sum(v) FROM a WHERE t IN (SELECT t FROM b) AND x IN (SELECT x FROM b);
SELECT count(*), sum(v) FROM a WHERE t IN (SELECT bp FROM b);
SELECT count(*), sum(v) FROM a WHERE bp IN (SELECT bp FROM b);
SELECT count(*), sum(v) FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.bp = a.t);
SELECT count(*), sum(v) FROM a WHERE v IN (SELECT y FROM b);
SELECT count(*), sum(v) FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.v = a.x);
SELECT count(*), sum(v) FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.x + 1 = a.x);
SELECT count(*), sum(v) FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.x = a.x - 2);
SELECT count(*), sum(v) FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.x = a.x) OR y = 3;
SELECT count(*), sum(v) FROM a WHERE NOT (EXISTS (SELECT 1 FROM b WHERE b.x = a.x) AND y > 3);
SELECT count(*), sum(v) FROM a WHERE EXISTS (SELECT 1 FROM b JOIN c ON b.x = c.x WHERE b.x = a.x);
SELECT count(*), sum(v) FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.x = a.x AND NOT EXISTS (SELECT 1 FROM c WHERE c.x = b.x));
SELECT count(*), sum(v) FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.x = a.x AND EXISTS (SELECT 1 FROM c WHERE c.x = a.x AND c.t <> b.t));
SELECT count(*), sum(v) FROM a WHERE EXISTS (SELECT x FROM b WHERE b.x = a.x UNION SELECT x FROM c WHERE c.x = a.x AND c.k > 10);
SELECT count(*), sum(v) FROM a WHERE x IN (SELECT x FROM b UNION SELECT x FROM c);
SELECT count(*), sum(v) FROM a WHERE x IN (SELECT x FROM b INTERSECT SELECT x FROM c);
SELECT count(*), sum(v) FROM a WHERE x IN (SELECT x FROM b EXCEPT SELECT x FROM c);
SELECT count(*), sum(v) FROM a WHERE x IN (SELECT x FROM b ORDER BY k LIMIT 20);
SELECT count(*), sum(a.v) FROM a JOIN c ON a.x = c.x WHERE EXISTS (SELECT 1 FROM b WHERE b.x = a.x);
SELECT count(*), sum(a.v) FROM a LEFT JOIN c ON a.x = c.x AND EXISTS (SELECT 1 FROM b WHERE b.x = c.x);
SELECT count(*), sum(a.v) FROM a LEFT JOIN c ON a.x = c.x WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.x = c.x);
SELECT count(*), sum(v) FROM a WHERE v > (SELECT avg(v) FROM b WHERE b.x = a.x);
SELECT count(*), sum(v) FROM a WHERE v > (SELECT count(*) FROM b WHERE b.x = a.x);
SELECT count(*), sum(v) FROM a WHERE y = (SELECT max(y) FROM a a2 WHERE a2.x = a.x);
SELECT count(*), sum(v) FROM a WHERE v <= ALL (SELECT v FROM b WHERE b.x = a.x);
-- In FROM.
SELECT count(*), sum(q.s) FROM a JOIN (SELECT x, sum(v) AS s FROM b GROUP BY x) q ON q.x = a.x;
SELECT count(*), sum(q.s) FROM a LEFT JOIN (SELECT x, sum(v) AS s FROM b GROUP BY x) q ON q.x = a.x;
SELECT count(*), sum(q.s) FROM a FULL JOIN (SELECT x, sum(v) AS s FROM b GROUP BY x) q ON q.x = a.x;
SELECT count(*), sum(q.s) FROM a FULL JOIN (SELECT x, sum(v) AS s FROM b GROUP BY x HAVING count(*) > 1) q USING (x);
SELECT count(*), sum(q.s) FROM a JOIN (SELECT DISTINCT x, t, v AS s FROM b) q ON q.x = a.x AND q.t = a.t;
SELECT count(*), sum(q.s), sum(q2.s) FROM (SELECT x, sum(v) AS s FROM a GROUP BY x) q FULL JOIN (SELECT x, sum(v) AS s FROM b GROUP BY x) q2 ON q.x = q2.x;
SELECT count(*), sum(l.v) FROM a, LATERAL (SELECT * FROM b WHERE b.x = a.x ORDER BY b.v, b.k LIMIT 1) l;
SELECT count(*), sum(l.v) FROM a LEFT JOIN LATERAL (SELECT * FROM b WHERE b.x = a.x ORDER BY b.v DESC, b.k LIMIT 2) l ON true;
SELECT count(*), sum(l.m) FROM a, LATERAL (SELECT max(b.v) AS m FROM b WHERE b.x = a.x) l WHERE m > 5;
SELECT count(*), sum(l.m) FROM a LEFT JOIN LATERAL (SELECT count(*) AS m FROM b WHERE b.x = a.x) l ON l.m > 1;
SELECT count(*), sum(q.v) FROM (SELECT x, v FROM a UNION ALL SELECT x, v FROM b) q JOIN c ON c.k = q.x;
SELECT count(*), sum(q.v) FROM (SELECT x, v FROM a UNION SELECT x, v FROM b) q JOIN c ON c.x = q.x;
SELECT q.x, q.n, c.k FROM (SELECT x, count(*) AS n FROM (SELECT x FROM a UNION ALL SELECT x FROM b) u GROUP BY x) q JOIN c ON c.x = q.x ORDER BY 1, 2, 3 LIMIT 20;
-- Set operations.
SELECT count(*), sum(x) FROM (SELECT x FROM a UNION SELECT x FROM b) q;
SELECT count(*), sum(x) FROM (SELECT x FROM a INTERSECT SELECT x FROM b) q;
SELECT count(*), sum(x) FROM (SELECT x FROM a INTERSECT ALL SELECT x FROM b) q;
SELECT count(*), sum(x) FROM (SELECT x FROM a EXCEPT SELECT x FROM b) q;
SELECT count(*), sum(x) FROM (SELECT x FROM a EXCEPT ALL SELECT x FROM b) q;
SELECT count(*), sum(x) FROM (SELECT x::bigint FROM a EXCEPT ALL SELECT x FROM c) q;
SELECT count(*), sum(x) FROM (SELECT x, t FROM a UNION SELECT x, t FROM b UNION SELECT x, t FROM c) q;
SELECT count(*), sum(x) FROM (SELECT x, t FROM a EXCEPT (SELECT x, t FROM b INTERSECT SELECT x, t FROM c)) q;
SELECT count(*) FROM (SELECT bp FROM a UNION SELECT bp FROM b) q;
SELECT count(*) FROM (SELECT t FROM a UNION SELECT bp FROM b) q;
SELECT count(*) FROM (SELECT v FROM a INTERSECT SELECT y FROM b) q;
SELECT count(*) FROM (SELECT x FROM a UNION SELECT x FROM e) q;
SELECT count(*) FROM (SELECT x FROM e INTERSECT SELECT x FROM a) q;
SELECT x FROM a UNION SELECT x FROM b ORDER BY 1 LIMIT 10;
SELECT x, t FROM a EXCEPT SELECT x, t FROM b ORDER BY 1, 2;
SELECT x FROM a WHERE k = 5 UNION SELECT x FROM b WHERE k = 5 ORDER BY 1;
-- Groups, distinct rows, windows.
SELECT count(*), sum(n) FROM (SELECT x, count(*) AS n, sum(v) FROM a GROUP BY x) q WHERE n > 1;
SELECT count(*), sum(n) FROM (SELECT x + 1, t, count(DISTINCT v) AS n FROM a GROUP BY x + 1, t) q;
SELECT n, count(*) FROM (SELECT x, count(*) AS n FROM a GROUP BY x) q GROUP BY n ORDER BY n;
SELECT count(*), count(x) FROM (SELECT DISTINCT x, t FROM a) q;
SELECT count(*), sum(k) FROM (SELECT DISTINCT ON (x) x, k FROM a ORDER BY x, k DESC) q;
SELECT count(*), sum(r) FROM (SELECT rank() OVER (PARTITION BY x ORDER BY v, k) AS r FROM a) q;
SELECT count(*), sum(r) FROM (SELECT row_number() OVER (PARTITION BY x ORDER BY v, k) AS r, sum(v) OVER (PARTITION BY x) AS s FROM a) q WHERE r = 1 AND s > 10;
SELECT count(*), sum(r), sum(s) FROM (SELECT row_number() OVER (PARTITION BY x ORDER BY v, k) AS r, sum(v) OVER (PARTITION BY t) AS s FROM a) q;
SELECT x, r FROM (SELECT x, k, rank() OVER (PARTITION BY x ORDER BY v, k) AS r FROM a) q WHERE r <= 2 ORDER BY x, k, r LIMIT 20;
SELECT count(*), sum(n) FROM (SELECT x, count(*) AS n FROM a GROUP BY ROLLUP (x)) q;
SELECT q.x, max(q.s) FROM (SELECT x, string_agg(t, ',' ORDER BY t, k) AS s FROM a GROUP BY x) q GROUP BY q.x ORDER BY 1 LIMIT 10;
-- Prepared, with parameters.
PREPARE p(int, text) AS SELECT count(*), sum(v) FROM a WHERE y > $1 AND EXISTS (SELECT 1 FROM b WHERE b.x = a.x AND b.t <> $2 AND b.v > $1);
EXECUTE p(3, 'v1');
EXECUTE p(10, 'v2');
EXECUTE p(NULL, 'v2');
EXECUTE p(0, 'v3');
EXECUTE p(1, NULL);
EXECUTE p(2, 'v5');
EXECUTE p(3, 'v1');
-- What the transaction wrote.
BEGIN;
INSERT INTO b SELECT i, 99, i, 'new', i FROM generate_series(1000, 1010) i;
UPDATE a SET x = 99 WHERE k < 5;
SELECT count(*), sum(v) FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.x = a.x);
SELECT count(*), sum(v) FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.x = a.x);
ROLLBACK;
INSERT INTO e SELECT k, x, t FROM a WHERE EXISTS (SELECT 1 FROM b WHERE b.x = a.x AND b.v > a.v);
SELECT count(*), sum(k), sum(x), min(t) FROM e;
-- Row-level security: what a user may not see does not move.
CREATE FUNCTION make_role(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE ROLE %I LOGIN', name);
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
SELECT make_role('motion_reader');
-- only-distributed
SELECT run_command_on_workers($x$DO $$ BEGIN CREATE ROLE motion_reader LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$$x$);
GRANT USAGE ON SCHEMA public TO motion_reader;
GRANT SELECT ON a, b, c TO motion_reader;
ALTER TABLE a ENABLE ROW LEVEL SECURITY;
ALTER TABLE c ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON a FOR SELECT TO motion_reader USING (y < 20);
CREATE POLICY p ON c FOR SELECT TO motion_reader USING (k < 25 AND t <> 'v3');
CREATE VIEW owners_view AS SELECT a.x, a.v, c.k FROM a JOIN c ON a.x = c.x;
GRANT SELECT ON owners_view TO motion_reader;
SET ROLE motion_reader;
SELECT count(*), sum(a.v) FROM a JOIN b ON a.x = b.x;
SELECT count(*), sum(a.v) FROM b JOIN c ON b.x = c.x JOIN a ON a.x = c.x;
SELECT count(*), sum(v) FROM b WHERE EXISTS (SELECT 1 FROM a WHERE b.x = a.x AND a.v > 10);
SELECT count(*), sum(v) FROM b WHERE NOT EXISTS (SELECT 1 FROM c WHERE b.x = c.x);
SELECT count(*), sum(x) FROM (SELECT x FROM a UNION SELECT x FROM b UNION SELECT x FROM c) q;
SELECT count(*), sum(b.v) FROM b LEFT JOIN c ON b.x = c.x AND c.k > 3;
SELECT count(*), sum(v) FROM owners_view;
SELECT count(*), sum(b.v) FROM b JOIN owners_view o ON o.x = b.x;
SELECT count(*), sum(b.v) FROM b JOIN e ON e.x = b.x;
RESET ROLE;
DROP VIEW owners_view;
DROP POLICY p ON a;
DROP POLICY p ON c;
