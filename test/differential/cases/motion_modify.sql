-- variants: distributed mixed partial single onenode
-- UPDATE and DELETE whose other tables move to the rows that change.
CREATE TABLE a (k int, x int, v int, t text);
CREATE TABLE b (k int, x int, v int, t text);
CREATE TABLE c (k int, x bigint, v int);
CREATE TABLE l (x int, v int);
CREATE TABLE u (k int PRIMARY KEY, x int, v int);
-- distribute: create_distributed_table('a', 'k')
-- distribute: create_distributed_table('b', 'k', colocate_with => 'none')
-- distribute: create_distributed_table('c', 'k', colocate_with => 'a')
-- distribute: create_distributed_table('u', 'k', colocate_with => 'a')
INSERT INTO a SELECT i, CASE WHEN i % 7 <> 0 THEN i % 50 END, i, 't' || i % 9 FROM generate_series(1, 200) i;
INSERT INTO b SELECT i, CASE WHEN i % 5 <> 0 THEN i + 3 END, i * 10, 't' || i % 11 FROM generate_series(1, 100) i;
INSERT INTO c SELECT i % 40, i, i FROM generate_series(1, 80) i;
INSERT INTO l SELECT i, i FROM generate_series(1, 20) i;
INSERT INTO u SELECT i, i % 10, i FROM generate_series(1, 60) i;
-- distribute: set_config('citus.motion', 'always', false)
UPDATE a SET v = b.v FROM b WHERE a.x = b.k AND b.v < 300;
SELECT count(*), sum(v), sum(x) FROM a;
UPDATE a SET v = a.v + b.v, t = b.t FROM b WHERE a.k = b.x;
SELECT count(*), sum(v), min(t), max(t) FROM a;
UPDATE a SET v = v + 1 WHERE x IN (SELECT x FROM b);
UPDATE a SET v = v + 1 WHERE x NOT IN (SELECT x FROM b WHERE x IS NOT NULL);
UPDATE a SET v = v + 1 WHERE EXISTS (SELECT 1 FROM b WHERE b.x = a.k AND b.v > 100);
UPDATE a SET v = v + 1 WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.x = a.k);
SELECT count(*), sum(v), sum(x) FROM a;
UPDATE a SET v = (SELECT max(b.v) FROM b) WHERE k < 10;
UPDATE a SET v = q.s FROM (SELECT x, sum(v)::int AS s FROM b GROUP BY x) q WHERE q.x = a.k;
UPDATE a SET v = l.v FROM l WHERE l.x = a.x;
SELECT count(*), sum(v), sum(x) FROM a;
UPDATE a SET v = a2.v FROM a a2 WHERE a.k = a2.x + 100 AND a2.k < 50;
SELECT count(*), sum(v) FROM a;
UPDATE a SET v = b.v FROM b, c WHERE a.k = c.k AND c.x = b.x AND b.k % 2 = 0 AND c.v = b.k + 3;
SELECT count(*), sum(v) FROM a;
UPDATE u SET v = b.v FROM b WHERE u.x = b.k RETURNING u.k, u.v, b.t;
UPDATE u SET v = b.v FROM b WHERE u.k = b.x AND u.k = 7;
UPDATE u SET v = b.v FROM b WHERE u.x = b.x AND b.k = 1;
UPDATE u SET k = b.k FROM b WHERE u.k = b.x AND b.k < 0;
SELECT count(*), sum(v), sum(k) FROM u;
-- any-error
UPDATE u SET v = 1 / (b.v - 50) FROM b WHERE u.x = b.k;
UPDATE u SET v = b.v FROM b WHERE false;
UPDATE u SET v = b.v FROM b WHERE u.x = b.x AND b.k > 1000;
WITH w AS (SELECT x, max(v) AS m FROM b GROUP BY x) UPDATE a SET v = w.m FROM w WHERE w.x = a.k;
SELECT count(*), sum(v) FROM a;
BEGIN;
INSERT INTO b VALUES (1000, 5, 77, 'new'), (1001, 6, 78, 'new');
UPDATE u SET v = b.v FROM b WHERE u.k = b.x AND b.k >= 1000;
SELECT k, v FROM u WHERE k IN (5, 6) ORDER BY k;
SAVEPOINT s;
DELETE FROM u USING b WHERE u.k = b.x AND b.k >= 1000;
SELECT count(*) FROM u;
ROLLBACK TO s;
SELECT count(*) FROM u;
COMMIT;
PREPARE p(int) AS UPDATE a SET v = b.v + $1 FROM b WHERE a.x = b.k AND b.v > $1;
EXECUTE p(5);
EXECUTE p(700);
EXECUTE p(NULL);
EXECUTE p(1);
EXECUTE p(2);
EXECUTE p(3);
EXECUTE p(4);
SELECT count(*), sum(v) FROM a;
DELETE FROM a USING b WHERE a.x = b.x AND b.k < 5;
DELETE FROM a WHERE x IN (SELECT k FROM b WHERE v > 400);
DELETE FROM a USING b WHERE a.k = b.x AND b.t = 't3' RETURNING a.k, b.k;
DELETE FROM a WHERE NOT EXISTS (SELECT 1 FROM b WHERE b.x = a.k) AND a.v > 100;
SELECT count(*), sum(v), sum(k) FROM a;
