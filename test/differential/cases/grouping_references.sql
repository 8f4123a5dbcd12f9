-- variants: distributed mixed single onenode
CREATE TABLE f (k int, a int, r int, v int, n numeric(8,2));
CREATE TABLE g (k int, w int, r int);
CREATE TABLE "Ref" (r int PRIMARY KEY, name text, "Mixed Case" int, up int);
CREATE TABLE r2 (r int, label varchar(10));
-- distribute: create_distributed_table('f', 'k')
-- distribute: create_distributed_table('g', 'k')
-- distribute: create_reference_table('"Ref"')
-- distribute: create_reference_table('r2')
INSERT INTO f SELECT i, i % 5, CASE WHEN i % 9 > 0 THEN i % 8 END, i % 13, i / 4.0 FROM generate_series(1, 150) i;
INSERT INTO g SELECT i % 60, i % 7, i % 8 FROM generate_series(1, 120) i;
INSERT INTO "Ref" SELECT i, 'name ' || i % 4, i * 2, i / 2 FROM generate_series(0, 6) i;
INSERT INTO r2 SELECT i % 5, 'l' || i % 3 FROM generate_series(1, 12) i;
SELECT x.name, count(*), sum(f.v) FROM f, "Ref" x WHERE f.r = x.r GROUP BY x.name ORDER BY 1;
SELECT "Mixed Case", avg(n) FROM f JOIN "Ref" USING (r) GROUP BY 1 ORDER BY 1;
SELECT r, count(*) FROM f JOIN "Ref" USING (r) GROUP BY r ORDER BY r;
SELECT r, count(*) FROM f NATURAL JOIN r2 GROUP BY r ORDER BY r;
SELECT a.name, b.name, count(*) FROM f JOIN "Ref" a ON f.r = a.r JOIN "Ref" b ON a.up = b.r WHERE f.v > 3 GROUP BY 1, 2 ORDER BY 1, 2;
SELECT count(*) FROM f, "Ref";
SELECT count(*) FROM f, "Ref", r2 WHERE f.r = "Ref".r AND r2.r = "Ref".r AND f.a < r2.r;
SELECT x.name, sum(g.w) FROM f JOIN g USING (k) JOIN "Ref" x ON x.r = f.r AND x.up <= g.w GROUP BY x.name ORDER BY 1;
SELECT x.name, sum(g.w) FROM "Ref" x, f, g WHERE f.k = g.k AND x.r = g.r AND f.r = x.r GROUP BY x.name ORDER BY 1;
SELECT x.up, count(*) FROM "Ref" x, f, g WHERE f.k = x.r AND g.k = x.r GROUP BY x.up ORDER BY 1;
SELECT x.name, count(*) FROM f LEFT JOIN "Ref" x ON f.r = x.r GROUP BY x.name ORDER BY 1;
SELECT x.name, count(DISTINCT f.a), count(DISTINCT x.up) FROM f, "Ref" x WHERE f.r = x.r GROUP BY x.name ORDER BY 1;
SELECT count(x), count(f) FROM f, "Ref" x WHERE f.r = x.r;
SELECT x.name, x.up, count(*) FROM f, "Ref" x WHERE f.r = x.r GROUP BY ROLLUP (x.name, x.up) ORDER BY 1, 2, 3;
SELECT x.r, x.name, sum(v) FROM f, "Ref" x WHERE f.r = x.r GROUP BY x.r ORDER BY 1;
SELECT CASE WHEN x.up > 1 THEN f.a ELSE x.r END AS c, count(*) FROM f, "Ref" x WHERE f.r = x.r OR f.a = x.up GROUP BY 1 ORDER BY 1;
SELECT l.label, max(f.n) FROM f JOIN (r2 l JOIN "Ref" q USING (r)) ON f.r = l.r GROUP BY 1 ORDER BY 1;
SELECT j.label, j.name, count(*) FROM f JOIN (r2 JOIN "Ref" USING (r)) AS j ON f.r = j.r GROUP BY 1, 2 ORDER BY 1, 2;
SELECT x.name, count(*) FROM f, "Ref" x WHERE f.r = x.r AND f.k < 0 GROUP BY x.name;
SELECT count(*), sum(v) FROM f, "Ref" x WHERE f.r = x.r AND f.k IN (1, 2, 3, 40);
SELECT name, count(*) FROM (SELECT f.v, x.name FROM f JOIN "Ref" x ON f.r = x.r WHERE v > 2) s GROUP BY name ORDER BY 1;
SELECT count(*) FROM f, "Ref" x WHERE f.r = x.r AND x.name IN (SELECT 'name ' || up FROM "Ref");
SELECT x.name, sum(v) + 1 FROM f, "Ref" x WHERE f.r = x.r GROUP BY x.name HAVING sum(v) > 60 AND min(x.up) >= 0 ORDER BY 1;
PREPARE q(int, text) AS SELECT x.name, count(*), sum(f.v + $1) FROM f, "Ref" x WHERE f.r = x.r AND f.v > $1 AND x.name <> $2 GROUP BY x.name ORDER BY 1;
EXECUTE q(1, 'name 1');
EXECUTE q(2, 'name 1');
EXECUTE q(3, 'name 1');
EXECUTE q(4, 'name 1');
EXECUTE q(5, 'name 2');
EXECUTE q(6, 'name 3');
EXECUTE q(7, 'name 3');
BEGIN;
UPDATE "Ref" SET name = 'changed' WHERE r < 3;
UPDATE f SET v = 100 WHERE k < 10;
SELECT x.name, count(*), sum(f.v) FROM f, "Ref" x WHERE f.r = x.r GROUP BY x.name ORDER BY 1;
ROLLBACK;
