-- Is the difference between two trials larger than luck? Mean, deviation and range of the best
-- loss over the repeats of each trial.
-- sqlite3 -box results/fell.db < results/queries/spread-over-repeats.sql
SELECT name AS experiment, trial, params, n AS repeats, mean, sd, lowest, highest,
       printf('%.1f %%', 100 * sd / nullif(mean, 0)) AS deviation
FROM trials WHERE n > 1
ORDER BY experiment, mean;
