-- How statements that no shard can run as they are written come to run there: joins instead of sub-selects, co-located
-- pieces of gathered joins, MERGE.
CREATE SCHEMA joined_blocks;
SET search_path TO joined_blocks;
SET client_min_messages TO warning;
CREATE TABLE a (k int, x int, v int);
CREATE TABLE b (k int, y int);
CREATE TABLE o (id int, x int, v int);
CREATE TABLE r (id int PRIMARY KEY, name text);
CREATE TABLE l (id int);
SELECT create_distributed_table('a', 'k', shard_count := 2), create_distributed_table('b', 'k', colocate_with := 'a'),
    create_distributed_table('o', 'id', shard_count := 2, colocate_with := 'none'), create_reference_table('r');
INSERT INTO a SELECT i, i % 50, i % 7 FROM generate_series(1, 2000) i;
INSERT INTO b SELECT i, i % 9 FROM generate_series(1, 20) i;
INSERT INTO o SELECT i, i % 40, i FROM generate_series(1, 300) i;
INSERT INTO r SELECT i, 'r' || i FROM generate_series(1, 50) i;
ANALYZE a, b, o, r;
-- The tier and the kind of motion of a statement.
CREATE FUNCTION shape(query text) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE line text;
BEGIN
    FOR line IN EXECUTE 'EXPLAIN (COSTS OFF) ' || query LOOP
        CONTINUE WHEN line !~ '(Tier|Motion|Task Count|Citus)';
        RETURN NEXT regexp_replace(line, '^( *)', '');
    END LOOP;
END $$;
-- A correlated aggregate, EXISTS in an expression and a first row become groups.
SELECT shape('SELECT count(*) FROM o, r WHERE o.x = r.id AND r.name = ''r3'' AND o.v > (SELECT avg(v) FROM a WHERE a.x = r.id)');
SELECT shape('SELECT id, EXISTS (SELECT 1 FROM a WHERE a.x = o.x) FROM o');
SELECT shape('SELECT id, (SELECT a.v FROM a WHERE a.x = o.x ORDER BY a.k LIMIT 1) FROM o');
-- Sub-selects in FROM that only join.
SELECT shape('SELECT s.v, count(*) FROM (SELECT a.v FROM a, b, o WHERE a.k = b.k AND o.x = a.x) s GROUP BY s.v');
-- Pieces.
SET citus.motion TO never;
SELECT shape('SELECT count(*) FROM a JOIN b ON a.k = b.k JOIN l ON l.id = a.x');
SELECT shape('SELECT count(*) FROM a JOIN r ON r.id = a.x JOIN l ON l.id = a.v WHERE r.name = ''r3''');
SELECT shape('SELECT count(*) FROM a JOIN l ON l.id = a.x');
SELECT shape('DELETE FROM o USING a, b WHERE a.k = b.k AND o.x = a.x');
RESET citus.motion;
-- MERGE.
SELECT shape('MERGE INTO a USING b ON a.k = b.k WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (b.k, b.y, 1)');
SELECT shape('MERGE INTO a USING b ON a.k = b.k WHEN NOT MATCHED THEN INSERT VALUES (b.y, b.k, 1)');
SELECT shape('MERGE INTO a USING b ON a.k = b.k WHEN MATCHED THEN UPDATE SET k = b.y');
SELECT shape('MERGE INTO a USING (SELECT 5 AS k, 6 AS y) b ON a.k = b.k WHEN MATCHED THEN UPDATE SET v = b.y WHEN NOT MATCHED THEN INSERT VALUES (b.k, b.y, 1)');
SELECT shape('MERGE INTO a USING o ON a.k = o.x WHEN MATCHED THEN DELETE');
SELECT shape('MERGE INTO r USING r q ON r.id = q.id + 1 WHEN MATCHED THEN UPDATE SET name = q.name');
CREATE ROLE merge_rls_user;
GRANT ALL ON a, b TO merge_rls_user;
GRANT USAGE ON SCHEMA joined_blocks TO merge_rls_user;
ALTER TABLE a ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON a USING (x < 10);
SET ROLE merge_rls_user;
MERGE INTO a USING b ON a.k = b.k WHEN MATCHED THEN DELETE;
RESET ROLE;
DROP SCHEMA joined_blocks CASCADE;
DROP ROLE merge_rls_user;
