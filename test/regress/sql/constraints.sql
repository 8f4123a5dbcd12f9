-- Constraints of distributed and reference tables: which are possible, what they are called, what they do.
\set SHOW_CONTEXT never
CREATE SCHEMA constraints;
SET search_path = constraints;
SET citus.shard_count = 4;
CREATE TABLE a (k int, x int, PRIMARY KEY (k, x));
CREATE TABLE b (k int, x int, y int, UNIQUE (k));
CREATE TABLE far (k int PRIMARY KEY);
CREATE TABLE r (id int PRIMARY KEY, p int);
CREATE TABLE r2 (id int PRIMARY KEY);
CREATE TABLE l (id int PRIMARY KEY, k int);
SELECT create_distributed_table('a', 'k'), create_distributed_table('b', 'k', colocate_with => 'a');
SELECT create_distributed_table('far', 'k', colocate_with => 'none');
SELECT create_reference_table('r'), create_reference_table('r2');
-- Unique constraints and indexes.
ALTER TABLE b ADD UNIQUE (y);
ALTER TABLE b ADD UNIQUE (y, k);
CREATE UNIQUE INDEX ON b (x);
CREATE UNIQUE INDEX ON b ((k + 1));
CREATE UNIQUE INDEX ON b (k, x) WHERE y > 0;
ALTER TABLE b ADD EXCLUDE USING btree (y WITH =);
ALTER TABLE b ADD EXCLUDE USING btree (k WITH =, y WITH =);
ALTER TABLE r ADD UNIQUE (p);
-- Foreign keys.
ALTER TABLE b ADD FOREIGN KEY (k, x) REFERENCES a;
ALTER TABLE b ADD FOREIGN KEY (x, k) REFERENCES a (k, x);
ALTER TABLE b ADD FOREIGN KEY (k) REFERENCES far;
ALTER TABLE b ADD FOREIGN KEY (k) REFERENCES l;
ALTER TABLE b ADD FOREIGN KEY (y) REFERENCES r ON DELETE SET NULL;
ALTER TABLE b ADD FOREIGN KEY (k) REFERENCES r ON DELETE SET NULL;
ALTER TABLE b ADD FOREIGN KEY (k) REFERENCES r ON UPDATE CASCADE;
ALTER TABLE b ADD CONSTRAINT later FOREIGN KEY (x) REFERENCES r2 NOT VALID;
ALTER TABLE r ADD FOREIGN KEY (p) REFERENCES r2;
ALTER TABLE r ADD FOREIGN KEY (id) REFERENCES b (k);
ALTER TABLE r ADD FOREIGN KEY (id) REFERENCES l;
ALTER TABLE l ADD FOREIGN KEY (id) REFERENCES r;
ALTER TABLE l ADD FOREIGN KEY (k) REFERENCES b (k);
\d b
-- What they do.
INSERT INTO r2 VALUES (1), (2);
INSERT INTO r VALUES (10, 1), (11, 9);
INSERT INTO r VALUES (10, 1), (11, 2);
INSERT INTO a VALUES (1, 1), (2, 2);
INSERT INTO b VALUES (1, 1, 10), (2, 2, 11);
INSERT INTO b VALUES (1, 1, 10);
INSERT INTO b VALUES (3, 1, 10);
INSERT INTO b VALUES (NULL, 1, 99);
DELETE FROM a WHERE k = 1;
DELETE FROM r WHERE id = 10;
SELECT * FROM b ORDER BY k;
ALTER TABLE b VALIDATE CONSTRAINT later;
ALTER TABLE b RENAME CONSTRAINT later TO earlier;
ALTER TABLE b ALTER CONSTRAINT earlier DEFERRABLE INITIALLY DEFERRED;
DELETE FROM r2 WHERE id = 2;
ALTER TABLE b DROP CONSTRAINT earlier;
ALTER TABLE b DROP CONSTRAINT earlier;
ALTER TABLE b DROP CONSTRAINT IF EXISTS earlier;
ALTER TABLE b ADD CHECK (x > 1);
ALTER TABLE b ADD CONSTRAINT positive CHECK (x > 0);
INSERT INTO b VALUES (2, -1, 11);
RESET search_path;
SET client_min_messages = warning;
DROP SCHEMA constraints CASCADE;
SELECT count(*) FROM pg_dist_partition;
