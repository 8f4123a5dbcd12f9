-- variants: distributed reference
-- Tables that change between executions, constraints of every kind, rows of every size, errors and what follows them.
CREATE TABLE t (k int PRIMARY KEY, a text DEFAULT 'd');
CREATE TABLE parent (id int PRIMARY KEY, v text);
CREATE TABLE child (id int, c int, note text, PRIMARY KEY (id, c));
CREATE TABLE late (k int, n int, CONSTRAINT late_u UNIQUE (k, n) DEFERRABLE INITIALLY DEFERRED, CONSTRAINT late_i UNIQUE (n, k) DEFERRABLE);
CREATE TABLE excl (k int, r int4range, EXCLUDE USING gist (k WITH =, r WITH &&));
-- distribute: create_distributed_table('t', 'k')
-- distribute: create_distributed_table('parent', 'id')
-- distribute: create_distributed_table('child', 'id')
-- distribute: create_distributed_table('late', 'k')
ALTER TABLE child ADD CONSTRAINT child_fk FOREIGN KEY (id) REFERENCES parent (id);
PREPARE one (int) AS INSERT INTO t (k) VALUES ($1) RETURNING *;
PREPARE two (int, text) AS INSERT INTO t VALUES ($1, $2) ON CONFLICT (k) DO UPDATE SET a = t.a || excluded.a RETURNING t;
EXECUTE one (1);
EXECUTE two (1, 'x');
ALTER TABLE t ADD COLUMN b int DEFAULT 42;
EXECUTE one (2);
EXECUTE two (2, 'x');
ALTER TABLE t ALTER COLUMN b SET DEFAULT 43;
EXECUTE one (3);
ALTER TABLE t RENAME COLUMN a TO "A a";
EXECUTE one (4);
EXECUTE two (1, 'y');
ALTER TABLE t DROP COLUMN "A a";
EXECUTE one (5);
EXECUTE two (1, 'y');
ALTER TABLE t ADD COLUMN a text NOT NULL DEFAULT 'again';
EXECUTE one (6);
EXECUTE two (1, 'y');
EXECUTE two (1, 'z');
DEALLOCATE one;
PREPARE one (int) AS INSERT INTO t (k) VALUES ($1) RETURNING *;
EXECUTE one (7);
EXECUTE one (8);
ALTER TABLE t ADD CONSTRAINT odd CHECK (k < 100);
EXECUTE one (100);
EXECUTE one (9);
ALTER TABLE t DROP CONSTRAINT odd;
EXECUTE one (100);
ALTER TABLE t ALTER COLUMN b SET NOT NULL, ALTER COLUMN b DROP DEFAULT;
EXECUTE one (101);
ALTER TABLE t ALTER COLUMN b DROP NOT NULL;
EXECUTE one (101);
TRUNCATE t;
EXECUTE one (1);
SELECT * FROM t ORDER BY k;
-- Foreign keys.
INSERT INTO parent VALUES (1, 'p1'), (2, 'p2');
INSERT INTO child VALUES (1, 1, 'c'), (2, 1, 'c');
INSERT INTO child VALUES (3, 1, 'no parent');
INSERT INTO child SELECT g, 2, 'some without' FROM generate_series(1, 5) AS g;
INSERT INTO child VALUES (1, 1, 'twice');
WITH p AS (INSERT INTO parent VALUES (10, 'new'), (11, 'new') RETURNING id) INSERT INTO child SELECT id, 1, 'of new' FROM p;
WITH p AS (INSERT INTO parent VALUES (12, 'new')) INSERT INTO child VALUES (12, 1, 'of new too');
WITH p AS (INSERT INTO parent SELECT 13, 'x' WHERE NOT EXISTS (SELECT FROM parent WHERE id = 13) RETURNING id) INSERT INTO child SELECT id, 1, 'of 13' FROM p RETURNING *;
SELECT * FROM child ORDER BY id, c;
DELETE FROM parent WHERE id = 1;
-- Deferred constraints.
BEGIN;
INSERT INTO late VALUES (1, 1), (2, 2);
INSERT INTO late VALUES (1, 1);
SELECT count(*) FROM late;
COMMIT;
SELECT count(*) FROM late;
INSERT INTO late VALUES (1, 1), (2, 2) ON CONFLICT DO NOTHING;
INSERT INTO late VALUES (1, 1), (2, 2) ON CONFLICT (k, n) DO NOTHING;
INSERT INTO late VALUES (1, 1), (2, 2) ON CONFLICT ON CONSTRAINT late_u DO UPDATE SET n = 3;
-- Sizes.
INSERT INTO t (k, a) VALUES (10, repeat('x', 2000000)), (11, repeat('y', 3000000)) RETURNING k, length(a);
INSERT INTO t (k, a) SELECT g, repeat(chr(97 + g % 26), 40000) FROM generate_series(1000, 1200) AS g;
INSERT INTO t (k, a) SELECT g, repeat(chr(97 + g % 26), 40000) FROM generate_series(2000, 2100) AS g RETURNING k, length(a);
INSERT INTO t (k, a) SELECT k + 10000, a FROM t WHERE k BETWEEN 1000 AND 1200 ON CONFLICT (k) DO NOTHING;
SELECT count(*), sum(length(a)), count(DISTINCT a) FROM t;
-- Errors in a block.
BEGIN;
INSERT INTO t (k) VALUES (50);
INSERT INTO t (k) VALUES (50);
INSERT INTO t (k) VALUES (51);
COMMIT;
SELECT count(*) FROM t WHERE k IN (50, 51);
DO $$
DECLARE n int := 0;
BEGIN
    FOR i IN 1 .. 20 LOOP
        BEGIN
            INSERT INTO t (k) VALUES (60 + i % 7);
        EXCEPTION WHEN unique_violation THEN n := n + 1;
        END;
    END LOOP;
    RAISE NOTICE '%', n;
    INSERT INTO t (k, a) VALUES (70, n);
END $$;
SELECT k, a FROM t WHERE k BETWEEN 60 AND 70 ORDER BY k;
SET statement_timeout = '300ms';
-- any-error
INSERT INTO t (k) SELECT 20000 + g FROM generate_series(1, 100) AS g, pg_sleep(0.05);
RESET statement_timeout;
SELECT count(*) FROM t WHERE k > 20000;
INSERT INTO t (k) VALUES (20001) RETURNING k;
-- What RETURNING feeds.
CREATE TABLE kept AS WITH i AS (INSERT INTO t (k) VALUES (80), (81) RETURNING k, a) SELECT * FROM i;
SELECT * FROM kept ORDER BY k;
CREATE FUNCTION add_row(key int) RETURNS SETOF t LANGUAGE sql AS 'INSERT INTO t (k) VALUES (key), (key + 1) RETURNING *';
SELECT k, b FROM add_row(90);
SELECT k, b FROM add_row(92) WHERE k = 92;
CREATE FUNCTION add_one(key int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE r t; s text;
BEGIN
    INSERT INTO t (k) VALUES (key) RETURNING * INTO STRICT r;
    FOR s IN INSERT INTO t (k) VALUES (key + 1), (key + 2) RETURNING k::text LOOP r.a := r.a || ',' || s; END LOOP;
    EXECUTE 'INSERT INTO t (k) VALUES ($1)' USING key + 3;
    RETURN r::text;
END $$;
SELECT add_one(95);
SELECT add_one(95);
SELECT count(*) FROM t WHERE k BETWEEN 90 AND 99;
DROP FUNCTION add_row, add_one;
DROP TABLE child, parent, t, late, excl, kept;
