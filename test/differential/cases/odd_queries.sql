-- variants: distributed reference mixed single onenode
-- Cursors, functions, views, policies, locks: what a statement may have around plain queries.
CREATE TABLE t (k int PRIMARY KEY, v int, s text, owner text DEFAULT 'nobody');
CREATE TABLE u (id int PRIMARY KEY, k int, w numeric);
-- distribute: create_distributed_table('t', 'k')
-- distribute: create_distributed_table('u', 'id', colocate_with => 'none')
INSERT INTO t SELECT i, i % 10, 's' || i % 7, CASE WHEN i % 2 = 0 THEN 'odd_user' ELSE 'nobody' END FROM generate_series(1, 100) i;
INSERT INTO u SELECT i, i % 40, i / 2.0 FROM generate_series(1, 120) i;
-- cursors
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT k, v FROM t ORDER BY k;
FETCH 3 FROM c;
MOVE 5 IN c;
FETCH BACKWARD 2 FROM c;
FETCH ABSOLUTE 50 FROM c;
FETCH RELATIVE -7 FROM c;
FETCH LAST FROM c;
FETCH PRIOR FROM c;
MOVE BACKWARD ALL IN c;
FETCH FIRST FROM c;
FETCH ABSOLUTE -3 FROM c;
DECLARE d SCROLL CURSOR FOR SELECT t.k, u.w FROM t JOIN u ON u.k = t.k WHERE t.v < 4 ORDER BY 1, 2;
FETCH 2 FROM d;
FETCH LAST FROM d;
FETCH BACKWARD 3 FROM d;
DECLARE h SCROLL CURSOR WITH HOLD FOR SELECT v, count(*), sum(k) FROM t GROUP BY v ORDER BY v;
FETCH 2 FROM h;
UPDATE t SET v = 99 WHERE k = 5;
FETCH FIRST FROM c;
COMMIT;
FETCH 2 FROM h;
FETCH BACKWARD 3 FROM h;
FETCH LAST FROM h;
CLOSE h;
UPDATE t SET v = 5 WHERE k = 5;
-- set-returning functions, LATERAL, recursion
SELECT k, generate_series(1, v) FROM t WHERE k < 5 ORDER BY 1, 2;
SELECT t.k, g FROM t, generate_series(t.k, t.k + 2) g WHERE t.k IN (3, 40) ORDER BY 1, 2;
SELECT t.k, x.w FROM t CROSS JOIN LATERAL (SELECT w FROM u WHERE u.k = t.k ORDER BY w DESC LIMIT 1) x WHERE t.v = 3 ORDER BY 1;
SELECT t.k, x.w FROM t LEFT JOIN LATERAL (SELECT w FROM u WHERE u.id = t.k * 2 AND t.v > 2) x ON true WHERE t.k < 20 ORDER BY 1;
WITH RECURSIVE r AS (SELECT k, v, 1 AS depth FROM t WHERE k = 1 UNION ALL SELECT t.k, t.v, r.depth + 1 FROM r JOIN t ON t.k = r.k * 3 WHERE r.depth < 5) SELECT * FROM r ORDER BY depth;
WITH RECURSIVE r(n) AS (SELECT 1 UNION SELECT u.k FROM r JOIN u ON u.id = r.n + 1) SELECT count(*), sum(n) FROM r;
SELECT (jsonb_each_text(to_jsonb(t))).key, count(*) FROM t GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM t TABLESAMPLE BERNOULLI (100) REPEATABLE (3);
SELECT count(*) FROM t TABLESAMPLE SYSTEM (0) JOIN u ON u.k = t.k;
SELECT count(*) BETWEEN 0 AND 100 FROM t TABLESAMPLE BERNOULLI (50) REPEATABLE (3);
SELECT tableoid::regclass, count(*), count(ctid), count(xmin) FROM t GROUP BY 1;
SELECT t FROM t WHERE k = 4;
SELECT t, u FROM t JOIN u ON u.id = t.k WHERE t.k IN (7, 8) ORDER BY t.k;
SELECT (t).v, (u).w FROM t JOIN u ON u.k = t.k WHERE t.k = 9 ORDER BY 2;
SELECT row_to_json(x) FROM (SELECT k, s FROM t WHERE v = 1 ORDER BY k LIMIT 2) x;
SELECT count(*) FROM t WHERE t IS NULL OR t = t;
-- functions over distributed tables
CREATE FUNCTION of_v(int) RETURNS SETOF t LANGUAGE sql STABLE AS 'SELECT * FROM t WHERE v = $1';
CREATE FUNCTION sum_w(int) RETURNS numeric LANGUAGE sql STABLE AS 'SELECT sum(w) FROM u WHERE k = $1';
CREATE FUNCTION sum_w_slow(int) RETURNS numeric LANGUAGE plpgsql STABLE AS 'BEGIN RETURN (SELECT sum(w) FROM u WHERE k = $1); END';
CREATE FUNCTION twice(int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 * 2';
SELECT k FROM of_v(3) ORDER BY k;
SELECT f.k, u.w FROM of_v(4) f JOIN u ON u.id = f.k ORDER BY 1;
SELECT k, sum_w(k) FROM t WHERE k < 6 ORDER BY k;
SELECT k, sum_w_slow(k) FROM t WHERE v = 2 ORDER BY k;
SELECT k FROM t WHERE sum_w(k) > 100 ORDER BY k;
SELECT k FROM t WHERE sum_w_slow(k) > 100 AND k < 30 ORDER BY k;
SELECT twice(v), count(*) FROM t WHERE twice(k) < 60 GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM of_v(1) a JOIN of_v(1) b ON a.k = b.k;
UPDATE t SET v = v + 1 WHERE k IN (SELECT k FROM of_v(7)) AND sum_w_slow(k) IS NOT NULL;
SELECT v, count(*) FROM t GROUP BY v ORDER BY v;
-- views
CREATE VIEW plain_view AS SELECT t.k, t.v, u.w FROM t JOIN u ON u.k = t.k;
CREATE VIEW barrier WITH (security_barrier) AS SELECT k, v, s FROM t WHERE v < 5;
SELECT count(*), sum(w) FROM plain_view WHERE v = 3;
SELECT b.k, b.s FROM barrier b JOIN u ON u.id = b.k WHERE b.s = 's3' ORDER BY 1;
SELECT v, count(*) FROM barrier WHERE k % 3 = 0 GROUP BY v ORDER BY v;
CREATE MATERIALIZED VIEW m AS SELECT v, count(*) AS n, sum(k) AS total FROM t GROUP BY v;
CREATE UNIQUE INDEX ON m (v);
UPDATE t SET v = 8 WHERE v = 9;
REFRESH MATERIALIZED VIEW CONCURRENTLY m;
SELECT * FROM m ORDER BY v;
REFRESH MATERIALIZED VIEW m WITH NO DATA;
REFRESH MATERIALIZED VIEW m;
SELECT m.v, m.n, count(u.id) FROM m LEFT JOIN t ON t.v = m.v LEFT JOIN u ON u.k = t.k GROUP BY 1, 2 ORDER BY 1;
-- locks
BEGIN;
SELECT k FROM t WHERE v = 3 ORDER BY k FOR UPDATE;
SELECT k FROM t WHERE v = 3 ORDER BY k FOR SHARE SKIP LOCKED;
SELECT k FROM t WHERE v = 2 ORDER BY k LIMIT 3 FOR UPDATE NOWAIT;
SELECT t.k, u.id FROM t JOIN u ON u.k = t.k WHERE t.k = 12 ORDER BY 2 FOR UPDATE OF t FOR SHARE OF u SKIP LOCKED;
SELECT t.k FROM t, u WHERE u.k = t.k AND u.w > 55 ORDER BY 1 FOR NO KEY UPDATE OF t;
SELECT t.k FROM t LEFT JOIN u ON u.id = t.k WHERE t.v = 1 ORDER BY 1 FOR UPDATE OF t;
SELECT v, count(*) FROM t GROUP BY v FOR UPDATE;
ROLLBACK;
-- policies and rights
DO $$ BEGIN CREATE ROLE odd_user; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
-- only-distributed
SELECT run_command_on_workers($x$DO $$ BEGIN CREATE ROLE odd_user; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$$x$);
GRANT SELECT, INSERT, UPDATE, DELETE ON t TO odd_user;
GRANT SELECT (id, k) ON u TO odd_user;
ALTER TABLE t ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON t USING (owner = current_user) WITH CHECK (owner = current_user AND v < 50);
SET ROLE odd_user;
SELECT count(*) FROM t;
SELECT t.k FROM t JOIN u ON u.k = t.k WHERE u.id < 9 ORDER BY 1;
SELECT sum(w) FROM u;
SELECT count(id) FROM u WHERE w > 3;
SELECT count(id) FROM u WHERE k > 3;
INSERT INTO t VALUES (1000, 1, 'x', 'odd_user') ON CONFLICT (k) DO UPDATE SET v = excluded.v;
INSERT INTO t VALUES (1000, 2, 'x', 'odd_user') ON CONFLICT (k) DO UPDATE SET v = t.v + excluded.v;
INSERT INTO t VALUES (1000, 60, 'x', 'odd_user') ON CONFLICT (k) DO UPDATE SET v = excluded.v;
INSERT INTO t VALUES (1001, 1, 'x', 'nobody');
INSERT INTO t VALUES (1, 1, 'x', 'odd_user') ON CONFLICT DO NOTHING;
UPDATE t SET v = 7 WHERE k > 95;
UPDATE t SET owner = 'nobody' WHERE k = 2;
DELETE FROM t WHERE k IN (3, 4);
SELECT k, v FROM t WHERE k > 90 OR k < 5 ORDER BY k;
COPY t FROM '/dev/null';
RESET ROLE;
COPY t FROM '/dev/null';
SELECT count(*), sum(v) FROM t;
