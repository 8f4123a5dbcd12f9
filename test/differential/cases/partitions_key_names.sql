-- Names of the foreign keys that PostgreSQL derives for partitions: in messages, in SET CONSTRAINTS, in RENAME;
-- and deferred keys that fail at COMMIT.
-- variants: distributed reference onenode

CREATE TABLE account (id int, part int, PRIMARY KEY (id, part)) PARTITION BY LIST (part);
CREATE TABLE account_1 PARTITION OF account FOR VALUES IN (1);
CREATE TABLE account_2 PARTITION OF account FOR VALUES IN (2, 20) PARTITION BY LIST (part);
CREATE TABLE account_2_2 PARTITION OF account_2 FOR VALUES IN (2);
CREATE TABLE entry (id int, account int, part int, FOREIGN KEY (account, part) REFERENCES account DEFERRABLE,
    CONSTRAINT second FOREIGN KEY (account, part) REFERENCES account ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE line (id int, account int, part int, FOREIGN KEY (account, part) REFERENCES account DEFERRABLE) PARTITION BY LIST (part);
CREATE TABLE line_1 PARTITION OF line FOR VALUES IN (1);
-- distribute: create_distributed_table('account', 'id')
-- distribute: create_distributed_table('entry', 'account')
-- distribute: create_distributed_table('line', 'account')
CREATE TABLE line_2 PARTITION OF line FOR VALUES IN (2);
CREATE TABLE account_3 PARTITION OF account FOR VALUES IN (3);
CREATE TABLE account_20 PARTITION OF account_2 FOR VALUES IN (20);
CREATE TABLE line_20 (id int, account int, part int);
-- distribute: create_distributed_table('line_20', 'account', colocate_with => 'line')
ALTER TABLE line ATTACH PARTITION line_20 FOR VALUES IN (20);
INSERT INTO account VALUES (1, 1), (2, 2), (3, 3), (4, 20), (5, 1);
INSERT INTO entry VALUES (1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 4, 20);
INSERT INTO line VALUES (1, 5, 1), (2, 2, 2), (4, 4, 20);
INSERT INTO entry VALUES (1, 77, 1);
INSERT INTO line VALUES (1, 77, 1);
INSERT INTO line_2 VALUES (1, 77, 2);
INSERT INTO line_20 VALUES (1, 77, 20);
DELETE FROM account WHERE id = 1;
DELETE FROM account WHERE id = 2;
DELETE FROM account WHERE id = 3;
DELETE FROM account WHERE id = 4;
DELETE FROM account WHERE id = 5;
BEGIN;
SET CONSTRAINTS line_account_part_fkey DEFERRED;
INSERT INTO line VALUES (9, 99, 1);
INSERT INTO account VALUES (99, 1);
SET CONSTRAINTS line_account_part_fkey IMMEDIATE;
DELETE FROM account WHERE id = 99;
ROLLBACK;
BEGIN;
INSERT INTO entry VALUES (9, 1, 1);
SET CONSTRAINTS entry_account_part_fkey1, second DEFERRED;
DELETE FROM account WHERE id = 1;
SET CONSTRAINTS entry_account_part_fkey1 IMMEDIATE;
ROLLBACK;
BEGIN;
SET CONSTRAINTS entry_account_part_fkey DEFERRED;
INSERT INTO entry VALUES (9, 1, 1);
SET CONSTRAINTS second IMMEDIATE;
DELETE FROM account WHERE id = 1;
ROLLBACK;
BEGIN;
SET CONSTRAINTS no_such_fkey DEFERRED;
ROLLBACK;
-- Keys that are made later.
ALTER TABLE line ADD CONSTRAINT again FOREIGN KEY (account, part) REFERENCES account DEFERRABLE;
ALTER TABLE line DROP CONSTRAINT line_account_part_fkey;
INSERT INTO line_1 VALUES (1, 78, 1);
INSERT INTO line VALUES (1, 78, 20);
DELETE FROM account WHERE id = 5;
DELETE FROM account_2_2 WHERE id = 2;
BEGIN;
SET CONSTRAINTS again DEFERRED;
DELETE FROM account WHERE id = 4;
SET CONSTRAINTS ALL IMMEDIATE;
ROLLBACK;
ALTER TABLE line RENAME CONSTRAINT again TO renamed;
INSERT INTO line_1 VALUES (1, 78, 1);
DELETE FROM account_2_2 WHERE id = 2;
BEGIN;
SET CONSTRAINTS renamed, again DEFERRED;
INSERT INTO line_1 VALUES (1, 78, 1);
SET CONSTRAINTS again IMMEDIATE;
ROLLBACK;
ALTER TABLE entry RENAME CONSTRAINT entry_account_part_fkey1 TO of_the_first;
DELETE FROM account WHERE id = 1;
ALTER TABLE line DETACH PARTITION line_20;
INSERT INTO line_20 VALUES (1, 78, 20);
DELETE FROM account WHERE id = 4;
SELECT conname, conrelid::regclass, confrelid::regclass FROM pg_constraint WHERE contype = 'f' AND conrelid IN ('entry'::regclass, 'line'::regclass, 'line_1'::regclass, 'line_20'::regclass) ORDER BY 1, 2, 3;
-- At COMMIT.
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO line VALUES (7, 79, 1);
COMMIT;
SELECT count(*) FROM line;
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO line VALUES (7, 79, 1);
INSERT INTO account VALUES (79, 1);
COMMIT;
SELECT count(*) FROM line;
BEGIN;
DELETE FROM account WHERE id = 3;
SAVEPOINT a;
DELETE FROM entry WHERE id = 3;
RELEASE a;
COMMIT AND CHAIN;
DELETE FROM account WHERE id = 3;
SET CONSTRAINTS ALL DEFERRED;
DELETE FROM account WHERE id = 4;
COMMIT AND CHAIN;
SELECT count(*) FROM account;
ROLLBACK;
SELECT 1 / (count(*) - count(*)) FROM account;
COMMIT;
