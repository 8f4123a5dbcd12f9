-- ===== Nodes (src/cluster) =====

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

