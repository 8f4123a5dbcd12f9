-- title: indexed count over all shards
-- runs: prepared/1=15 prepared/8=20 simple/8
\set kind random(0, 4999)
SELECT count(*) FROM events WHERE kind = :kind;
