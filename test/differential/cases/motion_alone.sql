-- variants: distributed mixed single onenode
CREATE TABLE a (k int, v int, w int);
CREATE TABLE b (k int, v int);
CREATE TABLE c (k int, v int);
-- distribute: create_distributed_table('a', 'k')
-- distribute: create_distributed_table('b', 'k')
-- distribute: create_distributed_table('c', 'k')
INSERT INTO a SELECT g, g % 5, g % 3 FROM generate_series(1, 20) g;
INSERT INTO b SELECT g, g % 4 FROM generate_series(1, 20) g;
INSERT INTO c SELECT g, g % 3 FROM generate_series(1, 20) g;
-- only-distributed
SET citus.motion TO always;
-- What moves of a sub-select whose columns are compared with each other is no query that moves once more.
SELECT s.x, s.n, c.k FROM (SELECT a.v AS x, min(b.k) AS n FROM a JOIN b ON a.v = b.v GROUP BY a.v) s JOIN c ON c.v = s.x WHERE s.x = s.n ORDER BY 1, 2, 3;
SELECT s.x, s.n FROM (SELECT a.v AS x, min(b.k) AS n FROM a JOIN b ON a.v = b.v GROUP BY a.v) s WHERE s.x = s.n ORDER BY 1, 2;
SELECT count(*), max(s.n) FROM (SELECT a.v AS x, min(b.k) AS n FROM a JOIN b ON a.v = b.v GROUP BY a.v) s WHERE s.x = s.n;
SELECT s.x, c.k FROM (SELECT DISTINCT a.v AS x, a.w AS y FROM a JOIN b ON a.v = b.v) s LEFT JOIN c ON c.v = s.y WHERE s.x = s.y ORDER BY 1, 2;
WITH s AS (SELECT a.v AS x, a.w AS y FROM a JOIN b ON a.v = b.v LIMIT 5) SELECT count(*) FROM s s1 JOIN s s2 ON s1.x = s2.x JOIN c ON c.k = s1.y WHERE s1.x = s1.y AND false;
-- The order of a sorted sub-select is that of the rows above it.
SELECT array_agg(k) FROM (SELECT k, v FROM a ORDER BY w, k DESC) s WHERE v < (SELECT avg(k) FROM b WHERE b.v = s.v);
SELECT string_agg(k::text, ',') FROM (SELECT a.k, a.v FROM a JOIN c ON c.v = a.v ORDER BY a.w, a.k DESC, c.k) s WHERE EXISTS (SELECT 1 FROM b WHERE b.v = s.v AND b.k > s.k);
