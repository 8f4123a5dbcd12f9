-- variants: distributed reference mixed single onenode
-- Types and functions that come, change and go while tables use them, and while none does.
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE TYPE pair AS (a int, b int);
CREATE DOMAIN small AS int CHECK (VALUE < 100);
CREATE TYPE span AS RANGE (SUBTYPE = small);
CREATE TABLE t1 (k int PRIMARY KEY, m mood, p pair, s small, r span, ms mood[]);
-- distribute: create_distributed_table('t1', 'k')
INSERT INTO t1 VALUES (1, 'ok', (1, 2), 5, '[2,4)', '{sad}');
ALTER DOMAIN small ADD CONSTRAINT positive CHECK (VALUE > 0);
INSERT INTO t1 (k, s) VALUES (2, -1);
INSERT INTO t1 (k, s) VALUES (2, 7), (3, NULL);
ALTER DOMAIN small ADD CHECK (VALUE <> 7);
ALTER DOMAIN small ADD CHECK (VALUE <> 7) NOT VALID;
INSERT INTO t1 (k, s) VALUES (4, 7);
ALTER DOMAIN small VALIDATE CONSTRAINT small_check1;
ALTER DOMAIN small SET NOT NULL;
UPDATE t1 SET s = 8 WHERE s = 7 OR s IS NULL;
ALTER DOMAIN small VALIDATE CONSTRAINT small_check1;
ALTER DOMAIN small SET NOT NULL;
INSERT INTO t1 (k, s) VALUES (5, NULL);
UPDATE t1 SET s = NULL WHERE k = 1;
ALTER DOMAIN small DROP NOT NULL;
INSERT INTO t1 (k, s) VALUES (5, NULL);
ALTER DOMAIN small DROP CONSTRAINT nothing;
ALTER DOMAIN small DROP CONSTRAINT IF EXISTS nothing;
ALTER DOMAIN small DROP CONSTRAINT positive;
INSERT INTO t1 (k, s) VALUES (6, -1);
ALTER DOMAIN small RENAME CONSTRAINT small_check TO below;
UPDATE t1 SET s = 1000 WHERE k = 6;
CREATE FUNCTION even(int) RETURNS bool LANGUAGE sql IMMUTABLE AS 'SELECT $1 % 2 = 0';
ALTER DOMAIN small ADD CONSTRAINT even CHECK (even(VALUE)) NOT VALID;
INSERT INTO t1 (k, s) VALUES (7, 3);
INSERT INTO t1 (k, s) VALUES (7, 4);
BEGIN;
ALTER DOMAIN small DROP CONSTRAINT even;
INSERT INTO t1 (k, s) VALUES (8, 3);
ROLLBACK;
INSERT INTO t1 (k, s) VALUES (8, 3);
SELECT * FROM t1 ORDER BY k;
-- The last table goes, the types change
DROP TABLE t1;
ALTER TYPE mood ADD VALUE 'happy';
ALTER TYPE pair ADD ATTRIBUTE c text;
ALTER DOMAIN small DROP CONSTRAINT below;
ALTER DOMAIN small SET NOT NULL;
CREATE TABLE t2 (k int PRIMARY KEY, m mood, p pair, s small, r span, ms mood[], ps pair[]);
-- distribute: create_distributed_table('t2', 'k')
INSERT INTO t2 VALUES (1, 'happy', (1, 2, 'x'), 1000, '[1,500)', '{happy}', ARRAY[(1, 2, 'y')::pair]);
INSERT INTO t2 VALUES (2, 'happy', (1, 2, 'x'), NULL, '[1,500)', '{happy}', ARRAY[(1, 2, 'y')::pair]);
SELECT * FROM t2 WHERE m = 'happy' AND (p).c = 'x';
SELECT * FROM t2 ORDER BY k;
DROP TABLE t2;
ALTER TYPE mood RENAME TO temper;
ALTER TYPE pair RENAME ATTRIBUTE c TO d;
CREATE TYPE mood AS (x int);
CREATE TABLE t3 (k int, m mood, t temper, p pair);
-- distribute: create_distributed_table('t3', 'k')
INSERT INTO t3 VALUES (1, ROW(4), 'happy', (1, 2, 'z'));
SELECT (m).x, t, (p).d FROM t3;
SELECT (m).x, t, (p).d FROM t3 WHERE k = 1;
DROP TABLE t3;
ALTER TYPE mood SET SCHEMA pg_temp;
DROP TYPE mood;
CREATE DOMAIN mood AS text;
CREATE TABLE t4 (k int, m mood);
-- distribute: create_distributed_table('t4', 'k')
INSERT INTO t4 VALUES (1, 'plain text');
SELECT * FROM t4 WHERE k = 1;
-- DROP of functions and types that the nodes do not have, or have
CREATE FUNCTION of_enum(temper) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
DROP FUNCTION of_enum(temper);
CREATE TYPE colour AS ENUM ('red');
CREATE FUNCTION of_enum(colour, VARIADIC int[]) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
DROP FUNCTION of_enum;
CREATE FUNCTION of_enum(colour[]) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE TYPE words AS RANGE (SUBTYPE = text, COLLATION = "C");
DROP TYPE words;
CREATE TYPE words AS RANGE (SUBTYPE = text, COLLATION = "C", MULTIRANGE_TYPE_NAME = many_words);
CREATE TABLE t5 (k words PRIMARY KEY, m many_words, c colour);
-- distribute: create_distributed_table('t5', 'k')
INSERT INTO t5 VALUES ('[a,b)', '{[a,b),[c,d)}', 'red');
SELECT * FROM t5 WHERE k = words('a', 'b') AND m @> 'c'::text;
CREATE FUNCTION of_range(words) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT lower($1)';
CREATE INDEX ON t5 (of_range(k));
DROP FUNCTION of_range(words);
DROP FUNCTION of_range(words) CASCADE;
DROP TABLE t5;
DROP TYPE words;
DROP TYPE colour;
DROP TYPE colour CASCADE;
DROP DOMAIN small;
DROP DOMAIN small CASCADE;
CREATE SCHEMA inside;
CREATE TYPE inside.e AS ENUM ('a');
CREATE FUNCTION inside.f(inside.e) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT 1';
CREATE TYPE inside.r AS RANGE (SUBTYPE = int);
DROP SCHEMA inside CASCADE;
