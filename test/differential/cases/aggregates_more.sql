-- variants: distributed reference mixed single onenode
-- Aggregates of all kinds side by side: DISTINCT of several columns, ordered, ordered-set, hypothetical, users' own; types; NULLs only; grouping sets.
CREATE TYPE pair AS (a int, b text);
CREATE DOMAIN score AS numeric(8,2) CHECK (VALUE >= 0);
CREATE TYPE colour AS ENUM ('red', 'green', 'blue');
CREATE TABLE m (k int, g int, h text, x int, y bigint, z numeric, f float8, w text, dt date, sc score, pr pair, ar int[], co colour, nu int, rg int4range, js jsonb, iv interval);
CREATE TABLE q (k int, lim int, name text);
CREATE TABLE e (k int, v int, t text);
-- distribute: create_distributed_table('m', 'k')
-- distribute: create_distributed_table('q', 'k')
-- distribute: create_distributed_table('e', 'k')
INSERT INTO m SELECT i, i % 6, 'h' || i % 4, CASE WHEN i % 9 <> 0 THEN i % 23 END, i * 3 % 17, i % 31 / 4.0, i % 19 / 8.0, CASE WHEN i % 8 <> 0 THEN chr(97 + i % 11) END, date '2026-01-01' + i % 40, i % 13, ROW(i % 5, 'p' || i % 3)::pair, ARRAY[i % 3, i % 4], (ARRAY['red', 'green', 'blue'])[1 + i % 3]::colour, NULL, int4range(i % 20, i % 20 + 3), jsonb_build_object('n', i % 7), i % 12 * interval '1 hour' FROM generate_series(1, 400) AS i;
INSERT INTO q SELECT i % 80, i % 9, 'n' || i % 5 FROM generate_series(1, 160) AS i;
SELECT count(DISTINCT x), count(DISTINCT w), sum(DISTINCT y), avg(DISTINCT z), count(*), sum(x) FROM m;
SELECT g, count(DISTINCT x), count(DISTINCT w), sum(DISTINCT y), count(*), max(z) FROM m GROUP BY g ORDER BY g;
SELECT h, count(DISTINCT x) FILTER (WHERE y > 5), count(DISTINCT w) FILTER (WHERE x IS NOT NULL), sum(DISTINCT y) FILTER (WHERE z < 3), count(*) FILTER (WHERE w = 'a') FROM m GROUP BY h HAVING count(DISTINCT x) > 3 ORDER BY h;
SELECT g, count(DISTINCT x) FROM m GROUP BY g HAVING count(DISTINCT w) > 2 AND sum(DISTINCT y) > 10 ORDER BY count(DISTINCT y), g;
SELECT count(DISTINCT (g, h)), count(DISTINCT pr), count(DISTINCT ar), count(DISTINCT co), count(DISTINCT sc), count(DISTINCT rg), count(DISTINCT js), count(DISTINCT iv), count(DISTINCT dt) FROM m;
SELECT count(DISTINCT g + x), count(DISTINCT lower(h)), sum(DISTINCT x % 5) FROM m;
SELECT k % 3, count(DISTINCT k), count(DISTINCT g), sum(DISTINCT k) FROM m GROUP BY 1 ORDER BY 1;
SELECT string_agg(DISTINCT w, ','), array_agg(DISTINCT x), count(DISTINCT y), string_agg(DISTINCT h, '' ORDER BY h DESC) FROM m;
SELECT g, array_agg(DISTINCT x ORDER BY x DESC NULLS LAST), array_agg(DISTINCT w), sum(y) FROM m GROUP BY g ORDER BY g;
SELECT g, string_agg(w, ',' ORDER BY k), array_agg(x ORDER BY y, k), json_agg(x ORDER BY k DESC), jsonb_agg(w ORDER BY k) FROM m WHERE k < 60 GROUP BY g ORDER BY g;
SELECT json_object_agg(k, w ORDER BY k), jsonb_object_agg(k, x) FROM m WHERE k < 20;
SELECT xmlagg(xmlelement(name a, w) ORDER BY k)::text FROM m WHERE k < 8;
SELECT string_agg(w::bytea, '\x00'::bytea ORDER BY k) FROM m WHERE k < 30;
SELECT array_agg(ar ORDER BY k), array_agg(pr ORDER BY k DESC), array_agg(co ORDER BY co, k) FROM m WHERE k < 8;
SELECT percentile_cont(0.3) WITHIN GROUP (ORDER BY x), percentile_disc(0.3) WITHIN GROUP (ORDER BY w), mode() WITHIN GROUP (ORDER BY h), percentile_cont(ARRAY[0, 0.5, 1]) WITHIN GROUP (ORDER BY f), percentile_cont(0.5) WITHIN GROUP (ORDER BY iv), percentile_disc(ARRAY[0.2, NULL, 0.9]) WITHIN GROUP (ORDER BY dt DESC) FROM m;
SELECT g, percentile_cont(0.5) WITHIN GROUP (ORDER BY x), percentile_disc(0.75) WITHIN GROUP (ORDER BY y), mode() WITHIN GROUP (ORDER BY co), count(*), count(DISTINCT x) FROM m GROUP BY g ORDER BY g;
SELECT h, mode() WITHIN GROUP (ORDER BY g) FILTER (WHERE x > 5), percentile_disc(0.5) WITHIN GROUP (ORDER BY x DESC) FILTER (WHERE false) FROM m GROUP BY h ORDER BY h;
SELECT rank(10) WITHIN GROUP (ORDER BY x), dense_rank(10) WITHIN GROUP (ORDER BY x DESC NULLS LAST), percent_rank(5, 'c') WITHIN GROUP (ORDER BY y, w), cume_dist(3) WITHIN GROUP (ORDER BY z) FROM m;
SELECT g, rank(g * 2) WITHIN GROUP (ORDER BY x) FROM m GROUP BY g ORDER BY g;
SELECT k, percentile_disc(0.5) WITHIN GROUP (ORDER BY x), rank(3) WITHIN GROUP (ORDER BY y) FROM m GROUP BY k ORDER BY k LIMIT 5;
-- NULLs only, no rows at all.
SELECT count(nu), sum(nu), avg(nu), min(nu), max(nu), count(DISTINCT nu), array_agg(DISTINCT nu), string_agg(nu::text, ','), bool_and(nu = 1), bit_or(nu), stddev(nu), corr(nu, x), mode() WITHIN GROUP (ORDER BY nu), percentile_cont(0.5) WITHIN GROUP (ORDER BY nu), json_agg(nu) IS NULL, rank(1) WITHIN GROUP (ORDER BY nu) FROM m;
SELECT nu, count(*), count(nu), sum(nu), min(x) FROM m GROUP BY nu;
SELECT count(*), count(v), sum(v), avg(v), min(t), count(DISTINCT v), count(DISTINCT t), sum(DISTINCT v), array_agg(v), array_agg(v ORDER BY t), stddev(v), percentile_cont(0.5) WITHIN GROUP (ORDER BY v), mode() WITHIN GROUP (ORDER BY t), rank(1) WITHIN GROUP (ORDER BY v), cume_dist(1) WITHIN GROUP (ORDER BY v), regr_count(v, v), json_agg(v), range_agg(int4range(v, v + 1)) FROM e;
SELECT v, count(*), count(DISTINCT t) FROM e GROUP BY v;
SELECT k, count(*) FROM e GROUP BY k;
SELECT count(*), sum(v) FROM e HAVING count(*) > 0;
SELECT count(*), sum(v) FROM e HAVING count(*) = 0;
SELECT v, count(*) FROM e GROUP BY ROLLUP (v);
SELECT v, t, count(*) FROM e GROUP BY GROUPING SETS ((v), (t), (), ());
SELECT count(DISTINCT v) FROM e GROUP BY ();
-- Types of values.
SELECT min(pr), max(pr), min(ar), max(ar), min(co), max(co), min(sc), max(sc), sum(sc), avg(sc), min(dt), max(iv), sum(iv), avg(iv) FROM m WHERE pr IS NOT NULL;
SELECT pr, count(*), sum(x) FROM m GROUP BY pr ORDER BY pr;
SELECT ar, co, count(*), avg(sc) FROM m GROUP BY ar, co ORDER BY ar, co LIMIT 20;
SELECT rg, count(*), range_agg(rg), range_intersect_agg(rg) FROM m GROUP BY rg ORDER BY rg LIMIT 6;
SELECT js, count(*), jsonb_agg(js ORDER BY k) FROM m WHERE k < 30 GROUP BY js ORDER BY js;
SELECT (pr).a, (pr).b, count(*) FROM m GROUP BY (pr).a, (pr).b ORDER BY 1, 2;
SELECT pg_typeof(sum(sc)), pg_typeof(min(sc)), pg_typeof(array_agg(co)), pg_typeof(max(pr)), pg_typeof(count(DISTINCT sc)) FROM m;
-- Users' own aggregates: without and with combine functions, strict, with initial conditions, internal states, polymorphic, moving, variadic, ordered-set.
CREATE FUNCTION add_both(int, int) RETURNS int LANGUAGE sql IMMUTABLE AS 'SELECT coalesce($1, 0) + coalesce($2, 0)';
CREATE AGGREGATE u_sum (int) (SFUNC = add_both, STYPE = int, COMBINEFUNC = add_both, INITCOND = '0', PARALLEL = safe);
CREATE AGGREGATE u_max (int) (SFUNC = int4larger, STYPE = int, COMBINEFUNC = int4larger, PARALLEL = safe);
CREATE AGGREGATE u_first (anyelement) (SFUNC = array_append, STYPE = anycompatiblearray);
CREATE FUNCTION keep_first(anyelement, anyelement) RETURNS anyelement LANGUAGE sql IMMUTABLE STRICT AS 'SELECT $1';
CREATE AGGREGATE u_least (anyelement) (SFUNC = keep_first, STYPE = anyelement, COMBINEFUNC = keep_first);
CREATE AGGREGATE u_avg (float8) (SFUNC = float8_accum, STYPE = float8[], FINALFUNC = float8_avg, COMBINEFUNC = float8_combine, INITCOND = '{0,0,0}', PARALLEL = safe);
CREATE AGGREGATE u_bigsum (numeric) (SFUNC = numeric_avg_accum, STYPE = internal, FINALFUNC = numeric_sum, COMBINEFUNC = numeric_avg_combine, SERIALFUNC = numeric_avg_serialize, DESERIALFUNC = numeric_avg_deserialize, PARALLEL = safe);
CREATE AGGREGATE u_moving (int) (SFUNC = int4pl, STYPE = int, INITCOND = '0', MSFUNC = int4pl, MINVFUNC = int4mi, MSTYPE = int, MINITCOND = '0');
CREATE AGGREGATE u_pick (ORDER BY anyelement) (SFUNC = ordered_set_transition, STYPE = internal, FINALFUNC = mode_final, FINALFUNC_EXTRA);
SELECT u_sum(x), u_max(x), u_avg(f), u_bigsum(z), count(DISTINCT x) FROM m;
SELECT g, u_sum(x), u_max(y::int), u_avg(f), u_bigsum(z), count(*) FROM m GROUP BY g ORDER BY g;
SELECT u_sum(v), u_max(v), u_bigsum(v) FROM e;
SELECT u_sum(nu), u_max(nu), u_bigsum(nu) FROM m;
SELECT u_least(x) IS NOT NULL, u_sum(DISTINCT x), u_max(x) FILTER (WHERE g = 2), u_sum(x ORDER BY k) FROM m;
SELECT h, u_pick() WITHIN GROUP (ORDER BY g) FROM m GROUP BY h ORDER BY h;
SELECT k, u_moving(x) OVER (ORDER BY k ROWS BETWEEN 2 PRECEDING AND CURRENT ROW), u_sum(y::int) OVER (PARTITION BY g ORDER BY k) FROM m WHERE k < 40 ORDER BY k;
SELECT k, u_moving(y::int) FROM m GROUP BY k ORDER BY k LIMIT 4;
-- Grouping sets.
SELECT g, h, grouping(g), grouping(h), grouping(g, h), count(*), sum(x), count(DISTINCT w) FROM m GROUP BY CUBE (g, h) ORDER BY 5, 1, 2;
SELECT g, h, co, count(*), avg(z) FROM m GROUP BY GROUPING SETS (ROLLUP (g, h), CUBE (co), (g, co), ()) ORDER BY 1, 2, 3, 4;
SELECT g, count(*) FROM m GROUP BY GROUPING SETS ((g), (g), ()) ORDER BY g, 2;
SELECT g, h, count(*) FROM m GROUP BY DISTINCT ROLLUP (g, h), ROLLUP (g) ORDER BY 1, 2, 3;
SELECT g, sum(x), percentile_disc(0.5) WITHIN GROUP (ORDER BY x) FROM m GROUP BY ROLLUP (g) ORDER BY g;
SELECT k % 4 AS kk, co, count(DISTINCT g), sum(y) FROM m GROUP BY ROLLUP (1, 2) HAVING grouping(k % 4, co) < 3 ORDER BY 1, 2;
SELECT g, h, sum(sum(x)) OVER (PARTITION BY grouping(g, h)), rank() OVER (PARTITION BY grouping(g, h) ORDER BY count(*) DESC, g, h) FROM m GROUP BY CUBE (g, h) ORDER BY 1, 2, 3, 4;
-- HAVING with sub-selects, windows over aggregates, subqueries as arguments.
SELECT g, sum(x) FROM m GROUP BY g HAVING sum(x) > (SELECT avg(s) FROM (SELECT sum(x) AS s FROM m GROUP BY g) t) ORDER BY g;
SELECT g, count(*) FROM m GROUP BY g HAVING EXISTS (SELECT 1 FROM q WHERE q.lim = m.g) ORDER BY g;
SELECT g FROM m GROUP BY g HAVING count(DISTINCT w) IN (SELECT lim FROM q) OR g = 1 ORDER BY g;
SELECT k, count(*) FROM m GROUP BY k HAVING k IN (SELECT k FROM q WHERE lim = 3) ORDER BY k;
SELECT g, sum(x), lag(sum(x)) OVER (ORDER BY g), sum(x) * 100 / sum(sum(x)) OVER (), ntile(2) OVER (ORDER BY sum(x), g), first_value(count(*)) OVER (ORDER BY count(*), g) FROM m GROUP BY g ORDER BY g;
SELECT g, h, sum(x), row_number() OVER (PARTITION BY g ORDER BY sum(x) DESC, h) FROM m GROUP BY g, h ORDER BY g, h;
SELECT k, x, sum(x) OVER w1, count(*) OVER (PARTITION BY k), avg(z) OVER (PARTITION BY k ORDER BY y) FROM m WINDOW w1 AS (PARTITION BY k ORDER BY y ROWS UNBOUNDED PRECEDING) ORDER BY k LIMIT 15;
SELECT k, g, sum(x) OVER (PARTITION BY g, k), max(w) OVER (PARTITION BY h ORDER BY k GROUPS BETWEEN 1 PRECEDING AND 1 FOLLOWING EXCLUDE CURRENT ROW) FROM m ORDER BY k LIMIT 15;
SELECT sum(DISTINCT (SELECT max(lim) FROM q WHERE q.k = m.k)) FROM m;
SELECT g, max((SELECT count(*) FROM q WHERE q.lim = m.g)) FROM m GROUP BY g ORDER BY g;
SELECT q.name, count(DISTINCT m.w), count(DISTINCT m.g), sum(m.x), string_agg(DISTINCT m.h, '' ORDER BY m.h) FROM q LEFT JOIN m ON m.k = q.k GROUP BY q.name ORDER BY q.name;
SELECT q.name, m.g, count(*), count(DISTINCT m.w) FROM q JOIN m ON m.g = q.lim GROUP BY 1, 2 ORDER BY 1, 2;
-- LIMIT and OFFSET of expressions and NULL, ties.
-- unordered
SELECT g, count(*) FROM m GROUP BY g ORDER BY count(*) DESC FETCH FIRST 1 ROW WITH TIES;
SELECT h, g, count(*) FROM m GROUP BY h, g ORDER BY count(*), h, g LIMIT (SELECT min(lim) + 4 FROM q) OFFSET 1 + 1;
SELECT g FROM m GROUP BY g ORDER BY g LIMIT NULL OFFSET NULL;
SELECT k FROM m GROUP BY k ORDER BY k LIMIT 2 + 1 OFFSET 3 - 1;
PREPARE top(int, int) AS SELECT h, count(DISTINCT x), sum(y) FROM m WHERE g <> $1 GROUP BY h ORDER BY sum(y) DESC, h LIMIT $2;
EXECUTE top(1, 2);
EXECUTE top(2, NULL);
EXECUTE top(NULL, 2);
EXECUTE top(3, 0);
EXECUTE top(4, 3);
EXECUTE top(5, 1);
EXECUTE top(0, 9);
-- approximate
SELECT stddev_pop(x), var_samp(f), corr(x, f), regr_slope(f, y), covar_pop(z::float8, f), sum(f), avg(f) FROM m;
-- approximate
SELECT h, stddev(f), variance(z), regr_r2(f, x), avg(f) FROM m GROUP BY h ORDER BY h;
