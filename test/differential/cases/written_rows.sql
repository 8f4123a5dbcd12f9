-- variants: distributed reference mixed single onenode
-- Volatile functions and BEFORE triggers see the rows that the same statement has written before.
CREATE SCHEMA written_rows;
SET search_path TO written_rows;
CREATE TABLE t (k int PRIMARY KEY, v int);
-- distribute: create_distributed_table('written_rows.t', 'k', shard_count := 4)
INSERT INTO t SELECT i, i FROM generate_series(1, 5) i;
CREATE FUNCTION top() RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN RETURN (SELECT max(v) FROM t); END $$;
CREATE FUNCTION free() RETURNS int LANGUAGE sql VOLATILE AS $$ SELECT max(k) + 1 FROM t $$;
INSERT INTO t VALUES (free(), 1), (free(), 2), (free(), 3);
SELECT * FROM t ORDER BY k;
INSERT INTO t SELECT free(), g FROM generate_series(1, 3) g;
SELECT * FROM t ORDER BY k;
UPDATE t SET v = top() + 10 WHERE k > 2;
SELECT v FROM t ORDER BY v;
DELETE FROM t WHERE v > 10 AND (SELECT count(*) FROM t) > 5 AND top() = v;
SELECT count(*) FROM t;
UPDATE t SET v = top() + 1 RETURNING v - (SELECT min(v) FROM t);
SELECT v FROM t ORDER BY v;
-- STABLE functions do not.
CREATE FUNCTION top_before() RETURNS int LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (SELECT max(v) FROM t); END $$;
UPDATE t SET v = top_before() + 1;
SELECT v FROM t ORDER BY v;
-- A default, several parts of a statement, ON CONFLICT.
CREATE TABLE d (k int DEFAULT free(), v int);
-- distribute: create_distributed_table('written_rows.d', 'k', shard_count := 4)
CREATE OR REPLACE FUNCTION free() RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN RETURN (SELECT count(*) FROM d); END $$;
INSERT INTO d (v) VALUES (1), (2), (3);
INSERT INTO d (v) SELECT v FROM d;
COPY d (v) FROM PROGRAM 'printf "7\n8\n"';
WITH w AS (INSERT INTO d (v) VALUES (21), (22) RETURNING k) SELECT count(*) FROM w;
SELECT k FROM d ORDER BY k;
CREATE TABLE c (k int PRIMARY KEY, v int);
-- distribute: create_distributed_table('written_rows.c', 'k', shard_count := 4)
CREATE FUNCTION sum_of() RETURNS int LANGUAGE plpgsql AS $$ DECLARE s int; BEGIN SELECT coalesce(sum(v), 0) INTO s FROM c; RETURN s; END $$;
INSERT INTO c VALUES (1, 1), (2, 2), (3, 3);
INSERT INTO c VALUES (1, 10), (2, 20), (9, sum_of()), (10, sum_of()) ON CONFLICT (k) DO UPDATE SET v = sum_of() + excluded.v RETURNING *;
SELECT * FROM c ORDER BY k;

-- Triggers.
CREATE TABLE n (k int, v int, s text);
-- distribute: create_distributed_table('written_rows.n', 'k', shard_count := 4)
CREATE FUNCTION number() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.k := coalesce((SELECT max(k) FROM n), 0) + 1; RETURN NEW; END $$;
CREATE TRIGGER number BEFORE INSERT ON n FOR EACH ROW EXECUTE FUNCTION number();
INSERT INTO n (v) VALUES (10), (20), (30);
INSERT INTO n (v) SELECT 1 FROM generate_series(1, 5) RETURNING k;
INSERT INTO n SELECT * FROM n;
SELECT k FROM n ORDER BY k;
COPY n (v) FROM PROGRAM 'printf "1\n2\n3\n"';
SELECT k FROM n ORDER BY k;
CREATE FUNCTION total() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.v := (SELECT sum(v) FROM n); RETURN NEW; END $$;
CREATE TRIGGER total BEFORE UPDATE ON n FOR EACH ROW EXECUTE FUNCTION total();
UPDATE n SET s = 'x' WHERE v = 1;
SELECT v FROM n ORDER BY v;
CREATE FUNCTION keep_two() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF (SELECT count(*) FROM n) <= 2 THEN RETURN NULL; END IF; RETURN OLD; END $$;
CREATE TRIGGER keep_two BEFORE DELETE ON n FOR EACH ROW EXECUTE FUNCTION keep_two();
DELETE FROM n;
SELECT count(*) FROM n;
DROP SCHEMA written_rows CASCADE;
