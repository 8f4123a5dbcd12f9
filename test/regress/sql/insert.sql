-- INSERT, ON CONFLICT and COPY: what EXPLAIN shows, and errors with detail, hint and context.
SET citus.next_shard_id TO 700000;
CREATE TABLE ins (k int PRIMARY KEY, a text NOT NULL DEFAULT 'x', n int CHECK (n < 100), g int GENERATED ALWAYS AS (k + 1) STORED);
SELECT create_distributed_table('ins', 'k', shard_count := 4);
CREATE TABLE ref (k int PRIMARY KEY, v text UNIQUE);
SELECT create_reference_table('ref');
CREATE TABLE "Side Table" (k int, "B" text);
SELECT create_distributed_table('"Side Table"', 'k', colocate_with := 'ins');
ALTER TABLE "Side Table" ADD CONSTRAINT "Side FK" FOREIGN KEY (k) REFERENCES ins (k);
-- EXPLAIN.
EXPLAIN (COSTS OFF) INSERT INTO ins (k) VALUES (1);
EXPLAIN (COSTS OFF) INSERT INTO ins (k, n) SELECT g, g FROM generate_series(1, 10) AS g;
EXPLAIN (COSTS OFF) INSERT INTO ins (k) VALUES (1), (2), (3), (10);
EXPLAIN (COSTS OFF, VERBOSE) INSERT INTO ref VALUES (1, 'a') ON CONFLICT (v) DO UPDATE SET v = ref.v || now();
EXPLAIN (COSTS OFF, FORMAT json) INSERT INTO ref VALUES (1, 'a') ON CONFLICT DO NOTHING;
EXPLAIN (COSTS OFF) INSERT INTO ins (k, n) VALUES (1, 1) ON CONFLICT (k) DO UPDATE SET n = excluded.n WHERE ins.n < 3 RETURNING k;
EXPLAIN (COSTS OFF) WITH i AS (INSERT INTO ins (k) VALUES (1), (2) RETURNING k) INSERT INTO ref SELECT k, 'x' FROM i;
EXPLAIN (COSTS OFF, ANALYZE, TIMING OFF, SUMMARY OFF) INSERT INTO ins (k) VALUES (1), (2), (3);
EXPLAIN (COSTS OFF, ANALYZE, TIMING OFF, SUMMARY OFF) INSERT INTO ins (k) SELECT g FROM generate_series(10, 1500) AS g;
EXPLAIN (COSTS OFF, ANALYZE, TIMING OFF, SUMMARY OFF) INSERT INTO ins (k, n) VALUES (1, 1), (4, 4) ON CONFLICT (k) DO UPDATE SET n = excluded.n RETURNING k;
SELECT count(*) FROM ins;
-- Errors.
INSERT INTO ins (k, n) VALUES (1, 1);
INSERT INTO ins (k, n) VALUES (2000, 100);
INSERT INTO ins (k, a) VALUES (2000, NULL);
INSERT INTO ins (k) VALUES (NULL);
INSERT INTO "Side Table" VALUES (5000, 'no parent');
INSERT INTO ref VALUES (1, 'a');
\set SHOW_CONTEXT never
INSERT INTO ref VALUES (2, 'a');
\set SHOW_CONTEXT errors
INSERT INTO ins (k, n) VALUES (1, 1) ON CONFLICT (k) DO UPDATE SET n = 100;
INSERT INTO ins (k, n) VALUES (1, 1) ON CONFLICT (k) DO UPDATE SET a = NULL;
INSERT INTO ins (k, n) VALUES (3000, 1), (3000, 2) ON CONFLICT (k) DO UPDATE SET n = excluded.n;
-- Refused.
INSERT INTO ins (k) VALUES (1) ON CONFLICT (k) DO UPDATE SET k = ins.k + 1;
INSERT INTO ins (k) VALUES (1) ON CONFLICT (k) DO UPDATE SET k = 1;
-- Not refused: the rest of the statement sees the row as it was before.
WITH up AS (INSERT INTO ins (k) VALUES (1) ON CONFLICT (k) DO UPDATE SET n = 3 RETURNING k)
    SELECT (SELECT n FROM ins WHERE ins.k = up.k) FROM up;
CREATE VIEW small AS SELECT k, n FROM ins WHERE n < 10 WITH CHECK OPTION;
INSERT INTO small VALUES (1, 5) ON CONFLICT (k) DO UPDATE SET n = 60;
INSERT INTO small VALUES (4000, 50);
DROP VIEW small;
-- COPY.
COPY ins (k, n) FROM STDIN;
3001	1
3002	x
\.
COPY ins (k, n) FROM STDIN;
3001	1
3002	100
\.
COPY ins (k, n) FROM STDIN;
3001	1
1	1
\.
COPY "Side Table" FROM STDIN;
1	fine
5000	no parent
\.
COPY ins (k, g) FROM STDIN;
\.
COPY ins (k) FROM STDIN WHERE g > 1;
\.
COPY ins FROM '/nonexistent';
SELECT count(*) FROM ins WHERE k > 1500;
SELECT count(*) FROM "Side Table";
COPY (SELECT k, n, g FROM ins WHERE k < 5 ORDER BY k) TO STDOUT WITH (FORMAT csv, HEADER);
DROP TABLE "Side Table", ins, ref;
RESET citus.next_shard_id;
