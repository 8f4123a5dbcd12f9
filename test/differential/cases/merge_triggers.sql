-- variants: distributed reference mixed single onenode partitioned
-- MERGE into a table with triggers of rows, of statements and with transition tables.
CREATE TABLE stock (id int PRIMARY KEY, amount int NOT NULL, note text DEFAULT 'new', twice int GENERATED ALWAYS AS (amount * 2) STORED, changed int DEFAULT 0);
CREATE TABLE moves (id int, change int, what text);
CREATE TABLE audit (no int, op text, at text, old_row text, new_row text);
-- distribute: create_distributed_table('stock', 'id')
-- distribute: create_distributed_table('moves', 'id')
-- distribute: create_reference_table('audit')
CREATE SEQUENCE audit_no;
INSERT INTO stock SELECT g, g * 10 FROM generate_series(1, 20) g;
INSERT INTO moves SELECT g, g - 25, 'move ' || g FROM generate_series(11, 30) g;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN RETURN CASE WHEN OLD.id = 11 THEN NULL ELSE OLD END; END IF;
    IF TG_OP = 'UPDATE' THEN NEW.changed := OLD.changed + 1; END IF;
    IF NEW.id % 10 = 7 THEN RETURN NULL; END IF;
    IF NEW.note IS NULL THEN NEW.note := 'by ' || TG_OP; END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION log_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit VALUES (nextval('audit_no'), TG_OP, TG_WHEN || ' ' || TG_LEVEL,
        CASE WHEN TG_LEVEL = 'ROW' AND TG_OP <> 'INSERT' THEN OLD::text END, CASE WHEN TG_LEVEL = 'ROW' AND TG_OP <> 'DELETE' THEN NEW::text END);
    RETURN coalesce(NEW, OLD);
END $$;
CREATE FUNCTION log_tables() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN INSERT INTO audit SELECT nextval('audit_no'), TG_OP, 'old', o::text, NULL FROM old_rows o; END IF;
    IF TG_OP <> 'DELETE' THEN INSERT INTO audit SELECT nextval('audit_no'), TG_OP, 'new', NULL, n::text FROM new_rows n; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER a_touch BEFORE INSERT OR UPDATE OR DELETE ON stock FOR EACH ROW EXECUTE FUNCTION touch();
MERGE INTO stock USING moves ON stock.id = moves.id WHEN MATCHED AND moves.id < 14 THEN DELETE WHEN MATCHED AND moves.id < 19 THEN UPDATE SET amount = amount + change, note = NULL WHEN MATCHED THEN DO NOTHING WHEN NOT MATCHED THEN INSERT (id, amount, note) VALUES (moves.id, change, CASE WHEN moves.id < 25 THEN what END);
SELECT * FROM stock ORDER BY id;
CREATE TRIGGER b_log AFTER INSERT OR UPDATE OR DELETE ON stock FOR EACH ROW EXECUTE FUNCTION log_row();
CREATE TRIGGER c_before BEFORE INSERT OR UPDATE OR DELETE ON stock FOR EACH STATEMENT EXECUTE FUNCTION log_row();
CREATE TRIGGER d_after AFTER INSERT OR UPDATE OR DELETE ON stock FOR EACH STATEMENT EXECUTE FUNCTION log_row();
CREATE TRIGGER e_when AFTER UPDATE OF amount ON stock FOR EACH ROW WHEN (NEW.twice > OLD.twice) EXECUTE FUNCTION log_row();
MERGE INTO stock USING moves ON stock.id = moves.id + 1 WHEN MATCHED AND moves.id % 3 = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET amount = -amount WHEN NOT MATCHED AND moves.id > 28 THEN INSERT (id, amount) VALUES (moves.id + 1, 0) WHEN NOT MATCHED THEN DO NOTHING;
SELECT op, at, old_row, new_row FROM audit ORDER BY op, at, old_row, new_row;
SELECT op, at FROM audit WHERE at LIKE '%STATEMENT' ORDER BY no;
TRUNCATE audit;
MERGE INTO stock USING (VALUES (1, 5), (100, 6)) v (id, n) ON stock.id = v.id WHEN MATCHED THEN UPDATE SET id = stock.id + 1000, amount = n WHEN NOT MATCHED THEN INSERT VALUES (v.id, v.n);
MERGE INTO stock USING (VALUES (2), (3)) v (id) ON stock.id = v.id WHEN MATCHED AND false THEN DELETE;
SELECT op, at, old_row, new_row FROM audit ORDER BY op, at, old_row, new_row;
TRUNCATE audit;
DROP TRIGGER b_log ON stock;
DROP TRIGGER c_before ON stock;
DROP TRIGGER d_after ON stock;
DROP TRIGGER e_when ON stock;
CREATE TRIGGER t_insert AFTER INSERT ON stock REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION log_tables();
CREATE TRIGGER t_update AFTER UPDATE ON stock REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION log_tables();
CREATE TRIGGER t_delete AFTER DELETE ON stock REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION log_tables();
MERGE INTO stock USING generate_series(1, 120, 3) g (id) ON stock.id = g.id WHEN MATCHED AND g.id % 2 = 0 THEN DELETE WHEN MATCHED THEN UPDATE SET note = note || '!' WHEN NOT MATCHED AND g.id > 100 THEN INSERT VALUES (g.id, g.id);
SELECT op, at, old_row, new_row FROM audit ORDER BY op, at, old_row, new_row;
SELECT * FROM stock ORDER BY id;
-- Not allowed, and undone.
MERGE INTO stock USING (VALUES (5, 1), (5, 2)) v (id, n) ON stock.id = v.id WHEN MATCHED THEN UPDATE SET amount = n;
MERGE INTO stock USING (VALUES (5), (6)) v (id) ON stock.id = v.id WHEN MATCHED THEN UPDATE SET amount = NULL;
SELECT * FROM stock WHERE id < 10 ORDER BY id;
