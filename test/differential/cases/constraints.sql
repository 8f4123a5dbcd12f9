-- SET CONSTRAINTS, DEFERRABLE constraints and the moments at which they are checked.
-- variants: distributed onenode
CREATE TABLE uq (i int UNIQUE DEFERRABLE, t text);
CREATE TABLE later (i int, j int, CONSTRAINT "Later PK" PRIMARY KEY (i) DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE parent (id int PRIMARY KEY, v int);
CREATE TABLE child (id int PRIMARY KEY, CONSTRAINT child_parent FOREIGN KEY (id) REFERENCES parent (id) DEFERRABLE);
-- distribute: create_distributed_table('uq', 'i')
-- distribute: create_distributed_table('later', 'i')
-- distribute: create_distributed_table('parent', 'id')
-- distribute: create_distributed_table('child', 'id')
INSERT INTO uq VALUES (1, 'a'), (2, 'b'), (3, 'c');
INSERT INTO later SELECT g, g FROM generate_series(1, 10) g;
INSERT INTO parent SELECT g, g FROM generate_series(1, 10) g;
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO uq VALUES (3, 'again');
DELETE FROM uq WHERE t = 'c';
COMMIT;
SELECT * FROM uq ORDER BY i;
BEGIN;
INSERT INTO uq VALUES (1, 'one');
ROLLBACK;
BEGIN;
SET CONSTRAINTS uq_i_key DEFERRED;
INSERT INTO uq VALUES (1, 'one'), (2, 'two');
SET CONSTRAINTS ALL IMMEDIATE;
COMMIT;
SELECT * FROM uq ORDER BY i;
-- a connection that is open already, and one that opens later
BEGIN;
SELECT count(*) FROM uq WHERE i = 1;
SET CONSTRAINTS uq_i_key DEFERRED;
INSERT INTO uq VALUES (1, 'one');
INSERT INTO uq VALUES (2, 'two');
INSERT INTO uq VALUES (3, 'three');
DELETE FROM uq WHERE t IN ('one', 'two', 'three');
SET CONSTRAINTS uq_i_key IMMEDIATE;
INSERT INTO uq VALUES (2, 'two');
ROLLBACK;
-- violated at COMMIT
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO uq VALUES (1, 'one');
INSERT INTO uq VALUES (7, 'seven');
-- any-error
COMMIT;
SELECT * FROM uq ORDER BY i, t;
BEGIN;
INSERT INTO later VALUES (1, 1);
UPDATE later SET j = 0 WHERE i = 2;
SET CONSTRAINTS "Later PK" IMMEDIATE;
COMMIT;
BEGIN;
INSERT INTO later VALUES (1, 1);
UPDATE later SET j = 0 WHERE i = 2;
-- any-error
COMMIT;
SELECT count(*), sum(j) FROM later;
BEGIN;
SET CONSTRAINTS "Later PK" IMMEDIATE;
INSERT INTO later VALUES (1, 1);
ROLLBACK;
-- undone with its savepoint
BEGIN;
SAVEPOINT a;
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO child VALUES (77);
ROLLBACK TO a;
INSERT INTO child VALUES (78);
ROLLBACK;
BEGIN;
SAVEPOINT a;
SET CONSTRAINTS child_parent DEFERRED;
RELEASE a;
INSERT INTO child VALUES (77);
INSERT INTO child VALUES (78);
INSERT INTO parent VALUES (77, 0), (78, 0);
SET CONSTRAINTS child_parent IMMEDIATE;
COMMIT;
BEGIN;
SAVEPOINT a;
SET CONSTRAINTS child_parent DEFERRED;
SAVEPOINT b;
INSERT INTO child VALUES (87);
ROLLBACK TO b;
INSERT INTO child VALUES (88);
INSERT INTO parent VALUES (88, 0);
COMMIT;
BEGIN;
SET CONSTRAINTS child_parent DEFERRED;
INSERT INTO child VALUES (97);
SAVEPOINT a;
SET CONSTRAINTS child_parent IMMEDIATE;
ROLLBACK TO a;
INSERT INTO parent VALUES (97, 0);
COMMIT;
SELECT * FROM child ORDER BY id;
-- in functions
DO $$ BEGIN
    SET CONSTRAINTS ALL DEFERRED;
    INSERT INTO child VALUES (101), (102);
    INSERT INTO parent VALUES (101, 1), (102, 1);
END $$;
DO $$ BEGIN
    SET CONSTRAINTS ALL DEFERRED;
    INSERT INTO child VALUES (111), (112);
    BEGIN
        SET CONSTRAINTS ALL IMMEDIATE;
    EXCEPTION WHEN foreign_key_violation THEN RAISE NOTICE 'caught';
    END;
    DELETE FROM child WHERE id IN (111, 112);
END $$;
SELECT * FROM child ORDER BY id;
-- names
SET CONSTRAINTS ALL DEFERRED;
BEGIN;
SET CONSTRAINTS nowhere DEFERRED;
ROLLBACK;
BEGIN;
SET CONSTRAINTS parent_pkey DEFERRED;
ROLLBACK;
BEGIN;
SET CONSTRAINTS public.uq_i_key, "Later PK", child_parent DEFERRED;
INSERT INTO uq VALUES (1, 'one');
INSERT INTO child VALUES (1000);
INSERT INTO later VALUES (1, 1);
ROLLBACK;
BEGIN;
SET CONSTRAINTS nowhere.uq_i_key DEFERRED;
ROLLBACK;
