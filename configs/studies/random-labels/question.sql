-- Is noise learnt, how long does it take, and what is left of the accuracy on rows with true labels? The last row of each
-- share of noise; fitted: the first epoch in which 99 % of the training labels, wrong ones too, are given.
-- sqlite3 -box results/random-labels.db < configs/studies/random-labels/question.sql
WITH noise AS (SELECT run_id, value AS label_noise FROM run_params WHERE path = 'data.label_noise'),
     fit AS (SELECT run_id, min(epoch) AS epoch FROM metrics WHERE split = 'train' AND name = 'accuracy' AND value >= 0.99 GROUP BY run_id)
SELECT label_noise, round(avg(t.value), 3) AS train, round(avg(v.value), 3) AS validation,
       round(avg(t.value) - avg(v.value), 3) AS gap, round(avg(fit.epoch), 0) AS fitted, count(fit.epoch) AS of_runs
FROM noise JOIN runs AS r ON r.id = noise.run_id
JOIN metrics AS t ON t.run_id = r.id AND t.epoch = r.epochs_done AND t.split = 'train' AND t.name = 'accuracy'
JOIN metrics AS v ON v.run_id = r.id AND v.epoch = r.epochs_done AND v.split = 'validation' AND v.name = 'accuracy'
LEFT JOIN fit ON fit.run_id = r.id
GROUP BY label_noise ORDER BY label_noise;
