-- variants: distributed reference single onenode
-- Each type as a key: rows in, rows found by each way to name a key, rows out; and values that are written in another type.
CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy');
CREATE TABLE k_smallint (k smallint, v int);
CREATE TABLE k_int (k int, v int);
CREATE TABLE k_bigint (k bigint, v int);
CREATE TABLE k_text (k text, v int);
CREATE TABLE k_varchar (k varchar(12), v int);
CREATE TABLE k_char (k char(6), v int);
CREATE TABLE k_uuid (k uuid, v int);
CREATE TABLE k_date (k date, v int);
CREATE TABLE k_timestamp (k timestamp, v int);
CREATE TABLE k_timestamptz (k timestamptz, v int);
CREATE TABLE k_numeric (k numeric, v int);
CREATE TABLE k_bytea (k bytea, v int);
CREATE TABLE k_boolean (k boolean, v int);
CREATE TABLE k_interval (k interval, v int);
CREATE TABLE k_inet (k inet, v int);
CREATE TABLE k_enum (k mood, v int);
CREATE TABLE k_float8 (k float8, v int);
CREATE TABLE k_jsonb (k jsonb, v int);
CREATE TABLE k_array (k int[], v int);
CREATE TABLE k_range (k int4range, v int);
CREATE TABLE k_name (k name, v int);
CREATE TABLE k_oid (k oid, v int);
-- distribute: create_distributed_table('k_smallint', 'k')
-- distribute: create_distributed_table('k_int', 'k')
-- distribute: create_distributed_table('k_bigint', 'k')
-- distribute: create_distributed_table('k_text', 'k')
-- distribute: create_distributed_table('k_varchar', 'k')
-- distribute: create_distributed_table('k_char', 'k')
-- distribute: create_distributed_table('k_uuid', 'k')
-- distribute: create_distributed_table('k_date', 'k')
-- distribute: create_distributed_table('k_timestamp', 'k')
-- distribute: create_distributed_table('k_timestamptz', 'k')
-- distribute: create_distributed_table('k_numeric', 'k')
-- distribute: create_distributed_table('k_bytea', 'k')
-- distribute: create_distributed_table('k_boolean', 'k')
-- distribute: create_distributed_table('k_interval', 'k')
-- distribute: create_distributed_table('k_inet', 'k')
-- distribute: create_distributed_table('k_float8', 'k')
-- distribute: create_distributed_table('k_jsonb', 'k')
-- distribute: create_distributed_table('k_array', 'k')
-- distribute: create_distributed_table('k_range', 'k')
-- distribute: create_distributed_table('k_name', 'k')
-- distribute: create_distributed_table('k_oid', 'k')
-- distribute: create_distributed_table('k_enum', 'k')
INSERT INTO k_smallint SELECT g, g FROM generate_series(-20, 20) AS g;
INSERT INTO k_smallint VALUES (32767, 1), (-32768, 2), (NULL, 3);
SELECT * FROM k_smallint WHERE k = 7;
SELECT * FROM k_smallint WHERE k = 7::smallint;
SELECT * FROM k_smallint WHERE k = 7::bigint;
SELECT * FROM k_smallint WHERE k = 7.0;
SELECT * FROM k_smallint WHERE k = 7.5;
SELECT * FROM k_smallint WHERE k = 100000;
SELECT * FROM k_smallint WHERE k = ANY ('{1,2,-20,40000}'::int[]) ORDER BY k;
SELECT * FROM k_smallint WHERE k IN (-32768, 32767, NULL) ORDER BY k;
INSERT INTO k_smallint VALUES (40000, 1);
INSERT INTO k_int SELECT g * 1000003, g FROM generate_series(-50, 50) AS g;
INSERT INTO k_int VALUES (2147483647, 1), (-2147483648, 2);
SELECT * FROM k_int WHERE k = 3000009;
SELECT * FROM k_int WHERE k = 3000009::bigint;
SELECT * FROM k_int WHERE k = 3000009::smallint + 0;
SELECT * FROM k_int WHERE k = '3000009';
SELECT * FROM k_int WHERE k = 3000009.0;
SELECT * FROM k_int WHERE k::text = '3000009';
SELECT * FROM k_int WHERE 3000009 = k;
SELECT * FROM k_int WHERE k + 1 = 3000010;
SELECT * FROM k_int WHERE k = 2147483648;
SELECT * FROM k_int WHERE k = 2147483647 OR k = -2147483648 ORDER BY k;
SELECT * FROM k_int WHERE k IN (SELECT k FROM k_int WHERE v = 4);
SELECT a.v, b.v FROM k_int a JOIN k_bigint b ON a.k = b.k ORDER BY 1;
INSERT INTO k_bigint SELECT g * 1000003, g FROM generate_series(-50, 50) AS g;
INSERT INTO k_bigint VALUES (9223372036854775807, 1), (-9223372036854775808, 2), (4294967296, 3), (-4294967297, 4);
SELECT * FROM k_bigint WHERE k = 3000009;
SELECT * FROM k_bigint WHERE k = 9223372036854775807;
SELECT * FROM k_bigint WHERE k = 4294967296 OR k = -4294967297 ORDER BY k;
SELECT * FROM k_bigint WHERE k = 9223372036854775808;
SELECT count(*) FROM k_int a JOIN k_bigint b ON a.k = b.k;
SELECT a.v FROM k_int a JOIN k_bigint b USING (k) WHERE b.k = 5000015;
SELECT count(*) FROM k_smallint a JOIN k_int b ON a.k = b.v JOIN k_bigint c ON c.k = b.k;
INSERT INTO k_text SELECT 'key ' || g, g FROM generate_series(1, 40) AS g;
INSERT INTO k_text VALUES ('', 0), (' ', 1), ('größe', 2), ('it''s', 3), ('a\b', 4), (repeat('long ', 1000), 5), (E'line\nend', 6);
SELECT * FROM k_text WHERE k = 'key 7';
SELECT v FROM k_text WHERE k = '';
SELECT v FROM k_text WHERE k = ' ';
SELECT v FROM k_text WHERE k = 'größe';
SELECT v FROM k_text WHERE k = 'it''s';
SELECT v FROM k_text WHERE k = 'a\b';
SELECT v FROM k_text WHERE k = repeat('long ', 1000);
SELECT v FROM k_text WHERE k = E'line\nend';
SELECT v FROM k_text WHERE k = 'key 7'::varchar;
SELECT v FROM k_text WHERE k = 'key 7'::char(10);
SELECT v FROM k_text WHERE k = 'key 7'::name;
SELECT v FROM k_text WHERE k LIKE 'key 1%' ORDER BY v;
SELECT v FROM k_text WHERE k COLLATE "C" = 'key 9';
SELECT v FROM k_text WHERE k < 'key 12' ORDER BY k COLLATE "C";
INSERT INTO k_varchar SELECT 'key ' || g, g FROM generate_series(1, 20) AS g;
INSERT INTO k_varchar VALUES ('with space  ', 99);
INSERT INTO k_varchar VALUES ('longer than twelve', 100);
SELECT * FROM k_varchar WHERE k = 'key 3';
SELECT * FROM k_varchar WHERE k = 'key 3'::text;
SELECT * FROM k_varchar WHERE k = 'with space';
SELECT v FROM k_varchar WHERE k = 'with space  ';
SELECT count(*) FROM k_varchar a JOIN k_text b ON a.k = b.k;
INSERT INTO k_char SELECT 'c' || g, g FROM generate_series(1, 20) AS g;
INSERT INTO k_char VALUES ('', 0), ('abcdef', 99);
SELECT k, v FROM k_char WHERE k = 'c3';
SELECT k, v FROM k_char WHERE k = 'c3    ';
SELECT k, v FROM k_char WHERE k = 'c3'::text;
SELECT k, v FROM k_char WHERE k = 'c3    '::text;
SELECT k, v FROM k_char WHERE k = '' ORDER BY v;
SELECT k || '|', v FROM k_char WHERE k IN ('c1', 'abcdef') ORDER BY v;
INSERT INTO k_uuid SELECT ('00000000-0000-4000-8000-' || lpad(g::text, 12, '0'))::uuid, g FROM generate_series(1, 30) AS g;
SELECT * FROM k_uuid WHERE k = '00000000-0000-4000-8000-000000000007';
SELECT * FROM k_uuid WHERE k = '{00000000000040008000000000000009}';
SELECT * FROM k_uuid WHERE k = 'not a uuid';
INSERT INTO k_date SELECT date '2026-01-01' + g, g FROM generate_series(1, 30) AS g;
INSERT INTO k_date VALUES ('infinity', 100), ('-infinity', 101), ('0044-03-15 BC', 102);
SELECT * FROM k_date WHERE k = '2026-01-09';
SELECT * FROM k_date WHERE k = date '2026-01-09' + 1;
SELECT * FROM k_date WHERE k = timestamp '2026-01-09 00:00';
SELECT * FROM k_date WHERE k = timestamp '2026-01-09 00:01';
SELECT * FROM k_date WHERE k = timestamptz '2026-01-09 00:00';
SELECT * FROM k_date WHERE k IN ('infinity', '0044-03-15 BC') ORDER BY k;
INSERT INTO k_timestamp SELECT timestamp '2026-01-01' + g * interval '1 hour', g FROM generate_series(1, 30) AS g;
SELECT * FROM k_timestamp WHERE k = '2026-01-01 09:00';
SELECT * FROM k_timestamp WHERE k = date '2026-01-02';
INSERT INTO k_timestamptz SELECT timestamptz '2026-01-01 00:00+00' + g * interval '1 hour', g FROM generate_series(1, 30) AS g;
SELECT * FROM k_timestamptz WHERE k = '2026-01-01 09:00+00';
SET TimeZone TO 'Asia/Tokyo';
SELECT * FROM k_timestamptz WHERE k = '2026-01-01 18:00';
SELECT * FROM k_timestamptz WHERE k = timestamp '2026-01-01 18:00';
SELECT * FROM k_timestamptz WHERE k = date '2026-01-02';
SELECT a.v, b.v FROM k_timestamp a JOIN k_timestamptz b ON a.k = b.k ORDER BY 1;
RESET TimeZone;
INSERT INTO k_numeric SELECT g / 4.0, g FROM generate_series(-20, 20) AS g;
INSERT INTO k_numeric VALUES ('NaN', 100), (1e40, 101), (0.1, 102), ('Infinity', 103);
SELECT * FROM k_numeric WHERE k = 2.5;
SELECT * FROM k_numeric WHERE k = 2.500;
SELECT * FROM k_numeric WHERE k = 2;
SELECT * FROM k_numeric WHERE k = 2::float8;
SELECT * FROM k_numeric WHERE k = 0.1;
SELECT * FROM k_numeric WHERE k = 'NaN' OR k = 1e40 OR k = 'Infinity' ORDER BY k;
SELECT count(*) FROM k_numeric n JOIN k_int i ON n.k = i.v;
INSERT INTO k_bytea SELECT decode(lpad(to_hex(g), 4, '0'), 'hex'), g FROM generate_series(0, 30) AS g;
INSERT INTO k_bytea VALUES ('', 100), ('\x00ff00', 101);
SELECT * FROM k_bytea WHERE k = '\x0007';
SELECT v FROM k_bytea WHERE k = '';
SELECT v FROM k_bytea WHERE k = '\000\377\000';
INSERT INTO k_boolean VALUES (true, 1), (false, 2), (NULL, 3), (true, 4);
SELECT * FROM k_boolean WHERE k ORDER BY v;
SELECT * FROM k_boolean WHERE NOT k ORDER BY v;
SELECT * FROM k_boolean WHERE k = true ORDER BY v;
SELECT * FROM k_boolean WHERE k IS NOT TRUE ORDER BY v;
SELECT * FROM k_boolean WHERE k IS UNKNOWN ORDER BY v;
SELECT * FROM k_boolean WHERE k IS TRUE ORDER BY v;
INSERT INTO k_interval SELECT g * interval '1 day', g FROM generate_series(1, 40) AS g;
SELECT * FROM k_interval WHERE k = '3 days';
SELECT * FROM k_interval WHERE k = '72 hours';
SELECT * FROM k_interval WHERE k = '1 month';
INSERT INTO k_inet SELECT inet '10.0.0.0' + g, g FROM generate_series(1, 30) AS g;
INSERT INTO k_inet VALUES ('::1', 100), ('10.0.0.7/8', 101), ('10.0.0.7/32', 102);
SELECT * FROM k_inet WHERE k = '10.0.0.7' ORDER BY v;
SELECT * FROM k_inet WHERE k = '10.0.0.7/8';
SELECT * FROM k_inet WHERE k = '0:0:0:0:0:0:0:1';
SELECT * FROM k_inet WHERE k = cidr '10.0.0.9/32';
SELECT v FROM k_inet WHERE k <<= '10.0.0.0/30' ORDER BY v;
INSERT INTO k_enum VALUES ('sad', 1), ('ok', 2), ('happy', 3), (NULL, 4), ('ok', 5);
SELECT * FROM k_enum ORDER BY k, v;
SELECT v FROM k_enum WHERE k = 'ok' ORDER BY v;
SELECT v FROM k_enum WHERE k > 'sad' ORDER BY v;
SELECT k, count(*) FROM k_enum GROUP BY k ORDER BY k;
SELECT min(k), max(k) FROM k_enum;
INSERT INTO k_enum VALUES ('angry', 1);
SELECT * FROM k_enum WHERE k = 'angry';
INSERT INTO k_float8 SELECT g / 8.0, g FROM generate_series(-20, 20) AS g;
INSERT INTO k_float8 VALUES ('NaN', 100), ('-0', 101), (1e300, 102), ('-Infinity', 103);
SELECT * FROM k_float8 WHERE k = 2.5;
SELECT * FROM k_float8 WHERE k = 2;
SELECT * FROM k_float8 WHERE k = 2::numeric;
SELECT v FROM k_float8 WHERE k = 0 ORDER BY v;
SELECT v FROM k_float8 WHERE k = '-0' ORDER BY v;
SELECT * FROM k_float8 WHERE k = 'NaN';
SELECT * FROM k_float8 WHERE k = 2.5::real;
INSERT INTO k_jsonb VALUES ('{"a": 1, "b": [1, 2]}', 1), ('[]', 2), ('"text"', 3), ('null', 4), ('1.0', 5), (NULL, 6);
SELECT * FROM k_jsonb WHERE k = '{"b": [1,2], "a": 1}';
SELECT v FROM k_jsonb WHERE k = '1';
SELECT v FROM k_jsonb WHERE k = 'null';
SELECT v FROM k_jsonb WHERE k IS NULL;
SELECT v FROM k_jsonb WHERE k @> '{"a": 1}';
INSERT INTO k_array VALUES ('{1,2,3}', 1), ('{}', 2), ('{NULL,1}', 3), ('{{1,2},{3,4}}', 4), ('[0:1]={5,6}', 5);
SELECT * FROM k_array WHERE k = '{1,2,3}';
SELECT v FROM k_array WHERE k = ARRAY[NULL, 1];
SELECT v FROM k_array WHERE k = '{}';
SELECT v FROM k_array WHERE k = '[0:1]={5,6}';
SELECT v FROM k_array WHERE k = '{5,6}';
SELECT v FROM k_array WHERE 3 = ANY (k) ORDER BY v;
INSERT INTO k_range VALUES ('[1,5)', 1), ('[1,4]', 2), ('empty', 3), ('(,)', 4), ('[7,)', 5);
SELECT v FROM k_range WHERE k = '[1,5)' ORDER BY v;
SELECT v FROM k_range WHERE k = '(0,4]' ORDER BY v;
SELECT v FROM k_range WHERE k = 'empty';
SELECT v FROM k_range WHERE k @> 8 ORDER BY v;
INSERT INTO k_name SELECT 'n' || g, g FROM generate_series(1, 20) AS g;
SELECT * FROM k_name WHERE k = 'n4';
SELECT * FROM k_name WHERE k = 'n4'::text;
INSERT INTO k_oid SELECT g * 100, g FROM generate_series(1, 20) AS g;
INSERT INTO k_oid VALUES (4294967295, 99);
SELECT * FROM k_oid WHERE k = 400;
SELECT * FROM k_oid WHERE k = 4294967295;
SELECT count(*) FROM k_smallint;
SELECT count(*) FROM k_bytea;
SELECT sum(v) FROM k_uuid WHERE k > '00000000-0000-4000-8000-000000000015';
-- Changes by key.
UPDATE k_text SET v = -v WHERE k = 'key 5' RETURNING *;
UPDATE k_uuid SET v = 0 WHERE k = '00000000-0000-4000-8000-000000000005' RETURNING *;
UPDATE k_date SET v = 0 WHERE k = timestamp '2026-01-10' RETURNING *;
UPDATE k_char SET v = 0 WHERE k = 'c4' RETURNING *;
UPDATE k_numeric SET v = 0 WHERE k = 1.250 RETURNING *;
UPDATE k_smallint SET v = 0 WHERE k = 5::bigint RETURNING *;
UPDATE k_timestamptz SET v = 0 WHERE k = '2026-01-01 08:00-01' RETURNING v;
DELETE FROM k_interval WHERE k = '24 hours' RETURNING *;
DELETE FROM k_inet WHERE k = '10.0.0.8' RETURNING *;
DELETE FROM k_enum WHERE k = 'happy' RETURNING *;
DELETE FROM k_bytea WHERE k = '\x0001' RETURNING *;
DELETE FROM k_jsonb WHERE k = '[]' RETURNING *;
DELETE FROM k_range WHERE k = '[1,5)' RETURNING v;
SELECT count(*) FROM k_range;
-- The same through parameters of other types.
PREPARE s(bigint) AS SELECT v FROM k_smallint WHERE k = $1;
EXECUTE s(6);
EXECUTE s(600000);
PREPARE i(numeric) AS SELECT v FROM k_int WHERE k = $1;
EXECUTE i(4000012);
EXECUTE i(4000012.5);
PREPARE d(timestamp) AS SELECT v FROM k_date WHERE k = $1;
EXECUTE d('2026-01-05');
PREPARE t(char(8)) AS SELECT v FROM k_text WHERE k = $1;
EXECUTE t('key 8');
PREPARE e(mood) AS SELECT v FROM k_enum WHERE k = $1 ORDER BY v;
EXECUTE e('ok');
EXECUTE e(NULL);
