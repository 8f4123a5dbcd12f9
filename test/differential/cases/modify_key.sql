-- variants: distributed reference single mixed onenode partitioned
-- UPDATE of the distribution column: rows move between shards.
CREATE TABLE t (k int PRIMARY KEY, a text, b numeric(8,2), g int GENERATED ALWAYS AS (k * 2) STORED, d date DEFAULT '2026-05-05', gone int, "Odd ""name" char(4));
CREATE TABLE n (k bigint, v text);
CREATE TABLE l (k int, n int);
-- distribute: create_distributed_table('t', 'k')
-- distribute: create_distributed_table('n', 'k')
INSERT INTO t (k, a, b) SELECT g, 'a' || g, g * 1.25 FROM generate_series(1, 30) g;
INSERT INTO n SELECT nullif(g % 12, 11), 'v' || g FROM generate_series(1, 40) g;
INSERT INTO l SELECT g, g % 3 FROM generate_series(1, 12) g;
UPDATE t SET k = 100 WHERE k = 1;
UPDATE t SET k = k + 1000 WHERE k BETWEEN 3 AND 9 RETURNING *;
UPDATE t SET k = -k;
SELECT * FROM t ORDER BY k;
SELECT * FROM t WHERE k = -100;
SELECT * FROM t WHERE k = 100;
UPDATE t SET k = l.k, a = 'from l', d = DEFAULT FROM l WHERE t.k = -l.k - 1000 RETURNING t.*, l.n;
UPDATE t SET k = -11 WHERE k = -12;
SELECT count(*) FROM t;
UPDATE t SET k = NULL WHERE k = -12;
UPDATE n SET k = k + 1 WHERE v LIKE '%3' RETURNING k, v;
UPDATE n SET k = NULL WHERE k > 8;
UPDATE n SET k = length(v) + 1000 WHERE k IS NULL;
SELECT * FROM n ORDER BY k, v;
UPDATE n SET k = CASE WHEN k > 1000 THEN NULL ELSE k END, v = v || '!';
SELECT * FROM n ORDER BY k, v;
BEGIN;
UPDATE t SET k = k + 5000;
SAVEPOINT s;
UPDATE t SET k = k + 5000;
SELECT min(k), max(k), count(*), sum(g) FROM t;
ROLLBACK TO s;
SELECT min(k), max(k), count(*), sum(g) FROM t;
ROLLBACK;
SELECT min(k), max(k), count(*), sum(g) FROM t;
WITH moved AS (UPDATE t SET k = k - 7000 WHERE k < -20 RETURNING k, a) SELECT * FROM moved ORDER BY k;
PREPARE move(int, int) AS UPDATE t SET k = $2 WHERE k = $1 RETURNING k, g;
EXECUTE move(-10, 10000);
EXECUTE move(10000, 10001);
EXECUTE move(10001, 10002);
EXECUTE move(10002, 10003);
EXECUTE move(10003, 10004);
EXECUTE move(10004, 10005);
EXECUTE move(10005, 10006);
EXECUTE move(10005, 10007);
ALTER TABLE t DROP COLUMN gone;
UPDATE t SET k = k + 1 WHERE k > 10000 RETURNING *;
CREATE TABLE parent (k int PRIMARY KEY, v int);
-- distribute(distributed, mixed, onenode): create_distributed_table('parent', 'k')
-- distribute(reference): create_reference_table('parent')
-- distribute(single): create_distributed_table('parent', NULL)
CREATE TABLE child (k int, w int);
-- distribute(distributed, mixed, onenode): create_distributed_table('child', 'k')
-- distribute(reference): create_reference_table('child')
-- distribute(single): create_distributed_table('child', NULL, colocate_with => 'parent')
ALTER TABLE child ADD FOREIGN KEY (k) REFERENCES parent;
INSERT INTO parent SELECT g, g FROM generate_series(1, 5) g;
INSERT INTO child VALUES (1, 1), (2, 2);
UPDATE parent SET k = 10 WHERE k = 1;
UPDATE parent SET k = 10 WHERE k = 5;
UPDATE child SET k = 3 WHERE k = 1;
UPDATE child SET k = 77 WHERE k = 2;
SELECT * FROM parent ORDER BY k;
SELECT * FROM child ORDER BY k;
INSERT INTO n SELECT g, 'bulk' FROM generate_series(1, 5000) g;
UPDATE n SET k = k + 100000 WHERE v = 'bulk';
SELECT count(*), sum(k), min(k) FROM n WHERE v = 'bulk';
