-- variants: distributed reference mixed single onenode
-- ON CONFLICT DO UPDATE of a row that something else of the same statement changes after it was locked.
CREATE SCHEMA upsert_twice;
SET search_path TO upsert_twice;
CREATE TABLE t (k int PRIMARY KEY, v text);
-- distribute: create_distributed_table('upsert_twice.t', 'k', shard_count := 4)
INSERT INTO t SELECT i, 'first ' || i FROM generate_series(1, 5) i;

-- Another part of the statement: the row that it has changed is left alone.
WITH source AS (SELECT 2 k, 'green' v),
     upsert AS (INSERT INTO t VALUES (2, 'blue') ON CONFLICT (k) DO UPDATE SET (k, v) = (SELECT k, v FROM source WHERE source.k = t.k) RETURNING k, v)
INSERT INTO t VALUES (2, 'red') ON CONFLICT (k) DO UPDATE SET (k, v) = (SELECT k, v FROM upsert WHERE upsert.k = t.k) RETURNING k, v;
SELECT * FROM t ORDER BY k;

-- A function that is called meanwhile.
CREATE FUNCTION change_it(what int) RETURNS text LANGUAGE plpgsql AS $$ BEGIN UPDATE t SET v = v || '!' WHERE k = what; RETURN 'by function'; END $$;
INSERT INTO t VALUES (4, 'red') ON CONFLICT (k) DO UPDATE SET v = change_it(t.k);
INSERT INTO t VALUES (4, 'red') ON CONFLICT (k) DO UPDATE SET v = change_it(t.k + 1) RETURNING *;
SELECT * FROM t ORDER BY k;

-- A BEFORE trigger.
CREATE FUNCTION change_first() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE t SET v = 'by trigger' WHERE k = NEW.k AND v <> 'by trigger' AND pg_trigger_depth() < 2; RETURN NEW; END $$;
CREATE TRIGGER change_first BEFORE UPDATE ON t FOR EACH ROW EXECUTE FUNCTION change_first();
INSERT INTO t VALUES (5, 'red') ON CONFLICT (k) DO UPDATE SET v = excluded.v;
SELECT * FROM t ORDER BY k;
DROP TRIGGER change_first ON t;
DROP SCHEMA upsert_twice CASCADE;
