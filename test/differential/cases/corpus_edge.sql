-- variants: distributed onenode mixed single
-- Odd tables and odd names.
CREATE TABLE zero ();
CREATE TABLE one_col (a int);
CREATE TABLE "x""y" ("a""b" int, "c'd" text, "E\F" int, "%s" int, "$1" int, " "" " int);
CREATE TABLE "UPPER" ("A" int, "a" int, "À" int);
CREATE TABLE sixty_three_bytes_long_name_for_a_table_which_is_as_long_as_c_be_ (k int PRIMARY KEY, sixty_three_bytes_long_name_for_a_column_which_is_as_long_as_may int);
CREATE INDEX sixty_three_bytes_long_name_for_an_index_which_is_as_long_as_c ON sixty_three_bytes_long_name_for_a_table_which_is_as_long_as_c_be_ (sixty_three_bytes_long_name_for_a_column_which_is_as_long_as_may);
CREATE TABLE sixty_three_bytes_long_name_for_a_table_which_is_as_long_as_cn2 (k int PRIMARY KEY, v int);
CREATE TABLE "日本語テーブル名前がとても長いので切られるはずですよ" (k int, "列" text);
CREATE SCHEMA "s p a c e";
CREATE TABLE "s p a c e"."t" (k int, v int);
CREATE TABLE t (k int, v int);
-- distribute: create_distributed_table('one_col', 'a')
-- distribute: create_distributed_table('"x""y"', 'a"b')
-- distribute: create_distributed_table('"UPPER"', 'A')
-- distribute: create_distributed_table('sixty_three_bytes_long_name_for_a_table_which_is_as_long_as_c_be_', 'k')
-- distribute: create_distributed_table('sixty_three_bytes_long_name_for_a_table_which_is_as_long_as_cn2', 'k')
-- distribute: create_distributed_table('"日本語テーブル名前がとても長いので切られるはずですよ"', 'k')
-- distribute: create_distributed_table('"s p a c e"."t"', 'k')
-- distribute: create_distributed_table('t', 'k')
INSERT INTO zero DEFAULT VALUES;
INSERT INTO one_col DEFAULT VALUES;
INSERT INTO one_col DEFAULT VALUES RETURNING *;
INSERT INTO one_col VALUES (1), (DEFAULT), (3);
SELECT * FROM zero;
SELECT count(*) FROM zero;
SELECT FROM one_col;
SELECT FROM one_col WHERE a = 1;
SELECT count(*) FROM (SELECT FROM one_col) s;
SELECT EXISTS (SELECT FROM one_col);
SELECT FROM one_col ORDER BY a LIMIT 2;
SELECT DISTINCT FROM one_col;
SELECT FROM one_col UNION ALL SELECT FROM t;
SELECT count(*) FROM one_col, zero;
SELECT count(*) FROM (SELECT FROM one_col UNION SELECT FROM one_col) s;
SELECT one_col, one_col.* FROM one_col WHERE a = 3;
INSERT INTO "x""y" VALUES (1, 'x', 2, 3, 4, 5), (2, NULL, NULL, 1, 1, 1);
SELECT * FROM "x""y" ORDER BY 1;
SELECT "a""b", "c'd", "E\F" + "%s" + "$1" AS "s""u""m" FROM "x""y" WHERE "a""b" = 1;
SELECT "c'd" AS "c'd", count(*) AS "%d" FROM "x""y" GROUP BY "c'd" ORDER BY 1;
UPDATE "x""y" SET "%s" = "$1" * 2, "c'd" = 'q''q"q\q' WHERE "a""b" = 1 RETURNING *;
DELETE FROM "x""y" WHERE "c'd" LIKE '%\\%' RETURNING "a""b";
SELECT "x""y" FROM "x""y";
INSERT INTO "UPPER" VALUES (1, 2, 3), (2, 3, 4);
SELECT "A", "a", "À", "A" + a FROM "UPPER" ORDER BY "À";
SELECT "UPPER".* FROM "UPPER" WHERE "A" = a - 1 ORDER BY a;
INSERT INTO sixty_three_bytes_long_name_for_a_table_which_is_as_long_as_c_be_ VALUES (1, 10), (2, 20);
INSERT INTO sixty_three_bytes_long_name_for_a_table_which_is_as_long_as_cn2 VALUES (1, 11), (3, 33);
SELECT * FROM sixty_three_bytes_long_name_for_a_table_which_is_as_long_as_c_be_ a FULL JOIN sixty_three_bytes_long_name_for_a_table_which_is_as_long_as_cn2 b USING (k) ORDER BY 1;
SELECT sum(sixty_three_bytes_long_name_for_a_column_which_is_as_long_as_may) FROM sixty_three_bytes_long_name_for_a_table_which_is_as_long_as_c_be_;
INSERT INTO sixty_three_bytes_long_name_for_a_table_which_is_as_long_as_c_be_ VALUES (1, 10);
INSERT INTO sixty_three_bytes_long_name_for_a_table_which_is_as_long_as_c_be_ VALUES (1, 10) ON CONFLICT (k) DO UPDATE SET sixty_three_bytes_long_name_for_a_column_which_is_as_long_as_may = excluded.sixty_three_bytes_long_name_for_a_column_which_is_as_long_as_may + 1 RETURNING *;
ALTER TABLE sixty_three_bytes_long_name_for_a_table_which_is_as_long_as_c_be_ RENAME TO short;
ALTER TABLE short RENAME TO sixty_three_bytes_another_long_name_for_a_table_of_max_length_ok;
ALTER TABLE sixty_three_bytes_another_long_name_for_a_table_of_max_length_ok ADD CONSTRAINT sixty_three_bytes_long_name_for_a_constraint_of_maximal_length_x CHECK (k > 0);
INSERT INTO sixty_three_bytes_another_long_name_for_a_table_of_max_length_ok VALUES (0, 1);
DROP INDEX sixty_three_bytes_long_name_for_an_index_which_is_as_long_as_c;
ALTER TABLE sixty_three_bytes_another_long_name_for_a_table_of_max_length_ok DROP CONSTRAINT sixty_three_bytes_long_name_for_a_constraint_of_maximal_length_x;
INSERT INTO sixty_three_bytes_another_long_name_for_a_table_of_max_length_ok VALUES (0, 1) RETURNING k;
DROP TABLE sixty_three_bytes_another_long_name_for_a_table_of_max_length_ok;
INSERT INTO "日本語テーブル名前がとても長いので切られるはずですよ" VALUES (1, '値'), (2, '別の値');
SELECT "列", length("列") FROM "日本語テーブル名前がとても長いので切られるはずですよ" ORDER BY k;
SELECT * FROM "日本語テーブル名前がとても長いので切られるはずですよ" WHERE "列" = '値';
INSERT INTO "s p a c e".t VALUES (1, 1), (2, 2);
INSERT INTO t VALUES (1, 10), (3, 30);
SELECT * FROM "s p a c e".t JOIN public.t ON "s p a c e".t.k = public.t.k;
SELECT t.*, x.* FROM "s p a c e".t x JOIN t USING (k);
SET search_path = "s p a c e", public;
SELECT * FROM t ORDER BY k;
UPDATE t SET v = v + 1;
UPDATE public.t SET v = 0 WHERE k = 1;
SELECT * FROM t UNION ALL SELECT * FROM public.t ORDER BY 1, 2;
RESET search_path;
-- only-distributed
CREATE ROLE corpus_reader;
GRANT SELECT ON t TO corpus_reader;
GRANT SELECT (k) ON "s p a c e".t TO corpus_reader;
GRANT USAGE ON SCHEMA "s p a c e" TO corpus_reader;
GRANT INSERT, UPDATE (v) ON t TO corpus_reader;
SET ROLE corpus_reader;
SELECT * FROM t ORDER BY k;
SELECT k FROM "s p a c e".t ORDER BY k;
SELECT v FROM "s p a c e".t;
SELECT count(*) FROM "s p a c e".t;
SELECT a.k FROM t a JOIN "s p a c e".t b ON a.v > b.k ORDER BY 1;
SELECT a.k FROM t a JOIN "s p a c e".t b ON a.k = b.k ORDER BY 1;
UPDATE t SET v = 5 WHERE k = 3;
UPDATE t SET k = 5 WHERE k = 3;
DELETE FROM t WHERE k = 3;
INSERT INTO t VALUES (9, 9) RETURNING *;
INSERT INTO t SELECT k + 20, 1 FROM "s p a c e".t;
INSERT INTO t (k) SELECT v FROM "s p a c e".t;
TRUNCATE t;
DROP TABLE t;
ALTER TABLE t ADD COLUMN z int;
CREATE INDEX ON t (v);
CREATE TEMP TABLE tt AS SELECT * FROM t;
SELECT count(*) FROM tt;
COPY t TO STDOUT;
COPY t FROM STDIN;
77	7
\.
COPY "s p a c e".t TO STDOUT;
COPY "s p a c e".t (k) TO STDOUT;
RESET ROLE;
SELECT * FROM t ORDER BY k;
REVOKE ALL ON t FROM corpus_reader;
SET ROLE corpus_reader;
SELECT * FROM t;
SELECT 1 FROM t LIMIT 0;
RESET ROLE;
DROP TABLE tt;
DROP OWNED BY corpus_reader;
-- only-distributed
DROP ROLE corpus_reader;
SET client_encoding = 'LATIN1';
SELECT "A", a FROM "UPPER" ORDER BY 1;
INSERT INTO "x""y" ("a""b", "c'd") VALUES (7, 'abc') RETURNING "c'd";
RESET client_encoding;
SET DateStyle = 'German';
CREATE TABLE d (k date, ts timestamptz, i interval, f float8, n numeric, m money, b bytea, x xml, bits bit(4), vb varbit, tr tsrange, mr int4multirange, inet inet, mac macaddr, p point, bx box, pl path, js json, c "char", nm name, o oid, rc regclass, tz timetz, xid8 xid8, lsn pg_lsn);
-- distribute: create_distributed_table('d', 'k')
INSERT INTO d (k, ts, i, f, n, m, b, bits, vb, tr, mr, inet, mac, p, bx, pl, js, c, nm, o, rc, tz, xid8, lsn) VALUES ('31.12.2023', '31.12.2023 23:59:59+01', '1 year 2 mons 3 days 04:05:06.789', 1.1e300, 'NaN', '12.34', '\x00ff', '1010', '101', '[01.01.2024 00:00:00,02.01.2024 00:00:00)', '{[1,3),[5,7)}', '10.0.0.1/8', '08:00:2b:01:02:03', '(1,2)', '((0,0),(1,1))', '[(0,0),(1,1)]', '{"a":  1, "a": 2}', 'x', 'name', 99, 'pg_class', '10:00+02', '123', '0/AB'), (NULL, '-infinity', NULL, '-Infinity', '1e-20', NULL, '', '0000', '', 'empty', '{}', '::1', NULL, NULL, NULL, NULL, NULL, '', '', NULL, NULL, NULL, NULL, NULL), ('infinity', 'infinity', '-1 day', 'NaN', 'Infinity', '-5', NULL, NULL, NULL, '(,)', '{(,)}', NULL, NULL, '(NaN,Infinity)', NULL, NULL, '[]', NULL, NULL, 0, NULL, NULL, NULL, NULL);
SELECT * FROM d ORDER BY k;
SELECT * FROM d WHERE k = '31.12.2023';
SELECT k, ts, i FROM d WHERE ts >= '31.12.2023 00:00' ORDER BY 1;
SET IntervalStyle = 'iso_8601';
SET bytea_output = 'escape';
SET extra_float_digits = 0;
SET TimeZone = 'America/New_York';
SET lc_monetary = 'C';
SET xmlbinary = 'hex';
SELECT * FROM d ORDER BY k;
SELECT i::text, b::text, f::text, ts::text, k::text, m::text, tz::text FROM d ORDER BY k;
UPDATE d SET k = k + 1, i = i * 2, ts = '05.06.2024 12:00' WHERE k = '31.12.2023' RETURNING k, i, ts;
SELECT min(k), max(k), min(ts), max(ts), min(f), max(f), min(n), max(n), sum(i), max(inet), min(m), max(o) FROM d;
SELECT to_char(ts, 'DD.MM.YYYY HH24:MI TZ'), extract(epoch FROM i), date_part('dow', k) FROM d WHERE isfinite(k) ORDER BY k;
SELECT f, count(*) FROM d GROUP BY f ORDER BY f;
SELECT n, count(*) FROM d GROUP BY n ORDER BY n;
SELECT k, tr * '[01.01.2024 05:00:00,)'::tsrange, mr + '{[10,20)}', inet >> '10.1.1.1', p <-> '(0,0)', bits | B'0101' FROM d ORDER BY 1;
RESET ALL;
SELECT k, ts, i FROM d ORDER BY k;
PREPARE pd (date, interval, numeric, text[], "char", jsonb) AS SELECT $1, $2, $3, $4, $5, $6, k FROM d WHERE k = $1;
EXECUTE pd ('2024-01-01', '1 day', 'NaN', '{a,NULL,"q q"}', 'z', '{"a": 1}');
EXECUTE pd ('2024-01-01', '1 day', 'NaN', '{a,NULL,"q q"}', 'z', '{"a": 1}');
EXECUTE pd ('2024-01-01', '1 day', 'NaN', '{a,NULL,"q q"}', 'z', '{"a": 1}');
EXECUTE pd ('2024-01-01', '1 day', 'NaN', '{a,NULL,"q q"}', 'z', '{"a": 1}');
EXECUTE pd ('2024-01-01', '1 day', 'NaN', '{a,NULL,"q q"}', 'z', '{"a": 1}');
EXECUTE pd ('2024-01-01', '1 day', 'NaN', '{a,NULL,"q q"}', 'z', '{"a": 1}');
EXECUTE pd ('2024-01-01', '1 day', 'NaN', '{a,NULL,"q q"}', 'z', '{"a": 1}');
EXECUTE pd (NULL, NULL, NULL, NULL, NULL, NULL);
