-- variants: distributed reference mixed single onenode partitioned
-- Row locks and table locks in one session: what is asked for is granted, and the rows are those of plain tables.
CREATE TABLE jobs (id int PRIMARY KEY, state text, worker int);
CREATE TABLE parts (job int, no int, what text, PRIMARY KEY (job, no));
-- distribute: create_distributed_table('jobs', 'id')
-- distribute: create_distributed_table('parts', 'job')
INSERT INTO jobs SELECT g, CASE WHEN g % 3 = 0 THEN 'done' ELSE 'open' END, NULL FROM generate_series(1, 30) AS g;
INSERT INTO parts SELECT g % 30 + 1, g, 'part ' || g FROM generate_series(1, 60) AS g;
BEGIN;
SELECT * FROM jobs WHERE id = 4 FOR UPDATE;
SELECT * FROM jobs WHERE id = 5 FOR NO KEY UPDATE;
SELECT * FROM jobs WHERE id = 6 FOR SHARE;
SELECT * FROM jobs WHERE id = 7 FOR KEY SHARE;
SELECT * FROM jobs WHERE id = 8 FOR UPDATE NOWAIT;
SELECT * FROM jobs WHERE id = 9 FOR UPDATE SKIP LOCKED;
UPDATE jobs SET state = 'mine' WHERE id = 4;
SELECT * FROM jobs WHERE id = 4 FOR UPDATE;
COMMIT;
-- Over many shards.
BEGIN;
SELECT id FROM jobs WHERE state = 'open' ORDER BY id LIMIT 5 FOR UPDATE;
SELECT id FROM jobs WHERE state = 'open' ORDER BY id LIMIT 5 FOR UPDATE SKIP LOCKED;
UPDATE jobs SET worker = 1 WHERE id IN (SELECT id FROM jobs WHERE state = 'open' ORDER BY id LIMIT 3 FOR UPDATE SKIP LOCKED) RETURNING id;
SELECT count(*) FROM (SELECT 1 FROM jobs FOR SHARE) AS locked;
SELECT j.id, p.no FROM jobs j JOIN parts p ON p.job = j.id WHERE j.id < 4 ORDER BY p.no FOR UPDATE OF p;
SELECT j.id, p.no FROM jobs j JOIN parts p ON p.job = j.id WHERE j.id = 4 ORDER BY p.no FOR UPDATE OF j FOR SHARE OF p;
SELECT j.id, p.no FROM jobs j LEFT JOIN parts p ON p.job = j.id AND p.no > 50 WHERE j.id < 4 ORDER BY j.id FOR UPDATE OF j;
SELECT j.id, p.what FROM jobs j JOIN parts p ON p.no = j.id ORDER BY j.id LIMIT 3 FOR UPDATE;
COMMIT;
SELECT id, worker FROM jobs WHERE worker IS NOT NULL ORDER BY id;
-- Queues: each statement's rows, and that they are found again.
BEGIN;
SELECT id, state FROM jobs WHERE state <> 'done' ORDER BY id DESC LIMIT 4 OFFSET 1 FOR UPDATE SKIP LOCKED;
SELECT id, state || '!' AS s FROM jobs WHERE state = 'open' ORDER BY 2, id LIMIT 3 FOR NO KEY UPDATE NOWAIT;
SELECT j FROM jobs j WHERE state = 'open' ORDER BY id LIMIT 2 FOR UPDATE;
SELECT p.*, j.state FROM jobs j JOIN parts p ON p.job = j.id ORDER BY p.no LIMIT 4 FOR UPDATE OF p SKIP LOCKED;
SELECT p.no, j.id FROM jobs j JOIN parts p ON p.job = j.id ORDER BY j.id, p.no LIMIT 5 FOR UPDATE OF j SKIP LOCKED;
SELECT id FROM jobs WHERE id IN (SELECT job FROM parts WHERE no < 20) ORDER BY id LIMIT 3 FOR SHARE;
SELECT id FROM jobs ORDER BY id LIMIT NULL FOR UPDATE;
SELECT id FROM jobs ORDER BY id LIMIT 0 FOR UPDATE;
SELECT id FROM jobs ORDER BY id FETCH FIRST 2 ROWS WITH TIES FOR UPDATE;
SELECT id FROM jobs ORDER BY id LIMIT (SELECT 2) FOR UPDATE;
SELECT count(*) FROM (SELECT id FROM jobs ORDER BY random() LIMIT 3 FOR UPDATE SKIP LOCKED) AS l;
PREPARE take(int) AS UPDATE jobs SET worker = $1 WHERE id IN (SELECT id FROM jobs WHERE worker IS NULL AND state = 'open' ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED) RETURNING id, worker;
EXECUTE take(1);
EXECUTE take(2);
EXECUTE take(3);
WITH c AS (SELECT id FROM jobs WHERE worker IS NULL ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED) UPDATE jobs SET worker = 7 FROM c WHERE jobs.id = c.id RETURNING jobs.id;
WITH t AS (DELETE FROM jobs WHERE id = (SELECT id FROM jobs WHERE worker = 7 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING *) INSERT INTO parts SELECT id, 2000, 'taken' FROM t RETURNING *;
WITH t AS (DELETE FROM jobs USING (SELECT id FROM jobs ORDER BY id DESC LIMIT 2 FOR UPDATE SKIP LOCKED) AS c WHERE jobs.id = c.id RETURNING jobs.*), u AS (UPDATE jobs SET state = 'last' WHERE id = 1 RETURNING id) SELECT t.id, u.id FROM t, u ORDER BY 1;
DELETE FROM parts USING (SELECT no FROM parts ORDER BY no LIMIT 2 FOR UPDATE SKIP LOCKED) AS c WHERE parts.no = c.no RETURNING parts.no;
SELECT * FROM jobs ORDER BY id;
ROLLBACK;
-- What PostgreSQL refuses.
SELECT count(*) FROM jobs FOR UPDATE;
SELECT DISTINCT state FROM jobs FOR UPDATE;
SELECT state FROM jobs GROUP BY state FOR SHARE;
SELECT id FROM jobs UNION SELECT job FROM parts FOR UPDATE;
SELECT j.id FROM jobs j LEFT JOIN parts p ON p.job = j.id FOR UPDATE OF p;
SELECT id FROM jobs FOR UPDATE OF nothing;
-- Rows as they are now, in a cursor.
BEGIN;
DECLARE c CURSOR FOR SELECT id, state FROM jobs WHERE id < 6 ORDER BY id FOR UPDATE;
FETCH 2 FROM c;
FETCH 10 FROM c;
COMMIT;
-- Tables.
BEGIN;
LOCK TABLE jobs;
SELECT count(*) FROM jobs;
UPDATE jobs SET state = 'locked' WHERE id = 1;
COMMIT;
BEGIN;
LOCK TABLE jobs, parts IN SHARE ROW EXCLUSIVE MODE;
LOCK TABLE ONLY parts IN ACCESS SHARE MODE NOWAIT;
INSERT INTO parts VALUES (1, 1000, 'locked');
ROLLBACK;
LOCK TABLE jobs;
SELECT * FROM jobs WHERE id = 1;
-- Advisory locks are the coordinator's.
BEGIN;
SELECT pg_advisory_xact_lock(42);
SELECT id, pg_try_advisory_xact_lock(id) FROM jobs WHERE id < 4 ORDER BY id;
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND objid IN (1, 2, 3, 42);
COMMIT;
-- Isolation levels.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM jobs;
UPDATE jobs SET state = 'repeatable' WHERE id IN (1, 2);
SELECT state FROM jobs WHERE id IN (1, 2) ORDER BY id;
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
SELECT sum(id) FROM jobs;
INSERT INTO jobs VALUES (100, 'serializable');
COMMIT;
BEGIN READ ONLY;
SELECT count(*) FROM jobs;
UPDATE jobs SET state = 'no' WHERE id = 1;
ROLLBACK;
BEGIN READ ONLY;
SELECT id FROM jobs WHERE id = 1 FOR UPDATE;
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY DEFERRABLE;
SELECT count(*) FROM jobs;
COMMIT;
BEGIN;
SELECT count(*) FROM jobs;
SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;
ROLLBACK;
SELECT * FROM jobs ORDER BY id;
