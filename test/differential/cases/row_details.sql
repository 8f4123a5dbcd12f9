-- variants: distributed reference mixed single onenode
-- Row locks, samples, system columns, whole rows, cursors, row-level security, rights on columns.
CREATE SCHEMA details;
SET search_path TO details;
CREATE TABLE a (k int PRIMARY KEY, g int, t text);
-- distribute: create_distributed_table('details.a', 'k', shard_count := 4)
CREATE TABLE b (id int PRIMARY KEY, k int, n numeric);
-- distribute: create_distributed_table('details.b', 'id', colocate_with := 'details.a')
CREATE TABLE "Mixed" ("Key" int PRIMARY KEY, "v w" text);
-- distribute: create_distributed_table('details."Mixed"', 'Key', colocate_with := 'details.a')
INSERT INTO a SELECT i, i % 5, 't' || i FROM generate_series(1, 40) i;
INSERT INTO b SELECT i, i % 10, i * 1.5 FROM generate_series(1, 40) i;
INSERT INTO "Mixed" SELECT i, 'm' || i FROM generate_series(1, 10) i;

-- Samples: all, nothing, arguments that are wrong.
SELECT count(*) FROM a TABLESAMPLE bernoulli (100);
SELECT count(*) FROM a TABLESAMPLE system (100) WHERE g = 1;
SELECT count(*) FROM a TABLESAMPLE bernoulli (0);
SELECT count(*) FROM a TABLESAMPLE bernoulli (100) REPEATABLE (3) JOIN b ON a.g = b.k;
SELECT count(*) FROM a TABLESAMPLE bernoulli (101);
-- How much is sampled depends on another row.
SELECT * FROM (VALUES (0), (100)) v(share), LATERAL (SELECT count(*) FROM a TABLESAMPLE bernoulli (share)) n;
SELECT * FROM (VALUES (0), (100)) v(share), LATERAL (SELECT count(*), sum(g) FROM a TABLESAMPLE system (share) REPEATABLE (share + 1) WHERE g > 0) n;
SELECT share, (SELECT count(*) FROM a TABLESAMPLE bernoulli (share)) FROM (VALUES (0), (100)) v(share);
SELECT b.k, n.* FROM b, LATERAL (SELECT count(*) FROM a TABLESAMPLE bernoulli (CASE WHEN b.k = 1 THEN 100 ELSE 0 END) JOIN b c ON a.g = c.k) n;
SELECT count(*) FROM a TABLESAMPLE bernoulli (NULL);
SELECT count(*) FROM a TABLESAMPLE system (100) REPEATABLE (NULL);
SELECT count(*) BETWEEN 0 AND 40 FROM a TABLESAMPLE bernoulli (50);
SELECT (SELECT count(*) FROM a TABLESAMPLE bernoulli (40) REPEATABLE (7)) = (SELECT count(*) FROM a TABLESAMPLE bernoulli (40) REPEATABLE (7));
SELECT x, (SELECT count(*) FROM a TABLESAMPLE bernoulli (x * 100)) FROM generate_series(0, 1) x;

-- System columns and whole rows.
SELECT tableoid::regclass, count(*) FROM a GROUP BY 1;
SELECT tableoid = 'details.a'::regclass, k FROM a WHERE k = 3;
SELECT DISTINCT tableoid::regclass FROM "Mixed";
SELECT count(*) FROM a WHERE ctid IS NOT NULL AND xmin IS NOT NULL AND cmin IS NOT NULL;
SELECT xmax = 0, cmax IS NOT NULL FROM a WHERE k = 3;
SELECT a FROM a WHERE k = 3;
SELECT a FROM a ORDER BY a LIMIT 3;
SELECT (a).t, row_to_json(a), a.* FROM a WHERE g = 2 ORDER BY k LIMIT 2;
SELECT a, b FROM a JOIN b ON a.g = b.k ORDER BY a, b LIMIT 3;
SELECT a IS NULL, count(a), count(*) FROM b LEFT JOIN a ON b.n = a.k GROUP BY 1 ORDER BY 1;
SELECT "Mixed" FROM "Mixed" ORDER BY "Key" DESC LIMIT 2;
SELECT count(DISTINCT a) FROM a;
SELECT a = ROW(3, 3, 't3')::a FROM a WHERE k = 3;
SELECT count(*) FROM a x JOIN a y ON x = y;
UPDATE a SET t = (a.*)::text WHERE k = 5 RETURNING a;
DELETE FROM a WHERE a = ROW(5, 0, '(5,0,t5)')::a RETURNING a.*, tableoid::regclass;
INSERT INTO a VALUES (5, 0, 't5') RETURNING a, tableoid::regclass;
UPDATE a SET g = g WHERE ctid IN (SELECT ctid FROM a WHERE k = 7) AND k = 7 RETURNING k;

-- Locks.
BEGIN;
SELECT * FROM a WHERE k = 3 FOR UPDATE;
SELECT k FROM a WHERE g = 1 ORDER BY k FOR UPDATE;
SELECT k FROM a ORDER BY k LIMIT 3 FOR UPDATE;
SELECT k FROM a WHERE t LIKE 't1%' ORDER BY k FOR NO KEY UPDATE NOWAIT;
SELECT k FROM a ORDER BY k LIMIT 2 OFFSET 3 FOR SHARE SKIP LOCKED;
SELECT a.k, b.id FROM a JOIN b ON a.g = b.k ORDER BY 1, 2 LIMIT 4 FOR UPDATE OF a FOR KEY SHARE OF b;
SELECT a.k, b.id FROM a JOIN b ON a.k = b.id WHERE a.g = 2 ORDER BY 1 FOR UPDATE;
SELECT a.k, b.id FROM a LEFT JOIN b ON a.k = b.id + 35 ORDER BY 1, 2 LIMIT 3 FOR UPDATE OF a;
SELECT * FROM (SELECT k FROM a WHERE g = 1 ORDER BY k FOR UPDATE) s ORDER BY k;
SELECT * FROM (SELECT k, g FROM a ORDER BY k LIMIT 2) s FOR UPDATE;
WITH l AS (SELECT k FROM a WHERE g = 3 FOR UPDATE) SELECT count(*) FROM l;
WITH l AS (SELECT k FROM a WHERE g = 3 ORDER BY k LIMIT 2 FOR UPDATE SKIP LOCKED) UPDATE a SET t = 'locked' FROM l WHERE a.k = l.k RETURNING a.k;
SELECT g, count(*) FROM a GROUP BY g FOR UPDATE;
SELECT DISTINCT g FROM a FOR UPDATE;
ROLLBACK;
BEGIN;
SELECT count(*) FROM a UNION SELECT 1 FOR UPDATE;
ROLLBACK;

-- Cursors.
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT k, g FROM a ORDER BY k;
FETCH 3 FROM c;
FETCH BACKWARD 2 FROM c;
FETCH LAST FROM c;
FETCH ABSOLUTE 5 FROM c;
FETCH RELATIVE -2 FROM c;
MOVE FORWARD ALL IN c;
FETCH PRIOR FROM c;
CLOSE c;
DECLARE h CURSOR WITH HOLD FOR SELECT a.k, b.n FROM a JOIN b ON a.g = b.k ORDER BY 1, 2;
FETCH 2 FROM h;
COMMIT;
FETCH 2 FROM h;
CLOSE h;
-- Views and materialized views.
CREATE VIEW v AS SELECT k, g FROM a WHERE g < 3;
SELECT count(*) FROM v;
SELECT * FROM v WHERE k = 6;
CREATE VIEW vb WITH (security_barrier) AS SELECT k, t FROM a WHERE g = 1;
CREATE FUNCTION leak(text) RETURNS bool LANGUAGE plpgsql COST 0.0001 AS $$ BEGIN RAISE NOTICE 'saw %', $1; RETURN true; END $$;
SELECT * FROM vb WHERE leak(t) AND k < 12 ORDER BY k;
UPDATE vb SET t = 'barrier' WHERE k = 6 RETURNING *;
DELETE FROM vb WHERE k = 11;
CREATE VIEW vc AS SELECT * FROM a WHERE g < 3 WITH CHECK OPTION;
INSERT INTO vc VALUES (100, 4, 'x');
INSERT INTO vc VALUES (100, 2, 'x') RETURNING *;
UPDATE vc SET g = 4 WHERE k = 100;
UPDATE vc SET g = 1 WHERE k = 100 RETURNING *;
UPDATE vc SET g = g + 1;
DELETE FROM vc WHERE k = 100;
CREATE MATERIALIZED VIEW m AS SELECT g, count(*) n, sum(k) s FROM a GROUP BY g;
CREATE UNIQUE INDEX ON m (g);
SELECT * FROM m ORDER BY g;
INSERT INTO a VALUES (41, 1, 'new'), (42, 9, 'new');
REFRESH MATERIALIZED VIEW CONCURRENTLY m;
SELECT * FROM m ORDER BY g;
REFRESH MATERIALIZED VIEW m WITH NO DATA;
SELECT * FROM m;
REFRESH MATERIALIZED VIEW m;
SELECT count(*) FROM m;

-- Row-level security.
CREATE TABLE p (k int PRIMARY KEY, owner text, v int);
-- distribute: create_distributed_table('details.p', 'k', colocate_with := 'details.a')
INSERT INTO p SELECT i, CASE WHEN i % 2 = 0 THEN 'even' ELSE 'odd' END, i * 10 FROM generate_series(1, 20) i;
-- A role is of the whole server, and the plain side and other runs share one.
DO $$ BEGIN CREATE ROLE details_user; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
-- only-distributed
SELECT run_command_on_workers($x$DO $$ BEGIN CREATE ROLE details_user; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$$x$);
GRANT USAGE ON SCHEMA details TO details_user;
GRANT ALL ON p TO details_user;
GRANT SELECT ON b TO details_user;
ALTER TABLE p ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON p FOR SELECT TO details_user USING (owner = 'even');
CREATE POLICY ins ON p FOR INSERT TO details_user WITH CHECK (owner = 'even' AND v < 1000);
CREATE POLICY upd ON p FOR UPDATE TO details_user USING (owner = 'even' AND v > 20) WITH CHECK (v < 500);
CREATE POLICY del ON p FOR DELETE TO details_user USING (v >= 100);
SET ROLE details_user;
SELECT * FROM p ORDER BY k;
SELECT * FROM p WHERE k = 3;
SELECT count(*) FROM p JOIN b ON p.k = b.k;
SELECT owner, sum(v) FROM p GROUP BY owner;
INSERT INTO p VALUES (30, 'even', 30) RETURNING *;
INSERT INTO p VALUES (31, 'odd', 30);
INSERT INTO p VALUES (32, 'even', 3000);
INSERT INTO p SELECT id + 100, 'even', 7 FROM b WHERE id < 4;
INSERT INTO p SELECT id + 200, 'odd', 7 FROM b WHERE id < 4;
INSERT INTO p VALUES (30, 'even', 31) ON CONFLICT (k) DO UPDATE SET v = 77 RETURNING *;
INSERT INTO p VALUES (30, 'even', 31) ON CONFLICT (k) DO UPDATE SET v = 777 RETURNING *;
INSERT INTO p VALUES (3, 'even', 31) ON CONFLICT (k) DO UPDATE SET v = 77 RETURNING *;
INSERT INTO p VALUES (3, 'even', 31) ON CONFLICT (k) DO NOTHING;
UPDATE p SET v = v + 1 WHERE k = 4 RETURNING *;
UPDATE p SET v = v + 1 WHERE k = 2 RETURNING *;
UPDATE p SET v = v + 1 WHERE k = 3;
UPDATE p SET v = 900 WHERE k = 4;
UPDATE p SET v = v + 1;
UPDATE p SET v = v * 10;
UPDATE p SET owner = 'odd' WHERE k = 4;
UPDATE p SET v = v + 1 FROM b WHERE b.k = p.k AND b.id < 10 RETURNING p.k, p.v;
DELETE FROM p WHERE k = 6;
DELETE FROM p WHERE k = 12 RETURNING *;
DELETE FROM p WHERE v > 150 RETURNING k;
DELETE FROM p USING b WHERE b.id = p.k AND b.id = 14 RETURNING p.k;
BEGIN;
SELECT k FROM p WHERE k < 10 ORDER BY k FOR UPDATE;
ROLLBACK;
COPY p TO STDOUT;
TRUNCATE p;
PREPARE see_p(int) AS SELECT * FROM p WHERE k = $1;
EXECUTE see_p(3);
EXECUTE see_p(4);
RESET ROLE;
EXECUTE see_p(3);
SELECT * FROM p ORDER BY k;
ALTER TABLE p FORCE ROW LEVEL SECURITY;
SELECT count(*) FROM p;
ALTER TABLE p NO FORCE ROW LEVEL SECURITY;
CREATE POLICY sub ON p FOR SELECT TO details_user USING (k IN (SELECT k FROM b WHERE id < 6));
SET ROLE details_user;
SELECT * FROM p ORDER BY k;
UPDATE p SET v = 50 WHERE k = 3;
RESET ROLE;
ALTER TABLE p DISABLE ROW LEVEL SECURITY;

-- Rights on columns.
CREATE TABLE s (k int PRIMARY KEY, open text, secret text);
-- distribute: create_distributed_table('details.s', 'k', colocate_with := 'details.a')
INSERT INTO s SELECT i, 'o' || i, 's' || i FROM generate_series(1, 10) i;
GRANT SELECT (k, open), UPDATE (open), INSERT (k, open) ON s TO details_user;
SET ROLE details_user;
SELECT k, open FROM s ORDER BY k LIMIT 3;
SELECT open FROM s WHERE k = 3;
SELECT * FROM s;
SELECT secret FROM s WHERE k = 3;
SELECT count(*) FROM s WHERE secret = 's3';
SELECT s FROM s;
SELECT count(*) FROM s;
SELECT count(*) FROM s JOIN b ON s.k = b.k;
UPDATE s SET open = 'changed' WHERE k = 3 RETURNING k, open;
UPDATE s SET open = 'changed' WHERE k = 3 RETURNING *;
UPDATE s SET open = open || '!';
UPDATE s SET secret = 'x' WHERE k = 3;
UPDATE s SET open = secret;
INSERT INTO s (k, open) VALUES (20, 'in') RETURNING k;
INSERT INTO s VALUES (21, 'in', 'secret');
DELETE FROM s WHERE k = 3;
SELECT k FROM s WHERE k = 3 FOR UPDATE;
RESET ROLE;
SELECT * FROM s ORDER BY k;
DROP SCHEMA details CASCADE;
