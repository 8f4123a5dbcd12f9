-- title: point SELECT by key
-- runs: prepared/8=2.2 prepared/1=2.5 simple/8=2.8
-- bound: forwarder
\set id random(1, 100000 * :scale)
SELECT balance, note FROM accounts WHERE id = :id;
