-- The everyday life of a distributed table and a reference table, from creation to drop.
SET client_min_messages TO warning;
ALTER SEQUENCE pg_catalog.pg_dist_shardid_seq RESTART 200000;

CREATE TABLE items (item_id bigint PRIMARY KEY, label text NOT NULL, price numeric(10,2), added date DEFAULT '2026-01-02');
CREATE TABLE labels (label text PRIMARY KEY, note text);
SELECT create_distributed_table('items', 'item_id', shard_count := 4);
SELECT create_reference_table('labels');

SELECT logicalrelid, shardid, shardminvalue, shardmaxvalue FROM pg_dist_shard
WHERE logicalrelid IN ('items'::regclass, 'labels'::regclass) ORDER BY shardid;
SELECT table_name, citus_table_type, distribution_column, shard_count FROM citus_tables ORDER BY table_name::text;
SELECT shard_name, citus_table_type, nodeport FROM citus_shards WHERE table_name = 'items'::regclass ORDER BY shardid;
SELECT count(*) FROM citus_shards WHERE table_name = 'labels'::regclass;

INSERT INTO labels VALUES ('a', 'first'), ('b', 'second');
INSERT INTO items VALUES (1, 'a', 1.50), (2, 'b', 2.25), (3, 'a', 10), (4, 'c', NULL);
INSERT INTO items VALUES (5, 'a', 3) RETURNING item_id, label, price, added;
INSERT INTO items VALUES (1, 'z', 0) ON CONFLICT (item_id) DO UPDATE SET label = 'a2' RETURNING *;

SELECT * FROM items WHERE item_id = 2;
SELECT * FROM items ORDER BY item_id;
SELECT label, count(*), sum(price), avg(price), min(added) FROM items GROUP BY label ORDER BY label;
SELECT i.item_id, l.note FROM items i LEFT JOIN labels l USING (label) ORDER BY i.item_id;
SELECT a.item_id, b.item_id FROM items a JOIN items b ON a.item_id = b.price ORDER BY 1, 2;

UPDATE items SET price = price * 2 WHERE item_id = 2;
UPDATE items SET label = upper(label) WHERE price > 2;
DELETE FROM items WHERE item_id = 4;
SELECT * FROM items ORDER BY item_id;

-- A transaction over several nodes is all or nothing.
BEGIN;
UPDATE items SET price = 0;
SELECT sum(price) FROM items;
ROLLBACK;
SELECT sum(price) FROM items;
BEGIN;
SAVEPOINT one;
DELETE FROM items;
ROLLBACK TO one;
INSERT INTO items VALUES (6, 'new', 6), (7, 'new', 7);
COMMIT;
SELECT count(*) FROM items;

-- COPY both ways.
COPY items (item_id, label, price) FROM STDIN (FORMAT csv);
10,x,1
11,y,2
12,z,
\.
COPY (SELECT item_id, label, price FROM items WHERE item_id >= 10 ORDER BY item_id) TO STDOUT;

-- Prepared statements choose the shard at each execution.
PREPARE one_item(bigint) AS SELECT item_id, label FROM items WHERE item_id = $1;
EXECUTE one_item(1);
EXECUTE one_item(2);
EXECUTE one_item(3);
EXECUTE one_item(5);
EXECUTE one_item(6);
EXECUTE one_item(7);
EXECUTE one_item(10);

-- DDL reaches every shard.
ALTER TABLE items ADD COLUMN stock int DEFAULT 1;
CREATE INDEX items_label ON items (label);
SELECT sum(stock) FROM items;
SELECT success, result FROM run_command_on_shards('items', 'SELECT count(*) FROM pg_index WHERE indrelid = ''%s''::regclass') ORDER BY shardid;
TRUNCATE items;
SELECT count(*) FROM items;

DROP TABLE items, labels;
SELECT count(*) FROM pg_dist_shard;
SELECT result FROM run_command_on_workers($$SELECT count(*) FROM pg_class WHERE relname LIKE 'items%' OR relname LIKE 'labels%'$$);
