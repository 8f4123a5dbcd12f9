-- title: Co-located join with GROUP BY (200,000 x 1 million rows with --scale 4)
-- runs: simple/1=0.55
SELECT v.grp, count(*), sum(w.y) FROM visitors v JOIN visits w ON v.id = w.visitor GROUP BY v.grp;
