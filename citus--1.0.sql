-- The SQL surface of the extension, version 1.0.
-- complain if the script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION citus" to load this file. \quit

-- ===== 1. Types =====

-- ===== 2. Catalogs =====

-- ===== 3. Nodes (src/cluster) =====

-- ===== 4. Tables (src/cluster, src/ddl) =====

-- ===== 5. Shards on workers (src/ddl, src/executor) =====

-- Stands in a rewritten query for a part that runs on the shards; the planner puts a scan in its place.
CREATE FUNCTION citus_internal.fragment_scan(fragment int) RETURNS SETOF record
    LANGUAGE C STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_fragment_scan$$;
COMMENT ON FUNCTION citus_internal.fragment_scan(int) IS 'used inside plans only';

-- ===== 6. Look-ups and sizes (src/catalog, src/monitor) =====

-- ===== 7. Transactions (src/transaction) =====
CREATE FUNCTION pg_catalog.recover_prepared_transactions() RETURNS int
LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$recover_prepared_transactions$$;
COMMENT ON FUNCTION pg_catalog.recover_prepared_transactions() IS
'finish two-phase commits that a failure left behind; the maintenance daemon does it by itself';
REVOKE ALL ON FUNCTION pg_catalog.recover_prepared_transactions() FROM PUBLIC;
CREATE FUNCTION citus_internal.start_maintenance_daemon() RETURNS void
LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$citus_start_maintenance_daemon$$;
REVOKE ALL ON FUNCTION citus_internal.start_maintenance_daemon() FROM PUBLIC;
SELECT citus_internal.start_maintenance_daemon();

-- ===== 8. Views =====
