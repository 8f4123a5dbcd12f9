-- The SQL surface of the extension, version 1.0.
-- complain if the script is sourced in psql, rather than via CREATE EXTENSION
\echo Use "CREATE EXTENSION citus" to load this file. \quit

-- ===== Types =====

-- Types and helpers that users may name explicitly; functions that are no one's interface.
CREATE SCHEMA citus;
CREATE SCHEMA citus_internal;
GRANT USAGE ON SCHEMA citus, citus_internal TO PUBLIC;

CREATE TYPE pg_catalog.noderole AS ENUM ('primary', 'secondary', 'unavailable');
CREATE TYPE citus.distribution_type AS ENUM ('hash', 'range', 'append');
CREATE TYPE citus.shard_transfer_mode AS ENUM ('auto', 'force_logical', 'block_writes');

-- ===== Catalogs =====
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

