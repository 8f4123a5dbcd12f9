-- title: SELECT * of all events to the client
-- runs: simple/1=1.3
SELECT * FROM events;
