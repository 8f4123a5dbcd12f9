-- What the gather tier plans and sends, how EXPLAIN shows it, and what the general UPDATE and DELETE refuse.
SET citus.motion TO never; -- see the case motion
SET citus.next_shard_id TO 7400000;
SET citus.shard_count TO 4;
CREATE SCHEMA gather;
SET search_path TO gather;
CREATE TABLE d (k int PRIMARY KEY, a text, n numeric(8,2), t timestamptz);
CREATE TABLE r (id int PRIMARY KEY, name text);
CREATE TABLE l (k int, note text);
SELECT create_distributed_table('d', 'k');
SELECT create_reference_table('r');
INSERT INTO d SELECT g, 'a' || g % 5, g * 1.5, '2026-01-01'::timestamptz + g * interval '1 day' FROM generate_series(1, 20) g;
INSERT INTO r SELECT g, 'n' || g FROM generate_series(1, 5) g;
INSERT INTO l SELECT g, 'l' || g FROM generate_series(1, 3) g;
ANALYZE l;
-- Columns, filters and pruning. A local table keeps the statements in the gather tier.
EXPLAIN (COSTS OFF, VERBOSE) SELECT d.a, l.note FROM d JOIN l ON d.n = l.k WHERE d.k = 3 AND d.a LIKE 'a%';
EXPLAIN (COSTS OFF, VERBOSE) SELECT d.k FROM d, l WHERE d.k IN (1, 2) AND d.a = current_user AND random() < 0.5;
EXPLAIN (COSTS OFF, VERBOSE) SELECT d, d.tableoid, d.ctid FROM d, l WHERE d.n > 3;
EXPLAIN (COSTS OFF, VERBOSE) SELECT count(*) FROM d, l WHERE d.n = l.k + 1.5;
EXPLAIN (COSTS OFF, VERBOSE) SELECT l.note, (SELECT a FROM d WHERE d.k = l.k) FROM l;
EXPLAIN (COSTS OFF) SELECT d.k FROM d, r, l WHERE d.k = 3 AND d.n = r.id AND l.k = r.id FOR UPDATE OF d, r;
EXPLAIN (COSTS OFF) SELECT d.k FROM d, l WHERE d.k = 3 AND d.n = l.k FOR UPDATE;
SET citus.explain_all_tasks TO on;
EXPLAIN (COSTS OFF) SELECT d.a FROM d, l WHERE d.k IN (1, 2);
RESET citus.explain_all_tasks;
EXPLAIN (COSTS OFF, FORMAT JSON) SELECT l.k FROM l, d WHERE d.k = 3;
EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) SELECT l.k FROM l, d WHERE d.k = 3;
-- One plan for all values.
SET plan_cache_mode TO force_generic_plan;
PREPARE p(int, text) AS SELECT d.k, l.note FROM d, l WHERE d.k = $1 AND l.note = $2;
EXPLAIN (COSTS OFF, VERBOSE) EXECUTE p(3, 'l1');
EXECUTE p(3, 'l1');
EXECUTE p(4, 'l2');
EXECUTE p(NULL, 'l2');
RESET plan_cache_mode;
-- UPDATE and DELETE of rows that the coordinator chooses.
EXPLAIN (COSTS OFF, VERBOSE) UPDATE d SET a = l.note FROM l WHERE l.k * 2 = d.n RETURNING d.k, l.k;
EXPLAIN (COSTS OFF) DELETE FROM r USING l WHERE l.k = r.id;
WITH changed AS (UPDATE d SET a = l.note FROM l WHERE l.k * 1.5 = d.n RETURNING d.k, d.a, l.k AS l)
SELECT * FROM changed ORDER BY k;
UPDATE r SET name = d.a FROM d WHERE d.n = r.id RETURNING r.*, d.k;
-- Refused: what a deleted row would do to others.
CREATE TABLE c (k int, v int);
SELECT create_distributed_table('c', 'k');
ALTER TABLE c ADD CONSTRAINT c_k_fkey FOREIGN KEY (k) REFERENCES d (k) ON DELETE CASCADE;
UPDATE d SET k = k + 100;
UPDATE d SET k = 1 WHERE k = 1;
BEGIN;
DECLARE cursor CURSOR FOR SELECT * FROM d WHERE k = 1;
FETCH cursor;
DELETE FROM d WHERE CURRENT OF cursor;
ROLLBACK;
-- ... also where no row would be looked at, and for reference tables and partitions.
DELETE FROM d WHERE CURRENT OF no_cursor;
CREATE TABLE nothing (k int) PARTITION BY RANGE (k);
CREATE TABLE nothing_1 PARTITION OF nothing FOR VALUES FROM (0) TO (10);
SELECT create_distributed_table('nothing', 'k');
DELETE FROM nothing WHERE CURRENT OF no_cursor;
DELETE FROM nothing_1 WHERE CURRENT OF no_cursor;
WITH changed AS (UPDATE r SET name = 'x' WHERE CURRENT OF no_cursor RETURNING id) SELECT * FROM changed;
\set VERBOSITY terse
DO $$
DECLARE c CURSOR FOR SELECT * FROM d FOR UPDATE;
BEGIN
    FOR each IN c LOOP
        UPDATE d SET a = 'x' WHERE CURRENT OF c;
    END LOOP;
END
$$;
\set VERBOSITY default
-- A local table keeps it.
CREATE TABLE here (k int, v text);
INSERT INTO here VALUES (1, 'one'), (2, 'two');
BEGIN;
DECLARE cursor CURSOR FOR SELECT * FROM here FOR UPDATE;
FETCH cursor;
UPDATE here SET v = d.a FROM d WHERE CURRENT OF cursor RETURNING here.k;
ROLLBACK;
SELECT citus_internal.fragment_scan(1);
DROP SCHEMA gather CASCADE;
