-- The SQL surface of the extension, version 1.0.
-- complain if the script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION citus" to load this file. \quit

-- ===== 1. Types =====

-- ===== 2. Catalogs =====

-- ===== 3. Nodes (src/cluster) =====

-- ===== 4. Tables (src/cluster, src/ddl) =====

-- ===== 5. Shards on workers (src/ddl, src/executor) =====

-- ===== 6. Look-ups and sizes (src/catalog, src/monitor) =====

-- ===== 7. Transactions (src/transaction) =====

-- ===== 8. Views =====
