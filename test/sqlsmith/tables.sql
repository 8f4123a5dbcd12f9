-- Tables of every kind for sqlsmith, small, so that strange joins end.
CREATE TABLE orders (order_id bigint, customer_id int, item text, price numeric(10, 2), placed timestamptz, tags text[],
                     details jsonb, PRIMARY KEY (customer_id, order_id));
CREATE TABLE customers (customer_id int PRIMARY KEY, name text, born date, score float8, active bool, note varchar(20));
CREATE TABLE events (id uuid PRIMARY KEY, kind int2, at timestamp, payload json, address inet, span int4range);
CREATE TABLE by_text (k text, v int, w int8, n numeric);
CREATE TABLE by_date (d date, v int, flag bool);
CREATE TABLE countries (code char(2) PRIMARY KEY, title text, people bigint);
CREATE TABLE kinds (kind int2 PRIMARY KEY, title text);
CREATE TABLE settings (name text PRIMARY KEY, value text, number int);
CREATE TABLE plain (id int, customer_id int, what text, b bytea, i interval);
SELECT create_distributed_table('customers', 'customer_id', shard_count := 4);
SELECT create_distributed_table('orders', 'customer_id', colocate_with := 'customers');
SELECT create_distributed_table('events', 'id', shard_count := 4);
SELECT create_distributed_table('by_text', 'k', shard_count := 4);
SELECT create_distributed_table('by_date', 'd', shard_count := 2);
SELECT create_reference_table('countries');
SELECT create_reference_table('kinds');
SELECT create_distributed_table('settings', NULL);
INSERT INTO customers SELECT g, 'name ' || g % 7, date '1980-01-01' + g * 100, g / 3.0, g % 3 = 0, nullif('n' || g % 4, 'n0') FROM generate_series(1, 30) g;
INSERT INTO orders SELECT g, 1 + g % 30, 'item ' || g % 11, g * 1.25, timestamptz '2026-01-01' + g * interval '1 hour', ARRAY['a', 't' || g % 3],
    jsonb_build_object('g', g, 'list', jsonb_build_array(g % 2, g % 3)) FROM generate_series(1, 80) g;
INSERT INTO events SELECT md5(g::text)::uuid, g % 5, timestamp '2026-02-01' + g * interval '7 minutes', json_build_object('x', g), ('10.0.0.' || g)::inet,
    int4range(g, g + 5) FROM generate_series(1, 40) g;
INSERT INTO by_text SELECT 'k' || g % 9, g, g * 1000, g / 4.0 FROM generate_series(1, 40) g;
INSERT INTO by_date SELECT date '2026-03-01' + g % 10, g, g % 2 = 0 FROM generate_series(1, 20) g;
INSERT INTO countries VALUES ('DE', 'Germany', 84000000), ('FR', 'France', 68000000), ('LU', 'Luxembourg', 660000);
INSERT INTO kinds SELECT g, 'kind ' || g FROM generate_series(0, 4) g;
INSERT INTO settings SELECT 's' || g, 'v' || g, g FROM generate_series(1, 10) g;
INSERT INTO plain SELECT g, g % 30, 'p' || g % 5, decode(lpad(to_hex(g), 4, '0'), 'hex'), g * interval '1 day' FROM generate_series(1, 30) g;
CREATE VIEW open_orders AS SELECT o.order_id, c.customer_id, c.name, o.price, o.item FROM orders o JOIN customers c USING (customer_id) WHERE c.active;
CREATE VIEW per_customer AS SELECT customer_id, count(*) AS orders, sum(price) AS total FROM orders GROUP BY customer_id;
ANALYZE customers, orders, plain;
