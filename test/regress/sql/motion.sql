-- Rows that move between nodes: what ordinary users may do with the functions behind it. Nobody needs to know these
-- functions, but everybody may call them, with whatever bytes.
CREATE ROLE motion_user LOGIN;
GRANT ALL ON SCHEMA public TO motion_user;
SET ROLE motion_user;
CREATE TABLE motion_a (k int, x int, v numeric);
CREATE TABLE motion_b (k int, x int, v numeric);
SELECT create_distributed_table('motion_a', 'k', shard_count => 4);
SELECT create_distributed_table('motion_b', 'k', shard_count => 4, colocate_with => 'none');
INSERT INTO motion_a SELECT i, i % 50, i FROM generate_series(1, 200) i;
INSERT INTO motion_b SELECT i, i % 70, i FROM generate_series(1, 200) i;
SET citus.motion TO always;
EXPLAIN (COSTS OFF) SELECT count(*) FROM motion_a a JOIN motion_b b ON a.x = b.x;
SELECT count(*), sum(a.v + b.v) FROM motion_a a JOIN motion_b b ON a.x = b.x;

-- What may be said wrongly.
BEGIN;
SELECT citus_internal.motion_begin('{901}');
SAVEPOINT s;
SELECT * FROM citus_internal.motion_partition(901, -1, 2, '{2147483647}', '{1}', 0, '{}', '{SELECT 1}');
ROLLBACK TO s;
SELECT * FROM citus_internal.motion_partition(901, -1, 1, '{2147483647}', '{}', 0, '{}', '{SELECT 1}');
ROLLBACK TO s;
SELECT * FROM citus_internal.motion_partition(901, -1, 1, '{-2147483648}', '{1}', 0, '{}', '{SELECT 1}');
ROLLBACK TO s;
SELECT * FROM citus_internal.motion_partition(901, -1, 1, '{2147483647}', '{1}', 0, '{}', ARRAY['SELECT point(1, 2)']);
ROLLBACK TO s;
SELECT * FROM citus_internal.motion_partition(901, -1, 0, '{}', '{1}', 0, '{}', '{COMMIT}');
ROLLBACK TO s;
SELECT * FROM citus_internal.motion_partition(901, -1, 0, '{}', '{1}', 0, '{}', '{SELECT 1 INTO motion_c}');
ROLLBACK TO s;
SELECT * FROM citus_internal.motion_partition(901, -1, 0, '{}', '{1}', 0, '{}', '{SELECT 1; SELECT 2}');
ROLLBACK TO s;
SELECT * FROM citus_internal.motion_partition(901, -1, 0, '{}', '{1}', 0, '{somewhere}', '{SELECT 1}');
ROLLBACK TO s;
-- Rows are sent to nodes of the cluster only: this place is none, and so they stay in the result.
SELECT target, kind, length(content) > 2000000 FROM citus_internal.motion_partition(901, -1, 0, '{}', '{7}', 0,
    '{7 1 192.0.2.1}', ARRAY['SELECT repeat(''x'', 3000000)']);
SELECT citus_internal.motion_deliver('\x00', '\x00', -1);
ROLLBACK TO s;
SELECT citus_internal.motion_deliver(set_byte(h, 59, 255 - get_byte(h, 59)), '\x00', -1)
FROM (SELECT citus_internal.motion_inbox() AS h OFFSET 0) AS i;
ROLLBACK TO s;
SELECT citus_internal.motion_collect(901, decode(repeat('00', 60), 'hex'), -1);
ROLLBACK TO s;
SELECT citus_internal.motion_put(901, '\x00', -1);
ROLLBACK TO s;
SELECT citus_internal.motion_put(902, '\x00', -1);
ROLLBACK TO s;
SELECT * FROM citus_internal.read_motion(902, 0) AS (a int);
ROLLBACK;
SELECT count(*) FROM citus_internal.peer;
SELECT citus_internal.set_peers('{a}', '{1}');

-- Every byte of a chunk is replaced by others: the rows are taken or refused, and the server lives. The same bytes
-- are read as rows of other shapes.
CREATE FUNCTION motion_chunk(query text) RETURNS bytea LANGUAGE sql AS $$
SELECT content FROM citus_internal.motion_partition(901, -1, 0, '{}', '{1}', 0, '{}', ARRAY[query]) WHERE kind = 0
$$;
CREATE FUNCTION motion_read(chunk bytea, shape text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    seen text;
BEGIN
    PERFORM citus_internal.motion_begin('{901}');
    PERFORM citus_internal.motion_put(901, chunk, -1);
    EXECUTE format('SELECT string_agg(r::text, chr(10)) FROM citus_internal.read_motion(901, -1) AS r (%s)', shape) INTO seen;
    RETURN seen;
END $$;
CREATE FUNCTION motion_forge(query text, shape text) RETURNS TABLE (outcome text, found bool) LANGUAGE plpgsql AS $$
DECLARE
    chunk bytea;
    original text;
    value int; taken int := 0; refused int := 0;
BEGIN
    PERFORM citus_internal.motion_begin('{901}');
    chunk := motion_chunk(query);
    original := motion_read(chunk, shape);
    FOR place IN 0 .. length(chunk) - 1 LOOP
        FOR value IN SELECT v FROM unnest(ARRAY[0, 1, 2, 18, 127, 128, 255]) v LOOP
            BEGIN
                PERFORM motion_read(set_byte(chunk, place, value), shape);
                taken := taken + 1;
            EXCEPTION WHEN OTHERS THEN
                refused := refused + 1;
            END;
        END LOOP;
    END LOOP;
    RETURN QUERY VALUES ('original', original IS NOT NULL), ('taken', taken > 0), ('refused', refused > 0),
        ('tried', taken + refused = length(chunk) * 7);
END $$;
SELECT * FROM motion_forge('SELECT 1, ''some text'', 12345.678::numeric, NULL::int, ''NaN''::numeric, 0::numeric FROM generate_series(1, 2)',
    'a int, b text, c numeric, d int, e numeric, f numeric');
SELECT * FROM motion_forge('SELECT ARRAY[1, 2, 3], ARRAY[''a'', NULL], ''{"a": [1, 2]}''::jsonb, ''name''::name, ''10.0.0.1/8''::inet, ''(1,2)''::point',
    'a int[], b text[], c jsonb, d name, e inet, f point');
SELECT * FROM motion_forge('SELECT ''\x010203''::bytea, now(), int4range(1, 5), ''101''::varbit, ''a b''::tsvector, ''pg_class''::regclass',
    'a bytea, b timestamptz, c int4range, d varbit, e tsvector, f regclass');
-- Rows of another shape than the reader expects.
CREATE FUNCTION motion_misread(query text, shape text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM citus_internal.motion_begin('{901}');
    RETURN motion_read(motion_chunk(query), shape);
EXCEPTION WHEN data_corrupted OR invalid_text_representation OR invalid_binary_representation THEN
    RETURN SQLERRM;
END $$;
SELECT shape, motion_misread('SELECT 1, 2', shape) FROM unnest(ARRAY['a int, b int', 'a int', 'a int, b int, c int', 'a text, b int',
    'a int, b text', 'a bigint, b bigint', 'a int[], b jsonb', 'a numeric, b numeric']) AS shape;
SELECT motion_misread('SELECT ''\xff41''::bytea', 'a text');
SELECT motion_misread('SELECT ''\xf0''::bytea', 'a varchar');
SELECT motion_misread('SELECT ''\x00''::bytea', 'a json');
SELECT motion_misread('SELECT ''\x808027ff''::bytea', 'a numeric');
SELECT motion_misread('SELECT repeat(''x'', 100000)', 'a bytea') = '(' || '"\\x' || repeat('78', 100000) || '")';
RESET ROLE;
DROP TABLE motion_a, motion_b;
DROP FUNCTION motion_chunk, motion_read, motion_forge, motion_misread;
REVOKE ALL ON SCHEMA public FROM motion_user;
DROP ROLE motion_user;
