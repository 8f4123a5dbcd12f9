-- Roles that were made where the extension does not see it come to the nodes with what names them first.
\set here :DBNAME
\set who :USER
\c template1
CREATE ROLE far_owner LOGIN CREATEROLE PASSWORD 'secret';
CREATE ROLE far_reader;
CREATE ROLE far_policy;
CREATE ROLE far_policy2;
CREATE ROLE far_policy3;
CREATE ROLE far_super SUPERUSER;
CREATE ROLE far_top;
CREATE ROLE far_member LOGIN;
CREATE ROLE far_poor LOGIN;
CREATE ROLE far_type;
GRANT far_reader TO far_owner, far_member WITH ADMIN OPTION;
GRANT far_top TO far_reader;
\c :here
CREATE FUNCTION on_workers() RETURNS SETOF text LANGUAGE sql AS $$
  SELECT DISTINCT result FROM run_command_on_workers($x$
    SELECT string_agg(concat_ws(' ', rolname, rolsuper, rolcanlogin, rolcreaterole, rolpassword IS NOT NULL,
      (SELECT array_agg(roleid::regrole || '>' || admin_option::text) FROM pg_auth_members WHERE member = a.oid)), ', ' ORDER BY rolname)
    FROM pg_authid a WHERE rolname ~ '^far_' $x$)
$$;
CREATE TABLE far (k int, v text);
ALTER TABLE far OWNER TO far_owner;
GRANT SELECT ON far TO far_reader;
GRANT CREATE ON SCHEMA public TO far_owner, far_poor;
SELECT on_workers() IS NULL AS none_yet;
-- Nobody can act there as a role that is not there.
SET ROLE far_owner;
CREATE TABLE far2 (k int);
SELECT create_distributed_table('far2', 'k');
RESET ROLE;
-- The owner, who has privileges, what they are members of, and their members.
SELECT create_distributed_table('far', 'k');
SELECT on_workers();
SELECT DISTINCT result = (SELECT rolpassword FROM pg_authid WHERE rolname = 'far_owner') AS same_password
FROM run_command_on_workers($$ SELECT rolpassword FROM pg_authid WHERE rolname = 'far_owner' $$);
-- With them, what they may do in schemas. (The table is made after a read of the same session: by its owner.)
SET ROLE far_owner;
SELECT create_distributed_table('far2', 'k');
INSERT INTO far2 VALUES (1);
RESET ROLE;
SELECT DISTINCT result FROM run_command_on_workers($$ SELECT string_agg(DISTINCT relowner::regrole::text, ',') FROM pg_class WHERE relname ~ '^far2_' $$);
-- Only a superuser sends a superuser.
\c - far_owner
GRANT SELECT ON far2 TO far_super;
SELECT relacl FROM pg_class WHERE relname = 'far2';
-- Nobody gets to the nodes by the hand of a role that may not create roles.
\c - far_poor
CREATE TABLE far3 (k int);
SELECT create_distributed_table('far3', 'k');
\c - :who
ALTER ROLE far_poor;
\c - far_poor
SELECT create_distributed_table('far3', 'k');
GRANT SELECT ON far3 TO far_policy;
\c - :who
-- By policies, types, GRANT and a new owner.
CREATE TABLE near (k int);
CREATE TYPE far_mood AS ENUM ('sad');
ALTER TYPE far_mood OWNER TO far_type;
CREATE POLICY p ON near TO far_policy;
SELECT create_distributed_table('near', 'k');
SELECT on_workers() ~ 'far_policy' AS has_role;
ALTER TABLE near ADD COLUMN mood far_mood;
SELECT on_workers() ~ 'far_type' AS has_role;
CREATE POLICY p2 ON near TO PUBLIC;
SELECT on_workers() ~ 'far_policy2' AS has_role;
CREATE POLICY p3 ON near TO far_policy2;
SELECT on_workers() ~ 'far_policy2' AS has_role;
ALTER POLICY p3 ON near TO far_policy2, far_policy3;
SELECT on_workers() ~ 'far_policy3' AS has_role;
DROP ROLE far_policy2;
DROP POLICY p2 ON near;
DROP POLICY p3 ON near;
DROP ROLE far_policy2, far_policy3;
ALTER TABLE near OWNER TO far_super;
SELECT on_workers();
\c - far_member
SELECT count(*) FROM far;
\c - :who
DROP TABLE near, far, far2, far3;
DROP TYPE far_mood;
DROP FUNCTION on_workers;
REVOKE ALL ON SCHEMA public FROM far_owner, far_poor;
DROP ROLE far_owner, far_reader, far_policy, far_super, far_top, far_member, far_poor, far_type;
