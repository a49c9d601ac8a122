-- How far does the sharpness rise, beside the 2 / lr where gradient descent on a parabola stops falling?
-- sqlite3 -box results/edge-of-stability.db < configs/studies/edge-of-stability/question.sql
WITH looks AS (SELECT p.run, v.value AS lr, p.epoch, p.value AS sharpness,
                      (SELECT train_loss FROM epochs AS e WHERE e.run_id = p.run AND e.epoch = p.epoch) AS loss,
                      max(p.epoch) OVER (PARTITION BY p.run) AS last
               FROM probe_values AS p JOIN run_params AS v ON v.run_id = p.run AND v.path = 'optimizer.sgd.lr'
               WHERE p.probe = 'sharpness' AND p.name = 'eigenvalue')
SELECT lr, round(2 / lr, 2) AS two_over_lr, round(max(sharpness) FILTER (WHERE epoch = 0), 2) AS at_first,
       round(avg(sharpness) FILTER (WHERE epoch > 0.75 * last), 2) AS last_quarter,
       round(avg(sharpness) FILTER (WHERE epoch > 0.75 * last) * lr / 2, 3) AS share,
       round(max(loss) FILTER (WHERE epoch = 50), 4) AS loss_50,
       round(max(loss) FILTER (WHERE epoch = last), 4) AS loss_last
FROM looks GROUP BY run ORDER BY lr DESC;
