-- Which value of each swept setting does best? For every value of every setting of the newest
-- sweep: the mean and the best of the objective over all runs that had it.
-- Another experiment: write its number for the SELECT of the first line.
-- sqlite3 -box results/fell.db < results/queries/value-of-each-setting.sql
WITH chosen(experiment) AS (SELECT max(experiment_id) FROM runs JOIN run_params ON run_id = id)
SELECT l.name AS experiment, p.path AS setting, p.value, count(l.value) AS runs, avg(l.value) AS mean,
       iif(l.goal = 'maximize', max(l.value), min(l.value)) AS best, l.objective,
       sum(l.status NOT IN ('finished', 'stopped', 'pruned')) AS not_finished
FROM chosen JOIN leaderboard AS l ON l.experiment = chosen.experiment JOIN run_params AS p ON p.run_id = l.run
GROUP BY p.path, p.value
ORDER BY p.path, mean IS NULL, iif(l.goal = 'maximize', -1, 1) * avg(l.value);
