-- variants: distributed mixed partial single onenode
-- Many-way joins in the shape of the Join Order Benchmark, and CTEs with costly filters as in TPC-DS.
CREATE TABLE kind (id int PRIMARY KEY, kind text);
CREATE TABLE movie (id int PRIMARY KEY, title text, kind_id int, year int);
CREATE TABLE info (id int, movie_id int, type_id int, info text);
CREATE TABLE keyword (id int PRIMARY KEY, keyword text);
CREATE TABLE movie_keyword (id int, movie_id int, keyword_id int);
CREATE TABLE company (id int PRIMARY KEY, name text, country text);
CREATE TABLE movie_company (id int, movie_id int, company_id int, note text);
CREATE TABLE person (id int PRIMARY KEY, name text, gender text);
CREATE TABLE movie_cast (id int, movie_id int, person_id int, role_id int);
-- distribute: create_reference_table('kind')
-- distribute: create_distributed_table('movie', 'id')
-- distribute: create_distributed_table('info', 'movie_id')
-- distribute: create_distributed_table('keyword', 'id')
-- distribute: create_distributed_table('movie_keyword', 'movie_id')
-- distribute: create_distributed_table('company', 'id')
-- distribute: create_distributed_table('movie_company', 'movie_id')
-- distribute: create_distributed_table('person', 'id')
-- distribute: create_distributed_table('movie_cast', 'movie_id')
INSERT INTO kind SELECT g, 'kind ' || g FROM generate_series(1, 7) g;
INSERT INTO movie SELECT g, (ARRAY['Iron', 'Money', 'Saw'])[1 + g % 3] || ' ' || g, 1 + g % 7, nullif(1950 + g % 65, 1960) FROM generate_series(1, 300) g;
INSERT INTO info SELECT g, 1 + g * 7 % 300, 1 + g % 7, (ARRAY['Drama', 'Horror', 'USA', '5.1', '8.9'])[1 + g % 5] FROM generate_series(1, 1200) g;
INSERT INTO keyword SELECT g, (ARRAY['sequel', 'murder', 'blood', 'x'])[1 + g % 4] || '-' || g FROM generate_series(1, 50) g;
INSERT INTO movie_keyword SELECT g, 1 + g * 11 % 300, 1 + g % 50 FROM generate_series(1, 900) g;
INSERT INTO company SELECT g, 'Company ' || g, (ARRAY['[us]', '[de]', NULL])[1 + g % 3] FROM generate_series(1, 40) g;
INSERT INTO movie_company SELECT g, 1 + g * 13 % 300, 1 + g % 40, (ARRAY['(presents)', '(VHS)', NULL])[1 + g % 3] FROM generate_series(1, 600) g;
INSERT INTO person SELECT g, chr(65 + g % 26) || g, (ARRAY['m', 'f', NULL])[1 + g % 3] FROM generate_series(1, 200) g;
INSERT INTO movie_cast SELECT g, 1 + g * 17 % 300, 1 + g % 200, 1 + g % 7 FROM generate_series(1, 1500) g;
ANALYZE kind, movie, info, keyword, movie_keyword, company, movie_company, person, movie_cast;
SELECT min(t.title), min(i1.info), min(i2.info), min(n.name), min(c.name), count(*) FROM movie t, kind k, kind r, info i1, info i2, keyword w, movie_keyword mw, company c, movie_company mc, person n, movie_cast mk WHERE k.id = t.kind_id AND t.id = i1.movie_id AND t.id = i2.movie_id AND t.id = mw.movie_id AND t.id = mc.movie_id AND t.id = mk.movie_id AND i1.movie_id = i2.movie_id AND mw.movie_id = mc.movie_id AND mk.movie_id = mw.movie_id AND w.id = mw.keyword_id AND c.id = mc.company_id AND n.id = mk.person_id AND r.id = mk.role_id AND i1.type_id < i2.type_id AND i1.info IN ('Drama', 'Horror') AND w.keyword LIKE '%e%' AND c.country = '[us]' AND t.year > 1955;
SELECT t.id, count(*) FROM movie t, kind k, kind r, kind k2, info i1, info i2, movie_keyword m1, movie_keyword m2, movie_company c1, movie_company c2, movie_cast p1, movie_cast p2 WHERE k.id = t.kind_id AND r.id = p1.role_id AND k2.id = p2.role_id AND t.id = i1.movie_id AND t.id = i2.movie_id AND t.id = m1.movie_id AND t.id = m2.movie_id AND t.id = c1.movie_id AND t.id = c2.movie_id AND t.id = p1.movie_id AND t.id = p2.movie_id AND i1.type_id = 1 AND i2.info = 'USA' AND c1.note = '(VHS)' AND m1.keyword_id < m2.keyword_id AND p1.person_id < p2.person_id GROUP BY t.id ORDER BY 2 DESC, 1 LIMIT 20;
WITH totals AS (SELECT n.gender, mk.person_id, sum(t.year) AS total FROM movie t, movie_cast mk, person n WHERE t.id = mk.movie_id AND n.id = mk.person_id GROUP BY n.gender, mk.person_id) SELECT n.name, a.total FROM totals a, person n, company c WHERE a.total > (SELECT avg(total) * 1.1 FROM totals b WHERE b.gender = a.gender) AND n.id = a.person_id AND c.id = n.id AND c.country = '[us]' ORDER BY n.name, a.total LIMIT 30;
WITH totals AS (SELECT mk.person_id, count(*) AS total FROM movie_cast mk GROUP BY mk.person_id) SELECT c.name, (SELECT max(a.total) FROM totals a WHERE a.total > (SELECT avg(total) FROM totals b WHERE b.person_id % 5 = c.id % 5) AND a.person_id < c.id) FROM company c ORDER BY c.name;
WITH x AS (SELECT mc.company_id, mk.person_id, count(*) AS n FROM movie_company mc JOIN movie_cast mk USING (movie_id) JOIN movie t ON t.id = mk.movie_id JOIN info i ON i.movie_id = t.id WHERE i.info = 'USA' GROUP BY 1, 2) SELECT a.person_id, b.n, p.name, c.country FROM x a JOIN x b ON a.person_id = b.person_id AND a.company_id < b.company_id JOIN person p ON p.id = a.person_id JOIN company c ON c.id = b.company_id LEFT JOIN keyword w ON w.id = a.n WHERE NOT EXISTS (SELECT FROM x y WHERE y.person_id = a.person_id AND y.n > b.n) ORDER BY 1, 2, 3, 4 LIMIT 40;
