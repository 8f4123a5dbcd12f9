-- title: count(DISTINCT) of a column that is not the key (1 million rows with --scale 4)
-- runs: simple/1=1.0
SELECT count(DISTINCT z) FROM visits;
