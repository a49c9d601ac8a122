-- How does the loss on new rows change with the width, and where are all training rows fitted? The last epoch, mean of the seeds.
-- sqlite3 -box results/double-descent.db < configs/studies/double-descent/question.sql
SELECT p.value AS width, count(*) AS runs, round(avg(e.train_loss), 4) AS train_loss, round(avg(t.value), 3) AS train_accuracy,
       round(avg(e.validation_loss), 3) AS validation_loss, round(avg(v.value), 3) AS validation_accuracy
FROM runs AS r JOIN run_params AS p ON p.run_id = r.id AND p.path = 'vars.width'
JOIN epochs AS e ON e.run_id = r.id AND e.epoch = r.epochs_done
JOIN metrics AS t ON t.run_id = r.id AND t.epoch = e.epoch AND t.split = 'train' AND t.name = 'accuracy'
JOIN metrics AS v ON v.run_id = r.id AND v.epoch = e.epoch AND v.split = 'validation' AND v.name = 'accuracy'
GROUP BY width ORDER BY width;
