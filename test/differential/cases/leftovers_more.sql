-- variants: distributed reference mixed single onenode
-- Found by PostgreSQL's scripts with every table distributed.
CREATE TABLE t (a int, b text DEFAULT 'xxx', c int);
CREATE TABLE u (k int PRIMARY KEY, v text);
CREATE TABLE parents (id int PRIMARY KEY, v text);
CREATE TABLE children (id int PRIMARY KEY, parent int, v text);
CREATE TABLE stored (k int PRIMARY KEY, t text COMPRESSION pglz);
-- distribute: create_distributed_table('t', 'a')
-- distribute: create_distributed_table('u', 'k')
-- distribute: create_distributed_table('parents', 'id')
-- distribute: create_distributed_table('children', 'id')
-- distribute: create_distributed_table('stored', 'k')
-- A rule's OLD stands behind what refers to it
CREATE VIEW v AS SELECT * FROM t;
CREATE RULE v_ins AS ON INSERT TO v DO ALSO INSERT INTO t SELECT * FROM (SELECT a + 10 FROM t WHERE a = NEW.a) tt;
CREATE RULE v_upd AS ON UPDATE TO v DO ALSO UPDATE t x SET c = tt.a * 10 FROM (SELECT a FROM t WHERE a = OLD.a) tt WHERE x.a = tt.a;
CREATE RULE v_del AS ON DELETE TO v DO ALSO DELETE FROM t x USING (SELECT a + 10 AS a FROM t WHERE a = OLD.a) tt, LATERAL (SELECT tt.a AS b FROM t WHERE t.a = tt.a) uu WHERE x.a = uu.b;
INSERT INTO v VALUES (1, 'a'), (2, 'b'), (3, 'c');
UPDATE v SET b = upper(b);
SELECT * FROM t ORDER BY a;
DELETE FROM v WHERE a = 2;
SELECT * FROM t ORDER BY a;
UPDATE v SET b = 'one' WHERE a = 1;
SELECT * FROM t ORDER BY a;
SELECT x.a, y.n FROM t x, LATERAL (SELECT count(*) AS n FROM t z WHERE z.a <= x.a) y ORDER BY 1;
-- EXPLAIN of a MERGE whose actions have correlated sub-selects
-- only-distributed
EXPLAIN (VERBOSE, COSTS OFF) WITH cte AS MATERIALIZED (SELECT 1 a, 'c' b) MERGE INTO u USING (SELECT 0 k, 'm' v OFFSET 0) o ON u.k = o.k WHEN MATCHED THEN UPDATE SET v = (SELECT b || ' x' FROM cte WHERE cte.a = u.k LIMIT 1) WHEN NOT MATCHED THEN INSERT VALUES (o.k, o.v);
INSERT INTO u VALUES (1, 'one'), (2, 'two');
WITH cte AS MATERIALIZED (SELECT 1 a, 'c' b) MERGE INTO u USING (SELECT g AS k, 'm' || g AS v FROM generate_series(0, 2) g OFFSET 0) o ON u.k = o.k WHEN MATCHED THEN UPDATE SET v = (SELECT b || ' x' FROM cte WHERE cte.a = u.k LIMIT 1) WHEN NOT MATCHED THEN INSERT VALUES (o.k, o.v);
SELECT * FROM u ORDER BY k;
-- Transition tables whose rows move to the shards
CREATE FUNCTION parents_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    x int;
BEGIN
    WITH p AS (SELECT id, sum(d) FROM (SELECT id, 1 AS d FROM i UNION ALL SELECT id, -1 FROM d) w GROUP BY id HAVING sum(d) < 0)
    SELECT p.id INTO x FROM p JOIN children c ON c.parent = p.id ORDER BY 1 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'parent % has children', x;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER parents_changed AFTER UPDATE ON parents REFERENCING OLD TABLE AS d NEW TABLE AS i FOR EACH STATEMENT EXECUTE FUNCTION parents_changed();
INSERT INTO parents SELECT g, 'p' || g FROM generate_series(1, 20) g;
INSERT INTO children SELECT g, g % 10, 'c' || g FROM generate_series(1, 30) g;
UPDATE parents SET id = id + 100 WHERE id = 5;
UPDATE parents SET id = id + 100 WHERE id > 15;
UPDATE parents SET v = 'x' WHERE id < 4;
SELECT count(*), sum(id) FROM parents;
-- How values are stored
INSERT INTO stored SELECT g, repeat('x', 100 * g) FROM generate_series(1, 60) g;
SELECT pg_column_size(t), pg_column_compression(t) FROM stored WHERE k = 59;
SELECT count(DISTINCT pg_column_compression(t)), sum(pg_column_size(t)), max(pg_column_size(t)) FROM stored;
SELECT pg_column_size(t) > 100, count(*) FROM stored GROUP BY 1 ORDER BY 1;
-- A role without LOGIN
DO $$ BEGIN CREATE ROLE leftovers_owner; CREATE ROLE "leftovers owner 2"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
-- only-distributed
SELECT count(*) FROM run_command_on_workers($x$DO $$ BEGIN CREATE ROLE leftovers_owner; CREATE ROLE "leftovers owner 2"; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$$x$);
GRANT ALL ON SCHEMA public TO leftovers_owner, "leftovers owner 2";
SET ROLE "leftovers owner 2";
CREATE TABLE owned (k int PRIMARY KEY, v int);
-- distribute: create_distributed_table('owned', 'k')
INSERT INTO owned SELECT g, g FROM generate_series(1, 10) g;
VACUUM owned;
ANALYZE owned;
VACUUM (ANALYZE) owned;
CREATE INDEX CONCURRENTLY owned_v ON owned (v);
REINDEX INDEX CONCURRENTLY owned_v;
DROP INDEX CONCURRENTLY owned_v;
-- only-distributed
SELECT citus_table_size('owned') > 0, (SELECT bool_and(success) FROM run_command_on_workers('SELECT current_user'));
RESET ROLE;
SET ROLE leftovers_owner;
CREATE TABLE granted (k int PRIMARY KEY, v int);
-- distribute: create_distributed_table('granted', 'k')
GRANT SELECT ON granted TO "leftovers owner 2";
-- any-error
DROP OWNED BY "leftovers owner 2";
RESET ROLE;
SET ROLE "leftovers owner 2";
SELECT count(*) FROM granted;
DROP OWNED BY "leftovers owner 2";
SELECT * FROM owned;
RESET ROLE;
DROP OWNED BY leftovers_owner, "leftovers owner 2";
-- SET of several columns from one sub-select, in another order than the table's
CREATE TYPE two AS (x int, y text);
CREATE TABLE several (k int PRIMARY KEY, a int, b int, c text, d int[], e two);
-- distribute: create_distributed_table('several', 'k')
INSERT INTO several SELECT g, g, g * 10, 'c' || g, ARRAY[g, g], ROW(g, 'e' || g) FROM generate_series(1, 6) g;
UPDATE several SET (b, a) = (SELECT 1, 2) WHERE k = 1 RETURNING *;
UPDATE several SET (b, a) = (SELECT 1, 2) WHERE k < 3;
UPDATE several SET (b, a) = (SELECT s.a, s.b);
SELECT * FROM several s ORDER BY k;
UPDATE several SET (b, a) = (SELECT several.a, several.b) WHERE k = 3 RETURNING *;
UPDATE several SET (c, b, a) = (SELECT 'n' || i.k, i.a + 100, i.b + 200 FROM several i WHERE i.k = several.k);
SELECT * FROM several ORDER BY k;
UPDATE several SET (c, b, a) = (SELECT 'm' || i.k, i.a + 100, i.b + 200 FROM several i WHERE i.k = several.k) WHERE k = 4 RETURNING *;
UPDATE several SET (d[1], c) = (SELECT 5, 'five') WHERE k = 5 RETURNING *;
UPDATE several SET (e.y, e.x) = (SELECT 'five', 5) WHERE k = 5 RETURNING *;
UPDATE several SET (c, a) = (SELECT 'p', 1), (e, b) = (SELECT ROW(9, 'nine')::two, 99), d = '{}' WHERE k = 6 RETURNING *;
UPDATE several SET (b, d) = (SELECT 7, '{7}'::int[]), (e, c, a) = (SELECT ROW(8, 'eight')::two, 'q', 88) WHERE k > 4;
UPDATE several SET (c, b) = ROW('row', DEFAULT), (a) = (SELECT 3) WHERE k = 2 RETURNING *;
UPDATE several t SET (c, a) = (SELECT o.c, o.b FROM several o WHERE o.k = t.k + 1) WHERE k < 4;
UPDATE several t SET (c, a) = (SELECT x.c || t.c, x.k) FROM several x WHERE x.k = t.k + 1 AND t.k > 3;
UPDATE several t SET (c, a) = (SELECT x.c || t.c, x.b) FROM several x WHERE x.k = t.k;
SELECT * FROM several ORDER BY k;
INSERT INTO several (k, a, b) VALUES (1, 5, 6) ON CONFLICT (k) DO UPDATE SET (c, b, a) = (SELECT 'old ' || several.a, excluded.a, excluded.b) RETURNING *;
INSERT INTO several (k, a, b) SELECT k, b, a FROM several ON CONFLICT (k) DO UPDATE SET (c, b, a) = (SELECT 'old ' || several.a, excluded.a + 1, excluded.b + 2);
INSERT INTO several (k, a, b) VALUES (2, 5, 6), (3, 5, 6) ON CONFLICT (k) DO UPDATE SET (c, b, a) = ROW('r', excluded.a, excluded.b);
PREPARE swap (int, int) AS UPDATE several SET (b, a) = (SELECT $2, several.b) WHERE k = $1 RETURNING k, a, b;
EXECUTE swap (1, 11);
EXECUTE swap (2, 12);
EXECUTE swap (3, 13);
EXECUTE swap (4, 14);
EXECUTE swap (5, 15);
EXECUTE swap (6, 16);
EXECUTE swap (1, 17);
SELECT * FROM several ORDER BY k;
MERGE INTO several s USING (SELECT k + 3 AS k FROM several) o ON o.k = s.k WHEN MATCHED THEN UPDATE SET (b, a) = (SELECT s.a, s.b) WHEN NOT MATCHED THEN INSERT (k) VALUES (o.k);
WITH w AS (UPDATE several SET (b, a) = (SELECT k, -k) WHERE k < 3 RETURNING *) SELECT a, b FROM w ORDER BY 1;
CREATE VIEW several_v AS SELECT c AS cc, b AS bb, a AS aa, k FROM several;
UPDATE several_v SET (aa, cc, bb) = (SELECT 1, 'two', 3) WHERE k = 2 RETURNING *;
UPDATE several_v SET (aa, cc, bb) = (SELECT 4, 'two', k) WHERE k > 2;
SELECT * FROM several ORDER BY k;
-- RETURNING of rules below views names relations that the rewriter has replaced
CREATE TABLE base (a int PRIMARY KEY, b text DEFAULT 'Unspecified');
-- distribute: create_distributed_table('base', 'a')
INSERT INTO base SELECT g, 'Row ' || g FROM generate_series(-2, 2) g;
CREATE VIEW view1 AS SELECT * FROM base WHERE a > 0 OFFSET 0;
CREATE RULE view1_ins AS ON INSERT TO view1 DO INSTEAD INSERT INTO base VALUES (NEW.a, NEW.b) RETURNING *;
CREATE RULE view1_upd AS ON UPDATE TO view1 DO INSTEAD UPDATE base SET b = NEW.b WHERE a = OLD.a RETURNING NEW.*;
CREATE RULE view1_del AS ON DELETE TO view1 DO INSTEAD DELETE FROM base WHERE a = OLD.a RETURNING OLD.*;
CREATE VIEW view2 AS SELECT b AS bb, a AS aa FROM view1 WHERE a < 10;
INSERT INTO view2 (aa, bb) VALUES (3, 'Row 3') RETURNING *;
UPDATE view2 SET bb = 'Row three' WHERE aa = 3 RETURNING *;
UPDATE view2 SET bb = bb || '!' RETURNING aa, bb, upper(bb);
SELECT * FROM view2 ORDER BY aa;
DELETE FROM view2 WHERE aa = 3 RETURNING *;
UPDATE view1 SET b = 'x' WHERE a = 2 RETURNING a + 1, view1;
SELECT * FROM base ORDER BY a;
-- Defaults and conversions whose calls leave arguments out
CREATE FUNCTION clock_or(timestamptz DEFAULT clock_timestamp()) RETURNS timestamptz LANGUAGE sql IMMUTABLE AS 'SELECT $1';
ALTER TABLE base ADD COLUMN at timestamptz DEFAULT clock_or();
ALTER TABLE base ADD COLUMN f timestamptz DEFAULT clock_or('2024-01-01 00:00+00'), ADD COLUMN i interval DEFAULT make_interval(days => 2);
SELECT a, b, at IS NOT NULL, f AT TIME ZONE 'UTC', i FROM base ORDER BY a;
ALTER TABLE base ALTER COLUMN i TYPE interval USING i + make_interval(days => 1, mins => a);
ALTER TABLE base ALTER COLUMN b TYPE bool USING jsonb_path_exists(to_jsonb(b), '$ ? (@ starts with "R")');
SELECT a, b, i FROM base ORDER BY a;
-- Arguments by name and by default, in statements
CREATE FUNCTION named(a int, b int DEFAULT 10, c timestamptz DEFAULT now()) RETURNS int LANGUAGE sql STABLE AS 'SELECT a + b + (c > ''2000-01-01'')::int';
CREATE FUNCTION named_v(a int, b int DEFAULT 10) RETURNS int LANGUAGE plpgsql VOLATILE AS 'BEGIN RETURN a + b; END';
SELECT named(b => a, a => 1), named(a), named_v(b => 1, a => a) FROM base WHERE a = 1;
SELECT a FROM base WHERE a < named(b => 2, a => -1) ORDER BY a;
SELECT a FROM base WHERE a = named_v(b => 2, a => -1) ORDER BY a;
SELECT a, f + make_interval(days => named(1)) > f - make_interval(hours => a) FROM base WHERE f < now() + make_interval(days => 3) ORDER BY a;
SELECT a FROM base WHERE a = 1 AND now() > now() - make_interval(days => 3, hours => named(1));
INSERT INTO base (a, i) VALUES (named(b => 20, a => 1), make_interval(mins => named(3))), (named_v(50), make_interval()) RETURNING a, i;
UPDATE base SET i = make_interval(days => named(a)) WHERE a = named(b => 20, a => 1) RETURNING a, i;
PREPARE named_args (int) AS SELECT a FROM base WHERE a = named(b => $1, a => 0) AND i >= make_interval(secs => named(-100, b => $1));
EXECUTE named_args (1);
EXECUTE named_args (0);
EXECUTE named_args (1);
EXECUTE named_args (1);
EXECUTE named_args (1);
EXECUTE named_args (1);
EXECUTE named_args (0);
