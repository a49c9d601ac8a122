-- How many steps to a training loss of 0.1, by batch size, each at its best rate? Fitted to them: steps = fewest (1 + critical / batch), least squares
-- of the relative error; beside it what the probe says of the noise at the epochs up to there (simple noise scale, mean).
-- sqlite3 -box results/critical-batch.db < configs/studies/critical-batch/question.sql
WITH hit AS (SELECT run_id, min(epoch) AS epoch FROM epochs WHERE train_loss <= 0.1 GROUP BY run_id),
     tried AS (SELECT h.run_id, b.value AS batch, l.value AS lr, h.epoch,
                      h.epoch * ((SELECT samples FROM epochs AS e WHERE e.run_id = h.run_id AND e.epoch = 1) + b.value - 1) / b.value AS steps
               FROM hit AS h JOIN run_params AS b ON b.run_id = h.run_id AND b.path = 'train.batch_size'
               JOIN run_params AS l ON l.run_id = h.run_id AND l.path = 'optimizer.sgd.lr'),
     best AS (SELECT *, row_number() OVER (PARTITION BY batch ORDER BY steps, lr) AS place FROM tried),
     points AS (SELECT batch, lr, epoch, steps, 1.0 / batch AS x, 1.0 / (1.0 * steps * steps) AS w,
                       (SELECT avg(value) FROM probes AS p WHERE p.run_id = best.run_id AND p.name = 'noise_scale_simple' AND p.epoch BETWEEN 1 AND best.epoch) AS noise
                FROM best WHERE place = 1),
     sums AS (SELECT sum(w) AS w, sum(w * x) AS wx, sum(w * x * x) AS wxx, sum(w * steps) AS wy, sum(w * x * steps) AS wxy FROM points),
     fit AS (SELECT (wxx * wy - wx * wxy) / (w * wxx - wx * wx) AS fewest, (w * wxy - wx * wy) / (w * wxx - wx * wx) AS least FROM sums)
SELECT batch, lr, steps, batch * steps AS rows, round(fewest + least / batch, 0) AS fitted, round(noise, 1) AS noise_scale,
       round(fewest, 0) AS fewest_steps, round(least, 0) AS fewest_rows, round(least / fewest, 1) AS critical
FROM points, fit ORDER BY batch;
