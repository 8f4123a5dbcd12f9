-- variants: distributed onenode
-- Foreign keys of local tables to reference and distributed tables, and schema files that name them inline.
CREATE TABLE country (code text PRIMARY KEY, name text NOT NULL);
-- distribute: create_reference_table('country')
CREATE TABLE tenant (id int PRIMARY KEY, country text REFERENCES country, name text UNIQUE DEFERRABLE);
INSERT INTO country SELECT 'c' || g, 'country ' || g FROM generate_series(1, 6) g;
INSERT INTO tenant VALUES (1, 'c1'), (2, 'c2'), (3, 'c1'), (4, NULL);
INSERT INTO tenant VALUES (9, 'none');
UPDATE tenant SET country = 'none' WHERE id = 1;
UPDATE tenant SET country = 'c3' WHERE id = 1;
DELETE FROM country WHERE code = 'c2';
DELETE FROM country WHERE code IN ('c3', 'c4');
DELETE FROM country WHERE code = 'c4';
UPDATE country SET code = 'x' WHERE code = 'c1';
UPDATE country SET name = 'first', code = code WHERE code = 'c1';
UPDATE country SET code = 'x' WHERE code = 'c5' RETURNING *;
INSERT INTO country VALUES ('c1', 'again') ON CONFLICT (code) DO UPDATE SET name = excluded.name || country.name;
INSERT INTO country VALUES ('c1', 'again') ON CONFLICT (code) DO UPDATE SET code = 'y';
TRUNCATE country;
BEGIN;
DELETE FROM tenant WHERE country = 'c2';
DELETE FROM country WHERE code = 'c2' RETURNING name;
ROLLBACK;
BEGIN;
INSERT INTO country VALUES ('new', 'n');
INSERT INTO tenant VALUES (5, 'new');
SAVEPOINT s;
DELETE FROM country WHERE code = 'new';
ROLLBACK TO s;
DELETE FROM tenant WHERE id = 5;
DELETE FROM country WHERE code = 'new';
COMMIT;
WITH gone AS (DELETE FROM tenant WHERE id = 3 RETURNING country) DELETE FROM country USING gone WHERE code = gone.country;
SELECT * FROM country ORDER BY 1;
SELECT * FROM tenant ORDER BY 1;
-- Actions.
CREATE TABLE city (id int, country text REFERENCES country ON DELETE CASCADE ON UPDATE CASCADE, also text DEFAULT 'c6' REFERENCES country (code) ON DELETE SET DEFAULT);
CREATE TABLE flag (country text REFERENCES country ON DELETE SET NULL ON UPDATE SET NULL, color text);
INSERT INTO city VALUES (1, 'c6', 'x'), (2, 'x', 'x'), (3, 'c6', NULL);
INSERT INTO flag VALUES ('x', 'red'), ('c6', 'blue');
UPDATE country SET code = 'z' WHERE code = 'x';
SELECT * FROM city ORDER BY 1;
UPDATE city SET also = NULL WHERE id = 1;
UPDATE country SET code = 'z' WHERE code = 'x';
SELECT * FROM city ORDER BY 1;
SELECT * FROM flag ORDER BY 2;
DELETE FROM country WHERE code = 'z';
UPDATE city SET also = 'z' WHERE id = 3;
INSERT INTO country VALUES ('z', 'last'), ('c6', 'six') ON CONFLICT DO NOTHING;
UPDATE city SET also = 'z' WHERE id = 3;
DELETE FROM country WHERE code = 'z';
SELECT * FROM city ORDER BY 1;
DELETE FROM country WHERE code = 'c6';
SELECT * FROM city ORDER BY 1;
SELECT * FROM flag ORDER BY 2;
-- A key that comes later, with rows that do not fit it.
CREATE TABLE later (id int, country text);
INSERT INTO later VALUES (1, 'c1'), (2, 'nowhere');
ALTER TABLE later ADD CONSTRAINT later_country FOREIGN KEY (country) REFERENCES country;
ALTER TABLE later ADD CONSTRAINT later_country FOREIGN KEY (country) REFERENCES country NOT VALID;
ALTER TABLE later VALIDATE CONSTRAINT later_country;
DELETE FROM later WHERE id = 2;
ALTER TABLE later VALIDATE CONSTRAINT later_country;
INSERT INTO later VALUES (3, 'nowhere');
ALTER TABLE later DROP CONSTRAINT later_country;
INSERT INTO later VALUES (3, 'nowhere');
ALTER TABLE later ADD COLUMN more text REFERENCES country;
UPDATE later SET more = 'nowhere';
ALTER TABLE country ADD COLUMN extra int;
-- A deferred check of the new row's key.
CREATE TABLE lazy (id int, country text REFERENCES country DEFERRABLE INITIALLY DEFERRED);
BEGIN;
INSERT INTO lazy VALUES (1, 'soon');
INSERT INTO country VALUES ('soon', 's');
COMMIT;
BEGIN;
INSERT INTO lazy VALUES (2, 'never');
COMMIT;
SELECT * FROM lazy;
DROP TABLE lazy;
-- To distributed tables, inline; then the table is distributed itself, and keeps its key.
CREATE TABLE orders (id int PRIMARY KEY, country text REFERENCES country);
-- distribute: create_distributed_table('orders', 'id')
CREATE TABLE items (order_id int NOT NULL REFERENCES orders, no int, country text REFERENCES country, PRIMARY KEY (order_id, no));
INSERT INTO orders SELECT g, 'c1' FROM generate_series(1, 30) g;
INSERT INTO items SELECT 1 + g % 20, g, 'c1' FROM generate_series(1, 40) g;
INSERT INTO items VALUES (99, 1, 'c1');
DELETE FROM orders WHERE id = 3;
DELETE FROM orders WHERE id > 15;
DELETE FROM orders WHERE id > 28;
UPDATE orders SET country = NULL WHERE id = 3;
DELETE FROM orders USING country WHERE country.code = orders.country AND orders.id > 25;
SELECT count(*), sum(id) FROM orders;
-- distribute: create_distributed_table('items', 'order_id')
INSERT INTO items VALUES (99, 1, 'c1');
INSERT INTO items VALUES (1, 100, 'nowhere');
DELETE FROM orders WHERE id = 4;
SELECT conname, confrelid::regclass FROM pg_constraint WHERE conrelid = 'items'::regclass AND contype = 'f' ORDER BY 1;
TRUNCATE orders CASCADE;
SELECT count(*) FROM items;
-- A chain that is distributed one after the other.
CREATE TABLE a (id int PRIMARY KEY);
CREATE TABLE b (id int PRIMARY KEY REFERENCES a ON DELETE CASCADE);
CREATE TABLE c (id int PRIMARY KEY REFERENCES b ON DELETE CASCADE);
INSERT INTO a SELECT generate_series(1, 10);
INSERT INTO b SELECT generate_series(1, 8);
INSERT INTO c SELECT generate_series(1, 6);
-- distribute: create_distributed_table('a', 'id')
DELETE FROM a WHERE id = 1;
SELECT count(*) FROM c;
-- distribute: create_distributed_table('b', 'id')
DELETE FROM b WHERE id = 2;
SELECT count(*) FROM c;
-- distribute: create_distributed_table('c', 'id')
DELETE FROM a WHERE id < 4;
SELECT count(*), min(id) FROM c;
DROP TABLE a CASCADE;
