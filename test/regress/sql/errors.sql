-- What is refused is refused with a clear error, and nothing has changed afterwards. Messages without detail and hint.
\set VERBOSITY terse
\getenv coordinator_port PGPORT
\getenv worker1_port CITUS_WORKER1_PORT
\getenv worker2_port CITUS_WORKER2_PORT
-- Distribution columns.
CREATE TABLE bad (k int, gone int, j json, g int GENERATED ALWAYS AS (k * 2) STORED, p point);
ALTER TABLE bad DROP COLUMN gone;
SELECT create_distributed_table('bad', 'nothing');
SELECT create_distributed_table('bad', 'gone');
SELECT create_distributed_table('bad', 'K');
SELECT create_distributed_table('bad', 'ctid');
SELECT create_distributed_table('bad', 'j');
SELECT create_distributed_table('bad', 'p');
SELECT create_distributed_table('bad', 'g');
SELECT create_distributed_table('bad', '');
SELECT create_distributed_table('nowhere', 'k');
-- Shard counts and co-location.
SELECT create_distributed_table('bad', 'k', shard_count := 0);
SELECT create_distributed_table('bad', 'k', shard_count := 64001);
SELECT create_distributed_table('bad', 'k', shard_count := -1);
SET citus.shard_count TO 0;
SELECT create_distributed_table('bad', 'k', colocate_with := 'nowhere');
CREATE TABLE ordinary (k int);
SELECT create_distributed_table('bad', 'k', colocate_with := 'ordinary');
CREATE TABLE texts (k text);
SELECT create_distributed_table('texts', 'k', shard_count := 4);
SELECT create_distributed_table('bad', 'k', colocate_with := 'texts');
SELECT create_distributed_table('bad', 'k', colocate_with := 'texts', shard_count := 8);
SELECT create_distributed_table('bad', 'k', 'append');
-- Twice.
SELECT create_distributed_table('texts', 'k');
SELECT create_reference_table('texts');
-- What is not an ordinary table.
CREATE VIEW looks AS SELECT 1 AS k;
SELECT create_distributed_table('looks', 'k');
CREATE MATERIALIZED VIEW kept AS SELECT 1 AS k;
SELECT create_reference_table('kept');
CREATE SEQUENCE counter;
SELECT create_reference_table('counter');
CREATE TEMP TABLE passing (k int);
SELECT create_distributed_table('passing', 'k');
SELECT create_distributed_table('pg_class', 'oid');
CREATE FOREIGN DATA WRAPPER wrapper;
CREATE SERVER far FOREIGN DATA WRAPPER wrapper;
CREATE FOREIGN TABLE remote (k int) SERVER far;
SELECT create_distributed_table('remote', 'k');
CREATE TABLE parent (k int);
CREATE TABLE child () INHERITS (parent);
SELECT create_distributed_table('parent', 'k');
SELECT create_distributed_table('child', 'k');
CREATE TABLE parted (k int, at date) PARTITION BY RANGE (at);
CREATE TABLE parted_2026 PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
SELECT create_distributed_table('parted', 'k');
SELECT create_distributed_table('parted_2026', 'k');
-- Constraints that no worker could check.
CREATE TABLE keyed (id int PRIMARY KEY, k int, UNIQUE (id, k));
SELECT create_distributed_table('keyed', 'k');
ALTER TABLE keyed DROP CONSTRAINT keyed_pkey;
SELECT create_distributed_table('keyed', 'k', shard_count := 4);
ALTER TABLE keyed ADD PRIMARY KEY (id);
ALTER TABLE keyed ADD CONSTRAINT u UNIQUE (id);
CREATE UNIQUE INDEX ON keyed (id);
ALTER TABLE keyed ADD FOREIGN KEY (k) REFERENCES ordinary (k);
CREATE TABLE target (k int PRIMARY KEY);
ALTER TABLE keyed ADD FOREIGN KEY (k) REFERENCES target (k);
CREATE TABLE source (k int REFERENCES target (k));
SELECT create_distributed_table('source', 'k');
DROP TABLE source;
SELECT create_distributed_table('target', 'k', shard_count := 8, colocate_with := 'none');
ALTER TABLE keyed ADD FOREIGN KEY (k) REFERENCES target (k);
ALTER TABLE ordinary ADD FOREIGN KEY (k) REFERENCES target (k);
-- The distribution column stays what it is.
ALTER TABLE keyed DROP COLUMN k;
ALTER TABLE keyed ALTER COLUMN k TYPE bigint;
-- A table that PostgreSQL may distribute after all: unlogged, with generated columns, in another schema.
CREATE UNLOGGED TABLE fast (k int, twice int GENERATED ALWAYS AS (k * 2) STORED);
SELECT create_distributed_table('fast', 'k', shard_count := 4);
INSERT INTO fast VALUES (21) RETURNING *;
SELECT DISTINCT result FROM run_command_on_shards('fast', $$SELECT relpersistence FROM pg_class WHERE oid = '%s'::regclass$$);
-- Nodes.
SELECT citus_add_node('127.0.0.1', 0);
SELECT citus_add_node('', 5432);
\set VERBOSITY sqlstate
SELECT citus_add_node('127.0.0.1', 1);  -- nobody listens there
SELECT citus_add_node('no.such.host.invalid', 5432);
\set VERBOSITY terse
SELECT citus_add_node('127.0.0.1', :coordinator_port);
SELECT citus_add_node('localhost', :coordinator_port);
SELECT citus_add_node('localhost', :worker1_port);
SELECT citus_remove_node('127.0.0.1', 1);
\set VERBOSITY sqlstate
SELECT citus_remove_node('127.0.0.1', :worker1_port);  -- it holds shards
\set VERBOSITY terse
SELECT citus_update_node(12345, '127.0.0.1', 5432);
SELECT citus_update_node(1, '127.0.0.1', :worker2_port);
-- On a worker.
\connect - - - :worker1_port
CREATE TABLE here (k int);
SELECT create_distributed_table('here', 'k');
SELECT create_reference_table('here');
SELECT citus_add_node('127.0.0.1', :worker2_port);
DROP TABLE here;
\connect - - - :coordinator_port
-- Users without rights.
CREATE ROLE regress_nobody;
SET ROLE regress_nobody;
SELECT create_distributed_table('bad', 'k');
SELECT create_reference_table('bad');
SELECT citus_add_node('127.0.0.1', 5432);
SELECT citus_remove_node('127.0.0.1', 5432);
SELECT citus_set_coordinator_host('127.0.0.1');
SELECT recover_prepared_transactions();
DELETE FROM pg_dist_shard;
SELECT authinfo FROM pg_dist_authinfo;
SELECT count(*) > 0 AS everybody_may_look FROM citus_tables;
RESET ROLE;
DROP ROLE regress_nobody;
-- Nothing of all that changed anything.
SELECT logicalrelid, count(*) FROM pg_dist_shard GROUP BY 1 ORDER BY logicalrelid::text;
SELECT nodeid, nodename, nodeport, isactive FROM pg_dist_node ORDER BY nodeid;
SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database();
DROP TABLE fast, keyed, target, texts, bad, ordinary, parted, child, parent;
DROP VIEW looks;
DROP MATERIALIZED VIEW kept;
DROP SEQUENCE counter;
DROP SERVER far CASCADE;
DROP FOREIGN DATA WRAPPER wrapper;
SELECT count(*) FROM pg_dist_shard;
