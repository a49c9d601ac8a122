-- How much of the loss does the first layer hear? The gradient of its weights over that of the last layer's, in the
-- first epoch (geometric mean of the seeds), and what the net has learnt after the last.
-- sqlite3 -box results/vanishing-gradients.db < configs/studies/vanishing-gradients/question.sql
WITH ends AS (SELECT run_id, min(position) AS first, max(position) AS last FROM parameters WHERE name = 'weight' GROUP BY run_id),
     heard AS (SELECT r.id, r.epochs_done, f.grad_norm_mean / l.grad_norm_mean AS ratio
               FROM runs AS r JOIN ends AS e ON e.run_id = r.id
               JOIN gradients AS f ON f.run_id = r.id AND f.epoch = 1 AND f.position = e.first
               JOIN gradients AS l ON l.run_id = r.id AND l.epoch = 1 AND l.position = e.last)
SELECT a.value AS act, i.value AS init, d.value AS depth, CAST(printf('%.2g', exp(avg(ln(ratio)))) AS REAL) AS first_over_last,
       round(avg(m.value), 3) AS accuracy, count(*) AS runs
FROM heard AS h JOIN run_params AS a ON a.run_id = h.id AND a.path = 'vars.act'
JOIN run_params AS i ON i.run_id = h.id AND i.path = 'vars.init'
JOIN run_params AS d ON d.run_id = h.id AND d.path = 'vars.depth'
JOIN metrics AS m ON m.run_id = h.id AND m.split = 'validation' AND m.name = 'accuracy' AND m.epoch = h.epochs_done
GROUP BY act, init, depth ORDER BY act, init, depth;
