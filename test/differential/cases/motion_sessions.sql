-- variants: distributed mixed
-- Motions where they are run: in transactions after writes, in prepared statements, in plpgsql, in cursors; and many of them in one session.
CREATE TABLE a (k int, x int, t text);
CREATE TABLE b (k int, y bigint, v int);
-- distribute: create_distributed_table('a', 'k')
-- distribute: create_distributed_table('b', 'k')
INSERT INTO a SELECT i, i * 3 % 50, 'v' || i % 9 FROM generate_series(1, 120) i;
INSERT INTO b SELECT i, i * 7 % 70, i FROM generate_series(1, 150) i;
-- distribute: set_config('citus.motion', 'always', false)
PREPARE p (int, text) AS SELECT count(*), sum(v) FROM a JOIN b ON a.x = b.y WHERE b.v > $1 AND a.t <> $2;
EXECUTE p (10, 'v1');
EXECUTE p (20, 'v2');
EXECUTE p (NULL, 'v2');
EXECUTE p (30, 'v3');
EXECUTE p (40, 'v4');
EXECUTE p (50, 'v5');
EXECUTE p (60, 'v6');
EXECUTE p (70, NULL);
EXECUTE p (80, 'v8');
EXECUTE p (90, 'v9');
PREPARE q (int) AS SELECT a.k, s.v FROM a JOIN (SELECT * FROM b ORDER BY v LIMIT $1) s ON s.y = a.x ORDER BY 1, 2;
EXECUTE q (1);
EXECUTE q (2);
EXECUTE q (3);
EXECUTE q (4);
EXECUTE q (0);
EXECUTE q (5);
EXECUTE q (7);
BEGIN;
INSERT INTO b SELECT i, i % 50, i FROM generate_series(1000, 1040) i;
SELECT count(*), sum(v) FROM a JOIN b ON a.x = b.y;
DELETE FROM a WHERE k < 20;
SELECT count(*), sum(v) FROM a JOIN b ON a.x = b.y;
SAVEPOINT s;
UPDATE b SET y = 3 WHERE v < 60;
SELECT count(*), sum(v) FROM a JOIN b ON a.x = b.y;
SELECT count(*), sum(v) FROM a JOIN b ON a.x = b.y JOIN a a2 ON a2.x = b.v / 0;
ROLLBACK TO s;
SELECT count(*), sum(v) FROM a JOIN b ON a.x = b.y;
EXECUTE p (10, 'v1');
SELECT count(*), sum(v) FROM a WHERE x IN (SELECT y FROM b WHERE v > 100);
ROLLBACK;
SELECT count(*), sum(v) FROM a JOIN b ON a.x = b.y;
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT count(*), sum(v) FROM a JOIN b ON a.x = b.y;
SELECT count(*), sum(v) FROM a LEFT JOIN b ON a.x = b.k + 1;
COMMIT;
BEGIN;
DECLARE c1 CURSOR FOR SELECT a.k, b.v FROM a JOIN b ON a.x = b.y ORDER BY 1, 2;
DECLARE c2 SCROLL CURSOR FOR SELECT a.k, b.k FROM a JOIN b ON a.x = b.y + 1 ORDER BY 1, 2;
FETCH 3 FROM c1;
FETCH 3 FROM c2;
INSERT INTO b VALUES (5000, 3, 5000);
FETCH 3 FROM c1;
FETCH BACKWARD 2 FROM c2;
SELECT count(*), sum(v) FROM a JOIN b ON a.x = b.y;
FETCH 3 FROM c1;
FETCH LAST FROM c2;
COMMIT;
CREATE FUNCTION f(n int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE total bigint := 0; r record; one bigint;
BEGIN
    FOR i IN 1..n LOOP
        SELECT count(*) INTO one FROM a JOIN b ON a.x = b.y WHERE b.v > i * 10;
        total := total + one;
    END LOOP;
    FOR r IN SELECT a.k, b.v FROM a JOIN b ON a.x = b.y ORDER BY 1, 2 LIMIT 5 LOOP
        SELECT count(*) INTO one FROM a JOIN b ON a.x = b.y WHERE a.k > r.k;
        total := total + one;
    END LOOP;
    BEGIN
        PERFORM 1 FROM a JOIN b ON a.x = b.y WHERE a.k / (b.v - b.v) = 1;
    EXCEPTION WHEN division_by_zero THEN
        total := total + 1000000;
    END;
    RETURN total + (SELECT count(*) FROM a JOIN b ON a.x = b.y);
END $$;
SELECT f(12);
SELECT f(3);
BEGIN;
INSERT INTO a VALUES (7000, 3, 'new');
SELECT f(2);
COMMIT;
CREATE TABLE copy_of AS SELECT a.k, b.v FROM a JOIN b ON a.x = b.y;
SELECT count(*), sum(v) FROM copy_of;
INSERT INTO b SELECT a.k + 10000, a.x, b.v FROM a JOIN b ON a.x = b.y;
SELECT count(*), sum(v), sum(y) FROM b;
UPDATE a SET t = 'upd' WHERE x IN (SELECT y FROM b WHERE v > 140);
SELECT t, count(*) FROM a GROUP BY t ORDER BY t;
DELETE FROM a USING b WHERE a.x = b.y AND b.v < 4;
SELECT count(*) FROM a;
CREATE VIEW w AS SELECT a.t, sum(b.v) AS s FROM a JOIN b ON a.x = b.y GROUP BY a.t;
SELECT * FROM w ORDER BY t;
SELECT a.k, w.s FROM a JOIN w USING (t) ORDER BY a.k LIMIT 10;
