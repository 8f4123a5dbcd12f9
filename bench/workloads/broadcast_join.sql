-- title: join of 500k rows with a sub-select of 100, grouped
-- runs: simple/1
SELECT e.kind % 20, count(*), sum(t.total) FROM events e JOIN (SELECT order_id, sum(total) AS total FROM orders WHERE state = 'done' GROUP BY order_id ORDER BY 2 DESC LIMIT 100) t ON t.order_id = e.value GROUP BY 1;
