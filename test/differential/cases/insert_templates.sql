-- INSERTs of one row whose plan is kept for other constants: each statement comes several times in the same form.
-- variants: distributed reference mixed single onenode partitioned
CREATE DOMAIN it_small AS int CHECK (VALUE < 1000);
CREATE TABLE it (k bigint PRIMARY KEY, i int DEFAULT 5, n numeric(6, 2), v varchar(5), c char(3), d date, ts timestamptz, b boolean, j jsonb, a int[], s it_small, t text DEFAULT 'def');
-- distribute: create_distributed_table('it', 'k')
INSERT INTO it (k, i) VALUES (1, 1);
INSERT INTO it (k, i) VALUES (2, 2);
INSERT INTO it (k, i) VALUES (3, 3);
INSERT INTO it (k, i) VALUES (4, 3);
-- Equal constants, and different ones, and none.
INSERT INTO it (k, i) VALUES (5, 5);
INSERT INTO it (k, i) VALUES (6, 6);
INSERT INTO it (k, i) VALUES (7, 7);
INSERT INTO it (k, i) VALUES (8, NULL);
INSERT INTO it (k, i) VALUES (9, NULL);
INSERT INTO it (k, i) VALUES (10, NULL);
INSERT INTO it (k, i) VALUES (11, DEFAULT);
INSERT INTO it (k, i) VALUES (12, DEFAULT);
INSERT INTO it (k, i) VALUES (13, DEFAULT);
-- Types and their modifiers.
INSERT INTO it VALUES (20, 1, 1.234, 'abc', 'a', '2026-01-01', '2026-01-01 00:00:00+00', true, '{"a": 1}', '{1,2}', 1, 'x');
INSERT INTO it VALUES (21, 2, 2.345, 'abcd', 'ab', '2026-01-02', '2026-01-02 00:00:00+00', false, '{"a": 2}', '{1,3}', 2, 'y');
INSERT INTO it VALUES (22, 3, 3.456, 'abcde', 'abc', '2026-01-03', '2026-01-03 00:00:00+00', true, '{"a": 3}', '{1,4}', 3, 'z');
INSERT INTO it VALUES (23, 3, 3.456, 'abcdef', 'abc', '2026-01-03', '2026-01-03 00:00:00+00', true, '{"a": 3}', '{1,4}', 3, 'z');
INSERT INTO it VALUES (23, 3, 3.456, 'abcde', 'abcd', '2026-01-03', '2026-01-03 00:00:00+00', true, '{"a": 3}', '{1,4}', 3, 'z');
INSERT INTO it VALUES (23, 3, 99999.9, 'abcde', 'abc', '2026-01-03', '2026-01-03 00:00:00+00', true, '{"a": 3}', '{1,4}', 3, 'z');
INSERT INTO it VALUES (23, 3, 3.456, 'abcde', 'abc', '2026-01-03', '2026-01-03 00:00:00+00', true, '{"a": 3}', '{1,4}', 1003, 'z');
INSERT INTO it VALUES (23, 3, 3.456, 'abcde', 'abc', '2026-01-03', '2026-01-03 00:00:00+00', true, '{"a": 3}', '{1,4}', 4, 'z');
INSERT INTO it VALUES (24, 3000000000, 3.456, 'abcde', 'abc', '2026-01-03', '2026-01-03 00:00:00+00', true, '{"a": 3}', '{1,4}', 4, 'z');
INSERT INTO it VALUES (20, 1, 1.234, 'abc', 'a', '2026-01-01', '2026-01-01 00:00:00+00', true, '{"a": 1}', '{1,2}', 1, 'x');
-- Expressions.
INSERT INTO it (k, i, t) VALUES (30 + 1, 10 / 2, 'a' || 'b');
INSERT INTO it (k, i, t) VALUES (30 + 2, 10 / 3, 'a' || 'c');
INSERT INTO it (k, i, t) VALUES (30 + 3, 10 / 4, 'a' || 'd');
INSERT INTO it (k, i, t) VALUES (30 + 4, 10 / 0, 'a' || 'e');
INSERT INTO it (k, i, t) VALUES (30 + 5, 10 / 5, upper('a'));
INSERT INTO it (k, i, t) VALUES (30 + 6, 10 / 5, upper('b'));
INSERT INTO it (k, i, t) VALUES (30 + 7, 10 / 5, upper('c'));
INSERT INTO it (k, i, d) VALUES (40, '7'::int, '2026-02-01'::date + 1);
INSERT INTO it (k, i, d) VALUES (41, '8'::int, '2026-02-02'::date + 2);
INSERT INTO it (k, i, d) VALUES (42, '9'::int, '2026-02-03'::date + 3);
INSERT INTO it (k, a) VALUES (43, ARRAY[1, 2]);
INSERT INTO it (k, a) VALUES (44, ARRAY[3, 4]);
INSERT INTO it (k, a) VALUES (45, ARRAY[5, 6]);
INSERT INTO it (k, i, b) VALUES (46, CASE WHEN 1 > 0 THEN 1 ELSE 2 END, 1 = 1);
INSERT INTO it (k, i, b) VALUES (47, CASE WHEN 0 > 0 THEN 1 ELSE 2 END, 1 = 2);
INSERT INTO it (k, i, b) VALUES (48, CASE WHEN 2 > 0 THEN 1 ELSE 2 END, 2 = 2);
INSERT INTO it (k, i) VALUES (49, length(now()::text) * 0);
INSERT INTO it (k, i) VALUES (50, length(now()::text) * 0);
INSERT INTO it (k, i) VALUES (51, length(now()::text) * 0);
-- Rows that come back.
INSERT INTO it (k, i) VALUES (60, 1) RETURNING k, i + 100, 'c1', t;
INSERT INTO it (k, i) VALUES (61, 2) RETURNING k, i + 200, 'c2', t;
INSERT INTO it (k, i) VALUES (62, 3) RETURNING k, i + 300, 'c3', t;
INSERT INTO it (k, i) VALUES (63, 3) RETURNING k, i / 0, 'c3', t;
INSERT INTO it (k, i) VALUES (64, 3) RETURNING *;
INSERT INTO it (k, i) VALUES (65, 4) RETURNING *;
INSERT INTO it (k, i) VALUES (66, 5) RETURNING *;
-- Others, which are planned each time.
INSERT INTO it (k, i) VALUES (70, 1), (71, 2);
INSERT INTO it (k, i) VALUES (72, 1), (73, 2);
INSERT INTO it (k, i) VALUES (74, 1), (75, 2);
INSERT INTO it (k, i) VALUES (70, 2) ON CONFLICT (k) DO UPDATE SET i = excluded.i + 10 RETURNING i;
INSERT INTO it (k, i) VALUES (71, 3) ON CONFLICT (k) DO UPDATE SET i = excluded.i + 20 RETURNING i;
INSERT INTO it (k, i) VALUES (72, 4) ON CONFLICT (k) DO UPDATE SET i = excluded.i + 30 RETURNING i;
INSERT INTO it (k, i) VALUES (80, (SELECT max(i) FROM it WHERE k < 60));
INSERT INTO it (k, i) VALUES (81, (SELECT max(i) FROM it WHERE k < 61));
INSERT INTO it (k, i) VALUES (82, (SELECT max(i) FROM it WHERE k < 62));
INSERT INTO it (k, i) SELECT 83, 1 WHERE 1 = 1;
INSERT INTO it (k, i) SELECT 84, 1 WHERE 1 = 2;
INSERT INTO it (k, i) SELECT 85, 1 WHERE 2 = 2;
INSERT INTO it (k, i) VALUES (86, generate_series(1, 1));
INSERT INTO it (k, i) VALUES (87, generate_series(2, 2));
INSERT INTO it (k, i) VALUES (88, generate_series(3, 3));
WITH w AS (INSERT INTO it (k, i) VALUES (90, 1) RETURNING k) SELECT k FROM w;
WITH w AS (INSERT INTO it (k, i) VALUES (91, 2) RETURNING k) SELECT k FROM w;
WITH w AS (INSERT INTO it (k, i) VALUES (92, 3) RETURNING k) SELECT k FROM w;
-- A view with a check.
CREATE VIEW it_view AS SELECT k, i FROM it WHERE i < 50 WITH CHECK OPTION;
INSERT INTO it_view VALUES (100, 1);
INSERT INTO it_view VALUES (101, 2);
INSERT INTO it_view VALUES (102, 3);
INSERT INTO it_view VALUES (103, 60);
INSERT INTO it_view VALUES (103, 4);
DROP VIEW it_view;
-- What a plan depends on changes.
CREATE FUNCTION it_twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 2';
INSERT INTO it (k, i) VALUES (110, it_twice(1));
INSERT INTO it (k, i) VALUES (111, it_twice(2));
INSERT INTO it (k, i) VALUES (112, it_twice(3));
CREATE OR REPLACE FUNCTION it_twice(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 * 20';
INSERT INTO it (k, i) VALUES (113, it_twice(4));
INSERT INTO it (k) VALUES (120);
INSERT INTO it (k) VALUES (121);
INSERT INTO it (k) VALUES (122);
ALTER TABLE it ALTER i SET DEFAULT 6;
INSERT INTO it (k) VALUES (123);
ALTER TABLE it ADD COLUMN later text DEFAULT 'new';
INSERT INTO it (k) VALUES (124) RETURNING i, later;
BEGIN;
INSERT INTO it (k, i) VALUES (130, 1);
ALTER TABLE it ALTER i SET DEFAULT 9;
INSERT INTO it (k) VALUES (131);
ROLLBACK;
INSERT INTO it (k) VALUES (132);
-- As prepared statements, with constants in them.
PREPARE ins(int) AS INSERT INTO it (k, i) VALUES ($1, 77);
EXECUTE ins(140);
EXECUTE ins(141);
EXECUTE ins(142);
PREPARE other(int) AS INSERT INTO it (k, i) VALUES ($1, 78);
EXECUTE other(143);
PREPARE swapped(int) AS INSERT INTO it (i, k) VALUES ($1, 144);
EXECUTE swapped(1);
DO $$ BEGIN FOR x IN 150 .. 160 LOOP INSERT INTO it (k, i) VALUES (x, x * 2); END LOOP; END $$;
SELECT * FROM it ORDER BY k;
DROP TABLE it;
DROP FUNCTION it_twice;
DROP DOMAIN it_small;
-- Sequences, identities and generated columns.
CREATE TABLE it_serial (k bigserial PRIMARY KEY, i int GENERATED ALWAYS AS IDENTITY, v int, g int GENERATED ALWAYS AS (v * 2) STORED);
-- distribute: create_distributed_table('it_serial', 'k')
INSERT INTO it_serial (v) VALUES (1) RETURNING *;
INSERT INTO it_serial (v) VALUES (2) RETURNING *;
INSERT INTO it_serial (v) VALUES (3) RETURNING *;
INSERT INTO it_serial (v, i) VALUES (4, 4) RETURNING *;
INSERT INTO it_serial (v, i) OVERRIDING SYSTEM VALUE VALUES (4, 40) RETURNING *;
INSERT INTO it_serial (v, i) OVERRIDING SYSTEM VALUE VALUES (5, 50) RETURNING *;
INSERT INTO it_serial (v, i) OVERRIDING SYSTEM VALUE VALUES (6, 60) RETURNING *;
INSERT INTO it_serial (v, i) OVERRIDING USER VALUE VALUES (7, 70) RETURNING *;
INSERT INTO it_serial DEFAULT VALUES RETURNING *;
INSERT INTO it_serial DEFAULT VALUES RETURNING *;
INSERT INTO it_serial DEFAULT VALUES RETURNING *;
DROP TABLE it_serial;
-- Row-level security.
CREATE TABLE it_rls (k int PRIMARY KEY, owner text);
-- distribute: create_distributed_table('it_rls', 'k')
INSERT INTO it_rls VALUES (1, 'a');
INSERT INTO it_rls VALUES (2, 'b');
INSERT INTO it_rls VALUES (3, 'c');
ALTER TABLE it_rls ENABLE ROW LEVEL SECURITY;
INSERT INTO it_rls VALUES (4, 'd');
SELECT * FROM it_rls ORDER BY k;
DROP TABLE it_rls;
