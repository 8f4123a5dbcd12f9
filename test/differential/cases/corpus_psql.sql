-- variants: distributed onenode
-- What psql's commands with a schema in their pattern ask: shards are in no list.
CREATE SCHEMA shop;
CREATE TABLE shop.orders (id int PRIMARY KEY, customer int, note text);
CREATE TABLE shop.days (k int, d date, PRIMARY KEY (k, d)) PARTITION BY RANGE (d);
CREATE TABLE shop.days_1 PARTITION OF shop.days FOR VALUES FROM ('2026-01-01') TO ('2026-02-01');
-- distribute: create_distributed_table('shop.orders', 'id')
-- distribute: create_distributed_table('shop.days', 'k')
CREATE INDEX orders_customer ON shop.orders (customer);
SELECT n.nspname as "Schema", c.relname as "Name", CASE c.relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'i' THEN 'index' WHEN 'S' THEN 'sequence' WHEN 't' THEN 'TOAST table' WHEN 'f' THEN 'foreign table' WHEN 'p' THEN 'partitioned table' WHEN 'I' THEN 'partitioned index' END as "Type", pg_catalog.pg_get_userbyid(c.relowner) as "Owner" FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_am am ON am.oid = c.relam WHERE c.relkind IN ('r','p','s','') AND n.nspname OPERATOR(pg_catalog.~) '^(shop)$' COLLATE pg_catalog.default ORDER BY 1, 2;
SELECT n.nspname as "Schema", c.relname as "Name", c2.relname as "Table" FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_catalog.pg_index i ON i.indexrelid = c.oid LEFT JOIN pg_catalog.pg_class c2 ON i.indrelid = c2.oid WHERE c.relkind IN ('i','I','s','') AND n.nspname OPERATOR(pg_catalog.~) '^(shop)$' COLLATE pg_catalog.default ORDER BY 1, 2;
SELECT n.nspname as "Schema", c.relname as "Name", pg_catalog.array_to_string(c.relacl, E'\n') AS "Access privileges" FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r','v','m','S','f','p') AND n.nspname OPERATOR(pg_catalog.~) '^(shop)$' COLLATE pg_catalog.default ORDER BY 1, 2;
-- The lists of information_schema that have sub-selects of their own, alone and within queries.
SELECT table_name, column_name, ordinal_position FROM information_schema.key_column_usage WHERE table_schema = 'shop' ORDER BY 1, 2, 3;
SELECT table_name, constraint_name, constraint_type FROM information_schema.table_constraints WHERE table_schema = 'shop' AND constraint_type = 'PRIMARY KEY' ORDER BY 1, 2;
WITH x AS (SELECT * FROM information_schema.tables) SELECT table_name FROM x WHERE table_schema = 'shop' ORDER BY 1;
SELECT c.table_name, c.column_name FROM (SELECT * FROM information_schema.columns) c JOIN (SELECT table_name FROM information_schema.tables WHERE table_schema = 'shop') t USING (table_name) ORDER BY 1, 2;
SELECT table_name, column_name, constraint_name FROM information_schema.constraint_column_usage WHERE table_schema = 'shop' ORDER BY 1, 2, 3;
SELECT t.tablename, i.indexname FROM pg_tables t LEFT JOIN pg_indexes i USING (tablename) WHERE t.schemaname = 'shop' ORDER BY 1, 2;
