-- variants: distributed reference single
-- INSERT within WITH, RETURNING of every kind, and what the rest of the statement sees.
CREATE TABLE t (k int PRIMARY KEY, a text, n int DEFAULT 5, g int GENERATED ALWAYS AS (n + 1) STORED);
CREATE TABLE u (k int, o int, note text);
CREATE TABLE log (what text, k int);
-- distribute: create_distributed_table('t', 'k')
-- distribute: create_distributed_table('u', 'k')
INSERT INTO t (k, a) VALUES (1, 'one'), (2, 'two'), (3, 'three') RETURNING *;
INSERT INTO t (k, a) VALUES (14, 'x'), (13, 'y'), (12, 'z'), (11, 'w') RETURNING k, upper(a) AS up, g, n * 2 AS dbl, 'const', tableoid::regclass;
-- ordered
INSERT INTO t (k, a) VALUES (24, 'x'), (23, 'y'), (22, 'z'), (21, 'w') RETURNING k, a;
INSERT INTO t (k, a) VALUES (31, 'row') RETURNING t, t.*, (t).a, row_to_json(t), t IS NULL;
INSERT INTO t (k) VALUES (32) RETURNING (SELECT count(*) FROM log) AS c, (SELECT max(what) FROM log WHERE log.k = t.k);
INSERT INTO t (k) VALUES (33), (34) RETURNING k, (SELECT count(*) FROM t) AS before;
INSERT INTO t (k) VALUES (35), (36) RETURNING k, (SELECT count(*) FROM t AS i WHERE i.k = t.k) AS before;
INSERT INTO t (k) VALUES (37) RETURNING ctid IS NOT NULL, xmin::text <> '0', xmax, cmin >= '0'::cid;
INSERT INTO t (k) SELECT g FROM generate_series(100, 109) AS g RETURNING k, random() < 2, now() = now();
INSERT INTO t (k) VALUES (38) RETURNING nothing;
INSERT INTO t (k) SELECT 39 WHERE false RETURNING *;
-- WITH.
WITH ins AS (INSERT INTO t (k, a) VALUES (40, 'w'), (41, 'v') RETURNING k, a) SELECT * FROM ins ORDER BY k;
WITH ins AS (INSERT INTO t (k, a) VALUES (42, 'w'), (43, 'v') RETURNING k, a) SELECT count(*) FROM t;
WITH ins AS (INSERT INTO t (k, a) VALUES (44, 'w'), (45, 'v')) SELECT count(*) FROM t;
WITH ins AS (INSERT INTO t (k, a) VALUES (46, 'w'), (47, 'v') RETURNING k) SELECT ins.k, t.a FROM ins LEFT JOIN t ON t.k = ins.k ORDER BY 1;
WITH ins AS (INSERT INTO t (k, a) VALUES (48, 'w'), (49, 'v') RETURNING k) SELECT count(*) FROM ins, t;
SELECT count(*), sum(k) FROM t;
WITH ins AS (INSERT INTO t (k, a) VALUES (50, 'p'), (51, 'q') RETURNING *) INSERT INTO u SELECT k, n, a FROM ins RETURNING *;
WITH a AS (INSERT INTO t (k) VALUES (52) RETURNING k), b AS (INSERT INTO u SELECT k, 1, 'b' FROM a RETURNING k), c AS (INSERT INTO log SELECT 'c', k FROM b RETURNING k)
    SELECT a.k, b.k, c.k FROM a, b, c;
WITH ins AS (INSERT INTO t (k, a) SELECT g, 'lim' FROM generate_series(200, 230) AS g RETURNING k) SELECT count(*) FROM (SELECT k FROM ins LIMIT 3) AS s;
SELECT count(*) FROM t WHERE a = 'lim';
WITH l AS (INSERT INTO log VALUES ('local', 1) RETURNING *) INSERT INTO t (k, a) SELECT 53, what FROM l RETURNING a;
WITH ins AS (INSERT INTO t (k, a) VALUES (54, 'x') RETURNING k) INSERT INTO log SELECT 'from t', k FROM ins;
WITH ins AS (INSERT INTO t (k) VALUES (1) RETURNING k) SELECT * FROM ins;
WITH ins AS (INSERT INTO t (k) VALUES (55), (1) RETURNING k) SELECT 1;
SELECT * FROM log ORDER BY what, k;
SELECT * FROM t ORDER BY k;
SELECT * FROM u ORDER BY k;
WITH gone AS (DELETE FROM t WHERE k BETWEEN 200 AND 230 RETURNING k, a) INSERT INTO u (k, note) SELECT k, a FROM gone;
SELECT count(*) FROM u WHERE note = 'lim';
WITH gone AS (DELETE FROM t WHERE k BETWEEN 100 AND 109 RETURNING k) INSERT INTO t (k, a) SELECT k + 1000, 'moved' FROM gone;
WITH gone AS (DELETE FROM t WHERE a = 'moved' RETURNING k) INSERT INTO t (k, a) SELECT k - 1000, 'moved' FROM gone RETURNING k;
SELECT count(*), min(k), max(k) FROM t WHERE a = 'moved';
-- Get or create.
WITH ins AS (INSERT INTO t (k, a) VALUES (1, 'x'), (500, 'y') ON CONFLICT (k) DO NOTHING RETURNING k, a)
    SELECT 'new' AS how, k, a FROM ins UNION ALL SELECT 'old', k, a FROM t WHERE k IN (1, 500);
WITH ins AS (INSERT INTO t (k, a) SELECT x, 'src' FROM generate_series(498, 503) AS x WHERE NOT EXISTS (SELECT FROM t WHERE t.k = x) RETURNING k)
    SELECT ins.k, t.a FROM ins FULL JOIN t ON t.k = ins.k WHERE ins.k IS NOT NULL OR t.k >= 498;
WITH up AS (INSERT INTO t (k, a) VALUES (2, 'up2'), (505, 'up2') ON CONFLICT (k) DO UPDATE SET a = excluded.a RETURNING k, a)
    SELECT up.k, up.a, t.a AS old FROM up LEFT JOIN t USING (k) ORDER BY 1;
-- Views.
CREATE VIEW simple AS SELECT k, a, n FROM t WHERE n = 5;
CREATE VIEW checked AS SELECT k, a, n FROM t WHERE n = 5 WITH CHECK OPTION;
CREATE VIEW renamed AS SELECT a AS label, k AS id FROM t;
INSERT INTO simple (k, a) VALUES (300, 'through a view') RETURNING *;
INSERT INTO simple VALUES (301, 'not seen there', 6);
INSERT INTO checked VALUES (302, 'not allowed', 6);
INSERT INTO checked VALUES (303, 'allowed', 5), (304, 'allowed too', DEFAULT) RETURNING *;
INSERT INTO checked (k, a) VALUES (305, 'default');
INSERT INTO checked VALUES (303, 'again', 6), (307, 'new', 5) ON CONFLICT DO NOTHING RETURNING *;
INSERT INTO checked VALUES (308, 'new', 6) ON CONFLICT DO NOTHING;
INSERT INTO checked VALUES (303, 'again', 6), (309, 'new', 5) ON CONFLICT (k) DO UPDATE SET a = excluded.a RETURNING *;
INSERT INTO checked VALUES (303, 'again', 5) ON CONFLICT (k) DO UPDATE SET n = 6;
INSERT INTO checked VALUES (320, 'again', 6) ON CONFLICT (k) DO UPDATE SET n = 6;
INSERT INTO renamed VALUES ('label', 306) RETURNING id, label;
INSERT INTO renamed (id) SELECT g FROM generate_series(310, 319) AS g;
SELECT count(*) FROM simple;
SELECT * FROM t WHERE k BETWEEN 300 AND 306 ORDER BY k;
DROP VIEW simple, checked, renamed;
DROP TABLE t, u, log;
