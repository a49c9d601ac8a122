-- draw title Steps to a training loss of 0.1, by batch size
-- draw x batch size
-- draw y steps
-- draw logx 1
-- draw logy 1
-- draw dashed fewest (1 + critical / batch)
WITH hit AS (SELECT run_id, min(epoch) AS epoch FROM epochs WHERE train_loss <= 0.1 GROUP BY run_id),
     best AS (SELECT b.value AS batch, min(h.epoch * ((SELECT samples FROM epochs AS e WHERE e.run_id = h.run_id AND e.epoch = 1) + b.value - 1) / b.value) AS steps
              FROM hit AS h JOIN run_params AS b ON b.run_id = h.run_id AND b.path = 'train.batch_size' GROUP BY b.value),
     points AS (SELECT batch, steps, 1.0 / batch AS x, 1.0 / (1.0 * steps * steps) AS w FROM best),
     sums AS (SELECT sum(w) AS w, sum(w * x) AS wx, sum(w * x * x) AS wxx, sum(w * steps) AS wy, sum(w * x * steps) AS wxy FROM points),
     fit AS (SELECT (wxx * wy - wx * wxy) / (w * wxx - wx * wx) AS fewest, (w * wxy - wx * wy) / (w * wxx - wx * wx) AS least FROM sums)
SELECT '', 'at the best rate', batch, steps FROM points
UNION ALL SELECT '', 'fewest (1 + critical / batch)', batch, fewest + least / batch FROM points, fit;
