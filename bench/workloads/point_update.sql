-- title: UPDATE one row
-- runs: prepared/8=2.2 simple/8
-- bound: forwarder
\set id random(1, 100000 * :scale)
UPDATE accounts SET balance = balance + 1 WHERE id = :id;
