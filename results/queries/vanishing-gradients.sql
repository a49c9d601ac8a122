-- Which layers hear nothing of the loss? The gradient norm of every weight in the last epoch
-- of the newest run, beside the output layer's: far below 1 is vanishing.
-- Another run: write its number for the SELECT of the first line.
-- sqlite3 -box results/fell.db < results/queries/vanishing-gradients.sql
WITH chosen(run) AS (SELECT max(run) FROM gradient_norms),
     last AS (SELECT g.* FROM gradient_norms AS g JOIN chosen USING (run)
              WHERE g.parameter = 'weight' AND g.epoch = (SELECT max(epoch) FROM epochs WHERE run_id = chosen.run))
SELECT run, name AS experiment, layer, plugin, grad_norm_mean AS gradient_norm,
       printf('%.3g', grad_norm_mean / nullif(last_value(grad_norm_mean) OVER
         (ORDER BY position ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING), 0)) AS beside_output
FROM last ORDER BY position;
