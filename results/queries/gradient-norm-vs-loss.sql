-- Does the gradient tell how far the loss still falls? The correlation (Pearson) over the epochs
-- of each run between the gradient norm and the training loss, and the fall of the loss.
-- sqlite3 -box results/fell.db < results/queries/gradient-norm-vs-loss.sql
WITH moments AS (
  SELECT run_id, count(*) AS n, avg(grad_norm_mean) AS g, avg(train_loss) AS l,
         avg(grad_norm_mean * grad_norm_mean) AS gg, avg(train_loss * train_loss) AS ll,
         avg(grad_norm_mean * train_loss) AS gl, max(train_loss) - min(train_loss) AS fall
  FROM epochs WHERE grad_norm_mean IS NOT NULL AND train_loss IS NOT NULL GROUP BY run_id)
SELECT m.run_id AS run, x.name AS experiment, n AS epochs, g AS mean_gradient_norm, l AS mean_loss, fall,
       printf('%.3f', (gl - g * l) / nullif(sqrt(max(gg - g * g, 0) * max(ll - l * l, 0)), 0)) AS correlation
FROM moments AS m JOIN runs AS r ON r.id = m.run_id JOIN experiments AS x ON x.id = r.experiment_id
WHERE n > 2 ORDER BY run;
