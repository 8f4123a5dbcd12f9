-- variants: distributed reference single onenode partitioned
-- The general UPDATE and DELETE on tables without any unique key, with rows that are alike.
CREATE TABLE t (a int, b text, c float8, d jsonb);
CREATE TABLE l (a int, n int);
-- distribute: create_distributed_table('t', 'a')
INSERT INTO t SELECT g % 4, CASE g % 3 WHEN 0 THEN NULL WHEN 1 THEN '' ELSE 'x' END, 1.0 / (1 + g % 2), '{"a": 1}' FROM generate_series(1, 48) g;
INSERT INTO l VALUES (1, 10), (2, 20);
UPDATE t SET b = 'l' || n FROM l WHERE l.a = t.a AND t.b = 'x' RETURNING t.*;
SELECT *, count(*) FROM t GROUP BY a, b, c, d ORDER BY 1, 2, 3;
DELETE FROM t USING l WHERE l.a = t.a AND t.b IS NULL RETURNING t.a, t.c;
SELECT *, count(*) FROM t GROUP BY a, b, c, d ORDER BY 1, 2, 3;
UPDATE t SET c = c / 3, d = NULL FROM l WHERE t.a + l.a = 3;
SELECT *, count(*) FROM t GROUP BY a, b, c, d ORDER BY 1, 2, 3;
UPDATE t SET a = a + 100 FROM l WHERE t.a = l.a AND l.n = 20 RETURNING t.a, t.b;
SELECT *, count(*) FROM t GROUP BY a, b, c, d ORDER BY 1, 2, 3;
ALTER TABLE t ADD COLUMN e int;
UPDATE t SET e = l.n FROM l WHERE l.a = t.a OR t.a IS NULL RETURNING t.e;
UPDATE t SET a = NULL WHERE random() < 2 AND a = 3;
DELETE FROM t WHERE random() < 2 AND a IS NULL AND b = '';
SELECT *, count(*) FROM t GROUP BY a, b, c, d, e ORDER BY 1, 2, 3, 5;
