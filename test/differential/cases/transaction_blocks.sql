-- variants: distributed reference single onenode
-- Savepoints and exception blocks around errors of nodes, chained transactions, procedures that commit, access modes.
CREATE TABLE account (id int PRIMARY KEY, amount int NOT NULL CHECK (amount >= 0), owner text);
-- distribute: create_distributed_table('account', 'id')
CREATE TABLE entry (account int, n int, note text, PRIMARY KEY (account, n));
-- distribute: create_distributed_table('entry', 'account')
ALTER TABLE entry ADD CONSTRAINT entry_account FOREIGN KEY (account) REFERENCES account (id) DEFERRABLE;
INSERT INTO account SELECT i, 100, 'o' || i % 3 FROM generate_series(1, 20) i;

-- Errors below savepoints, nested, of several nodes.
BEGIN;
UPDATE account SET amount = amount - 10 WHERE id = 1;
SAVEPOINT a;
UPDATE account SET amount = amount - 1000 WHERE id = 2;
ROLLBACK TO a;
UPDATE account SET amount = amount + 10 WHERE id = 2;
SAVEPOINT b;
UPDATE account SET amount = 5 WHERE id IN (3, 4, 5, 6, 7);
SAVEPOINT c;
INSERT INTO account VALUES (1, 1, 'double');
ROLLBACK TO c;
SELECT count(*) FROM account WHERE amount = 5;
INSERT INTO account VALUES (21, 1, 'new'), (22, -1, 'bad');
ROLLBACK TO b;
SELECT count(*), sum(amount) FROM account;
RELEASE a;
INSERT INTO entry VALUES (1, 1, 'a'), (2, 1, 'b'), (3, 1, 'c');
SAVEPOINT d;
DELETE FROM account WHERE id <= 3;
ROLLBACK TO d;
SELECT * FROM entry ORDER BY account;
SAVEPOINT d;
SAVEPOINT d;
UPDATE account SET owner = 'd';
ROLLBACK TO d;
RELEASE d;
SELECT count(*) FROM account WHERE owner = 'd';
ROLLBACK TO d;
COMMIT;
SELECT * FROM account ORDER BY id;

-- A failed block answers every command so, and COMMIT by ROLLBACK.
BEGIN;
UPDATE account SET amount = amount + 1;
UPDATE account SET amount = -1 WHERE id = 9;
SELECT count(*) FROM account;
COMMIT;
SELECT sum(amount) FROM account;

-- Exception blocks in loops, nested, with errors of different nodes.
CREATE FUNCTION try_all(delta int, OUT good int, OUT bad int, OUT seen text) LANGUAGE plpgsql AS $$
DECLARE
    r record;
    state text;
BEGIN
    good := 0; bad := 0; seen := '';
    FOR r IN SELECT id, amount FROM account ORDER BY id LOOP
        BEGIN
            UPDATE account SET amount = amount + delta * (CASE WHEN r.id % 4 = 0 THEN 100 ELSE 1 END) WHERE id = r.id;
            IF r.id % 5 = 0 THEN
                BEGIN
                    INSERT INTO entry VALUES (r.id, 1, 'try'), (r.id, 1, 'again');
                EXCEPTION WHEN unique_violation THEN
                    GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE;
                    seen := seen || state || ' ';
                    INSERT INTO entry VALUES (r.id, 2, 'caught') ON CONFLICT DO NOTHING;
                END;
            END IF;
            IF r.id % 7 = 0 THEN
                RAISE EXCEPTION 'seven' USING ERRCODE = 'ZZ777';
            END IF;
            good := good + 1;
        EXCEPTION
            WHEN check_violation THEN bad := bad + 1;
            WHEN SQLSTATE 'ZZ777' THEN bad := bad + 100;
        END;
    END LOOP;
END $$;
SELECT * FROM try_all(-2);
SELECT id, amount FROM account ORDER BY id;
SELECT * FROM entry ORDER BY account, n;
BEGIN;
SELECT * FROM try_all(1);
SAVEPOINT s;
SELECT * FROM try_all(-90);
ROLLBACK TO s;
SELECT sum(amount) FROM account;
ROLLBACK;
SELECT sum(amount) FROM account;

-- An error that nobody catches undoes the whole statement, whatever was caught before.
DO $$
BEGIN
    UPDATE account SET owner = 'do';
    BEGIN
        INSERT INTO account VALUES (1, 0, 'x');
    EXCEPTION WHEN unique_violation THEN
        UPDATE account SET owner = 'caught' WHERE id = 1;
    END;
    PERFORM 1 / 0;
END $$;
SELECT DISTINCT owner FROM account ORDER BY 1;

-- Deferred constraints: violated in between, mended or not.
BEGIN;
SET CONSTRAINTS entry_account DEFERRED;
INSERT INTO entry VALUES (50, 1, 'early');
SAVEPOINT s;
INSERT INTO entry VALUES (51, 1, 'early too');
ROLLBACK TO s;
INSERT INTO account VALUES (50, 0, 'late');
COMMIT;
SELECT note FROM entry WHERE account = 50;
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
UPDATE account SET amount = amount + 1 WHERE id = 1;
INSERT INTO entry VALUES (60, 1, 'never');
-- on one node, the shard's own name is in the message
-- any-error
COMMIT;
SELECT count(*) FROM entry WHERE account = 60;
BEGIN;
SET CONSTRAINTS ALL DEFERRED;
INSERT INTO entry VALUES (60, 1, 'never');
SET CONSTRAINTS ALL IMMEDIATE;
ROLLBACK;

-- Chains.
BEGIN ISOLATION LEVEL REPEATABLE READ;
UPDATE account SET owner = 'chain' WHERE id = 4;
COMMIT AND CHAIN;
SHOW transaction_isolation;
UPDATE account SET owner = 'lost' WHERE id = 5;
ROLLBACK AND CHAIN;
SHOW transaction_isolation;
SELECT owner FROM account WHERE id IN (4, 5) ORDER BY id;
UPDATE account SET owner = 'two' WHERE id IN (6, 7, 8);
COMMIT;
SELECT count(*) FROM account WHERE owner = 'two';

-- Access modes and levels.
BEGIN READ ONLY;
SELECT count(*) FROM account;
UPDATE account SET amount = 0 WHERE id = 1;
ROLLBACK;
BEGIN READ ONLY;
INSERT INTO account VALUES (99, 0, 'x');
ROLLBACK;
BEGIN;
SELECT count(*) FROM account;
SET TRANSACTION READ ONLY;
DELETE FROM account WHERE id = 1;
ROLLBACK;
BEGIN ISOLATION LEVEL SERIALIZABLE, READ ONLY, DEFERRABLE;
SELECT count(*) FROM account;
COMMIT;
BEGIN ISOLATION LEVEL SERIALIZABLE;
UPDATE account SET amount = amount + 1 WHERE id = 3;
SAVEPOINT s;
UPDATE account SET amount = -5 WHERE id = 3;
ROLLBACK TO s;
SELECT amount FROM account WHERE id = 3;
COMMIT;
SET default_transaction_read_only = on;
UPDATE account SET amount = 0 WHERE id = 1;
SELECT count(*) FROM account;
RESET default_transaction_read_only;
SET default_transaction_isolation = 'serializable';
UPDATE account SET amount = amount + 1 WHERE id IN (1, 2, 3);
SELECT sum(amount) FROM account WHERE id <= 3;
RESET default_transaction_isolation;

-- Procedures that end transactions, in loops over queries, with exception blocks around them.
CREATE PROCEDURE in_steps(step int) LANGUAGE plpgsql AS $$
DECLARE
    r record;
BEGIN
    FOR r IN SELECT id FROM account ORDER BY id LOOP
        UPDATE account SET amount = amount + 1 WHERE id = r.id;
        IF r.id % step = 0 THEN
            ROLLBACK;
        ELSE
            COMMIT;
        END IF;
    END LOOP;
    BEGIN
        INSERT INTO account VALUES (1, 0, 'double');
    EXCEPTION WHEN unique_violation THEN
        INSERT INTO entry VALUES (1, 77, 'procedure');
    END;
    COMMIT AND CHAIN;
    UPDATE account SET owner = 'undone';
    ROLLBACK;
END $$;
CALL in_steps(3);
SELECT id, amount FROM account ORDER BY id;
SELECT note FROM entry WHERE n = 77;
SELECT count(*) FROM account WHERE owner = 'undone';
BEGIN;
-- any-error
CALL in_steps(2);
ROLLBACK;
SELECT sum(amount) FROM account;

-- Transactions that end in what the client can't be told.
BEGIN;
DECLARE c CURSOR WITH HOLD FOR SELECT id FROM account ORDER BY id;
FETCH 2 FROM c;
UPDATE account SET owner = 'held' WHERE id = 12;
COMMIT;
FETCH 2 FROM c;
CLOSE c;
BEGIN;
PREPARE bump(int) AS UPDATE account SET amount = amount + 1 WHERE id = $1 RETURNING amount;
EXECUTE bump(13);
SAVEPOINT s;
EXECUTE bump(14);
EXECUTE bump(NULL);
ROLLBACK TO s;
EXECUTE bump(14);
COMMIT;
SELECT id, amount FROM account WHERE id IN (13, 14) ORDER BY id;
