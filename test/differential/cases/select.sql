-- variants: distributed reference mixed single partial onenode partitioned
-- Reads of every shape: filters, joins, aggregates, set operations, windows, CTEs, sublinks.
CREATE TABLE customers (id bigint PRIMARY KEY, name text, city text, joined date);
CREATE TABLE sales (customer bigint, no int, amount numeric(10,2), day date, PRIMARY KEY (customer, no));
CREATE TABLE cities (city text PRIMARY KEY, country text);
-- distribute: create_distributed_table('customers', 'id')
-- distribute: create_distributed_table('sales', 'customer')
-- distribute: create_distributed_table('cities', 'city')
INSERT INTO customers SELECT g, 'name ' || g, (ARRAY['Oslo', 'Rome', 'Lima', NULL])[1 + g % 4], date '2026-01-01' + g::int FROM generate_series(1, 40) AS g;
INSERT INTO sales SELECT 1 + g * 7 % 45, g, (g * 37 % 101)::numeric / 4, date '2026-02-01' + g % 20 FROM generate_series(1, 300) AS g;
INSERT INTO cities VALUES ('Oslo', 'Norway'), ('Rome', 'Italy'), ('Paris', 'France');
SELECT * FROM customers WHERE id = 7;
SELECT * FROM customers WHERE id IN (7, 8, 9) ORDER BY id;
SELECT * FROM customers WHERE id = 7 AND id = 8;
SELECT name FROM customers WHERE city IS NULL ORDER BY id;
SELECT count(*), count(city), count(DISTINCT city), min(name), max(joined) FROM customers;
SELECT sum(amount), avg(amount), min(amount), max(amount), count(*) FROM sales;
SELECT sum(amount), avg(amount), count(*) FROM sales WHERE false;
SELECT customer, sum(amount), count(*) FROM sales GROUP BY customer ORDER BY customer;
SELECT day, sum(amount), avg(amount), count(DISTINCT customer) FROM sales GROUP BY day ORDER BY day;
SELECT day, sum(amount) AS total FROM sales GROUP BY day HAVING sum(amount) > 150 ORDER BY total DESC, day;
SELECT city, count(*) FILTER (WHERE id > 20), bool_or(id = 3), array_agg(id ORDER BY id) FROM customers GROUP BY city ORDER BY city;
-- approximate
SELECT stddev(amount), variance(amount), corr(amount, no) FROM sales;
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY amount), mode() WITHIN GROUP (ORDER BY customer) FROM sales;
SELECT string_agg(name, ',' ORDER BY id) FROM customers WHERE id < 6;
SELECT DISTINCT city FROM customers ORDER BY city;
SELECT DISTINCT ON (city) city, id FROM customers ORDER BY city, id DESC;
SELECT * FROM sales ORDER BY amount DESC, no LIMIT 5;
SELECT * FROM sales ORDER BY no OFFSET 295;
SELECT c.name, s.amount FROM customers c JOIN sales s ON s.customer = c.id WHERE c.id = 8 ORDER BY s.no;
SELECT c.city, sum(s.amount) FROM customers c JOIN sales s ON s.customer = c.id GROUP BY c.city ORDER BY c.city;
SELECT c.id, count(s.no) FROM customers c LEFT JOIN sales s ON s.customer = c.id GROUP BY c.id ORDER BY c.id;
SELECT c.id, s.customer FROM customers c FULL JOIN sales s ON s.customer = c.id AND s.no < 10 ORDER BY 1, 2;
SELECT c.name, i.country FROM customers c JOIN cities i USING (city) ORDER BY c.id;
SELECT c.name, i.country FROM customers c LEFT JOIN cities i USING (city) ORDER BY c.id LIMIT 9;
SELECT a.id, b.id FROM customers a JOIN customers b ON a.id = b.id + 1 WHERE a.id < 6 ORDER BY a.id;
SELECT count(*) FROM customers a, sales b WHERE a.joined > b.day;
SELECT c.id FROM customers c WHERE EXISTS (SELECT 1 FROM sales s WHERE s.customer = c.id AND s.amount > 24) ORDER BY c.id;
SELECT c.id FROM customers c WHERE c.id NOT IN (SELECT customer FROM sales) ORDER BY c.id;
SELECT c.id, (SELECT sum(amount) FROM sales s WHERE s.customer = c.id) AS total FROM customers c ORDER BY c.id LIMIT 5;
SELECT c.id, (SELECT count(*) FROM cities i WHERE i.city > c.city) FROM customers c ORDER BY c.id LIMIT 5;
SELECT id FROM customers WHERE id < 4 UNION ALL SELECT no FROM sales WHERE no < 4 ORDER BY 1;
SELECT city FROM customers INTERSECT SELECT city FROM cities ORDER BY 1;
SELECT city FROM customers EXCEPT SELECT city FROM cities ORDER BY 1;
SELECT customer, no, sum(amount) OVER (PARTITION BY customer ORDER BY no), rank() OVER (ORDER BY amount DESC, no) FROM sales ORDER BY no LIMIT 12;
WITH big AS (SELECT customer, sum(amount) AS total FROM sales GROUP BY customer) SELECT c.name, b.total FROM big b JOIN customers c ON c.id = b.customer ORDER BY b.total DESC, c.id LIMIT 5;
WITH RECURSIVE chain(id, depth) AS (SELECT 1::bigint, 0 UNION ALL SELECT c.id, depth + 1 FROM customers c JOIN chain ON c.id = chain.id * 2) SELECT * FROM chain ORDER BY depth;
SELECT day, customer, sum(amount) FROM sales WHERE no < 12 GROUP BY GROUPING SETS ((day), (customer), ()) ORDER BY day, customer;
SELECT s.no, l.total FROM sales s, LATERAL (SELECT sum(x.amount) AS total FROM sales x WHERE x.customer = s.customer) AS l WHERE s.no < 6 ORDER BY s.no;
SELECT * FROM (VALUES (1), (7)) AS v(id) JOIN customers USING (id) ORDER BY id;
SELECT g, name FROM generate_series(38, 42) AS g LEFT JOIN customers ON id = g ORDER BY g;
SELECT c FROM customers c WHERE id = 3;
SELECT 1 / (id - 7) FROM customers WHERE id = 7;
SELECT nothing FROM customers;
SELECT id FROM customers WHERE name > 5;
SELECT id, count(*) FROM customers;
COPY (SELECT id, name FROM customers ORDER BY id LIMIT 3) TO STDOUT;
COPY customers TO STDOUT (FORMAT csv);
