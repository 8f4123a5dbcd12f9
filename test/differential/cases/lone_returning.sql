-- UPDATE and DELETE with RETURNING that are all of their transaction: few rows, many rows, large rows, errors.
-- variants: distributed reference mixed single onenode partitioned
CREATE TYPE lr_mood AS ENUM ('sad', 'happy');
CREATE TABLE lr (k int, n int CHECK (n < 100000), t text, m lr_mood, c char(4), a int[], b bytea, PRIMARY KEY (k, n));
-- distribute: create_distributed_table('lr', 'k')
INSERT INTO lr SELECT g % 4, g, 'row ' || g, 'sad', 'ab', ARRAY[g, 2 * g], '\xab' FROM generate_series(1, 800) AS g;
UPDATE lr SET t = 'one' WHERE k = 1 AND n = 1 RETURNING k, n, t;
UPDATE lr SET t = 'one' WHERE k = 1 AND n = 1 RETURNING *;
UPDATE lr SET t = 'one' WHERE k = 1 AND n = 1 RETURNING c, a, b, 7, 'x', NULL;
UPDATE lr SET t = NULL, c = NULL, a = NULL, b = NULL WHERE k = 1 AND n = 1 RETURNING c, a, b, t;
UPDATE lr SET t = 'none' WHERE k = 1 AND n = -1 RETURNING k, n, t;
UPDATE lr SET t = 'one' WHERE k = 1 AND n = 1 RETURNING m, tableoid::regclass, lr;
UPDATE lr AS x SET t = y.t FROM lr AS y WHERE x.k = 1 AND y.k = 1 AND x.n = 1 AND y.n = 5 RETURNING x.t, y.n;
DELETE FROM lr WHERE k = 1 AND n = 5 RETURNING t, n;
DELETE FROM lr WHERE k = 1 AND n = 5 RETURNING t, n;
-- Errors before, while, and after rows are returned.
UPDATE lr SET n = 100001 WHERE k = 1 AND n = 9 RETURNING n;
UPDATE lr SET n = 13 WHERE k = 1 AND n = 9 RETURNING n;
UPDATE lr SET t = 'zero' WHERE k = 1 AND n = 9 RETURNING 1 / (n - 9);
UPDATE lr SET t = 'zero' WHERE k = 1 AND n IN (9, 13) RETURNING 1 / (n - 13);
SELECT n, t FROM lr WHERE k = 1 AND n IN (9, 13) ORDER BY n;
-- Some hundred rows are too many to be committed in one message.
-- unordered
UPDATE lr SET t = t || '!' WHERE k = 2 RETURNING n, t;
-- unordered
UPDATE lr SET t = t || '!' WHERE k = 2 RETURNING n, t;
-- unordered
UPDATE lr SET c = 'cd' WHERE k = 2 AND n < 100 RETURNING n, t, c;
-- unordered
UPDATE lr SET n = n + 1000 WHERE k = 2 AND n > 700 RETURNING n;
SELECT count(*), sum(n), min(t), max(length(t)) FROM lr WHERE k = 2;
-- One large row, compressed or not.
UPDATE lr SET t = repeat('x', 40000) WHERE k = 3 AND n = 3 RETURNING n, t;
UPDATE lr SET t = t || 'y' WHERE k = 3 AND n = 3 RETURNING n, t;
UPDATE lr SET b = decode(repeat('ab', 20000), 'hex') WHERE k = 3 AND n = 3 RETURNING n, length(t), b;
UPDATE lr SET t = 'z' WHERE k = 3 AND n = 3 RETURNING n, t;
SELECT n, length(t), length(b) FROM lr WHERE k = 3 AND n = 3;
-- A large one that fails by another row.
UPDATE lr SET t = repeat('x', 40000) WHERE k = 3 AND n IN (7, 11) RETURNING t, 1 / (n - 11);
SELECT n, length(t) FROM lr WHERE k = 3 AND n IN (7, 11) ORDER BY n;
-- Prepared.
PREPARE change(int, int, text) AS UPDATE lr SET t = $3 WHERE k = $1 AND n = $2 RETURNING n, t;
EXECUTE change(3, 15, 'a');
EXECUTE change(3, 15, 'b');
EXECUTE change(3, 19, 'c');
EXECUTE change(0, 4, 'd');
EXECUTE change(0, 4, repeat('e', 33000));
EXECUTE change(0, 4, 'f');
PREPARE gone(int, int) AS DELETE FROM lr WHERE k = $1 AND n = $2 RETURNING *;
EXECUTE gone(0, 8);
EXECUTE gone(0, 8);
EXECUTE gone(0, 12);
-- In blocks, with savepoints, as parts of other statements.
BEGIN;
UPDATE lr SET t = 'block' WHERE k = 0 AND n = 16 RETURNING t;
SAVEPOINT a;
DELETE FROM lr WHERE k = 0 AND n = 16 RETURNING t;
ROLLBACK TO a;
DELETE FROM lr WHERE k = 0 AND n = 20 RETURNING t;
COMMIT;
BEGIN;
UPDATE lr SET t = 'gone' WHERE k = 0 AND n = 16 RETURNING t;
ROLLBACK;
SELECT n, t FROM lr WHERE k = 0 AND n IN (16, 20);
WITH x AS (UPDATE lr SET t = 'with' WHERE k = 0 AND n = 24 RETURNING t, n) SELECT t, n + 1 FROM x;
WITH x AS (SELECT 28 AS n) UPDATE lr SET t = 'with' FROM x WHERE k = 0 AND lr.n = x.n RETURNING t, lr.n;
DO $$ DECLARE r text; BEGIN UPDATE lr SET t = 'plpgsql' WHERE k = 0 AND n = 32 RETURNING t INTO r; RAISE division_by_zero; END $$;
SELECT t FROM lr WHERE k = 0 AND n = 32;
-- What the row fails by on its way.
SET client_encoding TO latin1;
UPDATE lr SET t = U&'\20AC' WHERE k = 0 AND n = 36 RETURNING n, t;
UPDATE lr SET t = U&'\20AC' WHERE k = 0 AND n = 36 RETURNING n;
RESET client_encoding;
SELECT t FROM lr WHERE k = 0 AND n = 36;
SET default_transaction_read_only TO on;
DELETE FROM lr WHERE k = 0 AND n = 36 RETURNING n;
RESET default_transaction_read_only;
SET default_transaction_isolation TO 'serializable';
DELETE FROM lr WHERE k = 0 AND n = 36 RETURNING n;
RESET default_transaction_isolation;
SELECT count(*), sum(n) FROM lr;
-- A view, with and without a check.
CREATE VIEW lr_small AS SELECT k, n, t FROM lr WHERE n < 50 WITH CHECK OPTION;
UPDATE lr_small SET t = 'view' WHERE k = 0 AND n = 40 RETURNING *;
UPDATE lr_small SET n = 60 WHERE k = 0 AND n = 40 RETURNING *;
UPDATE lr_small SET n = 49 WHERE k = 0 AND n = 40 RETURNING *;
SELECT n FROM lr WHERE k = 0 AND n BETWEEN 38 AND 62 ORDER BY n;
DROP VIEW lr_small;
DROP TABLE lr;
DROP TYPE lr_mood;
