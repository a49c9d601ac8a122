-- Is the difference between two trials larger than luck? Mean, deviation and range of the
-- objective over the repeats of each trial, the best first.
-- sqlite3 -box results/fell.db < results/queries/spread-over-repeats.sql
SELECT name AS experiment, trial, params, n AS repeats, objective, mean, sd, lowest, highest,
       printf('%.1f %%', 100 * sd / nullif(abs(mean), 0)) AS deviation
FROM trials WHERE n > 1
ORDER BY name, experiment, iif(goal = 'maximize', -1, 1) * mean;
