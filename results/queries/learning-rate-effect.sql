-- What does the learning rate do? For each experiment and rate (that of its first epoch): the runs,
-- how many of them diverged, and the best and mean of their best losses.
-- sqlite3 -box results/fell.db < results/queries/learning-rate-effect.sql
SELECT l.name AS experiment, e.lr AS learning_rate, count(*) AS runs, sum(l.status = 'diverged') AS diverged,
       min(l.best) AS best, avg(l.best) AS mean, l.objective
FROM leaderboard AS l JOIN epochs AS e ON e.run_id = l.run AND e.epoch = 1
GROUP BY l.name, e.lr
ORDER BY l.name, e.lr;
