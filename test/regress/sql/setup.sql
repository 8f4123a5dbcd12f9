-- The nodes are added before the extension exists on them: citus_add_node creates it there.
\getenv worker1_port CITUS_WORKER1_PORT
\getenv worker2_port CITUS_WORKER2_PORT
CREATE EXTENSION citus;
SELECT citus_add_node('127.0.0.1', :worker1_port);
SELECT citus_add_node('127.0.0.1', :worker2_port);
SELECT * FROM citus_get_active_worker_nodes();
SELECT nodeid, groupid, nodename, nodeport, isactive, noderole, shouldhaveshards FROM pg_dist_node ORDER BY nodeid;
-- Adding a node again changes nothing.
SELECT citus_add_node('127.0.0.1', :worker1_port);
