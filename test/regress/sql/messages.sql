-- What a routed statement costs: messages to the nodes and plans, by the session's counters.
CREATE TABLE warm (k int PRIMARY KEY, v int);
SELECT create_distributed_table('warm', 'k', shard_count := 4);
INSERT INTO warm SELECT g, g FROM generate_series(1, 20) AS g;
-- Prints how far the counters have moved since the last call.
CREATE TEMP TABLE before AS SELECT * FROM citus_session_counters();
CREATE FUNCTION pg_temp.moved() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT c.name || ' ' || c.value - b.value FROM citus_session_counters() c JOIN before b USING (name)
        WHERE c.value <> b.value AND c.name !~ '^(connection|query)' ORDER BY c.name;
    UPDATE before b SET value = c.value FROM citus_session_counters() c WHERE c.name = b.name;
END $$;
-- The first executions make the plan, and prepare the command on its node.
PREPARE get(int) AS SELECT v FROM warm WHERE k = $1;
EXECUTE get(1);
EXECUTE get(1);
EXECUTE get(1);
EXECUTE get(1);
EXECUTE get(1);
EXECUTE get(1);
SELECT count(*) > 0 AS forget FROM pg_temp.moved();
-- From then on: one round trip, nothing parsed, nothing planned.
EXECUTE get(1);
SELECT * FROM pg_temp.moved();
-- Other constants in the same statement share the plan and the prepared command.
SELECT v + 2 FROM warm WHERE k = 1;
SELECT v + 3 FROM warm WHERE k = 1;
SELECT v + 4 FROM warm WHERE k = 1;
SELECT count(*) > 0 AS forget FROM pg_temp.moved();
SELECT v + 5 FROM warm WHERE k = 1;
SELECT * FROM pg_temp.moved();
-- A write that is all of its transaction commits in its own round trip, as one command.
UPDATE warm SET v = v + 2 WHERE k = 1;
UPDATE warm SET v = v + 3 WHERE k = 1;
UPDATE warm SET v = v + 4 WHERE k = 1;
SELECT count(*) > 0 AS forget FROM pg_temp.moved();
UPDATE warm SET v = v + 5 WHERE k = 1;
SELECT * FROM pg_temp.moved();
-- Also when it returns rows.
UPDATE warm SET v = v + 2 WHERE k = 1 RETURNING v > 2, k;
UPDATE warm SET v = v + 3 WHERE k = 1 RETURNING v > 3, k;
UPDATE warm SET v = v + 4 WHERE k = 1 RETURNING v > 4, k;
SELECT count(*) > 0 AS forget FROM pg_temp.moved();
UPDATE warm SET v = v + 5 WHERE k = 1 RETURNING v > 5, k;
SELECT * FROM pg_temp.moved();
-- So does an INSERT of one row, whose plan is found again, too.
CREATE TABLE rows_in (k int, what text);
SELECT create_distributed_table('rows_in', 'k', colocate_with := 'warm');
INSERT INTO rows_in VALUES (1, 'a');
INSERT INTO rows_in VALUES (1, 'b');
INSERT INTO rows_in VALUES (1, 'c');
SELECT count(*) > 0 AS forget FROM pg_temp.moved();
INSERT INTO rows_in VALUES (1, 'd');
SELECT * FROM pg_temp.moved();
-- With RETURNING, too, when only columns of the row come back.
INSERT INTO rows_in VALUES (1, 'e') RETURNING what, k;
SELECT count(*) > 0 AS forget FROM pg_temp.moved();
INSERT INTO rows_in VALUES (1, 'f') RETURNING what, k;
SELECT * FROM pg_temp.moved();
INSERT INTO rows_in VALUES (1, 'g') RETURNING 1 / k;
INSERT INTO rows_in VALUES (1, 'h') RETURNING 1 / (k - 1);
SELECT what FROM rows_in WHERE k = 1 ORDER BY what;
DELETE FROM rows_in WHERE k = 1 AND what = 'a' RETURNING what, k;
DELETE FROM rows_in WHERE k = 1 AND what = 'b' RETURNING what, k;
DELETE FROM rows_in WHERE k = 1 AND what = 'c' RETURNING what, k;
SELECT count(*) > 0 AS forget FROM pg_temp.moved();
DELETE FROM rows_in WHERE k = 1 AND what = 'd' RETURNING what, k;
SELECT * FROM pg_temp.moved();
-- Not when the rows are many: the node refuses that, once, and the statement is repeated in a block.
INSERT INTO rows_in SELECT 2, repeat('x', 100) || g FROM generate_series(1, 400) AS g;
\o /dev/null
UPDATE rows_in SET what = what || 'y' WHERE k = 2 RETURNING what;
\o
SELECT count(*) > 0 AS forget FROM pg_temp.moved();
\o /dev/null
UPDATE rows_in SET what = what || 'y' WHERE k = 2 RETURNING what;
\o
SELECT * FROM pg_temp.moved();
SELECT count(DISTINCT what), min(right(what, 4)) FROM rows_in WHERE k = 2;
-- In a block, BEGIN rides along with the first statement, and COMMIT is one message.
BEGIN;
UPDATE warm SET v = v + 5 WHERE k = 1;
SELECT v + 5 FROM warm WHERE k = 1;
COMMIT;
BEGIN;
UPDATE warm SET v = v + 5 WHERE k = 1;
SELECT v + 5 FROM warm WHERE k = 1;
INSERT INTO rows_in VALUES (1, 'i');
COMMIT;
SELECT count(*) > 0 AS forget FROM pg_temp.moved();
BEGIN;
UPDATE warm SET v = v + 5 WHERE k = 1;
SELECT v + 5 FROM warm WHERE k = 1;
INSERT INTO rows_in VALUES (1, 'i');
COMMIT;
SELECT * FROM pg_temp.moved();
-- What was sent for one shard is prepared for another one when it comes for the first time there.
SELECT k FROM warm WHERE k = 1 AND v > 0;
SELECT k FROM warm WHERE k = 1 AND v > 0;
SELECT k FROM warm WHERE k = 1 AND v > 0;
SELECT count(*) > 0 AS forget FROM pg_temp.moved();
SELECT k FROM warm WHERE k = 2 AND v > 0;
SELECT count(*) > 0 AS forget FROM pg_temp.moved();
SELECT k FROM warm WHERE k = 2 AND v > 0;
SELECT * FROM pg_temp.moved();
-- Statements of a function in a loop: a round trip each, and nothing but that.
CREATE FUNCTION pg_temp.in_a_loop(n int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE total int := 0; one int;
BEGIN
    FOR i IN 1 .. n LOOP
        SELECT v INTO one FROM warm WHERE k = i % 4 + 1;
        total := total + (one > 0)::int;
    END LOOP;
    RETURN total;
END $$;
SELECT pg_temp.in_a_loop(60);
SELECT count(*) > 0 AS forget FROM pg_temp.moved();
SELECT pg_temp.in_a_loop(100);
SELECT * FROM pg_temp.moved();
-- In a block, where the function writes.
CREATE FUNCTION pg_temp.writes_in_a_loop(n int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. n LOOP
        UPDATE warm SET v = v + 1 WHERE k = 1;
        INSERT INTO rows_in VALUES (1, 'loop');
    END LOOP;
END $$;
SELECT pg_temp.writes_in_a_loop(20);
SELECT count(*) > 0 AS forget FROM pg_temp.moved();
SELECT pg_temp.writes_in_a_loop(20);
SELECT * FROM pg_temp.moved();
-- (The same constant twice is another statement than two different ones: what is equal stays equal.)
-- Not what may still fail afterwards: an expression that is computed here, a function around it.
INSERT INTO rows_in VALUES (5, 'f') RETURNING 1 / k;
DO $$ BEGIN UPDATE warm SET v = v + 1 WHERE k = 1; RAISE division_by_zero; END $$;
SELECT value - (SELECT value FROM before WHERE name = 'commits_with_write') AS commits_with_write
FROM citus_session_counters() WHERE name = 'commits_with_write';
SELECT v FROM warm WHERE k = 1;
-- An error at COMMIT is the statement's error.
CREATE TABLE parent (k int PRIMARY KEY);
CREATE TABLE child (k int, CONSTRAINT child_parent FOREIGN KEY (k) REFERENCES parent (k) DEFERRABLE INITIALLY DEFERRED);
SELECT create_distributed_table('parent', 'k', colocate_with := 'warm');
SELECT create_distributed_table('child', 'k', colocate_with := 'warm');
INSERT INTO child VALUES (1);
SELECT count(*) FROM child;
INSERT INTO parent VALUES (1);
INSERT INTO child VALUES (1);
SELECT count(*) FROM child;
-- Rows are written one at a time only where what is called for each of them may read the rows before.
CREATE TABLE stamped (k int, v bigint);
SELECT create_distributed_table('stamped', 'k', colocate_with := 'warm');
CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN -- no table is read from here
    NEW.v := extract(epoch FROM now()) * length(trim(leading ' from ' FROM substring('xyz' FROM 2)));
    IF NEW.v IS DISTINCT FROM 0 THEN
        RETURN NEW;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER stamp BEFORE INSERT ON stamped FOR EACH ROW EXECUTE FUNCTION stamp();
INSERT INTO stamped SELECT 1 FROM generate_series(1, 50);
SELECT count(*) > 0 AS forget FROM pg_temp.moved();
INSERT INTO stamped SELECT 1 FROM generate_series(1, 50);
SELECT moved FROM pg_temp.moved() AS moved WHERE moved ~ 'round_trips';
CREATE OR REPLACE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.v := (SELECT count(*) FROM stamped WHERE length(substring('xyz' FROM (SELECT 2 FROM pg_am LIMIT 1))) = 2 AND k = 1);
    RETURN NEW;
END $$;
INSERT INTO stamped SELECT 1 FROM generate_series(1, 5);
SELECT count(*) > 0 AS forget FROM pg_temp.moved();
INSERT INTO stamped SELECT 1 FROM generate_series(1, 5);
SELECT moved FROM pg_temp.moved() AS moved WHERE moved ~ 'round_trips';
SELECT min(v), max(v) FROM stamped WHERE v < 1000;
DROP TABLE stamped;
DROP FUNCTION stamp();
-- After DDL everything is planned and prepared again.
ALTER TABLE warm ALTER COLUMN v TYPE bigint;
EXECUTE get(1);
PREPARE again(int) AS SELECT v FROM warm WHERE k = $1;
EXECUTE again(1);
EXECUTE again(2);
-- Without room for prepared commands all go as text.
SET citus.max_prepared_statements_per_connection = 0;
SELECT count(*) > 0 AS forget FROM pg_temp.moved();
SELECT v + 6 FROM warm WHERE k = 1;
SELECT v + 7 FROM warm WHERE k = 1;
SELECT * FROM pg_temp.moved();
RESET citus.max_prepared_statements_per_connection;
-- Over all sessions of the database.
SET citus.enable_stat_counters = on;
SELECT citus_stat_counters_reset();
SELECT v FROM warm WHERE k = 2;
SELECT count(*) FROM warm;
SELECT query_execution_single_shard > 0 AS single, query_execution_multi_shard > 0 AS multi,
       connection_reused > 0 AS reused, stats_reset IS NOT NULL AS reset
FROM citus_stat_counters WHERE name = current_database();
SELECT round_trips > 0 AS round_trips, plans > 0 AS plans FROM citus_stat_messages((SELECT oid FROM pg_database WHERE datname = current_database()));
RESET citus.enable_stat_counters;
DROP TABLE child, parent, rows_in, warm;
