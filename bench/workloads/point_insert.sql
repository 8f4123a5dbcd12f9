-- title: INSERT one row
-- runs: prepared/8=2.2 simple/8
-- bound: forwarder
\set tenant random(1, 1000 * :scale)
INSERT INTO log (tenant_id, what) VALUES (:tenant, 'a line');
