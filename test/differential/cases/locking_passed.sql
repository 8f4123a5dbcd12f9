-- variants: distributed onenode
-- A cursor that locks, and whose session changes what it has passed.
CREATE TABLE queue (id int PRIMARY KEY, done int DEFAULT 0, at int);
-- distribute: create_distributed_table('queue', 'id')
INSERT INTO queue SELECT g, 0, 1000 - g FROM generate_series(1, 200) g;
CREATE FUNCTION work(wanted int) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    c CURSOR FOR SELECT id, done FROM queue WHERE at > 0 ORDER BY at LIMIT wanted FOR UPDATE;
    row record;
    seen int[] := '{}';
BEGIN
    OPEN c;
    LOOP
        FETCH c INTO row;
        EXIT WHEN NOT FOUND;
        seen := seen || row.id;
        UPDATE queue SET done = done + 1 WHERE id = row.id;
        IF row.id % 10 = 0 THEN DELETE FROM queue WHERE id = row.id - 3; END IF;
    END LOOP;
    RETURN array_length(seen, 1) || ' ' || (SELECT count(DISTINCT s) FROM unnest(seen) s) || ' ' || (SELECT sum(s) FROM unnest(seen) s);
END $$;
SELECT work(90);
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT work(95);
SELECT done, count(*) FROM queue GROUP BY 1 ORDER BY 1;
SELECT work(150);
COMMIT;
SELECT done, count(*), sum(id) FROM queue GROUP BY 1 ORDER BY 1;
BEGIN ISOLATION LEVEL REPEATABLE READ;
DECLARE c CURSOR FOR SELECT id, done FROM queue WHERE at > 0 ORDER BY at DESC LIMIT 60 FOR UPDATE;
FETCH 20 FROM c;
UPDATE queue SET done = done + 100 WHERE id < 40;
DELETE FROM queue WHERE id = 45;
FETCH 50 FROM c;
COMMIT;
SELECT done, count(*), sum(id) FROM queue GROUP BY 1 ORDER BY 1;
