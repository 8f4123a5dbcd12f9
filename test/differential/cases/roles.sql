-- variants: distributed reference mixed single onenode
-- Users without rights, with some, with rights on columns; owners; SET ROLE; views and functions that run as their owner.
-- Roles belong to a server and not to a database: they may exist already. The workers need them too.
CREATE FUNCTION make_role(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE ROLE %I %s', name, CASE WHEN name = 'Owner Role' THEN 'NOLOGIN' ELSE 'LOGIN' END);
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
SELECT make_role('reader'), make_role('writer'), make_role('Owner Role'), make_role('nobody');
-- only-distributed
SELECT run_command_on_workers($x$DO $$ DECLARE r text; BEGIN FOREACH r IN ARRAY ARRAY['reader', 'writer', 'Owner Role', 'nobody'] LOOP BEGIN EXECUTE format('CREATE ROLE %I %s', r, CASE WHEN r = 'Owner Role' THEN 'NOLOGIN' ELSE 'LOGIN' END); EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END; END LOOP; END $$$x$);
CREATE TABLE secret (k int PRIMARY KEY, open text, hidden text);
CREATE TABLE shared (k int, v int);
-- distribute: create_distributed_table('secret', 'k')
-- distribute: create_distributed_table('shared', 'k')
INSERT INTO secret SELECT g, 'open ' || g, 'hidden ' || g FROM generate_series(1, 10) AS g;
INSERT INTO shared SELECT g, g FROM generate_series(1, 10) AS g;
GRANT SELECT ON shared TO reader;
GRANT SELECT (k, open) ON secret TO reader;
GRANT SELECT, INSERT, UPDATE, DELETE ON shared TO writer;
GRANT SELECT, UPDATE (open), INSERT (k, open) ON secret TO writer;
SET ROLE nobody;
SELECT * FROM shared;
SELECT * FROM shared WHERE k = 1;
SELECT count(*) FROM shared;
SELECT s.k FROM shared s JOIN secret USING (k);
INSERT INTO shared VALUES (100, 1);
UPDATE shared SET v = 1 WHERE k = 1;
DELETE FROM shared;
TRUNCATE shared;
COPY shared TO STDOUT;
COPY (SELECT k FROM shared) TO STDOUT;
SELECT k FROM shared FOR UPDATE;
ALTER TABLE shared ADD COLUMN x int;
DROP TABLE shared;
CREATE INDEX ON shared (v);
LOCK TABLE shared;
SET ROLE reader;
SELECT sum(v) FROM shared;
SELECT * FROM shared WHERE k = 2;
SELECT k, open FROM secret WHERE k = 2;
SELECT k, open FROM secret ORDER BY k;
SELECT hidden FROM secret WHERE k = 2;
SELECT * FROM secret;
SELECT count(*) FROM secret;
SELECT count(*) FROM secret WHERE hidden = 'hidden 1';
SELECT secret FROM secret WHERE k = 1;
SELECT k FROM secret ORDER BY hidden;
SELECT s.v, c.open FROM shared s JOIN secret c USING (k) ORDER BY k;
SELECT s.v, c.hidden FROM shared s JOIN secret c USING (k) ORDER BY k;
SELECT v FROM shared WHERE k IN (SELECT k FROM secret WHERE open LIKE '%1%') ORDER BY v;
SELECT v FROM shared WHERE k IN (SELECT k FROM secret WHERE hidden LIKE '%1%') ORDER BY v;
UPDATE shared SET v = 0 WHERE k = 1;
INSERT INTO shared VALUES (100, 1);
SELECT k FROM shared WHERE k = 1 FOR UPDATE;
COPY secret (k, open) TO STDOUT;
COPY secret TO STDOUT;
COPY shared FROM STDIN;
1	1
\.
PREPARE look(int) AS SELECT open FROM secret WHERE k = $1;
EXECUTE look(1);
EXECUTE look(2);
EXECUTE look(3);
EXECUTE look(4);
EXECUTE look(5);
EXECUTE look(6);
EXECUTE look(7);
SET ROLE nobody;
EXECUTE look(1);
EXECUTE look(8);
SET ROLE writer;
EXECUTE look(1);
INSERT INTO shared VALUES (100, 100), (101, 101) RETURNING *;
UPDATE shared SET v = v + 1 WHERE k >= 100;
UPDATE shared SET v = v + 1 WHERE k = 100 RETURNING v;
DELETE FROM shared WHERE k = 101 RETURNING *;
INSERT INTO secret (k, open) VALUES (100, 'written') RETURNING k, open;
INSERT INTO secret VALUES (101, 'a', 'b');
UPDATE secret SET open = 'updated' WHERE k = 100 RETURNING *;
UPDATE secret SET hidden = 'updated' WHERE k = 100;
UPDATE secret SET open = hidden WHERE k = 5;
UPDATE shared SET v = 7 FROM secret WHERE secret.k = shared.k AND secret.hidden = 'hidden 7';
DELETE FROM secret WHERE k = 100;
INSERT INTO shared SELECT k + 200, k FROM secret WHERE k < 4;
COPY shared FROM STDIN;
300	300
301	301
\.
SELECT * FROM shared ORDER BY k;
SELECT * FROM secret WHERE k IN (5, 100) ORDER BY k;
TRUNCATE shared;
RESET ROLE;
EXECUTE look(9);
-- Rights that come and go within a session.
REVOKE SELECT (open) ON secret FROM reader;
SET ROLE reader;
EXECUTE look(1);
SELECT k FROM secret WHERE k = 1;
RESET ROLE;
GRANT ALL ON secret TO reader;
SET ROLE reader;
EXECUTE look(1);
SELECT hidden FROM secret WHERE k = 1;
RESET ROLE;
REVOKE ALL ON secret FROM reader;
-- Views and functions look with the eyes of their owner.
CREATE VIEW window_on AS SELECT k, hidden FROM secret WHERE k < 4;
GRANT SELECT ON window_on TO nobody;
CREATE FUNCTION peek(id int) RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT hidden FROM secret WHERE k = id';
CREATE FUNCTION mine(id int) RETURNS text LANGUAGE sql AS 'SELECT hidden FROM secret WHERE k = id';
CREATE FUNCTION poke(id int) RETURNS int LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN UPDATE secret SET open = 'poked' WHERE k = id; RETURN id; END $$;
SET ROLE nobody;
SELECT * FROM window_on ORDER BY k;
SELECT * FROM window_on WHERE k = 2;
SELECT peek(3), poke(4);
SELECT mine(3);
SELECT * FROM window_on JOIN secret USING (k);
SELECT w.k FROM window_on w JOIN shared USING (k);
RESET ROLE;
SELECT k, open FROM secret WHERE k = 4;
-- Owners.
ALTER TABLE shared OWNER TO "Owner Role";
SET ROLE "Owner Role";
SELECT count(*) FROM shared;
DELETE FROM shared WHERE k > 50;
ALTER TABLE shared ADD COLUMN added int DEFAULT 3;
SELECT * FROM shared ORDER BY k LIMIT 3;
CREATE INDEX shared_v ON shared (v);
GRANT SELECT ON shared TO nobody;
REVOKE ALL ON shared FROM writer;
TRUNCATE shared;
INSERT INTO shared VALUES (1, 1, 1);
SELECT * FROM secret;
SET ROLE nobody;
SELECT * FROM shared;
RESET ROLE;
SET ROLE writer;
INSERT INTO shared VALUES (2, 2, 2);
RESET ROLE;
SELECT k FROM shared;
-- A role that may not log in.
ALTER TABLE shared OWNER TO "Owner Role";
SET SESSION AUTHORIZATION "Owner Role";
SELECT count(*) FROM shared;
ANALYZE shared;
VACUUM shared;
SELECT count(*) > 0 FROM pg_stats WHERE tablename = 'shared';
RESET SESSION AUTHORIZATION;
ALTER TABLE shared OWNER TO postgres;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO nobody;
SET SESSION AUTHORIZATION nobody;
SELECT count(*) FROM secret;
SELECT current_user, session_user FROM secret WHERE k = 1;
SELECT count(*) FROM secret WHERE hidden <> current_user;
CREATE TABLE own_one (k int);
RESET SESSION AUTHORIZATION;
DROP TABLE secret CASCADE;
SET ROLE reader;
SELECT * FROM secret;
RESET ROLE;
REASSIGN OWNED BY "Owner Role" TO postgres;
DROP OWNED BY nobody, reader, writer;
SELECT * FROM shared;

-- Privileges on a schema, granted before there is any table in it.
CREATE SCHEMA early;
GRANT ALL ON SCHEMA early TO PUBLIC;
CREATE TABLE early.t (k int PRIMARY KEY, v text);
-- distribute: create_distributed_table('early.t', 'k')
GRANT SELECT, INSERT ON early.t TO reader;
INSERT INTO early.t SELECT g, 'v' || g FROM generate_series(1, 10) g;
SET ROLE reader;
SELECT count(*), sum(k) FROM early.t;
SELECT * FROM early.t WHERE k = 3;
INSERT INTO early.t VALUES (11, 'eleven') RETURNING *;
RESET ROLE;
