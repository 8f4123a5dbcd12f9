-- title: GROUP BY with many groups, the largest of them
-- runs: simple/1
SELECT z, count(*) FROM visits GROUP BY z ORDER BY 2 DESC, 1 LIMIT 10;
