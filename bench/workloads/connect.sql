-- title: new connection and point SELECT
-- runs: connect/8=2.2
\set id random(1, 100000 * :scale)
SELECT balance FROM accounts WHERE id = :id;
