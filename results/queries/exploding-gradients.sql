-- Where do gradients or updates explode? The tensors whose updates were largest beside their
-- weights in one epoch, over all runs; above 1 the weights were thrown about.
-- sqlite3 -box results/fell.db < results/queries/exploding-gradients.sql
SELECT run, name AS experiment, layer, parameter, epoch, grad_norm_max,
       printf('%.3g', update_norm / weight_norm) AS update_beside_weight, nonfinite
FROM gradient_norms
WHERE weight_norm > 0
ORDER BY nonfinite > 0 DESC, update_norm / weight_norm DESC LIMIT 20;
