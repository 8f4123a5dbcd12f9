-- Sub-selects that are run again for each outer row: their rows are kept by the values they depend on.
-- variants: distributed mixed partial single onenode
CREATE TABLE outer_rows (k int, v int, t text, d date, n numeric);
CREATE TABLE inner_rows (k int, v int, t text, d date, big text);
-- distribute: create_distributed_table('outer_rows', 'k', shard_count := 4)
-- distribute: create_distributed_table('inner_rows', 'v', shard_count := 3, colocate_with := 'none')
INSERT INTO outer_rows SELECT g, nullif(g % 7, 3), 't' || g % 5, date '2026-01-01' + g % 4, g % 3 FROM generate_series(1, 200) g;
INSERT INTO inner_rows SELECT g, g % 9, nullif('t' || g % 6, 't2'), date '2026-01-01' + g % 6, repeat('x', g) FROM generate_series(1, 60) g;
SELECT o.k, (SELECT count(*) FROM inner_rows i WHERE i.t = o.t) FROM outer_rows o;
SELECT o.k, (SELECT max(i.big) FROM inner_rows i WHERE i.t = o.t AND i.v < o.v) FROM outer_rows o;
SELECT o.k FROM outer_rows o WHERE EXISTS (SELECT FROM inner_rows i WHERE i.v = o.v AND i.k > o.k OFFSET 0);
SELECT o.k FROM outer_rows o WHERE o.v > ALL (SELECT i.v FROM inner_rows i WHERE i.d = o.d AND i.t > o.t);
SELECT o.k FROM outer_rows o WHERE o.v IN (SELECT i.v FROM inner_rows i WHERE i.d = o.d AND i.t > o.t OFFSET 0);
SELECT o.k, l.* FROM outer_rows o LEFT JOIN LATERAL (SELECT i.k AS ik, i.t FROM inner_rows i WHERE i.v = o.v ORDER BY i.k LIMIT 2) l ON true;
SELECT o.k, l.* FROM outer_rows o CROSS JOIN LATERAL (SELECT i.v, count(*) FROM inner_rows i WHERE i.t >= o.t GROUP BY i.v OFFSET 0) l WHERE o.k < 20;
SELECT o.k, (SELECT o2.n FROM outer_rows o2 WHERE o2.k = o.v) FROM outer_rows o;
-- NULL and the empty text are different values, and so are 0 and NULL.
SELECT o.k, (SELECT count(*) FROM inner_rows i WHERE i.t IS NOT DISTINCT FROM nullif(o.t, 't1') AND i.v IS DISTINCT FROM o.v) FROM outer_rows o;
-- Longer than what is kept; a reader who stops early.
INSERT INTO inner_rows SELECT 1000 + g, 100, 'many', date '2026-02-01', 'y' FROM generate_series(1, 3000) g;
SELECT o.k, (SELECT count(*) FROM (SELECT FROM inner_rows i WHERE i.v = 100 + o.n - o.n AND i.k + o.k > 0 OFFSET 0) s) FROM outer_rows o WHERE o.k < 10;
SELECT o.k FROM outer_rows o WHERE EXISTS (SELECT FROM inner_rows i WHERE i.v = 100 + o.n::int * 0 OFFSET 2) AND o.k < 30;
-- With little memory.
SET work_mem = '64kB';
SELECT o.k, (SELECT sum(length(i.big)) + count(*) FROM inner_rows i WHERE i.k <> o.k AND i.v = o.v) FROM outer_rows o;
SELECT sum(length(s.big)) FROM outer_rows o, LATERAL (SELECT i.big FROM inner_rows i WHERE i.t = o.t OFFSET 0) s;
RESET work_mem;
-- Functions that change what is read between two runs: a statement sees one state.
CREATE FUNCTION add_row(i int) RETURNS int LANGUAGE plpgsql VOLATILE AS $$ BEGIN INSERT INTO inner_rows VALUES (i, 1, 't1', date '2026-01-01', 'new'); RETURN i; END $$;
SELECT count(*) FROM inner_rows WHERE big = 'new';
SELECT k, add_row(9000 + k) FROM outer_rows WHERE k < 4;
SELECT o.k, (SELECT count(*) FROM inner_rows i WHERE i.t = o.t) FROM outer_rows o WHERE o.k < 12;
PREPARE again(int) AS SELECT o.k, (SELECT count(*) FROM inner_rows i WHERE i.t = o.t AND i.v >= $1) FROM outer_rows o WHERE o.k < 30;
EXECUTE again(1); EXECUTE again(2); EXECUTE again(3); EXECUTE again(1); EXECUTE again(2); EXECUTE again(5); EXECUTE again(6); EXECUTE again(NULL);
DO $$ DECLARE r record; n bigint := 0; BEGIN FOR r IN SELECT o.k, (SELECT count(*) FROM inner_rows i WHERE i.t = o.t) AS c FROM outer_rows o LOOP n := n + r.c; UPDATE inner_rows SET t = 'other' WHERE k = r.k; END LOOP; RAISE NOTICE '%', n; END $$;
SELECT t, count(*) FROM inner_rows GROUP BY t;
