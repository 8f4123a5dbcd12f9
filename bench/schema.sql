-- The tables of the workloads. bench/run fills them on plain PostgreSQL and copies the rows to the others.
CREATE TABLE accounts (id bigint PRIMARY KEY, balance bigint NOT NULL, note text);
CREATE TABLE tenants (tenant_id int PRIMARY KEY, name text NOT NULL, plan int NOT NULL);
CREATE TABLE orders (tenant_id int, order_id bigint, state text NOT NULL, total numeric(10,2), PRIMARY KEY (tenant_id, order_id));
CREATE TABLE lines (tenant_id int, order_id bigint, line_no int, item int NOT NULL, amount int NOT NULL, PRIMARY KEY (tenant_id, order_id, line_no));
CREATE TABLE log (tenant_id int, at timestamptz DEFAULT now(), what text);
CREATE TABLE events (id bigint PRIMARY KEY, kind int NOT NULL, at timestamp NOT NULL, value int NOT NULL);
CREATE INDEX events_kind ON events (kind);
CREATE INDEX events_at ON events (at);
CREATE TABLE visitors (id int PRIMARY KEY, grp int NOT NULL, x int NOT NULL);
CREATE TABLE visits (id int, visitor int, y int NOT NULL, z int NOT NULL);
CREATE TABLE clicks (id bigint PRIMARY KEY, visitor int NOT NULL, kind int NOT NULL);
CREATE TABLE stays (id bigint PRIMARY KEY, visitor int NOT NULL, value int NOT NULL);
