-- variants: distributed mixed onenode partitioned
-- FOR UPDATE with a LIMIT: tables of unusual shape, and users who may not do everything.
CREATE FUNCTION make_role(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE ROLE %I LOGIN', name);
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
SELECT make_role('locker_all'), make_role('locker_columns'), make_role('locker_reads'), make_role('locker_rows');
-- only-distributed
SELECT run_command_on_workers($x$DO $$ DECLARE r text; BEGIN FOREACH r IN ARRAY ARRAY['locker_all', 'locker_columns', 'locker_reads', 'locker_rows'] LOOP BEGIN EXECUTE format('CREATE ROLE %I LOGIN', r); EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END; END LOOP; END $$$x$);
CREATE TABLE jobs (gone int, id int PRIMARY KEY, "order" text, owner text);
-- distribute: create_distributed_table('jobs', 'id')
INSERT INTO jobs SELECT g, g, 'o' || g % 4, CASE WHEN g % 2 = 0 THEN 'locker_rows' ELSE 'x' END FROM generate_series(1, 20) AS g;
ALTER TABLE jobs DROP COLUMN gone;
ALTER TABLE jobs ADD COLUMN extra int[] DEFAULT '{1,2}';
ALTER TABLE jobs ADD COLUMN twice int GENERATED ALWAYS AS (id * 2) STORED;
SELECT * FROM jobs ORDER BY "order", id LIMIT 3 FOR UPDATE;
SELECT j, j."order" AS id FROM jobs j ORDER BY id DESC, j.id LIMIT 3 FOR UPDATE SKIP LOCKED;
SELECT a.id, a.extra[2] + 1, (SELECT count(*) FROM jobs b WHERE b.id = a.id) FROM jobs a ORDER BY a.twice DESC LIMIT 2 FOR UPDATE OF a;
SELECT x.n, a.id FROM jobs a, LATERAL (SELECT a.id + 1 AS n) AS x ORDER BY x.n LIMIT 2 FOR UPDATE OF a;
SELECT 'constant' AS c, 1 AS one FROM jobs ORDER BY 1, 2 LIMIT 2 FOR UPDATE;
SELECT id, now() = transaction_timestamp() AS same FROM jobs ORDER BY id LIMIT 1 FOR UPDATE;
SELECT id FROM ONLY jobs WHERE false ORDER BY id LIMIT 2 FOR UPDATE;
SELECT id FROM jobs WHERE ctid IS NOT NULL ORDER BY id LIMIT 2 FOR UPDATE;
SELECT id FROM jobs WHERE id > 10 AND id < 8 ORDER BY id LIMIT 2 FOR UPDATE;
SELECT id FROM jobs ORDER BY id LIMIT -1 FOR UPDATE;
CREATE VIEW odd AS SELECT * FROM jobs WHERE id % 2 = 1;
SELECT id FROM odd ORDER BY id LIMIT 2 FOR UPDATE;
GRANT SELECT, UPDATE ON jobs TO locker_all;
GRANT SELECT (id, "order"), UPDATE ("order") ON jobs TO locker_columns;
GRANT SELECT ON jobs TO locker_reads;
GRANT SELECT, UPDATE ON odd TO locker_reads;
SET ROLE locker_all;
SELECT * FROM jobs ORDER BY id LIMIT 2 FOR UPDATE;
SET ROLE locker_columns;
SELECT id, "order" FROM jobs ORDER BY id LIMIT 2 FOR UPDATE;
SELECT * FROM jobs ORDER BY id LIMIT 2 FOR UPDATE;
SET ROLE locker_reads;
SELECT id FROM jobs ORDER BY id LIMIT 2 FOR UPDATE;
SELECT id FROM jobs ORDER BY id LIMIT 2;
SELECT id FROM odd ORDER BY id LIMIT 2 FOR UPDATE;
RESET ROLE;
GRANT SELECT, UPDATE ON jobs TO locker_rows;
ALTER TABLE jobs ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON jobs USING (owner = current_user);
SET ROLE locker_rows;
SELECT id, owner FROM jobs ORDER BY id LIMIT 3 FOR UPDATE;
UPDATE jobs SET "order" = 'mine' WHERE id IN (SELECT id FROM jobs ORDER BY id DESC LIMIT 3 FOR UPDATE SKIP LOCKED) RETURNING id;
RESET ROLE;
BEGIN READ ONLY;
SELECT id FROM jobs ORDER BY id LIMIT 3 FOR UPDATE;
ROLLBACK;
BEGIN READ ONLY;
SELECT count(*) FROM (SELECT id FROM jobs ORDER BY id LIMIT 3 FOR UPDATE) AS l;
ROLLBACK;
SELECT id, "order" FROM jobs ORDER BY id;
DROP OWNED BY locker_all, locker_columns, locker_reads, locker_rows;
