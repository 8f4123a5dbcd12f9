-- variants: distributed mixed single onenode
-- Row triggers, and transition tables, of partitioned tables.
CREATE TABLE event (id int, day int, what text, changed int DEFAULT 0, twice int GENERATED ALWAYS AS (day * 2) STORED, PRIMARY KEY (id, day)) PARTITION BY RANGE (day);
CREATE TABLE event_1 PARTITION OF event FOR VALUES FROM (0) TO (10);
CREATE TABLE event_2 (what text, changed int DEFAULT 0, gone int, day int NOT NULL, twice int GENERATED ALWAYS AS (day * 2) STORED, id int NOT NULL);
ALTER TABLE event_2 DROP COLUMN gone;
ALTER TABLE event ATTACH PARTITION event_2 FOR VALUES FROM (10) TO (20);
CREATE TABLE event_3 PARTITION OF event FOR VALUES FROM (20) TO (40) PARTITION BY LIST (id);
CREATE TABLE event_3a PARTITION OF event_3 FOR VALUES IN (1, 2, 3);
CREATE TABLE event_3b PARTITION OF event_3 DEFAULT;
CREATE TABLE audit (no int, op text, tab text, at text, old_row text, new_row text);
-- distribute: create_distributed_table('event', 'id')
-- distribute: create_distributed_table('audit', 'no')
CREATE SEQUENCE audit_no;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN NEW.changed := OLD.changed + 1; END IF;
    IF NEW.what IS NULL THEN NEW.what := 'of ' || TG_TABLE_NAME; END IF;
    IF NEW.what = 'skip' THEN RETURN NULL; END IF;
    IF NEW.what = 'move' THEN NEW.day := NEW.day + 10; END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION log_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit VALUES (nextval('audit_no'), TG_OP, TG_TABLE_NAME, TG_WHEN || ' ' || TG_LEVEL || ' ' || TG_NAME,
        CASE WHEN TG_LEVEL = 'ROW' AND TG_OP <> 'INSERT' THEN row_to_json(OLD)::text END, CASE WHEN TG_LEVEL = 'ROW' AND TG_OP <> 'DELETE' THEN row_to_json(NEW)::text END);
    RETURN coalesce(NEW, OLD);
END $$;
CREATE FUNCTION log_tables() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN INSERT INTO audit SELECT nextval('audit_no'), TG_OP, TG_TABLE_NAME, 'old', o::text, NULL FROM old_rows o ORDER BY id, day; END IF;
    IF TG_OP <> 'DELETE' THEN INSERT INTO audit SELECT nextval('audit_no'), TG_OP, TG_TABLE_NAME, 'new', NULL, n::text FROM new_rows n ORDER BY id, day; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER a_touch BEFORE INSERT OR UPDATE ON event FOR EACH ROW EXECUTE FUNCTION touch();
INSERT INTO event (id, day, what) VALUES (1, 1, 'one'), (2, 12, NULL), (3, 25, NULL), (4, 26, 'four'), (5, 5, 'skip') RETURNING *;
INSERT INTO event (id, day, what) VALUES (6, 1, 'move');
INSERT INTO event (id, day, what) VALUES (6, 90, 'x');
INSERT INTO event (id, day) SELECT g, g FROM generate_series(10, 30) g RETURNING id, what;
UPDATE event SET what = 'changed' WHERE id IN (1, 2) RETURNING *;
UPDATE event SET what = what || '!' WHERE day BETWEEN 12 AND 22;
SELECT tableoid::regclass, * FROM event ORDER BY id, day;
CREATE TRIGGER b_log AFTER INSERT OR UPDATE OR DELETE ON event FOR EACH ROW EXECUTE FUNCTION log_row();
CREATE TRIGGER c_before BEFORE DELETE ON event FOR EACH ROW EXECUTE FUNCTION log_row();
CREATE TRIGGER d_statement AFTER INSERT OR UPDATE OR DELETE ON event FOR EACH STATEMENT EXECUTE FUNCTION log_row();
CREATE TRIGGER e_when AFTER UPDATE OF what ON event FOR EACH ROW WHEN (OLD.what IS DISTINCT FROM NEW.what) EXECUTE FUNCTION log_row();
INSERT INTO event (id, day, what) VALUES (100, 3, 'a'), (100, 13, 'b'), (2, 23, 'c'), (101, 24, 'd');
UPDATE event SET what = 'upd' WHERE id = 100;
UPDATE event SET changed = 7 WHERE id = 101;
DELETE FROM event WHERE id = 100 AND day = 13 RETURNING *;
SELECT op, tab, at, old_row, new_row FROM audit ORDER BY op, tab, at, old_row, new_row;
TRUNCATE audit;
-- Rows that move to another partition, one of another layout, another shard.
UPDATE event SET day = 15 WHERE id = 100 RETURNING *;
UPDATE event SET day = day - 5, what = 'back' WHERE id IN (12, 13) RETURNING *;
UPDATE event SET what = 'move' WHERE id = 1 RETURNING *;
UPDATE event SET id = 200 WHERE id = 14;
UPDATE event SET id = 2, day = 35 WHERE id = 200;
UPDATE event SET day = 70 WHERE id = 15;
SELECT op, tab, at, old_row, new_row FROM audit ORDER BY op, tab, at, old_row, new_row;
TRUNCATE audit;
SELECT tableoid::regclass, * FROM event ORDER BY id, day;
-- ON CONFLICT, COPY, joins, CTEs, prepared statements.
INSERT INTO event AS e (id, day, what) VALUES (16, 16, 'y'), (17, 99, 'z') ON CONFLICT (id, day) DO NOTHING;
INSERT INTO event AS e (id, day, what) VALUES (16, 16, 'y'), (501, 8, 'z') ON CONFLICT (id, day) DO NOTHING RETURNING *;
COPY event (id, day, what) FROM STDIN;
600	1	copy
601	11	copy
602	21	\N
603	2	skip
\.
UPDATE event e SET what = o.what || 'joined' FROM event o WHERE o.id = e.id + 1 AND e.id BETWEEN 600 AND 601;
WITH gone AS (DELETE FROM event WHERE id = 600 RETURNING *) INSERT INTO event (id, day, what) SELECT id + 100, day + 10, what FROM gone;
PREPARE p (int, text) AS UPDATE event SET what = $2 WHERE id = $1;
EXECUTE p (601, 'p1');
EXECUTE p (602, 'p2');
EXECUTE p (601, 'p3');
EXECUTE p (602, 'p4');
EXECUTE p (601, 'p5');
EXECUTE p (602, 'p6');
EXECUTE p (601, 'p7');
SELECT op, tab, at, old_row, new_row FROM audit ORDER BY op, tab, at, old_row, new_row;
TRUNCATE audit;
-- A partition by its name.
UPDATE event_2 SET what = 'direct' WHERE id = 601;
INSERT INTO event_1 (id, day, what) VALUES (700, 4, NULL);
DELETE FROM event_3 WHERE id = 602;
SELECT op, tab, at, old_row, new_row FROM audit ORDER BY op, tab, at, old_row, new_row;
TRUNCATE audit;
-- Transition tables.
DROP TRIGGER b_log ON event;
DROP TRIGGER c_before ON event;
DROP TRIGGER d_statement ON event;
DROP TRIGGER e_when ON event;
CREATE TRIGGER t_insert AFTER INSERT ON event REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION log_tables();
CREATE TRIGGER t_update AFTER UPDATE ON event REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION log_tables();
CREATE TRIGGER t_delete AFTER DELETE ON event REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION log_tables();
INSERT INTO event (id, day, what) VALUES (801, 1, 'a'), (802, 11, 'b'), (803, 21, 'c');
UPDATE event SET what = what || what WHERE id > 800;
UPDATE event SET day = day + 10 WHERE id BETWEEN 801 AND 802;
DELETE FROM event WHERE id > 800;
SELECT op, tab, at, old_row, new_row FROM audit ORDER BY op, tab, at, old_row, new_row;
-- A new partition has the triggers, too.
CREATE TABLE event_4 PARTITION OF event FOR VALUES FROM (40) TO (50);
INSERT INTO event (id, day) VALUES (900, 44) RETURNING what;
ALTER TABLE event DETACH PARTITION event_4;
INSERT INTO event_4 (id, day) VALUES (901, 45) RETURNING what;
-- Only triggers of INSERT and DELETE, and a row that moves.
DROP TRIGGER a_touch ON event;
DROP TRIGGER t_insert ON event;
DROP TRIGGER t_update ON event;
DROP TRIGGER t_delete ON event;
TRUNCATE audit;
CREATE TRIGGER f_log AFTER INSERT OR DELETE ON event FOR EACH ROW EXECUTE FUNCTION log_row();
UPDATE event SET day = 3 WHERE id = 18;
UPDATE event SET what = 'stays' WHERE id = 19;
SELECT op, tab, at, old_row, new_row FROM audit ORDER BY op, tab, at, old_row, new_row;
