-- variants: distributed reference single onenode
-- What a session sees of its own work, and what stays of it.
CREATE TABLE accounts (id int PRIMARY KEY, balance int CHECK (balance >= 0));
-- distribute: create_distributed_table('accounts', 'id')
COPY accounts FROM STDIN;
1	100
2	200
3	300
4	400
\.
COPY accounts (id, balance) FROM STDIN (FORMAT csv, NULL '-');
5,500
6,-
\.
SELECT * FROM accounts ORDER BY id;
BEGIN;
UPDATE accounts SET balance = balance - 50 WHERE id = 1;
UPDATE accounts SET balance = balance + 50 WHERE id = 4;
SELECT sum(balance) FROM accounts;
SELECT * FROM accounts ORDER BY id;
COMMIT;
SELECT * FROM accounts ORDER BY id;
BEGIN;
UPDATE accounts SET balance = 0;
INSERT INTO accounts VALUES (7, 7);
SELECT * FROM accounts ORDER BY id;
ROLLBACK;
SELECT * FROM accounts ORDER BY id;
-- A failed statement spoils the block, a savepoint saves it.
BEGIN;
INSERT INTO accounts VALUES (10, 10);
-- any-error
INSERT INTO accounts VALUES (11, -1);
SELECT 1 FROM accounts;
COMMIT;
BEGIN;
INSERT INTO accounts VALUES (20, 20);
SAVEPOINT a;
INSERT INTO accounts VALUES (21, 21), (22, 22), (23, 23);
INSERT INTO accounts VALUES (20, 20);
ROLLBACK TO a;
INSERT INTO accounts VALUES (24, 24);
RELEASE a;
COMMIT;
SELECT * FROM accounts ORDER BY id;
-- COPY is all or nothing.
COPY accounts FROM STDIN;
30	1
31	2
20	3
\.
SELECT * FROM accounts ORDER BY id;
PREPARE add(int, int) AS UPDATE accounts SET balance = balance + $2 WHERE id = $1;
EXECUTE add(1, 1);
EXECUTE add(2, 2);
EXECUTE add(3, 3);
EXECUTE add(4, 4);
EXECUTE add(5, 5);
EXECUTE add(6, 6);
EXECUTE add(7, 7);
SELECT * FROM accounts ORDER BY id;
BEGIN;
DECLARE c CURSOR FOR SELECT * FROM accounts ORDER BY id;
FETCH 2 FROM c;
FETCH 3 FROM c;
CLOSE c;
ROLLBACK;
SET default_transaction_read_only = on;
INSERT INTO accounts VALUES (40, 40);
RESET default_transaction_read_only;
DELETE FROM accounts;
SELECT count(*) FROM accounts;
