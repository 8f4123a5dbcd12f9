-- variants: distributed reference mixed onenode
-- Values travel between nodes in the server's encoding, whatever the client uses.
CREATE TABLE words (k int PRIMARY KEY, t text, v varchar(20), c char(5), n name, j jsonb, a text[]);
-- distribute: create_distributed_table('words', 'k')
INSERT INTO words SELECT g, U&'\00e9\00e8' || g, U&'\00fc' || g, U&'\00df', U&'n\00e4me', jsonb_build_object('k', U&'\00f6'), ARRAY[U&'\00e5', 'b'] FROM generate_series(1, 20) g;
SET client_encoding = 'LATIN1';
CREATE TEMP TABLE seen AS SELECT * FROM words;
INSERT INTO seen (k, t) SELECT k + 50, t FROM words WHERE k = 3;
CREATE TEMP TABLE sums AS SELECT max(t), min(v), array_agg(c ORDER BY k) AS cs, string_agg(t, ',' ORDER BY k) FROM words;
PREPARE p(text) AS INSERT INTO words VALUES (21, $1);
EXECUTE p(chr(233) || 'x');
PREPARE q(text) AS SELECT k FROM words WHERE t = $1 ORDER BY k;
EXECUTE q(chr(233) || chr(232) || '7');
INSERT INTO words SELECT k + 100, t FROM words;
SET client_encoding = 'UTF8';
BEGIN;
DECLARE c CURSOR FOR SELECT k, t FROM words ORDER BY k;
FETCH 2 FROM c;
SET client_encoding = 'LATIN1';
MOVE 2 FROM c;
SET client_encoding = 'UTF8';
FETCH 2 FROM c;
COMMIT;
SELECT * FROM seen ORDER BY k;
SELECT * FROM sums;
SELECT k, t, length(t), octet_length(t) FROM words ORDER BY k;
