-- title: ORDER BY indexed column LIMIT 10 over all shards
-- runs: prepared/1=15 prepared/8=15
SELECT id, at FROM events ORDER BY at LIMIT 10;
