-- title: tenant transaction (UPDATE, SELECT, INSERT)
-- runs: prepared/8=2.0 simple/8
-- bound: forwarder
\set tenant random(1, 1000 * :scale)
\set order random(1, 20)
BEGIN;
UPDATE orders SET total = total + 1 WHERE tenant_id = :tenant AND order_id = :order;
SELECT sum(amount) FROM lines WHERE tenant_id = :tenant AND order_id = :order;
INSERT INTO log (tenant_id, what) VALUES (:tenant, 'changed');
COMMIT;
