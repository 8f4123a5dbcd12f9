-- variants: distributed reference single onenode
-- COPY in all formats, with what it adds, filters and refuses.
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE DOMAIN percent AS int CHECK (VALUE BETWEEN 0 AND 100);
CREATE TABLE t (k int, a text DEFAULT 'none', b numeric(10,2) CHECK (b < 1000), s serial, m mood, p percent, l text[],
    j jsonb, d date, g int GENERATED ALWAYS AS (k * 2) STORED, i int GENERATED ALWAYS AS IDENTITY);
CREATE TABLE "C p" ("Key" text PRIMARY KEY, "t,x" int NOT NULL);
CREATE TABLE gap (a int, k int, b int);
ALTER TABLE gap DROP COLUMN a;
-- distribute: create_distributed_table('t', 'k')
-- distribute: create_distributed_table('"C p"', 'Key')
-- distribute: create_distributed_table('gap', 'k')
COPY t (k, a, b, m, p, l, j, d) FROM STDIN;
1	one	1.5	ok	10	{a,b}	{"x": 1}	2026-01-01
2	\N	\N	\N	\N	\N	\N	\N
\N	tab\there	3	sad	0	{}	[1]	infinity
3	back\\slash\nline	4	happy	100	{"q,q"}	null	2000-02-29
\.
COPY t (k, a) FROM STDIN WITH (FORMAT csv, HEADER, NULL 'NIL', FORCE_NOT_NULL (a));
k,a
4,"comma, ""quote"""
5,
6,NIL
NIL,"line
end"
\.
COPY t (k, a) FROM STDIN (DELIMITER '|') WHERE k % 2 = 0 AND a <> 'no';
7|seven
8|eight
10|no
12|twelve
\.
COPY t (a) FROM STDIN;
without a key
\.
COPY t (k) FROM PROGRAM 'seq 100 3500';
SELECT k, a, b, m, p, l, j, d, g FROM t WHERE k < 100 OR k IS NULL ORDER BY k, a;
SELECT count(*), sum(k), sum(g), count(DISTINCT s), count(DISTINCT i) FROM t;
COPY (SELECT k, a, b FROM t WHERE k < 10 ORDER BY k) TO STDOUT;
COPY (SELECT k, a, b FROM t WHERE k < 10 ORDER BY k) TO STDOUT (FORMAT csv, HEADER, FORCE_QUOTE (a));
DELETE FROM t WHERE k >= 100 OR k IS NULL;
-- unordered
COPY t TO STDOUT;
-- unordered
COPY t TO STDOUT (FORMAT csv, HEADER);
-- unordered
COPY t (a, k) TO STDOUT (DELIMITER ';', NULL 'null');
COPY t (g) TO STDOUT;
COPY t (nothing) TO STDOUT;
COPY t (k, k) TO STDOUT;
-- What is refused, with nothing left behind.
COPY t (k, b) FROM STDIN;
20	1
21	5000
\.
COPY t (k, b) FROM STDIN;
20	1
21	x
\.
COPY t (k, p) FROM STDIN;
20	200
\.
COPY t (k, a) FROM STDIN;
20	a	b
\.
COPY t (k, a) FROM STDIN;
20
\.
COPY t (k, g) FROM STDIN;
\.
COPY t (k, nothing) FROM STDIN;
\.
COPY t (k) FROM STDIN WHERE g > 3;
\.
COPY t (k) FROM STDIN WHERE nothing > 3;
\.
COPY t (k) FROM '/nonexistent/file';
COPY t (k) FROM STDIN (FORMAT strange);
\.
COPY "C p" FROM STDIN;
a	1
b	2
a	3
\.
COPY "C p" FROM STDIN;
a	1
b	\N
\.
SELECT count(*) FROM t WHERE k >= 20;
SELECT count(*) FROM "C p";
COPY "C p" ("t,x", "Key") FROM STDIN;
1	a
2	b
\.
COPY (SELECT * FROM "C p" ORDER BY 1) TO STDOUT;
COPY gap FROM STDIN;
1	2
3	4
\.
COPY (SELECT * FROM gap ORDER BY 1) TO STDOUT;
-- Blocks.
BEGIN;
COPY gap FROM STDIN;
5	6
7	8
\.
SELECT count(*), sum(b) FROM gap;
SAVEPOINT s;
COPY gap FROM STDIN;
9	10
\.
ROLLBACK TO s;
COPY gap FROM STDIN;
11	12
\.
INSERT INTO gap VALUES (13, 14);
SELECT count(*), sum(b) FROM gap;
ROLLBACK;
SELECT count(*), sum(b) FROM gap;
BEGIN;
TRUNCATE gap;
COPY gap FROM STDIN;
15	16
\.
COMMIT;
SELECT * FROM gap;
BEGIN READ ONLY;
COPY gap FROM STDIN;
1	2
\.
ROLLBACK;
COPY gap FROM STDIN (FREEZE);
1	2
\.
BEGIN;
TRUNCATE gap;
COPY gap FROM STDIN (FREEZE);
15	16
\.
COMMIT;
BEGIN;
TRUNCATE gap;
SAVEPOINT s;
COPY gap FROM STDIN (FREEZE);
15	16
\.
ROLLBACK;
COPY (INSERT INTO gap SELECT g, g FROM generate_series(20, 25) AS g RETURNING k) TO STDOUT;
COPY (SELECT count(*) FROM gap) TO STDOUT;
COPY gap TO '@files@/copy.bin' (FORMAT binary);
COPY gap FROM '@files@/copy.bin' (FORMAT binary);
SELECT count(*), sum(k) FROM gap;
DROP TABLE t, "C p", gap;
