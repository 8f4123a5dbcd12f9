-- The tutorial "Horizontal Scaling PostgreSQL with Citus", statement by statement, in its order.
--
-- Its three machines are three servers here: 10.114.0.11:5432 and 10.114.0.12:5432 became 127.0.0.1 with
-- the ports in :worker1_port and :worker2_port (demo/run passes them). Run by psql with -a, so that each
-- statement is shown with its result. A statement that fails in the tutorial fails here too, and the
-- rest goes on.
\echo
\echo '######## Step 3: initialize the coordinator'
CREATE EXTENSION citus;
SELECT citus_add_node('127.0.0.1', :worker1_port);
SELECT citus_add_node('127.0.0.1', :worker2_port);
SELECT * FROM citus_get_active_worker_nodes();

\echo
\echo '######## Step 4: initialize the workers'
\echo '-- (adding a node created the extension on it already; the tutorial says CREATE EXTENSION citus)'
\connect - - - :worker1_port
CREATE EXTENSION IF NOT EXISTS citus;
\connect - - - :worker2_port
CREATE EXTENSION IF NOT EXISTS citus;
\connect - - - :coordinator_port

\echo
\echo '######## Demonstration 1: basic data distribution'
\echo '-- (the tutorial had made other tables before; this gives its shard ids to ours)'
ALTER SEQUENCE pg_catalog.pg_dist_shardid_seq RESTART 102488;
CREATE TABLE citus_demo (
    id SERIAL,
    user_name TEXT,
    city TEXT,
    age INT,
    created_at TIMESTAMP DEFAULT NOW()
);
SELECT create_distributed_table('citus_demo', 'id');
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
SELECT * FROM citus_shards WHERE table_name::text = 'citus_demo';
SELECT id, user_name, city,
       get_shard_id_for_distribution_column('citus_demo', id) as shard_id
FROM citus_demo
ORDER BY id;

\echo
\echo '-- On worker 1'
\connect - - - :worker1_port
SELECT * FROM citus_demo_102488;
SELECT * FROM citus_demo_102512;  -- Bob
SELECT * FROM citus_demo_102496;  -- David and Grace
\echo
\echo '-- On worker 2'
\connect - - - :worker2_port
SELECT * FROM citus_demo_102489;  -- Alice
SELECT * FROM citus_demo_102503;  -- Charlie
\connect - - - :coordinator_port

\echo
\echo '######## Demonstration 2: foreign keys and co-location'
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
ALTER TABLE orders
ADD CONSTRAINT fk_user
FOREIGN KEY (user_id) REFERENCES users(user_id);
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
SELECT
    u.user_id,
    u.name,
    o.item,
    get_shard_id_for_distribution_column('users', u.user_id) as user_shard,
    get_shard_id_for_distribution_column('orders', o.user_id) as order_shard
FROM users u
JOIN orders o ON u.user_id = o.user_id
ORDER BY u.user_id, o.order_id;
\echo '-- (all servers have the same address here: the port tells the workers apart)'
SELECT
    table_name,
    shardid,
    nodename,
    nodeport
FROM citus_shards
WHERE shardid IN (102521, 102553)  -- Alice's user and order shards
ORDER BY nodename, table_name;
\echo '-- The next statement must fail: there is no user 999'
INSERT INTO orders (user_id, item) VALUES (999, 'Ghost Pizza');
SELECT
    u.user_id,
    u.name,
    COUNT(o.order_id) as num_orders
FROM users u
LEFT JOIN orders o ON u.user_id = o.user_id
GROUP BY u.user_id, u.name
ORDER BY u.user_id;

\echo
\echo '######## Performance considerations'
\echo '-- 1. A single-shard query'
SELECT * FROM orders WHERE user_id = 1;
\echo '-- 2. A co-located join'
SELECT u.name, COUNT(o.*)
FROM users u
JOIN orders o ON u.user_id = o.user_id
GROUP BY u.name;
\echo '-- 3. A query over all shards'
SELECT * FROM orders WHERE item = 'Pizza';
\echo '-- 4. A join with a table that is not co-located. The tutorial uses a table and a column that it never'
\echo '--    made; here they are.'
CREATE TABLE products (id INT PRIMARY KEY, product_name TEXT);
INSERT INTO products VALUES (1, 'Margherita'), (2, 'Cola');
SELECT create_reference_table('products');
ALTER TABLE orders ADD COLUMN product_id INT;
UPDATE orders SET product_id = 1 WHERE item = 'Pizza';
UPDATE orders SET product_id = 2 WHERE item = 'Soda';
SELECT o.item, p.product_name
FROM orders o
JOIN products p ON o.product_id = p.id
WHERE o.user_id = 1;
\echo '-- Reference tables'
CREATE TABLE countries (
    code CHAR(2) PRIMARY KEY,
    name TEXT
);
SELECT create_reference_table('countries');
SELECT * FROM citus_tables;

\echo
\echo '######## Monitoring and maintenance'
SELECT * FROM citus_get_active_worker_nodes();
\echo '-- (by port too, since all servers have the same address here)'
SELECT nodename, nodeport, COUNT(*) as shard_count
FROM citus_shards
GROUP BY nodename, nodeport;
\echo '-- Left out, since they come with later versions: citus_stat_statements, citus_replication_status(),'
\echo '-- citus_rebalance_start(), citus_rebalance_status().'
