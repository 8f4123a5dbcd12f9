-- Rows for the tables of schema.sql, from generate_series and a hash: the same at each run. :scale is TPC-H's
-- scale factor (0.01 and more). Not the standard's generator: the same domains and proportions, other values.
CREATE FUNCTION pick(g bigint, seed int, n int) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT ((hashint8extended(g, seed) & 2147483647) % n)::int $$;
CREATE FUNCTION word(g bigint, seed int, words text[]) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT words[1 + (hashint8extended(g, seed) & 2147483647) % cardinality(words)] $$;
CREATE FUNCTION phone(g bigint, nation int) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT format('%s-%s-%s-%s', 10 + nation, 100 + pick(g, 31, 900), 100 + pick(g, 32, 900), 1000 + pick(g, 33, 9000)) $$;
CREATE FUNCTION price_of_part(p bigint) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT ((90000 + (p / 10) % 20001 + 100 * (p % 1000)) / 100.0)::numeric(15,2) $$;
-- The i-th (0 to 3) of a part's four suppliers.
CREATE FUNCTION supplier_of_part(p bigint, i int, suppliers int) RETURNS int LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    $$ SELECT ((p + i * (suppliers / 4 + (p - 1) / suppliers)) % suppliers + 1)::int $$;

SELECT (10000 * :scale)::int AS suppliers, (200000 * :scale)::int AS parts, (150000 * :scale)::int AS customers,
    (1500000 * :scale)::int AS orders \gset

INSERT INTO region SELECT i - 1, name, 'region ' || i
    FROM unnest('{AFRICA,AMERICA,ASIA,EUROPE,MIDDLE EAST}'::text[]) WITH ORDINALITY AS r(name, i);
INSERT INTO nation SELECT i - 1, name, (string_to_array('0,1,1,1,4,0,3,3,2,2,4,4,2,4,0,0,0,1,2,3,4,2,3,3,1', ','))[i]::int, 'nation ' || i
    FROM unnest('{ALGERIA,ARGENTINA,BRAZIL,CANADA,EGYPT,ETHIOPIA,FRANCE,GERMANY,INDIA,INDONESIA,IRAN,IRAQ,JAPAN,JORDAN,KENYA,MOROCCO,MOZAMBIQUE,PERU,CHINA,ROMANIA,SAUDI ARABIA,VIETNAM,RUSSIA,UNITED KINGDOM,UNITED STATES}'::text[])
    WITH ORDINALITY AS n(name, i);
INSERT INTO supplier SELECT g, 'Supplier#' || lpad(g::text, 9, '0'), md5('s' || g), pick(g, 1, 25), phone(g, pick(g, 1, 25)),
        (pick(g, 2, 1099998) - 99999) / 100.0,
        CASE pick(g, 3, 40) WHEN 0 THEN 'blithely Customer even Complaints sleep' WHEN 1 THEN 'quick Customer Recommends these'
            ELSE 'furiously regular supplier ' || g END
    FROM generate_series(1, :suppliers) AS g;
INSERT INTO part SELECT g,
        (SELECT string_agg(word(g, s, '{almond,antique,aquamarine,azure,beige,bisque,black,blanched,blue,blush,brown,burlywood,chartreuse,chiffon,chocolate,coral,cream,cyan,dark,deep,dim,dodger,drab,firebrick,floral,forest,frosted,gainsboro,ghost,gold,green,grey,honeydew,hot,indian,ivory,khaki,lace,lavender,lemon}'), ' ' ORDER BY s)
            FROM generate_series(10, 14) AS s),
        'Manufacturer#' || 1 + pick(g, 15, 5), 'Brand#' || 1 + pick(g, 15, 5) || 1 + pick(g, 16, 5),
        word(g, 17, '{STANDARD,SMALL,MEDIUM,LARGE,ECONOMY,PROMO}') || ' ' || word(g, 18, '{ANODIZED,BURNISHED,PLATED,POLISHED,BRUSHED}')
            || ' ' || word(g, 19, '{TIN,NICKEL,BRASS,STEEL,COPPER}'),
        1 + pick(g, 20, 50),
        word(g, 21, '{SM,LG,MED,JUMBO,WRAP}') || ' ' || word(g, 22, '{CASE,BOX,BAG,JAR,PKG,PACK,CAN,DRUM}'), price_of_part(g),
        'part ' || g
    FROM generate_series(1, :parts) AS g;
INSERT INTO partsupp SELECT p, supplier_of_part(p, i, :suppliers), 1 + pick(p * 4 + i, 1, 9999), (100 + pick(p * 4 + i, 2, 99901)) / 100.0,
        'supply ' || p
    FROM generate_series(1, :parts) AS p, generate_series(0, 3) AS i;
INSERT INTO customer SELECT g, 'Customer#' || lpad(g::text, 9, '0'), md5('c' || g), pick(g, 4, 25), phone(g, pick(g, 4, 25)),
        (pick(g, 5, 1099998) - 99999) / 100.0, word(g, 6, '{AUTOMOBILE,BUILDING,FURNITURE,MACHINERY,HOUSEHOLD}'), 'customer ' || g
    FROM generate_series(1, :customers) AS g;
-- Every third customer has no orders; every 500th order is large.
INSERT INTO lineitem SELECT o * 4, part, supplier_of_part(part, pick(line, 45, 4), :suppliers), n, quantity, quantity * price_of_part(part),
        pick(line, 46, 11) / 100.0, pick(line, 47, 9) / 100.0,
        CASE WHEN receipt <= date '1995-06-17' THEN word(line, 48, '{R,A}') ELSE 'N' END,
        CASE WHEN ship > date '1995-06-17' THEN 'O' ELSE 'F' END,
        ship, ordered + 30 + pick(line, 49, 61), receipt,
        word(line, 50, '{DELIVER IN PERSON,COLLECT COD,NONE,TAKE BACK RETURN}'), word(line, 51, '{REG AIR,AIR,RAIL,SHIP,TRUCK,MAIL,FOB}'),
        'line ' || line
    FROM generate_series(1, :orders) AS o,
        LATERAL generate_series(1, CASE WHEN o % 500 = 0 THEN 7 ELSE 1 + pick(o, 40, 7) END) AS n,
        LATERAL (SELECT o * 8 + n AS line, date '1992-01-01' + pick(o, 41, 2406) AS ordered) AS a,
        LATERAL (SELECT 1 + pick(line, 42, :parts) AS part, ordered + 1 + pick(line, 43, 121) AS ship,
            CASE WHEN o % 500 = 0 THEN 45 + pick(line, 44, 6) ELSE 1 + pick(line, 44, 50) END AS quantity) AS b,
        LATERAL (SELECT ship + 1 + pick(line, 52, 30) AS receipt) AS c;
INSERT INTO orders SELECT o * 4, 1 + (customer / 2) * 3 + customer % 2,
        CASE WHEN bool_and(l_linestatus = 'F') THEN 'F' WHEN bool_and(l_linestatus = 'O') THEN 'O' ELSE 'P' END,
        sum(l_extendedprice * (1 + l_tax) * (1 - l_discount)), date '1992-01-01' + pick(o, 41, 2406),
        word(o, 54, '{1-URGENT,2-HIGH,3-MEDIUM,4-NOT SPECIFIED,5-LOW}'), 'Clerk#' || lpad((1 + pick(o, 55, 1000))::text, 9, '0'), 0,
        CASE pick(o, 56, 50) WHEN 0 THEN 'carefully special packages and requests ' ELSE 'order ' END || o
    FROM generate_series(1, :orders) AS o JOIN lineitem ON l_orderkey = o * 4,
        LATERAL (SELECT pick(o, 53, (:customers - 1) / 3 * 2) AS customer) AS c
    GROUP BY o, customer;
DROP FUNCTION pick, word, phone, price_of_part, supplier_of_part;
