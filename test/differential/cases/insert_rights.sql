-- variants: distributed reference single onenode
-- INSERT and COPY with rights on columns, through views and functions of others, and under row-level security.
CREATE FUNCTION make_role(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE ROLE %I LOGIN', name);
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
SELECT make_role('ins_user'), make_role('ins_owner');
-- only-distributed
SELECT run_command_on_workers($x$DO $$ DECLARE r text; BEGIN FOREACH r IN ARRAY ARRAY['ins_user', 'ins_owner'] LOOP BEGIN EXECUTE format('CREATE ROLE %I LOGIN', r); EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END; END LOOP; END $$$x$);
CREATE TABLE part (k int, a text, s serial, d text DEFAULT 'set by default', secret text);
CREATE TABLE keyed (k int PRIMARY KEY, a text, n int DEFAULT 1);
CREATE TABLE policy (k int PRIMARY KEY, owner text, v int);
CREATE TABLE owned (k int, a text);
-- distribute: create_distributed_table('part', 'k')
-- distribute: create_distributed_table('keyed', 'k')
-- distribute: create_distributed_table('policy', 'k')
-- distribute: create_distributed_table('owned', 'k')
GRANT INSERT (k, a), SELECT (k, s) ON part TO ins_user;
GRANT USAGE ON SEQUENCE part_s_seq TO ins_user;
GRANT INSERT (k, a), SELECT (k), UPDATE (a) ON keyed TO ins_user;
GRANT ALL ON policy TO ins_user;
GRANT INSERT, SELECT ON owned TO ins_owner;
GRANT CREATE ON SCHEMA public TO ins_owner;
ALTER TABLE policy ENABLE ROW LEVEL SECURITY;
CREATE POLICY p ON policy USING (owner = current_user) WITH CHECK (owner = current_user AND v > 0);
SET ROLE ins_owner;
CREATE VIEW through AS SELECT k, a FROM owned;
CREATE FUNCTION definer(key int) RETURNS text LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
    INSERT INTO owned VALUES (key, current_user);
    INSERT INTO owned SELECT key + g, 'many' FROM generate_series(1, 1200) AS g;
    RETURN (SELECT count(*) FROM owned WHERE k >= key);
END $$;
GRANT INSERT, SELECT ON through TO ins_user;
SET ROLE ins_user;
INSERT INTO part (k, a) VALUES (1, 'one');
INSERT INTO part (k, a) VALUES (2, 'two'), (3, 'three') RETURNING k, s;
INSERT INTO part (k, a) VALUES (2, 'two') RETURNING a;
INSERT INTO part (k, secret) VALUES (4, 'x');
INSERT INTO part VALUES (4, 'x');
INSERT INTO part (k, a) SELECT g, 'x' FROM generate_series(100, 1300) AS g;
COPY part (k, a) FROM STDIN;
5	five
\.
COPY part (k, secret) FROM STDIN;
5	five
\.
COPY part FROM STDIN;
\.
COPY part (k, a) FROM '/etc/passwd';
COPY part (k, a) FROM PROGRAM 'true';
COPY part (k) TO '/tmp/differential_never';
COPY part (k, a) TO STDOUT;
COPY (SELECT count(k), sum(k) FROM part) TO STDOUT;
BEGIN;
INSERT INTO part (k, a) VALUES (6, 'block');
SELECT k, s > 0 FROM part WHERE k = 6;
COPY part (k, a) FROM STDIN;
7	block
\.
SELECT count(k) FROM part;
COMMIT;
INSERT INTO keyed (k, a) VALUES (1, 'a'), (2, 'b');
INSERT INTO keyed (k, a) VALUES (1, 'c'), (3, 'd') ON CONFLICT (k) DO UPDATE SET a = excluded.a RETURNING k;
INSERT INTO keyed (k, a) VALUES (1, 'c'), (4, 'd') ON CONFLICT (k) DO NOTHING RETURNING k;
INSERT INTO keyed (k, a) VALUES (1, 'c'), (5, 'd') ON CONFLICT (k) DO UPDATE SET a = keyed.a || 'x';
INSERT INTO keyed (k, a) VALUES (1, 'c'), (5, 'd') ON CONFLICT (k) DO UPDATE SET n = 3;
INSERT INTO owned VALUES (1, 'no');
INSERT INTO through VALUES (1, 'view'), (2, 'view') RETURNING *;
INSERT INTO through SELECT g, 'view' FROM generate_series(10, 1300) AS g;
SELECT count(*) FROM through;
SELECT definer(5000);
INSERT INTO policy VALUES (1, 'ins_user', 1), (2, 'ins_user', 2) RETURNING *;
INSERT INTO policy VALUES (3, 'postgres', 1);
INSERT INTO policy VALUES (3, 'ins_user', -1);
INSERT INTO policy VALUES (3, 'ins_user', -1) ON CONFLICT DO NOTHING;
INSERT INTO policy VALUES (1, 'ins_user', 1), (4, 'ins_user', 1) ON CONFLICT DO NOTHING;
INSERT INTO policy SELECT g, 'ins_user', g FROM generate_series(10, 1300) AS g;
COPY policy FROM STDIN;
\.
SELECT count(*) FROM policy;
SET row_security = off;
INSERT INTO policy VALUES (5, 'ins_user', 1);
RESET row_security;
RESET ROLE;
SELECT k, a, d, secret FROM part WHERE k < 100 ORDER BY k, a;
SELECT count(*), count(DISTINCT s), min(d), max(d) FROM part;
SELECT * FROM keyed ORDER BY k;
SELECT count(*), count(DISTINCT a) FROM owned;
DROP VIEW through;
DROP FUNCTION definer;
DROP TABLE part, keyed, policy, owned;
REVOKE CREATE ON SCHEMA public FROM ins_owner;
