-- Roles and memberships reach the workers, so that privileges on shards and sessions of other users work.
CREATE ROLE roles_joe LOGIN PASSWORD 'x' VALID UNTIL '2030-01-01';
CREATE ROLE "Roles Group";
GRANT "Roles Group" TO roles_joe;
ALTER ROLE roles_joe CREATEDB CONNECTION LIMIT 7;
CREATE FUNCTION on_workers() RETURNS SETOF text LANGUAGE sql AS $$
  SELECT DISTINCT result FROM run_command_on_workers($x$
    SELECT string_agg(concat_ws(' ', rolname, rolcanlogin, rolcreatedb, rolconnlimit, rolpassword IS NOT NULL, rolvaliduntil,
      (SELECT array_agg(roleid::regrole) FROM pg_auth_members WHERE member = a.oid)), ', ' ORDER BY rolname)
    FROM pg_authid a WHERE rolname ~* '^roles.' $x$)
$$;
SELECT on_workers();
-- The password is the same one.
SELECT DISTINCT result = (SELECT rolpassword FROM pg_authid WHERE rolname = 'roles_joe') AS same
FROM run_command_on_workers($$ SELECT rolpassword FROM pg_authid WHERE rolname = 'roles_joe' $$);
CREATE TABLE roles_table (k int PRIMARY KEY, v text);
SELECT create_distributed_table('roles_table', 'k');
INSERT INTO roles_table SELECT i, 'x' FROM generate_series(1, 10) i;
GRANT SELECT ON roles_table TO "Roles Group";
SET ROLE roles_joe;
SELECT count(*) FROM roles_table;
INSERT INTO roles_table VALUES (100, 'y');
RESET ROLE;
ALTER ROLE roles_joe RENAME TO roles_jim;
REVOKE "Roles Group" FROM roles_jim;
SELECT on_workers();
SET ROLE roles_jim;
SELECT count(*) FROM roles_table;
RESET ROLE;
-- Nothing stays of what is rolled back.
BEGIN;
CREATE ROLE roles_gone;
ROLLBACK;
SELECT on_workers();
-- A role that a node has already is made the same.
SELECT DISTINCT result FROM run_command_on_workers('CREATE ROLE roles_early NOLOGIN');
CREATE ROLE roles_early LOGIN;
SELECT on_workers();
DROP TABLE roles_table;
DROP ROLE roles_jim, roles_early, "Roles Group";
SELECT on_workers() IS NULL AS none;
DROP FUNCTION on_workers;
