-- The second seed: an events table on one PostgreSQL server, without any worker. The numbers are the checklist's.
\getenv coordinator_port PGPORT
\set SHOW_CONTEXT never
\connect events
-- 39. The extension on a single server.
CREATE EXTENSION citus;
-- 40. and 41. The article's own table: its primary key does not contain the distribution column, which this version
-- asks for. It says so, and drops no constraint silently.
CREATE TABLE events (
    event_id BIGSERIAL PRIMARY KEY,
    event_type VARCHAR(50),
    event_time TIMESTAMPTZ DEFAULT NOW(),
    user_id BIGINT,
    payload JSONB
);
SELECT citus_dist_table('events', 'user_id');
DROP TABLE events;
-- (The refused attempt may have used up ids; the article's reader has not made it.)
ALTER SEQUENCE pg_catalog.pg_dist_shardid_seq RESTART;
ALTER SEQUENCE pg_catalog.pg_dist_placement_placementid_seq RESTART;
-- Its key with the user in it is not null then; without a key the user may be null.
CREATE TABLE events (
    event_id BIGSERIAL,
    event_type VARCHAR(50),
    event_time TIMESTAMPTZ DEFAULT NOW(),
    user_id BIGINT,
    payload JSONB
);
SELECT citus_dist_table('events', 'user_id');
SELECT nodename, nodeport = :coordinator_port AS this_server, groupid, shouldhaveshards FROM pg_dist_node;
SELECT min(shardid), count(*) FROM citus_shards WHERE table_name = 'events'::regclass;
-- 44. As written it cannot run: pg_dist_placement has no column id, and conf is never declared.
SELECT logicalrelid::regclass, colname, shardid, shardcount, placementid
FROM pg_dist_shard JOIN pg_dist_placement ON shardid = id
JOIN pg_dist_logical_replication_conf ON shardid = conf.objid
ORDER BY shardid;
-- Corrected as little as possible:
SELECT logicalrelid::regclass, colname, shardid, shardcount, placementid
FROM pg_dist_shard JOIN pg_dist_placement USING (shardid)
JOIN pg_dist_logical_replication_conf conf ON shardid = conf.objid
ORDER BY shardid;
-- 45. Rows go where their user lives.
INSERT INTO events (event_type, user_id, payload) VALUES
    ('login', 123, '{"from": "web"}'),
    ('click', 123, '{"button": "buy"}'),
    ('login', 456, '{"from": "phone"}');
SELECT event_id, event_type, user_id, payload FROM events WHERE user_id = 123 ORDER BY event_id;
EXPLAIN (COSTS OFF) SELECT * FROM events WHERE user_id = 123 \g (format=unaligned) |grep -E '^ *(Tier|Task Count):' | sed 's/^ *//'
SELECT event_type, count(*) FROM events GROUP BY event_type ORDER BY event_type;
CREATE TABLE users (user_id BIGINT PRIMARY KEY, name TEXT);
INSERT INTO users VALUES (123, 'Ada'), (456, 'Bob');
-- 43. A table that holds rows keeps them: they are copied to its shards.
SET client_min_messages TO warning;
SELECT create_distributed_table('users', 'user_id');
RESET client_min_messages;
SELECT name, event_type, payload FROM users JOIN events USING (user_id) ORDER BY event_id;
-- 42. An event of nobody.
INSERT INTO events (event_type, payload) VALUES ('ping', NULL);
SELECT event_id, event_type, user_id FROM events WHERE user_id IS NULL;
EXPLAIN (COSTS OFF) SELECT * FROM events WHERE user_id IS NULL \g (format=unaligned) |grep -E '^ *Task Count:' | sed 's/^ *//'
SELECT count(*) FROM events;
-- 46. Nothing is in doubt, and nobody has to do anything for that.
BEGIN;
UPDATE events SET event_type = 'seen';
DELETE FROM users WHERE user_id = 456;
COMMIT;
SELECT event_type, count(*) FROM events GROUP BY event_type;
SELECT count(*) FROM pg_prepared_xacts WHERE database = current_database();
SELECT recover_prepared_transactions();
