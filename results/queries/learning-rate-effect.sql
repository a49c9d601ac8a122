-- What does the learning rate do? For each experiment and rate (that of its first epoch): the runs,
-- how many of them diverged, and the best and mean of their values of the objective.
-- sqlite3 -box results/fell.db < results/queries/learning-rate-effect.sql
SELECT l.name AS experiment, e.lr AS learning_rate, count(*) AS runs, sum(l.status = 'diverged') AS diverged,
       iif(l.goal = 'maximize', max(l.value), min(l.value)) AS best, avg(l.value) AS mean, l.objective
FROM leaderboard AS l JOIN epochs AS e ON e.run_id = l.run AND e.epoch = 1
GROUP BY l.experiment, e.lr
ORDER BY l.name, l.experiment, e.lr;
