-- variants: distributed onenode
-- In the shape of the schemas of Discourse, GitLab, Mastodon, Nextcloud and Odoo: many tables, partial and expression indexes,
-- arrays, jsonb, enums, generated columns, upserts of every kind, CTE writes, counters, trees, soft deletion.
CREATE EXTENSION IF NOT EXISTS citext;
CREATE TYPE state AS ENUM ('opened', 'closed', 'locked', 'merged');
CREATE TYPE money_amount AS (amount numeric(12,2), currency char(3));
CREATE DOMAIN slug AS text CHECK (VALUE ~ '^[a-z0-9-]+$');
CREATE TABLE tenants (id int PRIMARY KEY, path slug NOT NULL, settings jsonb NOT NULL DEFAULT '{}', features text[] NOT NULL DEFAULT '{}');
CREATE TABLE users (tenant_id int NOT NULL, id int NOT NULL, username citext NOT NULL, email text, admin bool NOT NULL DEFAULT false, trust smallint DEFAULT 0 CHECK (trust BETWEEN 0 AND 4), last_seen timestamptz, ips inet[] DEFAULT '{}', wallet money_amount, PRIMARY KEY (tenant_id, id));
CREATE TABLE projects (tenant_id int NOT NULL, id int NOT NULL, parent_id int, path slug, lft int, traversal int[] NOT NULL DEFAULT '{}', visibility int NOT NULL DEFAULT 20, star_count int NOT NULL DEFAULT 0, PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, parent_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED);
CREATE TABLE issues (tenant_id int NOT NULL, project_id int NOT NULL, iid int NOT NULL, title text NOT NULL, state state NOT NULL DEFAULT 'opened', author_id int, weight int, labels text[] NOT NULL DEFAULT '{}', due date, span tstzrange, title_lower text GENERATED ALWAYS AS (lower(title)) STORED, closed_at timestamptz, lock_version int DEFAULT 0, PRIMARY KEY (tenant_id, project_id, iid), FOREIGN KEY (tenant_id, project_id) REFERENCES projects (tenant_id, id) ON DELETE CASCADE, FOREIGN KEY (tenant_id, author_id) REFERENCES users (tenant_id, id), CHECK ((state = 'closed') = (closed_at IS NOT NULL)));
CREATE TABLE notes (tenant_id int NOT NULL, project_id int NOT NULL, iid int NOT NULL, n int NOT NULL, body text, meta jsonb, reactions jsonb NOT NULL DEFAULT '[]', PRIMARY KEY (tenant_id, project_id, iid, n), FOREIGN KEY (tenant_id, project_id, iid) REFERENCES issues ON DELETE CASCADE);
CREATE TABLE members (tenant_id int NOT NULL, user_id int NOT NULL, project_id int NOT NULL, level int NOT NULL, expires date, UNIQUE (tenant_id, user_id, project_id));
CREATE TABLE filecache (fileid bigint PRIMARY KEY, storage int NOT NULL DEFAULT 0, path varchar(4000), path_hash varchar(32) NOT NULL DEFAULT '', parent bigint NOT NULL DEFAULT 0, name varchar(250), mimetype int NOT NULL DEFAULT 0, size bigint NOT NULL DEFAULT 0, mtime bigint NOT NULL DEFAULT 0, etag varchar(40));
CREATE TABLE mimetypes (id int PRIMARY KEY, mimetype varchar(255) NOT NULL DEFAULT '');
CREATE TABLE counters (name text PRIMARY KEY, n bigint NOT NULL DEFAULT 0, touched timestamptz);
CREATE TABLE audit (id bigint, at timestamptz, who text, what jsonb);
-- distribute: create_distributed_table('tenants', 'id')
-- distribute: create_distributed_table('users', 'tenant_id')
-- distribute: create_distributed_table('projects', 'tenant_id')
-- distribute: create_distributed_table('issues', 'tenant_id')
-- distribute: create_distributed_table('notes', 'tenant_id')
-- distribute: create_distributed_table('members', 'tenant_id')
-- distribute: create_distributed_table('filecache', 'fileid')
-- distribute: create_reference_table('mimetypes')
-- distribute: create_distributed_table('counters', 'name')
-- distribute: create_distributed_table('audit', 'id')
CREATE UNIQUE INDEX users_name ON users (tenant_id, username);
CREATE UNIQUE INDEX users_email ON users (tenant_id, lower(email)) WHERE email IS NOT NULL;
CREATE INDEX users_ips ON users USING gin (ips);
CREATE INDEX issues_open ON issues (tenant_id, project_id, due NULLS LAST, iid DESC) WHERE state = 'opened';
CREATE INDEX issues_title ON issues (title_lower text_pattern_ops);
CREATE INDEX issues_labels ON issues USING gin (labels);
CREATE INDEX issues_span ON issues USING gist (span);
CREATE UNIQUE INDEX members_active ON members (tenant_id, user_id) WHERE level = 50;
CREATE INDEX notes_meta ON notes USING gin (meta jsonb_path_ops);
CREATE INDEX fc_parent ON filecache (parent, name) INCLUDE (size);
CREATE INDEX fc_hash ON filecache USING hash (path_hash);
CREATE STATISTICS issues_stat (dependencies, ndistinct) ON project_id, author_id FROM issues;
INSERT INTO tenants SELECT g, 'tenant-' || g, jsonb_build_object('plan', (ARRAY['free', 'gold', 'ultimate'])[g % 3 + 1], 'limits', jsonb_build_object('ci', g * 100)), CASE WHEN g % 2 = 0 THEN ARRAY['ci', 'wiki'] ELSE '{}' END FROM generate_series(1, 6) g;
INSERT INTO tenants VALUES (99, 'Not A Slug');
INSERT INTO users SELECT t, u, 'User' || u, CASE WHEN u % 4 > 0 THEN 'U' || u || '@T' || t || '.example' END, u = 1, u % 5, timestamptz '2024-01-01 00:00+00' + (t * u) * interval '5 hours', ARRAY[('10.0.' || t || '.' || u)::inet, '::1'], CASE WHEN u % 3 = 0 THEN ROW(u * 1.5, 'EUR')::money_amount END FROM generate_series(1, 6) t, generate_series(1, 8) u;
INSERT INTO projects SELECT t, p, NULLIF(p / 2, 0), 'p-' || p, p, CASE WHEN p = 1 THEN ARRAY[1] WHEN p < 4 THEN ARRAY[1, p] ELSE ARRAY[1, p / 2, p] END, (p % 3) * 10, p * t % 7 FROM generate_series(1, 6) t, generate_series(1, 6) p;
INSERT INTO issues (tenant_id, project_id, iid, title, state, author_id, weight, labels, due, span, closed_at) SELECT t, p, i, 'Issue ' || i || ' of ' || p, (CASE i % 4 WHEN 3 THEN 'closed' WHEN 2 THEN 'locked' ELSE 'opened' END)::state, 1 + (t + p + i) % 8, NULLIF(i % 5, 4), (ARRAY['bug', 'feature', 'p1', 'p2'])[1:i % 4], date '2024-03-01' + (i * p % 11), tstzrange(timestamptz '2024-02-01 00:00+00' + i * interval '1 day', timestamptz '2024-02-03 00:00+00' + i * p * interval '1 day'), CASE i % 4 WHEN 3 THEN timestamptz '2024-05-01 00:00+00' END FROM generate_series(1, 6) t, generate_series(1, 6) p, generate_series(1, 5) i;
INSERT INTO notes SELECT tenant_id, project_id, iid, n, repeat('lorem ipsum ', n), jsonb_build_object('system', n = 2, 'position', jsonb_build_object('line', iid * n)), CASE WHEN n = 1 THEN '[{"e": "+1", "u": 1}, {"e": "eyes", "u": 2}]' ELSE '[]' END::jsonb FROM issues, generate_series(1, 2) n WHERE iid < 4;
INSERT INTO members SELECT tenant_id, id, 1 + id % 6, CASE id % 4 WHEN 0 THEN 50 ELSE 10 * (id % 4) END, CASE WHEN id > 6 THEN date '2024-06-01' END FROM users;
INSERT INTO mimetypes VALUES (1, 'httpd'), (2, 'httpd/unix-directory'), (3, 'image'), (4, 'image/png'), (5, 'text/plain');
INSERT INTO filecache SELECT g, g % 3, CASE WHEN g = 1 THEN '' ELSE 'files/' || g / 4 || '/f' || g END, md5(g::text), g / 4, 'f' || g || (ARRAY['.png', '.txt', ''])[g % 3 + 1], (ARRAY[4, 5, 2])[g % 3 + 1], g * 1000 % 7777, 1700000000 + g, substr(md5('e' || g), 1, 13) FROM generate_series(1, 80) g;
-- Upserts, with the index that the conflict is about found by expression and predicate
INSERT INTO users (tenant_id, id, username, email) VALUES (1, 100, 'user1', NULL) ON CONFLICT (tenant_id, username) DO UPDATE SET trust = users.trust + 1 RETURNING id, username, trust;
INSERT INTO users (tenant_id, id, username, email) VALUES (1, 101, 'fresh', 'u2@t1.EXAMPLE') ON CONFLICT (tenant_id, lower(email)) WHERE email IS NOT NULL DO UPDATE SET last_seen = '2025-01-01 00:00+00', email = excluded.email RETURNING id, email, last_seen;
INSERT INTO users (tenant_id, id, username, email) VALUES (1, 102, 'fresh2', 'u3@t1.EXAMPLE');
INSERT INTO users (tenant_id, id, username, email) VALUES (2, 103, 'fresh2', 'u3@t1.EXAMPLE'), (3, 104, 'USER5', 'x') ON CONFLICT DO NOTHING RETURNING tenant_id, id;
INSERT INTO members VALUES (1, 4, 3, 50, NULL) ON CONFLICT (tenant_id, user_id) WHERE level = 50 DO UPDATE SET project_id = excluded.project_id, expires = coalesce(members.expires, '2030-01-01') WHERE members.project_id <> excluded.project_id RETURNING *;
INSERT INTO members VALUES (1, 4, 3, 50, NULL) ON CONFLICT (tenant_id, user_id) WHERE level = 50 DO UPDATE SET project_id = excluded.project_id WHERE members.project_id <> excluded.project_id RETURNING *;
INSERT INTO counters (name, n) SELECT 'state:' || state, count(*) FROM issues GROUP BY state ON CONFLICT (name) DO UPDATE SET n = counters.n + excluded.n;
INSERT INTO counters (name, n) SELECT 'state:' || state, count(*) FROM issues GROUP BY state ON CONFLICT (name) DO UPDATE SET n = counters.n + excluded.n RETURNING name, n;
INSERT INTO counters AS c (name, n, touched) VALUES ('hits', 1, '2024-01-01 00:00+00'), ('misses', DEFAULT, NULL) ON CONFLICT (name) DO UPDATE SET (n, touched) = (SELECT c.n + excluded.n, excluded.touched) RETURNING c.*;
INSERT INTO counters AS c (name, n) VALUES ('hits', 5), ('hits', 6) ON CONFLICT (name) DO UPDATE SET n = c.n + 1;
INSERT INTO counters AS c (name, n) VALUES ('hits', 5) ON CONFLICT (name) DO UPDATE SET n = c.n + excluded.n, touched = DEFAULT RETURNING c.n, c.touched, c.tableoid::regclass;
INSERT INTO filecache (fileid, storage, path, path_hash) SELECT 200, 1, 'x', 'h' WHERE NOT EXISTS (SELECT 1 FROM filecache WHERE storage = 1 AND path_hash = 'h');
INSERT INTO filecache (fileid, storage, path, path_hash) SELECT 201, 1, 'x', 'h' WHERE NOT EXISTS (SELECT 1 FROM filecache WHERE storage = 1 AND path_hash = 'h');
-- Reads
SELECT p.tenant_id, p.id, count(i.*) FILTER (WHERE i.state = 'opened') AS open, max(i.due), array_agg(DISTINCT l ORDER BY l) FILTER (WHERE l IS NOT NULL) FROM projects p LEFT JOIN issues i ON (i.tenant_id, i.project_id) = (p.tenant_id, p.id) LEFT JOIN LATERAL unnest(i.labels) l ON true WHERE p.visibility >= 10 GROUP BY p.tenant_id, p.id ORDER BY 1, 2 LIMIT 12;
WITH RECURSIVE ns AS (SELECT tenant_id, id, parent_id, ARRAY[path::text] AS full_path, 0 AS depth FROM projects WHERE parent_id IS NULL UNION ALL SELECT p.tenant_id, p.id, p.parent_id, ns.full_path || p.path::text, depth + 1 FROM projects p JOIN ns ON p.parent_id = ns.id AND p.tenant_id = ns.tenant_id) SELECT array_to_string(full_path, '/'), depth, count(*) FROM ns GROUP BY 1, 2 ORDER BY 1;
WITH RECURSIVE ns AS (SELECT tenant_id, id, parent_id FROM projects WHERE tenant_id = 2 AND id = 5 UNION SELECT p.tenant_id, p.id, p.parent_id FROM projects p JOIN ns ON p.id = ns.parent_id AND p.tenant_id = 2) SEARCH BREADTH FIRST BY id SET o CYCLE id SET c USING q SELECT id, c, o, q FROM ns ORDER BY o;
SELECT id, traversal FROM projects WHERE tenant_id = 3 AND traversal @> ARRAY[2] ORDER BY traversal;
SELECT DISTINCT ON (i.tenant_id, i.author_id) i.tenant_id, i.author_id, i.title, u.username FROM issues i JOIN users u ON u.tenant_id = i.tenant_id AND u.id = i.author_id ORDER BY i.tenant_id, i.author_id, i.weight DESC NULLS LAST, i.project_id, i.iid LIMIT 15;
SELECT tenant_id, iid, title FROM issues WHERE labels @> '{bug}' AND NOT labels && '{p1}' AND title_lower LIKE 'issue 2%' ORDER BY 1, 2, project_id LIMIT 10;
SELECT (wallet).currency, sum((wallet).amount), count(wallet), count(*) FROM users GROUP BY (wallet).currency ORDER BY 1;
SELECT username, host(ips[1]), family(ips[2]), ips[1] << '10.0.2.0/24' FROM users WHERE ips && ARRAY['10.0.2.3'::inet] OR '10.0.3.1' = ANY (ips) ORDER BY tenant_id;
SELECT u.tenant_id, u.username, m.level FROM users u JOIN members m ON m.tenant_id = u.tenant_id AND m.user_id = u.id WHERE (m.expires IS NULL OR m.expires > date '2024-05-01') AND u.username IN ('USER4', 'user7') ORDER BY 1, 2;
SELECT n.meta #>> '{position,line}' AS line, count(*), jsonb_agg(DISTINCT n.reactions -> 0 -> 'e') FROM notes n WHERE n.meta @> '{"system": false}' GROUP BY 1 ORDER BY 1::text;
SELECT r ->> 'e', count(*), array_agg(DISTINCT (r ->> 'u')::int) FROM notes, jsonb_array_elements(reactions) r GROUP BY 1 ORDER BY 1;
SELECT x.e, x.u, count(*) FROM notes n CROSS JOIN LATERAL jsonb_to_recordset(n.reactions) AS x (e text, u int) WHERE n.tenant_id IN (1, 3) GROUP BY 1, 2 ORDER BY 1;
SELECT t.id, k, v FROM tenants t, jsonb_each(t.settings) AS e (k, v) ORDER BY 1, 2;
SELECT t.path, jsonb_object_agg(p.path, (SELECT count(*) FROM issues i WHERE i.tenant_id = p.tenant_id AND i.project_id = p.id AND i.state IN ('opened', 'locked')) ORDER BY p.path) FROM tenants t JOIN projects p ON p.tenant_id = t.id WHERE t.settings ->> 'plan' <> 'free' GROUP BY t.path ORDER BY 1;
SELECT i.state, count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY i.weight), min(i.state), max(i.state) FROM issues i GROUP BY i.state ORDER BY i.state DESC;
SELECT state, lag(count(*)) OVER (ORDER BY state), count(*), round(100.0 * count(*) / sum(count(*)) OVER (), 2) FROM issues GROUP BY state ORDER BY state;
SELECT tenant_id, range_agg(span ORDER BY span), min(lower(span)), count(*) FILTER (WHERE span && '[2024-02-05 00:00+00,2024-02-06 00:00+00)') FROM issues WHERE project_id = 1 GROUP BY 1 ORDER BY 1;
SELECT (SELECT array_agg(i.iid ORDER BY i.iid) FROM issues i WHERE i.tenant_id = u.tenant_id AND i.author_id = u.id AND i.project_id = 2), u.id FROM users u WHERE u.tenant_id = 4 ORDER BY 2;
SELECT f.name, m.mimetype, f.size FROM filecache f JOIN mimetypes m ON m.id = f.mimetype WHERE f.parent = 3 ORDER BY m.mimetype, lower(f.name) COLLATE "C" LIMIT 3;
SELECT parent, sum(size), max(mtime) FROM filecache WHERE parent IN (SELECT fileid FROM filecache WHERE mimetype = (SELECT id FROM mimetypes WHERE mimetype = 'httpd/unix-directory')) GROUP BY parent ORDER BY 1;
WITH RECURSIVE tree AS (SELECT fileid, size, name::text AS path FROM filecache WHERE parent = 0 UNION ALL SELECT f.fileid, f.size, t.path || '/' || f.name FROM filecache f JOIN tree t ON f.parent = t.fileid) SELECT count(*), sum(size), max(path COLLATE "C") FROM tree;
SELECT count(*) FROM filecache WHERE path_hash = md5('7') OR path LIKE 'files/1_/%' OR name ILIKE '%.PNG' AND size BETWEEN 1000 AND 3000;
(SELECT 'issue' AS kind, tenant_id, iid AS n, due::timestamptz AT TIME ZONE 'UTC' AS at FROM issues WHERE state = 'opened' ORDER BY due, tenant_id, project_id, iid LIMIT 3) UNION ALL (SELECT 'user', tenant_id, id, last_seen AT TIME ZONE 'UTC' FROM users ORDER BY last_seen DESC, tenant_id, id LIMIT 3) ORDER BY 4, 1, 2, 3;
SELECT tenant_id, id, star_count, width_bucket(star_count, ARRAY[0, 2, 4, 6]), cume_dist() OVER (PARTITION BY tenant_id ORDER BY star_count), nth_value(path, 2) OVER (PARTITION BY tenant_id ORDER BY star_count DESC, id ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING) FROM projects WHERE tenant_id < 3 ORDER BY 1, 2;
SELECT count(*) FROM users WHERE (tenant_id, id) IN (SELECT tenant_id, author_id FROM issues GROUP BY 1, 2 HAVING count(*) > 3);
SELECT u.tenant_id, u.id FROM users u WHERE EXISTS (SELECT FROM members m WHERE m.user_id = u.id AND m.tenant_id = u.tenant_id + 1 AND m.level = 50) ORDER BY 1, 2;
SELECT json_build_object('users', (SELECT count(*) FROM users), 'issues', (SELECT json_object_agg(state, n) FROM (SELECT state, count(*) n FROM issues GROUP BY state ORDER BY state) s), 'projects', (SELECT json_agg(x) FROM (SELECT path, sum(star_count) AS stars FROM projects GROUP BY path ORDER BY stars DESC, path LIMIT 2) x));
SELECT i.*, row_to_json(u) FROM issues i LEFT JOIN users u ON u.tenant_id = i.tenant_id AND u.id = i.author_id AND u.admin WHERE i.tenant_id = 5 AND i.project_id = 2 ORDER BY i.iid;
SELECT i FROM issues i WHERE i.tenant_id = 5 AND i.project_id = 2 AND iid = 1;
SELECT count(*) FROM issues i WHERE i IS NULL;
SELECT count(*) FROM users u WHERE u IS NOT NULL;
SELECT count(*) FROM users WHERE wallet IS NULL AND wallet IS DISTINCT FROM ROW(NULL, NULL)::money_amount;
-- Writes
UPDATE issues SET state = 'closed', closed_at = '2024-07-01 00:00+00', lock_version = lock_version + 1 WHERE tenant_id = 1 AND project_id = 1 AND iid = 1 AND lock_version = 0 RETURNING iid, state, lock_version, title_lower;
UPDATE issues SET state = 'closed' WHERE tenant_id = 1 AND project_id = 2 AND iid = 1;
UPDATE issues SET title = upper(title), labels = array_append(array_remove(labels, 'bug'), 'Über') WHERE tenant_id = 2 AND 'bug' = ANY (labels) AND project_id < 3 RETURNING title, title_lower, labels;
UPDATE projects SET star_count = (SELECT count(*) FROM members m WHERE m.tenant_id = projects.tenant_id AND m.project_id = projects.id);
UPDATE users u SET (trust, last_seen) = (SELECT least(4, count(*)), max(i.closed_at) FROM issues i WHERE i.tenant_id = u.tenant_id AND i.author_id = u.id) WHERE u.tenant_id IN (1, 2) RETURNING u.tenant_id, u.id, u.trust, u.last_seen;
UPDATE users SET wallet.amount = (wallet).amount + 1, ips[2] = '127.0.0.1' WHERE wallet IS NOT NULL AND tenant_id = 6 RETURNING id, wallet, ips;
UPDATE notes SET reactions = reactions || jsonb_build_object('e', 'heart', 'u', n), meta = jsonb_set(meta, '{position,line}', to_jsonb((meta #>> '{position,line}')::int + 1)) - 'system' FROM issues i WHERE (i.tenant_id, i.project_id, i.iid) = (notes.tenant_id, notes.project_id, notes.iid) AND i.weight = 2 AND notes.n = 2 AND i.tenant_id < 3 RETURNING notes.tenant_id, notes.iid, reactions, meta;
WITH gone AS (DELETE FROM members WHERE expires < '2024-12-31' RETURNING *), logged AS (INSERT INTO audit SELECT user_id, '2024-12-31 00:00+00', 'cron', to_jsonb(gone) FROM gone RETURNING id) SELECT (SELECT count(*) FROM gone), (SELECT sum(id) FROM logged), (SELECT count(*) FROM members);
WITH moved AS (UPDATE filecache SET parent = 1, path = 'moved/' || name WHERE parent = 5 RETURNING fileid, path, size), root AS (UPDATE filecache SET size = size + (SELECT sum(size) FROM moved) WHERE fileid = 1 RETURNING size) SELECT moved.path, root.size FROM moved, root ORDER BY 1;
WITH c AS (INSERT INTO counters (name, n) VALUES ('once', 1) ON CONFLICT (name) DO NOTHING RETURNING *) SELECT * FROM c UNION ALL SELECT * FROM counters WHERE name = 'once';
WITH c AS (INSERT INTO counters (name, n) VALUES ('once', 1) ON CONFLICT (name) DO NOTHING RETURNING *) SELECT * FROM c UNION ALL SELECT * FROM counters WHERE name = 'once';
MERGE INTO counters c USING (SELECT 'state:' || state AS name, count(*) AS n FROM issues GROUP BY state) s ON c.name = s.name WHEN MATCHED AND s.n > 60 THEN UPDATE SET n = s.n WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT VALUES (s.name, s.n, NULL);
SELECT name, n FROM counters ORDER BY name COLLATE "C";
DELETE FROM projects WHERE tenant_id = 6 AND id = 3 RETURNING id;
SELECT (SELECT count(*) FROM projects), (SELECT count(*) FROM issues), (SELECT count(*) FROM notes);
DELETE FROM users WHERE tenant_id = 1 AND id = 3;
BEGIN;
INSERT INTO projects VALUES (3, 60, 61, 'child', 1);
INSERT INTO projects VALUES (3, 61, NULL, 'parent', 1);
SET CONSTRAINTS ALL IMMEDIATE;
INSERT INTO projects VALUES (3, 62, 63, 'orphan', 1);
ROLLBACK;
BEGIN;
INSERT INTO projects VALUES (3, 62, 63, 'orphan', 1);
COMMIT;
SELECT count(*) FROM projects WHERE id > 50;
TRUNCATE notes, audit;
DELETE FROM filecache f USING filecache g WHERE f.parent = g.fileid AND g.mimetype = 5 AND f.size > 3000;
SELECT count(*), sum(size) FROM filecache;
-- Schema changes as migrations do them
ALTER TABLE users ADD COLUMN locale varchar(8) NOT NULL DEFAULT 'en', ADD COLUMN bio text COLLATE "C", ALTER COLUMN trust SET NOT NULL;
ALTER TABLE users ADD CONSTRAINT users_bio CHECK (length(bio) < 10) NOT VALID;
UPDATE users SET bio = repeat('x', id) WHERE tenant_id = 1 AND id < 9;
ALTER TABLE users VALIDATE CONSTRAINT users_bio;
UPDATE users SET bio = repeat('x', 20) WHERE tenant_id = 1 AND id = 1;
ALTER TYPE state ADD VALUE 'archived' BEFORE 'locked';
UPDATE issues SET state = 'archived' WHERE tenant_id = 1 AND state = 'locked';
SELECT state, count(*) FROM issues GROUP BY state ORDER BY state;
ALTER TABLE issues RENAME COLUMN weight TO story_points;
ALTER TABLE issues ALTER COLUMN story_points TYPE numeric(4,1) USING story_points / 2.0;
SELECT story_points, count(*) FROM issues GROUP BY 1 ORDER BY 1;
ALTER TABLE issues DROP COLUMN span, ADD COLUMN search tsvector GENERATED ALWAYS AS (to_tsvector('english', title)) STORED;
CREATE INDEX ON issues USING gin (search);
SELECT tenant_id, iid FROM issues WHERE search @@ websearch_to_tsquery('english', 'issues -"of 3" 4') ORDER BY 1, project_id, 2 LIMIT 6;
CREATE INDEX CONCURRENTLY issues_author ON issues (tenant_id, author_id) WHERE author_id IS NOT NULL;
DROP INDEX CONCURRENTLY issues_author;
ALTER TABLE members RENAME TO project_members;
ALTER INDEX members_active RENAME TO project_owner;
INSERT INTO project_members VALUES (1, 4, 1, 50);
COMMENT ON TABLE project_members IS 'who may what';
SELECT obj_description('project_members'::regclass);
CREATE VIEW active_users WITH (security_barrier) AS SELECT tenant_id, id, username, trust FROM users WHERE last_seen > '2024-01-02 00:00+00' WITH LOCAL CHECK OPTION;
SELECT tenant_id, count(*), max(trust) FROM active_users GROUP BY 1 ORDER BY 1;
UPDATE active_users SET trust = 4 WHERE tenant_id = 3 AND id = 2 RETURNING *;
DROP TABLE tenants CASCADE;
SELECT count(*) FROM issues JOIN projects p ON p.tenant_id = issues.tenant_id AND p.id = project_id;
