-- title: GROUP BY a column that is not the key (2 million rows with --scale 4)
-- runs: simple/1=0.9
SELECT kind, count(*), sum(value), avg(value), max(at) FROM events GROUP BY kind;
