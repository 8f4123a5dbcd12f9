-- variants: distributed reference single onenode
CREATE TABLE t (k int PRIMARY KEY, u int, v text);
CREATE TABLE few (id int, x text);
CREATE DOMAIN dom AS int;
CREATE TYPE pair AS (a int, b text);
-- distribute: create_distributed_table('t', 'k')
-- distribute: create_distributed_table('few', 'id')
INSERT INTO t SELECT g, g * 2, 'v' || g FROM generate_series(1, 20) g;
INSERT INTO few VALUES (1, 'a'), (2, 'b'), (3, 'c');
SELECT sum(k) OVER (ORDER BY k ROWS (SELECT k FROM t ORDER BY k LIMIT 1) + 1 PRECEDING), k FROM t WHERE k < 10;
SELECT few.id, generate_series(1,3) g FROM few ORDER BY id DESC;
SELECT k, u, generate_series(1,10) FROM t ORDER BY u LIMIT 7;
CREATE VIEW domview AS SELECT k::dom, u FROM t;
SELECT * FROM domview ORDER BY 2;
SELECT k::dom FROM t WHERE k = 3;
SELECT count(k::dom) FROM t;
SELECT row(k, v)::pair FROM t ORDER BY k LIMIT 3;
SELECT row(k, v)::pair FROM t WHERE k = 2;
UPDATE t SET u = k::dom WHERE k = 2;
UPDATE t SET u = k::dom + 1;
DELETE FROM t WHERE (row(k, v)::pair).a = 19 RETURNING k;
SELECT id, array_agg(row(id, x)::pair) FROM few GROUP BY id ORDER BY id;
