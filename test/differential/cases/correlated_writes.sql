-- variants: distributed reference mixed single onenode
-- Scans that run once per row, after their own statement has written: they see what was there before.
CREATE TABLE a (k int PRIMARY KEY, v int);
-- distribute: create_distributed_table('a', 'k')
CREATE TABLE b (k int PRIMARY KEY, v int, w int);
-- distribute: create_distributed_table('b', 'k')
INSERT INTO a SELECT g, g % 5 FROM generate_series(1, 20) g;
INSERT INTO b SELECT g, g % 4, g % 7 FROM generate_series(1, 40) g;
WITH gone AS (DELETE FROM b WHERE v = 1 RETURNING k) SELECT a.k, (SELECT b.k FROM b WHERE b.k > a.k + a.v ORDER BY b.k OFFSET 1 LIMIT 1) AS next, (SELECT count(*) FROM gone) FROM a ORDER BY a.k;
SELECT count(*) FROM b;
WITH more AS (INSERT INTO b SELECT k + 100, v, v FROM a RETURNING k) SELECT a.k, l.k FROM a, LATERAL (SELECT b.k FROM b WHERE b.w = a.v ORDER BY b.k DESC LIMIT 2) l WHERE (SELECT count(*) FROM more) = 20 ORDER BY 1, 2;
WITH changed AS (UPDATE b SET w = w + 1 RETURNING k, w) SELECT a.k, (SELECT sum(b.w) FROM b WHERE b.k % 5 = a.v AND b.k > (SELECT min(a2.k) FROM a a2 WHERE a2.v = a.v)), (SELECT max(w) FROM changed) FROM a ORDER BY 1;
SELECT sum(w) FROM b;
WITH changed AS (UPDATE b SET v = v + 1 WHERE k < 10 RETURNING k) UPDATE a SET v = (SELECT b.v FROM b WHERE b.k >= a.k ORDER BY b.k LIMIT 1) WHERE k IN (SELECT k FROM changed) RETURNING *;
SELECT * FROM a ORDER BY 1;
-- A scan that has run before the write already.
SET enable_hashjoin TO off;
SET enable_mergejoin TO off;
SET enable_material TO off;
WITH gone AS (DELETE FROM b WHERE v = 2 RETURNING k) SELECT a.k, (SELECT max(b.k) FROM (SELECT * FROM b WHERE b.w >= a.v ORDER BY b.k LIMIT 5) b), gone.k FROM a LEFT JOIN gone ON gone.k = (SELECT b.k FROM b WHERE b.k > a.k ORDER BY b.k LIMIT 1) ORDER BY 1;
RESET enable_hashjoin;
RESET enable_mergejoin;
RESET enable_material;
-- At other isolation levels, in blocks and savepoints.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM b;
UPDATE b SET w = 0 WHERE k < 5;
WITH gone AS (DELETE FROM b WHERE w = 0 RETURNING k) SELECT a.k, (SELECT b.k FROM b WHERE b.k > a.k ORDER BY b.k LIMIT 1), (SELECT count(*) FROM gone) FROM a ORDER BY 1;
SAVEPOINT s;
WITH gone AS (DELETE FROM b WHERE w = 3 RETURNING k) SELECT a.k, (SELECT b.k FROM b WHERE b.k > a.k ORDER BY b.k LIMIT 1), (SELECT count(*) FROM gone) FROM a ORDER BY 1;
ROLLBACK TO s;
WITH gone AS (DELETE FROM b WHERE w = 3 RETURNING k) SELECT a.k, (SELECT b.k FROM b WHERE b.k > a.k ORDER BY b.k LIMIT 1), (SELECT count(*) FROM gone) FROM a ORDER BY 1;
SELECT count(*), sum(w) FROM b;
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
WITH gone AS (DELETE FROM b WHERE w = 2 RETURNING k) SELECT a.k, (SELECT b.k FROM b WHERE b.k > a.k ORDER BY b.k LIMIT 1), (SELECT count(*) FROM gone) FROM a ORDER BY 1;
COMMIT;
SELECT count(*), sum(k) FROM b;
-- A function that writes while the query around it reads.
CREATE FUNCTION bump(n int) RETURNS int LANGUAGE plpgsql AS $$ BEGIN UPDATE b SET w = w + 1000 WHERE b.k >= n; INSERT INTO b VALUES (n + 500, 1, 1); RETURN n; END $$;
SELECT bump(a.k), (SELECT b.w FROM b WHERE b.k > a.k ORDER BY b.k LIMIT 1), (SELECT count(*) FROM (SELECT FROM b WHERE b.k >= a.k LIMIT 1000) x) FROM a WHERE a.k < 4 ORDER BY a.k;
SELECT sum(w), count(*) FROM b;
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT bump(a.k + 20), (SELECT b.w FROM b WHERE b.k > a.k ORDER BY b.k LIMIT 1), (SELECT count(*) FROM (SELECT FROM b WHERE b.k >= a.k LIMIT 1000) x) FROM a WHERE a.k < 4 ORDER BY a.k;
COMMIT;
SELECT sum(w), count(*) FROM b;
-- RETURNING looks at the target for each row, as it was before.
CREATE TABLE upserted (k int, id int PRIMARY KEY, c numeric);
-- distribute: create_distributed_table('upserted', 'id', shard_count := 4)
INSERT INTO upserted VALUES (1, 1, 5), (2, 2, 5), (3, 3, 6);
INSERT INTO upserted AS t VALUES (9, 1, 6), (9, 7, 5), (9, 8, 6) ON CONFLICT (id) DO UPDATE SET c = excluded.c, k = 10 RETURNING id, c, (SELECT count(*) FROM upserted s WHERE s.c = t.c) AS same, (SELECT max(s.k) FROM upserted s WHERE s.c = t.c) AS top;
INSERT INTO upserted AS t VALUES (11, 11, 5), (12, 12, 5) RETURNING id, tableoid::regclass, (SELECT count(*) FROM upserted s WHERE s.c = t.c) AS same;
SELECT * FROM upserted ORDER BY id;
