-- variants: distributed reference single onenode
-- Values of every type on their way in and out: each is the same after the trip, also as NULL, and through RETURNING.
CREATE TYPE pair AS (a int, b text);
CREATE TYPE weekday AS ENUM ('mon', 'tue', 'wed');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE TABLE numbers (k int PRIMARY KEY, a smallint, b int, c bigint, d real, e float8, f numeric, g numeric(12,4), h money, i boolean, j oid);
CREATE TABLE texts (k int PRIMARY KEY, a text, b varchar(30), c char(5), d name, e "char", f bytea, g bit(5), h varbit(9), i uuid, j xml, l tsvector, m tsquery);
CREATE TABLE times (k int PRIMARY KEY, a date, b time, c timetz, d timestamp, e timestamptz, f interval, g timestamp(0), h interval day to second);
CREATE TABLE shapes (k int PRIMARY KEY, a point, b line, c lseg, d box, e path, f polygon, g circle);
CREATE TABLE nets (k int PRIMARY KEY, a inet, b cidr, c macaddr, d macaddr8);
CREATE TABLE documents (k int PRIMARY KEY, a json, b jsonb, c jsonpath, d int[], e text[], f jsonb[], g int4range, h tstzrange, i nummultirange);
CREATE TABLE own (k int PRIMARY KEY, a pair, b pair[], c weekday, d weekday[], e positive, f regclass, g regtype, h pg_lsn, i tid, j xid8);
-- distribute: create_distributed_table('numbers', 'k')
-- distribute: create_distributed_table('texts', 'k')
-- distribute: create_distributed_table('times', 'k')
-- distribute: create_distributed_table('shapes', 'k')
-- distribute: create_distributed_table('nets', 'k')
-- distribute: create_distributed_table('documents', 'k')
-- distribute: create_distributed_table('own', 'k')
INSERT INTO numbers VALUES (1, 32767, 2147483647, 9223372036854775807, 3.4e38, 1.7976931348623157e308, 1e100, 12345678.9012, '$1,234.56', true, 4294967295);
INSERT INTO numbers VALUES (2, -32768, -2147483648, -9223372036854775808, 'NaN', '-Infinity', 'NaN', -0.0001, '-$0.01', false, 0);
INSERT INTO numbers VALUES (3);
INSERT INTO numbers VALUES (4, 0, 0, 0, '-0', '-0', 0.000000000000000000001, 0, '0', NULL, NULL);
INSERT INTO numbers SELECT g, g, g, g, g / 3.0, g / 7.0, g / 9.0, g / 11.0, g::money, g % 2 = 0, g FROM generate_series(5, 30) AS g;
SELECT * FROM numbers ORDER BY k;
SELECT * FROM numbers WHERE k = 1;
SELECT * FROM numbers WHERE d = 'NaN' OR e = '-Infinity' OR f = 1e100 ORDER BY k;
SELECT sum(a), sum(b), sum(c) FROM numbers WHERE k > 4;
SELECT sum(c) FROM numbers;
SELECT min(f), max(f), sum(g), avg(g) FROM numbers WHERE k <> 2;
SELECT max(h), min(h), sum(h) FROM numbers;
-- approximate
SELECT sum(d::numeric), max(d), sum(e), avg(e), stddev(b), var_pop(c) FROM numbers WHERE k > 4;
SELECT bool_and(i), bool_or(i), every(i), bit_and(b), bit_or(b), bit_xor(a) FROM numbers WHERE k > 4;
SELECT i, count(*), sum(f) FROM numbers GROUP BY i ORDER BY i;
UPDATE numbers SET f = f * 2, d = d / 2 WHERE k BETWEEN 5 AND 8 RETURNING k, d, f;
INSERT INTO texts VALUES (1, 'plain', 'varying', 'abc', 'a name', 'x', '\x00ff10', '10101', '1010', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11', '<a b="1">text</a>', 'a fat cat:1A,2B', 'fat & (cat | rat)');
INSERT INTO texts (k, a, b, c, f, h, l) VALUES (2, '', '', '', '', '', '');
INSERT INTO texts (k, a) VALUES (3, NULL), (4, E'tab\ttab\nline\\back''quote"double'), (5, 'größe 漢字 🍕'), (6, repeat('0123456789', 3000)), (7, 'NULL'), (8, '\N'), (9, ' lead and trail ');
SELECT k, a, b, c, d, e, f, g, h, i, j, l, m FROM texts ORDER BY k;
SELECT k, length(a), length(c), octet_length(c), length(f), c || '|' FROM texts ORDER BY k;
SELECT k FROM texts WHERE a = 'größe 漢字 🍕';
SELECT k FROM texts WHERE c = 'abc  ';
SELECT md5(a) FROM texts WHERE k = 6;
SELECT string_agg(a, '|' ORDER BY k) FROM texts WHERE k <> 6;
SELECT k FROM texts WHERE l @@ to_tsquery('english', 'cat');
SELECT xmlserialize(CONTENT j AS text) FROM texts WHERE k = 1;
SELECT upper(a), initcap(a), reverse(a), substr(a, 2, 3), translate(a, 'abc', 'xyz') FROM texts WHERE k IN (1, 5) ORDER BY k;
UPDATE texts SET f = f || '\x01', a = a || a WHERE k IN (1, 2) RETURNING k, a, f;
INSERT INTO times VALUES (1, '2026-01-28', '20:45:01.123456', '20:45:01+05:30', '2026-01-28 20:45:01.5', '2026-01-28 20:45:01.000001+00', '1 year 2 mons 3 days 04:05:06.7', '2026-01-28 20:45:01.6', '1 02:03:04.5');
INSERT INTO times VALUES (2, 'infinity', '24:00', '00:00-12', 'infinity', '-infinity', '-1 year -2 days +03:00', '-infinity', '0');
INSERT INTO times VALUES (3, NULL);
INSERT INTO times VALUES (4, '0001-01-01 BC', '00:00', '23:59:59.999999+00', '4713-01-01 BC', '294276-12-31 23:59:59+00', '17800000 years', '1999-12-31 23:59:59.5', '-1 microsecond');
INSERT INTO times SELECT g, date '2026-03-01' + g, time '08:00' + g * interval '1 minute', NULL, timestamp '2026-03-01' + g * interval '1 h', timestamptz '2026-03-28 20:00+00' + g * interval '1 h', g * interval '1 day 1 minute' FROM generate_series(5, 20) AS g;
SELECT * FROM times ORDER BY k;
SELECT k, extract(epoch FROM f), date_trunc('hour', d), a + 1, e AT TIME ZONE 'Europe/Oslo' FROM times WHERE k > 4 ORDER BY k;
SELECT min(a), max(a), min(f), max(f), sum(f), avg(f) FROM times WHERE k <> 4;
SELECT date_trunc('day', e), count(*) FROM times WHERE k > 4 GROUP BY 1 ORDER BY 1;
SELECT k FROM times WHERE e > '2026-03-29 06:00+02' AND k > 4 ORDER BY k;
INSERT INTO shapes VALUES (1, '(1,2)', '{1,2,3}', '[(0,0),(1,1)]', '(2,2),(0,0)', '[(0,0),(1,1),(2,0)]', '((0,0),(1,1),(2,0))', '<(1,1),5>');
INSERT INTO shapes VALUES (2);
INSERT INTO shapes VALUES (3, '(1e300,-0)', NULL, NULL, NULL, '((0,0),(1,1))');
SELECT * FROM shapes ORDER BY k;
SELECT k, a <-> point '(0,0)', area(g), npoints(e), center(d) FROM shapes WHERE k = 1;
INSERT INTO nets VALUES (1, '192.168.1.5/24', '192.168.1.0/24', '08:00:2b:01:02:03', '08:00:2b:01:02:03:04:05');
INSERT INTO nets VALUES (2, '::ffff:1.2.3.4/128', '2001:db8::/32', NULL, NULL), (3, NULL, NULL, NULL, NULL);
SELECT * FROM nets ORDER BY k;
SELECT k, host(a), masklen(a), network(a) FROM nets ORDER BY k;
INSERT INTO documents VALUES (1, '{"a":  1, "a": 2}', '{"b": [1, 2, {"c": null}], "a": "x"}', '$.a[*] ? (@ > 1)', '{1,NULL,3}', '{"a b","c,d","\"q\"",NULL,""}', ARRAY['{"x": 1}'::jsonb], '[1,5)', '[2026-01-01 00:00+00,)', '{[1,2),[3,4)}');
INSERT INTO documents VALUES (2, 'null', 'null', NULL, '{}', '{}', '{}', 'empty', '(,)', '{}'), (3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL), (4, '[]', '"text"', '$', '{{1,2},{3,4}}', '[2:3]={x,y}', NULL, '[7,7]', NULL, NULL);
SELECT * FROM documents ORDER BY k;
SELECT k, b -> 'b' -> 2, b ->> 'a', b #> '{b,1}', d[1], d[2:3], array_length(d, 1), array_dims(e), upper(g), lower(h) FROM documents ORDER BY k;
SELECT k FROM documents WHERE b ? 'a' OR d @> '{3}' OR g @> 7 ORDER BY k;
SELECT jsonb_agg(b ORDER BY k), json_agg(k ORDER BY k), jsonb_object_agg(k, b), array_agg(e[1] ORDER BY k) FROM documents;
SELECT k, u FROM documents, unnest(d) AS u ORDER BY k, u;
SELECT k, x.key, x.value FROM documents, jsonb_each(b) AS x WHERE k = 1 ORDER BY x.key;
SELECT range_agg(g) FROM documents;
UPDATE documents SET b = jsonb_set(b, '{z}', '9'), d[1] = 100, d[5] = 7 WHERE k = 1 RETURNING *;
UPDATE documents SET e[2] = 'second', b['k'] = '7' WHERE k = 1 RETURNING e, b;
INSERT INTO own VALUES (1, ROW(1, 'x'), ARRAY[ROW(2, 'y')::pair, NULL], 'tue', '{mon,wed}', 5, 'pg_class', 'integer', '16/B374D848', '(0,1)', '12345678901');
INSERT INTO own VALUES (2, ROW(NULL, NULL), '{}', 'mon', '{}', 1), (3, NULL, NULL, NULL, NULL, NULL), (4, ROW(4, 'with, comma "q"'), NULL, 'wed', NULL, 99);
INSERT INTO own (k, e) VALUES (5, 0);
INSERT INTO own (k, c) VALUES (5, 'sun');
SELECT * FROM own ORDER BY k;
SELECT k, (a).b, (b[1]).a, c > 'mon', d[2], e + 1 FROM own ORDER BY k;
SELECT k FROM own WHERE a = ROW(1, 'x')::pair;
SELECT k FROM own WHERE c = 'wed' OR e = 5 ORDER BY k;
SELECT c, count(*) FROM own GROUP BY c ORDER BY c DESC;
SELECT a, count(*) FROM own GROUP BY a ORDER BY a;
SELECT max(c), min(e), array_agg(a ORDER BY k) FROM own;
UPDATE own SET a.b = 'changed', c = 'mon' WHERE k = 1 RETURNING *;
UPDATE own SET e = e - 5 WHERE k = 1;
UPDATE own SET a = ROW(k, c::text)::pair RETURNING k, a;
SELECT o.k, n.b FROM own o JOIN numbers n USING (k) ORDER BY k;
COPY numbers TO STDOUT;
COPY own TO STDOUT (FORMAT csv, HEADER);
COPY (SELECT * FROM documents ORDER BY k) TO STDOUT (FORMAT csv, FORCE_QUOTE *);
COPY own FROM STDIN (FORMAT csv);
10,"(1,""a b"")",,tue,"{mon}",7,,,,,
11,,,,,,,,,,
\.
SELECT * FROM own WHERE k >= 10 ORDER BY k;
COPY own (k, e) FROM STDIN;
12	0
\.
COPY own (k, c) FROM STDIN;
12	never
\.
SELECT count(*) FROM own;
PREPARE add_document(int, jsonb, int[], text[]) AS INSERT INTO documents (k, b, d, e) VALUES ($1, $2, $3, $4) RETURNING *;
EXECUTE add_document(100, '{"p": 1}', '{1,2}', '{a,NULL}');
EXECUTE add_document(101, NULL, NULL, NULL);
EXECUTE add_document(102, '[]', '{}', '{}');
PREPARE find_own(pair, weekday) AS SELECT k FROM own WHERE a = $1 OR c = $2 ORDER BY k;
EXECUTE find_own(ROW(1, 'mon'), 'wed');
EXECUTE find_own(NULL, NULL);
