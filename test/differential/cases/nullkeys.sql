-- variants: distributed reference mixed single onenode partitioned
-- A NULL key is a value like any other.
CREATE TABLE n (k int, v int, note text);
CREATE TABLE m (k int, w int);
-- distribute: create_distributed_table('n', 'k')
-- distribute: create_distributed_table('m', 'k')
INSERT INTO n VALUES (NULL, 1, 'null'), (0, 2, 'zero'), (1, 3, 'one');
INSERT INTO n (v) VALUES (4), (5);
INSERT INTO n SELECT NULLIF(g % 5, 0), g, 'g' || g FROM generate_series(10, 40) AS g;
INSERT INTO m SELECT NULLIF(g % 7, 3), g FROM generate_series(1, 30) AS g;
SELECT count(*), count(k) FROM n;
SELECT * FROM n WHERE k IS NULL ORDER BY v;
SELECT * FROM n WHERE k IS NOT NULL ORDER BY v;
SELECT * FROM n WHERE k = NULL;
SELECT * FROM n WHERE k <> 1 ORDER BY v;
SELECT v FROM n WHERE k IS DISTINCT FROM 1 ORDER BY v;
SELECT v FROM n WHERE k IS NOT DISTINCT FROM NULL ORDER BY v;
SELECT v FROM n WHERE k IS NULL OR k = 1 ORDER BY v;
SELECT v FROM n WHERE k IS NULL AND v = 4;
SELECT v FROM n WHERE coalesce(k, -1) = -1 ORDER BY v;
SELECT v FROM n WHERE k IN (NULL, 1) ORDER BY v;
SELECT v FROM n WHERE k NOT IN (NULL, 1) ORDER BY v;
SELECT v FROM n WHERE k NOT IN (1, 2) ORDER BY v;
SELECT v FROM n WHERE (k = 1) IS UNKNOWN ORDER BY v;
SELECT v FROM n WHERE NOT (k = 1 AND v > 0) ORDER BY v;
SELECT k, count(*), sum(v) FROM n GROUP BY k ORDER BY k;
SELECT k, count(*) FROM n GROUP BY k ORDER BY k NULLS FIRST;
SELECT DISTINCT k FROM n ORDER BY k DESC;
SELECT count(DISTINCT k) FROM n;
SELECT n.k, m.k, n.v, m.w FROM n JOIN m ON n.k = m.k WHERE v < 20 ORDER BY 3, 4;
SELECT n.k, n.v, m.w FROM n LEFT JOIN m ON n.k = m.k WHERE v < 12 ORDER BY 2, 3;
SELECT n.v, m.k, m.w FROM n RIGHT JOIN m ON n.k = m.k AND n.v < 14 ORDER BY 3, 1;
SELECT n.k, m.k, count(*) FROM n FULL JOIN m ON n.k = m.k GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) FROM n JOIN m ON n.k IS NOT DISTINCT FROM m.k;
SELECT v FROM n WHERE k IN (SELECT k FROM m) ORDER BY v;
SELECT v FROM n WHERE k NOT IN (SELECT k FROM m) ORDER BY v;
SELECT v FROM n WHERE NOT EXISTS (SELECT 1 FROM m WHERE m.k = n.k) ORDER BY v;
SELECT k FROM n WHERE v < 5 UNION SELECT k FROM m WHERE w < 5 ORDER BY 1;
SELECT k FROM n EXCEPT SELECT k FROM m ORDER BY 1;
SELECT k FROM n INTERSECT SELECT k FROM m ORDER BY 1;
SELECT k, v, sum(v) OVER (PARTITION BY k ORDER BY v), count(*) OVER (PARTITION BY k) FROM n ORDER BY k, v;
UPDATE n SET note = 'null key' WHERE k IS NULL AND v < 5;
UPDATE n SET note = 'both' WHERE k IS NULL OR k = 2 RETURNING v;
SELECT * FROM n ORDER BY v;
UPDATE n SET v = v + 100 FROM m WHERE n.k = m.k AND m.w = 8;
UPDATE n SET v = v + 1000 FROM m WHERE n.k IS NOT DISTINCT FROM m.k AND m.w = 10;
SELECT k, v FROM n ORDER BY v;
UPDATE n SET k = NULL WHERE k IS NULL;
DELETE FROM n WHERE k IS NULL AND v = 1004 RETURNING *;
DELETE FROM n WHERE k IS NULL RETURNING v;
SELECT count(*), count(k) FROM n;
COPY n FROM STDIN (FORMAT csv);
,50,from copy
7,51,
,52,
\.
SELECT * FROM n WHERE v BETWEEN 50 AND 52 ORDER BY v;
PREPARE put(int, int) AS INSERT INTO n (k, v) VALUES ($1, $2) RETURNING k, v;
EXECUTE put(NULL, 60);
EXECUTE put(1, 61);
EXECUTE put(NULL, 62);
EXECUTE put(2, 63);
EXECUTE put(NULL, 64);
EXECUTE put(3, 65);
EXECUTE put(NULL, 66);
PREPARE get(int) AS SELECT v FROM n WHERE k IS NOT DISTINCT FROM $1 AND v BETWEEN 60 AND 66 ORDER BY v;
EXECUTE get(NULL);
EXECUTE get(1);
EXECUTE get(NULL);
EXECUTE get(2);
EXECUTE get(3);
EXECUTE get(NULL);
EXECUTE get(4);
BEGIN;
INSERT INTO n VALUES (NULL, 70);
SELECT v FROM n WHERE k IS NULL AND v = 70;
ROLLBACK;
SELECT v FROM n WHERE k IS NULL AND v = 70;
TRUNCATE n;
SELECT * FROM n WHERE k IS NULL;
CREATE TABLE strict (k int NOT NULL, v int);
-- distribute: create_distributed_table('strict', 'k')
INSERT INTO strict VALUES (NULL, 1);
INSERT INTO strict VALUES (1, 1), (NULL, 2);
SELECT count(*) FROM strict;
CREATE TABLE uniq (k int UNIQUE, v int);
-- distribute: create_distributed_table('uniq', 'k')
INSERT INTO uniq VALUES (NULL, 1), (NULL, 2), (1, 3);
INSERT INTO uniq VALUES (1, 4), (NULL, 5) ON CONFLICT DO NOTHING;
INSERT INTO uniq VALUES (NULL, 6) ON CONFLICT (k) DO UPDATE SET v = 0;
SELECT * FROM uniq ORDER BY v;
CREATE TABLE empty_one (k int, v text);
-- distribute: create_distributed_table('empty_one', 'k')
SELECT * FROM empty_one;
SELECT count(*), sum(k), max(v), avg(k), array_agg(v), string_agg(v, ',') FROM empty_one;
SELECT k, count(*) FROM empty_one GROUP BY k;
SELECT * FROM empty_one WHERE k = 1;
SELECT * FROM empty_one WHERE k IS NULL;
SELECT n.k FROM n LEFT JOIN empty_one USING (k) ORDER BY 1;
SELECT m.w, e.v FROM m LEFT JOIN empty_one e USING (k) ORDER BY 1 LIMIT 3;
UPDATE empty_one SET v = 'x' RETURNING *;
DELETE FROM empty_one RETURNING *;
SELECT * FROM empty_one ORDER BY k LIMIT 5;
SELECT count(*) FROM m WHERE k NOT IN (SELECT k FROM empty_one);
SELECT (SELECT max(k) FROM empty_one), EXISTS (SELECT 1 FROM empty_one);
COPY empty_one TO STDOUT;
TRUNCATE empty_one;
