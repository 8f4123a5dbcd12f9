-- Nodes come, go and change in a database of its own. Every refused statement must leave everything as it was.
\getenv coordinator_port PGPORT
\getenv worker1_port CITUS_WORKER1_PORT
\getenv worker2_port CITUS_WORKER2_PORT
\set SHOW_CONTEXT never
\connect nodes
CREATE EXTENSION citus;
CREATE VIEW nodes AS SELECT groupid, nodename, nodeport, isactive, noderole, shouldhaveshards FROM pg_dist_node ORDER BY nodeid;

-- Addresses that can't be a worker.
SELECT citus_add_node('127.0.0.1', 1);
SELECT citus_add_node('', :worker1_port);
SELECT citus_add_node('127.0.0.1', 0);
SELECT citus_add_node('127.0.0.1', 65536);
SELECT citus_add_node('127.0.0.1', :worker1_port, -2);
SELECT citus_add_node('127.0.0.1', :worker1_port, noderole => 'secondary');
SELECT citus_add_node('127.0.0.1', :worker1_port, nodecluster => 'other');
SELECT citus_add_node(NULL, :worker1_port);
-- The coordinator itself by another name.
SELECT citus_add_node('127.0.0.1', :coordinator_port);
SELECT citus_add_node('localhost', :coordinator_port);
-- A worker whose extension is of another version.
\connect nodes - - :worker1_port
CREATE EXTENSION citus;
UPDATE pg_extension SET extversion = '0.9' WHERE extname = 'citus';
\connect nodes - - :coordinator_port
SELECT citus_add_node('127.0.0.1', :worker1_port);
\connect nodes - - :worker1_port
UPDATE pg_extension SET extversion = '1.0' WHERE extname = 'citus';
-- A worker that coordinates nodes of its own.
SELECT citus_add_node('127.0.0.1', :worker2_port);
\connect nodes - - :coordinator_port
SELECT citus_add_node('127.0.0.1', :worker1_port);
-- A worker of another cluster.
SELECT citus_add_node('127.0.0.1', :worker2_port);
\connect nodes - - :worker1_port
SELECT citus_remove_node('127.0.0.1', :worker2_port);
\connect nodes - - :coordinator_port
-- A database that does not exist there.
\connect postgres
CREATE DATABASE only_here;
\connect only_here
SET client_min_messages TO warning;
CREATE EXTENSION citus;
SELECT citus_add_node('127.0.0.1', :worker1_port);
\connect nodes
DROP DATABASE only_here;
-- Without the right to.
CREATE ROLE nodes_user LOGIN;
SET ROLE nodes_user;
SELECT citus_add_node('127.0.0.1', :worker1_port);
SELECT citus_add_inactive_node('127.0.0.1', :worker1_port);
SELECT citus_activate_node('127.0.0.1', :worker1_port);
SELECT citus_disable_node('127.0.0.1', :worker1_port);
SELECT citus_remove_node('127.0.0.1', :worker1_port);
SELECT citus_update_node(1, '127.0.0.1', :worker1_port);
SELECT citus_set_coordinator_host('127.0.0.1');
SELECT citus_set_node_property('127.0.0.1', :worker1_port, 'shouldhaveshards', true);
SELECT citus_internal.join_cluster(7, 'x');
SELECT citus_internal.leave_cluster();
UPDATE pg_dist_node SET nodeport = 1;
SELECT * FROM pg_dist_authinfo;
SELECT * FROM citus_get_active_worker_nodes();
RESET ROLE;
SELECT * FROM nodes;

-- Adding and removing; what is rolled back leaves no trace on the worker.
BEGIN;
SELECT citus_add_node('127.0.0.1', :worker1_port) > 0 AS added;
SELECT nodename FROM nodes;
ROLLBACK;
SELECT * FROM nodes;
\connect nodes - - :worker1_port
SELECT groupid FROM pg_dist_local_group;
\connect nodes - - :coordinator_port
ALTER SEQUENCE pg_dist_node_nodeid_seq RESTART 1;
ALTER SEQUENCE pg_dist_groupid_seq RESTART 1;
-- Ids go on after a failure.
SELECT citus_add_node('127.0.0.1', :worker1_port);
SELECT citus_add_node('127.0.0.1', :worker2_port, groupid => 5);
SELECT citus_add_node('127.0.0.1', :worker2_port);
SELECT * FROM nodes;
SELECT nodename, nodeport, role, active FROM citus_nodes ORDER BY nodeport;
SELECT * FROM citus_get_active_worker_nodes();
SELECT nodeport, success, result FROM run_command_on_workers('SELECT groupid FROM pg_dist_local_group');
SELECT gid FROM pg_dist_transaction t WHERE NOT EXISTS (SELECT FROM pg_dist_node n WHERE n.groupid = t.groupid);
-- One server under two names, a group with two primaries, one address for two nodes.
SELECT citus_add_node('localhost', :worker1_port);
SELECT citus_add_inactive_node('localhost', :worker1_port, 5);
SELECT citus_update_node(1, '127.0.0.1', :worker2_port);
SELECT citus_set_coordinator_host('127.0.0.1', :worker1_port);
SELECT citus_set_coordinator_host('localhost', :worker1_port);
SELECT citus_set_coordinator_host('127.0.0.1', 0);
-- What does not exist.
SELECT citus_remove_node('localhost', :worker1_port);
SELECT citus_activate_node('localhost', :worker1_port);
SELECT citus_disable_node('localhost', :worker1_port);
SELECT citus_update_node(77, 'localhost', 1);
SELECT citus_set_node_property('localhost', :worker1_port, 'shouldhaveshards', true);
SELECT citus_set_node_property('127.0.0.1', :worker1_port, 'hasmetadata', true);
-- A worker does not change nodes.
\connect nodes - - :worker1_port
SELECT citus_add_node('127.0.0.1', :worker2_port);
SELECT citus_remove_node('127.0.0.1', :worker2_port);
SELECT citus_set_coordinator_host('127.0.0.1');
SELECT citus_is_coordinator();
\connect nodes - - :coordinator_port
SELECT citus_is_coordinator(), citus_coordinator_nodeid(), citus_nodename_for_nodeid(1), citus_nodeport_for_nodeid(1), get_nodeid_for_groupid(5);

-- The coordinator's own address: it holds no shards when there are workers.
SELECT citus_set_coordinator_host('localhost');
SELECT citus_set_coordinator_host('127.0.0.1', :coordinator_port);
SELECT citus_disable_node('127.0.0.1', :coordinator_port);
SELECT * FROM nodes;
SELECT citus_set_node_property('127.0.0.1', :coordinator_port, 'shouldhaveshards', true);
SELECT citus_set_node_property('127.0.0.1', :coordinator_port, 'shouldhaveshards', false);

-- Inactive, active, another address.
SELECT citus_disable_node('127.0.0.1', :worker2_port);
SELECT * FROM citus_get_active_worker_nodes();
SELECT citus_activate_node('127.0.0.1', :worker2_port) = citus_activate_node('127.0.0.1', :worker2_port) AS same;
SELECT citus_update_node(2, 'localhost', :worker2_port);
SELECT citus_add_secondary_node('standby.invalid', 5432, 'localhost', :worker2_port) > 0 AS added;
SELECT * FROM nodes;
SELECT * FROM citus_get_active_worker_nodes();
SELECT * FROM citus_check_cluster_node_health() ORDER BY from_nodeport, to_nodeport;
SELECT citus_check_connection_to_node('127.0.0.1', :worker1_port);
SELECT citus_check_connection_to_node('127.0.0.1', 1);
-- By hand, seen by the session at once.
BEGIN;
UPDATE pg_dist_node SET nodeport = 1 WHERE groupid = 1;
SELECT success, result FROM run_command_on_workers('SELECT 1') ORDER BY success;
ROLLBACK;
SELECT success, result FROM run_command_on_workers('SELECT 1');

-- Gone, and its server is free again.
SELECT citus_remove_node('localhost', :worker2_port);
SELECT citus_remove_node('standby.invalid', 5432);
SELECT citus_remove_node('127.0.0.1', :worker1_port);
SELECT citus_remove_node('127.0.0.1', :worker1_port);
SELECT * FROM nodes;
\connect nodes - - :worker1_port
SELECT groupid FROM pg_dist_local_group;
SELECT metadata ? 'cluster_id' AS in_cluster FROM pg_dist_node_metadata;
-- One that can't be reached is removed all the same.
\connect nodes - - :coordinator_port
SELECT citus_add_inactive_node('127.0.0.1', 1) > 0 AS added;
SELECT citus_activate_node('127.0.0.1', 1);
SELECT citus_remove_node('127.0.0.1', 1);

-- The extension made anew coordinates the same workers again.
DROP EXTENSION citus CASCADE;
CREATE EXTENSION citus;
SELECT * FROM pg_dist_node;
SELECT citus_add_node('127.0.0.1', :worker2_port);
BEGIN;
DROP EXTENSION citus;
SELECT count(*) FROM pg_class WHERE relname LIKE 'pg\_dist\_%';
ROLLBACK;
SELECT * FROM citus_get_active_worker_nodes();
BEGIN;
DROP EXTENSION citus;
CREATE EXTENSION citus;
SELECT * FROM citus_get_active_worker_nodes();
ROLLBACK;
SELECT * FROM citus_get_active_worker_nodes();
SELECT citus_remove_node('127.0.0.1', :worker2_port);
DROP ROLE nodes_user;

-- Copies of reference tables come and go with the nodes.
SELECT citus_set_coordinator_host('localhost');
CREATE TABLE country (code text PRIMARY KEY);
CREATE TABLE city (name text PRIMARY KEY, country text);
SELECT create_reference_table('country');
SELECT create_reference_table('city');
ALTER TABLE city ADD FOREIGN KEY (country) REFERENCES country ON DELETE CASCADE;
INSERT INTO country VALUES ('ch'), ('at');
INSERT INTO city VALUES ('Bern', 'ch'), ('Wien', 'at');
SELECT citus_add_node('127.0.0.1', :worker1_port) > 0 AS added;
BEGIN;
SELECT citus_add_node('127.0.0.1', :worker2_port) > 0 AS added;
INSERT INTO country VALUES ('li');
SELECT nodeport, success, result FROM run_command_on_workers($$SELECT to_regclass('country_102008')$$);
ROLLBACK;
SELECT table_name, nodename, nodeport FROM citus_shards ORDER BY table_name::text, nodename DESC;
SELECT citus_add_node('127.0.0.1', :worker2_port) > 0 AS added;
SELECT nodeport, shardid, success, result FROM run_command_on_placements('city', 'SELECT count(*) FROM %s') ORDER BY nodename DESC, nodeport;
-- A node that was away gets them anew.
SELECT citus_disable_node('127.0.0.1', :worker2_port);
INSERT INTO country VALUES ('li');
INSERT INTO city VALUES ('Vaduz', 'li');
SELECT nodeport, result FROM run_command_on_placements('city', 'SELECT count(*) FROM %s') ORDER BY nodename DESC, nodeport;
SELECT citus_activate_node('127.0.0.1', :worker2_port) > 0 AS activated;
SELECT nodeport, result FROM run_command_on_placements('city', 'SELECT count(*) FROM %s') ORDER BY nodename DESC, nodeport;
DELETE FROM country WHERE code = 'li';
SELECT nodeport, result FROM run_command_on_placements('city', 'SELECT count(*) FROM %s') ORDER BY nodename DESC, nodeport;
-- A node that goes keeps none.
SELECT citus_remove_node('127.0.0.1', :worker2_port);
\connect nodes - - :worker2_port
SELECT relname FROM pg_class WHERE relname ~ '^(country|city)';
\connect nodes - - :coordinator_port
SELECT count(*) FROM citus_shards;

-- Shards keep a node from going.
CREATE TABLE orders (id bigint PRIMARY KEY, city text);
SELECT citus_set_node_property('localhost', :coordinator_port, 'shouldhaveshards', false);
SELECT create_distributed_table('orders', 'id', shard_count => 2);
ALTER TABLE orders ADD FOREIGN KEY (city) REFERENCES city;
INSERT INTO orders VALUES (1, 'Bern'), (2, 'Wien');
SELECT citus_remove_node('127.0.0.1', :worker1_port);
SELECT citus_disable_node('127.0.0.1', :worker1_port);
SELECT citus_remove_node('localhost', :coordinator_port);
SELECT nodename, nodeport, isactive FROM pg_dist_node ORDER BY nodeport;
SELECT count(*) FROM orders JOIN city ON city = name;
-- No node for new shards.
SELECT citus_set_node_property('127.0.0.1', :worker1_port, 'shouldhaveshards', false);
CREATE TABLE homeless (id int);
SELECT create_distributed_table('homeless', 'id', colocate_with => 'none');
SELECT citus_set_coordinator_host('localhost');
SELECT create_distributed_table('homeless', 'id', colocate_with => 'none');
SELECT citus_set_node_property('localhost', :coordinator_port, 'shouldhaveshards', true);
SELECT create_distributed_table('homeless', 'id', shard_count => 2, colocate_with => 'none');
SELECT nodename, count(*) FROM citus_shards WHERE table_name = 'homeless'::regclass GROUP BY nodename;
SELECT citus_add_node('127.0.0.1', :worker2_port) > 0 AS added;
SELECT nodeport, result FROM run_command_on_placements('city', 'SELECT count(*) FROM %s') ORDER BY nodename DESC, nodeport;
