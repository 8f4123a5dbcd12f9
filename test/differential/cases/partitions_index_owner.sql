-- CREATE INDEX on a partitioned table of another owner: functions in it run as the owner. Roles belong to a server: this one may exist already, here or
-- on the workers only.
-- variants: distributed reference onenode
CREATE FUNCTION make_role(name text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('CREATE ROLE %I', name);
EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
END $$;
SELECT make_role('index_owner');
-- only-distributed
SELECT run_command_on_workers($x$DO $$ BEGIN CREATE ROLE index_owner; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$$x$);
CREATE FUNCTION owned(int) RETURNS int IMMUTABLE LANGUAGE plpgsql AS $$
BEGIN
    ASSERT current_user = 'index_owner', format('owned(%s) called by %s', $1, current_user);
    RETURN $1;
END $$;
CREATE TABLE t (a int, b int) PARTITION BY RANGE (a);
ALTER TABLE t OWNER TO index_owner;
CREATE TABLE t_1 PARTITION OF t FOR VALUES FROM (1) TO (10);
ALTER TABLE t_1 OWNER TO index_owner;
INSERT INTO t VALUES (1, 1), (2, 2), (3, 3);
-- distribute: create_distributed_table('t', 'a')
CREATE INDEX after ON t ((owned(a) + owned(0))) WHERE owned(a + 10) > owned(10);
REINDEX INDEX after;
SET ROLE index_owner;
INSERT INTO t VALUES (4, 4);
SELECT count(*) FROM t;
RESET ROLE;
DROP INDEX after;
DROP TABLE t;
