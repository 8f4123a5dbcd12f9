-- variants: distributed reference single mixed onenode
-- Triggers run on the coordinator: rows, statements, transition tables, WHEN, UPDATE OF, keys that change.
CREATE TABLE account (id int PRIMARY KEY, owner text, balance int NOT NULL DEFAULT 0, twice int GENERATED ALWAYS AS (balance * 2) STORED, changed int DEFAULT 0, note text);
CREATE TABLE audit (no int, op text, tab text, at text, old_row text, new_row text);
CREATE TABLE total (k int PRIMARY KEY, n int, s int);
CREATE TABLE plain_rows (id int, v int);
-- distribute: create_distributed_table('account', 'id')
-- distribute: create_distributed_table('audit', 'no')
-- distribute: create_distributed_table('total', 'k')
CREATE SEQUENCE audit_no;
CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN NEW.changed := OLD.changed + 1; END IF;
    IF NEW.owner IS NULL THEN NEW.owner := 'nobody of ' || TG_TABLE_NAME; END IF;
    IF NEW.note = 'skip' THEN RETURN NULL; END IF;
    IF NEW.note = 'move' THEN NEW.id := NEW.id + 1000; END IF;
    IF NEW.note = 'fail' THEN RAISE EXCEPTION 'not this row: %', NEW.id; END IF;
    RETURN NEW;
END $$;
CREATE FUNCTION log_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO audit VALUES (nextval('audit_no'), TG_OP, TG_TABLE_NAME, TG_WHEN || ' ' || TG_LEVEL || ' ' || TG_NAME || coalesce(' ' || TG_ARGV[0], ''),
        CASE WHEN TG_LEVEL = 'ROW' AND TG_OP <> 'INSERT' THEN OLD::text END, CASE WHEN TG_LEVEL = 'ROW' AND TG_OP <> 'DELETE' THEN NEW::text END);
    RETURN coalesce(NEW, OLD);
END $$;
CREATE TRIGGER a_touch BEFORE INSERT OR UPDATE ON account FOR EACH ROW EXECUTE FUNCTION touch();
INSERT INTO account (id, owner, balance) VALUES (1, 'ann', 10), (2, NULL, 20), (3, 'cid', 30) RETURNING *;
INSERT INTO account (id, note) VALUES (4, 'skip'), (5, 'move'), (6, NULL) RETURNING id, owner, twice;
INSERT INTO account (id, note) VALUES (7, NULL), (8, 'fail');
INSERT INTO account SELECT g, 'many', g FROM generate_series(100, 140) g WHERE g % 2 = 0;
UPDATE account SET balance = balance + 1 WHERE id = 1 RETURNING *;
UPDATE account SET balance = balance + 1 WHERE id IN (1, 2) OR owner = 'many';
UPDATE account SET note = 'skip' WHERE id < 3;
UPDATE account SET note = 'move', balance = 5 WHERE id = 3 RETURNING id, balance, twice, changed;
UPDATE account SET id = 50 WHERE id = 6 RETURNING *;
UPDATE account a SET balance = b.balance FROM account b WHERE b.id = a.id + 2 AND a.owner = 'many' AND b.id < 110 RETURNING a.id, a.balance, b.id;
SELECT * FROM account ORDER BY id;
CREATE TRIGGER b_log AFTER INSERT OR UPDATE OR DELETE ON account FOR EACH ROW EXECUTE FUNCTION log_row('row');
CREATE TRIGGER c_first BEFORE INSERT OR UPDATE OR DELETE ON account FOR EACH STATEMENT EXECUTE FUNCTION log_row();
CREATE TRIGGER d_last AFTER INSERT OR UPDATE OR DELETE ON account FOR EACH STATEMENT EXECUTE FUNCTION log_row();
CREATE TRIGGER e_when AFTER UPDATE OF balance ON account FOR EACH ROW WHEN (OLD.balance IS DISTINCT FROM NEW.balance AND NEW.twice > 50) EXECUTE FUNCTION log_row('when');
INSERT INTO account (id, owner, balance) VALUES (201, 'log', 1), (202, 'log', 100) RETURNING id;
UPDATE account SET balance = balance WHERE id = 201;
UPDATE account SET balance = 60, note = 'more' WHERE owner = 'log' AND id = 202;
UPDATE account SET note = 'n' WHERE owner = 'nobody at all';
DELETE FROM account WHERE id = 201 RETURNING owner;
DELETE FROM account WHERE id = 999;
SELECT op, tab, at, old_row, new_row FROM audit ORDER BY no;
PREPARE p (int, int) AS UPDATE account SET balance = $2 WHERE id = $1 RETURNING changed;
EXECUTE p (1, 1);
EXECUTE p (1, 2);
EXECUTE p (2, 3);
EXECUTE p (2, 4);
EXECUTE p (1, 5);
EXECUTE p (1, 6);
EXECUTE p (1, 6);
WITH gone AS (DELETE FROM account WHERE id = 102 RETURNING *), more AS (INSERT INTO account SELECT id + 7000, owner, balance FROM gone RETURNING id) SELECT * FROM more;
SELECT op, at FROM audit ORDER BY no DESC LIMIT 0;
SELECT op, at, count(*) FROM audit GROUP BY 1, 2 ORDER BY 1, 2;
TRUNCATE audit;
BEGIN;
UPDATE account SET balance = 7 WHERE id = 1;
SAVEPOINT s;
UPDATE account SET note = 'fail' WHERE id = 1;
ROLLBACK TO s;
DELETE FROM account WHERE id = 104;
SELECT op, at FROM audit ORDER BY no DESC LIMIT 4;
ROLLBACK;
SELECT op, at FROM audit ORDER BY no DESC LIMIT 4;
ALTER TABLE account DISABLE TRIGGER b_log;
UPDATE account SET balance = 8 WHERE id = 1 RETURNING changed;
SELECT op, at FROM audit ORDER BY no DESC LIMIT 4;
ALTER TABLE account DISABLE TRIGGER USER;
UPDATE account SET balance = 9 WHERE id = 1 RETURNING changed;
ALTER TABLE account ENABLE TRIGGER ALL;
UPDATE account SET balance = 10 WHERE id = 1 RETURNING changed;
SELECT op, at FROM audit ORDER BY no DESC LIMIT 4;
DROP TRIGGER b_log ON account;
DROP TRIGGER c_first ON account;
DROP TRIGGER d_last ON account;
DROP TRIGGER e_when ON account;
-- rows by COPY
COPY account (id, owner, note) FROM STDIN WITH (FORMAT csv);
300,,
301,x,skip
302,y,move
\.
SELECT * FROM account WHERE id BETWEEN 300 AND 310 OR id > 1300 ORDER BY id;
-- transition tables and a kept sum
CREATE FUNCTION keep_sum() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN UPDATE total SET n = n + (SELECT count(*) FROM new_rows), s = s + (SELECT coalesce(sum(balance), 0) FROM new_rows) WHERE k = 1;
    ELSIF TG_OP = 'DELETE' THEN UPDATE total SET n = n - (SELECT count(*) FROM old_rows), s = s - (SELECT coalesce(sum(balance), 0) FROM old_rows) WHERE k = 1;
    ELSE UPDATE total SET s = s + (SELECT coalesce(sum(balance), 0) FROM new_rows) - (SELECT coalesce(sum(balance), 0) FROM old_rows) WHERE k = 1;
    END IF;
    RETURN NULL;
END $$;
INSERT INTO total SELECT 1, count(*), sum(balance) FROM account;
CREATE TRIGGER sum_i AFTER INSERT ON account REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_sum();
CREATE TRIGGER sum_u AFTER UPDATE ON account REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_sum();
CREATE TRIGGER sum_d AFTER DELETE ON account REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_sum();
INSERT INTO account (id, balance) SELECT g, g FROM generate_series(400, 450) g;
UPDATE account SET balance = balance + 1 WHERE id > 420;
DELETE FROM account WHERE id % 7 = 0;
DELETE FROM account WHERE false;
SELECT k, n, s, n = (SELECT count(*) FROM account), s = (SELECT sum(balance) FROM account) FROM total;
-- BEFORE DELETE that says no; a trigger that changes other tables
CREATE FUNCTION no_ann() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF OLD.owner = 'ann' THEN RETURN NULL; END IF; INSERT INTO plain_rows VALUES (OLD.id, OLD.balance); RETURN OLD; END $$;
CREATE TRIGGER no_ann BEFORE DELETE ON account FOR EACH ROW EXECUTE FUNCTION no_ann();
DELETE FROM account WHERE id IN (1, 2, 50) RETURNING id;
SELECT * FROM plain_rows ORDER BY id;
-- defaults of a new column fill all rows, and fire nothing
ALTER TABLE account ADD COLUMN extra int DEFAULT (random() * 0)::int;
SELECT max(changed), max(extra) FROM account;
INSERT INTO account (id, extra) VALUES (500, 5) RETURNING extra, owner;
UPDATE account SET extra = 6 WHERE id = 500 RETURNING changed, extra;
-- the constraint is that of the row as the trigger left it
ALTER TABLE account ADD CONSTRAINT low CHECK (id < 2000);
INSERT INTO account (id, note) VALUES (1500, 'move');
INSERT INTO account (id) VALUES (500);
INSERT INTO account (id, balance) VALUES (501, NULL);
-- plain TRUNCATE, and one that a trigger forbids
CREATE FUNCTION forbid() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '% of % is forbidden', TG_OP, TG_TABLE_NAME; END $$;
CREATE TRIGGER keep BEFORE TRUNCATE ON account FOR EACH STATEMENT EXECUTE FUNCTION forbid();
TRUNCATE account;
SELECT count(*) > 0 FROM account;
ALTER TRIGGER keep ON account RENAME TO keep_it;
DROP TRIGGER keep_it ON account;
TRUNCATE account;
SELECT count(*) FROM account;
CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.note := 'new body'; RETURN NEW; END $$;
INSERT INTO account (id) VALUES (1) RETURNING note;
INSERT INTO account (id, balance) VALUES (2, 1) ON CONFLICT DO NOTHING RETURNING note;
-- ON CONFLICT
CREATE TRIGGER b_log AFTER INSERT OR UPDATE ON account FOR EACH ROW EXECUTE FUNCTION log_row('row');
CREATE TRIGGER c_first BEFORE INSERT OR UPDATE ON account FOR EACH STATEMENT EXECUTE FUNCTION log_row();
CREATE TRIGGER d_last AFTER INSERT OR UPDATE ON account FOR EACH STATEMENT EXECUTE FUNCTION log_row();
TRUNCATE audit;
INSERT INTO account (id, balance) VALUES (2, 1), (20, 2), (21, 3) ON CONFLICT DO NOTHING;
INSERT INTO account (id, balance) VALUES (2, 1), (20, 2), (22, 3) ON CONFLICT (id) DO NOTHING RETURNING id, note, twice;
INSERT INTO account (id, balance) VALUES (2, 100), (23, 2) ON CONFLICT (id) DO UPDATE SET balance = excluded.balance + account.balance RETURNING *;
INSERT INTO account (id, balance) VALUES (2, 100), (24, 2) ON CONFLICT (id) DO UPDATE SET balance = 0 WHERE account.balance < 0 RETURNING *;
INSERT INTO account AS a (id, owner, balance) SELECT g, 'c' || g, g FROM generate_series(20, 26) g ON CONFLICT (id) DO UPDATE SET owner = excluded.owner, balance = a.balance * 2;
INSERT INTO account (id) VALUES (2) ON CONFLICT (id) DO UPDATE SET id = excluded.id, owner = upper(account.note) RETURNING owner;
SELECT op, at, old_row, new_row FROM audit ORDER BY no;
CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF TG_OP = 'UPDATE' THEN RETURN NULL; END IF; NEW.owner := 'mine'; RETURN NEW; END $$;
INSERT INTO account (id) VALUES (2), (30) ON CONFLICT (id) DO UPDATE SET owner = 'x' RETURNING id, owner;
CREATE OR REPLACE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.owner := TG_OP; NEW.note := OLD.owner; RETURN NEW; END $$;
INSERT INTO account (id) VALUES (2), (31) ON CONFLICT (id) DO UPDATE SET balance = 77 RETURNING id, owner, note, balance, twice;
DROP FUNCTION touch();
DROP FUNCTION touch() CASCADE;
INSERT INTO account (id) VALUES (3) RETURNING note;
-- a function in PL/pgSQL that changes rows with triggers, in a loop
CREATE TRIGGER log_all AFTER INSERT OR UPDATE OR DELETE ON total FOR EACH ROW EXECUTE FUNCTION log_row();
DO $$ BEGIN FOR i IN 2 .. 6 LOOP INSERT INTO total VALUES (i, i, i); UPDATE total SET n = n + 1 WHERE k = i - 1; END LOOP; END $$;
SELECT op, old_row, new_row FROM audit WHERE tab = 'total' ORDER BY no;
