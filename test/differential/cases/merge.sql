-- variants: distributed reference mixed single partial onenode partitioned
CREATE TABLE t (k int, v int, n numeric(10,2) DEFAULT 1.5, note text, g int GENERATED ALWAYS AS (v * 2) STORED);
CREATE TABLE s (k int, x int, v int, note text);
CREATE TABLE p (id bigint PRIMARY KEY, v int NOT NULL CHECK (v < 1000), stamp date DEFAULT '2020-01-01');
CREATE TABLE l (id int, v int, t text);
CREATE TABLE r (a int PRIMARY KEY, b text UNIQUE);
-- distribute: create_distributed_table('t', 'k')
-- distribute: create_distributed_table('s', 'k')
-- distribute: create_distributed_table('p', 'id')
-- distribute: create_reference_table('r')
INSERT INTO t SELECT i, i % 7, i / 2.0, 'note ' || i FROM generate_series(1, 40) i;
INSERT INTO t VALUES (NULL, 3, 2, 'null key'), (NULL, NULL, NULL, NULL);
INSERT INTO s SELECT i * 2, i, i % 11, 's' || i FROM generate_series(1, 40) i;
INSERT INTO s VALUES (NULL, 1, 1, 'nothing');
INSERT INTO p SELECT i, i * 3 FROM generate_series(1, 50) i;
INSERT INTO l SELECT i, i, 'l' || i FROM generate_series(30, 70) i;
INSERT INTO r SELECT i, 'r' || i FROM generate_series(1, 10) i;
-- on the key, all clauses
MERGE INTO t USING s ON t.k = s.k WHEN MATCHED AND s.x % 3 = 0 THEN DELETE WHEN MATCHED AND s.x % 3 = 1 THEN UPDATE SET v = t.v + s.v, note = t.note || s.note WHEN MATCHED THEN DO NOTHING WHEN NOT MATCHED AND s.x > 35 THEN INSERT (k, v, note) VALUES (s.k, s.v, s.note) WHEN NOT MATCHED AND s.k IS NULL THEN INSERT (note) VALUES (DEFAULT) WHEN NOT MATCHED THEN DO NOTHING;
SELECT * FROM t ORDER BY k, v, n;
-- only inserts, only updates, only deletes
MERGE INTO t USING s ON t.k = s.k WHEN NOT MATCHED THEN INSERT (k, v, n) VALUES (s.k + 1000, s.x, s.v / 2.0);
MERGE INTO t USING s ON t.k = s.k WHEN MATCHED THEN UPDATE SET n = t.n + 1;
MERGE INTO t USING s ON t.k = s.k AND s.x < 20 WHEN MATCHED THEN DELETE;
SELECT count(*), sum(k), sum(v), sum(n), sum(g) FROM t;
-- VALUES, sub-selects, CTEs, local tables, functions as sources
MERGE INTO p USING (VALUES (1, 500), (2, 600), (777, 7)) x (id, v) ON p.id = x.id WHEN MATCHED THEN UPDATE SET v = x.v WHEN NOT MATCHED THEN INSERT VALUES (x.id, x.v);
MERGE INTO p USING l ON p.id = l.id WHEN MATCHED THEN UPDATE SET v = p.v + l.v, stamp = p.stamp + l.v WHEN NOT MATCHED THEN INSERT (id, v) VALUES (l.id, l.v);
SELECT * FROM p ORDER BY id;
WITH w AS (SELECT k, sum(x) AS total, count(*) AS c FROM s WHERE k IS NOT NULL GROUP BY k) MERGE INTO p USING w ON w.k = p.id AND w.c > 0 WHEN MATCHED AND w.total > 10 THEN DELETE WHEN MATCHED THEN UPDATE SET v = total WHEN NOT MATCHED THEN INSERT VALUES (w.k, w.total, '2021-02-03');
MERGE INTO p USING generate_series(60, 90, 10) g (id) ON p.id = g.id WHEN MATCHED THEN UPDATE SET v = -p.v WHEN NOT MATCHED THEN INSERT VALUES (g.id, 0);
SELECT * FROM p ORDER BY id;
-- not on the key
MERGE INTO t USING (SELECT DISTINCT ON (v) v, x FROM s ORDER BY v, x) q ON t.v = q.v AND t.k BETWEEN 1 AND 20 WHEN MATCHED THEN UPDATE SET n = 100 + q.x WHEN NOT MATCHED THEN INSERT (k, v) VALUES (2000 + q.v, q.v);
SELECT * FROM t WHERE k < 30 OR k >= 2000 ORDER BY k, v, n;
MERGE INTO r USING l ON r.a = l.id - 25 WHEN MATCHED THEN UPDATE SET b = r.b || l.t WHEN NOT MATCHED AND l.id < 45 THEN INSERT VALUES (l.id, l.t);
MERGE INTO r USING s ON r.a = s.x WHEN MATCHED AND s.k > 10 THEN DELETE WHEN MATCHED THEN UPDATE SET a = r.a + 100;
SELECT * FROM r ORDER BY a;
MERGE INTO l USING t ON l.id = t.k WHEN MATCHED THEN UPDATE SET t = t.note, v = t.v WHEN NOT MATCHED AND t.k > 1000 THEN INSERT VALUES (t.k, t.v, t.note);
SELECT * FROM l ORDER BY id, v, t;
-- rows that move
MERGE INTO p USING (SELECT id FROM l WHERE id < 50) q ON p.id = q.id WHEN MATCHED THEN UPDATE SET id = p.id + 5000, v = p.v % 100;
SELECT * FROM p ORDER BY id;
MERGE INTO t USING s ON t.k = s.k AND t.k > 60 WHEN MATCHED THEN UPDATE SET k = NULL;
SELECT count(*) FROM t WHERE k IS NULL;
-- a row twice
MERGE INTO p USING (VALUES (777, 1), (777, 2)) x (id, v) ON p.id = x.id WHEN MATCHED THEN UPDATE SET v = x.v;
MERGE INTO p USING (VALUES (777, 1), (777, 2)) x (id, v) ON p.id = x.id WHEN MATCHED THEN DELETE;
MERGE INTO p USING (VALUES (777, 1), (777, 2)) x (id, v) ON p.id = x.id WHEN MATCHED AND x.v = 1 THEN DO NOTHING WHEN MATCHED THEN UPDATE SET v = 5;
MERGE INTO r USING (VALUES (110), (110)) x (id) ON r.a = x.id WHEN MATCHED THEN DELETE;
MERGE INTO p USING (VALUES (888, 1), (888, 2)) x (id, v) ON p.id = x.id WHEN NOT MATCHED THEN INSERT VALUES (x.id, x.v);
MERGE INTO p USING (VALUES (889, 1)) x (id, v) ON p.id = x.id WHEN NOT MATCHED THEN INSERT VALUES (x.id, 5000);
MERGE INTO p USING (VALUES (889, 1)) x (id, v) ON p.id = x.id WHEN NOT MATCHED THEN INSERT VALUES (x.id, NULL);
MERGE INTO p USING (VALUES (777, 1)) x (id, v) ON p.id = x.id WHEN MATCHED THEN UPDATE SET v = 2000;
SELECT * FROM p WHERE id > 100 AND id < 5000 ORDER BY id;
-- sub-selects in conditions and values, whole rows, system columns, self joins
MERGE INTO t USING s ON t.k = s.k WHEN MATCHED AND EXISTS (SELECT 1 FROM l WHERE l.id = t.k) THEN UPDATE SET note = (SELECT max(t) FROM l WHERE l.id <= t.k) WHEN MATCHED AND t.v > (SELECT avg(v) FROM t) THEN DELETE;
MERGE INTO t USING t u ON t.k = u.k + 1 WHEN MATCHED THEN UPDATE SET note = u.note || '>' || t.note WHEN NOT MATCHED AND u.k > 2000 THEN INSERT VALUES (u.k + 7, u.v);
MERGE INTO t USING s ON t.k = s.k AND s.k < 9 WHEN MATCHED AND t IS NOT NULL THEN UPDATE SET note = t::text WHEN MATCHED AND t.ctid IS NOT NULL AND t.tableoid = 't'::regclass THEN UPDATE SET note = s::text;
SELECT * FROM t ORDER BY k, v, n, note;
MERGE INTO t USING s ON false WHEN NOT MATCHED AND s.k = 4 THEN INSERT (k, v) VALUES (3000, 1);
MERGE INTO t USING s ON true WHEN MATCHED AND t.k = 3000 AND s.x = 5 THEN DELETE;
MERGE INTO t USING (SELECT * FROM s WHERE false) q ON t.k = q.k WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (k) VALUES (1);
SELECT count(*) FROM t;
-- prepared, in functions, in transactions
PREPARE m(int, int) AS MERGE INTO p USING (SELECT $1 AS id, $2 AS v) x ON p.id = x.id WHEN MATCHED THEN UPDATE SET v = p.v + x.v WHEN NOT MATCHED THEN INSERT VALUES (x.id, x.v);
EXECUTE m(9001, 1);
EXECUTE m(9001, 10);
EXECUTE m(9002, 2);
EXECUTE m(9001, 100);
EXECUTE m(9003, 3);
EXECUTE m(9002, 20);
EXECUTE m(9002, 5000);
SELECT * FROM p WHERE id > 9000 ORDER BY id;
CREATE FUNCTION upsert(a int, b int) RETURNS void LANGUAGE plpgsql AS $$ BEGIN MERGE INTO p USING (SELECT a, b) x ON p.id = x.a WHEN MATCHED THEN UPDATE SET v = b WHEN NOT MATCHED THEN INSERT VALUES (a, b); END $$;
SELECT upsert(9001, 5), upsert(9100, 6);
BEGIN;
MERGE INTO p USING (VALUES (9001), (9200)) x (id) ON p.id = x.id WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (x.id, 1);
SELECT * FROM p WHERE id > 9000 ORDER BY id;
SAVEPOINT a;
MERGE INTO p USING (VALUES (9200)) x (id) ON p.id = x.id WHEN MATCHED THEN UPDATE SET v = 77;
ROLLBACK TO a;
SELECT * FROM p WHERE id > 9000 ORDER BY id;
ROLLBACK;
SELECT * FROM p WHERE id > 9000 ORDER BY id;
INSERT INTO t SELECT i, i FROM generate_series(10000, 14000) i;
MERGE INTO t USING (SELECT i AS k, i % 5 AS v FROM generate_series(12000, 16000) i) x ON t.k = x.k WHEN MATCHED AND x.v = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET v = x.v WHEN NOT MATCHED THEN INSERT (k, v) VALUES (x.k, x.v);
SELECT count(*), sum(k), sum(v), sum(g) FROM t WHERE k >= 10000;
TABLE l ORDER BY id, v, t LIMIT 10;
-- on one shard, and each shard its own
PREPARE one(int, int) AS MERGE INTO t USING (SELECT $1 AS k, $2 AS v) x ON t.k = x.k WHEN MATCHED THEN UPDATE SET v = t.v + x.v WHEN NOT MATCHED THEN INSERT (k, v) VALUES (x.k, x.v);
EXECUTE one(20001, 1);
EXECUTE one(20001, 2);
EXECUTE one(NULL, 42);
SET plan_cache_mode TO force_generic_plan;
EXECUTE one(20001, 2);
EXECUTE one(20002, 2);
EXECUTE one(NULL, 43);
RESET plan_cache_mode;
SELECT k, v FROM t WHERE k > 20000 OR k IS NULL AND v IN (42, 43) ORDER BY k, v;
MERGE INTO t USING (SELECT 20003 AS k, NULL::int AS v) x ON t.k = x.k WHEN MATCHED THEN UPDATE SET v = t.v + x.v WHEN NOT MATCHED THEN INSERT (k, v) VALUES (x.k, x.v);
MERGE INTO t USING (SELECT 20004 AS k, 1 AS v) x ON t.k = 20004 AND x.v = 1 WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (k, v) VALUES (20005, x.v);
MERGE INTO t USING (VALUES (20004, 1), (20003, 5), (20002, 7)) x (k, v) ON t.k = x.k AND x.k = 20003 WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (k, v) VALUES (x.k, x.v);
SELECT k, v FROM t WHERE k > 20000 ORDER BY k, v;
MERGE INTO t USING (SELECT k, max(v) AS v FROM s GROUP BY k) x ON t.k = x.k WHEN MATCHED THEN UPDATE SET v = x.v WHEN NOT MATCHED THEN INSERT (k, v) VALUES (x.k, x.v);
MERGE INTO t USING s ON t.k = s.k AND t.v = s.x WHEN NOT MATCHED AND s.x > 30 THEN INSERT (k, v, note) VALUES (s.k, s.x, current_user);
MERGE INTO t USING (SELECT s.k + 1 AS k, s.v FROM s) x ON t.k = x.k WHEN MATCHED AND t.v > 3 THEN DELETE WHEN NOT MATCHED THEN INSERT (k, v) VALUES (x.k, x.v);
MERGE INTO t USING s ON t.k = s.x WHEN MATCHED THEN UPDATE SET n = 7;
MERGE INTO t USING s ON t.k = s.k WHEN NOT MATCHED AND s.k IS NULL THEN INSERT (k, v) VALUES (s.k, 4711);
SELECT count(*), sum(k), sum(v), sum(n), count(DISTINCT note) FROM t;
SELECT count(*) FROM t WHERE k IS NULL AND v = 4711;
-- rights
DO $$ BEGIN CREATE ROLE merge_user; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
-- only-distributed
SELECT run_command_on_workers($x$DO $$ BEGIN CREATE ROLE merge_user; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$$x$);
GRANT SELECT ON s TO merge_user;
GRANT SELECT, INSERT ON p TO merge_user;
SET ROLE merge_user;
MERGE INTO p USING s ON p.id = s.k WHEN MATCHED THEN UPDATE SET v = 1;
MERGE INTO p USING s ON p.id = s.k WHEN NOT MATCHED AND s.k > 75 THEN INSERT VALUES (s.k, 1);
RESET ROLE;
SELECT * FROM p WHERE id BETWEEN 70 AND 100 ORDER BY id;
