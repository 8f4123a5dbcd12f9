-- Writes that are all of their transaction, and fail when it commits.
-- variants: distributed reference
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
