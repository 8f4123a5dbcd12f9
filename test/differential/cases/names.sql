-- variants: distributed reference mixed single onenode
-- Names that need quotes, that are keywords, that are as long as names can be, that look like those the planner makes.
CREATE SCHEMA "Other Schema";
CREATE SCHEMA "select";
CREATE TABLE "Mixed Case" ("Key" int PRIMARY KEY, "Value ""quoted""" text, "select" int, "a.b" int, "größe" numeric, "'" int);
CREATE TABLE "Other Schema"."Mixed Case" ("Key" int, "No" int, note text, PRIMARY KEY ("Key", "No"));
CREATE TABLE "select"."table" ("where" int PRIMARY KEY, "from" text, "order" int);
CREATE TABLE t1 (t1 int PRIMARY KEY, t2 int, t3 text);
CREATE TABLE t2 (t1 int PRIMARY KEY, t2 int);
CREATE TABLE a_name_of_sixty_three_bytes_which_is_the_longest_that_is_allowe (a_column_of_sixty_three_bytes_which_is_the_longest_that_is_allo int PRIMARY KEY, b text);
CREATE TABLE "ä_name_with_umläuts_thät_is_löng_enöügh_tö_be_cüt_äbcd" (k int PRIMARY KEY, v text UNIQUE);
DROP TABLE "ä_name_with_umläuts_thät_is_löng_enöügh_tö_be_cüt_äbcd";
CREATE TABLE "ä_name_with_umläuts_thät_is_löng_enöügh_tö_be_cüt_äbcd" (k int PRIMARY KEY, v text);
-- distribute: create_distributed_table('"Mixed Case"', 'Key')
-- distribute: create_distributed_table('"Other Schema"."Mixed Case"', 'Key')
-- distribute: create_distributed_table('"select"."table"', 'where')
-- distribute: create_distributed_table('t1', 't1')
-- distribute: create_distributed_table('t2', 't1')
-- distribute: create_distributed_table('a_name_of_sixty_three_bytes_which_is_the_longest_that_is_allowe', 'a_column_of_sixty_three_bytes_which_is_the_longest_that_is_allo')
-- distribute: create_distributed_table('"ä_name_with_umläuts_thät_is_löng_enöügh_tö_be_cüt_äbcd"', 'k')
INSERT INTO "Mixed Case" VALUES (1, 'one', 10, 100, 1.5, 7), (2, 'it''s', 20, 200, 2.5, NULL), (3, '"three"', 30, 300, 3.5, 8);
INSERT INTO "Other Schema"."Mixed Case" SELECT g % 3 + 1, g, 'note ' || g FROM generate_series(1, 9) AS g;
INSERT INTO "select"."table" ("where", "from", "order") VALUES (1, 'a', 3), (2, 'b', 2), (3, 'c', 1) RETURNING "order", "from";
INSERT INTO t1 SELECT g, g * 2, 'x' || g FROM generate_series(1, 20) AS g;
INSERT INTO t2 SELECT g, g * 3 FROM generate_series(5, 25) AS g;
INSERT INTO a_name_of_sixty_three_bytes_which_is_the_longest_that_is_allowe VALUES (1, 'x'), (2, 'y');
INSERT INTO "ä_name_with_umläuts_thät_is_löng_enöügh_tö_be_cüt_äbcd" VALUES (1, 'ä'), (2, 'ö'), (3, NULL);
SELECT * FROM "Mixed Case" ORDER BY "Key";
SELECT "Key", "Value ""quoted""", "select", "a.b", "größe", "'" FROM "Mixed Case" WHERE "Key" = 2;
SELECT "a.b" AS "A.B", "größe" * 2 AS "zwei mal größe" FROM "Mixed Case" AS "x y" WHERE "x y"."Key" > 1 ORDER BY "x y"."Key";
SELECT m.*, o.note FROM "Mixed Case" m JOIN "Other Schema"."Mixed Case" o USING ("Key") ORDER BY o."No";
SELECT "Mixed Case"."Key", count("Mixed Case".*) FROM "Mixed Case" GROUP BY 1 ORDER BY 1;
SELECT "where", "from" FROM "select"."table" WHERE "where" IN (1, 3) ORDER BY "order";
SELECT "table"."where" FROM "select"."table" WHERE "table"."from" = 'b';
SELECT "table" FROM "select"."table" ORDER BY "where";
SELECT t1.t1, t1.t2, t2.t1, t2.t2 FROM t1 JOIN t2 ON t1.t1 = t2.t1 ORDER BY 1;
SELECT t2.t1, t1.t2 FROM t1 AS t2 JOIN t2 AS t1 ON t1.t1 = t2.t1 WHERE t2.t1 = 7;
SELECT t1 FROM t1 WHERE t1.t1 < 4 ORDER BY t1.t1;
SELECT t1 FROM t1 AS x WHERE x.t1 < 4 ORDER BY 1;
SELECT (t1).t2 FROM t1 WHERE t1.t1 = 3;
SELECT (x).t2, x FROM t1 AS x WHERE x.t1 = 3;
SELECT (x).t3 FROM (SELECT y AS x FROM t1 AS y WHERE y.t1 < 4) AS s ORDER BY 1;
SELECT row_to_json(y) FROM t2 AS y WHERE t1 = 6;
SELECT row_to_json(x) FROM t2 AS x WHERE x.t1 > 23 ORDER BY x.t1;
SELECT x.* FROM t1 x, t1 y, t1 z WHERE x.t1 = y.t1 AND y.t1 = z.t1 AND z.t2 > 36 ORDER BY 1;
SELECT * FROM a_name_of_sixty_three_bytes_which_is_the_longest_that_is_allowe ORDER BY 1;
SELECT b FROM a_name_of_sixty_three_bytes_which_is_the_longest_that_is_allowe WHERE a_column_of_sixty_three_bytes_which_is_the_longest_that_is_allo = 2;
SELECT * FROM "ä_name_with_umläuts_thät_is_löng_enöügh_tö_be_cüt_äbcd" ORDER BY v NULLS FIRST;
UPDATE "Mixed Case" SET "Value ""quoted""" = upper("Value ""quoted"""), "'" = "'" + 1 WHERE "Key" = 1 RETURNING *;
UPDATE "Mixed Case" AS "X" SET "select" = "X"."select" + 1 RETURNING "X"."Key", "select";
UPDATE "Other Schema"."Mixed Case" SET note = m."Value ""quoted""" FROM "Mixed Case" m WHERE m."Key" = "Other Schema"."Mixed Case"."Key" AND "No" < 3;
DELETE FROM "select"."table" AS "delete" WHERE "delete"."where" = 3 RETURNING "delete"."from";
INSERT INTO "Mixed Case" ("Key", "a.b") VALUES (1, 5) ON CONFLICT ("Key") DO UPDATE SET "a.b" = excluded."a.b" + "Mixed Case"."a.b" RETURNING "a.b";
INSERT INTO "Mixed Case" AS "M" ("Key", "a.b") VALUES (1, 5) ON CONFLICT ("Key") DO UPDATE SET "a.b" = excluded."a.b" + "M"."a.b" WHERE "M"."Key" > 0 RETURNING "M"."a.b";
SELECT * FROM "Mixed Case" ORDER BY "Key";
SELECT * FROM "Other Schema"."Mixed Case" ORDER BY "No";
-- The search path decides which table a name means, also while a plan is kept.
SET search_path TO "Other Schema", public;
SELECT count(*) FROM "Mixed Case";
PREPARE counted AS SELECT count(*) FROM "Mixed Case";
EXECUTE counted;
SET search_path TO public;
EXECUTE counted;
SELECT count(*) FROM "Mixed Case";
SET search_path TO "select";
SELECT "where" FROM "table" ORDER BY 1;
SELECT t1 FROM public.t1 WHERE t1.t1 = 1;
SELECT count(*) FROM t1;
INSERT INTO "table" VALUES (9, 'nine', 9);
SELECT * FROM "table" ORDER BY 1;
SET search_path TO '';
SELECT count(*) FROM public."Mixed Case";
SELECT count(*) FROM "Mixed Case";
RESET search_path;
-- A function or operator of the user's with a built-in one's name, first in the path.
CREATE SCHEMA mine;
CREATE FUNCTION mine.upper(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT ''mine: '' || pg_catalog.lower($1)';
CREATE FUNCTION mine.plus_ten(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT $1 OPERATOR(pg_catalog.+) $2 OPERATOR(pg_catalog.+) 10';
CREATE OPERATOR mine.+ (LEFTARG = int, RIGHTARG = int, FUNCTION = mine.plus_ten);
SET search_path TO mine, pg_catalog, public;
SELECT t1.t1 + 1, upper(t3) FROM t1 WHERE t1.t1 = 3;
SELECT sum(t1.t1 + 1), max(upper(t3)) FROM t1;
UPDATE t1 SET t2 = t1.t1 + 1, t3 = upper(t3) WHERE t1.t1 IN (3, 4);
DELETE FROM t1 WHERE t1.t1 + 1 = 16 RETURNING t1.t1;
RESET search_path;
SELECT * FROM t1 ORDER BY 1;
-- Dropped columns before, between and after the others.
ALTER TABLE t1 DROP COLUMN t2;
SELECT * FROM t1 ORDER BY 1 LIMIT 3;
INSERT INTO t1 VALUES (100, 'after') RETURNING *;
SELECT t1 FROM t1 WHERE t1.t1 = 100;
SELECT t1.*, t2.* FROM t1 JOIN t2 USING (t1) ORDER BY t1.t1 LIMIT 2;
ALTER TABLE t1 ADD COLUMN "New Column" int DEFAULT 5;
SELECT * FROM t1 WHERE "New Column" = 5 ORDER BY 1 LIMIT 3;
ALTER TABLE t1 RENAME COLUMN t3 TO "Third";
SELECT "Third", t3 FROM t1;
SELECT "Third" FROM t1 ORDER BY 1 LIMIT 4;
SELECT "Third" FROM t1 WHERE t1.t1 = 100;
ALTER TABLE t1 RENAME TO "T 1";
SELECT count(*) FROM "T 1";
SELECT count(*) FROM t1;
INSERT INTO "T 1" (t1) VALUES (101) RETURNING *;
DROP TABLE "T 1", "Mixed Case", "Other Schema"."Mixed Case";
SELECT count(*) FROM "T 1";
SELECT count(*) FROM "Mixed Case";
