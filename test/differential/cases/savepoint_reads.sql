-- What a transaction reads after a rollback to a savepoint: of reads that failed or were left unread on several
-- shards nothing may stay in use at the nodes, their snapshot least of all.
-- variants: distributed reference mixed single partial onenode partitioned
CREATE TABLE items (k bigint, id int, v int CHECK (v >= 0), PRIMARY KEY (k, id));
-- distribute: create_distributed_table('items', 'k', shard_count := 4)
CREATE TABLE notes (k bigint, id int, v int, PRIMARY KEY (k, id));
-- distribute: create_distributed_table('notes', 'k', shard_count := 4)
CREATE TABLE others (k bigint, id int, v int, PRIMARY KEY (k, id));
-- distribute: create_distributed_table('others', 'k', shard_count := 6, colocate_with := 'none')
INSERT INTO items SELECT g, g, g % 3 FROM generate_series(1, 40) g;
-- A read of all shards fails; then a row is written and read where one shard is enough.
BEGIN;
SAVEPOINT e;
SELECT 1 / (id - id) FROM items;
ROLLBACK TO e;
INSERT INTO items VALUES (7, 100, 1) ON CONFLICT (k, id) DO UPDATE SET v = items.v;
SELECT * FROM items WHERE k = 7;
UPDATE items SET v = v + 5 WHERE k = 7;
SELECT * FROM items WHERE k = 7;
DELETE FROM items WHERE k = 7 AND id = 100;
SELECT * FROM items WHERE k = 7;
SELECT count(*), sum(v) FROM items;
COMMIT;
-- The same name again, an aggregate, a read of another table meanwhile, and each table in turn.
BEGIN;
SAVEPOINT e;
SELECT sum(1 / (id - id)) FROM items;
ROLLBACK TO e;
SELECT count(*) FROM items;
SAVEPOINT e;
SELECT 1 / (id - id) FROM items, generate_series(1, 2);
ROLLBACK TO e;
SELECT count(*) FROM others;
INSERT INTO notes VALUES (1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 4, 4), (5, 5, 5);
SELECT * FROM notes WHERE k = 1;
SELECT * FROM notes WHERE k = 2;
SELECT * FROM notes;
INSERT INTO others SELECT k, id, v FROM notes;
SELECT * FROM others WHERE k = 3;
SELECT * FROM others;
COMMIT;
-- Only some shards fail, in several levels at once, of which the outermost is rolled back.
BEGIN;
SAVEPOINT a;
INSERT INTO notes VALUES (11, 11, 11);
SAVEPOINT b;
SELECT k, 10 / (k - 5) AS x FROM items ORDER BY k;
ROLLBACK TO b;
SAVEPOINT c;
SELECT i.k, 10 / (o.k - 3) AS x FROM items i JOIN others o ON o.k = i.id ORDER BY 1;
ROLLBACK TO a;
SELECT * FROM notes WHERE k = 11;
INSERT INTO notes VALUES (11, 12, 13);
SELECT * FROM notes WHERE k = 11;
SELECT count(*) FROM notes;
RELEASE a;
UPDATE notes SET v = v + 1 WHERE k = 11;
SELECT * FROM notes WHERE k = 11;
COMMIT;
SELECT * FROM notes;
-- A cursor from before the savepoint keeps what it sees; the others see what is new.
BEGIN;
DECLARE old CURSOR FOR SELECT k, id, v FROM items ORDER BY k, id;
FETCH 2 FROM old;
SAVEPOINT s;
UPDATE items SET v = v + 10;
DECLARE young CURSOR FOR SELECT k, id, v FROM items ORDER BY k, id;
FETCH 2 FROM young;
SELECT 1 / (id - id) FROM items;
ROLLBACK TO s;
UPDATE items SET v = v + 100 WHERE k IN (3, 4, 7);
SELECT * FROM items WHERE k = 3;
SELECT * FROM items WHERE k = 7;
FETCH 3 FROM old;
SELECT * FROM items WHERE k = 4;
SAVEPOINT s;
SELECT sum(1 / (v - v)) FROM items;
ROLLBACK TO s;
FETCH 3 FROM old;
INSERT INTO items VALUES (7, 101, 1);
SELECT * FROM items WHERE k = 7;
ROLLBACK;
-- A cursor outlives the released savepoint in which it was opened, with rows that are still to come.
BEGIN;
SAVEPOINT s;
SAVEPOINT t;
DECLARE many CURSOR FOR SELECT k, id, g FROM items, generate_series(1, 300) g ORDER BY 1, 2, 3;
FETCH 1 FROM many;
RELEASE t;
SAVEPOINT t;
SELECT 1 / 0;
ROLLBACK TO t;
FETCH 2 FROM many;
RELEASE s;
SAVEPOINT s;
SELECT 1 / 0;
ROLLBACK TO s;
FETCH ALL FROM many;
COMMIT;
-- Errors that a block of PL/pgSQL catches, in a loop.
DO $$
DECLARE seen int;
BEGIN
    FOR i IN 1 .. 6 LOOP
        BEGIN
            PERFORM sum(1 / (id - id)) FROM items;
        EXCEPTION WHEN division_by_zero THEN
            INSERT INTO notes VALUES (20 + i, i, i);
            SELECT count(*) INTO seen FROM notes WHERE k = 20 + i;
            IF seen <> 1 THEN
                RAISE EXCEPTION 'row % is not seen', i;
            END IF;
        END;
        UPDATE notes SET v = v + 1 WHERE k = 20 + i;
        SELECT v INTO seen FROM notes WHERE k = 20 + i;
        IF seen <> i + 1 THEN
            RAISE EXCEPTION 'the change of row % is not seen', i;
        END IF;
    END LOOP;
END $$;
SELECT * FROM notes WHERE k > 20;
-- One node fails while others have not begun, with savepoints of several levels that they have not set yet: those of
-- the outer ones stay, with what was written in them.
DO $$
BEGIN
    FOR i IN 1 .. 40 LOOP
        BEGIN
            BEGIN
                PERFORM 10 / (k - i) FROM items;
            EXCEPTION WHEN division_by_zero THEN NULL;
            END;
            INSERT INTO notes VALUES (30 + i, i, (SELECT count(*) FROM others WHERE v < i));
            BEGIN
                PERFORM sum(1 / (id - id)) FROM items WHERE id > i;
            EXCEPTION WHEN division_by_zero THEN
                UPDATE items SET v = v + 1 WHERE k = i;
            END;
            IF i % 7 = 0 THEN
                RAISE EXCEPTION 'enough';
            END IF;
        EXCEPTION WHEN raise_exception THEN NULL;
        END;
    END LOOP;
END $$;
SELECT * FROM notes WHERE k > 30;
SELECT k, v FROM items;
-- Commands that are to be prepared behind one that fails.
CREATE FUNCTION prepares() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. 30 LOOP
        BEGIN
            INSERT INTO items VALUES (1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 4, 4), (5, 5, 5), (6, 6, 6);
        EXCEPTION WHEN unique_violation THEN NULL;
        END;
        INSERT INTO items VALUES (i, 200 + i, i);
    END LOOP;
END $$;
SELECT prepares();
SELECT * FROM items;
