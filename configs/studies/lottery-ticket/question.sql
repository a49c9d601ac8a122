-- How well does what is left of the net learn, rewound to its own first weights and with weights drawn anew?
-- sqlite3 -box results/lottery-ticket.db < configs/studies/lottery-ticket/question.sql
WITH kept AS (SELECT p.run_id, 100.0 * sum((1 - p.value) * t.count) / sum(t.count) AS percent
              FROM probes AS p JOIN parameters AS t ON t.run_id = p.run_id AND t.layer || '.' || t.name = p.layer
              WHERE probe = 'weights' AND p.name = 'zero_share' AND epoch = 0 AND t.name = 'weight' GROUP BY p.run_id),
     runs_of AS (SELECT run_id, round(percent, 2) AS percent_left, value AS begins, r.epochs_done
                 FROM kept JOIN run_params USING (run_id) JOIN runs AS r ON r.id = run_id
                 WHERE path = 'train.initial_weights' AND status = 'finished')
SELECT percent_left, begins, round(avg(m.value), 3) AS accuracy, round(min(m.value), 3) AS worst,
       round(avg((SELECT value FROM metrics AS f WHERE (f.run_id, f.split, f.name) = (m.run_id, m.split, m.name) AND f.epoch = 5)), 3) AS after_5_epochs,
       round(avg(e.train_loss), 3) AS train_loss, count(*) AS runs
FROM runs_of JOIN metrics AS m ON m.run_id = runs_of.run_id AND m.split = 'validation' AND m.name = 'accuracy' AND m.epoch = epochs_done
     JOIN epochs AS e ON e.run_id = runs_of.run_id AND e.epoch = epochs_done
GROUP BY percent_left, begins ORDER BY percent_left DESC, begins DESC;
