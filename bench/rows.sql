-- The rows, made on plain PostgreSQL. :scale multiplies them.
INSERT INTO accounts SELECT g, 1000, 'account ' || g FROM generate_series(1, 100000 * :scale) AS g;
INSERT INTO tenants SELECT g, 'tenant ' || g, g % 5 FROM generate_series(1, 1000 * :scale) AS g;
INSERT INTO orders SELECT t, o, CASE o % 4 WHEN 0 THEN 'open' ELSE 'done' END, (t * 31 + o * 17) % 1000 / 4.0
    FROM generate_series(1, 1000 * :scale) AS t, generate_series(1, 20) AS o;
INSERT INTO lines SELECT t, o, l, (t + o * l) % 500, l FROM generate_series(1, 1000 * :scale) AS t, generate_series(1, 20) AS o, generate_series(1, 3) AS l;
INSERT INTO events SELECT g, g::bigint * 7919 % 5000, timestamp '2026-01-01' + g::bigint * 7919 % 500000 * interval '1 second', g % 1000
    FROM generate_series(1, 500000 * :scale) AS g;
INSERT INTO visitors SELECT g, g % 100, g % 1000 FROM generate_series(1, 50000 * :scale) AS g;
INSERT INTO visits SELECT g, 1 + g::bigint * 31 % (50000 * :scale), g % 77, g::bigint * 31337 % 50000 FROM generate_series(1, 250000 * :scale) AS g;
INSERT INTO clicks SELECT g, g::bigint * 7919 % (200000 * :scale), g % 100 FROM generate_series(1, 200000 * :scale) AS g;
INSERT INTO stays SELECT g, g::bigint * 104729 % (200000 * :scale), g % 1000 FROM generate_series(1, 200000 * :scale) AS g;
