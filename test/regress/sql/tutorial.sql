-- The first seed, "Horizontal Scaling PostgreSQL with Citus", item by item in its order; the numbers are those
-- of the checklist. Expected results come from the tutorial, not from this program. Its machines are servers on
-- this one, so ports tell them apart: 10.114.0.11 is worker 1, 10.114.0.12 is worker 2. Not here: items 28 to 31
-- (statistics, replication status, rebalancing) belong to a later version.
\getenv coordinator_port PGPORT
\getenv worker1_port CITUS_WORKER1_PORT
\getenv worker2_port CITUS_WORKER2_PORT
\set QUIET off
\set SHOW_CONTEXT never
\connect tutorial
-- 1. Loaded first, with PostgreSQL's own settings for the rest.
SHOW shared_preload_libraries;
SHOW wal_level;
SELECT current_setting('max_prepared_transactions')::int > 0 AS two_phase_commit_possible;
-- 2. Passwords between nodes: test/tap/t/101_passwords.pl.
-- 3. The coordinator.
CREATE EXTENSION citus;
-- 4. The extension does not exist on the workers yet: adding them creates it there.
SELECT citus_add_node('127.0.0.1', :worker1_port);
SELECT citus_add_node('127.0.0.1', :worker2_port);
-- 5. The coordinator is not among them.
SELECT * FROM citus_get_active_worker_nodes();
SELECT * FROM citus_get_active_worker_nodes() \gdesc
-- 6. What the tutorial does next on the workers finds the work done, and the node goes on working.
\connect - - - :worker1_port
CREATE EXTENSION citus;
CREATE EXTENSION IF NOT EXISTS citus;
\connect - - - :worker2_port
CREATE EXTENSION IF NOT EXISTS citus;
\connect - - - :coordinator_port
-- 7. Demonstration 1. Its author had made fifteen tables before.
SHOW citus.shard_count;
ALTER SEQUENCE pg_catalog.pg_dist_shardid_seq RESTART 102488;
CREATE TABLE citus_demo (
    id SERIAL,
    user_name TEXT,
    city TEXT,
    age INT,
    created_at TIMESTAMP DEFAULT NOW()
);
SELECT create_distributed_table('citus_demo', 'id');
-- 8. Ids come from the sequence, in the order of the rows.
INSERT INTO citus_demo (user_name, city, age) VALUES
    ('Alice', 'New York', 25),
    ('Bob', 'Chicago', 30),
    ('Charlie', 'Seattle', 27),
    ('David', 'Boston', 35),
    ('Emma', 'Denver', 22),
    ('Frank', 'Portland', 29),
    ('Grace', 'Miami', 28),
    ('Henry', 'Atlanta', 31),
    ('Iris', 'Phoenix', 26),
    ('Jack', 'Dallas', 33);
-- 9. Where the shards are, and which of them hold rows. The tutorial shows no citus_table_type and colocation_id.
SELECT * FROM citus_shards WHERE table_name::text = 'citus_demo';
-- 10. The shard of each row, computed within the query. David and Grace share one.
SELECT id, user_name, city,
       get_shard_id_for_distribution_column('citus_demo', id) as shard_id
FROM citus_demo
ORDER BY id;
-- 11. Shards are ordinary tables of the workers.
\connect - - - :worker1_port
SELECT * FROM citus_demo_102488 \gdesc
SELECT id, user_name, city, age FROM citus_demo_102488;
-- 12.
SELECT id, user_name, city, age FROM citus_demo_102512;  -- Bob
SELECT id, user_name, city, age FROM citus_demo_102496;  -- David and Grace
-- 13. And each is on one worker only.
SELECT id FROM citus_demo_102489;
\connect - - - :worker2_port
SELECT id, user_name, city, age FROM citus_demo_102489;  -- Alice
SELECT id, user_name, city, age FROM citus_demo_102503;  -- Charlie
SELECT id FROM citus_demo_102488;
\connect - - - :coordinator_port
-- 14. NOW() is one moment for the whole INSERT.
SELECT count(DISTINCT created_at) FROM citus_demo;
-- 15. Demonstration 2.
CREATE TABLE users (
    user_id INT PRIMARY KEY,
    name TEXT
);
CREATE TABLE orders (
    order_id SERIAL,
    user_id INT,
    item TEXT,
    created_at TIMESTAMP DEFAULT NOW(),
    PRIMARY KEY (order_id, user_id)  -- Must include distribution column
);
SELECT create_distributed_table('users', 'user_id');
SELECT create_distributed_table('orders', 'user_id');
SELECT table_name, citus_table_type, distribution_column, colocation_id, shard_count
FROM citus_tables ORDER BY table_name::text;
-- 16.
ALTER TABLE orders
ADD CONSTRAINT fk_user
FOREIGN KEY (user_id) REFERENCES users(user_id);
-- 17.
INSERT INTO users (user_id, name) VALUES
    (1, 'Alice'),
    (2, 'Bob'),
    (3, 'Charlie'),
    (4, 'David'),
    (5, 'Emma');
INSERT INTO orders (user_id, item) VALUES
    (1, 'Pizza'),
    (1, 'Soda'),
    (1, 'Ice Cream'),
    (2, 'Burger'),
    (2, 'Fries'),
    (3, 'Taco'),
    (3, 'Burrito'),
    (3, 'Nachos'),
    (4, 'Pasta'),
    (5, 'Salad');
SELECT order_id, item FROM orders ORDER BY order_id;
-- 18. All ten orders; the tutorial prints the first eight.
SELECT
    u.user_id,
    u.name,
    o.item,
    get_shard_id_for_distribution_column('users', u.user_id) as user_shard,
    get_shard_id_for_distribution_column('orders', o.user_id) as order_shard
FROM users u
JOIN orders o ON u.user_id = o.user_id
ORDER BY u.user_id, o.order_id;
-- 19. Co-located: Alice's user and orders are on the same worker. It is worker 2, where item 13 found shard 1 of
-- the group; the tutorial shows worker 1, against its own demonstration. A regclass sorts by its oid.
SELECT
    table_name,
    shardid,
    nodename
FROM citus_shards
WHERE shardid IN (102521, 102553)  -- Alice's user and order shards
ORDER BY nodename, table_name;
SELECT nodeport FROM citus_shards WHERE shardid IN (102521, 102553);
-- 20. The message speaks of the user's tables and of the constraint by the name that item 16 gave it.
INSERT INTO orders (user_id, item) VALUES (999, 'Ghost Pizza');
\echo :LAST_ERROR_SQLSTATE
DO $$
DECLARE s text; t text; c text;
BEGIN
    INSERT INTO orders (user_id, item) VALUES (999, 'Ghost Pizza');
EXCEPTION WHEN foreign_key_violation THEN
    GET STACKED DIAGNOSTICS s = SCHEMA_NAME, t = TABLE_NAME, c = CONSTRAINT_NAME;
    RAISE NOTICE 'schema %, table %, constraint %', s, t, c;
END $$;
SELECT count(*) FROM orders;
-- 21.
SELECT
    u.user_id,
    u.name,
    COUNT(o.order_id) as num_orders
FROM users u
LEFT JOIN orders o ON u.user_id = o.user_id
GROUP BY u.user_id, u.name
ORDER BY u.user_id;
-- 22. A single-shard query: one task.
SET DateStyle TO ISO;
SELECT * FROM orders WHERE user_id = 1 \g (format=unaligned) |sed -E 's/[0-9]{4}-[0-9-]+ [0-9:.]+/<created_at>/' | sort
EXPLAIN (COSTS OFF) SELECT * FROM orders WHERE user_id = 1 \g (format=unaligned) |grep -E '^ *(Tier|Task Count):' | sed 's/^ *//'
-- 23. A co-located join; a row is a value to count.
SELECT u.name, COUNT(o.*)
FROM users u
JOIN orders o ON u.user_id = o.user_id
GROUP BY u.name \g (format=unaligned tuples_only=on) |sort
-- 24. A query over all shards: 32 tasks.
SELECT * FROM orders WHERE item = 'Pizza' \g (format=unaligned) |sed -E 's/[0-9]{4}-[0-9-]+ [0-9:.]+/<created_at>/'
EXPLAIN (COSTS OFF) SELECT * FROM orders WHERE item = 'Pizza' \g (format=unaligned) |grep -E '^ *Task Count:' | sed 's/^ *//'
-- 25. The tutorial joins with a table and a column that it never made. As written:
SELECT o.item, p.product_name
FROM orders o
JOIN products p ON o.product_id = p.id
WHERE o.user_id = 1;
-- With a local, a reference and a distributed table of that name:
CREATE TABLE products (id INT PRIMARY KEY, product_name TEXT);
SELECT o.item, p.product_name
FROM orders o
JOIN products p ON o.product_id = p.id
WHERE o.user_id = 1;
ALTER TABLE orders ADD COLUMN product_id INT;
UPDATE orders SET product_id = CASE item WHEN 'Pizza' THEN 1 ELSE 2 END WHERE item IN ('Pizza', 'Soda', 'Burger');
INSERT INTO products VALUES (1, 'Margherita'), (2, 'Cola'), (3, 'Water');
SELECT o.item, p.product_name
FROM orders o
JOIN products p ON o.product_id = p.id
WHERE o.user_id = 1 ORDER BY o.order_id;
DROP TABLE products;
CREATE TABLE products (id INT PRIMARY KEY, product_name TEXT);
SELECT create_reference_table('products');
INSERT INTO products VALUES (1, 'Margherita'), (2, 'Cola'), (3, 'Water');
SELECT o.item, p.product_name
FROM orders o
JOIN products p ON o.product_id = p.id
WHERE o.user_id = 1 ORDER BY o.order_id;
DROP TABLE products;
CREATE TABLE products (id INT PRIMARY KEY, product_name TEXT);
SELECT create_distributed_table('products', 'id');
INSERT INTO products VALUES (1, 'Margherita'), (2, 'Cola'), (3, 'Water');
SELECT o.item, p.product_name
FROM orders o
JOIN products p ON o.product_id = p.id
WHERE o.user_id = 1 ORDER BY o.order_id;
DROP TABLE products;
-- 26.
CREATE TABLE countries (
    code CHAR(2) PRIMARY KEY,
    name TEXT
);
SELECT create_reference_table('countries');
SELECT table_name, citus_table_type, distribution_column, shard_count FROM citus_tables WHERE table_name = 'countries'::regclass;
SELECT nodename, nodeport FROM citus_shards WHERE table_name = 'countries'::regclass ORDER BY nodeport;
-- 5 again, under "Checking cluster health".
SELECT * FROM citus_get_active_worker_nodes();
-- 27. Three distributed tables and a reference table.
SELECT nodename, COUNT(*) as shard_count
FROM citus_shards
GROUP BY nodename;
SELECT nodeport, COUNT(*) as shard_count FROM citus_shards GROUP BY nodeport ORDER BY nodeport;
-- 33. A unique constraint must contain the distribution column; what cannot be had is said before anything changes.
CREATE TABLE tickets (ticket_id BIGSERIAL PRIMARY KEY, user_id INT);
SELECT create_distributed_table('tickets', 'user_id');
SELECT count(*) FROM pg_dist_partition WHERE logicalrelid = 'tickets'::regclass;
DROP TABLE tickets;
-- 32. Other shard counts.
SET citus.shard_count TO 64;
CREATE TABLE wider (id INT);
SELECT create_distributed_table('wider', 'id');
CREATE TABLE widest (id INT);
SELECT create_distributed_table('widest', 'id', shard_count := 128);
SELECT table_name, shard_count FROM citus_tables WHERE table_name::text LIKE 'wide%' ORDER BY table_name::text;
DROP TABLE wider, widest;
-- 35. A transaction over both workers is all or nothing: user 1 is on worker 2, user 2 on worker 1.
BEGIN;
UPDATE users SET name = 'nobody' WHERE user_id IN (1, 2);
ROLLBACK;
BEGIN;
UPDATE users SET name = 'Robert' WHERE user_id = 2;
INSERT INTO orders (user_id, item) VALUES (1, 'Tiramisu');
COMMIT;
SELECT name FROM users WHERE user_id IN (1, 2) ORDER BY user_id;
SELECT count(*) FROM orders WHERE user_id = 1;
SELECT recover_prepared_transactions();  -- nothing is in doubt; and it clears the records of what is done
SELECT count(*) FROM pg_dist_transaction;
-- 36. Referential integrity is kept by the workers in the other direction too.
DELETE FROM users WHERE user_id = 1;
-- 37. A reference table's rows are on every worker.
INSERT INTO countries VALUES ('GH', 'Ghana'), ('NO', 'Norway');
SELECT success, result FROM run_command_on_placements('countries', 'SELECT count(*) FROM %s');
