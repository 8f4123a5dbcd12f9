-- title: join of 200k x 200k on non-key columns, grouped
-- runs: simple/1=2.5
SELECT c.kind, count(*), sum(v.value) FROM clicks c JOIN stays v ON c.visitor = v.visitor GROUP BY c.kind;
