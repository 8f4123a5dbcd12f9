-- variants: distributed onenode
-- UPDATE and DELETE of the row that a cursor is positioned on.
CREATE TABLE jobs (id int PRIMARY KEY, state text, worker int);
CREATE TABLE parts (job int, no int, what text);
-- distribute: create_distributed_table('jobs', 'id')
-- distribute: create_distributed_table('parts', 'job')
INSERT INTO jobs SELECT g, 'open', NULL FROM generate_series(1, 20) AS g;
INSERT INTO parts SELECT g % 5, g, 'part ' || g FROM generate_series(1, 20) AS g;
CREATE INDEX ON parts (no);
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM jobs WHERE id = 4;
UPDATE jobs SET worker = 1 WHERE CURRENT OF c;
ROLLBACK;
BEGIN;
DECLARE c CURSOR FOR SELECT id, state FROM jobs WHERE id = 4;
FETCH 1 FROM c;
UPDATE jobs SET worker = 1 WHERE CURRENT OF c RETURNING *;
UPDATE jobs SET worker = 2 WHERE CURRENT OF c RETURNING *;
SELECT id, worker FROM jobs WHERE worker IS NOT NULL;
FETCH 1 FROM c;
SAVEPOINT s;
UPDATE jobs SET worker = 3 WHERE CURRENT OF c;
ROLLBACK TO s;
DELETE FROM parts WHERE CURRENT OF c;
ROLLBACK TO s;
DELETE FROM jobs WHERE CURRENT OF nothing;
COMMIT;
-- Each row in turn, with and without locks.
BEGIN;
DECLARE c CURSOR FOR SELECT id FROM jobs WHERE id < 6 ORDER BY id DESC FOR UPDATE;
FETCH 2 FROM c;
UPDATE jobs SET worker = 40 WHERE CURRENT OF c RETURNING *;
FETCH 1 FROM c;
DELETE FROM jobs WHERE CURRENT OF c RETURNING *;
DELETE FROM jobs WHERE CURRENT OF c RETURNING *;
FETCH 1 FROM c;
UPDATE jobs SET worker = 20, state = 'two' WHERE CURRENT OF c;
MOVE 1 FROM c;
UPDATE jobs SET worker = 10 FROM (VALUES (1)) AS v(x) WHERE CURRENT OF c RETURNING id, x;
CLOSE c;
UPDATE jobs SET worker = 10 WHERE CURRENT OF c;
ROLLBACK;
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT no, what FROM parts WHERE job = 3;
FETCH 2 FROM c;
FETCH -1 FROM c;
UPDATE parts SET what = 'first' WHERE CURRENT OF c RETURNING *;
MOVE LAST IN c;
UPDATE parts SET what = 'last' WHERE CURRENT OF c RETURNING *;
MOVE ABSOLUTE 0 IN c;
SAVEPOINT s;
UPDATE parts SET what = 'none' WHERE CURRENT OF c RETURNING *;
ROLLBACK TO s;
SELECT * FROM parts WHERE job = 3 ORDER BY no;
COMMIT;
-- What is not simply updatable.
BEGIN;
SAVEPOINT s;
DECLARE c CURSOR FOR SELECT count(*) FROM jobs;
FETCH c;
UPDATE jobs SET worker = 1 WHERE CURRENT OF c;
ROLLBACK TO s;
DECLARE c CURSOR FOR SELECT j.id FROM jobs j JOIN parts p ON p.job = j.id ORDER BY p.no;
FETCH c;
UPDATE jobs SET worker = 1 WHERE CURRENT OF c;
ROLLBACK TO s;
DECLARE c CURSOR FOR SELECT DISTINCT state FROM jobs;
FETCH c;
UPDATE jobs SET worker = 1 WHERE CURRENT OF c;
ROLLBACK TO s;
DECLARE c CURSOR WITH HOLD FOR SELECT id FROM jobs WHERE id = 5;
FETCH c;
UPDATE jobs SET worker = 50 WHERE CURRENT OF c;
COMMIT;
UPDATE jobs SET worker = 1 WHERE CURRENT OF c;
CLOSE c;
-- In functions.
CREATE FUNCTION take(least int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    curs CURSOR (low int) FOR SELECT * FROM jobs WHERE id > low ORDER BY id FOR UPDATE;
    job record;
    seen text := '';
BEGIN
    FOR job IN curs (least) LOOP
        IF job.id % 2 = 0 THEN
            UPDATE jobs SET worker = job.id * 100 WHERE CURRENT OF curs;
        ELSIF job.id % 7 = 0 THEN
            DELETE FROM jobs WHERE CURRENT OF curs;
        END IF;
        seen := seen || job.id || ' ';
    END LOOP;
    RETURN seen;
END $$;
SELECT take(3);
SELECT take(12);
SELECT take(0);
CREATE FUNCTION one(which int) RETURNS int LANGUAGE plpgsql AS $$
DECLARE
    curs refcursor;
    job jobs;
BEGIN
    OPEN curs FOR SELECT * FROM jobs WHERE id = which FOR UPDATE;
    FETCH curs INTO job;
    UPDATE jobs SET worker = which WHERE CURRENT OF curs;
    CLOSE curs;
    RETURN job.worker;
END $$;
SELECT one(1), one(2), one(1);
SELECT * FROM jobs ORDER BY id;
-- EXPLAIN asks no cursor. Keys of other types, and with triggers.
-- only-distributed
EXPLAIN UPDATE jobs SET worker = 1 WHERE CURRENT OF nothing;
CREATE TABLE named (name varchar(10), at timestamptz, n numeric, PRIMARY KEY (name, n));
-- distribute: create_distributed_table('named', 'name')
INSERT INTO named SELECT 'x' || g % 3, '2020-01-01', g FROM generate_series(1, 9) AS g;
CREATE TABLE log (what text);
CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO log VALUES (OLD.name || OLD.n); RETURN COALESCE(NEW, OLD); END $$;
CREATE TRIGGER t BEFORE UPDATE OR DELETE ON named FOR EACH ROW EXECUTE FUNCTION note();
BEGIN;
DECLARE "My Cursor" CURSOR FOR SELECT n FROM named WHERE name = 'x1' FOR UPDATE;
FETCH 2 FROM "My Cursor";
UPDATE named SET at = '2021-01-01' WHERE CURRENT OF "My Cursor" RETURNING name, n;
FETCH 1 FROM "My Cursor";
DELETE FROM named WHERE CURRENT OF "My Cursor";
COMMIT;
SELECT * FROM log;
SELECT name, n, at > '2020-06-01' FROM named ORDER BY 1, 2;
BEGIN ISOLATION LEVEL REPEATABLE READ;
DECLARE c CURSOR FOR SELECT * FROM jobs WHERE id = 4;
FETCH c;
UPDATE jobs SET worker = 1 WHERE CURRENT OF c RETURNING *;
UPDATE jobs SET worker = worker + 1 WHERE CURRENT OF c RETURNING *;
DELETE FROM jobs WHERE CURRENT OF c RETURNING *;
DELETE FROM jobs WHERE CURRENT OF c RETURNING *;
COMMIT;
SELECT * FROM jobs ORDER BY id;
