-- variants: distributed mixed partitioned
-- Cursors over ORDER BY ... LIMIT ... FOR UPDATE: a row is locked when it is fetched, and what the transaction has changed
-- since the cursor was opened is passed over.
CREATE TABLE jobs (id int PRIMARY KEY, state text, worker int);
-- distribute: create_distributed_table('jobs', 'id')
INSERT INTO jobs SELECT g, CASE WHEN g % 3 = 0 THEN 'done' ELSE 'open' END, NULL FROM generate_series(1, 100) AS g;
BEGIN;
UPDATE jobs SET worker = 9 WHERE id IN (1, 2);
DECLARE c SCROLL CURSOR FOR SELECT id, worker FROM (SELECT * FROM jobs ORDER BY id LIMIT 5 FOR UPDATE) AS l;
DECLARE d CURSOR FOR SELECT id, worker FROM jobs ORDER BY id LIMIT 5 FOR UPDATE;
DECLARE e CURSOR FOR SELECT id, worker FROM jobs ORDER BY id LIMIT 70 FOR UPDATE;
FETCH 2 FROM d;
UPDATE jobs SET worker = 10 WHERE id = 3;
SAVEPOINT s;
FETCH 2 FROM d;
ROLLBACK TO s;
FETCH 2 FROM d;
FETCH 3 FROM c;
FETCH -2 FROM c;
FETCH ALL FROM c;
UPDATE jobs SET worker = 11 WHERE id < 65;
FETCH ALL FROM e;
ROLLBACK;
BEGIN ISOLATION LEVEL REPEATABLE READ;
DECLARE d CURSOR FOR SELECT id, worker FROM jobs WHERE worker IS NULL ORDER BY id DESC LIMIT 4 FOR UPDATE;
FETCH 2 FROM d;
UPDATE jobs SET worker = 12 WHERE id = 97;
FETCH 5 FROM d;
COMMIT;
DO $$
DECLARE
    job record;
    seen text := '';
BEGIN
    FOR job IN SELECT id FROM jobs WHERE state = 'open' ORDER BY id LIMIT 20 FOR UPDATE SKIP LOCKED LOOP
        UPDATE jobs SET state = 'done' WHERE id IN (job.id, job.id + 1);
        seen := seen || job.id || ' ';
    END LOOP;
    RAISE EXCEPTION '%', seen;
END $$;
SELECT * FROM jobs ORDER BY id;
