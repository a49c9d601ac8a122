-- Which activation does best? The best run of every experiment for each activation in it.
-- sqlite3 -box results/fell.db < results/queries/best-run-per-activation.sql
WITH ranked AS (
  SELECT l.name, p.name AS activation, l.value, l.objective, l.run, l.goal,
         count(*) OVER same AS runs, row_number() OVER (same ORDER BY iif(l.goal = 'maximize', -1, 1) * l.value) AS place
  FROM leaderboard AS l JOIN plugins AS p ON p.run_id = l.run AND p.kind = 'activation'
  WHERE l.value IS NOT NULL
  WINDOW same AS (PARTITION BY l.name, p.name))
SELECT name AS experiment, activation, value AS best, objective, run, runs
FROM ranked WHERE place = 1
ORDER BY name, iif(goal = 'maximize', -1, 1) * value;
