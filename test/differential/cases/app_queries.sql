-- variants: distributed reference mixed single partial onenode
-- What applications and their ORMs send: nested JSON, LATERAL, dashboards, tenants.
CREATE TABLE accounts (id bigserial PRIMARY KEY, name text NOT NULL, plan text, created timestamptz DEFAULT '2024-01-01');
CREATE TABLE projects (account_id bigint, id bigserial, title text, meta jsonb, PRIMARY KEY (account_id, id));
CREATE TABLE tasks (account_id bigint, project_id bigint, id bigserial, body text, done bool, tags text[], due date, cost numeric(10,2), PRIMARY KEY (account_id, id));
CREATE TABLE events (ts timestamptz, device text, kind int, val float8, payload jsonb);
-- distribute: create_distributed_table('accounts','id')
-- distribute: create_distributed_table('projects','account_id')
-- distribute: create_distributed_table('tasks','account_id')
-- distribute: create_distributed_table('events','device')
INSERT INTO accounts SELECT g, 'acc'||g, (array['free','pro',NULL])[g%3+1] FROM generate_series(1,30) g;
INSERT INTO projects SELECT a, p, 'p'||a||'-'||p, jsonb_build_object('pri', p, 'own', 'u'||a) FROM generate_series(1,30) a, generate_series(1,3) p;
INSERT INTO tasks SELECT a, p, t*10+p, 'body '||t, CASE WHEN t%3=0 THEN NULL ELSE t%2=0 END, array['x'||t,'y'||p], date '2024-01-01'+(a*t)::int, a*t*1.25 FROM generate_series(1,30) a, generate_series(1,3) p, generate_series(1,4) t;
INSERT INTO events SELECT timestamptz '2024-01-01 00:00+00' + g * interval '17 min', 'dev'||g%11, g%4, CASE WHEN g%7=0 THEN NULL ELSE sin(g)*100 END, jsonb_build_object('a', g%5, 'b', jsonb_build_array(g, g+1)) FROM generate_series(1,600) g;
-- Hasura
SELECT coalesce(json_agg(root ORDER BY root_id), '[]') FROM (SELECT a.id AS root_id, row_to_json((SELECT e FROM (SELECT a.id AS id, a.name AS name, pr.projects AS projects) AS e)) AS root FROM (SELECT * FROM accounts WHERE id < 4) AS a LEFT JOIN LATERAL (SELECT coalesce(json_agg(p ORDER BY p_id), '[]') AS projects FROM (SELECT x.id AS p_id, row_to_json((SELECT e FROM (SELECT x.id AS id, x.title AS title) AS e)) AS p FROM (SELECT * FROM projects WHERE a.id = account_id) AS x) AS y) AS pr ON true) AS z;
SELECT a.name, p.title, (SELECT count(*) FROM tasks t WHERE t.account_id = a.id AND t.project_id = p.id AND t.done) AS done FROM accounts a JOIN projects p ON p.account_id = a.id WHERE a.plan = 'pro' ORDER BY 1, 2 LIMIT 20;
SELECT a.name, x.* FROM accounts a CROSS JOIN LATERAL (SELECT t.id, t.due FROM tasks t WHERE t.account_id = a.id ORDER BY due DESC, id LIMIT 2) x ORDER BY 1, 2;
SELECT a.name, x.* FROM accounts a LEFT JOIN LATERAL (SELECT t.id, t.due FROM tasks t WHERE t.cost > a.id * 4 ORDER BY cost DESC, due, account_id, id LIMIT 2) x ON true ORDER BY 1, 2;
SELECT plan, count(*), count(DISTINCT name), array_agg(DISTINCT plan) FROM accounts GROUP BY plan ORDER BY plan;
SELECT plan, count(*) FILTER (WHERE id % 2 = 0), string_agg(name, ',' ORDER BY id DESC) FROM accounts GROUP BY 1 HAVING count(*) > (SELECT 3) ORDER BY 1 NULLS FIRST;
-- approximate
SELECT date_trunc('day', ts) AS d, kind, avg(val), percentile_cont(0.5) WITHIN GROUP (ORDER BY val), stddev_samp(val), max(val) FILTER (WHERE kind > 1) FROM events GROUP BY 1, 2 ORDER BY 1, 2;
SELECT date_trunc('hour', ts) AS h, count(*), count(DISTINCT device), sum(count(*)) OVER (ORDER BY date_trunc('hour', ts)) FROM events GROUP BY 1 ORDER BY 1 LIMIT 15;
-- approximate
SELECT device, kind, grouping(device, kind), count(*), sum(val)::numeric(20,6) FROM events GROUP BY GROUPING SETS ((device, kind), (device), (kind), ()) ORDER BY 1, 2, 3;
-- approximate
SELECT device, ts, val, lag(val) OVER w, val - avg(val) OVER (PARTITION BY device ORDER BY ts ROWS 5 PRECEDING) FROM events WINDOW w AS (PARTITION BY device ORDER BY ts) ORDER BY device, ts LIMIT 40;
SELECT kind, ts, row_number() OVER (PARTITION BY kind ORDER BY ts), ntile(4) OVER (ORDER BY ts), first_value(device) OVER (PARTITION BY kind ORDER BY ts DESC) FROM events ORDER BY ts LIMIT 30;
SELECT DISTINCT ON (device) device, ts, val FROM events ORDER BY device, ts DESC;
SELECT DISTINCT ON (kind) kind, ts, val FROM events WHERE val IS NOT NULL ORDER BY kind, val DESC;
SELECT payload->>'a' AS a, count(*), jsonb_object_agg(kind, device ORDER BY ts) FROM events WHERE (payload->'b'->>0)::int < 60 GROUP BY 1 ORDER BY 1;
SELECT e.device, b.value FROM events e, jsonb_array_elements(e.payload->'b') b WHERE e.kind = 1 ORDER BY e.ts, b.value::int LIMIT 10;
SELECT t.tag, count(*) FROM tasks, unnest(tags) AS t(tag) GROUP BY 1 ORDER BY 2 DESC, 1;
SELECT * FROM tasks WHERE (account_id, id) IN ((1, 11), (2, 12), (3, 41)) ORDER BY 1;
SELECT id FROM accounts WHERE id = ANY (ARRAY[3, 5, NULL, 99]) ORDER BY 1;
SELECT count(*) FROM tasks WHERE account_id = 3 OR account_id = 5 AND done;
SELECT a.id FROM accounts a WHERE NOT EXISTS (SELECT 1 FROM tasks t WHERE t.account_id = a.id AND t.cost > 20) ORDER BY 1;
SELECT a.id FROM accounts a WHERE a.id NOT IN (SELECT project_id FROM tasks WHERE project_id IS NOT NULL) ORDER BY 1 LIMIT 5;
SELECT a.id, b.id FROM accounts a FULL JOIN accounts b ON a.id = b.id + 25 WHERE a.id IS NULL OR b.id IS NULL OR a.id > 28 ORDER BY 1, 2;
SELECT p.title, t.body FROM projects p RIGHT JOIN tasks t ON p.account_id = t.account_id AND p.id = t.project_id AND p.meta->>'pri' = '2' WHERE t.account_id < 3 ORDER BY t.account_id, t.id;
WITH RECURSIVE r AS (SELECT id, name, 1 AS d FROM accounts WHERE id = 1 UNION ALL SELECT a.id, a.name, d + 1 FROM accounts a JOIN r ON a.id = r.id * 2 WHERE d < 10) SELECT * FROM r ORDER BY d;
WITH top AS (SELECT account_id, sum(cost) c FROM tasks GROUP BY 1 ORDER BY 2 DESC LIMIT 3) SELECT a.name, top.c, count(t.*) FROM top JOIN accounts a ON a.id = top.account_id JOIN tasks t ON t.account_id = a.id GROUP BY 1, 2 ORDER BY 2 DESC;
WITH upd AS (UPDATE tasks SET done = true WHERE account_id = 4 AND done IS NULL RETURNING id, account_id), ins AS (INSERT INTO events SELECT '2025-01-01', 'audit', id, account_id, NULL FROM upd RETURNING device, kind) SELECT * FROM ins ORDER BY kind;
SELECT array_agg(x) FROM (SELECT id AS x FROM accounts ORDER BY name DESC) s;
SELECT string_agg(n, ',') FROM (SELECT DISTINCT name AS n FROM accounts ORDER BY 1 LIMIT 5 OFFSET 2) s;
SELECT json_agg(s) FROM (SELECT plan, count(*) FROM accounts GROUP BY plan ORDER BY 2, 1) s;
SELECT x, sum(x) OVER () FROM (SELECT id AS x FROM accounts ORDER BY id DESC LIMIT 4) s;
SELECT * FROM (SELECT account_id, rank() OVER (PARTITION BY account_id ORDER BY cost DESC, id) r, id FROM tasks) s WHERE r <= 1 ORDER BY 1 LIMIT 5;
SELECT count(*), sum(n) FROM (SELECT account_id, count(*) n FROM tasks GROUP BY account_id HAVING count(*) > 2 UNION ALL SELECT kind, count(*) FROM events GROUP BY kind) u;
SELECT account_id FROM tasks INTERSECT SELECT id FROM accounts WHERE plan IS NULL EXCEPT SELECT 5 ORDER BY 1;
SELECT a.*, (SELECT max(val) FROM events e WHERE e.kind = a.id % 4) FROM accounts a ORDER BY id LIMIT 5;
SELECT width_bucket(val, -100, 100, 5) b, count(*), min(ts), mode() WITHIN GROUP (ORDER BY kind) FROM events GROUP BY 1 ORDER BY 1;
SELECT corr(kind, val)::numeric(20,10), regr_slope(val, kind)::numeric(20,10), covar_pop(val, kind)::numeric(20,8), bool_and(kind < 4), bit_or(kind), every(val > -200) FROM events;
SELECT rank(50) WITHIN GROUP (ORDER BY val), dense_rank(2) WITHIN GROUP (ORDER BY kind), percentile_disc(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY val) FROM events;
SELECT e1.device, count(*) FROM events e1 JOIN events e2 ON e1.kind = e2.kind AND e1.ts < e2.ts WHERE e1.ts < '2024-01-01 10:00+00' GROUP BY 1 ORDER BY 1;
SELECT tableoid::regclass, count(*) FROM tasks GROUP BY 1;
SELECT t FROM tasks t WHERE account_id = 2 AND id = 11;
SELECT (t).cost, t.* FROM tasks t WHERE t = (SELECT x FROM tasks x WHERE account_id = 3 AND id = 12);
SELECT generate_series(1, id), name FROM accounts WHERE id < 4 ORDER BY 2, 1;
SELECT id, generate_series(1, 3) FROM accounts ORDER BY id LIMIT 7;
PREPARE p(bigint, text) AS SELECT a.name, p.title FROM accounts a JOIN projects p ON p.account_id = a.id WHERE a.id = $1 AND p.title LIKE $2 ORDER BY 2;
EXECUTE p(1, '%'); 
EXECUTE p(2, '%2');
EXECUTE p(NULL, '%2');
EXECUTE p(3, '%');
EXECUTE p(3, '%');
EXECUTE p(3, '%');
EXECUTE p(4, '%');
EXECUTE p(5, '%1');
BEGIN;
DECLARE c SCROLL CURSOR FOR SELECT id, name FROM accounts ORDER BY id;
FETCH 3 FROM c;
FETCH BACKWARD 2 FROM c;
FETCH LAST FROM c;
FETCH ABSOLUTE 5 FROM c;
MOVE -2 IN c;
FETCH c;
COMMIT;
SELECT * FROM accounts WHERE id = 7 FOR UPDATE;
SELECT id FROM tasks WHERE done AND account_id < 6 ORDER BY cost, account_id, id LIMIT 3 FOR UPDATE SKIP LOCKED;
CREATE VIEW v AS SELECT a.plan, t.* FROM accounts a JOIN tasks t ON t.account_id = a.id;
SELECT plan, sum(cost) FROM v GROUP BY 1 ORDER BY 1;
SELECT id, body FROM v WHERE account_id = 9 ORDER BY 1 LIMIT 2;
CREATE MATERIALIZED VIEW mv AS SELECT device, count(*) c FROM events GROUP BY 1;
SELECT * FROM mv ORDER BY 1;
INSERT INTO events VALUES ('2026-01-01', 'dev1', 1, 1, '{}');
REFRESH MATERIALIZED VIEW mv;
SELECT * FROM mv ORDER BY 1 LIMIT 3;
-- approximate
SELECT kind, sum(val) OVER (PARTITION BY kind ORDER BY ts RANGE BETWEEN interval '2 hours' PRECEDING AND CURRENT ROW) FROM events WHERE device = 'dev3' ORDER BY ts LIMIT 12;
SELECT sum(CASE WHEN done THEN cost ELSE 0 END) / nullif(sum(cost), 0) FROM tasks;
SELECT max(id) - min(id), count(*) FROM accounts WHERE false;
SELECT 1 FROM accounts HAVING 1 < 2;
SELECT coalesce(plan, 'none') AS plan, array_agg(id ORDER BY id) FROM accounts GROUP BY ROLLUP (coalesce(plan, 'none')) ORDER BY 1;
SELECT * FROM (VALUES (1, 'a'), (2, 'b')) v(id, l) JOIN accounts a USING (id) ORDER BY 1;
SELECT count(*) FROM accounts a, accounts b, accounts c WHERE a.id = b.id AND b.plan = c.plan;
SELECT a.id, (SELECT json_agg(json_build_object('t', p.title, 'n', (SELECT count(*) FROM tasks t WHERE t.project_id = p.id AND t.account_id = p.account_id)) ORDER BY p.id) FROM projects p WHERE p.account_id = a.id) FROM accounts a WHERE a.id IN (1, 2) ORDER BY 1;
