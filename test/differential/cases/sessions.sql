-- variants: distributed reference single onenode
-- Cursors, savepoints, exceptions, functions and settings: how statements of one session share its connections.
CREATE TABLE item (id int PRIMARY KEY, grp int, note text, at timestamptz, amount money, raw bytea);
-- distribute: create_distributed_table('item', 'id')
INSERT INTO item SELECT i, i % 7, 'note ' || i, '2024-01-01 12:00+00'::timestamptz + i * interval '1 hour', i::numeric::money, decode(lpad(to_hex(i), 4, '0'), 'hex') FROM generate_series(1, 3000) i;
-- A cursor is read while other statements use its connection, and keeps its snapshot.
BEGIN;
DECLARE c CURSOR FOR SELECT id, note FROM item ORDER BY id;
FETCH 3 FROM c;
UPDATE item SET note = 'changed' WHERE id BETWEEN 1 AND 20;
SELECT count(*) FROM item WHERE note = 'changed';
FETCH 3 FROM c;
DELETE FROM item WHERE id = 9;
FETCH 3 FROM c;
SAVEPOINT s;
DELETE FROM item WHERE id < 100;
FETCH 3 FROM c;
ROLLBACK TO s;
FETCH 3 FROM c;
FETCH BACKWARD 2 FROM c;
MOVE FORWARD ALL IN c;
FETCH 1 FROM c;
CLOSE c;
SELECT count(*), min(id) FROM item WHERE id < 100;
ROLLBACK;
-- Two cursors and a statement, in turns.
BEGIN;
DECLARE a NO SCROLL CURSOR FOR SELECT id FROM item WHERE grp = 1 ORDER BY id;
DECLARE b NO SCROLL CURSOR FOR SELECT id FROM item WHERE grp = 2 ORDER BY id DESC;
FETCH 2 FROM a;
FETCH 2 FROM b;
SELECT sum(id) FROM item;
FETCH 2 FROM a;
FETCH 2 FROM b;
COMMIT;
-- WITH HOLD outlives its transaction.
BEGIN;
DECLARE h CURSOR WITH HOLD FOR SELECT id FROM item WHERE id % 500 = 0 ORDER BY id;
FETCH 1 FROM h;
COMMIT;
DELETE FROM item WHERE id = 1500;
FETCH ALL FROM h;
CLOSE h;
-- A cursor that was open when a savepoint was rolled back stays readable; one opened inside is gone.
BEGIN;
DECLARE o CURSOR FOR SELECT id FROM item ORDER BY id;
SAVEPOINT s;
FETCH 2 FROM o;
DECLARE i CURSOR FOR SELECT id FROM item ORDER BY id DESC;
FETCH 2 FROM i;
ROLLBACK TO s;
FETCH 2 FROM o;
FETCH 2 FROM i;
ROLLBACK;
-- Nested savepoints, released and rolled back.
BEGIN;
INSERT INTO item (id, grp) VALUES (5001, 1);
SAVEPOINT a;
INSERT INTO item (id, grp) VALUES (5002, 1);
SAVEPOINT b;
INSERT INTO item (id, grp) VALUES (5003, 1);
RELEASE b;
SAVEPOINT c;
INSERT INTO item (id, grp) VALUES (5004, 1);
ROLLBACK TO c;
INSERT INTO item (id, grp) VALUES (5005, 1);
SELECT id FROM item WHERE id > 5000 ORDER BY id;
ROLLBACK TO a;
SELECT id FROM item WHERE id > 5000 ORDER BY id;
INSERT INTO item (id, grp) VALUES (5006, 1);
COMMIT;
SELECT id FROM item WHERE id > 5000 ORDER BY id;
-- An error in the middle of a result, then more of the session.
SELECT id / (id - 1777) FROM item;
SELECT count(*) FROM item;
BEGIN;
SAVEPOINT s;
SELECT sum(1 / (id - 1777)) FROM item;
ROLLBACK TO s;
SELECT count(*) FROM item;
COMMIT;
-- PL/pgSQL: exception blocks are savepoints.
DO $$
DECLARE n int := 0; r record;
BEGIN
    FOR i IN 1 .. 6 LOOP
        BEGIN
            INSERT INTO item (id, grp, note) VALUES (6000 + i % 3, i, 'try ' || i);
        EXCEPTION WHEN unique_violation THEN
            UPDATE item SET note = note || ', again ' || i WHERE id = 6000 + i % 3;
        END;
    END LOOP;
    FOR r IN SELECT id FROM item WHERE id <= 3000 ORDER BY id LOOP
        n := n + 1;
        IF n % 1000 = 0 THEN
            BEGIN
                UPDATE item SET note = 'seen' WHERE id = r.id;
                IF n = 2000 THEN RAISE EXCEPTION 'no'; END IF;
            EXCEPTION WHEN raise_exception THEN NULL;
            END;
        END IF;
    END LOOP;
    INSERT INTO item (id, grp) VALUES (7000, n);
END $$;
SELECT id, grp, note FROM item WHERE id > 5500 OR note = 'seen' ORDER BY id;
CREATE FUNCTION add_item(k int, g int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO item (id, grp) VALUES (k, g);
    RETURN (SELECT count(*) FROM item WHERE grp = g);
END $$;
SELECT add_item(8001, 70), add_item(8002, 70), add_item(8003, 70);
SELECT add_item(8004, 70), add_item(8004, 70);
SELECT count(*) FROM item WHERE grp = 70;
CREATE PROCEDURE in_steps() LANGUAGE plpgsql AS $$
DECLARE r record;
BEGIN
    FOR r IN SELECT id FROM item WHERE id <= 40 ORDER BY id LOOP
        UPDATE item SET grp = 1000 + r.id WHERE id = r.id;
        IF r.id % 10 = 0 THEN COMMIT; END IF;
        IF r.id = 35 THEN ROLLBACK; END IF;
    END LOOP;
    COMMIT;
END $$;
CALL in_steps();
SELECT id, grp FROM item WHERE grp >= 1000 ORDER BY id;
-- The settings of the session hold for its connections, and go back with SET LOCAL.
SELECT at, amount, raw FROM item WHERE id = 40;
SET TimeZone = 'Asia/Tokyo';
SET bytea_output = 'escape';
SELECT at, amount, raw FROM item WHERE id = 40;
SELECT count(*) FROM item WHERE at::date = '2024-01-03';
SELECT id, at::text, raw::text FROM item WHERE id BETWEEN 39 AND 41 ORDER BY id;
BEGIN;
SET LOCAL TimeZone = 'America/New_York';
SET LOCAL DateStyle = 'German, DMY';
SELECT id, at::text FROM item WHERE id BETWEEN 39 AND 41 ORDER BY id;
SELECT count(*) FROM item WHERE at::date = '2024-01-03';
ROLLBACK;
SELECT id, at::text FROM item WHERE id BETWEEN 39 AND 41 ORDER BY id;
RESET TimeZone;
RESET bytea_output;
BEGIN;
SAVEPOINT s;
SET LOCAL TimeZone = 'America/New_York';
SELECT at::text FROM item WHERE id = 40;
ROLLBACK TO s;
SELECT at::text FROM item WHERE id = 40;
COMMIT;
SET IntervalStyle = 'sql_standard';
SELECT id, (at - '2024-01-01 12:00+00'::timestamptz)::text FROM item WHERE id IN (1, 30) ORDER BY id;
RESET IntervalStyle;
-- Isolation levels and read only.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT count(*) FROM item;
INSERT INTO item (id) VALUES (9001);
SELECT count(*) FROM item;
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE;
INSERT INTO item (id) VALUES (9001), (9002), (9003);
COMMIT;
SELECT count(*) FROM item;
BEGIN READ ONLY;
SELECT count(*) FROM item;
INSERT INTO item (id) VALUES (9100);
ROLLBACK;
SET default_transaction_read_only = on;
INSERT INTO item (id) VALUES (9100);
DELETE FROM item;
RESET default_transaction_read_only;
SELECT count(*) FROM item;
-- LIMIT ends a query before its end; what follows must not be disturbed.
SELECT count(*) FROM (SELECT id FROM item LIMIT 5) s;
SELECT count(*) FROM (SELECT id FROM item LIMIT 5) s;
BEGIN;
SELECT count(*) FROM (SELECT id FROM item LIMIT 5) s;
UPDATE item SET note = 'after limit' WHERE id = 77;
SELECT count(*) FROM (SELECT id FROM item LIMIT 5) s;
COMMIT;
SELECT note FROM item WHERE id = 77;
SELECT EXISTS (SELECT 1 FROM item), (SELECT note FROM item WHERE id = 77);
PREPARE q(int) AS SELECT note FROM item WHERE id = $1;
EXECUTE q(1);
EXECUTE q(2);
EXECUTE q(3);
EXECUTE q(4);
EXECUTE q(5);
EXECUTE q(77);
EXECUTE q(NULL);
ALTER TABLE item ADD COLUMN extra int DEFAULT 5;
EXECUTE q(77);
DEALLOCATE q;
SELECT sum(extra) FROM item;
-- A cursor shows the rows as of its DECLARE, also those it reads only later.
BEGIN;
DECLARE d CURSOR FOR SELECT id, note FROM item WHERE id < 6 ORDER BY id;
UPDATE item SET note = 'later' WHERE id < 4;
DELETE FROM item WHERE id = 4;
FETCH ALL FROM d;
ROLLBACK;
BEGIN;
DECLARE e CURSOR FOR SELECT a.id, (SELECT max(b.note) FROM item b WHERE b.grp = a.grp AND b.id < 20) FROM item a WHERE a.id BETWEEN 2 AND 9 ORDER BY a.id;
FETCH 2 FROM e;
UPDATE item SET note = 'zz later' WHERE id < 20;
FETCH 2 FROM e;
SAVEPOINT s;
DELETE FROM item WHERE id < 20;
FETCH 2 FROM e;
ROLLBACK TO s;
FETCH ALL FROM e;
ROLLBACK;
BEGIN;
DECLARE f SCROLL CURSOR FOR SELECT a.id, b.note FROM item a, LATERAL (SELECT note FROM item WHERE grp = a.grp ORDER BY id LIMIT 1) b WHERE a.id IN (10, 20, 30, 40) ORDER BY a.id;
FETCH 2 FROM f;
UPDATE item SET note = 'zz later' WHERE id < 50;
FETCH NEXT FROM f;
FETCH ABSOLUTE 1 FROM f;
FETCH ALL FROM f;
ROLLBACK;
-- Rows that are declared outside and first read inside of a savepoint outlive it.
BEGIN;
DECLARE g CURSOR FOR SELECT id, repeat(note, 100) FROM item ORDER BY id;
SAVEPOINT s;
UPDATE item SET note = 'in savepoint' WHERE id = 3;
ROLLBACK TO s;
FETCH 3 FROM g;
SELECT count(*) FROM item;
MOVE 2000 IN g;
FETCH 1 FROM g;
COMMIT;
-- The body of a loop changes the table it reads.
DO $$
DECLARE r record; n int := 0;
BEGIN
    FOR r IN SELECT id FROM item WHERE id BETWEEN 100 AND 400 LOOP
        UPDATE item SET id = id WHERE id = r.id;
        DELETE FROM item WHERE id = r.id + 100;
        n := n + 1;
    END LOOP;
    IF n <> 301 THEN RAISE EXCEPTION 'saw % rows', n; END IF;
END $$;
SELECT count(*), sum(id) FROM item;
-- A statement does not see what it writes itself.
CREATE TABLE target (id int PRIMARY KEY, n int);
-- distribute: create_distributed_table('target', 'id')
INSERT INTO target SELECT i, 0 FROM generate_series(1, 10) i;
INSERT INTO target SELECT id + 100, n FROM target UNION ALL SELECT id + 200, n FROM target;
SELECT count(*), sum(id) FROM target;
INSERT INTO target SELECT 1000 + a.id, (SELECT count(*) FROM target b WHERE b.id > a.id) FROM item a WHERE a.id <= 2500;
SELECT count(*), sum(n) FROM target;
WITH added AS (INSERT INTO target SELECT id + 10000, 1 FROM target RETURNING id) SELECT count(*), (SELECT count(*) FROM target) FROM added;
SELECT count(*) FROM target;
