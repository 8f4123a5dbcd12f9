-- Correlated scans: few runs ask the shards, many read the whole once.
CREATE SCHEMA correlated;
SET search_path TO correlated;
CREATE TABLE outside (k int, v int);
CREATE TABLE inside (k int, v int, t text);
SELECT create_distributed_table('inside', 'k');
INSERT INTO outside SELECT g, g FROM generate_series(1, 3000) g;
INSERT INTO inside SELECT g, g % 3000, 'row ' || g FROM generate_series(1, 9000) g;
ANALYZE outside, inside;
CREATE FUNCTION runs(query text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (ANALYZE, TIMING off, SUMMARY off) ' || query LOOP
        IF line ~ 'Correlated Runs' THEN
            RETURN trim(regexp_replace(line, '\d{1,4} (on|in)', 'N \1', 'g'));
        END IF;
    END LOOP;
    RETURN 'on the shards only';
END $$;
SELECT runs('SELECT k FROM outside o WHERE v > ALL (SELECT i.k FROM inside i WHERE i.v = o.v)');
SELECT runs('SELECT k, (SELECT t FROM inside i WHERE i.v = o.v AND i.k > 3000 ORDER BY k OFFSET 1 LIMIT 1) FROM outside o');
SELECT runs('SELECT k, (SELECT t FROM inside i WHERE i.v = o.v ORDER BY k OFFSET 1 LIMIT 1) FROM outside o WHERE k = 5');
-- Above the memory that hash tables may use, in a file.
SET work_mem = '64kB';
SELECT runs('SELECT k FROM outside o WHERE v > ALL (SELECT i.k FROM inside i WHERE i.v = o.v AND i.t > ''r'')');
RESET work_mem;
-- Locking asks for each row.
SELECT runs('SELECT k FROM outside o, LATERAL (SELECT t FROM inside i WHERE i.v = o.v ORDER BY i.k LIMIT 1 FOR UPDATE) l WHERE o.k < 20');
SET client_min_messages TO warning;
DROP SCHEMA correlated CASCADE;
