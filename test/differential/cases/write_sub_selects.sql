-- variants: distributed mixed single onenode
CREATE TABLE a (k int, v numeric(9,1));
-- distribute: create_distributed_table('a', 'k')
CREATE TABLE b (k int, v int);
-- distribute: create_distributed_table('b', 'k')
CREATE TABLE c (k int, v int);
-- distribute: create_distributed_table('c', 'k')
INSERT INTO a SELECT g, g % 5 FROM generate_series(1, 20) g;
INSERT INTO b SELECT g, g % 4 FROM generate_series(1, 20) g;
INSERT INTO c SELECT g, g % 3 FROM generate_series(1, 20) g;
-- A sub-select of a sub-select, both once per row, where the statement writes: their scans wait for their row.
WITH gone AS (UPDATE a SET v = a.v + 1 WHERE a.k >= (SELECT min(b.k) FROM b WHERE b.v = (SELECT count(c.k) % 4 FROM c WHERE c.v = a.v)) RETURNING *) SELECT gone.*, b.v FROM gone JOIN b ON b.k = gone.k ORDER BY 1, 2, 3;
SELECT * FROM a ORDER BY 1;
WITH gone AS (DELETE FROM a WHERE a.k < (SELECT max(b.k) FROM b WHERE b.v = (SELECT min(c.v) FROM c WHERE c.v > a.v)) RETURNING *) SELECT count(*), sum(v) FROM gone;
SELECT * FROM a ORDER BY 1;
-- The value of one sub-select for several scans, of which one has begun when the statement writes.
SET enable_hashjoin TO off;
SET enable_mergejoin TO off;
SET enable_material TO off;
WITH gone AS (DELETE FROM b WHERE v = 1 RETURNING k) SELECT c.k, (SELECT count(*) FROM gone), (SELECT count(*) FROM b WHERE b.v = (SELECT 1)) FROM c WHERE c.v = (SELECT min(v) FROM a) ORDER BY 1;
WITH gone AS (DELETE FROM b WHERE v = 1 RETURNING k) SELECT c.k, gone.k, b.k FROM c JOIN b ON b.v = c.v LEFT JOIN gone ON gone.k = c.k WHERE c.v = (SELECT max(v) - 1 FROM c) ORDER BY 1;
