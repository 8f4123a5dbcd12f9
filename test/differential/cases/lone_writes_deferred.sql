-- Writes that are all of their transaction, and fail when it commits.
-- variants: distributed reference onenode partitioned
CREATE TABLE lw (k int PRIMARY KEY, v int);
-- distribute: create_distributed_table('lw', 'k')
CREATE TABLE lw_child (k int, n int, PRIMARY KEY (k, n));
-- distribute: create_distributed_table('lw_child', 'k')
ALTER TABLE lw_child ADD CONSTRAINT lw_child_k FOREIGN KEY (k) REFERENCES lw (k) DEFERRABLE INITIALLY DEFERRED;
INSERT INTO lw SELECT g, g FROM generate_series(1, 9) AS g;
INSERT INTO lw_child VALUES (1, 1);
INSERT INTO lw_child VALUES (1, 2) RETURNING n;
INSERT INTO lw_child VALUES (100, 1);
INSERT INTO lw_child VALUES (100, 2) RETURNING n;
UPDATE lw_child SET k = k WHERE k = 1;
DELETE FROM lw WHERE k = 1;
UPDATE lw_child SET n = n + 10 WHERE k = 1 RETURNING n;
DELETE FROM lw WHERE k = 1 RETURNING k, v;
DELETE FROM lw WHERE k = 9 RETURNING k, v;
SELECT k, n FROM lw_child ORDER BY 1, 2;
SELECT count(*) FROM lw;
-- More than once, as prepared commands.
PREPARE child(int, int) AS INSERT INTO lw_child VALUES ($1, $2);
EXECUTE child(3, 1);
EXECUTE child(300, 1);
EXECUTE child(3, 2);
EXECUTE child(300, 2);
EXECUTE child(3, 3);
EXECUTE child(300, 3);
SELECT k, n FROM lw_child ORDER BY 1, 2;
PREPARE parent(int) AS DELETE FROM lw WHERE k = $1;
EXECUTE parent(3);
EXECUTE parent(4);
EXECUTE parent(3);
EXECUTE parent(5);
SELECT k FROM lw ORDER BY 1;
-- The statement after a failed one works, in a block or not.
BEGIN;
EXECUTE child(6, 1);
EXECUTE parent(6);
COMMIT;
EXECUTE child(6, 2);
SELECT k, n FROM lw_child ORDER BY 1, 2;
DO $$ BEGIN INSERT INTO lw_child VALUES (400, 1); COMMIT; EXCEPTION WHEN OTHERS THEN RAISE NOTICE 'caught %', SQLSTATE; END $$;
SELECT count(*) FROM lw_child;
DROP TABLE lw_child, lw;
-- Of utility statements.
COPY lw_child FROM STDIN;
6	60
500	1
\.
COPY lw_child FROM STDIN;
6	60
\.
DO $$ BEGIN INSERT INTO lw_child VALUES (400, 1); INSERT INTO lw_child VALUES (401, 1); END $$;
DO $$ BEGIN INSERT INTO lw_child VALUES (410, 1); INSERT INTO lw VALUES (410, 1); END $$;
CREATE PROCEDURE lw_pair(key int) LANGUAGE plpgsql AS $$ BEGIN INSERT INTO lw_child VALUES (key, 1); COMMIT; INSERT INTO lw_child VALUES (key + 1, 1); END $$;
CALL lw_pair(410);
INSERT INTO lw VALUES (420, 1);
CALL lw_pair(420);
SELECT k, n FROM lw_child WHERE k >= 400 ORDER BY 1, 2;
-- Unique ones, and with WITH.
CREATE TABLE lw_unique (k int, n int, CONSTRAINT lw_once UNIQUE (k, n) DEFERRABLE INITIALLY DEFERRED);
-- distribute: create_distributed_table('lw_unique', 'k')
INSERT INTO lw_unique VALUES (1, 1), (1, 2);
INSERT INTO lw_unique VALUES (1, 2);
UPDATE lw_unique SET n = 2 WHERE k = 1 RETURNING n;
UPDATE lw_unique SET n = n + 1 WHERE k = 1;
WITH x AS (INSERT INTO lw_unique VALUES (1, 3) RETURNING n) SELECT n FROM x;
BEGIN;
INSERT INTO lw_unique VALUES (1, 3);
DELETE FROM lw_unique WHERE k = 1 AND n = 3;
COMMIT;
SELECT n FROM lw_unique ORDER BY n;
DROP PROCEDURE lw_pair;
DROP TABLE lw_unique;
