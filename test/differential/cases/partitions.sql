-- Partitioned tables: distributed with their partitions, and changed afterwards.
-- variants: distributed single reference onenode

CREATE TABLE p (k int, d date NOT NULL, v text DEFAULT 'x', n numeric CHECK (n > -100), PRIMARY KEY (k, d)) PARTITION BY RANGE (d);
CREATE TABLE p1 PARTITION OF p FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');
CREATE TABLE p2 PARTITION OF p FOR VALUES FROM ('2021-01-01') TO ('2022-01-01');
CREATE INDEX p_v ON p (v);
INSERT INTO p SELECT g, date '2020-01-01' + g, 'v' || g % 10, g FROM generate_series(1, 200) g;
-- distribute: create_distributed_table('p', 'k')
SELECT count(*), sum(n), min(d), max(d) FROM p;
INSERT INTO p SELECT g, date '2020-01-01' + g, 'v' || g % 10, g FROM generate_series(201, 600) g;
SELECT tableoid::regclass, count(*) FROM p GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM p1;
SELECT count(*) FROM ONLY p;
SELECT count(*) FROM ONLY p1;
SELECT * FROM p WHERE k = 5;
SELECT * FROM p2 WHERE k = 500;
SELECT tableoid::regclass, k FROM p WHERE d BETWEEN '2020-12-28' AND '2021-01-03' ORDER BY k;
SELECT tableoid::regclass, p FROM p WHERE k = 5;
INSERT INTO p VALUES (1000, '2021-05-05', 'y', 1) RETURNING tableoid::regclass, *;
INSERT INTO p VALUES (1000, '2025-05-05', 'y', 1);
INSERT INTO p1 VALUES (1000, '2025-05-05', 'y', 1);
INSERT INTO p1 VALUES (1001, '2020-05-05', 'y', 1) RETURNING tableoid::regclass, *;
INSERT INTO p VALUES (1001, '2020-05-05', 'y', 1);
INSERT INTO p VALUES (1002, '2020-05-05', 'y', -200);
INSERT INTO p VALUES (1002, NULL, 'y', 2);
UPDATE p SET v = 'z' WHERE k = 5 RETURNING tableoid::regclass, *;
UPDATE p SET d = d + 366 WHERE k = 5 RETURNING tableoid::regclass, *;
UPDATE p SET d = d + 3660 WHERE k = 5;
UPDATE p1 SET d = d + 366 WHERE k = 6;
UPDATE p SET n = n + (SELECT count(*) FROM p2) WHERE v = 'v3';
UPDATE p SET v = 'w' || nextval('pg_temp.s'::regclass) WHERE k < 3;
CREATE SEQUENCE s;
UPDATE p SET n = n * 2 FROM (SELECT max(n) AS m FROM p) q WHERE p.n > q.m - 20 RETURNING tableoid::regclass, p.k, p.n;
UPDATE p SET n = n + nextval('s') * 0 WHERE k BETWEEN 350 AND 380 RETURNING tableoid::regclass, k;
DELETE FROM p WHERE n + nextval('s') * 0 < 10 RETURNING tableoid::regclass, k, d;
DELETE FROM p USING p2 WHERE p.k = p2.k AND p2.v = 'v7';
UPDATE p SET k = k + 2000 WHERE k BETWEEN 30 AND 40 RETURNING tableoid::regclass, k;
UPDATE p SET k = k + 2000, d = d + 366 WHERE k BETWEEN 41 AND 44 RETURNING tableoid::regclass, k, d;
SELECT count(*), sum(n), sum(k), min(d), max(d), count(DISTINCT v) FROM p;
INSERT INTO p VALUES (1000, '2021-05-05', 'y') ON CONFLICT (k, d) DO UPDATE SET v = excluded.v || 'conf' RETURNING tableoid::regclass, *;
INSERT INTO p VALUES (1000, '2021-05-05', 'y') ON CONFLICT DO NOTHING;
INSERT INTO p VALUES (1000, '2021-05-05', 'y'), (1003, '2020-05-05', 'new') ON CONFLICT (k, d) DO UPDATE SET n = (SELECT count(*) FROM p1 WHERE k < 100) RETURNING k, d, v;
INSERT INTO p VALUES (1000, '2021-05-05', 'y') ON CONFLICT ON CONSTRAINT p_pkey DO UPDATE SET v = 'named' RETURNING *;
SELECT p.v, count(*) FROM p JOIN p q ON p.k = q.k AND p.d = q.d GROUP BY 1 ORDER BY 1;
SELECT count(*) FROM p JOIN p1 USING (k) LEFT JOIN p2 ON p2.v = p.v;
SELECT count(*) FROM p WHERE EXISTS (SELECT 1 FROM p2 WHERE p2.v = p.v);
SELECT k, d, row_number() OVER (ORDER BY d, k) FROM p WHERE v = 'v1' ORDER BY 3 LIMIT 5;
SELECT * FROM p WHERE d = '2021-02-03' FOR UPDATE;
SELECT k FROM p WHERE k < 60 ORDER BY k LIMIT 4 FOR SHARE;
PREPARE q(int) AS SELECT tableoid::regclass, * FROM p WHERE k = $1;
EXECUTE q(100);
EXECUTE q(101);
EXECUTE q(102);
EXECUTE q(103);
EXECUTE q(104);
EXECUTE q(105);
EXECUTE q(400);
COPY p (k, d, v) FROM STDIN;
3001	2020-03-03	copied
3002	2021-03-03	copied
\.
COPY p (k, d, v) FROM STDIN;
3003	2030-03-03	copied
\.
COPY p1 (k, d, v) FROM STDIN;
3004	2020-03-03	copied
\.
COPY p1 (k, d, v) FROM STDIN;
3005	2021-03-03	copied
\.
COPY p TO STDOUT;
SELECT tableoid::regclass, k, v FROM p WHERE v = 'copied' ORDER BY k;

-- new partitions
CREATE TABLE p3 PARTITION OF p FOR VALUES FROM ('2022-01-01') TO ('2023-01-01');
INSERT INTO p VALUES (1, '2022-06-06', 'three', 3) RETURNING tableoid::regclass;
CREATE TABLE p4 PARTITION OF p (v DEFAULT 'four') FOR VALUES FROM ('2023-01-01') TO ('2024-01-01') PARTITION BY LIST (v);
INSERT INTO p VALUES (2, '2023-06-06', 'four', 3);
CREATE TABLE p4a PARTITION OF p4 FOR VALUES IN ('four', 'vier');
INSERT INTO p VALUES (2, '2023-06-06', 'four', 3) RETURNING tableoid::regclass;
INSERT INTO p4 VALUES (3, '2023-06-06', DEFAULT, 3) RETURNING tableoid::regclass, v;
INSERT INTO p4 VALUES (3, '2023-06-07', 'five', 3) RETURNING tableoid::regclass, v;
CREATE TABLE pd PARTITION OF p DEFAULT;
INSERT INTO p VALUES (1, '2042-06-06', 'far', 3) RETURNING tableoid::regclass;
CREATE TABLE p5 PARTITION OF p FOR VALUES FROM ('2042-01-01') TO ('2043-01-01');
CREATE TABLE p6 (k int, d date NOT NULL, v text, n numeric CONSTRAINT p_n_check CHECK (n > -100));
INSERT INTO p6 VALUES (1, '2024-02-02', 'six', 6), (2, '2024-02-02', 'six', 6);
ALTER TABLE p ATTACH PARTITION p6 FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
ALTER TABLE p ATTACH PARTITION p6 FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
SELECT tableoid::regclass, * FROM p WHERE v = 'six' ORDER BY k;
INSERT INTO p VALUES (1, '2024-02-02', 'again', 6);
ALTER TABLE p DETACH PARTITION p3;
SELECT count(*) FROM p WHERE v = 'three';
SELECT * FROM p3;
INSERT INTO p3 VALUES (1, '2050-01-01', 'free', 1);
ALTER TABLE p ATTACH PARTITION p3 FOR VALUES FROM ('2022-01-01') TO ('2023-01-01');
DELETE FROM p3 WHERE v = 'free';
ALTER TABLE p ATTACH PARTITION p3 FOR VALUES FROM ('2022-01-01') TO ('2023-01-01');
SELECT tableoid::regclass, v FROM p WHERE v = 'three';

-- changes of the whole
ALTER TABLE p ADD COLUMN a int DEFAULT 7 NOT NULL;
SELECT tableoid::regclass, a, count(*) FROM p GROUP BY 1, 2 ORDER BY 1, 2;
ALTER TABLE p ADD CONSTRAINT a_positive CHECK (a > 0);
INSERT INTO p VALUES (4000, '2020-05-05', 'neg', 1, -1);
INSERT INTO p1 VALUES (4000, '2020-05-05', 'neg', 1, -1);
ALTER TABLE p1 DROP CONSTRAINT a_positive;
ALTER TABLE p DROP CONSTRAINT a_positive;
INSERT INTO p VALUES (4000, '2020-05-05', 'neg', 1, -1);
ALTER TABLE p ADD UNIQUE (k, d, v);
SELECT indexrelid::regclass, indrelid::regclass, indisvalid FROM pg_index WHERE indrelid IN (SELECT relid FROM pg_partition_tree('p')) ORDER BY 1, 2;
CREATE INDEX ON p (n);
CREATE UNIQUE INDEX p1_extra ON p1 (k, n, d);
INSERT INTO p SELECT * FROM p WHERE k = 100;
DROP INDEX p1_n_idx;
DROP INDEX p_n_idx;
CREATE INDEX p_on ON ONLY p (n);
CREATE INDEX p1_on ON p1 (n);
ALTER INDEX p_on ATTACH PARTITION p1_on;
SELECT indexrelid::regclass, indisvalid FROM pg_index WHERE indexrelid IN ('p_on'::regclass, 'p1_on'::regclass) ORDER BY 1;
ALTER TABLE p ALTER COLUMN a TYPE bigint USING a * 10;
ALTER TABLE p1 ALTER COLUMN a TYPE bigint;
SELECT a, count(*) FROM p GROUP BY 1 ORDER BY 1;
ALTER TABLE p RENAME COLUMN a TO aa;
SELECT aa, count(*) FROM p1 GROUP BY 1 ORDER BY 1;
ALTER TABLE p1 RENAME TO first;
SELECT count(*) FROM first;
INSERT INTO p VALUES (4001, '2020-05-05', 'r', 1, 1) RETURNING tableoid::regclass;
ALTER TABLE p ALTER COLUMN aa DROP NOT NULL;
ALTER TABLE p ALTER COLUMN v SET NOT NULL;
INSERT INTO first VALUES (4002, '2020-05-05', NULL, 1, 1);
ALTER TABLE ONLY p ALTER COLUMN v DROP NOT NULL;
ALTER TABLE p ALTER COLUMN v DROP NOT NULL;
ALTER TABLE p ALTER COLUMN v SET STATISTICS 50;
ALTER TABLE p DROP COLUMN aa;
ALTER TABLE p1 DROP COLUMN v;
ALTER TABLE first DROP COLUMN v;
SELECT * FROM p WHERE k = 100;
ALTER TABLE p ADD COLUMN r float DEFAULT random();
SELECT count(*), count(r), count(DISTINCT r) > 100 FROM p;
ALTER TABLE p DROP CONSTRAINT p_k_d_v_key;
TRUNCATE p2;
SELECT tableoid::regclass, count(*) FROM p GROUP BY 1 ORDER BY 1;
DROP TABLE p2;
SELECT count(*) FROM p;
BEGIN;
DROP TABLE first;
SELECT count(*) FROM p;
ROLLBACK;
SELECT count(*) FROM p;
TRUNCATE p;
SELECT count(*) FROM p;
INSERT INTO p (k, d) VALUES (1, '2020-01-01');
ANALYZE p;
VACUUM p;
ALTER TABLE p DROP COLUMN d;
DROP TABLE p;
SELECT count(*) FROM first;
