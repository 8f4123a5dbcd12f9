-- The SQL surface of the extension, version 1.0.
-- complain if the script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION citus" to load this file. \quit

-- ===== 1. Types =====

-- Types and helpers that users may name explicitly; functions that are no one's interface.
CREATE SCHEMA citus;
CREATE SCHEMA citus_internal;
GRANT USAGE ON SCHEMA citus, citus_internal TO PUBLIC;

CREATE TYPE pg_catalog.noderole AS ENUM ('primary', 'secondary', 'unavailable');
CREATE TYPE citus.distribution_type AS ENUM ('hash', 'range', 'append');
CREATE TYPE citus.shard_transfer_mode AS ENUM ('auto', 'force_logical', 'block_writes');

-- ===== 2. Catalogs =====
-- A relation cannot be created in pg_catalog, but it can move there. Rows are written as those of PostgreSQL's own
-- catalogs: CHECK constraints and triggers see changes by hand only, and a partial index would be filled with all rows.

-- The nodes of the cluster. Group 0 is the coordinator; a primary and its standbys share a group.
CREATE SEQUENCE citus.pg_dist_node_nodeid_seq MINVALUE 1 MAXVALUE 4294967294;
CREATE SEQUENCE citus.pg_dist_groupid_seq MINVALUE 1 MAXVALUE 4294967294;
CREATE TABLE citus.pg_dist_node (
    nodeid int NOT NULL DEFAULT nextval('citus.pg_dist_node_nodeid_seq') PRIMARY KEY,
    groupid int NOT NULL DEFAULT nextval('citus.pg_dist_groupid_seq'),
    nodename text NOT NULL,
    nodeport int NOT NULL DEFAULT 5432,
    noderack text NOT NULL DEFAULT 'default',
    hasmetadata bool NOT NULL DEFAULT false,
    isactive bool NOT NULL DEFAULT true,
    noderole pg_catalog.noderole NOT NULL DEFAULT 'primary',
    nodecluster name NOT NULL DEFAULT 'default',
    metadatasynced bool DEFAULT false,
    shouldhaveshards bool NOT NULL DEFAULT true,
    nodeisclone bool NOT NULL DEFAULT false,
    nodeprimarynodeid int NOT NULL DEFAULT 0,
    CONSTRAINT pg_dist_node_nodename_nodeport_key UNIQUE (nodename, nodeport),
    CONSTRAINT primaries_are_only_allowed_in_the_default_cluster
        CHECK (nodecluster = 'default' OR noderole <> 'primary')
);
-- The group this server is in, one row: 0 on the coordinator and on a server that is not attached to any.
CREATE TABLE citus.pg_dist_local_group (groupid int NOT NULL PRIMARY KEY);
INSERT INTO citus.pg_dist_local_group VALUES (0);

CREATE TABLE citus.pg_dist_node_metadata (metadata jsonb NOT NULL);
INSERT INTO citus.pg_dist_node_metadata
VALUES (jsonb_build_object('server_id', gen_random_uuid(), 'last_upgrade_version', '1.0'));

-- How tables are distributed.
CREATE TABLE citus.pg_dist_partition (
    logicalrelid regclass NOT NULL,
    partmethod "char" NOT NULL,
    partkey text,
    colocationid int NOT NULL DEFAULT 0,
    repmodel "char" NOT NULL DEFAULT 'c',
    autoconverted bool NOT NULL DEFAULT false
);
CREATE UNIQUE INDEX pg_dist_partition_logical_relid_index ON citus.pg_dist_partition (logicalrelid);
CREATE INDEX pg_dist_partition_colocationid_index ON citus.pg_dist_partition (colocationid);

CREATE SEQUENCE citus.pg_dist_shardid_seq MINVALUE 102008 NO CYCLE;
CREATE TABLE citus.pg_dist_shard (
    logicalrelid regclass NOT NULL,
    shardid bigint NOT NULL,
    shardstorage "char" NOT NULL,
    shardminvalue text,
    shardmaxvalue text
);
CREATE UNIQUE INDEX pg_dist_shard_shardid_index ON citus.pg_dist_shard (shardid);
CREATE INDEX pg_dist_shard_logical_relid_index ON citus.pg_dist_shard (logicalrelid);

CREATE SEQUENCE citus.pg_dist_placement_placementid_seq NO CYCLE;
CREATE TABLE citus.pg_dist_placement (
    placementid bigint NOT NULL DEFAULT nextval('citus.pg_dist_placement_placementid_seq'),
    shardid bigint NOT NULL,
    shardstate int NOT NULL,
    shardlength bigint NOT NULL,
    groupid int NOT NULL
);
CREATE UNIQUE INDEX pg_dist_placement_placementid_index ON citus.pg_dist_placement (placementid);
CREATE UNIQUE INDEX pg_dist_placement_shardid_groupid_unique_index ON citus.pg_dist_placement (shardid, groupid);
CREATE INDEX pg_dist_placement_groupid_index ON citus.pg_dist_placement (groupid);

-- Tables of one co-location group have the same shards on the same nodes.
CREATE SEQUENCE citus.pg_dist_colocationid_seq MINVALUE 1 MAXVALUE 4294967294;
CREATE TABLE citus.pg_dist_colocation (
    colocationid int NOT NULL DEFAULT nextval('citus.pg_dist_colocationid_seq') PRIMARY KEY,
    shardcount int NOT NULL,
    replicationfactor int NOT NULL,
    distributioncolumntype oid NOT NULL,
    distributioncolumncollation oid NOT NULL
);
CREATE INDEX pg_dist_colocation_configuration_index ON citus.pg_dist_colocation
    (shardcount, replicationfactor, distributioncolumntype, distributioncolumncollation);

-- Commit records of two-phase commits: a prepared transaction that is named here commits on recovery, any
-- other is rolled back.
CREATE TABLE citus.pg_dist_transaction (
    groupid int NOT NULL,
    gid text NOT NULL,
    outer_xid xid8,
    CONSTRAINT pg_dist_transaction_unique_constraint UNIQUE (groupid, gid)
);

-- How to authenticate to a node: nodeid 0 is for all nodes, -1 for this server itself.
CREATE FUNCTION pg_catalog.authinfo_valid(text) RETURNS bool LANGUAGE C STRICT
AS 'MODULE_PATHNAME', $$authinfo_valid$$;
COMMENT ON FUNCTION pg_catalog.authinfo_valid(text) IS 'whether a text is connection options of authentication only';
CREATE FUNCTION pg_catalog.role_exists(name) RETURNS bool LANGUAGE C STRICT
AS 'MODULE_PATHNAME', $$role_exists$$;
COMMENT ON FUNCTION pg_catalog.role_exists(name) IS 'whether a role of this name exists';
CREATE TABLE citus.pg_dist_authinfo (
    nodeid int NOT NULL,
    rolename name NOT NULL,
    authinfo text NOT NULL,
    CONSTRAINT authinfo_valid CHECK (pg_catalog.authinfo_valid(authinfo)),
    CONSTRAINT role_exists CHECK (pg_catalog.role_exists(rolename))
);
CREATE UNIQUE INDEX pg_dist_authinfo_identification_index ON citus.pg_dist_authinfo (rolename, nodeid DESC);

-- A change made by hand takes effect at once in all sessions.
CREATE FUNCTION citus_internal.metadata_changed() RETURNS trigger LANGUAGE C
AS 'MODULE_PATHNAME', $$metadata_changed$$;
COMMENT ON FUNCTION citus_internal.metadata_changed() IS 'makes all sessions read the metadata anew';
CREATE TRIGGER metadata_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON citus.pg_dist_node
FOR EACH STATEMENT EXECUTE FUNCTION citus_internal.metadata_changed();
CREATE TRIGGER metadata_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON citus.pg_dist_local_group
FOR EACH STATEMENT EXECUTE FUNCTION citus_internal.metadata_changed();
CREATE TRIGGER metadata_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON citus.pg_dist_partition
FOR EACH STATEMENT EXECUTE FUNCTION citus_internal.metadata_changed();
CREATE TRIGGER metadata_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON citus.pg_dist_shard
FOR EACH STATEMENT EXECUTE FUNCTION citus_internal.metadata_changed();
CREATE TRIGGER metadata_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON citus.pg_dist_placement
FOR EACH STATEMENT EXECUTE FUNCTION citus_internal.metadata_changed();

ALTER SEQUENCE citus.pg_dist_node_nodeid_seq SET SCHEMA pg_catalog;
ALTER SEQUENCE citus.pg_dist_groupid_seq SET SCHEMA pg_catalog;
ALTER SEQUENCE citus.pg_dist_shardid_seq SET SCHEMA pg_catalog;
ALTER SEQUENCE citus.pg_dist_placement_placementid_seq SET SCHEMA pg_catalog;
ALTER SEQUENCE citus.pg_dist_colocationid_seq SET SCHEMA pg_catalog;
ALTER TABLE citus.pg_dist_node SET SCHEMA pg_catalog;
ALTER TABLE citus.pg_dist_local_group SET SCHEMA pg_catalog;
ALTER TABLE citus.pg_dist_node_metadata SET SCHEMA pg_catalog;
ALTER TABLE citus.pg_dist_partition SET SCHEMA pg_catalog;
ALTER TABLE citus.pg_dist_shard SET SCHEMA pg_catalog;
ALTER TABLE citus.pg_dist_placement SET SCHEMA pg_catalog;
ALTER TABLE citus.pg_dist_colocation SET SCHEMA pg_catalog;
ALTER TABLE citus.pg_dist_transaction SET SCHEMA pg_catalog;
ALTER TABLE citus.pg_dist_authinfo SET SCHEMA pg_catalog;

-- Everyone reads the metadata; only superusers write it. Passwords are for superusers alone.
GRANT SELECT ON pg_catalog.pg_dist_node, pg_catalog.pg_dist_local_group, pg_catalog.pg_dist_node_metadata,
    pg_catalog.pg_dist_partition, pg_catalog.pg_dist_shard, pg_catalog.pg_dist_placement,
    pg_catalog.pg_dist_colocation, pg_catalog.pg_dist_transaction TO PUBLIC;
GRANT SELECT ON pg_catalog.pg_dist_node_nodeid_seq, pg_catalog.pg_dist_groupid_seq,
    pg_catalog.pg_dist_shardid_seq, pg_catalog.pg_dist_placement_placementid_seq,
    pg_catalog.pg_dist_colocationid_seq TO PUBLIC;

-- ===== 3. Nodes (src/cluster) =====

-- What a coordinator runs on a server that becomes, or stops being, one of its nodes.
CREATE FUNCTION citus_internal.join_cluster(group_id int, cluster_id text) RETURNS void LANGUAGE sql AS $$
UPDATE pg_catalog.pg_dist_local_group SET groupid = $1;
UPDATE pg_catalog.pg_dist_node_metadata
SET metadata = metadata OPERATOR(pg_catalog.||) pg_catalog.jsonb_build_object('cluster_id', $2);
$$;
COMMENT ON FUNCTION citus_internal.join_cluster(int, text) IS 'makes this server a node of a cluster';
REVOKE ALL ON FUNCTION citus_internal.join_cluster(int, text) FROM PUBLIC;
-- The other nodes of the cluster, as a worker knows them: it sends rows to these and to no other place.
CREATE TABLE citus_internal.peer (host text NOT NULL, port int NOT NULL, PRIMARY KEY (host, port));
CREATE FUNCTION citus_internal.set_peers(hosts text[], ports int[]) RETURNS void LANGUAGE sql AS $$
DELETE FROM citus_internal.peer;
INSERT INTO citus_internal.peer
SELECT DISTINCT p.host, p.port FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2)) AS p (host, port);
$$;
COMMENT ON FUNCTION citus_internal.set_peers(text[], int[]) IS 'tells a worker which other nodes there are';
REVOKE ALL ON FUNCTION citus_internal.set_peers(text[], int[]) FROM PUBLIC;
CREATE FUNCTION citus_internal.leave_cluster() RETURNS void LANGUAGE sql AS $$
UPDATE pg_catalog.pg_dist_local_group SET groupid = 0;
UPDATE pg_catalog.pg_dist_node_metadata SET metadata = metadata OPERATOR(pg_catalog.-) 'cluster_id';
DELETE FROM citus_internal.peer;
$$;
COMMENT ON FUNCTION citus_internal.leave_cluster() IS 'makes this server a node of no cluster';
REVOKE ALL ON FUNCTION citus_internal.leave_cluster() FROM PUBLIC;

CREATE FUNCTION pg_catalog.citus_add_node(nodename text, nodeport int, groupid int DEFAULT -1,
    noderole pg_catalog.noderole DEFAULT 'primary', nodecluster name DEFAULT 'default')
RETURNS int LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$citus_add_node$$;
COMMENT ON FUNCTION pg_catalog.citus_add_node(text, int, int, pg_catalog.noderole, name)
IS 'add a node to the cluster';
REVOKE ALL ON FUNCTION pg_catalog.citus_add_node(text, int, int, pg_catalog.noderole, name) FROM PUBLIC;

CREATE FUNCTION pg_catalog.citus_add_inactive_node(nodename text, nodeport int, groupid int DEFAULT -1,
    noderole pg_catalog.noderole DEFAULT 'primary', nodecluster name DEFAULT 'default')
RETURNS int LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$citus_add_inactive_node$$;
COMMENT ON FUNCTION pg_catalog.citus_add_inactive_node(text, int, int, pg_catalog.noderole, name)
IS 'register a node that is to be activated later';
REVOKE ALL ON FUNCTION pg_catalog.citus_add_inactive_node(text, int, int, pg_catalog.noderole, name) FROM PUBLIC;

CREATE FUNCTION pg_catalog.citus_add_secondary_node(nodename text, nodeport int, primaryname text, primaryport int,
    nodecluster name DEFAULT 'default')
RETURNS int LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$citus_add_secondary_node$$;
COMMENT ON FUNCTION pg_catalog.citus_add_secondary_node(text, int, text, int, name) IS 'register a standby of a node';
REVOKE ALL ON FUNCTION pg_catalog.citus_add_secondary_node(text, int, text, int, name) FROM PUBLIC;

CREATE FUNCTION pg_catalog.citus_activate_node(nodename text, nodeport int)
RETURNS int LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$citus_activate_node$$;
COMMENT ON FUNCTION pg_catalog.citus_activate_node(text, int) IS 'make an inactive node a working one';
REVOKE ALL ON FUNCTION pg_catalog.citus_activate_node(text, int) FROM PUBLIC;

CREATE FUNCTION pg_catalog.citus_disable_node(nodename text, nodeport int, synchronous bool DEFAULT false)
RETURNS void LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$citus_disable_node$$;
COMMENT ON FUNCTION pg_catalog.citus_disable_node(text, int, bool) IS 'stop using a node, and keep it registered';
REVOKE ALL ON FUNCTION pg_catalog.citus_disable_node(text, int, bool) FROM PUBLIC;

CREATE FUNCTION pg_catalog.citus_remove_node(nodename text, nodeport int)
RETURNS void LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$citus_remove_node$$;
COMMENT ON FUNCTION pg_catalog.citus_remove_node(text, int) IS 'remove a node from the cluster';
REVOKE ALL ON FUNCTION pg_catalog.citus_remove_node(text, int) FROM PUBLIC;

CREATE FUNCTION pg_catalog.citus_update_node(node_id int, new_node_name text, new_node_port int,
    force bool DEFAULT false, lock_cooldown int DEFAULT 10000)
RETURNS void LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$citus_update_node$$;
COMMENT ON FUNCTION pg_catalog.citus_update_node(int, text, int, bool, int) IS 'change the address of a node';
REVOKE ALL ON FUNCTION pg_catalog.citus_update_node(int, text, int, bool, int) FROM PUBLIC;

CREATE FUNCTION pg_catalog.citus_set_coordinator_host(host text,
    port int DEFAULT pg_catalog.current_setting('port')::int,
    node_role pg_catalog.noderole DEFAULT 'primary', node_cluster name DEFAULT 'default')
RETURNS void LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$citus_set_coordinator_host$$;
COMMENT ON FUNCTION pg_catalog.citus_set_coordinator_host(text, int, pg_catalog.noderole, name)
IS 'set the address of the coordinator';
REVOKE ALL ON FUNCTION pg_catalog.citus_set_coordinator_host(text, int, pg_catalog.noderole, name) FROM PUBLIC;

CREATE FUNCTION pg_catalog.citus_set_node_property(nodename text, nodeport int, property text, value bool)
RETURNS void LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$citus_set_node_property$$;
COMMENT ON FUNCTION pg_catalog.citus_set_node_property(text, int, text, bool)
IS 'say whether a node should have shards';
REVOKE ALL ON FUNCTION pg_catalog.citus_set_node_property(text, int, text, bool) FROM PUBLIC;

CREATE FUNCTION pg_catalog.citus_get_active_worker_nodes(OUT node_name text, OUT node_port bigint)
RETURNS SETOF record LANGUAGE sql STRICT AS $$
SELECT nodename, nodeport::bigint FROM pg_catalog.pg_dist_node
WHERE isactive AND noderole OPERATOR(pg_catalog.=) 'primary' AND groupid OPERATOR(pg_catalog.<>) 0
ORDER BY nodeid
$$;
COMMENT ON FUNCTION pg_catalog.citus_get_active_worker_nodes() IS 'the active workers';

CREATE FUNCTION pg_catalog.citus_is_coordinator() RETURNS bool LANGUAGE sql STRICT STABLE AS $$
SELECT groupid OPERATOR(pg_catalog.=) 0 FROM pg_catalog.pg_dist_local_group
$$;
COMMENT ON FUNCTION pg_catalog.citus_is_coordinator() IS 'whether this server is a coordinator';

CREATE FUNCTION pg_catalog.citus_coordinator_nodeid() RETURNS int LANGUAGE sql STRICT STABLE AS $$
SELECT coalesce((SELECT nodeid FROM pg_catalog.pg_dist_node
                 WHERE groupid OPERATOR(pg_catalog.=) 0 AND noderole OPERATOR(pg_catalog.=) 'primary'), 0)
$$;
COMMENT ON FUNCTION pg_catalog.citus_coordinator_nodeid() IS 'node id of the coordinator, 0 when it is not registered';

CREATE FUNCTION pg_catalog.citus_nodename_for_nodeid(nodeid int) RETURNS text LANGUAGE sql STRICT STABLE AS $$
SELECT n.nodename FROM pg_catalog.pg_dist_node n WHERE n.nodeid OPERATOR(pg_catalog.=) $1
$$;
COMMENT ON FUNCTION pg_catalog.citus_nodename_for_nodeid(int) IS 'host name of a node';

CREATE FUNCTION pg_catalog.citus_nodeport_for_nodeid(nodeid int) RETURNS int LANGUAGE sql STRICT STABLE AS $$
SELECT n.nodeport FROM pg_catalog.pg_dist_node n WHERE n.nodeid OPERATOR(pg_catalog.=) $1
$$;
COMMENT ON FUNCTION pg_catalog.citus_nodeport_for_nodeid(int) IS 'port of a node';

CREATE FUNCTION pg_catalog.get_nodeid_for_groupid(groupidinput int) RETURNS int LANGUAGE sql STABLE AS $$
SELECT n.nodeid FROM pg_catalog.pg_dist_node n
WHERE n.groupid OPERATOR(pg_catalog.=) $1 AND n.noderole OPERATOR(pg_catalog.=) 'primary'
$$;
COMMENT ON FUNCTION pg_catalog.get_nodeid_for_groupid(int) IS 'node id of the primary of a group';

-- ===== 4. Tables (src/cluster, src/ddl) =====

CREATE FUNCTION pg_catalog.create_distributed_table(table_name regclass, distribution_column text,
    distribution_type citus.distribution_type DEFAULT 'hash', colocate_with text DEFAULT 'default',
    shard_count int DEFAULT NULL)
    RETURNS void LANGUAGE C AS 'MODULE_PATHNAME', $$create_distributed_table$$;
COMMENT ON FUNCTION pg_catalog.create_distributed_table(regclass, text, citus.distribution_type, text, int) IS
    'spreads the rows of a table over the nodes by the hash of a column';

-- The name that a tutorial uses.
CREATE FUNCTION pg_catalog.citus_dist_table(table_name regclass, distribution_column text,
    colocate_with text DEFAULT 'default', shard_count int DEFAULT NULL)
    RETURNS void LANGUAGE sql
BEGIN ATOMIC
    SELECT pg_catalog.create_distributed_table(table_name, distribution_column, 'hash', colocate_with, shard_count);
END;
COMMENT ON FUNCTION pg_catalog.citus_dist_table(regclass, text, text, int) IS
    'another name of create_distributed_table';

CREATE FUNCTION pg_catalog.create_reference_table(table_name regclass)
    RETURNS void LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$create_reference_table$$;
COMMENT ON FUNCTION pg_catalog.create_reference_table(regclass) IS 'keeps a copy of a table on every node';

CREATE FUNCTION pg_catalog.undistribute_table(table_name regclass, cascade_via_foreign_keys bool DEFAULT false)
    RETURNS void LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$undistribute_table$$;
COMMENT ON FUNCTION pg_catalog.undistribute_table(regclass, bool) IS
    'brings the rows of a table back to the coordinator and makes it a local table';

CREATE FUNCTION pg_catalog.truncate_local_data_after_distributing_table(function_name regclass)
    RETURNS void LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$truncate_local_data_after_distributing_table$$;
COMMENT ON FUNCTION pg_catalog.truncate_local_data_after_distributing_table(regclass) IS
    'removes rows that a distributed table still has on the coordinator';

-- ===== 5. Shards on workers (src/ddl, src/executor) =====

-- Runs DDL for shards of one table that are on this node, with the caller's own rights: the commands are
-- written with logical names, which it renames. names: written schema, written name, schema, name, position
-- of the shard id, for each name; shard_ids: for each shard one id per table.
CREATE FUNCTION citus_internal.apply_shard_ddl(commands text[], names text[], shard_ids bigint[], path text)
    RETURNS void LANGUAGE C STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$apply_shard_ddl$$;
COMMENT ON FUNCTION citus_internal.apply_shard_ddl(text[], text[], bigint[], text) IS
    'runs DDL for shards on this node';

-- The table that the shard of this name (as regclass prints it) stands for. Written by the planner.
CREATE FUNCTION citus_internal.logical_table_of_shard(shard text)
    RETURNS oid LANGUAGE C STRICT STABLE AS 'MODULE_PATHNAME', $$logical_table_of_shard$$;
COMMENT ON FUNCTION citus_internal.logical_table_of_shard(text) IS 'table that a shard stands for';

-- Stands in a rewritten query for a part that runs on the shards; the planner puts a scan in its place.
CREATE FUNCTION citus_internal.fragment_scan(fragment int) RETURNS SETOF record
    LANGUAGE C STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_fragment_scan$$;
COMMENT ON FUNCTION citus_internal.fragment_scan(int) IS 'used inside plans only';

-- Any built-in aggregate with a combine function, split between the shards (partial_agg gives its state) and
-- the coordinator (combine_agg finishes it). Written by the planner.
CREATE FUNCTION citus_internal.partial_agg_step(internal, oid, VARIADIC "any") RETURNS internal
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', $$citus_partial_agg_step$$;
CREATE FUNCTION citus_internal.partial_agg_state(internal) RETURNS bytea
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', $$citus_partial_agg_state$$;
CREATE FUNCTION citus_internal.combine_agg_step(internal, oid, bytea, anyelement) RETURNS internal
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', $$citus_combine_agg_step$$;
CREATE FUNCTION citus_internal.combine_agg_result(internal, oid, bytea, anyelement) RETURNS anyelement
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', $$citus_combine_agg_result$$;
CREATE FUNCTION citus_internal.partial_agg_serialize(internal) RETURNS bytea
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', $$citus_partial_agg_serialize$$;
CREATE FUNCTION citus_internal.partial_agg_deserialize(bytea, internal) RETURNS internal
    LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE AS 'MODULE_PATHNAME', $$citus_partial_agg_deserialize$$;
CREATE FUNCTION citus_internal.partial_agg_combine(internal, internal) RETURNS internal
    LANGUAGE C IMMUTABLE PARALLEL SAFE AS 'MODULE_PATHNAME', $$citus_partial_agg_combine$$;
CREATE AGGREGATE citus_internal.partial_agg(oid, VARIADIC "any") (
    SFUNC = citus_internal.partial_agg_step, STYPE = internal, FINALFUNC = citus_internal.partial_agg_state,
    COMBINEFUNC = citus_internal.partial_agg_combine, SERIALFUNC = citus_internal.partial_agg_serialize,
    DESERIALFUNC = citus_internal.partial_agg_deserialize, PARALLEL = SAFE);
CREATE AGGREGATE citus_internal.combine_agg(oid, bytea, anyelement) (
    SFUNC = citus_internal.combine_agg_step, STYPE = internal,
    FINALFUNC = citus_internal.combine_agg_result, FINALFUNC_EXTRA, PARALLEL = RESTRICTED);
-- Sums of the counts and of the bigint sums that the shards send: such a sum is bigint again.
CREATE AGGREGATE citus_internal.total_count(bigint) (
    SFUNC = pg_catalog.int8pl, STYPE = bigint, INITCOND = '0', COMBINEFUNC = pg_catalog.int8pl, PARALLEL = SAFE);
CREATE AGGREGATE citus_internal.total(bigint) (
    SFUNC = pg_catalog.int8pl, STYPE = bigint, COMBINEFUNC = pg_catalog.int8pl, PARALLEL = SAFE);
COMMENT ON AGGREGATE citus_internal.partial_agg(oid, VARIADIC "any") IS 'used inside plans only';
COMMENT ON AGGREGATE citus_internal.combine_agg(oid, bytea, anyelement) IS 'used inside plans only';

-- Rows that were moved to this node for a join (src/executor/motion_*). They belong to the session and its
-- transaction. motion_begin makes empty results, motion_put adds rows to one; motion_partition runs queries
-- and divides their rows over the nodes by the hash of column `key` (0: all rows to all): what is for this node
-- (own_group) goes into its own result, what is for one of the peers ("group port host") is sent there once it is
-- much, and the rest is returned in chunks. A peer's motion_inbox and motion_deliver take what is sent to it;
-- motion_collect adds it to the result of the session that needs it. All of them are for everyone: what they
-- are given is checked.
CREATE FUNCTION citus_internal.motion_begin(ids int[]) RETURNS void
    LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_motion_begin$$;
CREATE FUNCTION citus_internal.motion_put(id int, rows bytea, limit_kb int) RETURNS void
    LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_motion_put$$;
CREATE FUNCTION citus_internal.motion_inbox() RETURNS bytea
    LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_motion_inbox$$;
CREATE FUNCTION citus_internal.motion_deliver(inbox bytea, rows bytea, limit_kb int) RETURNS void
    LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_motion_deliver$$;
CREATE FUNCTION citus_internal.motion_collect(id int, inbox bytea, limit_kb int) RETURNS void
    LANGUAGE C STRICT VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_motion_collect$$;
CREATE FUNCTION citus_internal.motion_partition(id int, limit_kb int, key int, bounds int[], groups int[],
    own_group int, peers text[], queries text[])
    RETURNS TABLE (target int, kind int, content bytea)
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_motion_partition$$;
CREATE FUNCTION citus_internal.motion_partition(id int, limit_kb int, key int, bounds int[], groups int[],
    own_group int, peers text[], queries text[], VARIADIC params "any")
    RETURNS TABLE (target int, kind int, content bytea)
    LANGUAGE C VOLATILE PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_motion_partition$$;
CREATE FUNCTION citus_internal.read_motion_support(internal) RETURNS internal
    LANGUAGE C STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_read_motion_support$$;
CREATE FUNCTION citus_internal.read_motion(id int, bucket int) RETURNS SETOF record
    LANGUAGE C STRICT STABLE PARALLEL UNSAFE ROWS 1000 SUPPORT citus_internal.read_motion_support
    AS 'MODULE_PATHNAME', $$citus_read_motion$$;
CREATE FUNCTION citus_internal.motion_entry(number int) RETURNS SETOF record
    LANGUAGE C STRICT STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_motion_entry$$;
COMMENT ON FUNCTION citus_internal.motion_begin(int[]) IS 'used inside plans only';
COMMENT ON FUNCTION citus_internal.motion_put(int, bytea, int) IS 'used inside plans only';
COMMENT ON FUNCTION citus_internal.motion_inbox() IS 'used inside plans only';
COMMENT ON FUNCTION citus_internal.motion_deliver(bytea, bytea, int) IS 'used inside plans only';
COMMENT ON FUNCTION citus_internal.motion_collect(int, bytea, int) IS 'used inside plans only';
COMMENT ON FUNCTION citus_internal.read_motion(int, int) IS 'rows that were moved to this node for a join';
COMMENT ON FUNCTION citus_internal.motion_entry(int) IS 'used inside plans only';

-- ===== 6. Look-ups and sizes (src/catalog, src/monitor) =====

CREATE FUNCTION pg_catalog.citus_version() RETURNS text LANGUAGE C STRICT STABLE
AS 'MODULE_PATHNAME', $$citus_version$$;
COMMENT ON FUNCTION pg_catalog.citus_version() IS 'version of citus and of PostgreSQL';

CREATE FUNCTION pg_catalog.get_shard_id_for_distribution_column(table_name regclass,
    distribution_value "any" DEFAULT NULL)
RETURNS bigint LANGUAGE C STABLE AS 'MODULE_PATHNAME', $$get_shard_id_for_distribution_column$$;
COMMENT ON FUNCTION pg_catalog.get_shard_id_for_distribution_column(regclass, "any")
IS 'id of the shard that holds the rows with a value in the distribution column';

CREATE FUNCTION pg_catalog.worker_hash(value "any") RETURNS int LANGUAGE C STRICT STABLE
AS 'MODULE_PATHNAME', $$worker_hash$$;
COMMENT ON FUNCTION pg_catalog.worker_hash("any") IS 'hash by which a value is routed to a shard';

CREATE FUNCTION pg_catalog.shard_name(object_name regclass, shard_id bigint, skip_qualify_public bool DEFAULT true)
RETURNS text LANGUAGE C STRICT STABLE AS 'MODULE_PATHNAME', $$shard_name$$;
COMMENT ON FUNCTION pg_catalog.shard_name(regclass, bigint, bool) IS 'name of a shard of a table or index';

CREATE FUNCTION pg_catalog.column_to_column_name(table_name regclass, column_var_text text)
RETURNS text LANGUAGE C STRICT STABLE AS 'MODULE_PATHNAME', $$column_to_column_name$$;
COMMENT ON FUNCTION pg_catalog.column_to_column_name(regclass, text) IS 'name of the column in pg_dist_partition.partkey';

CREATE FUNCTION pg_catalog.column_name_to_column(table_name regclass, column_name text)
RETURNS text LANGUAGE C STRICT STABLE AS 'MODULE_PATHNAME', $$column_name_to_column$$;
COMMENT ON FUNCTION pg_catalog.column_name_to_column(regclass, text) IS 'form of a column in pg_dist_partition.partkey';

CREATE FUNCTION pg_catalog.relation_is_a_known_shard(regclass) RETURNS bool LANGUAGE C STRICT STABLE
AS 'MODULE_PATHNAME', $$relation_is_a_known_shard$$;
COMMENT ON FUNCTION pg_catalog.relation_is_a_known_shard(regclass)
IS 'whether a relation of this server is a shard, or an index of one';

CREATE FUNCTION pg_catalog.citus_table_is_visible(oid) RETURNS bool LANGUAGE C STRICT STABLE COST 10
AS 'MODULE_PATHNAME', $$citus_table_is_visible$$;
COMMENT ON FUNCTION pg_catalog.citus_table_is_visible(oid) IS 'is the table visible, and not a shard?';

CREATE FUNCTION pg_catalog.distributed_tables_colocated(table1 regclass, table2 regclass) RETURNS bool
LANGUAGE sql STABLE BEGIN ATOMIC
    SELECT coalesce((SELECT a.colocationid <> 0 AND a.colocationid = b.colocationid
                     FROM pg_catalog.pg_dist_partition a, pg_catalog.pg_dist_partition b
                     WHERE a.logicalrelid = table1 AND b.logicalrelid = table2), false);
END;
COMMENT ON FUNCTION pg_catalog.distributed_tables_colocated(regclass, regclass)
IS 'whether two tables are in one co-location group';

-- Sizes on disk, over all placements.
CREATE FUNCTION pg_catalog.citus_table_size(logicalrelid regclass) RETURNS bigint LANGUAGE C STRICT
AS 'MODULE_PATHNAME', $$citus_table_size$$;
COMMENT ON FUNCTION pg_catalog.citus_table_size(regclass) IS 'disk space of a distributed table without its indexes';

CREATE FUNCTION pg_catalog.citus_relation_size(logicalrelid regclass) RETURNS bigint LANGUAGE C STRICT
AS 'MODULE_PATHNAME', $$citus_relation_size$$;
COMMENT ON FUNCTION pg_catalog.citus_relation_size(regclass)
IS 'disk space of the main part of a distributed table, or of an index on one';

CREATE FUNCTION pg_catalog.citus_total_relation_size(logicalrelid regclass, fail_on_error bool DEFAULT true)
RETURNS bigint LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$citus_total_relation_size$$;
COMMENT ON FUNCTION pg_catalog.citus_total_relation_size(regclass, bool)
IS 'disk space of a distributed table with its indexes';

CREATE FUNCTION citus_internal.placement_sizes(OUT shardid bigint, OUT groupid int, OUT size bigint)
RETURNS SETOF record LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$placement_sizes$$;
COMMENT ON FUNCTION citus_internal.placement_sizes() IS 'disk space of each placement, NULL where it is not known';

CREATE FUNCTION pg_catalog.citus_shard_sizes(OUT shard_id int, OUT size bigint) RETURNS SETOF record
LANGUAGE sql STRICT BEGIN ATOMIC
    SELECT shardid::int, size FROM citus_internal.placement_sizes();
END;
COMMENT ON FUNCTION pg_catalog.citus_shard_sizes() IS 'disk space of each shard';

-- Commands on nodes and shards.
CREATE FUNCTION citus_internal.run_commands(groups int[], commands text[], parallel bool, warn bool,
    OUT ord int, OUT success bool, OUT result text)
RETURNS SETOF record LANGUAGE C AS 'MODULE_PATHNAME', $$run_commands$$;
COMMENT ON FUNCTION citus_internal.run_commands(int[], text[], bool, bool) IS 'run one command on each of some nodes';

CREATE FUNCTION citus_internal.table_placements(table_name regclass, OUT shard_index int, OUT groupid int,
    OUT nodename text, OUT nodeport int, OUT shardid bigint, OUT shard_name text)
RETURNS SETOF record LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$table_placements$$;
COMMENT ON FUNCTION citus_internal.table_placements(regclass) IS 'the placements of a table';

CREATE FUNCTION citus_internal.colocated_placements(table_name1 regclass, table_name2 regclass, OUT shard_index int,
    OUT groupid int, OUT nodename text, OUT nodeport int, OUT shardid1 bigint, OUT shard_name1 text,
    OUT shardid2 bigint, OUT shard_name2 text)
RETURNS SETOF record LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$colocated_placements$$;
COMMENT ON FUNCTION citus_internal.colocated_placements(regclass, regclass)
IS 'the placements of two co-located tables, side by side';

CREATE FUNCTION pg_catalog.run_command_on_workers(command text, parallel bool DEFAULT true,
    OUT nodename text, OUT nodeport int, OUT success bool, OUT result text)
RETURNS SETOF record LANGUAGE sql BEGIN ATOMIC
    WITH targets AS MATERIALIZED (
        SELECT n.nodename, n.nodeport, n.groupid, row_number() OVER (ORDER BY n.nodeid) AS ord
        FROM pg_catalog.pg_dist_node n
        WHERE n.isactive AND n.noderole = 'primary' AND n.groupid <> 0)
    SELECT t.nodename, t.nodeport, r.success, r.result
    FROM citus_internal.run_commands((SELECT array_agg(groupid ORDER BY ord) FROM targets),
                                     (SELECT array_agg(command ORDER BY ord) FROM targets), parallel, false) r
    JOIN targets t USING (ord) ORDER BY r.ord;
END;
COMMENT ON FUNCTION pg_catalog.run_command_on_workers(text, bool) IS 'run a command on all workers';

CREATE FUNCTION pg_catalog.run_command_on_coordinator(command text,
    give_warning_for_connection_errors bool DEFAULT false, OUT nodeid int, OUT success bool, OUT result text)
RETURNS SETOF record LANGUAGE sql BEGIN ATOMIC
    SELECT pg_catalog.citus_coordinator_nodeid(), r.success, r.result
    FROM citus_internal.run_commands(ARRAY[0], ARRAY[command], false, give_warning_for_connection_errors) r;
END;
COMMENT ON FUNCTION pg_catalog.run_command_on_coordinator(text, bool) IS 'run a command on the coordinator';

CREATE FUNCTION pg_catalog.run_command_on_all_nodes(command text, parallel bool DEFAULT true,
    give_warning_for_connection_errors bool DEFAULT false, OUT nodeid int, OUT success bool, OUT result text)
RETURNS SETOF record LANGUAGE sql BEGIN ATOMIC
    WITH nodes AS MATERIALIZED (
        SELECT pg_catalog.citus_coordinator_nodeid() AS nodeid, 0 AS groupid
        UNION ALL
        SELECT n.nodeid, n.groupid FROM pg_catalog.pg_dist_node n
        WHERE n.isactive AND n.noderole = 'primary' AND n.groupid <> 0),
    targets AS MATERIALIZED (
        SELECT n.nodeid, n.groupid, row_number() OVER (ORDER BY n.nodeid) AS ord FROM nodes n)
    SELECT t.nodeid, r.success, r.result
    FROM citus_internal.run_commands((SELECT array_agg(groupid ORDER BY ord) FROM targets),
                                     (SELECT array_agg(command ORDER BY ord) FROM targets), parallel,
                                     give_warning_for_connection_errors) r
    JOIN targets t USING (ord) ORDER BY r.ord;
END;
COMMENT ON FUNCTION pg_catalog.run_command_on_all_nodes(text, bool, bool) IS 'run a command on all nodes';

CREATE FUNCTION pg_catalog.run_command_on_placements(table_name regclass, command text, parallel bool DEFAULT true,
    OUT nodename text, OUT nodeport int, OUT shardid bigint, OUT success bool, OUT result text)
RETURNS SETOF record LANGUAGE sql BEGIN ATOMIC
    WITH targets AS MATERIALIZED (
        SELECT p.*, format(command, p.shard_name) AS command,
               row_number() OVER (ORDER BY p.shardid, p.groupid) AS ord
        FROM citus_internal.table_placements(table_name) p)
    SELECT t.nodename, t.nodeport, t.shardid, r.success, r.result
    FROM citus_internal.run_commands((SELECT array_agg(groupid ORDER BY ord) FROM targets),
                                     (SELECT array_agg(t.command ORDER BY ord) FROM targets t), parallel, false) r
    JOIN targets t USING (ord) ORDER BY r.ord;
END;
COMMENT ON FUNCTION pg_catalog.run_command_on_placements(regclass, text, bool)
IS 'run a command on each placement of a table; %s stands for its name';

CREATE FUNCTION pg_catalog.run_command_on_shards(table_name regclass, command text, parallel bool DEFAULT true,
    OUT shardid bigint, OUT success bool, OUT result text)
RETURNS SETOF record LANGUAGE sql BEGIN ATOMIC
    WITH targets AS MATERIALIZED (
        SELECT p.*, format(command, p.shard_name) AS command, row_number() OVER (ORDER BY p.shardid) AS ord
        FROM (SELECT DISTINCT ON (a.shardid) a.* FROM citus_internal.table_placements(table_name) a
              ORDER BY a.shardid, a.groupid) p)
    SELECT t.shardid, r.success, r.result
    FROM citus_internal.run_commands((SELECT array_agg(groupid ORDER BY ord) FROM targets),
                                     (SELECT array_agg(t.command ORDER BY ord) FROM targets t), parallel, false) r
    JOIN targets t USING (ord) ORDER BY r.ord;
END;
COMMENT ON FUNCTION pg_catalog.run_command_on_shards(regclass, text, bool)
IS 'run a command on each shard of a table; %s stands for its name';

CREATE FUNCTION pg_catalog.run_command_on_colocated_placements(table_name1 regclass, table_name2 regclass,
    command text, parallel bool DEFAULT true,
    OUT nodename text, OUT nodeport int, OUT shardid1 bigint, OUT shardid2 bigint, OUT success bool, OUT result text)
RETURNS SETOF record LANGUAGE sql BEGIN ATOMIC
    WITH targets AS MATERIALIZED (
        SELECT p.*, format(command, p.shard_name1, p.shard_name2) AS command,
               row_number() OVER (ORDER BY p.shardid1, p.groupid) AS ord
        FROM citus_internal.colocated_placements(table_name1, table_name2) p)
    SELECT t.nodename, t.nodeport, t.shardid1, t.shardid2, r.success, r.result
    FROM citus_internal.run_commands((SELECT array_agg(groupid ORDER BY ord) FROM targets),
                                     (SELECT array_agg(t.command ORDER BY ord) FROM targets t), parallel, false) r
    JOIN targets t USING (ord) ORDER BY r.ord;
END;
COMMENT ON FUNCTION pg_catalog.run_command_on_colocated_placements(regclass, regclass, text, bool)
IS 'run a command on each pair of placements of two co-located tables; two %s stand for their names';

CREATE FUNCTION pg_catalog.citus_check_connection_to_node(nodename text, nodeport int DEFAULT 5432)
RETURNS bool LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$citus_check_connection_to_node$$;
COMMENT ON FUNCTION pg_catalog.citus_check_connection_to_node(text, int) IS 'whether this node can connect to another';

CREATE FUNCTION pg_catalog.citus_check_cluster_node_health(OUT from_nodename text, OUT from_nodeport int,
    OUT to_nodename text, OUT to_nodeport int, OUT result bool)
RETURNS SETOF record LANGUAGE sql STRICT BEGIN ATOMIC
    WITH nodes AS MATERIALIZED (
        SELECT * FROM pg_catalog.pg_dist_node WHERE isactive AND noderole = 'primary'),
    targets AS MATERIALIZED (
        SELECT f.groupid, f.nodename AS f_name, f.nodeport AS f_port, t.nodename AS t_name, t.nodeport AS t_port,
               format('SELECT pg_catalog.citus_check_connection_to_node(%L, %s)', t.nodename, t.nodeport) AS command,
               row_number() OVER (ORDER BY f.nodeid, t.nodeid) AS ord
        FROM nodes f CROSS JOIN nodes t)
    SELECT t.f_name, t.f_port, t.t_name, t.t_port, CASE WHEN r.success THEN r.result::bool ELSE false END
    FROM citus_internal.run_commands((SELECT array_agg(groupid ORDER BY ord) FROM targets),
                                     (SELECT array_agg(command ORDER BY ord) FROM targets), true, false) r
    JOIN targets t USING (ord) ORDER BY r.ord;
END;
COMMENT ON FUNCTION pg_catalog.citus_check_cluster_node_health()
IS 'whether each node can connect to each node';

-- Global process ids: node id and process id in one number.
CREATE FUNCTION pg_catalog.citus_calculate_gpid(nodeid int, pid int) RETURNS bigint
LANGUAGE sql STRICT IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
    SELECT nodeid::bigint * 10000000000 + pid;
END;
COMMENT ON FUNCTION pg_catalog.citus_calculate_gpid(int, int) IS 'global process id of a process of a node';

CREATE FUNCTION pg_catalog.citus_backend_gpid() RETURNS bigint LANGUAGE sql STRICT STABLE BEGIN ATOMIC
    SELECT pg_catalog.citus_calculate_gpid(
        coalesce((SELECT n.nodeid FROM pg_catalog.pg_dist_node n JOIN pg_catalog.pg_dist_local_group USING (groupid)
                  WHERE n.noderole = 'primary'), 99999999), pg_backend_pid());
END;
COMMENT ON FUNCTION pg_catalog.citus_backend_gpid() IS 'global process id of this session';

CREATE FUNCTION pg_catalog.citus_nodeid_for_gpid(global_pid bigint) RETURNS int
LANGUAGE sql STRICT IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
    SELECT (global_pid / 10000000000)::int;
END;
COMMENT ON FUNCTION pg_catalog.citus_nodeid_for_gpid(bigint) IS 'node id in a global process id';

CREATE FUNCTION pg_catalog.citus_pid_for_gpid(global_pid bigint) RETURNS int
LANGUAGE sql STRICT IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
    SELECT (global_pid % 10000000000)::int;
END;
COMMENT ON FUNCTION pg_catalog.citus_pid_for_gpid(bigint) IS 'process id in a global process id';

-- Who is doing what, on all nodes. A function local_*() tells it of the server it runs on; the others ask all nodes
-- (a server that knows no nodes: itself), and warn of one that does not answer. worker_gpid: the session for which a
-- backend works.
CREATE FUNCTION citus_internal.worker_gpid(application_name text) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
    SELECT substring(application_name FROM '^citus_(?:internal|run_command) gpid=(\d{1,18})$')::bigint;
END;
COMMENT ON FUNCTION citus_internal.worker_gpid(text) IS 'for which session a backend between nodes works';

CREATE FUNCTION citus_internal.own_nodeid() RETURNS int LANGUAGE sql STABLE BEGIN ATOMIC
    SELECT pg_catalog.citus_nodeid_for_gpid(pg_catalog.citus_backend_gpid());
END;
COMMENT ON FUNCTION citus_internal.own_nodeid() IS 'id of this node, 99999999 without one';

CREATE FUNCTION citus_internal.local_stat_activity(OUT worker_gpid bigint,
    OUT datid oid, OUT datname name, OUT pid int, OUT leader_pid int,
    OUT usesysid oid, OUT usename name, OUT application_name text, OUT client_addr inet,
    OUT client_hostname text, OUT client_port int, OUT backend_start timestamptz, OUT xact_start timestamptz,
    OUT query_start timestamptz, OUT state_change timestamptz, OUT wait_event_type text, OUT wait_event text,
    OUT state text, OUT backend_xid xid, OUT backend_xmin xid, OUT query_id bigint,
    OUT query text, OUT backend_type text)
RETURNS SETOF record LANGUAGE sql VOLATILE BEGIN ATOMIC
    SELECT citus_internal.worker_gpid(a.application_name),
           a.datid, a.datname, a.pid, a.leader_pid, a.usesysid, a.usename, a.application_name, a.client_addr,
           a.client_hostname, a.client_port, a.backend_start, a.xact_start, a.query_start, a.state_change,
           a.wait_event_type, a.wait_event, a.state, a.backend_xid, a.backend_xmin, a.query_id, a.query,
           a.backend_type
    FROM pg_catalog.pg_stat_activity a
    WHERE NOT (a.pid = pg_backend_pid() AND citus_internal.worker_gpid(a.application_name) IS NOT NULL);
END;
COMMENT ON FUNCTION citus_internal.local_stat_activity() IS 'pg_stat_activity of this server';

CREATE FUNCTION pg_catalog.citus_stat_activity(OUT global_pid bigint, OUT nodeid int, OUT is_worker_query bool,
    OUT datid oid, OUT datname name, OUT pid int, OUT leader_pid int,
    OUT usesysid oid, OUT usename name, OUT application_name text, OUT client_addr inet,
    OUT client_hostname text, OUT client_port int, OUT backend_start timestamptz, OUT xact_start timestamptz,
    OUT query_start timestamptz, OUT state_change timestamptz, OUT wait_event_type text, OUT wait_event text,
    OUT state text, OUT backend_xid xid, OUT backend_xmin xid, OUT query_id bigint,
    OUT query text, OUT backend_type text)
RETURNS SETOF record LANGUAGE sql VOLATILE BEGIN ATOMIC
    SELECT coalesce(a.worker_gpid, pg_catalog.citus_calculate_gpid(citus_internal.own_nodeid(), a.pid)),
           citus_internal.own_nodeid(), a.worker_gpid IS NOT NULL,
           a.datid, a.datname, a.pid, a.leader_pid, a.usesysid, a.usename, a.application_name, a.client_addr,
           a.client_hostname, a.client_port, a.backend_start, a.xact_start, a.query_start, a.state_change,
           a.wait_event_type, a.wait_event, a.state, a.backend_xid, a.backend_xmin, a.query_id, a.query,
           a.backend_type
    FROM citus_internal.local_stat_activity() a
    UNION ALL
    SELECT coalesce(a.worker_gpid, pg_catalog.citus_calculate_gpid(t.nodes[c.ord], a.pid)), t.nodes[c.ord],
           a.worker_gpid IS NOT NULL,
           a.datid, a.datname, a.pid, a.leader_pid, a.usesysid, a.usename, a.application_name, a.client_addr,
           a.client_hostname, a.client_port, a.backend_start, a.xact_start, a.query_start, a.state_change,
           a.wait_event_type, a.wait_event, a.state, a.backend_xid, a.backend_xmin, a.query_id, a.query,
           a.backend_type
    FROM (SELECT array_agg(n.groupid ORDER BY n.nodeid) AS groups, array_agg(n.nodeid ORDER BY n.nodeid) AS nodes,
                 array_agg('SELECT coalesce(json_agg(r), ''[]'')'
                           ' FROM citus_internal.local_stat_activity() r'::text) AS commands
          FROM pg_catalog.pg_dist_node n
          WHERE n.isactive AND n.noderole = 'primary'
            AND n.groupid <> (SELECT l.groupid FROM pg_catalog.pg_dist_local_group l)
          HAVING count(*) > 0) t
    CROSS JOIN LATERAL citus_internal.run_commands(t.groups, t.commands, true, true) AS c
    CROSS JOIN LATERAL json_to_recordset(c.result::json) AS a (worker_gpid bigint,
        datid oid, datname name, pid int, leader_pid int, usesysid oid, usename name,
    application_name text, client_addr inet, client_hostname text, client_port int, backend_start timestamptz,
    xact_start timestamptz, query_start timestamptz, state_change timestamptz, wait_event_type text, wait_event text,
    state text, backend_xid xid, backend_xmin xid, query_id bigint, query text, backend_type text)
    WHERE c.success;
END;
COMMENT ON FUNCTION pg_catalog.citus_stat_activity() IS 'pg_stat_activity of all nodes';

CREATE FUNCTION citus_internal.local_locks(OUT worker_gpid bigint,
    OUT locktype text, OUT database oid, OUT relation oid, OUT relation_name text,
    OUT page int, OUT tuple smallint, OUT virtualxid text, OUT transactionid xid,
    OUT classid oid, OUT objid oid, OUT objsubid smallint, OUT virtualtransaction text,
    OUT pid int, OUT mode text, OUT granted bool, OUT fastpath bool,
    OUT waitstart timestamptz)
RETURNS SETOF record LANGUAGE sql VOLATILE BEGIN ATOMIC
    SELECT citus_internal.worker_gpid(a.application_name), l.locktype, l.database, l.relation,
           (SELECT r.oid::regclass::text FROM pg_catalog.pg_class r WHERE r.oid = l.relation
              AND l.database IN (0, (SELECT d.oid FROM pg_catalog.pg_database d WHERE d.datname = current_database()))),
           l.page, l.tuple, l.virtualxid, l.transactionid, l.classid, l.objid, l.objsubid, l.virtualtransaction,
           l.pid, l.mode, l.granted, l.fastpath, l.waitstart
    FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    WHERE NOT (l.pid IS NOT DISTINCT FROM pg_backend_pid()
               AND citus_internal.worker_gpid(a.application_name) IS NOT NULL);
END;
COMMENT ON FUNCTION citus_internal.local_locks() IS 'pg_locks of this server';

CREATE FUNCTION pg_catalog.citus_locks(OUT global_pid bigint, OUT nodeid int,
    OUT locktype text, OUT database oid, OUT relation oid, OUT relation_name text,
    OUT page int, OUT tuple smallint, OUT virtualxid text, OUT transactionid xid,
    OUT classid oid, OUT objid oid, OUT objsubid smallint, OUT virtualtransaction text,
    OUT pid int, OUT mode text, OUT granted bool, OUT fastpath bool,
    OUT waitstart timestamptz)
RETURNS SETOF record LANGUAGE sql VOLATILE BEGIN ATOMIC
    SELECT coalesce(l.worker_gpid, pg_catalog.citus_calculate_gpid(citus_internal.own_nodeid(), l.pid)),
           citus_internal.own_nodeid(),
           l.locktype, l.database, l.relation, l.relation_name, l.page, l.tuple, l.virtualxid, l.transactionid,
           l.classid, l.objid, l.objsubid, l.virtualtransaction, l.pid, l.mode, l.granted, l.fastpath,
           l.waitstart
    FROM citus_internal.local_locks() l
    UNION ALL
    SELECT coalesce(l.worker_gpid, pg_catalog.citus_calculate_gpid(t.nodes[c.ord], l.pid)), t.nodes[c.ord],
           l.locktype, l.database, l.relation, l.relation_name, l.page, l.tuple, l.virtualxid, l.transactionid,
           l.classid, l.objid, l.objsubid, l.virtualtransaction, l.pid, l.mode, l.granted, l.fastpath,
           l.waitstart
    FROM (SELECT array_agg(n.groupid ORDER BY n.nodeid) AS groups, array_agg(n.nodeid ORDER BY n.nodeid) AS nodes,
                 array_agg('SELECT coalesce(json_agg(r), ''[]'') FROM citus_internal.local_locks() r'::text) AS commands
          FROM pg_catalog.pg_dist_node n
          WHERE n.isactive AND n.noderole = 'primary'
            AND n.groupid <> (SELECT l.groupid FROM pg_catalog.pg_dist_local_group l)
          HAVING count(*) > 0) t
    CROSS JOIN LATERAL citus_internal.run_commands(t.groups, t.commands, true, true) AS c
    CROSS JOIN LATERAL json_to_recordset(c.result::json) AS l (worker_gpid bigint,
        locktype text, database oid, relation oid, relation_name text, page int, tuple smallint, virtualxid
        text,
    transactionid xid, classid oid, objid oid, objsubid smallint, virtualtransaction text, pid int, mode text,
    granted bool, fastpath bool, waitstart timestamptz)
    WHERE c.success;
END;
COMMENT ON FUNCTION pg_catalog.citus_locks() IS 'pg_locks of all nodes';

CREATE FUNCTION pg_catalog.pg_cancel_backend(global_pid bigint) RETURNS bool
LANGUAGE C STRICT VOLATILE AS 'MODULE_PATHNAME', $$citus_cancel_backend$$;
COMMENT ON FUNCTION pg_catalog.pg_cancel_backend(bigint) IS 'cancel the current query of a process of any node';
CREATE FUNCTION pg_catalog.pg_terminate_backend(global_pid bigint, timeout bigint DEFAULT 0) RETURNS bool
LANGUAGE C STRICT VOLATILE AS 'MODULE_PATHNAME', $$citus_terminate_backend$$;
COMMENT ON FUNCTION pg_catalog.pg_terminate_backend(bigint, bigint) IS 'terminate a process of any node';

-- ===== 7. Transactions (src/transaction) =====
CREATE FUNCTION pg_catalog.recover_prepared_transactions() RETURNS int
LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$recover_prepared_transactions$$;
COMMENT ON FUNCTION pg_catalog.recover_prepared_transactions() IS
'finish two-phase commits that a failure left behind; the maintenance daemon does it by itself';
REVOKE ALL ON FUNCTION pg_catalog.recover_prepared_transactions() FROM PUBLIC;
CREATE FUNCTION citus_internal.start_maintenance_daemon() RETURNS void
LANGUAGE C STRICT AS 'MODULE_PATHNAME', $$citus_start_maintenance_daemon$$;
REVOKE ALL ON FUNCTION citus_internal.start_maintenance_daemon() FROM PUBLIC;
SELECT citus_internal.start_maintenance_daemon();

-- Distributed deadlocks: who waits for whom on this server. waiting_gpid and blocking_gpid say for which session of
-- the cluster a backend works, blocking_xid which prepared transaction blocks.
CREATE FUNCTION citus_internal.local_wait_edges(OUT waiting_pid int, OUT waiting_gpid bigint, OUT since timestamptz,
    OUT blocking_pid int, OUT blocking_gpid bigint, OUT blocking_xid xid) RETURNS SETOF record
LANGUAGE C STRICT VOLATILE AS 'MODULE_PATHNAME', $$citus_local_wait_edges$$;
COMMENT ON FUNCTION citus_internal.local_wait_edges() IS 'who waits for whom on this server';

CREATE FUNCTION pg_catalog.check_distributed_deadlocks() RETURNS bool
LANGUAGE C STRICT VOLATILE AS 'MODULE_PATHNAME', $$citus_check_distributed_deadlocks$$;
COMMENT ON FUNCTION pg_catalog.check_distributed_deadlocks() IS
'look for distributed deadlocks now; it also happens by itself';
REVOKE ALL ON FUNCTION pg_catalog.check_distributed_deadlocks() FROM PUBLIC;

CREATE FUNCTION citus_internal.distributed_transactions(OUT pid int, OUT transaction_number bigint,
    OUT started timestamptz) RETURNS SETOF record
LANGUAGE C STRICT VOLATILE AS 'MODULE_PATHNAME', $$citus_distributed_transactions$$;
COMMENT ON FUNCTION citus_internal.distributed_transactions() IS
'distributed transactions that sessions of this server began';

-- A backend that works for a session of another node knows that session; the transaction's number is known there.
CREATE FUNCTION pg_catalog.get_all_active_transactions(OUT datid oid, OUT process_id int,
    OUT initiator_node_identifier int, OUT worker_query bool, OUT transaction_number bigint,
    OUT transaction_stamp timestamptz, OUT global_pid bigint)
RETURNS SETOF record LANGUAGE sql STRICT VOLATILE BEGIN ATOMIC
    SELECT a.datid, a.pid, (SELECT l.groupid FROM pg_catalog.pg_dist_local_group l), false, t.transaction_number,
           t.started, pg_catalog.citus_calculate_gpid(citus_internal.own_nodeid(), a.pid)
    FROM citus_internal.distributed_transactions() t JOIN pg_catalog.pg_stat_activity a USING (pid)
    UNION ALL
    SELECT a.datid, a.pid, 0, true, NULL, a.xact_start, citus_internal.worker_gpid(a.application_name)
    FROM pg_catalog.pg_stat_activity a
    WHERE a.application_name LIKE 'citus\_internal gpid=%' AND a.xact_start IS NOT NULL AND a.pid <> pg_backend_pid();
END;
COMMENT ON FUNCTION pg_catalog.get_all_active_transactions() IS 'distributed transactions on this node';

CREATE FUNCTION pg_catalog.get_global_active_transactions(OUT datid oid, OUT process_id int,
    OUT initiator_node_identifier int, OUT worker_query bool, OUT transaction_number bigint,
    OUT transaction_stamp timestamptz, OUT global_pid bigint)
RETURNS SETOF record LANGUAGE sql STRICT VOLATILE BEGIN ATOMIC
    WITH here AS MATERIALIZED (SELECT * FROM pg_catalog.get_all_active_transactions())
    SELECT * FROM here
    UNION ALL
    SELECT r.datid, r.process_id, r.initiator_node_identifier, r.worker_query,
           coalesce(r.transaction_number, h.transaction_number), coalesce(h.transaction_stamp, r.transaction_stamp),
           r.global_pid
    FROM (SELECT array_agg(n.groupid ORDER BY n.nodeid) AS groups, array_agg(n.nodeid ORDER BY n.nodeid) AS nodes,
                 array_agg('SELECT coalesce(json_agg(r), ''[]'')'
                           ' FROM pg_catalog.get_all_active_transactions() r'::text) AS commands
          FROM pg_catalog.pg_dist_node n
          WHERE n.isactive AND n.noderole = 'primary'
            AND n.groupid <> (SELECT l.groupid FROM pg_catalog.pg_dist_local_group l)
          HAVING count(*) > 0) t
    CROSS JOIN LATERAL citus_internal.run_commands(t.groups, t.commands, true, true) AS c
    CROSS JOIN LATERAL json_to_recordset(c.result::json) AS r (datid oid, process_id int,
        initiator_node_identifier int, worker_query bool, transaction_number bigint, transaction_stamp timestamptz,
        global_pid bigint)
    LEFT JOIN here h ON h.global_pid = r.global_pid AND NOT h.worker_query
    WHERE c.success;
END;
COMMENT ON FUNCTION pg_catalog.get_global_active_transactions() IS 'distributed transactions on all nodes';

CREATE FUNCTION citus_internal.local_blocked_processes(OUT waiting_global_pid bigint, OUT waiting_pid int,
    OUT waiting_node_id int, OUT waiting_transaction_num bigint, OUT waiting_transaction_stamp timestamptz,
    OUT blocking_global_pid bigint, OUT blocking_pid int, OUT blocking_node_id int, OUT blocking_transaction_num bigint,
    OUT blocking_transaction_stamp timestamptz, OUT blocking_transaction_waiting bool)
RETURNS SETOF record LANGUAGE sql VOLATILE BEGIN ATOMIC
    WITH edges AS MATERIALIZED (SELECT DISTINCT e.waiting_pid, e.waiting_gpid, e.blocking_pid, e.blocking_gpid
                                FROM citus_internal.local_wait_edges() e),
    transactions AS MATERIALIZED (SELECT * FROM pg_catalog.get_all_active_transactions())
    SELECT e.waiting_gpid, e.waiting_pid, w.initiator_node_identifier, w.transaction_number, w.transaction_stamp,
           e.blocking_gpid, e.blocking_pid, b.initiator_node_identifier, b.transaction_number, b.transaction_stamp,
           EXISTS (SELECT FROM edges x WHERE x.waiting_pid = e.blocking_pid)
    FROM edges e
    LEFT JOIN transactions w ON w.process_id = e.waiting_pid
    LEFT JOIN transactions b ON b.process_id = e.blocking_pid;
END;
COMMENT ON FUNCTION citus_internal.local_blocked_processes() IS 'who waits for a lock on this server, and for whom';

CREATE FUNCTION citus_internal.global_blocked_processes(OUT waiting_global_pid bigint, OUT waiting_pid int,
    OUT waiting_node_id int, OUT waiting_transaction_num bigint, OUT waiting_transaction_stamp timestamptz,
    OUT blocking_global_pid bigint, OUT blocking_pid int, OUT blocking_node_id int, OUT blocking_transaction_num bigint,
    OUT blocking_transaction_stamp timestamptz, OUT blocking_transaction_waiting bool)
RETURNS SETOF record LANGUAGE sql VOLATILE BEGIN ATOMIC
    SELECT coalesce(e.waiting_global_pid, pg_catalog.citus_calculate_gpid(citus_internal.own_nodeid(), e.waiting_pid)),
           e.waiting_pid, e.waiting_node_id, e.waiting_transaction_num, e.waiting_transaction_stamp,
           coalesce(e.blocking_global_pid,
                    pg_catalog.citus_calculate_gpid(citus_internal.own_nodeid(), e.blocking_pid)),
           e.blocking_pid, e.blocking_node_id, e.blocking_transaction_num, e.blocking_transaction_stamp,
           e.blocking_transaction_waiting
    FROM citus_internal.local_blocked_processes() e
    UNION ALL
    SELECT coalesce(e.waiting_global_pid, pg_catalog.citus_calculate_gpid(t.nodes[c.ord], e.waiting_pid)),
           e.waiting_pid, e.waiting_node_id, e.waiting_transaction_num, e.waiting_transaction_stamp,
           coalesce(e.blocking_global_pid, pg_catalog.citus_calculate_gpid(t.nodes[c.ord], e.blocking_pid)),
           e.blocking_pid, e.blocking_node_id, e.blocking_transaction_num, e.blocking_transaction_stamp,
           e.blocking_transaction_waiting
    FROM (SELECT array_agg(n.groupid ORDER BY n.nodeid) AS groups, array_agg(n.nodeid ORDER BY n.nodeid) AS nodes,
                 array_agg('SELECT coalesce(json_agg(r), ''[]'')'
                           ' FROM citus_internal.local_blocked_processes() r'::text) AS commands
          FROM pg_catalog.pg_dist_node n
          WHERE n.isactive AND n.noderole = 'primary'
            AND n.groupid <> (SELECT l.groupid FROM pg_catalog.pg_dist_local_group l)
          HAVING count(*) > 0) t
    CROSS JOIN LATERAL citus_internal.run_commands(t.groups, t.commands, true, true) AS c
    CROSS JOIN LATERAL json_to_recordset(c.result::json) AS e (waiting_global_pid bigint, waiting_pid int,
        waiting_node_id int, waiting_transaction_num bigint, waiting_transaction_stamp timestamptz,
        blocking_global_pid bigint, blocking_pid int, blocking_node_id int, blocking_transaction_num bigint,
        blocking_transaction_stamp timestamptz, blocking_transaction_waiting bool)
    WHERE c.success;
END;
COMMENT ON FUNCTION citus_internal.global_blocked_processes() IS 'who waits for a lock on any node, and for whom';

-- Gives the rest of the transaction another role's rights, without a way back for what runs in it. Only for the
-- connections between nodes; it checks itself that the session's user may.
CREATE FUNCTION citus_internal.run_as(role text, token bigint) RETURNS void
LANGUAGE C STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_run_as$$;
COMMENT ON FUNCTION citus_internal.run_as(text, bigint) IS 'used by connections between nodes';

-- The reads of a statement see one snapshot on each node, also where they are several commands.
CREATE FUNCTION citus_internal.use_snapshot(statement bigint, oldest bigint) RETURNS void
LANGUAGE C STRICT PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_use_snapshot$$;
COMMENT ON FUNCTION citus_internal.use_snapshot(bigint, bigint) IS 'used by connections between nodes';

-- Locks the newest version of a row that a query of the same statement has found, and returns it.
CREATE FUNCTION citus_internal.lock_row(table_row anyelement, row_ctid tid, row_table oid, strength int, wait_policy int)
RETURNS SETOF anyelement
LANGUAGE C VOLATILE PARALLEL UNSAFE ROWS 1 AS 'MODULE_PATHNAME', $$citus_lock_row$$;
COMMENT ON FUNCTION citus_internal.lock_row(anyelement, tid, oid, int, int) IS 'used by connections between nodes';

-- Where the row is that a cursor of this session is positioned on: what WHERE CURRENT OF becomes.
CREATE FUNCTION citus_internal.cursor_ctid(cursor_name text, table_id oid) RETURNS tid
LANGUAGE C STRICT STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_cursor_ctid$$;
CREATE FUNCTION citus_internal.cursor_key(key_type anyelement, cursor_name text, table_id oid) RETURNS anyelement
LANGUAGE C STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_cursor_key$$;
CREATE FUNCTION citus_internal.latest_ctid(shard regclass, row_ctid tid) RETURNS tid
LANGUAGE C STRICT STABLE PARALLEL UNSAFE AS 'MODULE_PATHNAME', $$citus_latest_ctid$$;
COMMENT ON FUNCTION citus_internal.latest_ctid(regclass, tid) IS 'used by connections between nodes';
COMMENT ON FUNCTION citus_internal.cursor_ctid(text, oid) IS 'used inside plans';
COMMENT ON FUNCTION citus_internal.cursor_key(anyelement, text, oid) IS 'used inside plans';

-- ===== 7a. Counters (src/monitor) =====
CREATE FUNCTION pg_catalog.citus_stat_counters(database_id oid DEFAULT 0, OUT database_id oid,
    OUT connection_establishment_succeeded bigint, OUT connection_establishment_failed bigint,
    OUT connection_reused bigint, OUT query_execution_single_shard bigint, OUT query_execution_multi_shard bigint,
    OUT stats_reset timestamptz) RETURNS SETOF record
LANGUAGE C STRICT VOLATILE AS 'MODULE_PATHNAME', $$citus_stat_counters$$;
COMMENT ON FUNCTION pg_catalog.citus_stat_counters(oid) IS
'connections and statements counted in each database (0: all) while citus.enable_stat_counters is on';
CREATE FUNCTION pg_catalog.citus_stat_messages(database_id oid DEFAULT 0, OUT database_id oid, OUT parses bigint,
    OUT prepared_executions bigint, OUT round_trips bigint, OUT plans bigint, OUT template_hits bigint,
    OUT local_plans bigint, OUT local_plan_hits bigint, OUT commits_with_write bigint, OUT evictions bigint,
    OUT stats_reset timestamptz) RETURNS SETOF record
LANGUAGE C STRICT VOLATILE AS 'MODULE_PATHNAME', $$citus_stat_messages$$;
COMMENT ON FUNCTION pg_catalog.citus_stat_messages(oid) IS
'messages to other nodes and plans counted in each database (0: all) while citus.enable_stat_counters is on';
CREATE FUNCTION pg_catalog.citus_session_counters(OUT name text, OUT value bigint) RETURNS SETOF record
LANGUAGE C STRICT VOLATILE AS 'MODULE_PATHNAME', $$citus_session_counters$$;
COMMENT ON FUNCTION pg_catalog.citus_session_counters() IS
'what this session has counted since its start: messages to other nodes, plans, connections';
CREATE FUNCTION pg_catalog.citus_stat_counters_reset(database_oid oid DEFAULT 0) RETURNS void
LANGUAGE C STRICT VOLATILE AS 'MODULE_PATHNAME', $$citus_stat_counters_reset$$;
COMMENT ON FUNCTION pg_catalog.citus_stat_counters_reset(oid) IS
'set the counters of a database (0: the current one) to zero';
REVOKE ALL ON FUNCTION pg_catalog.citus_stat_counters_reset(oid) FROM PUBLIC;

-- ===== 8. Views =====
-- All in pg_catalog, so that they are found under any search_path, and no DROP SCHEMA takes them along.

-- What kind of table a row of pg_dist_partition describes.
CREATE FUNCTION citus_internal.table_type(method "char", replication_model "char", colocation_id int) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE BEGIN ATOMIC
    SELECT CASE WHEN method = 'h' THEN 'distributed'
                WHEN replication_model = 't' THEN 'reference'
                WHEN colocation_id <> 0 THEN 'distributed'
                ELSE 'local' END;
END;
COMMENT ON FUNCTION citus_internal.table_type("char", "char", int) IS 'kind of a table in the metadata';

CREATE VIEW citus.citus_shards AS
SELECT p.logicalrelid AS table_name, s.shardid, pg_catalog.shard_name(p.logicalrelid, s.shardid) AS shard_name,
       citus_internal.table_type(p.partmethod, p.repmodel, p.colocationid) AS citus_table_type,
       p.colocationid AS colocation_id, n.nodename, n.nodeport, z.size AS shard_size
FROM pg_catalog.pg_dist_partition p
JOIN pg_catalog.pg_dist_shard s USING (logicalrelid)
JOIN pg_catalog.pg_dist_placement l USING (shardid)
JOIN pg_catalog.pg_dist_node n ON n.groupid = l.groupid AND n.noderole = 'primary' AND n.isactive
LEFT JOIN citus_internal.placement_sizes() z ON z.shardid = s.shardid AND z.groupid = l.groupid
JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid
WHERE l.shardstate = 1
ORDER BY s.shardid, n.nodeid;
COMMENT ON VIEW citus.citus_shards IS 'all placements of all shards';

CREATE VIEW citus.citus_tables AS
SELECT p.logicalrelid AS table_name,
       citus_internal.table_type(p.partmethod, p.repmodel, p.colocationid) AS citus_table_type,
       coalesce(pg_catalog.column_to_column_name(p.logicalrelid, p.partkey), '<none>') AS distribution_column,
       p.colocationid AS colocation_id,
       pg_size_pretty(coalesce(z.size, 0)::bigint) AS table_size,
       (SELECT count(*) FROM pg_catalog.pg_dist_shard s WHERE s.logicalrelid = p.logicalrelid) AS shard_count,
       pg_get_userbyid(c.relowner) AS table_owner,
       a.amname AS access_method
FROM pg_catalog.pg_dist_partition p
JOIN pg_catalog.pg_class c ON c.oid = p.logicalrelid
LEFT JOIN pg_catalog.pg_am a ON a.oid = c.relam
LEFT JOIN (SELECT s.logicalrelid, sum(x.size) AS size
           FROM citus_internal.placement_sizes() x JOIN pg_catalog.pg_dist_shard s USING (shardid)
           GROUP BY s.logicalrelid) z USING (logicalrelid)
WHERE pg_has_role(c.relowner, 'USAGE')
   OR has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
   OR has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE, REFERENCES')
ORDER BY p.logicalrelid::text;
COMMENT ON VIEW citus.citus_tables IS 'all distributed, reference and managed local tables';

CREATE VIEW citus.citus_nodes AS
SELECT nodename, nodeport, CASE WHEN groupid = 0 THEN 'coordinator' ELSE 'worker' END AS role, isactive AS active
FROM pg_catalog.pg_dist_node;
COMMENT ON VIEW citus.citus_nodes IS 'all nodes';

CREATE VIEW citus.pg_dist_shard_placement AS
SELECT l.shardid, l.shardstate, l.shardlength, n.nodename, n.nodeport, l.placementid
FROM pg_catalog.pg_dist_placement l
JOIN pg_catalog.pg_dist_node n ON n.groupid = l.groupid AND n.noderole = 'primary';
COMMENT ON VIEW citus.pg_dist_shard_placement IS 'placements with the address of their node';

-- No name here may be one of a column of pg_dist_shard or pg_dist_placement: it is made to be joined with them.
CREATE VIEW citus.pg_dist_logical_replication_conf AS
SELECT s.shardid AS objid, pg_catalog.column_to_column_name(p.logicalrelid, p.partkey) AS colname,
       (count(*) OVER (PARTITION BY p.logicalrelid))::int AS shardcount
FROM pg_catalog.pg_dist_partition p JOIN pg_catalog.pg_dist_shard s USING (logicalrelid)
WHERE p.partmethod = 'h';
COMMENT ON VIEW citus.pg_dist_logical_replication_conf IS 'distribution column and shard count of each shard';

CREATE VIEW citus.time_partitions AS
SELECT i.inhparent::regclass AS parent_table, a.attname AS partition_column, c.oid::regclass AS partition,
       b.bounds[1] AS from_value, b.bounds[2] AS to_value, m.amname AS access_method
FROM pg_catalog.pg_partitioned_table p
JOIN pg_catalog.pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
JOIN pg_catalog.pg_inherits i ON i.inhparent = p.partrelid
JOIN pg_catalog.pg_class c ON c.oid = i.inhrelid
LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam
CROSS JOIN LATERAL regexp_match(pg_get_expr(c.relpartbound, c.oid),
                                $re$^FOR VALUES FROM \('?([^']*?)'?\) TO \('?([^']*?)'?\)$$re$) AS b (bounds)
WHERE p.partstrat = 'r' AND p.partnatts = 1 AND b.bounds IS NOT NULL
  AND a.atttypid IN ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype)
ORDER BY i.inhparent::regclass::text, b.bounds[1];
COMMENT ON VIEW citus.time_partitions IS 'partitions by ranges of one date or time column';

CREATE VIEW citus.citus_stat_activity AS SELECT * FROM pg_catalog.citus_stat_activity();
COMMENT ON VIEW citus.citus_stat_activity IS 'what the backends of all nodes do';

CREATE VIEW citus.citus_dist_stat_activity AS
SELECT * FROM pg_catalog.citus_stat_activity() WHERE NOT is_worker_query;
COMMENT ON VIEW citus.citus_dist_stat_activity IS
'what the sessions of all nodes do, without the backends that work for them';

CREATE VIEW citus.citus_locks AS SELECT * FROM pg_catalog.citus_locks();
COMMENT ON VIEW citus.citus_locks IS 'locks on all nodes';

CREATE VIEW citus.citus_lock_waits AS
WITH waits AS MATERIALIZED (
    SELECT DISTINCT waiting_global_pid, blocking_global_pid FROM citus_internal.global_blocked_processes()),
activity AS MATERIALIZED (
    SELECT * FROM pg_catalog.citus_stat_activity()
    WHERE NOT is_worker_query AND EXISTS (SELECT FROM waits))
SELECT w.global_pid AS waiting_gpid, b.global_pid AS blocking_gpid, w.query AS blocked_statement,
       b.query AS current_statement_in_blocking_process, w.nodeid AS waiting_nodeid, b.nodeid AS blocking_nodeid
FROM waits
JOIN activity w ON w.global_pid = waits.waiting_global_pid
JOIN activity b ON b.global_pid = waits.blocking_global_pid;
COMMENT ON VIEW citus.citus_lock_waits IS 'which statement waits for which session, over all nodes';

CREATE VIEW citus.citus_stat_counters AS
SELECT d.oid, d.datname AS name, coalesce(c.connection_establishment_succeeded, 0) AS connection_establishment_succeeded,
       coalesce(c.connection_establishment_failed, 0) AS connection_establishment_failed,
       coalesce(c.connection_reused, 0) AS connection_reused,
       coalesce(c.query_execution_single_shard, 0) AS query_execution_single_shard,
       coalesce(c.query_execution_multi_shard, 0) AS query_execution_multi_shard, c.stats_reset
FROM pg_catalog.pg_database d LEFT JOIN pg_catalog.citus_stat_counters() c ON c.database_id = d.oid;
COMMENT ON VIEW citus.citus_stat_counters IS 'connections and statements counted in each database';

ALTER VIEW citus.citus_stat_counters SET SCHEMA pg_catalog;
GRANT SELECT ON pg_catalog.citus_stat_counters TO PUBLIC;
ALTER VIEW citus.citus_shards SET SCHEMA pg_catalog;
ALTER VIEW citus.citus_stat_activity SET SCHEMA pg_catalog;
ALTER VIEW citus.citus_dist_stat_activity SET SCHEMA pg_catalog;
ALTER VIEW citus.citus_locks SET SCHEMA pg_catalog;
ALTER VIEW citus.citus_lock_waits SET SCHEMA pg_catalog;
ALTER VIEW citus.citus_tables SET SCHEMA pg_catalog;
ALTER VIEW citus.citus_nodes SET SCHEMA pg_catalog;
ALTER VIEW citus.pg_dist_shard_placement SET SCHEMA pg_catalog;
ALTER VIEW citus.pg_dist_logical_replication_conf SET SCHEMA pg_catalog;
ALTER VIEW citus.time_partitions SET SCHEMA pg_catalog;
GRANT SELECT ON pg_catalog.citus_shards, pg_catalog.citus_tables, pg_catalog.citus_nodes,
    pg_catalog.pg_dist_shard_placement, pg_catalog.pg_dist_logical_replication_conf,
    pg_catalog.time_partitions, pg_catalog.citus_stat_activity, pg_catalog.citus_dist_stat_activity,
    pg_catalog.citus_locks, pg_catalog.citus_lock_waits TO PUBLIC;

-- ===== 9. Time partitions =====
-- On tables that are range-partitioned by one date or time column, distributed or not. Bounds are worked out in the
-- session's time zone.

-- The ranges of the partitions of a table; those without a bound on one side are infinite there.
CREATE FUNCTION citus_internal.time_ranges(parent regclass)
    RETURNS TABLE (partition regclass, lower_at timestamp, upper_at timestamp)
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT partition,
           CASE WHEN from_value = 'MINVALUE' THEN '-infinity' ELSE from_value::timestamptz::timestamp END,
           CASE WHEN to_value = 'MAXVALUE' THEN 'infinity' ELSE to_value::timestamptz::timestamp END
    FROM pg_catalog.time_partitions WHERE parent_table = parent;
$$;
COMMENT ON FUNCTION citus_internal.time_ranges(regclass) IS 'ranges of time partitions';

-- The type of the one column that a table is range-partitioned by.
CREATE FUNCTION citus_internal.time_partition_type(parent regclass) RETURNS regtype
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
DECLARE
    found regtype;
BEGIN
    SELECT a.atttypid INTO found
    FROM pg_partitioned_table p JOIN pg_attribute a ON a.attrelid = p.partrelid AND a.attnum = p.partattrs[0]
    WHERE p.partrelid = parent AND p.partstrat = 'r' AND p.partnatts = 1
      AND a.atttypid IN ('date'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype);
    IF found IS NULL THEN
        RAISE EXCEPTION '% is not partitioned by a range of one date, timestamp or timestamptz column', parent
            USING ERRCODE = 'wrong_object_type';
    END IF;
    RETURN found;
END $$;
COMMENT ON FUNCTION citus_internal.time_partition_type(regclass) IS 'type of the column of time partitions';

-- What the name of a partition ends in.
CREATE FUNCTION citus_internal.time_partition_suffix(start_at timestamp, step interval) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog AS $$
    SELECT to_char(start_at, CASE
        WHEN step = '1 year' THEN '"_p"YYYY'
        WHEN step = '3 months' THEN '"_p"YYYY"q"Q'
        WHEN step = '1 week' THEN '"_p"IYYY"w"IW'
        WHEN step >= '1 month' AND extract(day FROM step) = 0 AND step = date_trunc('month', step) THEN '"_p"YYYY_MM'
        WHEN step >= '1 day' AND step = date_trunc('day', step) THEN '"_p"YYYY_MM_DD'
        ELSE '"_p"YYYY_MM_DD_HH24MI' END);
$$;
COMMENT ON FUNCTION citus_internal.time_partition_suffix(timestamp, interval) IS 'end of a time partition''s name';

CREATE FUNCTION pg_catalog.get_missing_time_partition_ranges(
    table_name regclass, partition_interval interval, to_value timestamptz, from_value timestamptz DEFAULT now())
    RETURNS TABLE (partition_name text, range_from_value text, range_to_value text)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog AS $$
#variable_conflict use_variable
DECLARE
    key_type regtype := citus_internal.time_partition_type(table_name);
    wanted_from timestamp := from_value;
    wanted_to timestamp := to_value;
    anchor timestamp;
    step bigint := 0;
    lower_at timestamp;
    upper_at timestamp;
    taken record;
BEGIN
    IF partition_interval < '1 minute' THEN
        RAISE EXCEPTION 'partition_interval must be one minute or longer' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF key_type = 'date'::regtype AND partition_interval <> date_trunc('day', partition_interval) THEN
        RAISE EXCEPTION 'partition_interval must be whole days for a table that is partitioned by a date column'
            USING ERRCODE = 'invalid_parameter_value';
    END IF;
    IF wanted_from >= wanted_to THEN
        RAISE EXCEPTION 'from_value must be before to_value' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    -- Ranges continue those that exist; the first ones begin with the year, month, ... of from_value.
    SELECT min(r.lower_at) INTO anchor FROM citus_internal.time_ranges(table_name) r WHERE isfinite(r.lower_at);
    anchor := coalesce(anchor, date_trunc(CASE
        WHEN partition_interval = '1 week' THEN 'week'
        WHEN partition_interval = '3 months' THEN 'quarter'
        WHEN partition_interval >= '1 year' AND partition_interval = date_trunc('year', partition_interval) THEN 'year'
        WHEN partition_interval >= '1 month' AND partition_interval = date_trunc('month', partition_interval) THEN 'month'
        WHEN partition_interval >= '1 day' AND partition_interval = date_trunc('day', partition_interval) THEN 'day'
        WHEN partition_interval >= '1 hour' AND partition_interval = date_trunc('hour', partition_interval) THEN 'hour'
        ELSE 'minute' END, wanted_from));
    -- Counted from the anchor, so that months of different lengths do not drift.
    step := floor(extract(epoch FROM wanted_from - anchor) / extract(epoch FROM partition_interval));
    WHILE anchor + step * partition_interval > wanted_from LOOP step := step - 1; END LOOP;
    WHILE anchor + (step + 1) * partition_interval <= wanted_from LOOP step := step + 1; END LOOP;
    LOOP
        lower_at := anchor + step * partition_interval;
        upper_at := anchor + (step + 1) * partition_interval;
        EXIT WHEN lower_at >= wanted_to;
        step := step + 1;
        SELECT r.* INTO taken FROM citus_internal.time_ranges(table_name) r
        WHERE r.lower_at < upper_at AND r.upper_at > lower_at LIMIT 1;
        IF FOUND THEN
            IF taken.lower_at = lower_at AND taken.upper_at = upper_at THEN CONTINUE; END IF;
            IF taken.lower_at <= lower_at AND taken.upper_at >= upper_at AND NOT (isfinite(taken.lower_at) AND isfinite(taken.upper_at)) THEN CONTINUE; END IF;
            RAISE EXCEPTION 'partition % with the range from % to % does not fit the partition_interval %',
                taken.partition, taken.lower_at, taken.upper_at, partition_interval
                USING ERRCODE = 'invalid_parameter_value';
        END IF;
        -- The hour that a change to summer time leaves out has no length.
        CONTINUE WHEN key_type = 'timestamptz'::regtype AND lower_at::timestamptz = upper_at::timestamptz;
        partition_name := (SELECT relname FROM pg_class WHERE oid = table_name)
                          || citus_internal.time_partition_suffix(lower_at, partition_interval);
        range_from_value := CASE key_type WHEN 'date'::regtype THEN lower_at::date::text
            WHEN 'timestamptz'::regtype THEN lower_at::timestamptz::text ELSE lower_at::text END;
        range_to_value := CASE key_type WHEN 'date'::regtype THEN upper_at::date::text
            WHEN 'timestamptz'::regtype THEN upper_at::timestamptz::text ELSE upper_at::text END;
        RETURN NEXT;
    END LOOP;
END $$;
COMMENT ON FUNCTION pg_catalog.get_missing_time_partition_ranges(regclass, interval, timestamptz, timestamptz) IS
    'time partitions that create_time_partitions() would create';

CREATE FUNCTION pg_catalog.create_time_partitions(
    table_name regclass, partition_interval interval, end_at timestamptz, start_from timestamptz DEFAULT now())
    RETURNS boolean LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog AS $$
DECLARE
    missing record;
    created boolean := false;
BEGIN
    FOR missing IN SELECT * FROM pg_catalog.get_missing_time_partition_ranges(table_name, partition_interval, end_at, start_from)
    LOOP
        EXECUTE format('CREATE TABLE %I.%I PARTITION OF %s FOR VALUES FROM (%L) TO (%L)',
            (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = table_name),
            missing.partition_name, table_name, missing.range_from_value, missing.range_to_value);
        created := true;
    END LOOP;
    RETURN created;
END $$;
COMMENT ON FUNCTION pg_catalog.create_time_partitions(regclass, interval, timestamptz, timestamptz) IS
    'create the time partitions that are missing in a span of time';

CREATE PROCEDURE pg_catalog.drop_old_time_partitions(table_name regclass, older_than timestamptz)
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    old record;
BEGIN
    PERFORM citus_internal.time_partition_type(table_name);
    FOR old IN SELECT * FROM citus_internal.time_ranges(table_name) r
               WHERE r.upper_at <= older_than::timestamp ORDER BY r.lower_at
    LOOP
        RAISE NOTICE 'dropping % with start time % and end time %', old.partition, old.lower_at, old.upper_at;
        EXECUTE format('DROP TABLE %s', old.partition);
    END LOOP;
END $$;
COMMENT ON PROCEDURE pg_catalog.drop_old_time_partitions(regclass, timestamptz) IS 'drop time partitions that end before';

CREATE PROCEDURE pg_catalog.alter_old_partitions_set_access_method(
    parent_table_name regclass, older_than timestamptz, new_access_method name)
LANGUAGE plpgsql SET search_path = pg_catalog AS $$
DECLARE
    old record;
BEGIN
    PERFORM citus_internal.time_partition_type(parent_table_name);
    FOR old IN SELECT r.* FROM citus_internal.time_ranges(parent_table_name) r
               JOIN pg_class c ON c.oid = r.partition JOIN pg_am m ON m.oid = c.relam
               WHERE r.upper_at <= older_than::timestamp AND m.amname <> new_access_method ORDER BY r.lower_at
    LOOP
        RAISE NOTICE 'converting % with start time % and end time %', old.partition, old.lower_at, old.upper_at;
        EXECUTE format('ALTER TABLE %s SET ACCESS METHOD %I', old.partition, new_access_method);
    END LOOP;
END $$;
COMMENT ON PROCEDURE pg_catalog.alter_old_partitions_set_access_method(regclass, timestamptz, name) IS
    'change the access method of time partitions that end before';

CREATE FUNCTION pg_catalog.time_partition_range(table_name regclass, OUT lower_bound text, OUT upper_bound text)
    RETURNS record LANGUAGE plpgsql STABLE STRICT SET search_path = pg_catalog AS $$
BEGIN
    SELECT from_value, to_value INTO lower_bound, upper_bound FROM pg_catalog.time_partitions WHERE partition = table_name;
    IF NOT FOUND THEN
        RAISE EXCEPTION '% is not a time partition', table_name USING ERRCODE = 'wrong_object_type';
    END IF;
END $$;
COMMENT ON FUNCTION pg_catalog.time_partition_range(regclass) IS 'bounds of a time partition';
