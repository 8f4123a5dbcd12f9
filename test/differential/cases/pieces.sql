-- variants: distributed reference mixed single onenode
-- Statements that are gathered as a whole, with joins in them that the shards can make.
CREATE TABLE a (k int, x int, y int, t text);
CREATE TABLE b (k bigint, x int, v numeric);
CREATE TABLE c (k int, z int, t text);
CREATE TABLE r (id int PRIMARY KEY, name text);
CREATE TABLE u (id int PRIMARY KEY, x int, note text);
CREATE TABLE l (id int, t text);
-- distribute: create_distributed_table('a', 'k')
-- distribute: create_distributed_table('b', 'k')
-- distribute: create_distributed_table('c', 'k')
-- distribute: create_reference_table('r')
-- distribute: create_distributed_table('u', 'id', colocate_with => 'none')
INSERT INTO a SELECT CASE WHEN i % 13 > 0 THEN i % 120 END, i % 17, i % 5, 'a' || i % 40 FROM generate_series(1, 400) i;
INSERT INTO b SELECT i, i % 11, i / 3.0 FROM generate_series(1, 120) i;
INSERT INTO c SELECT CASE WHEN i % 9 > 0 THEN i END, i % 6, 'c' || i FROM generate_series(1, 150) i;
INSERT INTO r SELECT i, 'r' || i FROM generate_series(0, 16) i;
INSERT INTO u SELECT i, i % 19, 'u' || i FROM generate_series(1, 200) i;
INSERT INTO l SELECT i, 'a' || i FROM generate_series(1, 30) i;
ANALYZE a, b, c, r, u;
-- distribute: set_config('citus.motion', 'never', false)
SELECT a.k, b.v, l.t FROM a JOIN b ON a.k = b.k JOIN l ON l.id = a.x WHERE b.x < 4 ORDER BY 1, 2, 3;
SELECT count(*), sum(b.v) FROM a, b, c, l WHERE a.k = b.k AND b.k = c.k AND c.z = 2 AND l.t = a.t;
SELECT count(*) FROM a JOIN r ON r.id = a.x JOIN l ON l.t = a.t WHERE r.name IN ('r3', 'r5');
SELECT r.name, count(*) FROM a JOIN r ON r.id = a.x JOIN b ON b.k = a.k JOIN u ON u.x = a.y WHERE r.id < 4 GROUP BY 1 ORDER BY 1;
SELECT a.k, u.note, random() < 2 FROM a JOIN b ON a.k = b.k JOIN u ON u.x = b.x WHERE a.y = 1 AND u.id < 30 ORDER BY 1, 2;
SELECT count(*) FROM a, b WHERE a.k = b.k AND random() < 2 AND a.x > 3;
SELECT u.id, s.n FROM u LEFT JOIN (SELECT a.x, count(*) AS n FROM a, b, l WHERE a.k = b.k AND l.id = a.y GROUP BY a.x) s ON s.x = u.x WHERE u.id < 20 ORDER BY 1, 2;
SELECT a.k, a.t, (SELECT count(*) FROM c JOIN b ON b.k = c.k JOIN l ON l.id = c.z WHERE b.x = 3), l.id FROM a JOIN b USING (k) LEFT JOIN l ON l.t = a.t WHERE b.v < 9 ORDER BY 1, 2, 4;
SELECT a, b.k FROM a JOIN b ON a.k = b.k JOIN l ON l.id = a.x WHERE a.y = 2 AND b.x = 1 ORDER BY a.k, a.x, a.y;
SELECT a.ctid IS NOT NULL, count(*) FROM a JOIN b ON a.k = b.k JOIN l ON l.id = a.x GROUP BY 1;
SELECT count(*) FROM a JOIN b ON a.k = b.k JOIN l ON l.id = a.x AND EXISTS (SELECT 1 FROM c WHERE c.k = a.k AND c.z = b.x);
SELECT l.id, s.k FROM l, LATERAL (SELECT a.k FROM a JOIN b ON a.k = b.k WHERE a.x = l.id AND b.x = l.id) s ORDER BY 1, 2;
SELECT x.k, count(*) FROM a x JOIN a y ON x.k = y.k AND x.y = 1 AND y.y = 2 JOIN l ON l.id = x.x GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM a JOIN b ON a.k = b.k AND a.k = 7 JOIN l ON l.id = a.x;
SELECT count(*) FROM (SELECT a.k, a.x FROM a JOIN b ON a.k = b.k WHERE b.x = 2) p JOIN l ON l.id = p.x JOIN c ON c.k = p.k;
SELECT count(*) FROM a FULL JOIN b ON a.k = b.k FULL JOIN l ON l.id = a.x;
UPDATE u SET note = s.t FROM (SELECT a.x, max(c.t) AS t FROM a, c WHERE a.k = c.k GROUP BY a.x) s WHERE s.x = u.x AND u.id < 50;
UPDATE u SET x = b.x FROM b, c WHERE b.k = c.k AND c.z = u.x AND b.k = u.id - 100 RETURNING u.id, u.x, b.v, c.t;
DELETE FROM u USING a, b WHERE a.k = b.k AND a.x = u.id AND b.x = 4;
SELECT * FROM u ORDER BY id;
INSERT INTO l SELECT a.x, c.t FROM a JOIN c ON a.k = c.k JOIN l ON l.id = a.y WHERE c.z = 3;
SELECT * FROM l ORDER BY 1, 2;
PREPARE p(int) AS SELECT count(*), sum(b.v) FROM a JOIN b ON a.k = b.k JOIN l ON l.id = a.x WHERE b.x = $1;
EXECUTE p(1);
EXECUTE p(2);
EXECUTE p(NULL);
SET plan_cache_mode TO force_generic_plan;
EXECUTE p(3);
EXECUTE p(4);
SELECT a.k FROM a JOIN b ON a.k = b.k JOIN l ON l.id = a.x WHERE b.x = 3 ORDER BY a.k, a.t FOR UPDATE OF a;
