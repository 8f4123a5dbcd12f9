-- variants: distributed reference single onenode
CREATE TABLE s (k int, a int, b text, v int, n numeric);
CREATE TABLE e (k int, a int);
-- distribute: create_distributed_table('s', 'k')
-- distribute: create_distributed_table('e', 'k')
INSERT INTO s SELECT g, g % 5, CASE WHEN g % 7 > 0 THEN 'b' || g % 3 END, g % 11, g / 4.0 FROM generate_series(1, 200) g;
SELECT a, b, count(*), sum(v), avg(n) FROM s GROUP BY ROLLUP (a, b) ORDER BY a, b, 3;
SELECT a, b, count(*), sum(v), grouping(a, b) FROM s GROUP BY CUBE (a, b) ORDER BY 5, a, b;
SELECT a, grouping(a), b, grouping(b), max(v) FROM s GROUP BY GROUPING SETS ((a), (b), ()) ORDER BY 2, 4, 1, 3;
SELECT a % 2 AS half, count(DISTINCT b), count(*) FROM s GROUP BY ROLLUP (a % 2) ORDER BY 1;
SELECT count(*), sum(v) FROM s GROUP BY GROUPING SETS ((), ());
SELECT count(*) FROM s WHERE k < 0 GROUP BY GROUPING SETS ((), (a));
SELECT count(*) FROM e GROUP BY ROLLUP (a);
SELECT a, count(*) FROM e GROUP BY a;
SELECT a, sum(v) FROM s GROUP BY GROUPING SETS ((a), (a, b), ()) HAVING sum(v) > 190 OR grouping(b) = 1 ORDER BY 1, 2;
SELECT a, k, count(*) FROM s WHERE k < 10 GROUP BY ROLLUP (k, a) ORDER BY k, a, 3;
SELECT a, sum(sum(v)) OVER (ORDER BY a) FROM s GROUP BY CUBE (a) ORDER BY 1, 2;
SELECT DISTINCT grouping(a) FROM s GROUP BY CUBE (a, b) ORDER BY 1;
SELECT a, b, string_agg(v::text, ',' ORDER BY k) FROM s WHERE k < 30 GROUP BY ROLLUP (a, b) ORDER BY 1, 2;
SELECT a, count(*) FILTER (WHERE v > 5), stddev(v) FROM s GROUP BY ROLLUP (a) ORDER BY 1;
SELECT x.a, x.c FROM (SELECT a, b, count(*) AS c FROM s GROUP BY ROLLUP (a, b)) x WHERE x.b IS NULL ORDER BY 1, 2;
SELECT CASE WHEN grouping(a) = 1 THEN 'all' ELSE a::text END AS label, count(*) FROM s GROUP BY ROLLUP (a) ORDER BY 1;
SELECT a, (SELECT count(*) FROM e) AS none, count(*) FROM s GROUP BY ROLLUP (a) ORDER BY 1;
SELECT coalesce(a, -1) AS c, count(*) FROM s GROUP BY GROUPING SETS ((coalesce(a, -1)), ()) ORDER BY 1;
SELECT s.a, e.a, count(*) FROM s LEFT JOIN e USING (k) GROUP BY CUBE (s.a, e.a) ORDER BY 1, 2, 3;
PREPARE q(int) AS SELECT a, count(*), sum(v) FROM s WHERE v < $1 GROUP BY ROLLUP (a) ORDER BY 1;
EXECUTE q(5);
EXECUTE q(3);
EXECUTE q(3);
EXECUTE q(3);
EXECUTE q(3);
EXECUTE q(3);
EXECUTE q(9);
-- The constants of GROUPING are those of the expressions that are grouped by, also when they are parameters on the nodes.
SELECT a + 1 AS x, grouping(a + 1), count(*) FROM s WHERE v > 1 GROUP BY ROLLUP (a + 1) ORDER BY 1, 2;
SELECT a + 2 AS x, grouping(a + 2), count(*) FROM s WHERE v > 1 GROUP BY ROLLUP (a + 2) ORDER BY 1, 2;
SELECT a + 3 AS x, grouping(a + 3), count(*) FROM s WHERE v > 1 GROUP BY ROLLUP (a + 3) ORDER BY 1, 2;
SELECT a + 3 AS x, grouping('c'::text, a + 3), count(*) FROM s WHERE k = 3 GROUP BY ROLLUP (a + 3, 'c'::text) ORDER BY 1, 2;
SELECT a + 4 AS x, grouping('d'::text, a + 4), count(*) FROM s WHERE k = 4 GROUP BY ROLLUP (a + 4, 'd'::text) ORDER BY 1, 2;
SELECT a + 5 AS x, grouping('d'::text, a + 5), count(*) FROM s WHERE k = 5 GROUP BY ROLLUP (a + 5, 'd'::text) ORDER BY 1, 2;
PREPARE q2(int) AS SELECT a + 1 AS x, grouping(a + 1), count(*) FROM s WHERE k = $1 GROUP BY ROLLUP (a + 1) ORDER BY 1, 2;
EXECUTE q2(3);
EXECUTE q2(4);
EXECUTE q2(5);
