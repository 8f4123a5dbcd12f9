-- variants: distributed mixed single onenode
-- EXPLAIN of what corpora ask: its documents are documents, and the statements after it are the same as before.
CREATE TABLE sales (item int, ticket int, customer int, store int, price numeric, PRIMARY KEY (item, ticket));
CREATE TABLE returns (item int, ticket int, customer int, amount numeric);
CREATE TABLE item (id int PRIMARY KEY, brand int, category text);
CREATE TABLE customer (id int PRIMARY KEY, name text, address int);
CREATE TABLE address (id int PRIMARY KEY, state text);
-- distribute: create_distributed_table('sales', 'item')
-- distribute: create_distributed_table('returns', 'customer')
-- distribute: create_distributed_table('item', 'id')
-- distribute: create_distributed_table('customer', 'id')
-- distribute: create_distributed_table('address', 'id')
INSERT INTO sales SELECT g % 97, g, g % 41, g % 5, g % 13 FROM generate_series(1, 3000) g;
INSERT INTO returns SELECT item, ticket, customer, price / 2 FROM sales WHERE ticket % 7 = 0;
INSERT INTO item SELECT g, g % 10, 'c' || g % 4 FROM generate_series(0, 99) g;
INSERT INTO customer SELECT g, 'n' || g % 9, g * 3 % 30 FROM generate_series(0, 49) g;
INSERT INTO address SELECT g, 's' || g % 4 FROM generate_series(0, 29) g;
ANALYZE sales, returns, item, customer, address;
CREATE FUNCTION explains(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    plan text;
    line text;
    options text;
    answers text := '';
BEGIN
    FOREACH options IN ARRAY ARRAY['VERBOSE', 'ANALYZE, VERBOSE', 'ANALYZE, COSTS off', 'VERBOSE'] LOOP
        plan := '';
        FOR line IN EXECUTE 'EXPLAIN (' || options || ') ' || query LOOP
            plan := plan || line;
        END LOOP;
        answers := answers || CASE WHEN plan LIKE '%cost=%' THEN 'costs ' ELSE 'none ' END;
        EXECUTE 'EXPLAIN (FORMAT json, ' || options || ') ' || query INTO plan;
        answers := answers || json_array_length(plan::json) || ' ';
        EXECUTE 'EXPLAIN (FORMAT xml, ' || options || ') ' || query INTO plan;
        answers := answers || (xmlparse(DOCUMENT plan) IS DOCUMENT) || ' ';
    END LOOP;
    RETURN answers;
END $$;
SELECT explains('WITH ss AS (SELECT i.brand, sum(s.price) AS total FROM sales s, customer c, address a, item i WHERE i.brand IN (SELECT brand FROM item WHERE category = ''c1'') AND s.item = i.id AND s.customer = c.id AND c.address = a.id AND a.state = ''s2'' GROUP BY i.brand), rs AS (SELECT i.brand, sum(r.amount) AS total FROM returns r, customer c, address a, item i WHERE i.brand IN (SELECT brand FROM item WHERE category = ''c1'') AND r.item = i.id AND r.customer = c.id AND c.address = a.id AND a.state = ''s2'' GROUP BY i.brand) SELECT brand, sum(total) FROM (SELECT * FROM ss UNION ALL SELECT * FROM rs) t GROUP BY brand ORDER BY 2, 1 LIMIT 10');
SELECT explains('WITH x AS (SELECT c.name, i.brand, count(*) AS n, sum(s.price) AS p FROM sales s, returns r, item i, customer c, address a WHERE s.item = r.item AND s.ticket = r.ticket AND i.id = s.item AND c.id = s.customer AND a.id = c.address GROUP BY c.name, i.brand) SELECT x1.name, x1.n, x2.p FROM x x1, x x2 WHERE x1.brand = x2.brand AND x1.n <= x2.n AND x1.name < x2.name ORDER BY 1, 2, 3');
SELECT explains('SELECT i.brand, s.store, avg(s.price) FROM sales s JOIN item i ON i.id = s.item GROUP BY ROLLUP (i.brand, s.store) ORDER BY 1, 2 LIMIT 2');
SELECT explains('SELECT i.id, avg(s.price) FROM sales s JOIN item i ON i.id = s.item GROUP BY i.id ORDER BY i.id LIMIT 1');
-- A plan that comes late, after a LIMIT was reached, is not that of the next statement.
SELECT explains('SELECT item, ticket FROM sales ORDER BY item, ticket LIMIT 1');
SELECT explains('SELECT item, ticket FROM sales ORDER BY item, ticket LIMIT 1');
SELECT count(*), sum(price) FROM sales JOIN item ON item.id = sales.item;
