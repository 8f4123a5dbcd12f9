-- Writes that are all of their transaction, and statements whose names, plans and prepared commands are kept: what
-- changes between two runs of the same statement.
-- variants: distributed reference mixed single onenode partitioned
CREATE TYPE lw_mood AS ENUM ('sad', 'happy');
CREATE TABLE lw (k int PRIMARY KEY, v int CHECK (v < 100), t text DEFAULT 'none', m lw_mood, c char(4));
-- distribute: create_distributed_table('lw', 'k')
-- Rows that come back with the commit, and rows that don't.
INSERT INTO lw (k, v) VALUES (1, 1) RETURNING k, v, t;
INSERT INTO lw (k, v) VALUES (2, 2) RETURNING k, v, t;
INSERT INTO lw (k, v) VALUES (3, 3) RETURNING k, v, t;
INSERT INTO lw VALUES (4, 4, 'four', 'sad', 'ab') RETURNING *;
INSERT INTO lw VALUES (5, 5, 'five', 'happy', 'ab') RETURNING c, k, 'const', 7;
INSERT INTO lw VALUES (6, 6, repeat('x', 50000)) RETURNING k, t;
INSERT INTO lw VALUES (7, 7) RETURNING 1 / (v - 6);
INSERT INTO lw VALUES (8, 7) RETURNING 1 / (v - 7);
INSERT INTO lw VALUES (9, 9), (10, 10), (11, 11) RETURNING k;
INSERT INTO lw VALUES (1, 1) RETURNING k;
INSERT INTO lw VALUES (1, 200) RETURNING k;
INSERT INTO lw VALUES (1, 2) ON CONFLICT DO NOTHING RETURNING k;
INSERT INTO lw VALUES (1, 2) ON CONFLICT (k) DO UPDATE SET v = excluded.v RETURNING k, v;
UPDATE lw SET v = v + 1 WHERE k = 2 RETURNING k, v;
DELETE FROM lw WHERE k = 11 RETURNING k, v;
SELECT k, v, left(t, 5), m, c FROM lw ORDER BY k;
-- In blocks they do not commit by themselves.
BEGIN;
INSERT INTO lw VALUES (20, 20) RETURNING k;
UPDATE lw SET v = 21 WHERE k = 20;
ROLLBACK;
SELECT k FROM lw WHERE k = 20;
BEGIN;
SAVEPOINT a;
INSERT INTO lw VALUES (21, 21) RETURNING k;
ROLLBACK TO a;
INSERT INTO lw VALUES (22, 22) RETURNING k;
COMMIT;
SELECT k FROM lw WHERE k IN (21, 22) ORDER BY k;
DO $$ BEGIN INSERT INTO lw VALUES (23, 23); BEGIN INSERT INTO lw VALUES (24, 24); RAISE division_by_zero; EXCEPTION WHEN division_by_zero THEN NULL; END; END $$;
SELECT k FROM lw WHERE k IN (23, 24) ORDER BY k;
DO $$ BEGIN INSERT INTO lw VALUES (25, 25); COMMIT; INSERT INTO lw VALUES (26, 26); ROLLBACK; END $$;
SELECT k FROM lw WHERE k IN (25, 26) ORDER BY k;
-- Transactions of other kinds.
SET default_transaction_isolation TO 'serializable';
INSERT INTO lw VALUES (30, 30) RETURNING k;
UPDATE lw SET v = 31 WHERE k = 30;
SELECT v FROM lw WHERE k = 30;
SET default_transaction_isolation TO 'repeatable read';
UPDATE lw SET v = 32 WHERE k = 30;
SELECT v FROM lw WHERE k = 30;
RESET default_transaction_isolation;
SET default_transaction_read_only TO on;
UPDATE lw SET v = 33 WHERE k = 30;
SELECT v FROM lw WHERE k = 30;
RESET default_transaction_read_only;
UPDATE lw SET v = 34 WHERE k = 30;
SELECT v FROM lw WHERE k = 30;
-- Another encoding of the client's: rows may fail on their way to him.
SET client_encoding TO latin1;
INSERT INTO lw VALUES (31, 31, U&'\20AC') RETURNING k;
INSERT INTO lw VALUES (32, 32, U&'\20AC') RETURNING t;
SELECT k FROM lw WHERE k IN (31, 32) ORDER BY k;
RESET client_encoding;
-- The same statement again after its names changed.
PREPARE get(int) AS SELECT v FROM lw WHERE k = $1;
PREPARE put(int, int) AS INSERT INTO lw (k, v) VALUES ($1, $2) RETURNING k, t;
PREPARE change(int) AS UPDATE lw SET v = v + 1 WHERE k = $1;
EXECUTE get(4);
EXECUTE get(4);
EXECUTE put(40, 40);
EXECUTE put(41, 41);
EXECUTE change(4);
EXECUTE change(4);
BEGIN;
ALTER TABLE lw RENAME TO lw_renamed;
EXECUTE get(4);
EXECUTE put(42, 42);
SELECT v FROM lw_renamed WHERE k = 42;
ROLLBACK;
EXECUTE get(4);
EXECUTE put(42, 43);
ALTER TABLE lw RENAME TO lw_renamed;
EXECUTE get(42);
EXECUTE put(43, 43);
EXECUTE change(43);
SELECT v FROM lw_renamed WHERE k = 43;
CREATE SCHEMA lw_schema;
ALTER TABLE lw_renamed SET SCHEMA lw_schema;
EXECUTE get(43);
EXECUTE put(44, 44);
EXECUTE change(44);
ALTER SCHEMA lw_schema RENAME TO lw_schema2;
EXECUTE get(44);
EXECUTE put(45, 45);
EXECUTE change(45);
SELECT v FROM lw_schema2.lw_renamed WHERE k = 45;
BEGIN;
ALTER SCHEMA lw_schema2 RENAME TO lw_schema3;
EXECUTE get(45);
SELECT v FROM lw_schema3.lw_renamed WHERE k = 45;
ROLLBACK;
EXECUTE get(45);
SELECT v FROM lw_schema2.lw_renamed WHERE k = 45;
ALTER TABLE lw_schema2.lw_renamed SET SCHEMA public;
ALTER TABLE lw_renamed RENAME TO lw;
-- ... its columns, defaults and checks.
ALTER TABLE lw ALTER t SET DEFAULT 'later';
EXECUTE put(46, 46);
ALTER TABLE lw ADD COLUMN added int DEFAULT 7;
EXECUTE put(47, 47);
SELECT added FROM lw WHERE k = 47;
ALTER TABLE lw RENAME v TO w;
-- any-error
EXECUTE get(47);
ALTER TABLE lw RENAME w TO v;
EXECUTE get(47);
ALTER TABLE lw ALTER v TYPE bigint;
-- any-error
EXECUTE get(47);
DEALLOCATE get;
PREPARE get(int) AS SELECT v FROM lw WHERE k = $1;
EXECUTE get(47);
EXECUTE change(47);
EXECUTE get(47);
ALTER TABLE lw DROP CONSTRAINT lw_v_check;
EXECUTE put(48, 4800);
DISCARD PLANS;
EXECUTE get(48);
EXECUTE put(49, 49);
-- ... who runs it.
-- Roles belong to a server and not to a database: they may exist already.
CREATE FUNCTION make_role(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE ROLE %I LOGIN', name);
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
SELECT make_role('lw_reader'), make_role('lw_writer');
-- only-distributed
SELECT run_command_on_workers($x$DO $$ DECLARE r text; BEGIN FOREACH r IN ARRAY ARRAY['lw_reader', 'lw_writer'] LOOP BEGIN EXECUTE format('CREATE ROLE %I LOGIN', r); EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END; END LOOP; END $$$x$);
GRANT SELECT ON lw TO lw_reader, lw_writer;
GRANT INSERT, UPDATE ON lw TO lw_writer;
EXECUTE get(48);
SET ROLE lw_reader;
EXECUTE get(48);
EXECUTE change(48);
EXECUTE put(50, 50);
SET ROLE lw_writer;
EXECUTE change(48);
EXECUTE put(50, 50);
EXECUTE get(48);
RESET ROLE;
REVOKE INSERT, UPDATE ON lw FROM lw_writer;
SET ROLE lw_writer;
EXECUTE change(48);
EXECUTE get(48);
RESET ROLE;
EXECUTE change(48);
EXECUTE get(48);
REVOKE ALL ON lw FROM lw_reader, lw_writer;
-- ... settings that change what values look like.
CREATE TABLE lw_times (k int, at timestamptz, what bytea, x float8);
-- distribute: create_distributed_table('lw_times', 'k')
INSERT INTO lw_times VALUES (1, '2026-01-02 03:04:05+00', '\xdeadbeef', 1.0 / 3);
PREPARE times(int) AS SELECT at::text, what::text, x::text, at FROM lw_times WHERE k = $1;
EXECUTE times(1);
EXECUTE times(1);
EXECUTE times(1);
SET timezone TO 'Asia/Tokyo';
EXECUTE times(1);
SET datestyle TO 'German';
EXECUTE times(1);
SET bytea_output TO escape;
SET extra_float_digits TO 0;
EXECUTE times(1);
BEGIN;
SET LOCAL timezone TO 'America/New_York';
EXECUTE times(1);
COMMIT;
EXECUTE times(1);
DISCARD ALL;
SELECT at::text, what::text, x::text, at FROM lw_times WHERE k = 1;
INSERT INTO lw VALUES (60, 60) RETURNING k, t;
UPDATE lw SET v = v + 1 WHERE k = 60;
SELECT v FROM lw WHERE k = 60;
-- Statements of functions.
CREATE FUNCTION lw_sum(upto int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE total bigint := 0; one bigint;
BEGIN
    FOR i IN 1 .. upto LOOP
        SELECT v INTO one FROM lw WHERE k = i;
        total := total + coalesce(one, 0);
    END LOOP;
    RETURN total;
END $$;
CREATE FUNCTION lw_fill(low int, high int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE total bigint := 0; one int;
BEGIN
    FOR i IN low .. high LOOP
        INSERT INTO lw (k, v) VALUES (i, i) RETURNING k INTO one;
        UPDATE lw SET v = v * 2 WHERE k = i;
        total := total + one;
    END LOOP;
    RETURN total;
END $$;
SELECT lw_sum(30);
SELECT lw_sum(60);
SELECT lw_fill(100, 130);
SELECT lw_sum(130);
SELECT lw_fill(131, 131), lw_sum(131);
SELECT lw_fill(90, 100);
SELECT count(*), sum(v) FROM lw WHERE k >= 90;
DROP FUNCTION lw_sum, lw_fill;
DROP TABLE lw_times, lw;
DROP SCHEMA lw_schema2;
DROP TYPE lw_mood;
