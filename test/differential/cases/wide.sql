-- variants: distributed reference onenode
-- As many columns as a table can have, and values as long as memory allows.
CREATE FUNCTION wide_table(name text, n int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE TABLE %I (%s)', name, (SELECT string_agg('c' || g || ' int', ', ' ORDER BY g) FROM generate_series(1, n) AS g));
END $$;
SELECT wide_table('widest', 1600);
SELECT wide_table('dropped', 1600);
DO $$ BEGIN FOR g IN 2 .. 700 LOOP EXECUTE 'ALTER TABLE dropped DROP COLUMN c' || g; END LOOP; END $$;
-- distribute: create_distributed_table('widest', 'c1')
-- distribute: create_distributed_table('dropped', 'c1')
CREATE FUNCTION numbers(first int, last int, factor int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT string_agg((g * factor)::text, '','' ORDER BY g) FROM generate_series(first, last) AS g';
DO $$ BEGIN FOR f IN 1 .. 5 LOOP EXECUTE 'INSERT INTO widest VALUES (' || numbers(1, 1600, f) || ')'; END LOOP; END $$;
DO $$ BEGIN FOR f IN 1 .. 5 LOOP EXECUTE 'INSERT INTO dropped VALUES (' || f || ',' || numbers(701, 1600, f) || ')'; END LOOP; END $$;
SELECT count(*), sum(c1), sum(c800), sum(c1600) FROM widest;
SELECT * FROM widest WHERE c1 = 3;
SELECT c1, c2, c1600 FROM widest ORDER BY c1;
SELECT md5(widest::text) FROM widest ORDER BY c1;
SELECT count(widest) FROM widest;
SELECT * FROM dropped WHERE c1 = 3;
SELECT md5(dropped::text) FROM dropped ORDER BY c1;
SELECT a.c1, b.c1600 FROM widest a JOIN dropped b USING (c1) ORDER BY 1;
SELECT c1599 + c1600 FROM widest WHERE c800 = 1600;
UPDATE widest SET c1600 = -1, c2 = c3 WHERE c1 = 2 RETURNING c1, c2, c1600;
UPDATE widest SET c900 = c900 + 1;
DELETE FROM widest WHERE c900 = 901 RETURNING c1;
SELECT sum(c900) FROM widest;
INSERT INTO widest SELECT * FROM widest WHERE c1 = 5;
INSERT INTO widest (c1, c1600) VALUES (100, 1), (101, 2) RETURNING c1, c1600, c7;
SELECT count(*) FROM widest;
INSERT INTO dropped (c1, c1600) SELECT c1, c1600 FROM widest WHERE c1 > 50;
SELECT c1, c1600, c701 FROM dropped ORDER BY c1;
ALTER TABLE widest ADD COLUMN onetoomany int;
SELECT count(*) FROM widest a JOIN widest b USING (c1);
-- any-error
SELECT * FROM widest a JOIN dropped b USING (c1);
CREATE TABLE long (k int PRIMARY KEY, t text, b bytea, j jsonb, a int[]);
-- distribute: create_distributed_table('long', 'k')
INSERT INTO long SELECT g, repeat(chr(96 + g), 300000 * g), decode(repeat('00ff', 100000 * g), 'hex'), jsonb_build_object('x', repeat('j', 200000 * g)), ARRAY(SELECT generate_series(1, 20000 * g)) FROM generate_series(1, 6) AS g;
SELECT k, length(t), md5(t), length(b), md5(b), length(j ->> 'x'), array_length(a, 1) FROM long ORDER BY k;
SELECT md5(t), md5(b), md5(j::text), md5(a::text) FROM long WHERE k = 6;
SELECT length(string_agg(t, '' ORDER BY k)) FROM long;
SELECT k FROM long WHERE t LIKE 'c%' AND length(b) > 100;
UPDATE long SET t = t || t WHERE k = 6 RETURNING length(t);
UPDATE long SET b = b || b RETURNING k, length(b);
SELECT sum(length(t)), sum(length(b)) FROM long;
PREPARE put(int, text) AS INSERT INTO long (k, t) VALUES ($1, repeat($2, 1000000)) RETURNING k, length(t), md5(t);
EXECUTE put(10, 'x');
EXECUTE put(11, 'yz');
EXECUTE put(12, NULL);
SELECT k, md5(t) FROM long WHERE k > 9 ORDER BY k;
-- Many rows, many values in one statement.
CREATE TABLE many (k int PRIMARY KEY, v int);
-- distribute: create_distributed_table('many', 'k')
INSERT INTO many SELECT g, g % 100 FROM generate_series(1, 50000) AS g;
SELECT count(*), sum(k::bigint), min(k), max(k) FROM many;
SELECT v, count(*) FROM many GROUP BY v ORDER BY v LIMIT 5;
SELECT * FROM many ORDER BY v, k DESC LIMIT 5;
SELECT count(*) FROM many WHERE k IN (SELECT v FROM many);
SELECT count(*) FROM many a JOIN many b USING (k) WHERE a.v < b.k;
UPDATE many SET v = v + 1 WHERE k % 2 = 0;
DELETE FROM many WHERE k > 49990 RETURNING k;
SELECT count(*), sum(v) FROM many;
DO $$ BEGIN EXECUTE 'INSERT INTO many VALUES ' || (SELECT string_agg('(' || 100000 + g || ',' || g || ')', ',') FROM generate_series(1, 3000) AS g); END $$;
SELECT count(*), sum(v) FROM many WHERE k > 100000;
DO $$ DECLARE n bigint; BEGIN EXECUTE 'SELECT count(*) FROM many WHERE k IN (' || numbers(1, 3000, 7) || ')' INTO n; RAISE NOTICE '%', n; IF n <> 3000 THEN RAISE EXCEPTION 'found %', n; END IF; END $$;
INSERT INTO many SELECT k + 1000000, v FROM many WHERE v < 50;
SELECT count(*) FROM many;
