-- Which share of the hidden units is 0 for every row, before training and after it, by initialiser and rate?
-- sqlite3 -box results/dying-relu.db < configs/studies/dying-relu/question.sql
WITH dead AS (SELECT p.run_id, epoch, avg(p.value) AS share, r.epochs_done
              FROM probes AS p JOIN runs AS r ON r.id = p.run_id
              WHERE probe = 'activations' AND p.name = 'dead_units' AND layer LIKE 'relu%'
                AND epoch IN (0, r.epochs_done) GROUP BY p.run_id, epoch),
     spread AS (SELECT i.value AS init, l.value AS lr, epoch = 0 AS first, share,
                       (SELECT value FROM metrics AS m WHERE m.run_id = d.run_id AND split = 'validation' AND m.epoch = d.epoch) AS accuracy
                FROM dead AS d JOIN run_params AS i USING (run_id) JOIN run_params AS l USING (run_id)
                WHERE i.path = 'model.0.dense.init' AND l.path = 'optimizer.sgd.lr')
SELECT init, lr, round(avg(share) FILTER (WHERE first), 3) AS dead_at_first,
       round(avg(share) FILTER (WHERE NOT first), 3) AS dead_at_last,
       round(avg(accuracy), 3) AS accuracy, count(*) FILTER (WHERE first) AS runs
FROM spread GROUP BY init, lr ORDER BY init, lr;
