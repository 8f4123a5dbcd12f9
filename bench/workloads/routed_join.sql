-- title: routed join of three co-located tables
-- runs: simple/8=2.0 prepared/8
-- bound: forwarder
\set tenant random(1, 1000 * :scale)
SELECT t.name, o.state, count(*), sum(l.amount) FROM tenants t JOIN orders o USING (tenant_id) JOIN lines l USING (tenant_id, order_id) WHERE t.tenant_id = :tenant GROUP BY t.name, o.state;
