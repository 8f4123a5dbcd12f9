-- variants: distributed reference mixed single onenode
-- Users without rights, with some, with rights on columns; owners; SET ROLE; functions that run as their owner. The
-- roles of a server belong to all of its databases, so each database has names of its own.
SELECT current_database() AS db, current_database() || '_reader' AS reader, current_database() || '_writer' AS writer, current_database() || '_owner' AS owner, current_database() || '_nobody' AS nobody \gset
CREATE TABLE secret (k int PRIMARY KEY, open text, hidden text);
CREATE TABLE plain (k int, v int);
-- distribute: create_distributed_table('secret', 'k')
-- distribute: create_distributed_table('plain', 'k')
INSERT INTO secret SELECT g, 'open ' || g, 'hidden ' || g FROM generate_series(1, 10) AS g;
INSERT INTO plain SELECT g, g FROM generate_series(1, 10) AS g;
