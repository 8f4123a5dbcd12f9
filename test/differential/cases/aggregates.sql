-- variants: distributed reference mixed single onenode partitioned
-- Aggregates over many shards: two-phase ones, those that pull rows, DISTINCT, FILTER, HAVING, empty input, exact types.
CREATE TABLE m (k int, g int, s smallint, i int, b bigint, n numeric, n2 numeric(12,3), f4 real, f8 double precision, t text, v varchar(20), d date, ts timestamptz, iv interval, bo boolean, bi bit(4), mo money, u uuid, arr int[], c "char");
CREATE TABLE h (k int, w int, note text);
-- distribute: create_distributed_table('m', 'k')
-- distribute: create_distributed_table('h', 'k')
INSERT INTO m SELECT CASE WHEN x % 17 <> 0 THEN x % 40 END, x % 5, x % 100, CASE WHEN x % 7 <> 0 THEN x * 3 END, x::bigint * 1000000007, x * 1.25, CASE WHEN x % 3 <> 0 THEN x / 7.0 END, x % 16, x % 32 / 4.0, CASE WHEN x % 6 <> 0 THEN chr(97 + x % 26) END, 'v' || x % 13, date '2026-01-01' + x % 90, timestamptz '2026-01-01 00:00+00' + x * interval '1 hour', x * interval '90 minutes', x % 4 = 0, (x % 16)::bit(4), x::money, md5(x::text)::uuid, ARRAY[x % 3, x % 2], chr(65 + x % 5)::"char" FROM generate_series(1, 300) AS x;
INSERT INTO h SELECT x % 45, x % 9, 'note ' || x % 4 FROM generate_series(1, 150) AS x;
SELECT count(*), count(i), count(t), count(m), count(1), count(NULL) FROM m;
SELECT sum(s), sum(i), sum(b), sum(n), sum(n2), sum(f4), sum(f8), sum(iv), sum(mo) FROM m;
SELECT avg(s), avg(i), avg(b), avg(n), avg(n2), avg(f4), avg(f8), avg(iv) FROM m;
SELECT min(s), min(i), min(b), min(n), min(n2), min(f4), min(f8), min(t), min(v), min(d), min(ts), min(iv), min(mo), min(arr), min(k) FROM m;
SELECT max(s), max(i), max(b), max(n), max(n2), max(f4), max(f8), max(t), max(v), max(d), max(ts), max(iv), max(mo), max(arr), max(k) FROM m;
SELECT bool_and(bo), bool_or(bo), every(bo), bit_and(s), bit_or(i), bit_xor(b), bit_and(bi), bit_or(bi) FROM m;
-- approximate
SELECT stddev(i), stddev_pop(n), stddev_samp(f8), variance(b), var_pop(s), var_samp(n2) FROM m;
-- approximate
SELECT corr(f4, f8), covar_pop(i, f8), covar_samp(i, f8), regr_avgx(i, f8), regr_count(i, f8), regr_slope(i, f8), regr_intercept(i, f8), regr_r2(i, f8), regr_sxx(i, f8), regr_sxy(i, f8), regr_syy(i, f8), regr_avgy(i, f8) FROM m;
SELECT pg_typeof(sum(s)), pg_typeof(sum(i)), pg_typeof(sum(b)), pg_typeof(sum(n2)), pg_typeof(sum(f4)), pg_typeof(avg(s)), pg_typeof(avg(f4)), pg_typeof(count(*)), pg_typeof(min(v)), pg_typeof(max(d)) FROM m;
-- No rows at all, and groups without any.
SELECT count(*), count(i), sum(i), sum(b), avg(i), avg(f8), avg(iv), min(t), max(d), bool_and(bo), bit_or(i), count(DISTINCT i), array_agg(i), string_agg(t, ',') FROM m WHERE false;
SELECT count(*), count(i), sum(i), sum(b), avg(i), avg(f8), avg(iv), min(t), max(d), bool_and(bo), bit_or(i), count(DISTINCT i), array_agg(i), string_agg(t, ',') FROM m WHERE g = 77;
SELECT g, count(*), sum(i) FROM m WHERE g = 77 GROUP BY g;
SELECT count(*) FROM m WHERE k = 3 AND k = 4;
SELECT sum(i) FROM m WHERE i IS NULL;
SELECT g, sum(i), avg(n2), count(i) FROM m WHERE i IS NULL GROUP BY g ORDER BY g;
-- Groups by columns, expressions, constants, functions, of the key and not.
SELECT g, count(*), sum(i), avg(b), min(t), max(ts) FROM m GROUP BY g ORDER BY g;
SELECT k, count(*), sum(i), avg(b) FROM m GROUP BY k ORDER BY k;
SELECT k, g, count(*), sum(n) FROM m GROUP BY k, g ORDER BY k, g LIMIT 20;
SELECT g % 2 AS parity, count(*), avg(i) FROM m GROUP BY 1 ORDER BY 1;
SELECT g % 2, (g % 2) + 1, count(*) FROM m GROUP BY g % 2 ORDER BY 1;
SELECT k + 1, count(*) FROM m GROUP BY k + 1 ORDER BY 1;
SELECT date_trunc('month', ts), count(*) FROM m GROUP BY 1 ORDER BY 1;
SELECT t, v, count(*) FROM m GROUP BY t, v ORDER BY t, v LIMIT 15;
SELECT t COLLATE "C", count(*) FROM m GROUP BY t COLLATE "C" ORDER BY 1;
SELECT bo, bi, count(*) FROM m GROUP BY bo, bi ORDER BY bo, bi;
SELECT arr, count(*), max(n) FROM m GROUP BY arr ORDER BY arr;
SELECT 'x', count(*) FROM m GROUP BY 1;
SELECT g, 'x' AS lit, count(*) FROM m GROUP BY g, lit ORDER BY g;
SELECT CASE WHEN i > 300 THEN 'high' WHEN i > 100 THEN 'mid' ELSE 'low' END AS band, count(*), sum(i) FROM m GROUP BY band ORDER BY band;
SELECT count(*) FROM m GROUP BY g ORDER BY g;
SELECT g FROM m GROUP BY g ORDER BY g;
SELECT g + count(*) FROM m GROUP BY g ORDER BY 1;
SELECT sum(i) / count(*), sum(i)::float8 / nullif(count(i), 0), avg(i) * 2 + max(s) FROM m;
SELECT -g AS g, count(*) FROM m GROUP BY m.g ORDER BY m.g;
SELECT count(*) AS g, g AS c FROM m GROUP BY m.g ORDER BY g, c;
SELECT m FROM m GROUP BY m.* ORDER BY m LIMIT 3;
-- DISTINCT inside aggregates.
SELECT count(DISTINCT g), count(DISTINCT k), count(DISTINCT t), count(DISTINCT i) FROM m;
SELECT count(DISTINCT g), sum(i), count(*), avg(n) FROM m;
SELECT g, count(DISTINCT t), count(DISTINCT v), sum(DISTINCT s), avg(DISTINCT s), count(*), sum(b) FROM m GROUP BY g ORDER BY g;
SELECT count(DISTINCT (g, bo)), count(DISTINCT g % 3), count(DISTINCT lower(v)) FROM m;
SELECT array_agg(DISTINCT g), string_agg(DISTINCT t, ','), array_agg(DISTINCT g ORDER BY g DESC), string_agg(DISTINCT v, '|' ORDER BY v) FROM m;
SELECT bo, array_agg(DISTINCT t) FROM m GROUP BY bo ORDER BY bo;
SELECT k, count(DISTINCT g), array_agg(DISTINCT g ORDER BY g) FROM m GROUP BY k ORDER BY k;
SELECT count(DISTINCT g) FILTER (WHERE bo), count(DISTINCT g) FILTER (WHERE i > 500), count(*) FILTER (WHERE bo), count(DISTINCT t) FROM m;
SELECT min(DISTINCT i), max(DISTINCT t) FROM m;
-- FILTER, HAVING, ORDER BY of aggregates, LIMIT.
SELECT count(*) FILTER (WHERE bo), sum(i) FILTER (WHERE NOT bo), avg(n) FILTER (WHERE g = 99), min(t) FILTER (WHERE i IS NULL) FROM m;
SELECT g, count(*) FILTER (WHERE bo), sum(i) FILTER (WHERE g = 3) FROM m GROUP BY g ORDER BY g;
SELECT g, sum(i) FROM m GROUP BY g HAVING sum(i) > 20000 ORDER BY g;
SELECT g FROM m GROUP BY g HAVING count(*) > 60 OR min(i) < 4 ORDER BY g;
SELECT g FROM m GROUP BY g HAVING g > 2 ORDER BY g;
SELECT sum(i) FROM m HAVING count(*) > 1000;
SELECT sum(i) FROM m HAVING count(*) > 10;
SELECT 1 FROM m HAVING false;
SELECT 1 FROM m HAVING true;
SELECT t, count(*) AS c FROM m GROUP BY t ORDER BY c DESC, t LIMIT 4;
SELECT t, count(*) AS c FROM m GROUP BY t ORDER BY c DESC, t LIMIT 4 OFFSET 3;
SELECT t, count(*) AS c FROM m GROUP BY t ORDER BY sum(i) DESC NULLS LAST, t LIMIT 3;
SELECT k, sum(i) FROM m GROUP BY k ORDER BY sum(i) DESC NULLS LAST, k LIMIT 5;
SELECT DISTINCT count(*) FROM m GROUP BY t ORDER BY 1;
SELECT DISTINCT ON (count(*)) count(*), t FROM m GROUP BY t ORDER BY 1, 2;
-- Aggregates of other kinds: rows are pulled.
SELECT array_agg(i ORDER BY n), string_agg(t, ',' ORDER BY n DESC) FROM m WHERE g = 1;
SELECT g, array_agg(t ORDER BY t, n) FROM m GROUP BY g ORDER BY g;
SELECT g, json_agg(s ORDER BY n), jsonb_object_agg(n::text, s) FROM m WHERE i < 60 GROUP BY g ORDER BY g;
SELECT percentile_cont(0.25) WITHIN GROUP (ORDER BY f8), percentile_disc(ARRAY[0.1, 0.9]) WITHIN GROUP (ORDER BY i), mode() WITHIN GROUP (ORDER BY t) FROM m;
SELECT g, percentile_disc(0.5) WITHIN GROUP (ORDER BY n) FROM m GROUP BY g ORDER BY g;
SELECT rank(100) WITHIN GROUP (ORDER BY i), dense_rank(100) WITHIN GROUP (ORDER BY i), percent_rank(100) WITHIN GROUP (ORDER BY i) FROM m;
SELECT k, array_agg(i ORDER BY n) FROM m GROUP BY k ORDER BY k LIMIT 5;
SELECT range_agg(daterange(d, d + 2)) FROM m WHERE g = 2;
-- Grouping sets.
SELECT g, bo, count(*), sum(i) FROM m GROUP BY ROLLUP (g, bo) ORDER BY g, bo;
SELECT g, bo, grouping(g, bo), count(DISTINCT t) FROM m GROUP BY CUBE (g, bo) ORDER BY 3, 1, 2;
SELECT k, g, count(*) FROM m WHERE k < 4 GROUP BY GROUPING SETS ((k), (g), ()) ORDER BY k, g;
SELECT count(*) FROM m GROUP BY ();
SELECT count(*) FROM m GROUP BY GROUPING SETS ((), ());
-- Joins below aggregates.
SELECT m.g, count(*), sum(h.w), avg(m.i) FROM m JOIN h USING (k) GROUP BY m.g ORDER BY m.g;
SELECT h.note, count(*), count(m.k), count(DISTINCT m.g) FROM h LEFT JOIN m ON m.k = h.k AND m.bo GROUP BY h.note ORDER BY h.note;
SELECT h.note, count(DISTINCT m.t), sum(m.n) FILTER (WHERE h.w > 3) FROM m FULL JOIN h ON m.k = h.k GROUP BY h.note ORDER BY h.note;
SELECT m.k, sum(m.i * h.w) FROM m JOIN h ON m.k = h.k GROUP BY m.k ORDER BY m.k LIMIT 6;
SELECT h.k, m.k, count(*) FROM m FULL JOIN h ON m.k = h.k GROUP BY h.k, m.k ORDER BY 1, 2;
SELECT h.k, count(*) FROM m LEFT JOIN h ON m.k = h.k AND h.w = 1 GROUP BY h.k ORDER BY 1;
SELECT k, count(*) FROM m FULL JOIN h USING (k) GROUP BY k ORDER BY k;
SELECT m.g, h.w, count(*) FROM m JOIN h ON m.g = h.w GROUP BY 1, 2 ORDER BY 1, 2;
-- Sub-selects in HAVING, arguments and target lists.
SELECT g, sum(i) FROM m GROUP BY g HAVING sum(i) > (SELECT avg(w) * 4000 FROM h) ORDER BY g;
SELECT g, count(*), (SELECT count(*) FROM h WHERE h.w = m.g) FROM m GROUP BY g ORDER BY g;
SELECT sum((SELECT max(w) FROM h WHERE h.k = m.k)) FROM m;
SELECT sum((SELECT max(w) FROM h WHERE h.w = m.g)) FROM m;
SELECT (SELECT sum(m.i) FROM h WHERE h.k = 1 LIMIT 1) FROM m;
SELECT k, (SELECT count(*) FROM h WHERE h.k = m.k) AS c, sum(i) FROM m GROUP BY k ORDER BY k LIMIT 8;
-- Aggregates over aggregates.
SELECT avg(c), max(c), count(*) FROM (SELECT g, count(*) AS c FROM m GROUP BY g) s;
SELECT avg(c), max(c), count(*) FROM (SELECT k, count(*) AS c FROM m GROUP BY k) s;
SELECT c, count(*) FROM (SELECT k, count(*) AS c FROM m GROUP BY k) s GROUP BY c ORDER BY c;
SELECT sum(x) FROM (SELECT DISTINCT g AS x FROM m) s;
SELECT sum(n) FROM (SELECT n FROM m ORDER BY n LIMIT 10) s;
SELECT array_agg(n) FROM (SELECT n FROM m ORDER BY n DESC LIMIT 10) s;
-- Windows over aggregates, and aggregates as windows.
SELECT g, sum(i), rank() OVER (ORDER BY sum(i) DESC), sum(sum(i)) OVER (ORDER BY g) FROM m GROUP BY g ORDER BY g;
SELECT k, n, sum(i) OVER (PARTITION BY k ORDER BY n), count(*) OVER () FROM m WHERE k < 5 ORDER BY k, n;
-- Special numbers.
CREATE TABLE odd (k int, n numeric, f double precision, i int, b bigint);
-- distribute: create_distributed_table('odd', 'k')
INSERT INTO odd VALUES (1, 'NaN', 'NaN', 2147483647, 9223372036854775807), (2, 1.10, 'Infinity', 2147483647, 9223372036854775807), (3, 2.2000, 1, 1, 1), (4, NULL, NULL, NULL, NULL), (5, -0.0, '-0', 0, 0);
SELECT sum(n), avg(n), min(n), max(n) FROM odd;
SELECT sum(n), avg(n), min(n), max(n) FROM odd WHERE k > 1;
SELECT sum(f), avg(f), min(f), max(f) FROM odd;
SELECT sum(f), avg(f), min(f), max(f) FROM odd WHERE k > 2;
SELECT sum(i), avg(i), sum(b), avg(b) FROM odd;
SELECT n, count(*) FROM odd GROUP BY n ORDER BY n;
SELECT f, count(*) FROM odd GROUP BY f ORDER BY f;
SELECT avg(n), sum(n) FROM (VALUES (1, 1.000), (2, 2.0)) AS v(k, n);
SELECT sum(i) + 1, sum(b) + 1 FROM odd;
SELECT sum(i + i) FROM odd;
-- Prepared.
PREPARE agg(int, boolean) AS SELECT g, count(*) + $1, sum(i) FILTER (WHERE bo = $2), max(i + $1) FROM m WHERE g >= $1 GROUP BY g HAVING count(*) > $1 ORDER BY g LIMIT $1;
EXECUTE agg(1, true);
EXECUTE agg(2, false);
EXECUTE agg(3, NULL);
EXECUTE agg(1, true);
EXECUTE agg(2, true);
EXECUTE agg(1, false);
EXECUTE agg(NULL, false);
PREPARE per(text) AS SELECT date_trunc($1, ts), count(*) FROM m GROUP BY date_trunc($1, ts) ORDER BY 1 LIMIT 3;
EXECUTE per('month');
EXECUTE per('day');
-- User-defined aggregates and functions.
CREATE FUNCTION add_one(int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS 'BEGIN RETURN $1 + 1; END';
CREATE AGGREGATE my_sum(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');
SELECT my_sum(s::int), sum(add_one(i)) FROM m;
SELECT g, my_sum(s::int), count(*) FROM m GROUP BY g ORDER BY g;
SELECT add_one(g), count(*) FROM m GROUP BY add_one(g) ORDER BY 1;
SELECT add_one(sum(i)::int) FROM m;
SELECT g, sum(i) FROM m WHERE add_one(g) > 2 GROUP BY g ORDER BY g;
