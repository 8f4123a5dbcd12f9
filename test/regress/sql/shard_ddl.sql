-- What DDL makes of the shards, and what is refused. That reads and writes follow is the differential case ddl.
\set SHOW_CONTEXT never
SET client_min_messages TO warning;
ALTER SEQUENCE pg_catalog.pg_dist_shardid_seq RESTART 500000;
CREATE SCHEMA ddl;
SET search_path TO ddl;
CREATE TABLE t (k int PRIMARY KEY, a int, b text DEFAULT 'x', CONSTRAINT older CHECK (a < 1000));
CREATE TABLE r (id int PRIMARY KEY, note text);
CREATE TABLE l (id int, note text);
SELECT create_distributed_table('t', 'k', shard_count := 2);
SELECT create_reference_table('r');
INSERT INTO t SELECT g, g FROM generate_series(1, 10) AS g;
-- What all shards of a table look like; one line when they agree but for their ids.
CREATE FUNCTION shards(table_name regclass, query text) RETURNS SETOF text LANGUAGE sql AS $$
SELECT DISTINCT regexp_replace(result, '_50\d{4}', '_ID', 'g') FROM run_command_on_shards(table_name, query)
$$;
CREATE FUNCTION columns(table_name regclass) RETURNS SETOF text LANGUAGE sql AS $$
SELECT shards(table_name, 'SELECT string_agg(attname || '' '' || format_type(atttypid, atttypmod) || CASE WHEN attnotnull THEN '' NOT NULL'' ELSE '''' END || CASE WHEN atthasdef THEN '' DEFAULT'' ELSE '''' END, '', '' ORDER BY attnum) FROM pg_attribute WHERE attrelid = ''%s''::regclass AND attnum > 0 AND NOT attisdropped')
$$;
CREATE FUNCTION constraints(table_name regclass) RETURNS SETOF text LANGUAGE sql AS $$
SELECT shards(table_name, 'SELECT string_agg(conname || '' '' || pg_get_constraintdef(oid), '', '' ORDER BY conname) FROM pg_constraint WHERE conrelid = ''%s''::regclass')
$$;
CREATE FUNCTION indexes(table_name regclass) RETURNS SETOF text LANGUAGE sql AS $$
SELECT shards(table_name, 'SELECT string_agg(pg_get_indexdef(indexrelid) || CASE WHEN indisvalid THEN '''' ELSE '' INVALID'' END, '', '' ORDER BY indexrelid::regclass::text) FROM pg_index WHERE indrelid = ''%s''::regclass')
$$;

-- Columns have no defaults on shards: rows arrive with all values.
ALTER TABLE t ADD COLUMN c int DEFAULT 5 NOT NULL, ADD d text DEFAULT upper('d'), ADD e serial, ADD f numeric(4,1) CHECK (f > 0);
SELECT columns('t');
SELECT constraints('t');
ALTER TABLE t ALTER a TYPE bigint, ALTER b SET NOT NULL, ALTER c DROP NOT NULL, DROP COLUMN d;
SELECT columns('t');

-- Constraints and indexes are named as PostgreSQL names them, with the shard's id.
ALTER TABLE t ADD UNIQUE (k, b), ADD CONSTRAINT later CHECK (c > 0) NOT VALID, ADD EXCLUDE USING btree (k WITH =);
ALTER TABLE t RENAME CONSTRAINT older TO newer;
SELECT constraints('t');
ALTER TABLE t VALIDATE CONSTRAINT later, DROP CONSTRAINT newer, DROP CONSTRAINT t_k_excl;
CREATE UNIQUE INDEX u ON t (k, a);
ALTER TABLE t ADD CONSTRAINT u2 UNIQUE USING INDEX u DEFERRABLE;
SELECT constraints('t');
CREATE INDEX ON t (b text_pattern_ops, (a + 1) DESC) INCLUDE (c) WITH (fillfactor = 70) WHERE a > 0;
CREATE INDEX CONCURRENTLY conc ON t (a);
SELECT indexes('t');
ALTER INDEX conc RENAME TO "Conc";
DROP INDEX t_b_expr_c_idx;
SELECT indexes('t');
DROP INDEX CONCURRENTLY "Conc";
-- An index that can't be built concurrently stays invalid everywhere, as in PostgreSQL.
CREATE INDEX CONCURRENTLY broken ON t ((1 / (a - a)));
SELECT indisvalid FROM pg_index WHERE indexrelid = 'broken'::regclass;
DROP INDEX broken;
SELECT indexes('t');

-- Foreign keys.
INSERT INTO r VALUES (1, 'one'), (2, 'two');
ALTER TABLE t ADD COLUMN r_id int DEFAULT 1 REFERENCES r;
\set VERBOSITY terse
ALTER TABLE t ADD CONSTRAINT wrong FOREIGN KEY (k) REFERENCES r;
ALTER TABLE t ADD CONSTRAINT wrong FOREIGN KEY (k) REFERENCES r NOT VALID;
ALTER TABLE t VALIDATE CONSTRAINT wrong;
\set VERBOSITY default
ALTER TABLE t ALTER CONSTRAINT wrong DEFERRABLE INITIALLY DEFERRED;
SELECT constraints('t');
ALTER TABLE r DROP CONSTRAINT r_pkey;
ALTER TABLE r DROP CONSTRAINT r_pkey CASCADE;
SELECT constraints('t');
SELECT conname FROM pg_constraint WHERE conrelid = 't'::regclass ORDER BY 1;
ALTER TABLE l ADD FOREIGN KEY (id) REFERENCES t;
CREATE TABLE l2 (id int REFERENCES t);
ALTER TABLE r ADD PRIMARY KEY (id);
ALTER TABLE t ALTER r_id SET DEFAULT 2, ADD FOREIGN KEY (r_id) REFERENCES r ON DELETE SET DEFAULT;

-- Settings.
ALTER TABLE t SET (fillfactor = 60, toast.autovacuum_enabled = off), ALTER b SET STATISTICS 7, ALTER b SET STORAGE MAIN, REPLICA IDENTITY FULL, CLUSTER ON t_pkey;
SELECT shards('t', 'SELECT concat_ws('' '', reloptions, relreplident, relpersistence) FROM pg_class WHERE oid = ''%s''::regclass');
SELECT shards('t', 'SELECT concat_ws('' '', attstattarget, attstorage) FROM pg_attribute WHERE attrelid = ''%s''::regclass AND attname = ''b''');
SELECT shards('t', 'SELECT string_agg(indexrelid::regclass::text, '' '') FROM pg_index WHERE indrelid = ''%s''::regclass AND indisclustered');
CREATE STATISTICS stats ON a, c FROM t;
SELECT shards('t', 'SELECT string_agg(pg_get_statisticsobjdef(oid), '', '') FROM pg_statistic_ext WHERE stxrelid = ''%s''::regclass');
ALTER STATISTICS stats RENAME TO stats2;
DROP STATISTICS stats2;
SELECT shards('t', 'SELECT count(*) FROM pg_statistic_ext WHERE stxrelid = ''%s''::regclass');
ANALYZE t;
SELECT reltuples FROM pg_class WHERE oid = 't'::regclass;
VACUUM (FREEZE, ANALYZE) t, r;
BEGIN;
VACUUM t;
ROLLBACK;

-- Names: tables, schemas, beyond 63 bytes.
ALTER TABLE t RENAME TO "T";
CREATE SCHEMA "Other";
ALTER TABLE "T" SET SCHEMA "Other";
SELECT DISTINCT regexp_replace(shard_name, '_50\d{4}', '_ID') FROM citus_shards WHERE table_name = '"Other"."T"'::regclass;
SELECT indexes('"Other"."T"');
ALTER SCHEMA "Other" RENAME TO other;
SELECT sum(a) FROM other."T";
ALTER TABLE other."T" SET SCHEMA ddl;
ALTER TABLE "T" RENAME TO t;
CREATE TABLE a_table_whose_name_has_sixty_three_bytes_which_is_the_maximum_ok (k int, v int);
SELECT create_distributed_table('a_table_whose_name_has_sixty_three_bytes_which_is_the_maximum_ok', 'k', shard_count := 1);
ALTER TABLE a_table_whose_name_has_sixty_three_bytes_which_is_the_maximum_ok ADD CHECK (v > 0), ADD UNIQUE (k);
CREATE INDEX ON a_table_whose_name_has_sixty_three_bytes_which_is_the_maximum_ok (v);
INSERT INTO a_table_whose_name_has_sixty_three_bytes_which_is_the_maximum_ok VALUES (1, -1);
INSERT INTO a_table_whose_name_has_sixty_three_bytes_which_is_the_maximum_ok VALUES (1, 1), (1, 2);
ALTER INDEX a_table_whose_name_has_sixty_three_bytes_which_is_the_max_v_idx RENAME TO short;
ALTER TABLE a_table_whose_name_has_sixty_three_bytes_which_is_the_maximum_ok RENAME TO shorter;
SELECT indexes('shorter');
DROP TABLE shorter;

-- Types reach the nodes, and change with the coordinator's.
CREATE TYPE mood AS ENUM ('sad', 'ok');
ALTER TABLE t ADD COLUMN m mood DEFAULT 'ok';
ALTER TYPE mood ADD VALUE 'fine' AFTER 'sad';
ALTER TYPE mood RENAME VALUE 'sad' TO 'blue';
SELECT DISTINCT result FROM run_command_on_workers('SELECT enum_range(NULL::ddl.mood)');
DROP TYPE mood CASCADE;
SELECT columns('t');
CREATE TYPE pair AS (x int, y int);
CREATE DOMAIN small AS int CHECK (VALUE < 10);
ALTER TABLE t ADD COLUMN p pair, ADD s small;
ALTER TYPE pair ADD ATTRIBUTE z int;
ALTER DOMAIN small DROP CONSTRAINT small_check;
CREATE FUNCTION plus_one(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT $1 + 1';
ALTER TABLE t ALTER c TYPE int USING plus_one(c);
ALTER TABLE t ALTER c TYPE int USING random();
CREATE INDEX ON t (plus_one(c));
SELECT DISTINCT result FROM run_command_on_workers('SELECT ddl.plus_one(1)');
CREATE OR REPLACE FUNCTION plus_one(int) RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1 + $1';
SELECT DISTINCT result FROM run_command_on_workers('SELECT prosrc FROM pg_proc WHERE oid = to_regprocedure(''ddl.plus_one(int)'')');
DROP FUNCTION plus_one CASCADE;
SELECT DISTINCT result FROM run_command_on_workers('SELECT to_regprocedure(''ddl.plus_one(int)'') IS NULL');

-- Refused, before anything has changed.
ALTER TABLE t DROP COLUMN k;
ALTER TABLE t DROP COLUMN IF EXISTS k CASCADE;
ALTER TABLE t ADD COLUMN fine int, ALTER k TYPE bigint;
ALTER TABLE t ADD UNIQUE (a);
ALTER TABLE t ADD COLUMN fine int UNIQUE;
CREATE UNIQUE INDEX ON t (a);
CREATE UNIQUE INDEX CONCURRENTLY ON t (a);
ALTER TABLE t INHERIT l;
ALTER TABLE l INHERIT t;
CREATE TABLE child () INHERITS (t);
CREATE TABLE parted (LIKE t) PARTITION BY HASH (k);
ALTER TABLE parted ATTACH PARTITION t FOR VALUES WITH (MODULUS 1, REMAINDER 0);
ALTER TABLE t SET TABLESPACE pg_default;
ALTER TABLE t DISABLE TRIGGER ALL;
ALTER TABLE r ENABLE TRIGGER USER;
CREATE TRIGGER tr BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger();
CREATE RULE ru AS ON DELETE TO t DO INSTEAD NOTHING;
CREATE PUBLICATION p FOR TABLE t;
DROP EXTENSION citus;
SELECT columns('t');

-- Errors on one shard undo the statement on all.
ALTER TABLE t ADD CHECK (k <> 5);
ALTER TABLE t ALTER s SET NOT NULL;
ALTER TABLE t ADD COLUMN n int NOT NULL;
SELECT constraints('t');
BEGIN;
ALTER TABLE t ADD COLUMN n int DEFAULT 3;
SAVEPOINT one;
ALTER TABLE t DROP COLUMN n;
ROLLBACK TO one;
INSERT INTO t (k, b) VALUES (11, 'y');
SELECT sum(n) FROM t;
ROLLBACK;
SELECT columns('t');
-- Only the shell.
SET citus.enable_ddl_propagation TO off;
CREATE INDEX shell_only ON t (b);
RESET citus.enable_ddl_propagation;
SELECT indexes('t');
DROP INDEX shell_only;

-- Privileges and owners.
CREATE ROLE ddl_user LOGIN;
GRANT USAGE ON SEQUENCE t_e_seq TO ddl_user;
GRANT SELECT, INSERT (k, b) ON t TO ddl_user;
GRANT USAGE, CREATE ON SCHEMA ddl TO ddl_user;
SELECT shards('t', 'SELECT string_agg(privilege_type, '' '') FROM pg_class, aclexplode(relacl) a WHERE oid = ''%s''::regclass AND grantee = ''ddl_user''::regrole');
SELECT shards('t', 'SELECT string_agg(column_name || '' '' || privilege_type, '', '' ORDER BY column_name) FROM information_schema.column_privileges WHERE table_name = split_part(''%s'', ''.'', 2) AND grantee = ''ddl_user'' AND privilege_type = ''INSERT''');
\set VERBOSITY terse
SET ROLE ddl_user;
SELECT count(*) FROM t;
INSERT INTO t (k) VALUES (12);
ALTER TABLE t ADD COLUMN n int;
CREATE INDEX ON t (a);
ALTER TABLE t RENAME TO t2;
ALTER TABLE t RENAME COLUMN a TO a2;
DROP INDEX t_pkey;
ALTER TABLE t SET SCHEMA public;
REINDEX TABLE t;
CLUSTER t;
VACUUM t;
GRANT SELECT ON t TO PUBLIC;
CREATE STATISTICS stats ON a, c FROM t;
RESET ROLE;
REVOKE ALL ON ALL TABLES IN SCHEMA ddl FROM ddl_user;
REVOKE INSERT (k, b) ON t FROM ddl_user;
ALTER TABLE t OWNER TO ddl_user;
SELECT shards('t', 'SELECT relowner::regrole FROM pg_class WHERE oid = ''%s''::regclass');
SET ROLE ddl_user;
ALTER TABLE t ADD COLUMN n int DEFAULT 1;
CREATE INDEX ON t (n);
SELECT sum(n) FROM t;
RESET ROLE;
DROP TABLE t, r, l, l2;
DROP SCHEMA ddl, other CASCADE;
DROP ROLE ddl_user;
SELECT DISTINCT result FROM run_command_on_workers('SELECT count(*) FROM pg_class WHERE relname ~ ''_50\d{4}$''');
