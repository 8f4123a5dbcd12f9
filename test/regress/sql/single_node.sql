-- One server, no worker: every shard is here, and is used without a connection.
\getenv coordinator_port PGPORT
CREATE EXTENSION citus;
CREATE TABLE items (id int PRIMARY KEY, label text, price numeric);
CREATE TABLE labels (label text PRIMARY KEY, note text);
SELECT create_distributed_table('items', 'id', shard_count := 4);
SELECT create_reference_table('labels');
SELECT nodename, nodeport = :coordinator_port AS this_server, groupid, isactive, shouldhaveshards FROM pg_dist_node;
SELECT * FROM citus_get_active_worker_nodes();
SELECT table_name, shard_name, nodename FROM citus_shards ORDER BY shardid;
INSERT INTO labels VALUES ('a', 'first'), ('b', 'second');
INSERT INTO items SELECT g, CASE WHEN g % 2 = 0 THEN 'a' ELSE 'b' END, g FROM generate_series(1, 10) AS g;
SELECT note, count(*), sum(price) FROM items JOIN labels USING (label) GROUP BY note ORDER BY note;
-- No connection is opened for any of it.
SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend';
BEGIN;
UPDATE items SET price = 0 WHERE id <= 5;
DELETE FROM items WHERE id = 10;
SELECT sum(price) FROM items;
ROLLBACK;
SELECT sum(price) FROM items;
-- A shard by its name.
SELECT sum(n) FROM (
    SELECT count(*) AS n FROM items_102008 UNION ALL SELECT count(*) FROM items_102009
    UNION ALL SELECT count(*) FROM items_102010 UNION ALL SELECT count(*) FROM items_102011) AS shards;
-- The server's own name may be changed while it holds shards.
SELECT citus_set_coordinator_host('127.0.0.1');
SELECT nodename, nodeport = :coordinator_port AS this_server, groupid, shouldhaveshards FROM pg_dist_node;
SELECT count(*) FROM items;
DROP TABLE items, labels;
SELECT count(*) FROM pg_class WHERE relname LIKE 'items%' OR relname LIKE 'labels%';
