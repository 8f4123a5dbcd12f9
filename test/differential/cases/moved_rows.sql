-- Moved rows that are read again for each outer row, in sub-selects and under LATERAL.
-- variants: distributed single onenode mixed
CREATE TYPE mood AS ENUM ('low', 'high');
CREATE TABLE ask (k int, a int, b text, m mood, n numeric, ts timestamptz);
CREATE TABLE tell (k int, a int, b text, m mood, n numeric, ts timestamptz, arr int[]);
-- distribute: create_distributed_table('ask', 'k', shard_count := 4)
-- distribute: create_distributed_table('tell', 'k', shard_count := 4)
-- only-distributed
SET citus.motion TO 'always';
INSERT INTO ask SELECT g, nullif(g % 300, 7), nullif('b' || g % 250, 'b9'), (ARRAY['low','high']::mood[])[1 + g % 2], g % 90, timestamptz '2026-01-01Z' + g % 50 * interval '1 day' FROM generate_series(1, 900) g;
INSERT INTO tell SELECT g, nullif(g % 350, 11), nullif('b' || g % 270, 'b12'), (ARRAY['low','high']::mood[])[1 + g % 2], g % 100, timestamptz '2026-01-01Z' + g % 60 * interval '1 day', ARRAY[g, g % 5] FROM generate_series(1, 4000) g;
SELECT q.k, l.* FROM ask q, LATERAL (SELECT t.k AS tk, t.b, t.m FROM tell t WHERE t.a = q.a ORDER BY t.n DESC, t.k LIMIT 3) l;
SELECT q.k, l.* FROM ask q LEFT JOIN LATERAL (SELECT t.k AS tk, t.ts, t.arr FROM tell t WHERE t.b = q.b AND t.m = q.m ORDER BY t.ts, t.k LIMIT 2 OFFSET 1) l ON l.tk % 2 = 0;
SELECT q.k, l.* FROM ask q, LATERAL (SELECT t.m, count(*), sum(t.n) FROM tell t WHERE t.a = q.a GROUP BY t.m LIMIT 5) l;
SELECT count(*), sum(l.c) FROM ask q, LATERAL (SELECT count(*) AS c FROM tell t WHERE t.ts = q.ts AND t.n <> q.n OFFSET 0) l;
SELECT q.k FROM ask q WHERE q.a > ALL (SELECT t.k % 290 FROM tell t WHERE t.a = q.a AND t.k < 400);
SELECT q.k FROM ask q WHERE q.b <> ALL (SELECT t.b FROM tell t WHERE t.a = q.a);
SELECT q.k, q.n = ANY (SELECT t.n FROM tell t WHERE t.b = q.b AND t.m = q.m) FROM ask q;
SELECT q.k, (SELECT t.arr FROM tell t WHERE t.n = q.n AND t.k > q.k ORDER BY t.k LIMIT 1) FROM ask q;
SELECT q.k, ARRAY(SELECT t.k FROM tell t JOIN ask r ON r.b = t.b WHERE t.a = q.a AND r.k < 100 ORDER BY t.k, r.k) FROM ask q WHERE q.k % 3 = 0;
SELECT q.k, l.* FROM ask q, LATERAL (SELECT t.k AS tk FROM tell t WHERE t.n < q.n AND t.a = q.a ORDER BY t.k LIMIT 1) l ORDER BY q.k, l.tk LIMIT 40;
UPDATE ask q SET n = t.n FROM tell t WHERE t.a = q.a AND t.k <= 350 AND t.k > ALL (SELECT u.k FROM tell u WHERE u.a = t.a AND u.k < t.k - 400);
SELECT * FROM ask;
-- Little memory: what is kept goes to a file.
SET work_mem = '64kB';
INSERT INTO tell SELECT g, nullif(g % 350, 11), 'b' || g % 270, 'low', g % 100, timestamptz '2026-01-01Z', ARRAY[g] FROM generate_series(5001, 20000) g;
SELECT q.k, l.* FROM ask q, LATERAL (SELECT t.k AS tk, t.b, t.m, t.arr FROM tell t WHERE t.a = q.a ORDER BY t.n DESC, t.k LIMIT 3) l;
