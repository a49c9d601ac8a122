-- Which activation does best? The best run of every experiment for each activation in it.
-- sqlite3 -box results/fell.db < results/queries/best-run-per-activation.sql
SELECT l.name AS experiment, p.name AS activation, min(l.best) AS best, l.objective, l.run, count(*) AS runs
FROM leaderboard AS l JOIN plugins AS p ON p.run_id = l.run AND p.kind = 'activation'
WHERE l.best IS NOT NULL
GROUP BY l.name, p.name
ORDER BY l.name, best;
