-- Correlated scans with so many different values outside that the table inside is read once, as a whole.
-- variants: distributed mixed partial single onenode reference partitioned
CREATE TABLE outside (k int, v int, t text, n numeric, f float8, d date);
CREATE TABLE inside (k int, v int, t text, n numeric, big text, d date);
-- distribute: create_distributed_table('outside', 'k', shard_count := 4)
-- distribute: create_distributed_table('inside', 'k', shard_count := 3, colocate_with := 'none')
INSERT INTO outside SELECT g, nullif(g % 190, 7), 't' || g, nullif(g % 170, 5), g % 160, date '2026-01-01' + g % 150 FROM generate_series(1, 400) g;
INSERT INTO inside SELECT g, nullif(g % 211, 11), nullif('t' || g % 350, 't9'), (g % 180)::numeric(10,2), repeat('x', g % 50), date '2026-01-01' + g % 99 FROM generate_series(1, 1500) g;
SELECT o.k FROM outside o WHERE o.v > ALL (SELECT i.v FROM inside i WHERE i.n = o.n + 1 AND i.k > o.k);
SELECT o.k FROM outside o WHERE o.v < ALL (SELECT i.v FROM inside i WHERE i.v % 190 = o.v);
SELECT o.k, o.v <> ALL (SELECT i.v FROM inside i WHERE i.t = o.t), o.v = ANY (SELECT i.v FROM inside i WHERE i.t = o.t), o.v >= SOME (SELECT i.v FROM inside i WHERE i.n = o.n) FROM outside o;
SELECT o.k, o.v NOT IN (SELECT i.v FROM inside i WHERE i.t = o.t), o.n IN (SELECT i.v FROM inside i WHERE i.d = o.d) FROM outside o;
SELECT o.k, (SELECT count(DISTINCT i.v) FROM inside i WHERE i.t = o.t AND i.k >= o.k), (SELECT max(i.big) FROM inside i WHERE i.n = o.v) FROM outside o;
SELECT o.k, (SELECT i.v FROM inside i WHERE i.t = o.t ORDER BY i.k DESC OFFSET 1 LIMIT 1) FROM outside o;
SELECT o.k, l.* FROM outside o, LATERAL (SELECT i.k AS ik, i.v FROM inside i WHERE i.v = o.v ORDER BY i.n DESC NULLS LAST, i.k LIMIT 3) l;
SELECT o.k, l.* FROM outside o LEFT JOIN LATERAL (SELECT i.k AS ik, i.v, o.v + i.v FROM inside i WHERE i.n = o.f ORDER BY i.k LIMIT 2 OFFSET 1) l ON l.v > 20;
-- Keys of several columns, of other types, of expressions, and none at all.
SELECT o.k, ARRAY(SELECT i.k FROM inside i WHERE i.v = o.v AND i.d = o.d ORDER BY i.k) FROM outside o;
SELECT o.k, ARRAY(SELECT i.k FROM inside i WHERE i.n::float8 = o.f ORDER BY i.k) FROM outside o;
SELECT o.k, ARRAY(SELECT i.k FROM inside i WHERE upper(i.t) = upper(o.t) AND i.v + 1 = o.v - 1 ORDER BY i.k) FROM outside o;
SELECT o.k, ARRAY(SELECT i.k FROM inside i WHERE i.v IS NOT DISTINCT FROM o.v ORDER BY i.k) FROM outside o;
SELECT o.k, (SELECT count(*) FROM (SELECT FROM inside i WHERE i.k < o.k OFFSET 0) s) FROM outside o;
SELECT o.k, ARRAY(SELECT i.k FROM inside i WHERE (i.v = o.v OR i.n = o.n) AND i.k < 900 ORDER BY i.k) FROM outside o;
SELECT o.k, ARRAY(SELECT i.k FROM inside i WHERE i.v IN (o.v, o.k) AND i.big LIKE '%xx' ORDER BY i.k) FROM outside o;
-- The key of the table, and the whole row.
SELECT o.k, (SELECT i FROM inside i WHERE i.k = o.v OFFSET 0), (SELECT i.tableoid::regclass FROM inside i WHERE i.k = o.v AND i.n > o.k % 9 LIMIT 1) FROM outside o;
SELECT o.k, x.* FROM outside o LEFT JOIN LATERAL (SELECT i, count(*) OVER () FROM inside i WHERE i.k = o.v) x ON true;
-- Two levels, and values that a sub-select gives: the same for all rows, or another one for each.
SELECT o.k, ARRAY(SELECT i.k FROM inside i WHERE i.v = o.v AND i.n > ALL (SELECT j.n FROM inside j WHERE j.t = i.t AND j.k > o.k) ORDER BY i.k) FROM outside o WHERE o.k < 60;
SELECT o.k, ARRAY(SELECT i.k FROM inside i WHERE i.v = o.v AND i.n > (SELECT avg(n) FROM inside) ORDER BY i.k) FROM outside o;
SELECT o.k, ARRAY(SELECT i.k FROM inside i WHERE i.v = o.v AND i.n > (SELECT min(j.n) + 20 FROM outside j WHERE j.v >= o.v) ORDER BY i.k) FROM outside o;
-- Joins inside.
SELECT o.k, ARRAY(SELECT i.k * 10000 + j.k FROM inside i JOIN outside j ON i.v = j.v WHERE i.n = o.n ORDER BY i.k, j.k) FROM outside o WHERE o.k % 2 = 0;
SELECT o.k, (SELECT string_agg(j.t, ',' ORDER BY j.k) FROM inside i LEFT JOIN outside j ON i.k = j.k AND j.v > o.v WHERE i.t = o.t) FROM outside o;
-- What does not fit in memory goes to a file.
SET work_mem = '64kB';
INSERT INTO inside SELECT g, nullif(g % 211, 11), 't' || g % 350, g % 180, repeat('y', g % 70), date '2026-01-01' + g % 99 FROM generate_series(2001, 9000) g;
SELECT o.k, (SELECT sum(length(i.big)) FROM inside i WHERE i.t = o.t AND i.n > o.n), l.* FROM outside o LEFT JOIN LATERAL (SELECT i.k AS ik, i.big FROM inside i WHERE i.v = o.v ORDER BY i.k DESC LIMIT 2) l ON true;
SELECT o.k FROM outside o WHERE o.v > ALL (SELECT i.v FROM inside i WHERE i.d = o.d AND i.n > o.n) OR o.t = ANY (SELECT i.t FROM inside i WHERE i.v = o.v AND length(i.big) > 60);
SELECT o.k, (SELECT max(i.big) FROM (SELECT big FROM inside i WHERE i.k % 7 < o.k % 5 OFFSET 0) i) FROM outside o WHERE o.k < 50;
RESET work_mem;
-- An error of a row that is looked at is raised, and the session goes on.
-- any-error
SELECT o.k, (SELECT max(1 / (i.n - i.n)) FROM inside i WHERE i.v = o.v) FROM outside o;
-- Prepared, in a transaction, by a cursor, and after changes.
PREPARE p(int) AS SELECT o.k, ARRAY(SELECT i.k FROM inside i WHERE i.v = o.v + $1 AND i.n > $1 ORDER BY i.k) FROM outside o;
EXECUTE p(1); EXECUTE p(2); EXECUTE p(1); EXECUTE p(3); EXECUTE p(4); EXECUTE p(5); EXECUTE p(NULL);
BEGIN;
DECLARE c CURSOR FOR SELECT o.k, ARRAY(SELECT i.k FROM inside i WHERE i.v = o.v ORDER BY i.k) FROM outside o ORDER BY o.k;
FETCH 100 FROM c;
UPDATE inside SET v = v + 1;
FETCH 5 FROM c;
SAVEPOINT s;
FETCH 5 FROM c;
ROLLBACK TO s;
FETCH 5 FROM c;
SELECT o.k, ARRAY(SELECT i.k FROM inside i WHERE i.v = o.v ORDER BY i.k) FROM outside o;
ROLLBACK;
UPDATE outside o SET n = (SELECT count(*) FROM (SELECT FROM inside i WHERE i.v = o.v AND i.n >= o.n OFFSET 0) s) WHERE o.v > ALL (SELECT i.k % 100 FROM inside i WHERE i.t = o.t AND i.k < 90);
SELECT * FROM outside;
DELETE FROM inside i WHERE i.n <= ALL (SELECT o.n FROM outside o WHERE o.v = i.v AND o.k > i.k);
SELECT count(*), sum(k) FROM inside;
WITH gone AS (DELETE FROM inside WHERE k % 3 = 0 RETURNING k, v) SELECT g.k, ARRAY(SELECT i.k FROM inside i WHERE i.v = g.v ORDER BY i.k LIMIT 3) FROM gone g;
SELECT count(*), sum(k) FROM inside;
CREATE FUNCTION leave(i int) RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN DELETE FROM inside WHERE k = i; RETURN i; END $$;
SELECT o.k, leave(o.k), (SELECT count(*) FROM (SELECT FROM inside i WHERE i.v = o.v OFFSET 0) s) FROM outside o WHERE o.k < 80 ORDER BY o.k;
