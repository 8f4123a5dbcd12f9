-- variants: distributed reference single mixed onenode
-- Rules of tables: statements are rewritten before they are planned.
CREATE TABLE t (k int PRIMARY KEY, v int, w text DEFAULT 'w');
CREATE TABLE hist (k int, op text, v int);
CREATE TABLE other (k int PRIMARY KEY, v int, w text);
-- distribute: create_distributed_table('t', 'k')
-- distribute: create_distributed_table('hist', 'k')
CREATE RULE ins AS ON INSERT TO t DO ALSO INSERT INTO hist VALUES (NEW.k, 'ins', NEW.v);
CREATE RULE upd AS ON UPDATE TO t WHERE NEW.v <> OLD.v DO ALSO INSERT INTO hist VALUES (OLD.k, 'upd', NEW.v);
CREATE RULE del AS ON DELETE TO t DO INSTEAD UPDATE t SET w = 'deleted' WHERE k = OLD.k;
INSERT INTO t SELECT g, g * 10 FROM generate_series(1, 20) g;
INSERT INTO t VALUES (21, 210), (22, 220);
UPDATE t SET v = v + 1 WHERE k % 5 = 0;
UPDATE t SET v = v WHERE k = 3;
UPDATE t SET v = 7 WHERE k = 3;
DELETE FROM t WHERE k = 4;
DELETE FROM t WHERE v > 150;
SELECT * FROM t ORDER BY k;
SELECT * FROM hist ORDER BY k, op, v;
CREATE RULE two AS ON INSERT TO hist WHERE NEW.v > 1000 DO INSTEAD NOTHING;
INSERT INTO hist VALUES (1, 'x', 1001), (2, 'x', 2);
UPDATE t SET v = 5000 WHERE k IN (1, 2);
SELECT * FROM hist WHERE op = 'x' OR v > 1000 ORDER BY k;
ALTER TABLE t DISABLE RULE del;
DELETE FROM t WHERE k = 4;
SELECT count(*) FROM t;
ALTER TABLE t ENABLE RULE del;
ALTER RULE del ON t RENAME TO gone;
CREATE OR REPLACE RULE gone AS ON DELETE TO t DO INSTEAD (DELETE FROM hist WHERE k = OLD.k; INSERT INTO other VALUES (OLD.k, OLD.v, OLD.w));
DELETE FROM t WHERE k IN (5, 6);
SELECT * FROM other ORDER BY k;
SELECT count(*) FROM hist;
PREPARE p (int) AS UPDATE t SET v = $1 WHERE k = 8;
EXECUTE p (1);
EXECUTE p (2);
EXECUTE p (2);
SELECT * FROM hist WHERE k = 8 ORDER BY v;
CREATE TABLE later (k int PRIMARY KEY, v int);
CREATE RULE protect AS ON UPDATE TO later DO INSTEAD NOTHING;
-- distribute: create_distributed_table('later', 'k')
INSERT INTO later VALUES (1, 1), (2, 2);
UPDATE later SET v = 0;
SELECT * FROM later ORDER BY k;
DROP RULE protect ON later;
UPDATE later SET v = 0;
SELECT * FROM later ORDER BY k;
INSERT INTO later VALUES (3, 3) ON CONFLICT DO NOTHING RETURNING k;
WITH w AS (INSERT INTO t VALUES (50, 50) RETURNING k) SELECT * FROM w;
DROP TABLE t CASCADE;
