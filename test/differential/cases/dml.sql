-- variants: distributed reference single mixed onenode partitioned
-- Rows in, rows changed, rows out: the everyday statements on a table with every common type.
CREATE TABLE t (k int PRIMARY KEY, a text, b numeric(12,3), c timestamptz, d boolean DEFAULT true, e int[], f jsonb);
CREATE TABLE u (k int, n int, note varchar(20), PRIMARY KEY (k, n));
-- distribute: create_distributed_table('t', 'k')
-- distribute: create_distributed_table('u', 'k')
INSERT INTO t VALUES (1, 'one', 1.5, '2026-01-01 10:00+00', false, '{1,2}', '{"a": 1}');
INSERT INTO t (k, a) VALUES (2, 'two'), (3, NULL), (4, ''), (5, 'with "quotes", commas and
a line end');
INSERT INTO t (a, k, b) VALUES ('minus', -6, -0.001) RETURNING *;
INSERT INTO t (k, b) SELECT g, g * 1.1 FROM generate_series(10, 40) AS g;
INSERT INTO u SELECT g % 17, g, 'n' || g FROM generate_series(1, 60) AS g;
SELECT * FROM t;
SELECT * FROM t ORDER BY k;
SELECT * FROM u ORDER BY n DESC LIMIT 7 OFFSET 3;
-- Constraints.
INSERT INTO t (k) VALUES (1);
INSERT INTO t (k) VALUES (100), (1);
SELECT count(*) FROM t;
INSERT INTO t (k, a) VALUES (1, 'new') ON CONFLICT (k) DO UPDATE SET a = excluded.a || '/' || t.a RETURNING k, a;
INSERT INTO t (k, a) VALUES (1, 'newer'), (200, 'fresh') ON CONFLICT DO NOTHING;
INSERT INTO u VALUES (1, 1, 'a text that is longer than twenty characters');
INSERT INTO t (k, b) VALUES (201, 'no number');
INSERT INTO t (nothing) VALUES (1);
-- Changes on one shard and on many.
UPDATE t SET a = 'changed' WHERE k = 2;
UPDATE t SET b = b + 1, d = NOT d WHERE k % 2 = 0;
UPDATE t SET a = upper(a) WHERE a IS NOT NULL RETURNING k, a;
UPDATE t SET a = 'none' WHERE k = 12345;
UPDATE t SET e = e || 3, f = jsonb_set(coalesce(f, '{}'), '{b}', '2') WHERE k IN (1, 2, 3);
SELECT k, a, b, d, e, f FROM t ORDER BY k;
UPDATE u SET note = t.a FROM t WHERE t.k = u.k AND u.n > 50;
DELETE FROM t WHERE k = 3;
DELETE FROM t WHERE k > 35 RETURNING k;
DELETE FROM u USING t WHERE u.k = t.k AND t.k = 10;
DELETE FROM u WHERE n IN (SELECT k FROM t WHERE k > 20);
SELECT * FROM t ORDER BY k;
SELECT * FROM u ORDER BY k, n;
WITH gone AS (DELETE FROM u WHERE n < 5 RETURNING k, n) SELECT count(*), sum(n) FROM gone;
TRUNCATE u;
SELECT count(*) FROM u;
DROP TABLE t, u;
SELECT * FROM t;
