-- Views, look-ups, sizes, and commands on nodes and shards.
\set SHOW_CONTEXT never
SET client_min_messages TO warning;
ALTER SEQUENCE pg_catalog.pg_dist_shardid_seq RESTART 300000;
CREATE SCHEMA "Odd Schema";
CREATE TABLE plain (a int);
CREATE TABLE "Odd Schema"."Tab.le" (gone int, "Ke y" int, note text);
ALTER TABLE "Odd Schema"."Tab.le" DROP COLUMN gone;
CREATE TABLE views_ref (code text PRIMARY KEY);
CREATE TABLE a2345678901234567890123456789012345678901234567890123456789012 (id bigint PRIMARY KEY);
CREATE TABLE by_text (t text);
SELECT create_distributed_table('"Odd Schema"."Tab.le"', 'Ke y', shard_count => 2, colocate_with => 'none');
SELECT create_reference_table('views_ref');
SELECT create_distributed_table('a2345678901234567890123456789012345678901234567890123456789012', 'id', shard_count => 2, colocate_with => 'none');
SELECT create_distributed_table('by_text', 't', shard_count => 4, colocate_with => 'none');
INSERT INTO "Odd Schema"."Tab.le" VALUES (1, 'one'), (2, 'two'), (3, 'three');

SELECT table_name, shardid, shard_name, citus_table_type, nodename, nodeport, shard_size FROM citus_shards WHERE shardid < 300005 ORDER BY shardid, nodeport;
SELECT table_name, citus_table_type, distribution_column, table_size, shard_count, table_owner = current_user AS own, access_method FROM citus_tables ORDER BY table_name::text COLLATE "C";
SELECT * FROM citus_shards LIMIT 0;
SELECT * FROM citus_tables LIMIT 0;
SELECT * FROM citus_nodes ORDER BY nodeport;
SELECT shardid, shardstate, shardlength, nodename, nodeport FROM pg_dist_shard_placement WHERE shardid < 300002 ORDER BY shardid;
SELECT * FROM pg_dist_logical_replication_conf WHERE objid < 300006 ORDER BY objid;
SELECT logicalrelid, partmethod, partkey, repmodel, autoconverted FROM pg_dist_partition ORDER BY logicalrelid::text COLLATE "C";
SELECT a.table_name, a.colocation_id = b.colocation_id AS same FROM citus_tables a, citus_tables b WHERE b.table_name = 'by_text'::regclass AND a.table_name::text LIKE '%Tab%';
SELECT distributed_tables_colocated('by_text', 'by_text'), distributed_tables_colocated('by_text', '"Odd Schema"."Tab.le"'), distributed_tables_colocated('by_text', 'plain');

-- Whoever may not see a table does not find it in citus_tables; the metadata itself is open to all.
CREATE ROLE views_user;
SET ROLE views_user;
SELECT table_name FROM citus_tables;
SELECT count(*) FROM pg_dist_shard WHERE shardid BETWEEN 300000 AND 300008;
RESET ROLE;
GRANT SELECT (code) ON views_ref TO views_user;
SET ROLE views_user;
SELECT table_name, citus_table_type FROM citus_tables;
RESET ROLE;
REVOKE ALL ON views_ref FROM views_user;
DROP ROLE views_user;

-- The shard of a value.
SELECT i, get_shard_id_for_distribution_column('"Odd Schema"."Tab.le"', i) FROM generate_series(1, 4) i;
SELECT "Ke y", get_shard_id_for_distribution_column('"Odd Schema"."Tab.le"', "Ke y") FROM "Odd Schema"."Tab.le" ORDER BY 1;
SELECT get_shard_id_for_distribution_column('"Odd Schema"."Tab.le"', 2), get_shard_id_for_distribution_column('"Odd Schema"."Tab.le"', '2'),
  get_shard_id_for_distribution_column('"Odd Schema"."Tab.le"', 2::bigint), get_shard_id_for_distribution_column('"Odd Schema"."Tab.le"', '2'::text);
SELECT get_shard_id_for_distribution_column('"Odd Schema"."Tab.le"', 'x');
SELECT get_shard_id_for_distribution_column('"Odd Schema"."Tab.le"', 1.5);
SELECT get_shard_id_for_distribution_column('"Odd Schema"."Tab.le"', 3000000000);
-- NULL is routed like the hash value 0.
SELECT get_shard_id_for_distribution_column('by_text', NULL), get_shard_id_for_distribution_column('by_text'), get_shard_id_for_distribution_column('by_text', NULL::int);
SELECT get_shard_id_for_distribution_column('by_text', 'a'), get_shard_id_for_distribution_column('by_text', 'a'::varchar), get_shard_id_for_distribution_column('by_text', 1);
SELECT get_shard_id_for_distribution_column('views_ref'), get_shard_id_for_distribution_column('views_ref', 'x'), get_shard_id_for_distribution_column('views_ref', 5);
SELECT get_shard_id_for_distribution_column('plain', 1);
SELECT get_shard_id_for_distribution_column('pg_class', 1);
SELECT get_shard_id_for_distribution_column(NULL, 1);
SELECT worker_hash(1), worker_hash(1::bigint), worker_hash('a'), worker_hash(NULL::int);
SELECT worker_hash('{}'::json);

-- Names.
SELECT shard_name('by_text', 5), shard_name('by_text', 5, false), shard_name('"Odd Schema"."Tab.le"', 5), shard_name('a2345678901234567890123456789012345678901234567890123456789012', 102114);
SELECT shard_name('by_text', 0);
SELECT column_to_column_name(logicalrelid, partkey) FROM pg_dist_partition ORDER BY logicalrelid::text COLLATE "C";
SELECT column_to_column_name('by_text', '{VAR :varno 1 :varattno 9 :x}');
SELECT column_to_column_name('by_text', '{CONST}');
SELECT column_to_column_name('by_text', '((((((((((');
SELECT column_name_to_column('"Odd Schema"."Tab.le"', 'Ke y');
SELECT column_name_to_column('"Odd Schema"."Tab.le"', 'gone');
SELECT column_name_to_column('by_text', 'ctid');

-- Sizes: an empty table with a text column has one page, of its TOAST table's index.
SELECT citus_table_size('by_text'), citus_relation_size('by_text'), citus_total_relation_size('by_text');
SELECT citus_table_size('views_ref') AS table, citus_relation_size('views_ref_pkey') AS index, citus_total_relation_size('views_ref') AS total;
SELECT citus_table_size('plain');
SELECT citus_relation_size('plain');
SELECT citus_total_relation_size('pg_class');
SELECT citus_table_size('views_ref_pkey');
SELECT count(*), sum(size) > 0 AS some FROM citus_shard_sizes();
-- In a transaction, of what it made.
BEGIN;
INSERT INTO by_text SELECT repeat(i::text, 100) FROM generate_series(1, 100) i;
CREATE TABLE fresh (a int);
SELECT create_distributed_table('fresh', 'a', shard_count => 2);
SELECT citus_relation_size('by_text'), citus_total_relation_size('fresh');
SELECT shard_name, shard_size FROM citus_shards WHERE table_name = 'fresh'::regclass ORDER BY shardid;
ROLLBACK;
SELECT table_name FROM citus_tables WHERE table_name::text = 'fresh';

-- A node that can't be reached costs a WARNING where that is bearable.
BEGIN;
UPDATE pg_dist_node SET nodeport = 1 WHERE groupid = 2;
SELECT shardid, nodeport, shard_size FROM citus_shards WHERE table_name::text = 'by_text';
SELECT citus_total_relation_size('views_ref', fail_on_error => false);
SELECT citus_total_relation_size('views_ref');
ROLLBACK;

-- Commands.
SELECT nodeport, success, result FROM run_command_on_workers('SELECT 1');
SELECT nodeport, success, result FROM run_command_on_workers('SELECT 1/0', parallel => false);
SELECT nodeport, success, result FROM run_command_on_workers('SELECT 1 WHERE false');
SELECT nodeport, success, result FROM run_command_on_workers('SELECT NULL');
SELECT nodeport, success, result FROM run_command_on_workers('CREATE TABLE on_worker (a int)');
SELECT nodeport, success, result FROM run_command_on_workers('INSERT INTO on_worker VALUES (1), (2)');
SELECT nodeport, success, result FROM run_command_on_workers('SELECT a FROM on_worker');
SELECT nodeport, success, result FROM run_command_on_workers('SELECT 1, 2');
SELECT nodeport, success, result FROM run_command_on_workers('DROP TABLE on_worker');
SELECT run_command_on_workers(NULL);
SELECT * FROM run_command_on_coordinator('SELECT count(*) FROM plain');
SELECT * FROM run_command_on_coordinator('INSERT INTO plain VALUES (1)');
SELECT * FROM run_command_on_coordinator('UPDATE plain SET a = 2');
SELECT * FROM run_command_on_coordinator('SELECT 1/0');
SELECT * FROM run_command_on_coordinator('SELECT a FROM plain');
SELECT * FROM run_command_on_all_nodes('SELECT 1');
SELECT shardid, success, result FROM run_command_on_shards('"Odd Schema"."Tab.le"', 'SELECT count(*) FROM %s');
SELECT shardid, success, result FROM run_command_on_shards('"Odd Schema"."Tab.le"', 'SELECT %L', parallel => false);
SELECT shardid, success, result FROM run_command_on_shards('views_ref', 'INSERT INTO %s VALUES (''x'') RETURNING code');
SELECT nodeport, shardid, success, result FROM run_command_on_placements('views_ref', 'SELECT count(*) FROM %s');
SELECT shardid1, shardid2, success, result FROM run_command_on_colocated_placements('by_text', 'by_text', 'SELECT count(*) FROM %s JOIN %s b USING (t)');
SELECT * FROM run_command_on_colocated_placements('by_text', '"Odd Schema"."Tab.le"', 'SELECT 1');
SELECT * FROM run_command_on_shards('plain', 'SELECT 1');
SELECT * FROM run_command_on_shards('by_text', 'SELECT %s %s');
SELECT citus_calculate_gpid(3, 77), citus_nodeid_for_gpid(30000000077), citus_pid_for_gpid(30000000077), citus_pid_for_gpid(citus_backend_gpid()) = pg_backend_pid() AS own;
SELECT citus_version() LIKE 'Citus 1.0 on PostgreSQL %' AS banner;

DROP TABLE "Odd Schema"."Tab.le", views_ref, a2345678901234567890123456789012345678901234567890123456789012, by_text, plain;
DROP SCHEMA "Odd Schema";
SELECT (SELECT count(*) FROM pg_dist_partition) AS tables, (SELECT count(*) FROM pg_dist_shard) AS shards, (SELECT count(*) FROM pg_dist_placement) AS placements;
