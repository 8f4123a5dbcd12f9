-- variants: distributed reference mixed single onenode
-- Functions, procedures and DO blocks: variables as parameters, loops, exception blocks, dynamic SQL, OUT parameters.
CREATE TABLE accounts (id int PRIMARY KEY, owner text NOT NULL, balance numeric(12,2) NOT NULL CHECK (balance >= 0));
CREATE TABLE journal (account int, seq int, amount numeric(12,2), PRIMARY KEY (account, seq));
-- distribute: create_distributed_table('accounts', 'id')
-- distribute: create_distributed_table('journal', 'account')
INSERT INTO accounts SELECT g, 'owner ' || g, g * 100 FROM generate_series(1, 20) AS g;
CREATE FUNCTION balance_of(account_id int) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE result numeric;
BEGIN
    SELECT balance INTO result FROM accounts WHERE id = account_id;
    IF NOT FOUND THEN RAISE EXCEPTION 'no account %', account_id USING ERRCODE = 'P0002'; END IF;
    RETURN result;
END $$;
SELECT balance_of(1), balance_of(2), balance_of(20);
SELECT balance_of(21);
SELECT g, balance_of(g) FROM generate_series(1, 12) AS g;
SELECT id, balance_of(id) = balance FROM accounts ORDER BY id LIMIT 10;
CREATE FUNCTION book(account_id int, change numeric) RETURNS numeric LANGUAGE plpgsql AS $$
DECLARE result numeric; next int;
BEGIN
    UPDATE accounts SET balance = balance + change WHERE id = account_id RETURNING balance INTO STRICT result;
    SELECT coalesce(max(seq), 0) + 1 INTO next FROM journal WHERE account = account_id;
    INSERT INTO journal VALUES (account_id, next, change);
    RETURN result;
EXCEPTION
    WHEN check_violation THEN RAISE NOTICE 'too poor'; RETURN -1;
    WHEN no_data_found THEN RETURN -2;
END $$;
SELECT book(1, 50), book(1, -20), book(2, 5);
SELECT book(1, -1000);
SELECT book(99, 1);
SELECT * FROM journal ORDER BY 1, 2;
SELECT g, book(g, g) FROM generate_series(1, 10) AS g;
SELECT id, balance FROM accounts ORDER BY id;
CREATE FUNCTION transfer(a int, b int, amount numeric) RETURNS text LANGUAGE plpgsql AS $$
DECLARE state text; message text; who text;
BEGIN
    UPDATE accounts SET balance = balance + amount WHERE id = b;
    BEGIN
        UPDATE accounts SET balance = balance - amount WHERE id = a;
    EXCEPTION WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT, who = CONSTRAINT_NAME;
        UPDATE accounts SET balance = balance - amount WHERE id = b;
        RETURN state || ' ' || message || ' (' || who || ')';
    END;
    RETURN 'done';
END $$;
SELECT transfer(1, 2, 10);
SELECT transfer(1, 2, 100000);
SELECT transfer(3, 4, 1), transfer(5, 6, 1e6), transfer(7, 8, 1);
SELECT id, balance FROM accounts ORDER BY id;
CREATE PROCEDURE spread(rounds int) LANGUAGE plpgsql AS $$
BEGIN
    FOR i IN 1 .. rounds LOOP
        UPDATE accounts SET balance = balance + 1 WHERE id % rounds = i % rounds;
        IF i % 2 = 0 THEN COMMIT; ELSE ROLLBACK; END IF;
    END LOOP;
END $$;
CALL spread(4);
SELECT id, balance FROM accounts ORDER BY id;
DO $$
DECLARE r record; total numeric := 0; n int;
BEGIN
    FOR r IN SELECT * FROM accounts ORDER BY id LOOP
        total := total + r.balance;
        IF r.id % 5 = 0 THEN UPDATE accounts SET owner = owner || '!' WHERE id = r.id; END IF;
    END LOOP;
    GET DIAGNOSTICS n = ROW_COUNT;
    IF total <> (SELECT sum(balance) FROM accounts) THEN RAISE EXCEPTION 'sums differ: %', total; END IF;
    UPDATE accounts SET balance = balance WHERE id < 6;
    GET DIAGNOSTICS n = ROW_COUNT;
    IF n <> 5 THEN RAISE EXCEPTION 'rows: %', n; END IF;
    DELETE FROM journal WHERE account = 12345;
    IF FOUND THEN RAISE EXCEPTION 'found nothing, and says so not'; END IF;
    PERFORM 1 FROM accounts WHERE id = 3;
    IF NOT FOUND THEN RAISE EXCEPTION 'not found'; END IF;
END $$;
SELECT owner FROM accounts ORDER BY id;
-- Exception blocks in a loop: each round is a subtransaction of its own.
DO $$
BEGIN
    FOR i IN 15 .. 30 LOOP
        BEGIN
            INSERT INTO accounts VALUES (i, 'from a loop', i);
            IF i % 4 = 0 THEN RAISE EXCEPTION 'no'; END IF;
        EXCEPTION
            WHEN unique_violation THEN UPDATE accounts SET owner = 'seen' WHERE id = i;
            WHEN raise_exception THEN NULL;
        END;
    END LOOP;
END $$;
SELECT * FROM accounts WHERE id >= 14 ORDER BY id;
CREATE FUNCTION total_of(VARIADIC ids int[]) RETURNS numeric LANGUAGE sql STABLE AS 'SELECT sum(balance) FROM accounts WHERE id = ANY (ids)';
SELECT total_of(1, 2, 3), total_of(4), total_of(NULL);
CREATE FUNCTION rich(low numeric) RETURNS SETOF accounts LANGUAGE sql STABLE AS 'SELECT * FROM accounts WHERE balance >= low ORDER BY id';
SELECT * FROM rich(1500);
SELECT r.id, j.amount FROM rich(100) r LEFT JOIN journal j ON j.account = r.id ORDER BY 1, 2 LIMIT 10;
CREATE FUNCTION pairs(OUT id int, OUT twice numeric) RETURNS SETOF record LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY SELECT a.id, a.balance * 2 FROM accounts a WHERE a.id < 4 ORDER BY a.id;
    RETURN QUERY EXECUTE 'SELECT id, balance * $1 FROM accounts WHERE id = $2' USING 3, 5;
    FOR id, twice IN SELECT a.id, 0 FROM accounts a WHERE a.id IN (7, 8) ORDER BY 1 LOOP RETURN NEXT; END LOOP;
END $$;
SELECT * FROM pairs();
SELECT * FROM pairs() WHERE id > 2;
CREATE FUNCTION dynamic(tab text, col text, val int) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE n bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM %I WHERE %I = $1', tab, col) INTO n USING val;
    RETURN n;
END $$;
SELECT dynamic('accounts', 'id', 1), dynamic('journal', 'account', 1), dynamic('accounts', 'id', -1);
SELECT dynamic('accounts', 'nothing', 1);
CREATE FUNCTION walk() RETURNS text LANGUAGE plpgsql AS $$
DECLARE c CURSOR (low int) FOR SELECT id, balance FROM accounts WHERE id >= low ORDER BY id; r record; text text := '';
BEGIN
    OPEN c(10);
    LOOP
        FETCH c INTO r;
        EXIT WHEN NOT FOUND OR length(text) > 60;
        text := text || r.id || ':' || r.balance || ' ';
    END LOOP;
    MOVE RELATIVE -2 FROM c;
    FETCH c INTO r;
    CLOSE c;
    RETURN text || '/' || r.id;
END $$;
SELECT walk();
CREATE FUNCTION fact(n int) RETURNS numeric LANGUAGE plpgsql AS $$
BEGIN
    IF n <= 1 THEN RETURN (SELECT 1 FROM accounts WHERE id = 1); END IF;
    RETURN n * fact(n - 1);
END $$;
SELECT fact(12);
-- Functions of the user's in every place of a statement.
CREATE FUNCTION half(numeric) RETURNS numeric LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN round($1 / 2, 2); END';
SELECT id, half(balance) FROM accounts WHERE half(balance) > 700 ORDER BY half(balance) DESC, id;
SELECT sum(half(balance)), max(half(id)) FROM accounts;
SELECT half(balance) FROM accounts WHERE id = half(8);
UPDATE accounts SET balance = half(balance) WHERE id = 1 RETURNING balance;
UPDATE accounts SET balance = half(balance) WHERE half(id) = 2 RETURNING id, balance;
INSERT INTO accounts VALUES (half(100), 'half', half(5));
SELECT * FROM accounts WHERE id = 50;
DELETE FROM accounts WHERE id = half(100) RETURNING id;
CREATE FUNCTION log_it(a int) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO journal SELECT a, coalesce(max(seq), 0) + 1, 0 FROM journal WHERE account = a;
    RETURN a;
END $$;
SELECT log_it(id) FROM accounts WHERE id < 4 ORDER BY id;
UPDATE accounts SET owner = 'logged' WHERE id = log_it(3);
SELECT account, count(*) FROM journal GROUP BY account ORDER BY account;
CREATE AGGREGATE product(numeric) (SFUNC = numeric_mul, STYPE = numeric, INITCOND = '1');
SELECT product(id) FROM accounts WHERE id < 6;
SELECT id % 3, product(id) FROM accounts WHERE id < 10 GROUP BY 1 ORDER BY 1;
-- Errors go up through functions, and the session goes on.
DO $$ BEGIN INSERT INTO accounts VALUES (1, 'again', 1); END $$;
DO $$ BEGIN PERFORM 1 / (id - 5) FROM accounts WHERE id = 5; END $$;
DO $$ BEGIN UPDATE accounts SET owner = NULL WHERE id = 5; END $$;
BEGIN;
SELECT book(5, 1);
SAVEPOINT s;
SELECT balance_of(1000);
ROLLBACK TO s;
SELECT book(5, 1);
COMMIT;
SELECT id, owner, balance FROM accounts ORDER BY id;
SELECT * FROM journal ORDER BY 1, 2;
