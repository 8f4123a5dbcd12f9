-- variants: distributed reference single onenode
-- ON CONFLICT: targets, actions, what is written how often, and what comes back.
CREATE TABLE t (k int PRIMARY KEY, a text, n int DEFAULT 0, at timestamptz, l int[], CONSTRAINT t_n CHECK (n < 1000));
CREATE TABLE m (k int, b text, c int, d text, PRIMARY KEY (k, b));
CREATE UNIQUE INDEX m_lower ON m (k, lower(d));
CREATE UNIQUE INDEX m_partial ON m (k, c) WHERE c > 10;
CREATE TABLE "Up" ("K" text COLLATE "C" UNIQUE, "V v" int);
CREATE TABLE src (k int, a text, n int);
CREATE SEQUENCE sq;
INSERT INTO src SELECT g, 's' || g, g FROM generate_series(1, 20) AS g;
-- distribute: create_distributed_table('t', 'k')
-- distribute: create_distributed_table('m', 'k')
-- distribute: create_distributed_table('"Up"', 'K')
INSERT INTO t (k, a) VALUES (1, 'one'), (2, 'two'), (3, 'three');
INSERT INTO t (k, a) VALUES (1, 'x'), (4, 'four') ON CONFLICT DO NOTHING;
INSERT INTO t (k, a) VALUES (1, 'x'), (5, 'five'), (2, 'y'), (6, 'six') ON CONFLICT (k) DO NOTHING RETURNING *;
-- ordered
INSERT INTO t (k, a) VALUES (14, 'x'), (1, 'no'), (13, 'y'), (2, 'no'), (12, 'z'), (11, 'w') ON CONFLICT DO NOTHING RETURNING k, a;
INSERT INTO t (k, a) VALUES (7, 'x'), (7, 'y') ON CONFLICT DO NOTHING RETURNING a;
INSERT INTO t (k, a) VALUES (1, 'x'), (2, 'y') ON CONFLICT DO NOTHING RETURNING 1;
INSERT INTO t (k, a) VALUES (1, 'new'), (20, 'twenty') ON CONFLICT (k) DO UPDATE SET a = excluded.a RETURNING k, a, n;
-- ordered
INSERT INTO t (k, a) VALUES (24, 'x'), (1, 'u'), (23, 'y'), (2, 'u'), (22, 'z'), (21, 'w') ON CONFLICT (k) DO UPDATE SET a = t.a || excluded.a RETURNING k, a;
-- ordered
INSERT INTO t (k, a) VALUES (34, 'x'), (1, 'u'), (33, 'y'), (2, 'u'), (32, 'z') ON CONFLICT (k) DO UPDATE SET a = t.a || excluded.a WHERE t.k <> 1 RETURNING k, a;
INSERT INTO t (k, a) VALUES (1, 'a') ON CONFLICT ON CONSTRAINT t_pkey DO UPDATE SET a = 'by name', n = t.n + 1 RETURNING *;
INSERT INTO t AS x (k, n) VALUES (1, 10), (2, 20) ON CONFLICT (k) DO UPDATE SET n = x.n + excluded.n WHERE x.n < 5 RETURNING x.*;
INSERT INTO t (k, n) VALUES (1, 10), (2, 20) ON CONFLICT (k) DO UPDATE SET (n, a) = (excluded.n, excluded.a || 'null') RETURNING *;
INSERT INTO t (k, n) VALUES (1, 10) ON CONFLICT (k) DO UPDATE SET n = DEFAULT, l[2] = 7 RETURNING *;
INSERT INTO t (k, n) VALUES (1, 10) ON CONFLICT (k) DO UPDATE SET k = excluded.k, a = 'same key' RETURNING *;
INSERT INTO t (k, n) VALUES (1, 10) ON CONFLICT (k) DO UPDATE SET k = t.k RETURNING k;
INSERT INTO t (k) VALUES (1), (41) ON CONFLICT (k) DO UPDATE SET at = now() RETURNING k, at = now();
INSERT INTO t (k) VALUES (1), (42) ON CONFLICT (k) DO UPDATE SET at = '2020-02-02 02:02+00', a = current_user || '' RETURNING k, at, a = current_user;
INSERT INTO t (k) VALUES (1), (43) ON CONFLICT (k) DO UPDATE SET n = t.n + 1 RETURNING k, n, (xmax = 0) AS inserted;
-- Expressions that the shard can't evaluate, but the coordinator can for each row.
CREATE FUNCTION twice(i int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT i * 2';
CREATE FUNCTION said(t text) RETURNS text LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN t || ''!''; END';
INSERT INTO t (k, n) VALUES (1, 11), (2, 12), (50, 13) ON CONFLICT (k) DO UPDATE SET n = twice(excluded.n) RETURNING k, n;
INSERT INTO t (k, a) VALUES (1, 'a'), (2, 'b'), (51, 'c') ON CONFLICT (k) DO UPDATE SET a = said(excluded.a), n = nextval('sq')::int RETURNING k, a;
INSERT INTO t (k, a) VALUES (1, 'a'), (2, 'b') ON CONFLICT (k) DO UPDATE SET a = t.a || said(excluded.a) RETURNING k, a;
INSERT INTO t (k) VALUES (1), (2) ON CONFLICT (k) DO UPDATE SET n = (SELECT max(n) FROM src) RETURNING k, n;
INSERT INTO t (k) VALUES (1), (2) ON CONFLICT (k) DO UPDATE SET n = (SELECT src.n FROM src WHERE src.k = excluded.k) + t.k RETURNING k, n;
INSERT INTO t (k) VALUES (1), (2) ON CONFLICT (k) DO UPDATE SET n = t.n + 1 WHERE EXISTS (SELECT 1 FROM src WHERE src.k = excluded.k) RETURNING k, n;
INSERT INTO t (k, n) VALUES (1, 3), (2, 3), (55, 3) ON CONFLICT (k) DO UPDATE SET n = twice(t.n) + excluded.n, a = said(t.a) RETURNING *;
INSERT INTO t (k, n) VALUES (1, 3), (2, 3), (56, 3) ON CONFLICT (k) DO UPDATE SET n = 1 WHERE twice(t.n) > 100 RETURNING k, n, (xmax = 0) AS new;
INSERT INTO t (k, n) VALUES (1, 3), (2, 3), (57, 3) ON CONFLICT (k) DO UPDATE SET a = (SELECT string_agg(src.a, ',' ORDER BY src.k) FROM src WHERE src.k <= t.k) RETURNING k, a, (xmax = 0) AS new;
INSERT INTO t (k, n) VALUES (1, 3), (2, 3), (58, 3) ON CONFLICT (k) DO UPDATE SET (a, n) = (SELECT src.a, src.n FROM src WHERE src.k = t.k + excluded.n) RETURNING k, a, n;
INSERT INTO t (k, n) VALUES (1, 3), (2, 3) ON CONFLICT (k) DO UPDATE SET a = t::text || excluded::text, l[1] = 5, l[3] = 6 RETURNING k, l, length(a) > 10;
INSERT INTO t (k, n) VALUES (1, 5000) ON CONFLICT (k) DO UPDATE SET n = twice(t.n);
INSERT INTO t (k, n) VALUES (1, 500) ON CONFLICT (k) DO UPDATE SET n = twice(excluded.n);
INSERT INTO t (k) VALUES (1), (2), (59) ON CONFLICT (k) DO UPDATE SET n = nextval('sq');
SELECT nextval('sq') - (SELECT max(n) FROM t);
INSERT INTO t (k) SELECT g FROM generate_series(1, 70) AS g ON CONFLICT (k) DO UPDATE SET n = twice(t.n) WHERE twice(t.k) < 20 RETURNING k, n;
INSERT INTO t (k) VALUES (1), (60), (61), (2), (1) ON CONFLICT (k) DO UPDATE SET n = twice(excluded.k);
-- Twice the same row.
INSERT INTO t (k, a) VALUES (70, 'a'), (71, 'b'), (70, 'c') ON CONFLICT (k) DO UPDATE SET a = excluded.a;
INSERT INTO t (k, a) VALUES (1, 'a'), (1, 'b') ON CONFLICT (k) DO UPDATE SET a = excluded.a;
INSERT INTO t (k, a) VALUES (1, 'a'), (1, 'b') ON CONFLICT (k) DO UPDATE SET a = excluded.a WHERE false;
INSERT INTO t (k) SELECT g % 1500 + 1000 FROM generate_series(1, 1500) AS g ON CONFLICT (k) DO UPDATE SET n = 1;
INSERT INTO t (k) SELECT g % 1500 + 1000 FROM generate_series(1, 1501) AS g ON CONFLICT (k) DO UPDATE SET n = t.n + 1;
INSERT INTO t (k) SELECT g % 1500 + 1000 FROM generate_series(1, 1500) AS g ON CONFLICT (k) DO UPDATE SET n = t.n + 1;
INSERT INTO t (k) SELECT g % 1500 + 1000 FROM generate_series(1, 1501) AS g ON CONFLICT (k) DO UPDATE SET n = 1 WHERE t.k = 5000;
INSERT INTO t (k) SELECT g % 1500 + 1000 FROM generate_series(1, 3001) AS g ON CONFLICT (k) DO NOTHING;
INSERT INTO t (k) SELECT g % 1500 + 4000 FROM generate_series(1, 3001) AS g ON CONFLICT (k) DO NOTHING;
SELECT count(*), sum(n) FROM t;
-- What is refused.
INSERT INTO t (k, n) VALUES (1, 5000) ON CONFLICT (k) DO NOTHING;
INSERT INTO t (k, n) VALUES (1, 5) ON CONFLICT (k) DO UPDATE SET n = 5000;
INSERT INTO t (k, n) VALUES (1, 5) ON CONFLICT (n) DO NOTHING;
INSERT INTO t (k, n) VALUES (1, 5) ON CONFLICT ON CONSTRAINT no_such DO NOTHING;
INSERT INTO t (k, n) VALUES (1, 5) ON CONFLICT DO UPDATE SET n = 1;
INSERT INTO t (k, n) VALUES (1, 5) ON CONFLICT (k) DO UPDATE SET nothing = 1;
-- Several columns, expressions, partial indexes.
INSERT INTO m VALUES (1, 'a', 5, 'D'), (1, 'b', 15, 'E'), (2, 'a', 15, 'F');
INSERT INTO m VALUES (1, 'a', 6, 'G'), (1, 'c', 6, 'H') ON CONFLICT (k, b) DO UPDATE SET c = excluded.c RETURNING *;
INSERT INTO m VALUES (1, 'z', 7, 'e') ON CONFLICT (k, lower(d)) DO UPDATE SET c = 99, d = 'EE' RETURNING *;
INSERT INTO m VALUES (2, 'y', 15, 'y') ON CONFLICT (k, c) WHERE c > 10 DO UPDATE SET d = 'partial' RETURNING *;
INSERT INTO m VALUES (2, 'x', 15, 'x') ON CONFLICT (k, c) WHERE c > 12 DO NOTHING RETURNING *;
INSERT INTO m VALUES (2, 'x', 15, 'x') ON CONFLICT (k, c) DO NOTHING;
INSERT INTO m VALUES (2, 'w', 15, 'x') ON CONFLICT (k, b) DO NOTHING;
INSERT INTO m VALUES (2, 'w', 15, 'F'), (3, 'w', 1, NULL), (3, 'v', 1, NULL) ON CONFLICT DO NOTHING RETURNING *;
INSERT INTO m SELECT g % 4, 'n' || g, g, 'd' || g FROM generate_series(1, 40) AS g ON CONFLICT DO NOTHING RETURNING k, b;
SELECT * FROM m ORDER BY k, b;
INSERT INTO "Up" VALUES ('a', 1), ('B', 2), (NULL, 3), (NULL, 4) ON CONFLICT ("K") DO UPDATE SET "V v" = -1;
INSERT INTO "Up" VALUES ('a', 5), ('b', 6), (NULL, 7) ON CONFLICT ("K") DO UPDATE SET "V v" = "Up"."V v" + excluded."V v" RETURNING *;
INSERT INTO "Up" AS "u p" VALUES ('a', 5) ON CONFLICT ("K" COLLATE "C") DO UPDATE SET "V v" = "u p"."V v" * 2 WHERE "u p"."K" = excluded."K" RETURNING *;
SELECT * FROM "Up" ORDER BY 1, 2;
-- From queries and within other statements.
INSERT INTO t (k, a, n) SELECT k, a, n FROM src ON CONFLICT (k) DO UPDATE SET a = excluded.a, n = excluded.n;
INSERT INTO t (k, a, n) SELECT k, a, n FROM t WHERE k < 10 ON CONFLICT (k) DO UPDATE SET n = t.n + 100 RETURNING k, n;
WITH up AS (INSERT INTO t (k, a) VALUES (1, 'cte'), (80, 'cte') ON CONFLICT (k) DO UPDATE SET a = excluded.a RETURNING k, a) SELECT * FROM up ORDER BY k;
WITH up AS (INSERT INTO t (k, a) VALUES (1, 'cte2'), (81, 'cte2') ON CONFLICT (k) DO NOTHING RETURNING k) SELECT count(*) FROM up;
SELECT k, a, n FROM t WHERE k < 100 ORDER BY k;
PREPARE up (int, text) AS INSERT INTO t (k, a) VALUES ($1, $2) ON CONFLICT (k) DO UPDATE SET a = excluded.a || $2, n = t.n + $1 WHERE t.k = $1 RETURNING k, a, n;
EXECUTE up (1, 'p');
EXECUTE up (2, 'p');
EXECUTE up (82, 'p');
EXECUTE up (82, 'q');
EXECUTE up (83, 'r');
EXECUTE up (83, 's');
EXECUTE up (83, NULL);
EXECUTE up (83, 't');
EXECUTE up (NULL, 't');
EXECUTE up (84, 'u');
EXECUTE up (84, 'v');
BEGIN;
INSERT INTO t (k, a) VALUES (1, 'tx') ON CONFLICT (k) DO UPDATE SET a = 'first';
INSERT INTO t (k, a) VALUES (1, 'tx') ON CONFLICT (k) DO UPDATE SET a = t.a || ' second';
INSERT INTO t (k, a) VALUES (90, 'new') ON CONFLICT (k) DO UPDATE SET a = t.a || ' again';
INSERT INTO t (k, a) VALUES (90, 'new') ON CONFLICT (k) DO UPDATE SET a = t.a || ' again';
COMMIT;
SELECT k, a FROM t WHERE k IN (1, 90) ORDER BY k;
DROP FUNCTION twice, said;
DROP TABLE t, m, "Up", src;
