-- title: transfer between two rows, mostly on two nodes (two-phase commit)
-- runs: prepared/8=4.0
\set a random(1, 50000 * :scale)
\set b random(50000 * :scale + 1, 100000 * :scale)
\set amount random(1, 10)
BEGIN;
UPDATE accounts SET balance = balance - :amount WHERE id = :a;
UPDATE accounts SET balance = balance + :amount WHERE id = :b;
COMMIT;
