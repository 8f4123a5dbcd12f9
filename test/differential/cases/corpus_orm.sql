-- variants: distributed onenode partial single reference
-- What ORMs send: Django, ActiveRecord, Hibernate, Prisma, Hasura, SQLAlchemy, Sequelize, Ecto.
CREATE EXTENSION IF NOT EXISTS citext;
CREATE EXTENSION IF NOT EXISTS hstore;
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE EXTENSION IF NOT EXISTS btree_gin;
CREATE EXTENSION IF NOT EXISTS btree_gist;
CREATE EXTENSION IF NOT EXISTS "uuid-ossp";
CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE EXTENSION IF NOT EXISTS unaccent;
CREATE EXTENSION IF NOT EXISTS ltree;
CREATE EXTENSION IF NOT EXISTS intarray;
CREATE EXTENSION IF NOT EXISTS fuzzystrmatch;
CREATE TYPE "OrderStatus" AS ENUM ('NEW', 'PAID', 'SHIPPED');
CREATE TYPE address AS (street text, city text, zip int);
CREATE DOMAIN email AS citext CHECK (VALUE ~ '^[^@]+@[^@]+$');
CREATE DOMAIN positive AS int DEFAULT 1 CHECK (VALUE > 0);
CREATE TABLE "User" ("id" bigserial NOT NULL, "email" email NOT NULL, "firstName" varchar(255) NOT NULL, "isAdmin" boolean NOT NULL DEFAULT false, "createdAt" timestamp(3) NOT NULL DEFAULT '2024-01-01', "settings" jsonb NOT NULL DEFAULT '{}', "tags" text[] DEFAULT '{}', "attrs" hstore, "home" address, "level" positive, CONSTRAINT "User_pkey" PRIMARY KEY ("id"));
CREATE TABLE "Order" ("userId" bigint NOT NULL, "id" bigserial NOT NULL, "status" "OrderStatus" NOT NULL DEFAULT 'NEW', "total" numeric(12,2) NOT NULL DEFAULT 0, "placedAt" timestamptz NOT NULL DEFAULT '2024-01-01 00:00+00', "totalWithTax" numeric GENERATED ALWAYS AS ("total" * 1.19) STORED, "lock_version" int NOT NULL DEFAULT 0, "deletedAt" timestamptz, CONSTRAINT "Order_pkey" PRIMARY KEY ("userId", "id"), CONSTRAINT "Order_userId_fkey" FOREIGN KEY ("userId") REFERENCES "User" ("id") ON DELETE CASCADE ON UPDATE CASCADE);
CREATE TABLE "OrderItem" ("userId" bigint NOT NULL, "orderId" bigint NOT NULL, "position" int NOT NULL, "productId" int NOT NULL, "quantity" int NOT NULL CHECK ("quantity" > 0), "price" numeric(10,2), CONSTRAINT "OrderItem_pkey" PRIMARY KEY ("userId", "orderId", "position"), CONSTRAINT "OrderItem_order" FOREIGN KEY ("userId", "orderId") REFERENCES "Order" ("userId", "id") ON DELETE CASCADE);
CREATE TABLE "Product" ("id" serial PRIMARY KEY, "name" citext NOT NULL, "body" text, "search" tsvector GENERATED ALWAYS AS (to_tsvector('english', coalesce("body", ''))) STORED, "path" ltree, "price" numeric(10,2), "codes" int[], "valid" daterange);
CREATE TABLE jobs (id bigint PRIMARY KEY, queue text NOT NULL, payload jsonb, run_at timestamptz NOT NULL, attempts int NOT NULL DEFAULT 0, locked_by text);
CREATE TABLE sessions (sid uuid PRIMARY KEY DEFAULT gen_random_uuid(), data bytea, expires timestamptz);
-- distribute: create_distributed_table('"User"', 'id')
-- distribute: create_reference_table('"Product"')
-- distribute: create_distributed_table('"Order"', 'userId')
-- distribute: create_distributed_table('"OrderItem"', 'userId')
-- distribute: create_distributed_table('jobs', 'id')
-- distribute: create_distributed_table('sessions', 'sid')
CREATE INDEX "User_email_idx" ON "User" USING btree ("email");
CREATE INDEX "User_name_trgm" ON "User" USING gin ("firstName" gin_trgm_ops);
CREATE INDEX "User_settings" ON "User" USING gin ("settings" jsonb_path_ops);
CREATE INDEX "User_tags" ON "User" USING gin ("tags");
CREATE INDEX "User_attrs" ON "User" USING gist ("attrs");
CREATE INDEX "Product_search" ON "Product" USING gin ("search");
CREATE INDEX "Product_path" ON "Product" USING gist ("path");
CREATE INDEX "Order_status" ON "Order" ("status", "placedAt" DESC) WHERE "deletedAt" IS NULL;
CREATE INDEX "Order_mixed" ON "Order" USING gin ("status", "total");
CREATE UNIQUE INDEX "Order_number" ON "Order" ("userId", ("id" * 2)) INCLUDE ("total");
CREATE INDEX jobs_ready ON jobs (run_at, id) WHERE locked_by IS NULL;
INSERT INTO "User" ("email", "firstName", "isAdmin", "settings", "tags", "attrs", "home", "level") VALUES ($$Alice@Example.com$$, 'Alice', true, '{"theme": "dark", "n": [1, 2, {"x": 5}]}', '{a,b}', 'k1=>v1, k2=>NULL', ROW('Main St', 'Springfield', 123), 3) RETURNING "User"."id", "User"."email", "User"."createdAt";
INSERT INTO "User" ("email", "firstName") VALUES ('bob@example.com', 'Bob'), ('Carol@x.org', 'Carol'), ('dave@x.org', 'Davé'), ('eve@x.org', 'Eve') RETURNING "id";
INSERT INTO "User" ("email", "firstName", "level") VALUES ('not an email', 'x', 1);
INSERT INTO "User" ("email", "firstName", "level") VALUES ('ok@x.org', 'x', 0);
INSERT INTO "User" ("email", "firstName", "createdAt", "tags", "settings", "attrs", "home") SELECT 'u' || g || '@example.com', 'User ' || g, timestamp '2024-01-01' + g * interval '1 hour', ARRAY['t' || g % 3, 't' || g % 5], jsonb_build_object('n', g, 'theme', (ARRAY['dark', 'light'])[g % 2 + 1]), hstore('g', g::text), ROW('S' || g, 'C' || g % 4, g)::address FROM generate_series(10, 40) g;
INSERT INTO "Product" ("name", "body", "path", "price", "codes", "valid") SELECT 'Product ' || g, (ARRAY['the quick brown fox jumps', 'lazy dogs sleep over there', 'foxes and dogs', NULL])[g % 4 + 1], ('root.c' || g % 3 || '.p' || g)::ltree, g * 1.5, ARRAY[g, g % 4], daterange('2024-01-01', date '2024-01-01' + g) FROM generate_series(1, 12) g;
INSERT INTO "Order" ("userId", "status", "total", "placedAt") SELECT u."id", (enum_range(NULL::"OrderStatus"))[1 + (u."id" * g) % 3], u."id" * g, timestamptz '2024-02-01 00:00+00' + (u."id" + g) * interval '7 hours' FROM (SELECT "id" FROM "User" ORDER BY "id" LIMIT 12) u, generate_series(1, 4) g ORDER BY u."id", g;
INSERT INTO "OrderItem" SELECT o."userId", o."id", g, 1 + (o."id" + g) % 12, g, o."total" / g FROM "Order" o, generate_series(1, 2) g;
INSERT INTO jobs SELECT g, 'q' || g % 3, jsonb_build_object('n', g), timestamptz '2024-01-01 00:00+00' + (g * 7 % 20) * interval '1 min' FROM generate_series(1, 30) g;
-- Django
SELECT "User"."id", "User"."email", "User"."firstName" FROM "User" WHERE "User"."id" = 1 LIMIT 21;
SELECT "User"."id" FROM "User" WHERE UPPER("User"."firstName"::text) = UPPER('alice') ORDER BY 1;
SELECT "User"."id" FROM "User" WHERE "User"."firstName"::text LIKE '%ser 1%' ORDER BY "User"."id" ASC;
SELECT (1) AS "a" FROM "User" WHERE "User"."email" = 'ALICE@example.COM' LIMIT 1;
SELECT COUNT(*) AS "__count" FROM "User" WHERE NOT ("User"."isAdmin");
SELECT COUNT(*) FROM (SELECT DISTINCT "Order"."status" AS "col1", "Order"."userId" AS "col2" FROM "Order" LIMIT 10000) subquery;
SELECT "User"."id", COUNT("Order"."id") AS "n", COALESCE(SUM("Order"."total"), 0) AS "t" FROM "User" LEFT OUTER JOIN "Order" ON ("User"."id" = "Order"."userId") GROUP BY "User"."id" HAVING COUNT("Order"."id") >= 0 ORDER BY "t" DESC, "User"."id" ASC LIMIT 10;
SELECT "User"."id", (SELECT U0."total" FROM "Order" U0 WHERE U0."userId" = ("User"."id") ORDER BY U0."placedAt" DESC LIMIT 1) AS "latest" FROM "User" WHERE EXISTS (SELECT 1 AS "a" FROM "Order" U0 WHERE (U0."status" = 'PAID' AND U0."userId" = ("User"."id")) LIMIT 1) ORDER BY 1;
SELECT "User"."id" FROM "User" WHERE NOT (EXISTS (SELECT 1 AS "a" FROM "Order" U1 WHERE (U1."total" > 20 AND U1."userId" = ("User"."id")) LIMIT 1)) ORDER BY 1 LIMIT 5;
SELECT DISTINCT "User"."id", "User"."createdAt" FROM "User" INNER JOIN "Order" ON ("User"."id" = "Order"."userId") INNER JOIN "OrderItem" ON ("Order"."userId" = "OrderItem"."userId" AND "Order"."id" = "OrderItem"."orderId") INNER JOIN "Product" ON ("OrderItem"."productId" = "Product"."id") WHERE "Product"."name" IN ('product 1', 'PRODUCT 2') ORDER BY "User"."createdAt" DESC, 1;
SELECT DATE_TRUNC('day', "Order"."placedAt" AT TIME ZONE 'UTC') AS "day", COUNT("Order"."id") AS "c" FROM "Order" GROUP BY DATE_TRUNC('day', "Order"."placedAt" AT TIME ZONE 'UTC') ORDER BY "day" ASC;
SELECT "Order"."id", ROW_NUMBER() OVER (PARTITION BY "Order"."userId" ORDER BY "Order"."placedAt" DESC) AS "rn", SUM("Order"."total") OVER (ORDER BY "Order"."placedAt", "Order"."id") FROM "Order" ORDER BY "Order"."placedAt", "Order"."id" LIMIT 20;
UPDATE "User" SET "settings" = '{"theme": "light"}'::jsonb, "firstName" = CASE WHEN ("User"."id" = 2) THEN 'Bobby'::varchar(255) WHEN ("User"."id" = 3) THEN 'Caz'::varchar(255) ELSE NULL END WHERE "User"."id" IN (2, 3);
UPDATE "Order" SET "total" = ("Order"."total" + 1.50), "lock_version" = 1 WHERE ("Order"."userId" = 1 AND "Order"."lock_version" = 0) RETURNING "id", "total", "totalWithTax";
DELETE FROM "OrderItem" WHERE "OrderItem"."orderId" IN (SELECT "id" FROM "Order" WHERE "status" = 'NEW' AND "userId" < 4);
BEGIN;
SAVEPOINT "s1_x1";
INSERT INTO "Order" ("userId", "id", "total") VALUES (1, 1, 5);
ROLLBACK TO SAVEPOINT "s1_x1";
SAVEPOINT "s1_x2";
INSERT INTO "Order" ("userId", "total") VALUES (2, 5) RETURNING "Order"."id", "Order"."status", "Order"."totalWithTax";
RELEASE SAVEPOINT "s1_x2";
SET CONSTRAINTS ALL IMMEDIATE;
COMMIT;
-- ActiveRecord
SELECT 1 AS one FROM "User" WHERE "User"."email" = 'dave@x.org' AND "User"."id" != 3 LIMIT 1;
SELECT "User".* FROM "User" WHERE "User"."id" IN (1, 2, 3) ORDER BY "User"."id" ASC;
SELECT "User".* FROM "User" ORDER BY "User"."id" DESC LIMIT 1 OFFSET 0;
INSERT INTO "User" ("email", "firstName") VALUES ('new@x.org', 'New') ON CONFLICT DO NOTHING RETURNING "id";
INSERT INTO "User" ("id", "email", "firstName") VALUES (1, 'a@x.org', 'Al'), (2, 'b@x.org', 'Bo') ON CONFLICT ("id") DO UPDATE SET "createdAt" = (CASE WHEN ("User"."email" IS NOT DISTINCT FROM excluded."email" AND "User"."firstName" IS NOT DISTINCT FROM excluded."firstName") THEN "User"."createdAt" ELSE timestamp '2024-05-05' END), "email" = excluded."email", "firstName" = excluded."firstName" RETURNING "id", "createdAt";
INSERT INTO "User" ("id", "email", "firstName") VALUES (900, 'a@x.org', 'Al') ON CONFLICT ON CONSTRAINT "User_pkey" DO UPDATE SET "firstName" = excluded."firstName" || "User"."firstName" RETURNING (xmax = 0) AS inserted;
SELECT "Order"."status", COUNT(*) AS count_all, SUM("Order"."total") AS sum_total FROM "Order" WHERE "Order"."deletedAt" IS NULL GROUP BY "Order"."status" ORDER BY count_all DESC, 1;
SELECT COUNT(DISTINCT "Order"."userId") FROM "Order" LEFT OUTER JOIN "OrderItem" ON "OrderItem"."userId" = "Order"."userId" AND "OrderItem"."orderId" = "Order"."id" WHERE "OrderItem"."position" IS NULL;
SELECT DISTINCT ON ("Order"."userId") "Order".* FROM "Order" ORDER BY "Order"."userId", "Order"."placedAt" DESC, "Order"."id";
SELECT "User"."id" FROM "User" WHERE "tags" @> ARRAY['t1']::text[] AND 't4' = ANY ("tags") ORDER BY 1;
SELECT "User"."id" FROM "User" WHERE "tags" && ARRAY['a', 't0'] ORDER BY 1 LIMIT 7;
SELECT "User"."id", "settings" -> 'theme', "settings" #>> '{n,2,x}', "settings" ? 'theme', jsonb_typeof("settings" -> 'n') FROM "User" WHERE "settings" @> '{"theme": "dark"}' ORDER BY 1 LIMIT 5;
SELECT "User"."id", jsonb_path_query_array("settings", '$.n ? (@ > 20)') FROM "User" WHERE "settings" @? '$.n ? (@ > 35)' ORDER BY 1;
SELECT "id", "attrs" -> 'g', "attrs" ? 'k1', akeys("attrs") FROM "User" WHERE "attrs" @> 'g=>12' OR "attrs" ? 'k2' ORDER BY 1;
SELECT each FROM "User", each("attrs") WHERE "id" = 1 ORDER BY 1;
SELECT "id", ("home").city, ("home").zip + 1 FROM "User" WHERE ("home").city = 'C1' ORDER BY 1;
SELECT ("home").city, count(*), array_agg("id" ORDER BY "id") FROM "User" GROUP BY ("home").city ORDER BY 1;
SELECT "home", count(*) FROM "User" GROUP BY "home" ORDER BY 1 LIMIT 4;
UPDATE "User" SET "home".zip = ("home").zip + 1000, "tags"[1] = 'first', "settings" = jsonb_set("settings", '{theme}', '"blue"'), "attrs" = "attrs" || 'z=>1' WHERE "id" BETWEEN 8 AND 10 RETURNING "home", "tags", "settings", "attrs";
SELECT "id", "firstName" FROM "User" WHERE "firstName" % 'Usr 1' ORDER BY similarity("firstName", 'Usr 1') DESC, "id" LIMIT 5;
SELECT "id", unaccent("firstName"), levenshtein("firstName", 'Dave'), soundex("firstName") FROM "User" WHERE "id" < 6 ORDER BY 1;
SELECT "id", "name", ts_rank("search", q)::numeric(8,5) FROM "Product", to_tsquery('english', 'fox & jump') q WHERE "search" @@ q ORDER BY 3 DESC, 1;
SELECT "id" FROM "Product" WHERE "search" @@ plainto_tsquery('english', 'dog') AND "path" <@ 'root.c1' ORDER BY 1;
SELECT subpath("path", 0, 2), count(*), sum("price"), array_agg("id" ORDER BY "id") FROM "Product" GROUP BY 1 ORDER BY 1;
SELECT "id" FROM "Product" WHERE "valid" @> date '2024-01-09' AND "codes" @@ '3&!7'::query_int ORDER BY 1;
SELECT u."id", p."id" FROM "User" u JOIN "Product" p ON p."search" @@ to_tsquery('english', 'fox') AND p."id" = u."id" % 12 ORDER BY 1;
-- Hibernate
select user0_."id" as id1_0_0_, orders1_."id" as id2_1_1_, user0_."email" as email_0_0_ from "User" user0_ left outer join "Order" orders1_ on user0_."id"=orders1_."userId" where user0_."id"=2 order by orders1_."id";
select count(user0_."id") as col_0_0_ from "User" user0_ cross join "Order" o where user0_."id"=o."userId" and (o."status" in ('NEW' , 'PAID'));
select o."id" from "Order" o where (o."userId", o."id") in ((1, 1), (2, 5), (3, 9)) order by 1;
select nextval('"Order_id_seq"') > 0;
update "Order" set "lock_version"=2, "status"='SHIPPED' where "userId"=1 and "id"=1 and "lock_version"=1;
update "Order" set "lock_version"=2, "status"='SHIPPED' where "userId"=1 and "id"=1 and "lock_version"=1;
select o."id", o."status" from "Order" o where o."userId"=1 order by o."id" fetch first 2 rows only;
select o."id" from "Order" o where o."userId"=1 and o."id"=1 for no key update;
select o."id" from "Order" o where o."userId"=1 and o."id"=2 for update nowait;
-- Prisma
SELECT "public"."User"."id", "public"."User"."email", "public"."User"."settings" FROM "public"."User" WHERE ("public"."User"."id" = 4 AND 1=1) LIMIT 1 OFFSET 0;
SELECT "public"."User"."id" FROM "public"."User" WHERE ("public"."User"."id") IN (SELECT "t1"."userId" FROM "public"."Order" AS "t1" INNER JOIN "public"."OrderItem" AS "j1" ON ("j1"."userId", "j1"."orderId") = ("t1"."userId", "t1"."id") WHERE ("j1"."quantity" > 1 AND "t1"."userId" IS NOT NULL)) ORDER BY "public"."User"."id" ASC OFFSET 0;
SELECT "t0"."id", "User_orders"."__prisma_data__" AS "orders" FROM "public"."User" AS "t0" LEFT JOIN LATERAL (SELECT COALESCE(JSONB_AGG("__prisma_data__" ORDER BY ("__prisma_data__" ->> 'id')::bigint), '[]') AS "__prisma_data__" FROM (SELECT "t3"."__prisma_data__" FROM (SELECT JSONB_BUILD_OBJECT('id', "t2"."id", 'total', "t2"."total", 'status', "t2"."status") AS "__prisma_data__" FROM (SELECT "t1".* FROM "public"."Order" AS "t1" WHERE "t0"."id" = "t1"."userId") AS "t2") AS "t3") AS "t4") AS "User_orders" ON TRUE WHERE "t0"."id" < 4 ORDER BY "t0"."id";
SELECT COUNT(*), SUM("total") FROM (SELECT "public"."Order"."id", "public"."Order"."total" FROM "public"."Order" WHERE 1=1 ORDER BY "public"."Order"."id" LIMIT 10 OFFSET 3) AS "sub";
-- Hasura
SELECT coalesce(json_agg("root" ORDER BY "root.pg.id" ASC NULLS LAST), '[]') AS "root" FROM (SELECT "_0_root.base"."id" AS "root.pg.id", row_to_json((SELECT "_8_e" FROM (SELECT "_0_root.base"."id" AS "id", "_7_root.ar.orders_aggregate"."orders_aggregate" AS "agg", "_4_ar"."orders" AS "orders") AS "_8_e")) AS "root" FROM (SELECT * FROM "public"."User" WHERE (("public"."User"."id") < (('5')::bigint))) AS "_0_root.base" LEFT OUTER JOIN LATERAL (SELECT json_build_object('aggregate', json_build_object('count', COUNT(*), 'sum', json_build_object('total', sum("total")))) AS "orders_aggregate" FROM (SELECT * FROM "public"."Order" WHERE (("_0_root.base"."id") = ("userId"))) AS "_6") AS "_7_root.ar.orders_aggregate" ON ('true') LEFT OUTER JOIN LATERAL (SELECT coalesce(json_agg("orders" ORDER BY "o.id"), '[]') AS "orders" FROM (SELECT "_1"."id" AS "o.id", row_to_json((SELECT "_2_e" FROM (SELECT "_1"."id" AS "id", "_1"."total" AS "total") AS "_2_e")) AS "orders" FROM (SELECT * FROM "public"."Order" WHERE (("_0_root.base"."id") = ("userId")) ORDER BY "total" DESC, "id" LIMIT 2) AS "_1") AS "_3") AS "_4_ar" ON ('true')) AS "_9_root";
-- SQLAlchemy
SELECT anon_1."User_id", anon_1.rn FROM (SELECT "User".id AS "User_id", row_number() OVER (ORDER BY "User"."createdAt", "User".id) AS rn FROM "User") AS anon_1 WHERE anon_1.rn BETWEEN 3 AND 6 ORDER BY 2;
WITH RECURSIVE tree(id, depth) AS (SELECT "User".id AS id, 0 AS depth FROM "User" WHERE "User".id = 1 UNION ALL SELECT u.id, tree.depth + 1 FROM "User" AS u, tree WHERE u.id = tree.id * 2) SELECT tree.id, tree.depth FROM tree ORDER BY 2;
INSERT INTO sessions (sid, data, expires) VALUES ('00000000-0000-0000-0000-000000000001', '\xdeadbeef', '2025-01-01 00:00+00'), ('00000000-0000-0000-0000-000000000002', NULL, NULL) RETURNING sessions.sid, sessions.data;
INSERT INTO sessions (data) SELECT decode(lpad(to_hex(g), 4, '0'), 'hex') FROM generate_series(1, 5) g RETURNING length(sid::text), data;
INSERT INTO sessions (sid, data) VALUES (DEFAULT, 'x'), (uuid_generate_v5(uuid_ns_dns(), 'a.b'), digest('x', 'sha256')) RETURNING data;
SELECT data, expires FROM sessions WHERE sid = '00000000-0000-0000-0000-000000000001';
DELETE FROM sessions WHERE expires < '2026-01-01' RETURNING sid;
SELECT count(*) FROM sessions;
-- queues
BEGIN;
SELECT id, queue FROM jobs WHERE locked_by IS NULL AND queue = 'q1' AND run_at <= '2024-01-02' ORDER BY run_at, id FOR UPDATE SKIP LOCKED LIMIT 3;
UPDATE jobs SET locked_by = 'w1', attempts = attempts + 1 WHERE id = 10 RETURNING *;
COMMIT;
UPDATE jobs SET locked_by = 'w2' WHERE id IN (SELECT id FROM jobs WHERE locked_by IS NULL AND queue = 'q2' ORDER BY run_at, id LIMIT 2 FOR UPDATE SKIP LOCKED) RETURNING id, locked_by;
WITH next AS (SELECT id FROM jobs WHERE locked_by IS NULL ORDER BY run_at, id LIMIT 1 FOR UPDATE SKIP LOCKED) UPDATE jobs SET locked_by = 'w3' FROM next WHERE jobs.id = next.id RETURNING jobs.id, jobs.payload;
DELETE FROM jobs USING (SELECT id FROM jobs WHERE queue = 'q0' ORDER BY id LIMIT 2 FOR UPDATE SKIP LOCKED) q WHERE q.id = jobs.id RETURNING jobs.*;
DELETE FROM jobs WHERE id = (SELECT id FROM jobs WHERE queue = 'q1' ORDER BY run_at DESC, id LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id;
SELECT pg_try_advisory_xact_lock(42), pg_advisory_unlock(43);
SELECT pg_advisory_lock(id) IS NULL FROM jobs WHERE id = 2;
SELECT pg_advisory_unlock_all();
LISTEN jobs_changed;
UNLISTEN *;
NOTIFY jobs_changed;
-- temporary tables, CREATE TABLE AS, SELECT INTO
CREATE TEMP TABLE picked (id bigint, note text);
INSERT INTO picked SELECT "id", "firstName" FROM "User" WHERE "id" % 3 = 0;
SELECT p.*, u."email" FROM picked p JOIN "User" u ON u."id" = p.id ORDER BY 1 LIMIT 5;
UPDATE "User" SET "firstName" = p.note || '!' FROM picked p WHERE p.id = "User"."id" AND p.id < 10 RETURNING "id", "firstName";
UPDATE picked SET note = u."email" FROM "User" u WHERE u."id" = picked.id;
DELETE FROM picked USING "Order" o WHERE o."userId" = picked.id;
SELECT count(*), min(note), max(note) FROM picked;
INSERT INTO "Order" ("userId", "total") SELECT id, 1 FROM picked ORDER BY id LIMIT 2 RETURNING "userId", "total";
CREATE TABLE summary AS SELECT "status", count(*) AS n, sum("total") AS t FROM "Order" GROUP BY "status" WITH DATA;
SELECT * FROM summary ORDER BY 1;
SELECT s.*, o."id" FROM summary s LEFT JOIN "Order" o ON o."status" = s."status" AND o."total" = 9.00 ORDER BY 1, o."id";
SELECT "userId", max("total") AS m INTO TEMP best FROM "Order" GROUP BY "userId";
SELECT * FROM best JOIN "User" u ON u."id" = best."userId" AND best.m > 20 ORDER BY 1;
CREATE TEMP TABLE nothing AS SELECT * FROM "User" WITH NO DATA;
SELECT count(*) FROM nothing;
CREATE TEMP VIEW tv AS SELECT "id", "tags" FROM "User" WHERE "id" < 5;
SELECT * FROM tv ORDER BY 1;
DO $$ DECLARE r record; n int := 0; BEGIN FOR r IN SELECT * FROM "User" WHERE "id" < 20 ORDER BY "id" LOOP UPDATE "User" SET "level" = 5 WHERE "id" = r."id"; n := n + 1; END LOOP; RAISE NOTICE 'changed %', n; END $$;
DO $$ BEGIN INSERT INTO "Order" ("userId", "id") VALUES (1, 1); EXCEPTION WHEN unique_violation THEN RAISE NOTICE 'again %', SQLERRM; END $$;
DO $$ BEGIN INSERT INTO "Order" ("userId", "id") VALUES (123456, 1); EXCEPTION WHEN foreign_key_violation THEN RAISE NOTICE 'no user %', SQLERRM; END $$;
-- information_schema and catalogs, as migrations ask
SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1;
SELECT column_name, data_type, is_nullable, column_default, character_maximum_length, numeric_precision, udt_name, is_generated FROM information_schema.columns WHERE table_name = 'Order' ORDER BY ordinal_position;
SELECT tc.constraint_name, tc.constraint_type, kcu.column_name FROM information_schema.table_constraints tc LEFT JOIN information_schema.key_column_usage kcu USING (constraint_name, table_name) WHERE tc.table_name IN ('Order', 'User') AND tc.constraint_type <> 'CHECK' ORDER BY 1, 2, 3;
SELECT constraint_name, delete_rule, update_rule FROM information_schema.referential_constraints ORDER BY 1;
SELECT i.relname, ix.indisunique, ix.indisprimary, pg_get_indexdef(ix.indexrelid) FROM pg_class t JOIN pg_index ix ON t.oid = ix.indrelid JOIN pg_class i ON i.oid = ix.indexrelid WHERE t.relname IN ('User', 'Order') ORDER BY 1;
SELECT a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, pg_get_expr(d.adbin, d.adrelid) FROM pg_attribute a LEFT JOIN pg_attrdef d ON a.attrelid = d.adrelid AND a.attnum = d.adnum WHERE a.attrelid = '"User"'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum;
SELECT conname, contype, pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid IN ('"User"'::regclass, '"Order"'::regclass) ORDER BY 1;
SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' ORDER BY 1;
SELECT t.typname, e.enumlabel FROM pg_type t JOIN pg_enum e ON t.oid = e.enumtypid WHERE t.typname = 'OrderStatus' ORDER BY e.enumsortorder;
SELECT pg_get_serial_sequence('"Order"', 'id');
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
SELECT relname, n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN "User" u ON u."firstName" || '' = initcap(c.relname) ORDER BY 1 LIMIT 3;
-- migrations
BEGIN;
ALTER TABLE "User" ADD COLUMN "phone" varchar(20) NULL;
ALTER TABLE "User" ADD COLUMN "score" int NOT NULL DEFAULT 7;
ALTER TABLE "User" ALTER COLUMN "score" DROP DEFAULT;
ALTER TABLE "User" RENAME COLUMN "firstName" TO "first_name";
CREATE INDEX "User_score_like" ON "User" ("phone" varchar_pattern_ops);
UPDATE "User" SET "phone" = '0' || "id" WHERE "phone" IS NULL;
ALTER TABLE "User" ALTER COLUMN "phone" SET NOT NULL;
COMMIT;
ALTER TABLE "User" ADD CONSTRAINT "score_pos" CHECK ("score" >= 0) NOT VALID;
ALTER TABLE "User" VALIDATE CONSTRAINT "score_pos";
UPDATE "User" SET "score" = -1 WHERE "id" = 3;
ALTER TABLE "User" ALTER COLUMN "score" TYPE bigint USING "score"::bigint * 2;
ALTER TYPE "OrderStatus" ADD VALUE 'RETURNED' AFTER 'SHIPPED';
UPDATE "Order" SET "status" = 'RETURNED' WHERE "userId" = 3 RETURNING "id", "status";
ALTER TYPE "OrderStatus" RENAME VALUE 'NEW' TO 'FRESH';
SELECT "status", count(*) FROM "Order" GROUP BY 1 ORDER BY 1;
ALTER TABLE "User" RENAME TO "users";
ALTER SEQUENCE "User_id_seq" RENAME TO "users_id_seq";
INSERT INTO "users" ("email", "first_name", "phone", "score") VALUES ('z@z.z', 'Zed', '1', 1) RETURNING "id";
SELECT * FROM "users" WHERE "id" IN (1, 5) ORDER BY 1;
DELETE FROM "users" WHERE "id" = 2;
SELECT count(*) FROM "Order" WHERE "userId" = 2;
SELECT count(*) FROM "OrderItem" WHERE "userId" = 2;
COPY (SELECT "id", "first_name", "tags" FROM "users" WHERE "id" < 6 ORDER BY "id") TO STDOUT WITH (FORMAT csv, HEADER, DELIMITER ';', FORCE_QUOTE ("first_name"), NULL 'nil');
COPY "Product" ("id", "name", "price") FROM STDIN WITH (FORMAT csv, NULL 'nil', HEADER true, QUOTE '''', ESCAPE '\', DELIMITER '|');
id|name|price
100|'it\'s'|5.50
101|'x|y'|nil
\.
SELECT "id", "name", "price" FROM "Product" WHERE "id" >= 100 ORDER BY 1;
TRUNCATE "users" CASCADE;
SELECT count(*) FROM "Order";
DROP TABLE "OrderItem", "Order", "users", "Product", jobs, sessions;
