-- variants: distributed mixed partial onenode partitioned
-- Aggregates that nodes compute over the rows of all their shards, or shard by shard when groups are few; what
-- is counted when a column can't be NULL; grouping expressions that are computed where shards are scanned.
CREATE TABLE m (id int PRIMARY KEY, few int NOT NULL, opt int, v numeric(12,2) NOT NULL, at timestamp NOT NULL, name text COLLATE "C", pair point);
CREATE TABLE r (few int PRIMARY KEY, title text NOT NULL, weight int NOT NULL);
CREATE TABLE n (id int, item int NOT NULL, amount int, PRIMARY KEY (id, item));
-- distribute: create_distributed_table('m', 'id')
-- distribute: create_distributed_table('n', 'id', colocate_with := 'm')
-- distribute: create_reference_table('r')
INSERT INTO m SELECT g, g % 6, NULLIF(g % 5, 0), g % 700 / 7.0, timestamp '2026-01-01' + g % 50 * interval '1 day', 'n' || g % 9, point(g % 3, 1) FROM generate_series(1, 60000) AS g;
INSERT INTO n SELECT g % 20000 + 1, g, NULLIF(g % 11, 0) FROM generate_series(1, 30000) AS g;
INSERT INTO r SELECT g, 'title ' || g % 4, g * 10 FROM generate_series(0, 7) AS g;
ANALYZE m;
ANALYZE n;
ANALYZE r;
SELECT few, count(*), count(opt), count(v), sum(v), avg(v), max(at) FROM m GROUP BY few ORDER BY few;
SELECT count(*), count(id), count(opt), count(few), avg(few), avg(opt), min(name), max(v) FROM m;
SELECT count(*), count(id), count(few), avg(few) FROM m WHERE id < 0;
SELECT few % 2, count(*), sum(v) FROM m GROUP BY few % 2 ORDER BY 1;
SELECT few % 2, few % 2 + 1, sum(few % 2), count(*) FILTER (WHERE few % 2 = 1), count(id) FILTER (WHERE opt IS NULL) FROM m GROUP BY few % 2 ORDER BY 1;
SELECT date_trunc('month', at), count(*), count(at) FROM m GROUP BY 1 ORDER BY 1;
SELECT date_trunc('month', at) AS month, few + 1, avg(v) FROM m GROUP BY month, few + 1 HAVING count(few) > 10 ORDER BY 1, 2;
SELECT upper(name), count(name), count(id) FROM m GROUP BY upper(name) ORDER BY 1;
SELECT id % 2000, count(*), avg(v) FROM m GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 7;
SELECT opt, few, count(few) FROM m GROUP BY ROLLUP (opt, few) ORDER BY 1 NULLS FIRST, 2 NULLS FIRST, 3;
SELECT few % 3, opt + 0, count(*), sum(few % 3), GROUPING(few % 3, opt + 0) FROM m GROUP BY CUBE (few % 3, opt + 0) ORDER BY 5, 1, 2;
SELECT CASE WHEN few > 2 THEN 'high' ELSE 'low' END, count(v), avg(few) FROM m GROUP BY 1 ORDER BY 1;
SELECT few, count(DISTINCT opt), count(DISTINCT few), count(id) FROM m GROUP BY few ORDER BY few;
SELECT m.few, count(*), count(n.item), count(n.amount), count(n.id), avg(n.item) FROM m LEFT JOIN n ON n.id = m.id AND n.amount > 3 GROUP BY m.few ORDER BY 1;
SELECT count(m.id), count(n.id), count(*) FROM m LEFT JOIN n USING (id);
SELECT count(m.id), count(n.item), count(*) FROM n RIGHT JOIN m USING (id);
SELECT count(m.id), count(n.item), count(m.v), count(*) FROM (SELECT * FROM n WHERE amount = 4) n FULL JOIN (SELECT * FROM m WHERE id % 7 = 0) m USING (id);
SELECT m.few, count(n.item), avg(n.item), sum(n.amount) FROM m JOIN n ON n.id = m.id GROUP BY m.few ORDER BY 1;
SELECT n.amount % 4, count(n.item), count(n.amount) FROM m JOIN n USING (id) WHERE m.opt = 2 GROUP BY 1 ORDER BY 1;
SELECT r.title, count(*), count(r.weight), sum(m.v) FROM m JOIN r ON r.few = m.few GROUP BY r.title ORDER BY 1;
SELECT r.weight / 20, m.few % 2, count(r.weight), avg(r.weight) FROM m JOIN r ON r.few = m.few GROUP BY 1, 2 ORDER BY 1, 2;
SELECT r.weight + m.few, count(*) FROM m JOIN r USING (few) GROUP BY 1 ORDER BY 1;
SELECT r.few, count(m.few), count(r.title) FROM r LEFT JOIN m ON m.few = r.few GROUP BY r.few ORDER BY 1;
SELECT r.few, count(m.few), count(r.title) FROM m RIGHT JOIN r ON m.few = r.few GROUP BY r.few ORDER BY 1;
SELECT few, count(x) FROM (SELECT few, NULLIF(id, 3) AS x FROM m) s GROUP BY few ORDER BY few;
SELECT (pair)[0], count(*) FROM m GROUP BY (pair)[0] ORDER BY 1;
SELECT n IS NULL, count(n), count(n.item) FROM n GROUP BY n IS NULL;
SELECT few, bool_and(opt IS NULL), string_agg(DISTINCT name, ',' ORDER BY name) FROM m GROUP BY few ORDER BY few;
SELECT few, array_agg(id ORDER BY id DESC) FROM m WHERE id < 40 GROUP BY few ORDER BY few;
SELECT random() < 2, count(*) FROM m GROUP BY 1;
SELECT few, sum(v) / count(id), stddev(opt), corr(opt, few) FROM m GROUP BY few ORDER BY few;
SELECT few, count(*) FROM m WHERE at > timestamp '2026-02-01' GROUP BY few HAVING avg(v) > 49 ORDER BY few;
PREPARE by_limit (int) AS SELECT few % $1, count(few), avg(v) FROM m GROUP BY few % $1 ORDER BY 1;
EXECUTE by_limit(2);
EXECUTE by_limit(3);
EXECUTE by_limit(2);
EXECUTE by_limit(3);
EXECUTE by_limit(2);
EXECUTE by_limit(3);
EXECUTE by_limit(4);
BEGIN;
UPDATE m SET opt = NULL WHERE id % 10 = 0;
SELECT few, count(opt), count(v) FROM m GROUP BY few ORDER BY few;
ALTER TABLE m ALTER v DROP NOT NULL;
UPDATE m SET v = NULL WHERE id % 10 = 0;
SELECT few, count(*), count(v), avg(v) FROM m GROUP BY few ORDER BY few;
ROLLBACK;
SELECT few, count(opt), count(v) FROM m GROUP BY few ORDER BY few;
