-- variants: distributed reference mixed single onenode
CREATE TABLE f (k int, d1 int, d2 bigint, t text, v int, n numeric(10,2), day date);
CREATE TABLE g (id int PRIMARY KEY, a int, t varchar(10), v int, c char(4));
CREATE TABLE dim (d int PRIMARY KEY, region int, name text);
CREATE TABLE regions (r int PRIMARY KEY, name text);
CREATE TABLE nothing (k int, a int);
-- distribute: create_distributed_table('f', 'k')
-- distribute: create_distributed_table('g', 'id')
-- distribute(distributed): create_reference_table('dim')
-- distribute(onenode): create_reference_table('dim')
-- distribute(reference): create_reference_table('dim')
-- distribute(mixed): create_distributed_table('dim', 'd')
-- distribute(single): create_distributed_table('dim', 'd')
-- distribute: create_reference_table('regions')
-- distribute: create_distributed_table('nothing', 'k')
INSERT INTO regions SELECT r, 'region ' || r FROM generate_series(0, 4) r;
INSERT INTO dim SELECT d, d % 5, 'name ' || d FROM generate_series(0, 19) d;
INSERT INTO f SELECT i, CASE WHEN i % 7 > 0 THEN i % 20 END, CASE WHEN i % 11 > 0 THEN i % 50 END, CASE WHEN i % 5 > 0 THEN 't' || i % 6 END, i % 13, i / 4.0, date '2020-01-01' + i % 400 FROM generate_series(1, 300) i;
INSERT INTO g SELECT i, CASE WHEN i % 6 > 0 THEN i % 25 END, CASE WHEN i % 4 > 0 THEN 't' || i % 7 END, CASE WHEN i % 9 > 0 THEN i % 17 END, 'c' || i % 8 FROM generate_series(1, 120) i;
ANALYZE f, g, dim, regions;
-- only-distributed
SET citus.motion TO always;
SELECT y, sum(v), count(*) FROM (SELECT extract(year FROM f.day) AS y, f.v FROM f, g, dim, regions WHERE f.d1 = dim.d AND dim.region = r AND f.v = g.v AND regions.name = 'region 2') s GROUP BY y ORDER BY y;
SELECT s.x, count(*) FROM (SELECT f.v + g.v AS x FROM f JOIN g ON f.d2 = g.a) s WHERE s.x > 10 GROUP BY s.x HAVING count(*) > 1 ORDER BY 1;
SELECT s.*, r.name FROM (SELECT f.k, g.id, f.d1 FROM f, g WHERE f.d1 = g.a AND g.id < 30) s JOIN dim ON dim.d = s.d1 JOIN regions r ON r.r = dim.region ORDER BY 1, 2;
SELECT count(*) FROM (SELECT * FROM (SELECT k, v, d1 FROM f WHERE v > 3) a JOIN (SELECT id, v FROM g WHERE id > 5) b USING (v)) c WHERE c.id < 100;
SELECT s FROM (SELECT f.k, g.id FROM f, g WHERE f.d1 = g.a AND f.k < 20) s ORDER BY s.k, s.id;
SELECT s.k, (SELECT count(*) FROM dim WHERE dim.d = s.d) FROM (SELECT f.k, f.d1 AS d FROM f, g WHERE f.v = g.v AND g.id < 10) s ORDER BY 1, 2;
SELECT s.k, x FROM (SELECT f.k, f.v FROM f, g WHERE f.v = g.v AND g.id < 9) s, LATERAL (SELECT s.v + 1 AS x) l ORDER BY 1, 2;
SELECT s.k, d.name FROM (SELECT f.k, f.d1 FROM f, g WHERE f.v = g.v AND g.id < 9) s LEFT JOIN dim d ON d.d = s.d1 ORDER BY 1, 2;
SELECT d.name, s.k FROM dim d LEFT JOIN (SELECT f.k, f.d1, 1 AS one FROM f, g WHERE f.v = g.v AND g.id = 5) s ON d.d = s.d1 WHERE s.one IS NULL OR s.k > 100 ORDER BY 1, 2;
SELECT s.x, s.y, count(*) FROM (SELECT f.v % 2 AS x, g.v % 3 AS y FROM f, g WHERE f.d1 = g.a) s GROUP BY ROLLUP (s.x, s.y) ORDER BY 1, 2, 3;
SELECT s.c, sum(s.v) FROM (SELECT 'const' AS c, f.v FROM f, g WHERE f.d1 = g.a) s GROUP BY s.c;
SELECT f.k FROM f WHERE EXISTS (SELECT 1 FROM g WHERE g.a = f.d1) ORDER BY 1;
SELECT f.k FROM f WHERE EXISTS (SELECT 1 FROM g WHERE f.d2 = g.a AND g.v > 4) ORDER BY 1;
SELECT f.k FROM f WHERE NOT EXISTS (SELECT 1 FROM g WHERE g.a = f.d1) ORDER BY 1;
SELECT f.k FROM f WHERE NOT EXISTS (SELECT * FROM g WHERE f.d2 = g.a AND g.t = f.t) ORDER BY 1;
SELECT count(*) FROM f WHERE NOT EXISTS (SELECT * FROM g WHERE f.d2 = g.a AND g.v < f.v);
SELECT count(*) FROM f WHERE EXISTS (SELECT * FROM g WHERE g.a = f.d1 AND g.v < f.v) AND NOT EXISTS (SELECT * FROM g WHERE g.a = f.d1 AND g.v > 15);
SELECT count(*) FROM f WHERE NOT EXISTS (SELECT * FROM nothing WHERE nothing.a = f.d1);
SELECT count(*) FROM f WHERE EXISTS (SELECT * FROM nothing WHERE nothing.a = f.d1) OR f.k < 4;
SELECT count(*) FROM f WHERE NOT EXISTS (SELECT * FROM g WHERE g.a = f.d1) AND f.d1 IS NULL;
SELECT count(*) FROM f WHERE EXISTS (SELECT 1 FROM g WHERE g.a = f.d1 AND EXISTS (SELECT 1 FROM dim WHERE dim.d = g.v AND dim.region = 3));
SELECT count(*) FROM f WHERE EXISTS (SELECT 1 FROM g WHERE g.a = f.d1 LIMIT 0);
SELECT count(*) FROM f WHERE EXISTS (SELECT count(*) FROM g WHERE g.a = f.d1);
SELECT count(*) FROM f WHERE EXISTS (SELECT g.t FROM g WHERE g.a = f.d1 GROUP BY g.t HAVING count(*) > 1);
SELECT count(*) FROM f WHERE EXISTS (SELECT DISTINCT g.t FROM g WHERE g.a = f.d1 ORDER BY g.t);
SELECT f.k FROM f LEFT JOIN g ON g.id = f.d1 AND EXISTS (SELECT 1 FROM nothing n WHERE n.a = g.a) WHERE NOT EXISTS (SELECT 1 FROM g h WHERE h.v = f.v + 3) ORDER BY 1;
SELECT f.k, g.id FROM f JOIN g ON f.d1 = g.a WHERE EXISTS (SELECT 1 FROM dim WHERE dim.d = f.v AND dim.region = g.v) ORDER BY 1, 2;
SELECT sum(f.n) FROM f, dim WHERE f.d1 = dim.d AND dim.region = 2 AND f.v < (SELECT 1.2 * avg(x.v) FROM f x WHERE x.d1 = dim.d);
SELECT sum(f.n) FROM f, dim, regions WHERE f.d1 = dim.d AND dim.region = r AND regions.name IN ('region 1', 'region 3') AND f.v <= (SELECT min(x.v) + 2 FROM f x WHERE x.d1 = f.d1);
SELECT count(*) FROM f, g WHERE f.d1 = g.a AND g.id < 40 AND f.v > (SELECT avg(x.v) FROM f x WHERE x.d1 = g.a AND x.t = g.t);
SELECT count(*) FROM g WHERE g.v IN (SELECT v FROM f WHERE f.d1 IN (SELECT d FROM dim WHERE name LIKE 'name 1%') AND f.n > (SELECT 0.5 * sum(x.v) FROM g x WHERE x.a = f.d1 AND x.v = f.v));
SELECT d.d, (SELECT count(*) FROM f WHERE f.d1 = d.d) FROM dim d WHERE d.region = 4 AND d.d > (SELECT count(*) FROM g WHERE g.a = d.d) ORDER BY 1;
SELECT count(*) FROM f, g WHERE (f.d1 = g.a AND g.v < 5 AND f.v > 3) OR (f.d1 = g.a AND g.v > 12 AND f.v < 9);
SELECT count(*) FROM f, g WHERE (f.d1 = g.a AND g.c = 'c1') OR (f.d1 = g.a AND g.t = 't2' AND f.t = 't2') OR (f.d1 = g.a AND g.v = 3);
SELECT count(*) FROM f LEFT JOIN g ON (f.d1 = g.a AND g.v < 5) OR (f.d1 = g.a AND g.v > 14);
SELECT f.d1, count(*) FROM f, g, dim, regions WHERE f.d1 = g.a AND g.a = dim.d AND dim.region = r AND r < 2 GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM f, g, dim WHERE f.d1 = dim.d AND g.a = dim.d AND (dim.name = 'name 3' OR dim.name = 'name 13');
SELECT c, count(*), sum(n) FROM (SELECT substr(f.t, 2, 1) AS c, n FROM f WHERE substr(f.t, 2, 1) IN ('1', '3', '4') AND n > (SELECT avg(n) FROM f WHERE n > 0) AND NOT EXISTS (SELECT * FROM g WHERE g.a = f.d1)) s GROUP BY c ORDER BY c;
-- unordered
SELECT * FROM (SELECT f.k, g.id FROM f, g WHERE f.v = g.v AND f.k < 10 AND g.id < 20) s;
PREPARE p(int, text) AS SELECT count(*), sum(s.v) FROM (SELECT f.v, f.t FROM f, g WHERE f.d1 = g.a AND g.v > $1) s WHERE s.t = $2 AND NOT EXISTS (SELECT 1 FROM g WHERE g.a = s.v AND g.id < $1);
EXECUTE p(3, 't1');
EXECUTE p(5, 't2');
EXECUTE p(NULL, 't2');
SET plan_cache_mode TO force_generic_plan;
EXECUTE p(7, 't3');
EXECUTE p(2, NULL);
CREATE VIEW w AS SELECT f.k, f.d1, f.v, g.id FROM f JOIN g ON f.d1 = g.a;
SELECT count(*), sum(w.v) FROM w JOIN dim ON dim.d = w.d1 WHERE dim.region = 1;
SELECT count(*) FROM w, w x WHERE w.k = x.k AND w.id < 20 AND x.id > 100;
SELECT w.k FROM w WHERE w.v > (SELECT avg(x.v) FROM w x WHERE x.d1 = w.d1) ORDER BY 1, w.id LIMIT 5;
