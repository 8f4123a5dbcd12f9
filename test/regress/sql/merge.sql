-- Ordered streams of the nodes, which the coordinator merges; and what statements over several shards cost when they come again.
SET citus.next_shard_id TO 7720000;
CREATE SCHEMA merging;
SET search_path TO merging;
SET client_min_messages TO warning;
CREATE TABLE d (k int, g int, t varchar(20), w text COLLATE "C");
CREATE INDEX d_g ON d (g);
SELECT create_distributed_table('d', 'k', shard_count := 4);
INSERT INTO d SELECT i, i * 7 % 5000, 't' || i % 97, 'w' || i FROM generate_series(1, 5000) i;
ANALYZE d;
-- The lines above the tasks.
CREATE FUNCTION plan(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        EXIT WHEN line ~ 'Tasks Shown';
        RETURN NEXT line;
    END LOOP;
END $$;
-- What the nodes sort is not sorted again.
SELECT plan('SELECT * FROM d ORDER BY g, k DESC');
SELECT plan('SELECT g FROM d ORDER BY g NULLS FIRST LIMIT 3');
SELECT plan('SELECT t FROM d ORDER BY t USING ~>~ NULLS LAST');
SELECT plan('SELECT DISTINCT ON (t) t, g FROM d ORDER BY t DESC, g');
SELECT plan('SELECT k, rank() OVER (PARTITION BY g ORDER BY w) FROM d');
SELECT plan('SELECT g, count(*) FROM d GROUP BY g ORDER BY g');
SELECT plan('SELECT array_agg(k) FROM (SELECT k FROM d ORDER BY g, k) s');
-- In part: the rest is sorted here. Not at all: an order of another kind, locks, one shard.
SELECT plan('SELECT * FROM d ORDER BY t COLLATE "C"');
SELECT plan('SELECT * FROM d ORDER BY g FOR UPDATE');
SELECT plan('SELECT * FROM d WHERE k = 1 ORDER BY g');
SELECT plan('SELECT k FROM d ORDER BY random()');
-- One statement for each node, whose rows come one after the other.
SELECT t, k FROM d ORDER BY t USING ~>~, k LIMIT 3;
SELECT w, k FROM d ORDER BY w DESC LIMIT 3;
-- A statement that comes again with other constants: a round trip for each node, nothing planned, nothing parsed.
CREATE TEMP TABLE before AS SELECT * FROM citus_session_counters();
CREATE FUNCTION pg_temp.moved() RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT c.name || ' ' || c.value - b.value FROM citus_session_counters() c JOIN before b USING (name)
        WHERE c.value <> b.value AND c.name !~ '^(connection|query)' ORDER BY c.name;
    UPDATE before b SET value = c.value FROM citus_session_counters() c WHERE c.name = b.name;
END $$;
SELECT count(*) FROM d WHERE g = 1;
SELECT count(*) FROM d WHERE g = 2;
SELECT count(*) FROM d WHERE g = 3;
SELECT g, k FROM d WHERE g < 50 ORDER BY g LIMIT 2;
SELECT g, k FROM d WHERE g < 60 ORDER BY g LIMIT 2;
SELECT g, k FROM d WHERE g < 70 ORDER BY g LIMIT 2;
SELECT count(*) > 0 AS forget FROM pg_temp.moved();
SELECT count(*) FROM d WHERE g = 4;
SELECT * FROM pg_temp.moved();
SELECT g, k FROM d WHERE g < 80 ORDER BY g LIMIT 2;
SELECT * FROM pg_temp.moved();
-- Another LIMIT is another statement.
SELECT g, k FROM d WHERE g < 80 ORDER BY g LIMIT 1;
SELECT count(*) > 0 AS planned FROM pg_temp.moved() AS m WHERE m = 'plans 1';
DROP SCHEMA merging CASCADE;
