-- title: GROUP BY over all shards
-- runs: simple/1
SELECT kind % 20, count(*), sum(value), max(at) FROM events GROUP BY 1;
